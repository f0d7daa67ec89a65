//! A control beside the canary (rule 15), against nested loops over whole logs.

use std::collections::BTreeMap;

use crosscheck::engine::{Checkpoint, FinalWindow, Range};
use crosscheck::model::{ControlCounts, Digest, Identity, Outcome, Position, Reduction, Side, WindowCounts};

use super::driver::{Holes, Manner, Raises, Run, run};
use super::oracle::{Truth, truth};
use super::part_of;
use super::replayed::computed_again_of;
use super::world::{Log, Rng, World, identity};

/// Adds a control: what the baseline has, with noise of its own, noise that the canary has, and records that it shares with
/// the canary only.
fn with_control(rng: &mut Rng, mut world: World) -> World {
    world.settings.control = true;
    // Where S is and where a close ends is not what is tested here.
    if world.settings.range == Range::Discovered {
        world.settings.range = Range::Everything;
    }
    world.close = false;
    let noise = rng.pick(&[0, 5, 30]);
    let mut logs = Vec::new();
    for partition in 0..u32::try_from(1 + rng.below(2)).unwrap() {
        logs.push(Log {
            side: Side::Control,
            partition,
            from: 0,
            end: 0,
            entries: Vec::new(),
            pauses: Vec::new(),
        });
    }
    let mut sources: Vec<_> = world
        .logs
        .iter()
        .flat_map(|log| log.entries.iter().map(|entry| (log.side, entry.clone())))
        .collect();
    let time = |body: &Reduction| match body {
        Reduction::Decoded(print) => print.time_ms.unwrap_or(0),
        _ => 0,
    };
    sources.sort_by_key(|(side, entry)| (time(&entry.body), *side, entry.offset));
    for (side, mut entry) in sources {
        let taken = if side == Side::Baseline { 100 - noise } else { noise / 2 };
        if !rng.chance(taken) {
            continue;
        }
        if let Reduction::Decoded(print) = &mut entry.body {
            if rng.chance(noise) {
                print.digest = Digest([u8::try_from(rng.below(3)).unwrap(); 16]);
            }
            print.time_ms = print.time_ms.map(|time| time.saturating_add(rng.within(-1, 1)));
        }
        let at = usize::try_from(rng.below(logs.len() as u64)).unwrap();
        let log = &mut logs[at];
        if rng.chance(15) {
            log.pauses.push(log.entries.len());
        }
        entry.offset = log.end;
        log.end += 1;
        log.entries.push(entry);
    }
    world.logs.extend(logs);
    world
}

/// The two worlds that the oracle knows: baseline with canary, and baseline with control, what lies before the cut on its own.
fn apart(world: &World, other: Side, cut: Option<i64>, range: (Option<i64>, Option<i64>)) -> World {
    let mut apart = world.clone();
    apart.logs.retain(|log| log.side == Side::Baseline || log.side == other);
    let mut alone = 1_000_000;
    for log in &mut apart.logs {
        if log.side == Side::Control {
            log.side = Side::Canary;
        }
        for entry in &mut log.entries {
            if let Reduction::Decoded(print) = &mut entry.body
                && cut.zip(print.time_ms).is_some_and(|(cut, time)| time < cut)
            {
                alone += 1;
                (print.identity, print.by_content) = (identity(alone), true);
            }
        }
    }
    if other == Side::Control {
        apart.settings.range = Range::Time {
            start_ms: range.0,
            end_ms: range.1,
        };
    }
    apart
}

fn of(raises: &Raises, other: Side) -> Raises {
    let mine = raises
        .iter()
        .filter(|((side, _), _)| *side == Side::Baseline || *side == other);
    let named = |side: Side| if side == Side::Baseline { side } else { Side::Canary };
    mine.map(|((side, partition), raises)| ((named(*side), *partition), raises.clone()))
        .collect()
}

