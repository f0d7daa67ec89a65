//! A control beside the canary (rule 15), against nested loops over whole logs; and each sentence of the rule alone.

use std::collections::BTreeMap;

use crosscheck::engine::{Checkpoint, Engine, FinalWindow, Input, Output, Range};
use crosscheck::model::{ControlCounts, Digest, Identity, Outcome, Position, Reduction, Side, WindowCounts};

use super::driver::{Holes, Manner, Raises, Run, run};
use super::oracle::{Truth, truth};
use super::replayed::computed_again_of;
use super::world::{Log, Rng, World, decoded, identity, settings};

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
    let met = against_oracle(0..5_000, manner);
    assert_eq!(met.left_out, 0);
    assert!(
        met.both > 1_000 && met.control_only > 1_000,
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
    let met = against_oracle(10_000..14_000, manner);
    assert!(
        met.windows > 1_000 && met.left_out > 1_000,
        "{} {}",
        met.windows,
        met.left_out
    );
    assert!(met.cuts > 100, "{}", met.cuts);
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
    let met = against_oracle(20_000..24_000, manner);
    assert!(met.crashes > 2_000 && met.wakes > 500, "{} {}", met.crashes, met.wakes);
    assert!(met.windows > 500 && met.left_out > 500 && met.both > 100);
}

#[test]
fn it_may_be_cut_into_pieces_of_work() {
    let manner = Manner {
        batch: 4,
        pace: 6,
        silent: 20,
        ..Manner::default()
    };
    against_oracle(30_000..32_000, manner);
}

#[test]
fn what_is_put_away_is_the_same() {
    let manner = Manner {
        batch: 4,
        away: 8,
        awaits: true,
        ..Manner::default()
    };
    let met = against_oracle(40_000..42_000, manner);
    assert!(met.both > 300, "{}", met.both);
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
    let (windows, _) = computed_again_of(50_000..52_000, manner, with_control);
    assert!(windows > 2_000, "{windows}");
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
    let (windows, behind) = computed_again_of(60_000..63_000, manner, with_control);
    assert!(windows > 2_000 && behind > 100, "{windows} {behind}");
}

/// An engine with one partition a side; a letter is a record of the identity 1, or of the digit before it, `@` its time.
struct Bench {
    engine: Engine,
    next: BTreeMap<Side, u64>,
    windows: Vec<FinalWindow>,
    stored: Option<Checkpoint>,
}

impl Bench {
    fn new() -> Bench {
        let mut settings = settings();
        settings.control = true;
        let mut bench = Bench {
            engine: Engine::new(settings),
            next: BTreeMap::new(),
            windows: Vec::new(),
            stored: None,
        };
        Side::ALL.into_iter().for_each(|side| bench.engine.declare(side, 0, 0));
        bench
    }

    fn step(&mut self, input: Input<'_>) {
        let mut outputs = Vec::new();
        self.engine.step(input, &mut outputs);
        self.engine.conservation().unwrap();
        for output in outputs {
            let Output::Final(last) = output else { continue };
            self.windows.extend(last.windows);
            self.stored = Some(last.checkpoint);
        }
    }

    fn read(&mut self, side: Side, text: &str) {
        for word in text.split_whitespace() {
            let (record, time) = word.split_once('@').unwrap();
            let (who, what) = record.split_at(record.len() - 1);
            let next = self.next.entry(side).or_default();
            let entry = decoded(
                *next,
                who.parse().unwrap_or(1),
                u64::from(what.as_bytes()[0]),
                Some(time.parse().unwrap()),
            );
            *next += 1;
            self.step(Input::Records {
                side,
                partition: 0,
                entries: &[entry],
                read_at_ms: 0,
            });
        }
    }

    fn all(&mut self, baseline: &str, canary: &str, control: &str) {
        self.read(Side::Control, control);
        self.read(Side::Baseline, baseline);
        self.read(Side::Canary, canary);
    }

    fn counts(&self) -> WindowCounts {
        let mut sum = WindowCounts::default();
        self.windows.iter().for_each(|window| sum.add(&window.counts));
        sum
    }

    fn control(&self) -> ControlCounts {
        self.counts().control.as_deref().copied().unwrap_or_default()
    }
}

/// The window [0, 10) is final once every watermark has passed 16: with a record at 22.
const END: &str = "9Z@22";

fn of_one_window(baseline: &str, canary: &str, control: &str) -> Bench {
    let mut bench = Bench::new();
    let with_end = |text: &str| format!("{text} {END}");
    bench.all(&with_end(baseline), &with_end(canary), &with_end(control));
    bench
}

#[test]
fn a_b_and_c() {
    // Identity 1 differs in the canary only, 2 in the control only, 3 in both, 4 in neither.
    let bench = of_one_window("1A@1 2A@1 3A@1 4A@1", "1B@1 2A@1 3B@1 4A@1", "1A@1 2B@1 3C@1 4A@1");
    let (counts, control) = (bench.counts(), bench.control());
    assert_eq!((control.canary_only, control.control_only, control.both), (1, 1, 1));
    assert_eq!((counts.matched, counts.mismatched), (2, 1));
    assert_eq!((control.matched, control.mismatched, control.compared), (2, 2, 4));
    let [b, c] = [&counts.sides.baseline, &counts.sides.canary];
    assert_eq!((b.excluded_noise, c.excluded_noise), (1, 1));
}

