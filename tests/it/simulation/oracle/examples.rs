//! The design's own examples, and what its words say of small cases, as a table.

use std::collections::BTreeSet;

use crosscheck::engine::{Named, Names, Range, Sample, Settings, Tolerance};
use crosscheck::model::{PerSide, Side, UndecodableReason};

use super::{Comparison, Hole, Log, Read, Whole, judge};
use crate::simulation::world::log::{Kind, Record, Slot};
use crate::simulation::world::plan::IdentityFrom;
use crate::simulation::world::truth::{Decoded, Note, Order, Truth};

/// A case: windows of 100 ms, lateness 50, grace 20, one partition a side, everything settled, unless it says otherwise.
struct Case {
    settings: Settings,
    identity: IdentityFrom,
    reads: PerSide<Read>,
    s_ms: Option<i64>,
    watermark_ms: Option<i64>,
    closed: bool,
}

fn read(side: Side) -> Read {
    Read {
        side,
        partition: 0,
        life: 0,
        after_the_cut: false,
        from: 0,
        to: u64::MAX,
        raises: Vec::new(),
        holes: Vec::new(),
        untimely: BTreeSet::new(),
        unsampled: BTreeSet::new(),
        beside: BTreeSet::new(),
    }
}

impl Default for Case {
    fn default() -> Self {
        Self {
            settings: Settings {
                window_ms: Some(100),
                lateness_ms: Some(50),
                grace_ms: Some(20),
                skew_max_ms: Some(1_000),
                age_max_ms: Some(1_000),
                time_is_timestamp: false,
                names: Names::Event,
                has_identity: true,
                tolerances: Vec::new(),
                range: Range::Everything,
                sample: Sample::default(),
                control: false,
                profile: None,
                named: Named::default(),
                latest: false,
                findings_max: 100,
                held_max_bytes: 1 << 20,
            },
            identity: IdentityFrom::Field,
            reads: PerSide {
                baseline: read(Side::Baseline),
                canary: read(Side::Canary),
            },
            s_ms: None,
            watermark_ms: Some(1_000_000),
            closed: false,
        }
    }
}

/// `A@10` is the content A at 10 ms, alone `A` at 0; a digit in front (`2A`) is another identity than 1; `7#` in place
/// of a letter is the amount; `!X` cannot be decoded (bytes X), `?A` has a time that cannot be used, `-` is a gap.
fn slots(text: &str) -> Vec<Slot> {
    let words = text.split_whitespace().zip(0..);
    let slot = |(word, offset): (&str, u64)| {
        let (what, time) = word.split_once('@').unwrap_or((word, "0"));
        let time_ms: i64 = time.parse().unwrap();
        let mark = what.chars().next().unwrap();
        let rest = what.trim_start_matches(['!', '?']);
        let id = rest
            .chars()
            .next()
            .and_then(|c| c.to_digit(10))
            .filter(|_| !rest.ends_with('#'));
        let content = rest.trim_start_matches(|c: char| c.is_ascii_digit() && id.is_some());
        let amount = content.strip_suffix('#').map_or_else(
            || i64::from(content.bytes().next().unwrap_or(0)),
            |number| number.parse().unwrap(),
        );
        let id = id.unwrap_or(1);
        let order = Order {
            id,
            created_ms: Some(time_ms),
            amount,
            note: Note::Null,
            status: 0,
        };
        let truth = match mark {
            '!' => Truth::Undecodable(UndecodableReason::Truncated),
            _ => Truth::Decoded(Decoded {
                key: Some(id),
                order: Some(order),
                time_ms: (mark != '?').then_some(time_ms),
            }),
        };
        Slot {
            offset,
            at_ms: 0,
            stable_at_ms: Some(0),
            kind: if mark == '-' {
                Kind::Control
            } else {
                Kind::Record(Record {
                    timestamp_ms: time_ms,
                    key: None,
                    value: Some(content.as_bytes().to_vec()),
                    truth,
                })
            },
        }
    };
    words.map(slot).collect()
}