/// What differs in a window and counts: baseline's places with their outcome, and extra records by identity.
fn differing(
    truth: &Truth,
    world: &World,
    start: Option<i64>,
    range: (Option<i64>, Option<i64>),
) -> (BTreeMap<Position, Outcome>, BTreeMap<Identity, u64>) {
    let length = world.settings.window_ms;
    let inside = |time: i64| {
        length.map(|length| time.div_euclid(length) * length) == start
            && range.0.is_none_or(|start| start <= time)
            && range.1.is_none_or(|end| time < end)
    };
    let (mut places, mut extra) = (BTreeMap::new(), BTreeMap::new());
    for (position, (outcome, _)) in &truth.fates {
        if !inside(truth.times[position]) {
            continue;
        }
        match (position.side, outcome) {
            (Side::Baseline, Outcome::Mismatched | Outcome::Missing) => drop(places.insert(*position, *outcome)),
            (Side::Canary, Outcome::Extra) => {
                let log = world
                    .logs
                    .iter()
                    .find(|log| (log.side, log.partition) == (position.side, position.partition));
                let entry = log
                    .unwrap()
                    .entries
                    .iter()
                    .find(|entry| entry.offset == position.offset);
                let Reduction::Decoded(print) = &entry.unwrap().body else {
                    panic!()
                };
                *extra.entry(print.identity).or_default() += 1;
            }
            _ => {}
        }
    }
    (places, extra)
}

/// What a window must count, from the two truths.
fn expected(
    (canary, main): (&Truth, &World),
    (control, other): (&Truth, &World),
    start: Option<i64>,
    range: (Option<i64>, Option<i64>),
) -> WindowCounts {
    let mut counts = canary.windows[&start].0.clone();
    let theirs = control
        .windows
        .get(&start)
        .map(|(counts, ..)| counts.clone())
        .unwrap_or_default();
    let (mine, my_extra) = differing(canary, main, start, range);
    let (noise, noise_extra) = differing(control, other, start, range);
    let mut sums = ControlCounts {
        windows: 1,
        matched: theirs.matched,
        mismatched: theirs.mismatched,
        missing: theirs.missing,
        extra: theirs.extra,
        compared: counts.matched + counts.mismatched + counts.missing,
        control_only: noise.keys().filter(|at| !mine.contains_key(at)).count() as u64,
        missing_only: noise
            .iter()
            .filter(|(at, outcome)| !mine.contains_key(at) && **outcome == Outcome::Missing)
            .count() as u64,
        extra_only: noise_extra.values().sum(),
        ..ControlCounts::default()
    };
    for (at, outcome) in &mine {
        if !noise.contains_key(at) {
            sums.canary_only += 1;
            continue;
        }
        sums.both += 1;
        counts.sides.baseline.excluded_noise += 1;
        if *outcome == Outcome::Mismatched {
            counts.mismatched -= 1;
            counts.sides.canary.excluded_noise += 1;
        } else {
            counts.missing -= 1;
        }
    }
    for (who, many) in my_extra {
        let shared = many.min(noise_extra.get(&who).copied().unwrap_or(0));
        sums.both += shared;
        sums.extra_only -= shared;
        counts.extra -= shared;
        counts.sides.canary.excluded_noise += shared;
    }
    counts.control = Some(Box::new(sums));
    counts
}

/// How often the control took part and was left out, and how much noise there was.
#[derive(Default)]
struct Met {
    windows: u64,
    left_out: u64,
    both: u64,
    control_only: u64,
    crashes: u32,
    wakes: u32,
    cuts: usize,
}

/// Every window against the oracle, with what was decided about it.
fn agree(seed: u64, world: &World, run: &Run, met: &mut Met) {
    let range = run.evidence;
    let main = apart(world, Side::Canary, None, range);
    let canary = truth(&main, &of(&run.raises, Side::Canary), &Holes::new(), None);
    let mut controls: BTreeMap<Option<i64>, (Truth, World)> = BTreeMap::new();
    for (windows, inputs) in &run.inputs {
        let Checkpoint {
            control: Some(decided), ..
        } = inputs
        else {
            panic!("seed {seed}")
        };
        let cut = decided.cut_ms;
        let (control, other) = controls.entry(cut).or_insert_with(|| {
            let other = apart(world, Side::Control, cut, range);
            (
                truth(&other, &of(&run.raises, Side::Control), &Holes::new(), None),
                other,
            )
        });
        for FinalWindow {
            start_ms,
            end_ms,
            counts,
            ..
        } in windows
        {
            let silent = decided.left_out.contains(&end_ms.unwrap_or(i64::MAX));
            let grace = world.settings.grace_ms;
            let whole = cut.is_none_or(|cut| start_ms.zip(grace).is_some_and(|(start, grace)| cut + grace <= start));
            let mut expected = expected((&canary, &main), (control, other), *start_ms, range);
            if silent || !whole {
                expected = canary.windows[start_ms].0.clone();
                let left_out = ControlCounts {
                    left_out: 1,
                    ..ControlCounts::default()
                };
                expected.control = Some(Box::new(left_out));
                met.left_out += 1;
            } else {
                met.windows += 1;
                let control = expected.control.as_ref().unwrap();
                met.both += control.both;
                met.control_only += control.control_only;
            }
            // Nothing has a time: there is no window that it could take part in.
            if start_ms.is_none() && counts.control.is_none() && counts.compared() == 0 {
                expected.control = None;
            }
            assert_eq!(
                counts,
                &expected,
                "seed {seed} window {start_ms:?} {decided:?}\n{}{:?}",
                world.show(),
                run.raises
            );
        }
    }
    met.crashes += run.crashes;
    met.wakes += run.wakes;
    met.cuts += controls.keys().flatten().count();
}

