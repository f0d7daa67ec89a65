//! A bounded run that outgrows memory: what is put away and settled bucket by bucket gives the same windows, to the digest.

use crosscheck::engine::{Away, Engine, Entry, Input, Names, Output, Settings};
use crosscheck::model::{
    CarriedValues, Critical, Digest, Fingerprint, Identity, Reduction, Side, TolerantKind, TolerantValue,
};

use super::driver::{Manner, run};
use super::part_of;
use super::world::{Rng, World, decoded, settings};

/// What is put away, as bytes by bucket, as files hold it.
#[derive(Default)]
pub struct Buckets(Vec<Vec<u8>>);

impl Buckets {
    pub fn put_away(&mut self, engine: &mut Engine) {
        self.0.resize(Away::BUCKETS, Vec::new());
        let put = |away: Away| {
            away.write(&mut self.0[away.bucket(0)]);
            Ok::<(), ()>(())
        };
        engine.put_away(put).unwrap();
    }

    /// Every other bucket is split once more. Gives the records.
    pub fn settle(self, engine: &mut Engine) -> usize {
        let mut records = 0;
        for (at, bytes) in self.0.into_iter().enumerate() {
            let mut parts = std::collections::BTreeMap::<usize, Vec<Away>>::new();
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let away = Away::read(&mut rest).unwrap();
                let part = if at % 2 == 0 { 0 } else { away.bucket(1) };
                parts.entry(part).or_default().push(away);
                records += 1;
            }
            for part in parts.into_values() {
                part.into_iter().for_each(|away| engine.take_back(away));
                engine.settle_away();
                engine.conservation().unwrap();
            }
        }
        records
    }
}

fn spilling(away: u64) -> Manner {
    Manner {
        batch: 4,
        away,
        ..Manner::default()
    }
}

/// A close moves the range of evidence, and only a worker has one.
fn bounded(seed: u64) -> (World, Rng) {
    let mut rng = Rng(seed);
    let mut world = World::random(&mut rng);
    world.close = false;
    (world, rng)
}

#[test]
fn put_away_equals_in_memory() {
    let mut away = 0;
    for seed in 5_000_000..5_000_000 + part_of(2_500) {
        let (mut world, mut rng) = bounded(seed);
        world.settings.findings_max = if rng.chance(50) { 1 } else { 10_000 };
        let memory = run(&world, &mut rng, spilling(0));
        let percent = rng.pick(&[5, 25, 100]);
        let spilled = run(&world, &mut rng, spilling(percent));
        let show = || format!("seed {seed}\n{}", world.show());
        assert_eq!(memory.windows, spilled.windows, "{}", show());
        assert_eq!(memory.bad, spilled.bad, "{}", show());
        assert_eq!(memory.unshared, spilled.unshared, "{}", show());
        away += spilled.away;
    }
    assert!(away > part_of(25_000), "{away}");
}

/// Retention takes something while records are put away: what it may have filled is left out all the same.
#[test]
fn put_away_with_holes_equals_the_oracle() {
    for seed in 6_000_000..6_000_000 + part_of(1_000) {
        let (world, mut rng) = bounded(seed);
        let manner = Manner {
            lose: 6,
            ..spilling(20)
        };
        let run = run(&world, &mut rng, manner);
        let truth = super::oracle::truth(&world, &run.raises, &run.holes, None);
        super::properties::agree(seed, &world, &run, &truth);
        assert_eq!(run.unshared, truth.unshared, "seed {seed}");
    }
}

/// The groups that are indexed, cut at any place.
#[test]
fn a_hot_identity_is_put_away() {
    for seed in 0..300 {
        let mut rng = Rng(7_000_000 + seed);
        let settings = Settings {
            window_ms: Some(rng.pick(&[7, 100, 1_000])),
            grace_ms: Some(rng.pick(&[20, 150])),
            lateness_ms: Some(rng.pick(&[0, 20])),
            names: rng.pick(&[Names::Event, Names::Entity]),
            ..settings()
        };
        let digests = 1 + rng.below(30);
        let logs = Side::PAIR.map(|_| {
            let mut time = 0;
            let entries = (0..400_u64).map(|offset| {
                time += rng.within(0, 2);
                decoded(offset, rng.below(2), rng.below(digests), Some(time))
            });
            entries.collect::<Vec<_>>()
        });
        let memory = read(&settings, &logs, 0, &mut rng);
        let spilled = read(&settings, &logs, 15, &mut rng);
        assert_eq!(memory, spilled, "seed {seed}");
    }
}

