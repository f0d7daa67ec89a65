//! A final window is computed again from what was stored with it: alone, and all in one pass.

use crosscheck::engine::{Checkpoint, Engine, FinalWindow, Input, Output};

use super::driver::{Manner, run};
use super::world::{Rng, World};

/// Reads what the inputs name, in any order, and nothing else.
fn replay(world: &World, inputs: &Checkpoint, rng: &mut Rng) -> Vec<FinalWindow> {
    let stored = serde_json::from_str(&serde_json::to_string(inputs).unwrap()).unwrap();
    let mut engine = Engine::resume(world.settings.clone(), stored);
    let mut outputs = Vec::new();
    let mut open: Vec<_> = inputs
        .partitions
        .iter()
        .map(|part| {
            let mine = |log: &&super::world::Log| Some(log.side) == part.side && log.partition == part.partition;
            let log = world.logs.iter().find(mine).unwrap();
            let at = |offset| log.entries.partition_point(|entry| entry.offset < offset);
            (log, &log.entries[at(part.resume)..at(part.position)], part.position)
        })
        .collect();
    while !open.is_empty() {
        let at = usize::try_from(rng.below(open.len() as u64)).unwrap();
        let (log, entries, position) = open[at];
        let (side, partition) = (log.side, log.partition);
        if entries.is_empty() {
            open.remove(at);
            for input in [
                Input::Reached {
                    side,
                    partition,
                    position,
                },
                Input::Completed { side, partition },
            ] {
                engine.step(input, &mut outputs);
            }
            continue;
        }
        let (now, later) = entries.split_at(1 + usize::try_from(rng.below(entries.len() as u64)).unwrap());
        open[at].1 = later;
        engine.step(
            Input::Records {
                side,
                partition,
                entries: now,
                // Our clock is another one by now.
                read_at_ms: 1_000_000,
            },
            &mut outputs,
        );
    }
    engine.conservation().unwrap();
    let windows = outputs.into_iter().flat_map(|output| match output {
        Output::Final(last) => last.windows,
        Output::Mismatched(_) => Vec::new(),
    });
    windows.collect()
}

/// The windows from the first to the last are among what was computed, and nothing beside them from there to there.
fn agree(what: &str, expected: &[&FinalWindow], computed: &[FinalWindow]) {
    let (first, last) = (expected[0].start_ms, expected[expected.len() - 1].start_ms);
    let within = |window: &&FinalWindow| window.start_ms <= last;
    let computed: Vec<&FinalWindow> = computed.iter().filter(within).collect();
    assert!(
        computed.iter().all(|window| window.start_ms >= first),
        "{what}: too early"
    );
    let digests = |windows: &[&FinalWindow]| -> Vec<_> {
        let of = |window: &&FinalWindow| (window.start_ms, window.digest, window.counts.clone(), window.edge);
        windows.iter().map(of).collect()
    };
    assert_eq!(digests(&computed), digests(expected), "{what}");
}

fn computed_again(seeds: std::ops::Range<u64>, manner: Manner) -> u32 {
    let mut windows = 0;
    for seed in seeds {
        let mut rng = Rng(seed);
        let world = World::random(&mut rng);
        let run = run(&world, &mut rng, manner);
        for (at, (expected, inputs)) in run.inputs.iter().enumerate() {
            let expected: Vec<&FinalWindow> = expected.iter().collect();
            let alone = replay(&world, inputs, &mut rng);
            agree(
                &format!("seed {seed}, commit {at}\n{}", world.show()),
                &expected,
                &alone,
            );
            windows += u32::try_from(expected.len()).unwrap();
        }
        if let Some(last) = run.inputs.len().checked_sub(1) {
            let first = usize::try_from(rng.below(run.inputs.len() as u64)).unwrap();
            let mut inputs = run.inputs[first].1.clone();
            run.inputs[first..]
                .iter()
                .for_each(|(_, later)| inputs.learn(later.clone()));
            let expected: Vec<&FinalWindow> = run.inputs[first..].iter().flat_map(|(windows, _)| windows).collect();
            let all = replay(&world, &inputs, &mut rng);
            agree(
                &format!("seed {seed}, {first} to {last}\n{}", world.show()),
                &expected,
                &all,
            );
        }
    }
    windows
}

#[test]
fn to_the_same_digest() {
    let plain = Manner {
        batch: 4,
        ..Manner::default()
    };
    assert!(computed_again(0..1_500, plain) > 1_500);
}

#[test]
fn after_crashes_and_wakes() {
    let disturbed = Manner {
        batch: 4,
        crash: 10,
        idle: true,
        lose: 0,
    };
    assert!(computed_again(3_000_000..3_001_500, disturbed) > 1_500);
}