fn run(case: &Case, baseline: &str, canary: &str) -> Whole {
    let slots = PerSide {
        baseline: slots(baseline),
        canary: slots(canary),
    };
    let log = |side: Side| Log {
        read: case.reads.get(side),
        slots: slots.get(side).iter().collect(),
    };
    judge(&Comparison {
        settings: &case.settings,
        identity: case.identity,
        key_compared: false,
        ignore_time: true,
        logs: vec![log(Side::Baseline), log(Side::Canary)],
        s_ms: case.s_ms,
        watermark_ms: case.watermark_ms,
        closed: case.closed,
    })
}

/// `0: matched 1, baseline duplicate 2; 100: …`, windows in order, what is 0 left out.
fn shown(whole: &Whole) -> String {
    let windows = whole.windows.iter().map(|(start_ms, window)| {
        let (counts, bad) = (&window.counts, &window.bad);
        let mut all = vec![
            ("matched".to_owned(), counts.matched),
            ("mismatched".to_owned(), counts.mismatched),
            ("missing".to_owned(), counts.missing),
            ("extra".to_owned(), counts.extra),
        ];
        for side in Side::PAIR {
            let counts = counts.sides.get(side);
            all.extend([
                (format!("{side} duplicate"), counts.duplicate),
                (format!("{side} conflict"), counts.conflict),
                (format!("{side} late"), counts.late),
                (format!("{side} untimely"), counts.untimely),
                (format!("{side} undecodable"), counts.undecodable_total()),
                (format!("{side} edge"), counts.excluded_edge),
            ]);
        }
        all.extend([
            ("shared".to_owned(), bad.undecodable_shared + bad.untimely_shared),
            ("judged".to_owned(), bad.undecodable_judged + bad.untimely_judged),
            ("bad edge".to_owned(), bad.edge),
        ]);
        let words = all
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{name} {count}"));
        format!("{start_ms}: {}", words.collect::<Vec<_>>().join(", "))
    });
    windows.collect::<Vec<_>>().join("; ")
}

fn check(case: &Case, baseline: &str, canary: &str, expect: &str) {
    let whole = run(case, baseline, canary);
    assert_eq!(shown(&whole), expect, "[{baseline}] against [{canary}]");
}

#[test]
fn pairing() {
    let case = Case::default();
    // The examples of rule 6.
    check(&case, "A", "A A", "0: matched 1, canary duplicate 1");
    check(&case, "A A", "", "0: missing 1, baseline duplicate 1");
    check(
        &case,
        "A A B",
        "A C",
        "0: matched 1, mismatched 1, baseline duplicate 1",
    );
    // Its words, one by one.
    check(&case, "A", "B", "0: mismatched 1");
    check(&case, "A B", "", "0: missing 1, baseline conflict 1");
    check(&case, "", "A B", "0: extra 1, canary conflict 1");
    check(&case, "A", "B A", "0: matched 1, canary conflict 1");
    check(&case, "A B", "B A", "0: matched 2");
    check(&case, "1A 2A", "2A 3A", "0: matched 1, missing 1, extra 1");
    // Equal within grace, passed is greater.
    check(&case, "A@0", "A@20", "0: matched 1");
    check(&case, "A@0", "A@21", "0: missing 1, extra 1");
    check(&case, "A@21", "A@0", "0: missing 1, extra 1");
    // A mismatch only to grace / 2.
    check(&case, "A@0", "B@10", "0: mismatched 1");
    check(&case, "A@0", "B@11", "0: missing 1, extra 1");
    check(&case, "A@11", "B@0", "0: missing 1, extra 1");
    // Left to its equal, which stands further away.
    check(&case, "A@0 B@15", "B@5", "0: matched 1, baseline conflict 1");
    check(&case, "A@5 B@6", "B@5", "0: matched 1, baseline conflict 1");
    // A duplicate of its own side is no partner.
    check(
        &case,
        "A@0 C@12",
        "A@0 A@15",
        "0: matched 1, baseline conflict 1, canary duplicate 1",
    );
    // A pair counts at its baseline record.
    check(&case, "A@99", "A@101", "0: matched 1");
    check(&case, "A@101", "A@99", "100: matched 1");
    // The oldest equal one.
    check(&case, "A@10", "A@5 A@12", "0: matched 1, canary duplicate 1");
}

