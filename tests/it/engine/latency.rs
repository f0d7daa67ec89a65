//! Latency: of the pairs that count, those are slow whose canary record is and whose baseline's is not, whatever we meet on the way.

use std::collections::BTreeMap;

use crosscheck::engine::Range;
use crosscheck::model::{Outcome, PerSide, Position, Reduction, Side};

use super::driver::{Holes, Manner, Raises, run};
use super::oracle::truth;
use super::world::{Rng, World};

const WORLDS: u64 = 3_000;
const SLOWER_THAN_MS: i64 = 5;

/// A world whose records come into their logs up to 11 ms after their times, or have no timestamp.
fn delayed(seed: u64, mut world: World) -> (World, BTreeMap<Position, bool>) {
    let mut rng = Rng(seed ^ 0x1a7e);
    let settings = &mut world.settings;
    (settings.skew_max_ms, settings.age_max_ms, settings.time_is_timestamp) = (None, None, false);
    (settings.range, world.close) = (Range::Everything, false);
    settings.named.slower_than_ms = Some(SLOWER_THAN_MS);
    let timed = settings.window_ms.is_some();
    let mut slow = BTreeMap::new();
    for log in &mut world.logs {
        for entry in &mut log.entries {
            let Reduction::Decoded(print) = &entry.body else {
                continue;
            };
            let delay = rng.within(0, 11);
            let time = if timed { print.time_ms.unwrap_or(0) } else { 0 };
            entry.timestamp_ms = rng.chance(90).then(|| time.saturating_add(delay));
            let position = Position {
                side: log.side,
                partition: log.partition,
                offset: entry.offset,
            };
            slow.insert(position, entry.timestamp_ms.is_some() && delay > SLOWER_THAN_MS);
        }
    }
    (world, slow)
}

#[test]
fn the_canarys_surplus_equals_the_oracle() {
    let [slower, pairs, records, crashes, away] = against_oracle(13_000_000..13_000_000 + WORLDS);
    assert!(
        slower > 2_000 && pairs > 10_000 && records > 40_000,
        "{slower} {pairs} {records}"
    );
    assert!(crashes > 800 && away > 400, "{crashes} {away}");
}

/// What there was: pairs that are slower, pairs, timely records, crashes, records put away.
pub fn against_oracle(seeds: std::ops::Range<u64>) -> [u64; 5] {
    let (mut slower, mut pairs, mut records, mut crashes, mut away) = (0, 0, 0, 0, 0);
    for seed in seeds {
        let mut rng = Rng(seed);
        let (world, slow) = delayed(seed, World::random(&mut rng));
        let manner = match seed % 4 {
            0 => Manner {
                crash: 15,
                batch: 4,
                ..Manner::default()
            },
            1 => Manner {
                pace: 1 + seed % 7,
                batch: 4,
                ..Manner::default()
            },
            2 => Manner {
                away: 8,
                batch: 4,
                ..Manner::default()
            },
            _ => Manner {
                batch: 40,
                ..Manner::default()
            },
        };
        let run = run(&world, &mut rng, manner);
        let truth = truth(&world, &Raises::new(), &Holes::new(), None);
        let length = world.settings.window_ms;
        let mut expected: BTreeMap<Option<i64>, u64> = BTreeMap::new();
        for (position, (outcome, partner)) in &truth.fates {
            let paired = matches!(outcome, Outcome::Matched | Outcome::Mismatched);
            let (Some(canary), true, Side::Baseline) = (partner, paired, position.side) else {
                continue;
            };
            let start = length.map(|length| truth.times[position].div_euclid(length) * length);
            *expected.entry(start).or_default() += u64::from(slow[canary] && !slow[position]);
            pairs += 1;
        }
        let mut timely = PerSide::<u64>::default();
        for window in &run.windows {
            let named = window.counts.named.as_deref().cloned().unwrap_or_default();
            let of_window = expected.remove(&window.start_ms).unwrap_or(0);
            assert_eq!(
                named.slower,
                of_window,
                "seed {seed} {:?}\n{}",
                window.start_ms,
                world.show()
            );
            slower += named.slower;
            timely.baseline += named.delays.baseline.0.total();
            timely.canary += named.delays.canary.0.total();
        }
        assert!(expected.values().all(|slower| *slower == 0), "seed {seed}");
        // Every timely record with a timestamp is in the histogram of its side, once.
        let stamped = |side: Side| {
            let logs = world.logs.iter().filter(|log| log.side == side);
            let places = logs.flat_map(|log| log.entries.iter().map(move |entry| (log, entry)));
            let seen = places.filter(|(log, entry)| {
                let (partition, offset) = (log.partition, entry.offset);
                entry.timestamp_ms.is_some()
                    && truth.times.contains_key(&Position {
                        side,
                        partition,
                        offset,
                    })
            });
            seen.count() as u64
        };
        assert_eq!(
            timely.baseline,
            stamped(Side::Baseline),
            "seed {seed}\n{}",
            world.show()
        );
        assert_eq!(timely.canary, stamped(Side::Canary), "seed {seed}\n{}", world.show());
        records += timely.baseline + timely.canary;
        (crashes, away) = (crashes + u64::from(run.crashes), away + run.away as u64);
    }
    [slower, pairs, records, crashes, away]
}

/// In one piece, in small ones, and with crashes between: the same windows, to the digest and to the last count.
#[test]
fn it_is_a_function_of_the_logs() {
    let (mut crashes, mut slower) = (0, 0);
    for seed in 14_000_000..14_000_000 + WORLDS / 3 {
        let (world, _) = delayed(seed, World::random(&mut Rng(seed)));
        let of = |manner| run(&world, &mut Rng(seed ^ 1), manner);
        let plain = of(Manner::default());
        let broken = of(Manner::broken(seed));
        assert_eq!(plain.windows.len(), broken.windows.len(), "seed {seed}");
        for (one, other) in plain.windows.iter().zip(&broken.windows) {
            assert_eq!(
                (one.start_ms, &one.counts),
                (other.start_ms, &other.counts),
                "seed {seed}"
            );
            assert_eq!(one.digest, other.digest, "seed {seed} {:?}", one.start_ms);
            slower += one.counts.named.as_ref().map_or(0, |named| named.slower);
        }
        crashes += broken.crashes;
    }
    assert!(crashes > 500 && slower > 600, "{crashes} {slower}");
}
