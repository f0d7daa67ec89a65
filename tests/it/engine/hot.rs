//! One identity that has very many records: it must end in seconds, not in hours.

use crosscheck::engine::{Engine, Entry, Input, Output, Settings};
use crosscheck::model::{Side, WindowCounts};

use super::world::{decoded, settings};

const RECORDS: u64 = 100_000;

fn counts(make: impl Fn(Side, u64) -> Option<Entry>) -> WindowCounts {
    let settings = Settings {
        window_ms: Some(1_000),
        grace_ms: Some(10_000),
        lateness_ms: Some(0),
        ..settings()
    };
    let mut engine = Engine::new(settings);
    let mut outputs = Vec::new();
    for side in Side::PAIR {
        engine.declare(side, 0, 0);
    }
    let logs = Side::PAIR.map(|side| (0..RECORDS).filter_map(|number| make(side, number)).collect::<Vec<_>>());
    let mut parts = logs.each_ref().map(|log| log.chunks(1_000));
    loop {
        let mut read = false;
        for (side, parts) in Side::PAIR.into_iter().zip(&mut parts) {
            if let Some(entries) = parts.next() {
                engine.step(
                    Input::Records {
                        side,
                        partition: 0,
                        entries,
                        read_at_ms: 0,
                    },
                    &mut outputs,
                );
                read = true;
            }
        }
        if !read {
            break;
        }
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

/// Row W3, by hand: what a record costs where its identity is its own, half of all, or everybody's. Prints.
#[test]
#[ignore = "by_hand: measures"]
fn by_hand_cost_of_a_hot_identity() {
    let time = |share: fn(u64) -> u64| {
        let mut best = std::time::Duration::MAX;
        for _ in 0..5 {
            #[expect(clippy::disallowed_methods, reason = "a measurement")]
            let began = std::time::Instant::now();
            let counts = counts(|_, number| Some(decoded(number, share(number), number, at(number))));
            assert_eq!(counts.matched, RECORDS);
            best = best.min(began.elapsed());
        }
        best.as_nanos() / u128::from(2 * RECORDS)
    };
    let own = time(|number| number + 10);
    for (what, share) in [
        (
            "half of all",
            (|number| if number % 2 == 0 { 1 } else { number + 10 }) as fn(u64) -> u64,
        ),
        ("all", |_| 1),
    ] {
        let hot = time(share);
        println!("one identity has {what}: {hot} ns a record, {own} ns where each has its own");
    }
}

fn at(number: u64) -> Option<i64> {
    i64::try_from(number / 2).ok()
}

#[test]
fn distinct_contents() {
    let counts = counts(|side, number| {
        let lost = side == Side::Canary && number % 1_000 == 0;
        (!lost).then(|| decoded(number, 1, number, at(number)))
    });
    assert_eq!(counts.matched, RECORDS - RECORDS / 1_000);
    assert_eq!(counts.missing + counts.sides.baseline.conflict, RECORDS / 1_000);
}

#[test]
fn all_differ() {
    let counts = counts(|side, number| {
        Some(decoded(
            number,
            1,
            number * 2 + u64::from(side == Side::Canary),
            at(number),
        ))
    });
    assert_eq!(counts.mismatched, RECORDS);
}

#[test]
fn one_content() {
    let counts = counts(|side, number| {
        let twice = side == Side::Baseline || number % 2 == 0;
        twice.then(|| decoded(number, 1, 1, at(number)))
    });
    assert_eq!(counts.matched + counts.sides.baseline.duplicate, RECORDS);
    assert!(counts.matched >= RECORDS / 2 - 1);
}

#[test]
fn a_side_alone() {
    let counts = counts(|side, number| (side == Side::Canary).then(|| decoded(number, 1, number, at(number))));
    assert_eq!((counts.extra, counts.sides.canary.conflict), (1, RECORDS - 1));
}