fn read(settings: &Settings, logs: &[Vec<Entry>; 2], away: u64, rng: &mut Rng) -> Vec<crosscheck::engine::FinalWindow> {
    let mut engine = Engine::new(settings.clone());
    let (mut outputs, mut buckets, mut at) = (Vec::new(), Buckets::default(), [0; 2]);
    Side::PAIR.into_iter().for_each(|side| engine.declare(side, 0, 0));
    while at.iter().zip(logs).any(|(at, log)| *at < log.len()) {
        let index = usize::from(rng.chance(50));
        let end = (at[index] + 10).min(logs[index].len());
        let input = Input::Records {
            side: Side::PAIR[index],
            partition: 0,
            entries: &logs[index][at[index]..end],
            read_at_ms: 0,
        };
        at[index] = end;
        engine.step(input, &mut outputs);
        if rng.chance(away) {
            buckets.put_away(&mut engine);
        }
    }
    for side in Side::PAIR {
        engine.step(Input::Completed { side, partition: 0 }, &mut outputs);
    }
    if engine.is_away() {
        buckets.put_away(&mut engine);
        buckets.settle(&mut engine);
        engine.come_back(&mut outputs);
    }
    engine.conservation().unwrap();
    assert_eq!(engine.side(Side::Baseline).pending, 0);
    let windows = outputs.into_iter().filter_map(|output| match output {
        Output::Final(last) => Some(last.windows),
        Output::Mismatched(_) => None,
    });
    windows.flatten().collect()
}

fn critical() -> Box<CarriedValues> {
    let value = |kind| Critical::Value { kind, hash: u64::MAX };
    Box::new(CarriedValues {
        critical: vec![
            Critical::Absent,
            Critical::Null,
            value(0x702),
            Critical::Foreign { hash: 9 },
        ],
        ..CarriedValues::default()
    })
}

#[test]
fn bytes_say_what_was_put_away() {
    let values = [
        TolerantKind::Nothing,
        TolerantKind::Decimal {
            unscaled: vec![0xff, 1, 2],
            scale: -7,
        },
        TolerantKind::NotANumber,
        TolerantKind::Infinite { negative: false },
        TolerantKind::Infinite { negative: true },
    ];
    let mut settings = settings();
    settings.named.slower_than_ms = Some(0);
    settings.tolerances = vec![crosscheck::engine::Tolerance::Absolute("1".into()); values.len()];
    let mut engine = Engine::new(settings);
    let entry = |offset, tolerant: Option<Vec<TolerantKind>>| Entry {
        offset,
        bytes: 1,
        timestamp_ms: None,
        body: Reduction::Decoded(Fingerprint {
            identity: Identity([9; 16]),
            by_content: tolerant.is_none(),
            tombstone: false,
            digest: Digest([7; 16]),
            time_ms: Some(1),
            carried: tolerant
                .as_ref()
                .filter(|values| !values.is_empty())
                .map(|_| critical()),
            tolerant: tolerant.map(|values| values.into_iter().map(TolerantValue).collect()),
        }),
    };
    let slow = |entry| Entry {
        timestamp_ms: Some(2),
        ..entry
    };
    let entries = [
        entry(0, None),
        slow(entry(1, Some(values.to_vec()))),
        slow(entry(2, None)),
    ];
    let input = Input::Records {
        side: Side::Canary,
        partition: 3,
        entries: &entries,
        read_at_ms: 0,
    };
    engine.step(input, &mut Vec::new());
    let mut seen = Vec::new();
    engine
        .put_away(|away| {
            seen.push(away);
            Ok::<(), ()>(())
        })
        .unwrap();
    assert_eq!(seen.len(), 3);
    for away in seen {
        let mut bytes = Vec::new();
        away.write(&mut bytes);
        let mut rest = bytes.as_slice();
        let again = Away::read(&mut rest).unwrap();
        assert!(rest.is_empty());
        assert_eq!(format!("{away:?}"), format!("{again:?}"));
        for cut in 0..bytes.len() {
            assert!(Away::read(&mut &bytes[..cut]).is_none(), "{cut} of {}", bytes.len());
        }
    }
}

/// Identities are spread on every level, also those that are no hashes.
#[test]
fn buckets_are_even() {
    let mut engine = Engine::new(settings());
    let mut seen = Vec::new();
    let entries: Vec<Entry> = (0..64_000_u64)
        .map(|number| {
            let mut entry = decoded(number, 0, 1, Some(1));
            if let Reduction::Decoded(print) = &mut entry.body {
                print.identity.0[..8].copy_from_slice(&number.to_le_bytes());
                print.identity.0[8..].fill(0);
            }
            entry
        })
        .collect();
    let input = Input::Records {
        side: Side::Baseline,
        partition: 0,
        entries: &entries,
        read_at_ms: 0,
    };
    engine.step(input, &mut Vec::new());
    engine
        .put_away(|away| {
            seen.push(away);
            Ok::<(), ()>(())
        })
        .unwrap();
    for level in 0..Away::LEVELS {
        let mut counts = vec![0; Away::BUCKETS];
        seen.iter().for_each(|away| counts[away.bucket(level)] += 1);
        assert!(
            counts.iter().all(|count| (800..1_200).contains(count)),
            "{level}: {counts:?}"
        );
    }
}
