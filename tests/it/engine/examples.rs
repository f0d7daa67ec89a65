//! The worked examples of the rules.

use crosscheck::engine::{Engine, Entry, Input, Names, Output, Range, Settings};
use crosscheck::model::{Reduction, Side, UndecodableReason, WindowCounts};

use super::world::{decoded, settings};

/// Letters are digests, `@` gives the time (0 unless set): one identity, one partition a side, read to their ends.
fn log(text: &str) -> Vec<Entry> {
    (0_u64..)
        .zip(text.split_whitespace())
        .map(|(offset, word)| {
            let (letter, time) = word.split_once('@').unwrap_or((word, "0"));
            decoded(offset, 1, u64::from(letter.as_bytes()[0]), Some(time.parse().unwrap()))
        })
        .collect()
}

fn total(settings: Settings, baseline: &[Entry], canary: &[Entry]) -> WindowCounts {
    let mut engine = Engine::new(settings);
    let mut outputs = Vec::new();
    engine.declare(Side::Baseline, 0, 0);
    engine.declare(Side::Canary, 0, 0);
    for (side, entries) in [(Side::Baseline, baseline), (Side::Canary, canary)] {
        engine.step(
            Input::Records {
                side,
                partition: 0,
                entries,
                read_at_ms: 0,
            },
            &mut outputs,
        );
    }
    for side in Side::PAIR {
        engine.step(Input::Completed { side, partition: 0 }, &mut outputs);
    }
    engine.conservation().unwrap();
    let mut counts = WindowCounts::default();
    for output in outputs {
        let Output::Final(last) = output else { continue };
        last.windows.iter().for_each(|window| counts.add(&window.counts));
    }
    counts
}

/// matched, mismatched, missing, extra, then duplicate and conflict of the baseline and of the canary.
fn outcomes(counts: &WindowCounts) -> [u64; 8] {
    let WindowCounts {
        matched,
        mismatched,
        missing,
        extra,
        sides,
        ..
    } = counts;
    let [b, c] = [&sides.baseline, &sides.canary];
    [
        *matched,
        *mismatched,
        *missing,
        *extra,
        b.duplicate,
        b.conflict,
        c.duplicate,
        c.conflict,
    ]
}

#[test]
fn rule_6() {
    // Grace is 6, lateness 5.
    for (baseline, canary, expected) in [
        ("A", "A", [1, 0, 0, 0, 0, 0, 0, 0]),
        ("A", "A A", [1, 0, 0, 0, 0, 0, 1, 0]),
        ("A A", "", [0, 0, 1, 0, 1, 0, 0, 0]),
        ("A A B", "A C", [1, 1, 0, 0, 1, 0, 0, 0]),
        ("A", "B", [0, 1, 0, 0, 0, 0, 0, 0]),
        ("A", "", [0, 0, 1, 0, 0, 0, 0, 0]),
        ("", "A", [0, 0, 0, 1, 0, 0, 0, 0]),
        ("A", "A B", [1, 0, 0, 0, 0, 0, 0, 1]),
        ("A", "B A", [1, 0, 0, 0, 0, 0, 0, 1]),
        ("A B", "A", [1, 0, 0, 0, 0, 1, 0, 0]),
        ("", "A B", [0, 0, 0, 1, 0, 0, 0, 1]),
        // Skew of grace pairs, more does not; a difference pairs up to half of it.
        ("A@0", "A@6", [1, 0, 0, 0, 0, 0, 0, 0]),
        ("A@0", "A@7", [0, 0, 1, 1, 0, 0, 0, 0]),
        ("A@0", "B@3", [0, 1, 0, 0, 0, 0, 0, 0]),
        ("A@0", "B@4", [0, 0, 1, 1, 0, 0, 0, 0]),
        // A later equal one is preferred to a nearer different one.
        ("A@0 B@3", "B@1 A@5", [2, 0, 0, 0, 0, 0, 0, 0]),
        // A duplicate is no partner for a difference.
        ("A@0 B@1", "A@0 A@2", [1, 0, 0, 0, 0, 1, 1, 0]),
        // Beyond grace a repetition is a record of its own.
        ("A@0", "A@0 A@7", [1, 0, 0, 1, 0, 0, 0, 0]),
        ("A@0", "A@0 B@7", [1, 0, 0, 1, 0, 0, 0, 0]),
    ] {
        let counts = total(settings(), &log(baseline), &log(canary));
        assert_eq!(outcomes(&counts), expected, "[{baseline}] [{canary}]");
    }
}