/// Missing in the canary and mismatched in the control is noise all the same: only the baseline's record is left out.
#[test]
fn one_may_be_missing_and_the_other_mismatched() {
    let bench = of_one_window("1A@1 2A@1", "2B@1", "1B@1");
    let (counts, control) = (bench.counts(), bench.control());
    assert_eq!((control.both, counts.mismatched, counts.missing), (2, 0, 0));
    let [b, c] = [&counts.sides.baseline, &counts.sides.canary];
    assert_eq!((b.excluded_noise, c.excluded_noise), (2, 1));
}

#[test]
fn an_extra_that_both_show_is_noise_by_identity_and_as_often() {
    let bench = of_one_window("4A@1", "1A@0 4A@1 2A@2 3A@2 1A@9", "4A@1 1B@3 3A@2");
    let (counts, control) = (bench.counts(), bench.control());
    // 3 is shown by both, and 1 once, whatever is in it; 2 by the canary alone.
    assert_eq!((control.both, counts.extra, control.extra), (2, 2, 2));
    assert_eq!(counts.sides.canary.excluded_noise, 2);
}

#[test]
fn noise_lowers_the_coverage() {
    let bench = of_one_window("1A@1 2A@1 3A@1 4A@1", "1B@1 2A@1 3A@1 4A@1", "1C@1 2A@1 3A@1 4A@1");
    assert_eq!(bench.counts().covered(Side::Baseline, 0, 0), (3, 4));
    assert_eq!(bench.counts().covered(Side::Canary, 0, 0), (3, 4));
}

#[test]
fn a_silent_control_holds_no_window_and_moves_no_watermark() {
    let mut bench = Bench::new();
    bench.read(Side::Control, "1A@1");
    bench.read(Side::Baseline, "1A@1 9Z@22");
    bench.read(Side::Canary, "1B@1 9Z@22");
    assert_eq!(bench.engine.watermark_ms(), Some(17));
    let counts = bench.counts();
    assert_eq!(
        (counts.mismatched, bench.control().left_out, bench.control().windows),
        (1, 1, 0)
    );
}

/// A window that it was left out of stays so; it takes part again as soon as it has caught up, and nothing is lost of it.
#[test]
fn a_control_that_was_behind_takes_part_again() {
    let mut bench = Bench::new();
    bench.read(Side::Control, "1A@5");
    bench.read(Side::Baseline, "1A@1 2A@12 9Z@22 8Z@35");
    bench.read(Side::Canary, "1B@1 2B@12 9Z@22");
    bench.read(Side::Control, "2C@12 9Z@22 8Z@35");
    bench.read(Side::Canary, "8Z@35");
    let windows: Vec<_> = bench
        .windows
        .iter()
        .map(|window| window.counts.control.as_deref().copied().unwrap())
        .collect();
    assert_eq!(
        windows.iter().map(|control| control.left_out).collect::<Vec<_>>(),
        [1, 0]
    );
    assert_eq!((windows[1].both, bench.counts().mismatched), (1, 1));
}

/// Its straddling pairs are stored: a restart in between finds the same.
#[test]
fn straddling_pairs_of_its_own_survive_a_restart() {
    let mut bench = Bench::new();
    // The control's partner of 1 lies behind the frontier at 10.
    bench.all("1A@9 9Z@22", "1A@9 9Z@22", "1A@11 9Z@22");
    let stored = bench.stored.clone().unwrap();
    let control = stored.control.as_ref().unwrap();
    assert_eq!(
        (control.straddling.len(), control.straddling[0].canary.side),
        (1, Side::Control)
    );
    let stored: Checkpoint = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
    let resume = |side| {
        stored
            .partitions
            .iter()
            .find(|part| part.side == Some(side))
            .unwrap()
            .resume
    };
    bench.next = Side::ALL.into_iter().map(|side| (side, resume(side))).collect();
    assert_eq!(bench.next[&Side::Control], 0);
    let mut settings = settings();
    settings.control = true;
    bench.engine = Engine::resume(settings, stored);
    bench.next = BTreeMap::new();
    bench.all("1A@9 9Z@22 8Z@45", "1A@9 9Z@22 8Z@45", "1A@11 9Z@22 8Z@45");
    assert_eq!(bench.control().extra, 0);
    assert_eq!((bench.control().windows, bench.control().matched), (2, 2));
}

/// What the baseline wrote before the control began is no noise of its.
#[test]
fn a_control_that_begins_late_is_left_out_until_it_is_there() {
    let mut bench = Bench::new();
    let mut settings = settings();
    (settings.control, settings.range) = (true, Range::Discovered);
    bench.engine = Engine::new(settings);
    Side::ALL.into_iter().for_each(|side| bench.engine.declare(side, 0, 0));
    let both = "1A@1 2A@15 3A@25 4A@35 5A@45 6A@55";
    bench.read(Side::Control, "4A@35 5A@45 6A@55 7Z@80");
    bench.read(Side::Baseline, both);
    bench.read(Side::Canary, both);
    bench.read(Side::Baseline, "7Z@80");
    bench.read(Side::Canary, "7Z@80");
    let control = bench.control();
    assert_eq!((control.missing, control.control_only), (0, 0));
    assert!(control.windows > 0 && control.left_out > 2, "{control:?}");
}

/// Without a control there is nothing of it: in no window, in no checkpoint.
#[test]
fn without_a_control_nothing_of_it_is_there() {
    let mut bench = Bench::new();
    bench.engine = Engine::new(settings());
    Side::ALL.into_iter().for_each(|side| bench.engine.declare(side, 0, 0));
    bench.all("1A@1 9Z@22", "1A@1 9Z@22", "1A@1 9Z@22");
    assert_eq!(bench.counts().control, None);
    let stored = serde_json::to_string(&bench.stored).unwrap();
    assert!(!stored.contains("control"), "{stored}");
}