#[test]
fn names() {
    let mut case = Case::default();
    case.settings.names = Names::Entity;
    check(&case, "A", "B A", "0: matched 1, extra 1");
    check(&case, "A", "A A", "0: matched 1, canary duplicate 1");
    case.identity = IdentityFrom::Nothing;
    check(&case, "A", "A A", "0: matched 1, extra 1");
    check(&case, "A", "B", "0: missing 1, extra 1");
}

#[test]
fn tolerance() {
    let mut case = Case::default();
    case.settings.tolerances = vec![Tolerance::Absolute("1.5".to_owned())];
    check(&case, "5#", "6#", "0: matched 1");
    check(&case, "5#", "7#", "0: mismatched 1");
    // Exactly equal before within tolerance.
    check(&case, "5# 6#", "6# 5#", "0: matched 2");
    check(&case, "5#", "6# 5#", "0: matched 1, canary duplicate 1");
    case.settings.tolerances = vec![Tolerance::Relative("0.1".to_owned())];
    // Of the baseline's, inclusive.
    check(&case, "100#", "110#", "0: matched 1");
    check(&case, "110#", "100#", "0: matched 1");
    check(&case, "111#", "100#", "0: matched 1");
    check(&case, "100#", "111#", "0: mismatched 1");
}

#[test]
fn late_and_bad() {
    let case = Case::default();
    // Late is below the maximum minus lateness, and does not pair.
    check(
        &case,
        "1A@200 2A@150",
        "1A@200 2A@150",
        "100: matched 1; 200: matched 1",
    );
    check(&case, "1A@200 2A@149", "1A@200", "200: matched 1, baseline late 1");
    check(
        &case,
        "1A@200 2A@149",
        "1A@200 2A@149",
        "200: matched 1, baseline late 1, canary late 1",
    );
    // Bad ones count where the maximum stands, before it in the oldest window.
    check(
        &case,
        "1A@250 !X",
        "1A@250 !X",
        "200: matched 1, baseline undecodable 1, canary undecodable 1, shared 1",
    );
    check(
        &case,
        "1A@250",
        "!X 1A@250",
        "200: matched 1, canary undecodable 1, judged 1",
    );
    check(
        &case,
        "1A@250",
        "1A@250 ?A ?B",
        "200: matched 1, canary untimely 2, judged 2",
    );
    // One for one.
    check(
        &case,
        "1A@250 !X",
        "1A@250 !X !X",
        "200: matched 1, baseline undecodable 1, canary undecodable 2, shared 1, judged 1",
    );
    // At most 5 x grace later, or any time earlier.
    check(
        &case,
        "1A@250 2A@350 !X",
        "1A@250 !X 2A@350",
        "200: matched 1, canary undecodable 1, shared 1; 300: matched 1, baseline undecodable 1",
    );
    check(
        &case,
        "1A@250 2A@351 !X",
        "1A@250 !X 2A@351",
        "200: matched 1, canary undecodable 1, judged 1; 300: matched 1, baseline undecodable 1",
    );
    check(
        &case,
        "1A@250 !X 2A@950",
        "1A@250 2A@950 !X",
        "200: matched 1, baseline undecodable 1; 900: matched 1, canary undecodable 1, shared 1",
    );
}