#[test]
fn names_and_content() {
    let entity = Settings {
        names: Names::Entity,
        ..settings()
    };
    assert_eq!(
        outcomes(&total(entity, &log("A"), &log("A B A"))),
        [1, 0, 0, 1, 0, 0, 1, 0]
    );
    let content = Settings {
        has_identity: false,
        ..settings()
    };
    assert_eq!(
        outcomes(&total(content, &log("A A A"), &log("A"))),
        [1, 0, 2, 0, 0, 0, 0, 0]
    );
}

#[test]
fn without_event_time_there_is_one_window() {
    let none = Settings {
        window_ms: None,
        ..settings()
    };
    let counts = total(none, &log("A@5 B@900"), &log("A@-70"));
    assert_eq!(outcomes(&counts), [1, 0, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn late_and_bad_records_are_counted_aside() {
    let mut canary = log("A@20 A@14 B@15");
    canary.push(Entry {
        offset: 3,
        bytes: 1,
        timestamp_ms: None,
        body: Reduction::Undecodable(UndecodableReason::Utf8, [0; 16]),
    });
    canary.push(decoded(4, 9, 9, None));
    let counts = total(settings(), &[], &canary);
    let own = &counts.sides.canary;
    assert_eq!((own.late, own.untimely, own.undecodable_total()), (1, 1, 1));
    assert_eq!((counts.extra, own.conflict), (1, 1));
}

#[test]
fn edges_are_excluded() {
    let range = Range::Time {
        start_ms: Some(10),
        end_ms: Some(20),
    };
    let counts = total(
        Settings { range, ..settings() },
        &log("A@9 B@18 C@30"),
        &log("A@12 B@21"),
    );
    assert_eq!(outcomes(&counts), [1, 0, 0, 0, 0, 0, 0, 0]);
    let edges = counts.sides.map(|side| side.excluded_edge);
    assert_eq!((edges.baseline, edges.canary), (2, 1));
}

#[test]
fn a_far_future_time_costs_nothing() {
    let far = 253_000_000_000_000;
    let settings = Settings {
        window_ms: Some(1),
        ..settings()
    };
    let counts = total(
        settings,
        &[decoded(0, 1, 1, Some(0)), decoded(1, 2, 1, Some(far))],
        &[decoded(0, 1, 1, Some(0))],
    );
    assert_eq!((counts.matched, counts.missing), (1, 1));
}

/// What may have come to an idle partition since it was proved idle is not missing: it was a backlog that came after an outage, of
/// one partition after the other.
#[test]
fn an_idle_partition_is_proved_anew_before_its_side_goes_on() {
    let mut engine = Engine::new(settings());
    let mut outputs = Vec::new();
    for (side, partition) in [(Side::Baseline, 0), (Side::Canary, 0), (Side::Canary, 1)] {
        engine.declare(side, partition, 0);
    }
    let mut records = |engine: &mut Engine, side, partition, text: &str| {
        let entries = log(text);
        engine.step(
            Input::Records {
                side,
                partition,
                entries: &entries,
                read_at_ms: 0,
            },
            &mut outputs,
        );
        let of = |output: &Output| match output {
            Output::Final(last) => last.windows.iter().map(|window| window.counts.missing).sum(),
            Output::Mismatched(_) => 0,
        };
        (engine.watermark_ms(), outputs.iter().map(of).sum::<u64>())
    };
    let quiet = |engine: &mut Engine, end| {
        let quiet = Input::Quiet {
            side: Side::Canary,
            partition: 1,
            high_watermark: end,
            last_stable: end,
            since_ms: 7,
        };
        engine.step(quiet, &mut Vec::new());
    };
    records(&mut engine, Side::Canary, 0, "A@0");
    quiet(&mut engine, 0);
    let begun = records(&mut engine, Side::Baseline, 0, "A@0 B@10 C@900");
    // Its other partition is read on, and nothing is known of this one since.
    assert_eq!(records(&mut engine, Side::Canary, 0, "- C@900"), begun);
    // There is something that is not read yet.
    quiet(&mut engine, 1);
    assert_eq!(engine.watermark_ms(), begun.0);
    assert!(engine.side(Side::Canary).unproved);
    let (watermark, missing) = records(&mut engine, Side::Canary, 1, "B@10");
    assert_eq!(missing, 0);
    quiet(&mut engine, 1);
    assert!(engine.watermark_ms() > watermark, "{watermark:?}");
    let (_, missing) = records(&mut engine, Side::Baseline, 0, "- - - D@9000");
    assert_eq!(missing, 0);
}

#[test]
fn an_open_transaction_is_not_idleness() {
    let mut engine = Engine::new(settings());
    let mut outputs = Vec::new();
    for side in Side::PAIR {
        engine.declare(side, 0, 0);
    }
    let baseline = log("A@0 B@100");
    engine.step(
        Input::Records {
            side: Side::Baseline,
            partition: 0,
            entries: &baseline,
            read_at_ms: 0,
        },
        &mut outputs,
    );
    let quiet = |stable| Input::Quiet {
        side: Side::Canary,
        partition: 0,
        high_watermark: 0,
        last_stable: stable,
        since_ms: 7,
    };
    engine.step(quiet(0), &mut outputs);
    assert_eq!(engine.side(Side::Canary).silent_since_ms, Some(7));
    // A side that is silent has no watermark: nothing is missing against it.
    assert_eq!((engine.watermark_ms(), outputs.len()), (None, 0));
    let open = Input::Quiet {
        side: Side::Canary,
        partition: 0,
        high_watermark: 3,
        last_stable: 0,
        since_ms: 9,
    };
    engine.step(open, &mut outputs);
    let canary = engine.side(Side::Canary);
    assert_eq!(
        (canary.silent_since_ms, canary.open_transaction_since_ms),
        (None, Some(9))
    );
}

/// Every partition was idle before there was a watermark, then a close ended them: S is still the greatest first time, and
/// what lies before it is no evidence. (Seed 377 of the simulator.)
#[test]
fn everybody_idle_at_the_close() {
    let mut engine = Engine::new(Settings {
        range: Range::Discovered,
        ..settings()
    });
    let mut outputs = Vec::new();
    let places = || Side::PAIR.into_iter().flat_map(|side| [(side, 0), (side, 1)]);
    for (side, partition) in places() {
        engine.declare(side, partition, 0);
    }
    for (side, log) in [(Side::Baseline, log("a@0 b@500")), (Side::Canary, log("b@500"))] {
        let entries = &log;
        let input = Input::Records {
            side,
            partition: 0,
            entries,
            read_at_ms: 0,
        };
        engine.step(input, &mut outputs);
    }
    for (side, partition) in places() {
        let views = engine.partitions(side);
        let position = views.iter().find(|view| view.partition == partition).unwrap().position;
        let quiet = Input::Quiet {
            side,
            partition,
            high_watermark: position,
            last_stable: position,
            since_ms: 1,
        };
        engine.step(quiet, &mut outputs);
    }
    engine.step(Input::Close, &mut outputs);
    for (side, partition) in places() {
        engine.step(Input::Completed { side, partition }, &mut outputs);
    }
    assert_eq!(engine.checkpoint().start_ms, Some(500));
    let finals = outputs.iter().filter_map(|output| match output {
        Output::Final(last) => Some(last),
        Output::Mismatched(_) => None,
    });
    assert!(
        finals
            .flat_map(|last| &last.windows)
            .all(|window| window.counts.compared() == 0)
    );
}
