//! A final window is computed again from what was stored with it: alone, and all in one pass.

use crosscheck::engine::{Checkpoint, Engine, FinalWindow, Input, Output};

use super::driver::{Manner, Run, run};
use super::part_of;
use super::world::{Rng, World};

/// Reads what the inputs name, in any order, and nothing else.
fn replay(world: &World, inputs: &Checkpoint, rng: &mut Rng) -> Vec<FinalWindow> {
    let stored = serde_json::from_str(&serde_json::to_string(inputs).unwrap()).unwrap();
    let mut engine = Engine::resume(world.settings.clone(), stored);
    engine.await_control();
    let mut outputs = Vec::new();
    let mut open: Vec<_> = inputs
        .partitions
        .iter()
        .map(|part| {
            let mine = |log: &&super::world::Log| Some(log.side) == part.side && log.partition == part.partition;
            let log = world.logs.iter().find(mine).unwrap();
            let at = |offset| log.entries.partition_point(|entry| entry.offset < offset);
            (
                log,
                &log.entries[at(part.first_needed())..at(part.position).max(at(part.first_needed()))],
                part.position,
            )
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

/// True where retention has left what is read again.
fn is_there(world: &World, run: &Run, inputs: &Checkpoint) -> bool {
    world.logs.iter().zip(&run.low).all(|(log, low)| {
        let mut all = inputs.partitions.iter();
        all.find(|part| (part.side, part.partition) == (Some(log.side), log.partition))
            .is_none_or(|part| part.first_needed() >= part.position || *low <= part.first_needed())
    })
}

/// Windows that were computed again, and those of them behind a hole.
pub fn computed_again(seeds: std::ops::Range<u64>, manner: Manner) -> (u32, u32) {
    computed_again_of(seeds, manner, |_, world| world)
}

/// The same of other worlds.
pub fn computed_again_of(
    seeds: std::ops::Range<u64>,
    manner: Manner,
    change: fn(&mut Rng, World) -> World,
) -> (u32, u32) {
    let (mut windows, mut behind) = (0, 0);
    for seed in seeds {
        let mut rng = Rng(seed);
        let world = World::random(&mut rng);
        let world = change(&mut rng, world);
        let run = run(&world, &mut rng, manner);
        for (at, (expected, inputs)) in run.inputs.iter().enumerate() {
            if !is_there(&world, &run, inputs) {
                continue;
            }
            let expected: Vec<&FinalWindow> = expected.iter().collect();
            let alone = replay(&world, inputs, &mut rng);
            agree(
                &format!("seed {seed}, commit {at}\n{}", world.show()),
                &expected,
                &alone,
            );
            windows += u32::try_from(expected.len()).unwrap();
            if inputs.partitions.iter().any(|part| !part.holes.is_empty()) {
                behind += u32::try_from(expected.len()).unwrap();
            }
        }
        // As far as retention allows in one pass, from anywhere.
        let first = usize::try_from(rng.below(run.inputs.len() as u64)).unwrap();
        let mut pass: Option<Checkpoint> = None;
        let mut expected = Vec::new();
        for (windows, later) in run.inputs.iter().skip(first) {
            let mut longer = pass.clone().unwrap_or_else(|| later.clone());
            longer.learn(later.clone());
            if !is_there(&world, &run, &longer) {
                break;
            }
            pass = Some(longer);
            expected.extend(windows);
        }
        if let Some(pass) = pass {
            let all = replay(&world, &pass, &mut rng);
            agree(&format!("seed {seed}, from {first}\n{}", world.show()), &expected, &all);
        }
    }
    (windows, behind)
}

#[test]
fn to_the_same_digest() {
    let plain = Manner {
        batch: 4,
        ..Manner::default()
    };
    assert!(computed_again(0..part_of(1_500), plain).0 > part_of(1_500));
}

#[test]
fn after_crashes_and_wakes() {
    let disturbed = Manner {
        batch: 4,
        crash: 10,
        idle: true,
        lose: 0,
        ..Manner::default()
    };
    assert!(computed_again(3_000_000..3_000_000 + part_of(1_500), disturbed).0 > part_of(1_500));
}

#[test]
fn behind_what_retention_took() {
    let losing = Manner {
        batch: 4,
        crash: 5,
        idle: true,
        lose: 4,
        ..Manner::default()
    };
    let (_, behind) = computed_again(6_000_000..6_000_000 + part_of(3_000), losing);
    assert!(behind > part_of(300), "{behind}");
}
