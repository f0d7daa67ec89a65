//! What is settled a few records at a time gives what is settled at once: the windows, to the digest, and whatever else.

use crosscheck::engine::{Engine, Entry, Input, Names, Output, Settings, Tolerance};
use crosscheck::model::Side;

use super::driver::{Manner, run};
use super::oracle::truth;
use super::part_of;
use super::properties::agree;
use super::world::{Rng, World, decoded, settings};

fn paced(seeds: std::ops::Range<u64>, manner: Manner) -> u32 {
    let mut worked = 0;
    for seed in seeds {
        let mut rng = Rng(seed);
        let mut world = World::random(&mut rng);
        if manner.idle && world.settings.range == crosscheck::engine::Range::Discovered {
            world.settings.range = crosscheck::engine::Range::Everything;
        }
        world.close &= manner.away == 0;
        let run = run(&world, &mut rng, manner);
        let truth = truth(&world, &run.raises, &run.holes, None);
        agree(seed, &world, &run, &truth);
        if manner.crash == 0 {
            assert_eq!(run.unshared, truth.unshared, "seed {seed}");
        }
        worked += run.worked;
    }
    worked
}

#[test]
fn pieces_of_any_size_equal_the_oracle() {
    let manner = Manner {
        batch: 6,
        pace: 8,
        ..Manner::default()
    };
    let worked = paced(8_000_000..8_000_000 + part_of(1_500), manner);
    assert!(worked > part_of(8_000), "{worked}");
    let one = Manner { pace: 1, ..manner };
    paced(8_100_000..8_100_000 + part_of(500), one);
    let idle = Manner { idle: true, ..manner };
    paced(8_200_000..8_200_000 + part_of(500), idle);
}

#[test]
fn a_crash_between_two_pieces_changes_nothing() {
    let manner = Manner {
        batch: 4,
        crash: 12,
        pace: 6,
        ..Manner::default()
    };
    paced(8_300_000..8_300_000 + part_of(600), manner);
    let idle = Manner { idle: true, ..manner };
    paced(8_400_000..8_400_000 + part_of(600), idle);
}

#[test]
fn what_is_put_away_between_two_pieces_changes_nothing() {
    let manner = Manner {
        batch: 4,
        away: 10,
        pace: 4,
        ..Manner::default()
    };
    paced(8_500_000..8_500_000 + part_of(500), manner);
    let losing = Manner { lose: 6, ..manner };
    paced(8_600_000..8_600_000 + part_of(500), losing);
}

/// Many records: parts, pieces and indexed groups are cut too.
#[test]
fn large_spans_give_the_same_in_pieces() {
    for seed in 0..16 {
        let mut rng = Rng(9_000_000 + seed);
        let settings = Settings {
            window_ms: Some(rng.pick(&[500, 4_000, 40_000])),
            grace_ms: Some(rng.pick(&[20, 300, 3_000])),
            lateness_ms: Some(rng.pick(&[0, 100])),
            names: rng.pick(&[Names::Event, Names::Entity]),
            tolerances: if seed % 8 == 7 {
                vec![Tolerance::Absolute("1".to_owned())]
            } else {
                Vec::new()
            },
            ..settings()
        };
        // None, some or nearly all have one identity.
        let hot = rng.pick(&[0, 30, 97]);
        let digests = rng.pick(&[2, 100_000]);
        let lost = rng.pick(&[0, 5]);
        let records = if settings.tolerances.is_empty() { 9_000 } else { 1_500 };
        let logs = Side::PAIR.map(|_| {
            let mut time = 0;
            let entries = (0..records).filter_map(|offset| {
                time += rng.within(0, 1);
                let late = time - rng.within(0, 50);
                let identity = if rng.chance(hot) { 1 } else { 7 + offset };
                let digest = if rng.chance(2) { 5 } else { offset % digests };
                (!rng.chance(lost)).then(|| decoded(offset, identity, digest, Some(late)))
            });
            entries.collect::<Vec<_>>()
        });
        let (at_once, _) = read(&settings, &logs, u64::MAX, &mut rng);
        for pace in [1, 50, 1_000] {
            let (in_pieces, steps) = read(&settings, &logs, pace, &mut rng);
            assert_eq!(at_once, in_pieces, "seed {seed}, {pace} at once");
            assert!(pace > 1 || steps > 20, "{steps}");
        }
    }
}

/// The windows, and how often something was settled later.
fn read(
    settings: &Settings,
    logs: &[Vec<Entry>; 2],
    pace: u64,
    rng: &mut Rng,
) -> (Vec<crosscheck::engine::FinalWindow>, u64) {
    let mut engine = Engine::new(settings.clone());
    engine.pace(pace);
    let (mut outputs, mut at, mut worked) = (Vec::new(), [0; 2], 0);
    Side::PAIR.into_iter().for_each(|side| engine.declare(side, 0, 0));
    while at.iter().zip(logs).any(|(at, log)| *at < log.len()) {
        if engine.has_work() && rng.chance(70) {
            worked += 1;
            engine.work(&mut outputs);
            engine.conservation().unwrap();
            continue;
        }
        let index = usize::from(rng.chance(50));
        let end = (at[index] + 100).min(logs[index].len());
        let input = Input::Records {
            side: Side::PAIR[index],
            partition: 0,
            entries: &logs[index][at[index]..end],
            read_at_ms: 0,
        };
        at[index] = end;
        engine.step(input, &mut outputs);
    }
    for side in Side::PAIR {
        engine.step(Input::Completed { side, partition: 0 }, &mut outputs);
    }
    while engine.has_work() {
        assert!(!engine.is_complete());
        worked += 1;
        engine.work(&mut outputs);
    }
    assert!(engine.is_complete());
    engine.conservation().unwrap();
    let view = engine.side(Side::Baseline);
    assert_eq!((view.pending, engine.side(Side::Canary).pending), (0, 0));
    let windows = outputs.into_iter().filter_map(|output| match output {
        Output::Final(last) => Some(last.windows),
        Output::Mismatched(_) => None,
    });
    (windows.flatten().collect(), worked)
}