fn against_oracle(seeds: std::ops::Range<u64>, manner: Manner) -> Met {
    let mut met = Met::default();
    for seed in seeds {
        let mut rng = Rng(seed);
        let world = World::random(&mut rng);
        let world = with_control(&mut rng, world);
        let run = run(&world, &mut rng, manner);
        agree(seed, &world, &run, &mut met);
    }
    met
}

#[test]
fn equals_the_oracle_where_it_is_awaited() {
    let manner = Manner {
        batch: 5,
        awaits: true,
        ..Manner::default()
    };
    let met = against_oracle(0..part_of(1_500), manner);
    assert_eq!(met.left_out, 0);
    assert!(
        met.both > part_of(250) && met.control_only > part_of(250),
        "{} {}",
        met.both,
        met.control_only
    );
}

#[test]
fn equals_the_oracle_whenever_it_is_silent() {
    let manner = Manner {
        batch: 4,
        silent: 50,
        ..Manner::default()
    };
    let met = against_oracle(10_000..10_000 + part_of(1_300), manner);
    assert!(
        met.windows > part_of(300) && met.left_out > part_of(300),
        "{} {}",
        met.windows,
        met.left_out
    );
    assert!(met.cuts > part_of(25), "{}", met.cuts);
}

#[test]
fn crashes_and_wakes_change_nothing_of_it() {
    let manner = Manner {
        batch: 4,
        crash: 10,
        idle: true,
        silent: 30,
        ..Manner::default()
    };
    let met = against_oracle(20_000..20_000 + part_of(1_300), manner);
    assert!(
        met.crashes > part_of(500) && met.wakes > part_of(100),
        "{} {}",
        met.crashes,
        met.wakes
    );
    assert!(met.windows > part_of(150) && met.left_out > part_of(150) && met.both > part_of(25));
}

#[test]
fn it_may_be_cut_into_pieces_of_work() {
    let manner = Manner {
        batch: 4,
        pace: 6,
        silent: 20,
        ..Manner::default()
    };
    against_oracle(30_000..30_000 + part_of(700), manner);
}

#[test]
fn what_is_put_away_is_the_same() {
    let manner = Manner {
        batch: 4,
        away: 8,
        awaits: true,
        ..Manner::default()
    };
    let met = against_oracle(40_000..40_000 + part_of(700), manner);
    assert!(met.both > part_of(80), "{}", met.both);
}

#[test]
fn a_window_is_computed_again_to_the_same_digest() {
    let manner = Manner {
        batch: 4,
        crash: 8,
        idle: true,
        silent: 40,
        ..Manner::default()
    };
    let (windows, _) = computed_again_of(50_000..50_000 + part_of(700), manner, with_control);
    assert!(windows > part_of(600), "{windows}");
}

/// What retention took of the control, too.
#[test]
fn a_hole_in_the_control_is_computed_again() {
    let manner = Manner {
        batch: 4,
        crash: 4,
        lose: 4,
        silent: 20,
        ..Manner::default()
    };
    let (windows, behind) = computed_again_of(60_000..60_000 + part_of(1_000), manner, with_control);
    assert!(windows > part_of(600) && behind > part_of(25), "{windows} {behind}");
}