#[test]
fn raised_maxima() {
    let mut case = Case::default();
    case.reads.baseline.raises = vec![(1, 300)];
    check(
        &case,
        "1A@200 2A@249",
        "1A@200 2A@249",
        "200: matched 1, extra 1; 300: baseline late 1",
    );
    check(&case, "1A@200 2A@250", "1A@200 2A@250", "200: matched 2");
}

#[test]
fn edges() {
    let mut case = Case::default();
    case.settings.range = Range::Discovered;
    // S + lateness + grace is 100: that window is the first.
    case.s_ms = Some(30);
    check(
        &case,
        "1A@99 2A@100",
        "1A@99 2A@100",
        "0: baseline edge 1, canary edge 1; 100: matched 1",
    );
    case.s_ms = Some(31);
    check(
        &case,
        "1A@199 2A@200",
        "1A@199",
        "100: baseline edge 1, canary edge 1; 200: missing 1",
    );
    // A range in time counts by the baseline record, a surplus by itself.
    case.settings.range = Range::Time {
        start_ms: Some(50),
        end_ms: Some(60),
    };
    check(
        &case,
        "1A@50 2A@49",
        "1A@49 2A@50",
        "0: matched 1, baseline edge 1, canary edge 1",
    );
    check(&case, "1A@59 2A@60", "", "0: missing 1, baseline edge 1");
    // After a close: the least of the largest maxima - grace.
    case = Case::default();
    case.closed = true;
    check(
        &case,
        "1A@10 2A@80 3A@81 4A@200",
        "1A@10 2A@80 3A@81 5A@100",
        "0: matched 2, baseline edge 1, canary edge 1; 100: canary edge 1; 200: baseline edge 1",
    );
    check(&case, "1A@10", "", "0: baseline edge 1");
}

#[test]
fn holes() {
    let mut case = Case::default();
    let hole = Hole {
        from: 1,
        to: 3,
        met_at_ms: None,
    };
    case.reads.canary.holes = vec![hole];
    // m = 300 and n = 400: [230, 470] touches the windows 200 to 400.
    let baseline = "1A@110 2A@300 3A@310 4A@320 5A@400 6A@550";
    check(
        &case,
        baseline,
        "2A@300 3A@310 4A@320 5A@400 6A@550",
        "100: missing 1; 300: baseline edge 3, canary edge 1; 400: baseline edge 1, canary edge 1; 500: matched 1",
    );
    // Without anything behind it there is no upper end; without anything before it none below.
    check(
        &case,
        "1A@10 2A@300 9A@900",
        "2A@300 - -",
        "0: missing 1; 300: baseline edge 1, canary edge 1; 900: baseline edge 1",
    );
    case.reads.canary.holes = vec![Hole { from: 0, ..hole }];
    check(
        &case,
        "1A@10 9A@900",
        "- - - 9A@900",
        "0: baseline edge 1; 900: baseline edge 1, canary edge 1",
    );
    // What was final before it was met stays as it was.
    case.reads.canary.holes = vec![Hole {
        met_at_ms: Some(521),
        ..hole
    }];
    check(
        &case,
        "2A@300 3A@400 4A@410",
        "2A@300 3A@400 4A@410 5A@500",
        "300: matched 1; 400: matched 2; 500: canary edge 1",
    );
}

#[test]
fn what_the_watermark_settles() {
    let case = Case {
        watermark_ms: Some(120),
        ..Case::default()
    };
    let whole = run(&case, "1A@0 2A@99 3A@100", "3A@100");
    assert_eq!(shown(&whole), "0: missing 2");
    assert!(!whole.windows[&0].is_final);
    assert_eq!((whole.pending.baseline, whole.pending.canary), (1, 1));
    let case = Case {
        watermark_ms: Some(121),
        ..case
    };
    let whole = run(&case, "1A@0 2A@99 3A@100", "3A@100");
    assert!(whole.windows[&0].is_final && !whole.windows[&0].bad_is_final);
    assert_eq!(whole.pending.baseline, 0);
}
