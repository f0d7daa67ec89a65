//! Each sentence of rule 15 alone.

use std::collections::BTreeMap;

use crosscheck::engine::{Checkpoint, Engine, FinalWindow, Input, Output, Range};
use crosscheck::model::{CarriedValues, ControlCounts, Critical, Reduction, Side, WindowCounts};

use super::world::{decoded, settings};

/// An engine with one partition a side; a letter is a record of the identity 1, or of the digit before it, `@` its time.
struct Bench {
    engine: Engine,
    next: BTreeMap<Side, u64>,
    windows: Vec<FinalWindow>,
    stored: Option<Checkpoint>,
    /// The letter stands at a critical path, too.
    critical: bool,
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
            critical: false,
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
            let mut entry = decoded(
                *next,
                who.parse().unwrap_or(1),
                u64::from(what.as_bytes()[0]),
                Some(time.parse().unwrap()),
            );
            *next += 1;
            if let Reduction::Decoded(print) = &mut entry.body {
                print.carried = self.critical.then(|| critical(what.as_bytes()[0]));
            }
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

fn critical(letter: u8) -> Box<CarriedValues> {
    let hash = u64::from(letter);
    Box::new(CarriedValues {
        critical: vec![Critical::Value { kind: 1, hash }],
        ..CarriedValues::default()
    })
}

/// A pair that the control takes out of the comparison is not bad at a critical field either.
#[test]
fn noise_is_no_difference_of_a_critical_field() {
    let mut bench = Bench::new();
    let mut settings = settings();
    (settings.control, settings.named.critical) = (true, vec![None]);
    // It bears none, and no other finding is kept.
    (settings.named.strict, settings.findings_max) = (vec![0], 0);
    (bench.engine, bench.critical) = (Engine::new(settings), true);
    Side::ALL.into_iter().for_each(|side| bench.engine.declare(side, 0, 0));
    let with_end = |text: &str| format!("{text} {END}");
    let (baseline, canary) = (with_end("1A@1 2A@1 3A@1"), with_end("1B@1 2A@1 3B@1"));
    bench.all(&baseline, &canary, &with_end("1A@1 2A@1 3C@1"));
    let counts = bench.counts();
    assert_eq!((counts.mismatched, bench.control().both), (1, 1));
    assert_eq!(counts.differing(0), 1);
    let kept: Vec<_> = bench.windows.iter().flat_map(|window| &window.candidates).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(kept[0].identity, Some(super::world::identity(1)));
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
