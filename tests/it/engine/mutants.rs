//! Every defect of the engine that can be switched on is caught by the random worlds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crosscheck::mutants::{Mutant, switch};

use super::driver::Manner;
use super::properties::against_oracle;
use super::{aggregates, critical, latency};

/// Worlds within which a defect must show.
const SEEDS: u64 = 2_000;

/// Defects of the engine itself; the simulator of the whole worker has all of them.
const OF_THE_ENGINE: [Mutant; 25] = [
    Mutant::HoleIsNoEdge,
    Mutant::NaiveUpsert,
    Mutant::ResumePlusOne,
    Mutant::LateByClosedWindow,
    Mutant::WatermarkOfFastest,
    Mutant::IdleBySilence,
    Mutant::FutureAccepted,
    Mutant::PastAccepted,
    Mutant::StraddlingNotStored,
    Mutant::NoLookBack,
    Mutant::LatePairs,
    Mutant::RaisesNotStored,
    Mutant::DuplicateIsMismatch,
    Mutant::ConflictIsSurplus,
    Mutant::NoGrace,
    Mutant::HalfGraceIsGrace,
    Mutant::NewestFirst,
    Mutant::FinalWithoutGrace,
    Mutant::EdgesJudged,
    Mutant::EdgeOffByOne,
    Mutant::StartOfFastest,
    Mutant::CloseWithoutEdge,
    Mutant::SharedNever,
    Mutant::SharedForEver,
    Mutant::SharedTwice,
];

/// The seed at which it shows in these worlds.
fn death(mutant: Mutant, mut world: impl FnMut(u64)) -> Option<u64> {
    (0..SEEDS).find(|seed| {
        switch(Some(mutant));
        let lived = catch_unwind(AssertUnwindSafe(|| world(*seed)));
        switch(None);
        lived.is_err()
    })
}

/// A world of what every stream has, dead letters among it.
fn plain(seed: u64) {
    let manner = Manner {
        batch: 4,
        crash: 10 * (seed % 2),
        idle: !seed.is_multiple_of(3),
        lose: 10 * u64::from(seed.is_multiple_of(5)),
        ..Manner::default()
    };
    against_oracle(seed..=seed, manner);
}

/// The worlds that have the check which a defect is in.
fn worlds_of(mutant: Mutant) -> fn(u64) {
    match mutant {
        Mutant::SlowOfBoth | Mutant::SlowAtLimit => |seed| {
            latency::against_oracle(seed..seed + 1);
        },
        Mutant::CriticalIntolerant | Mutant::CriticalOfAll => |seed| {
            critical::against_oracle(seed..seed + 1);
        },
        Mutant::StrictOfSample => |seed| {
            critical::keep_their_own(seed..seed + 1);
        },
        Mutant::LeastIsGreatest | Mutant::GroupsForgotten => |seed| {
            aggregates::against_a_few_lines(seed..seed + 1);
        },
        _ => plain,
    }
}

#[test]
fn defects_of_the_engine_are_caught() {
    caught(&OF_THE_ENGINE);
}

#[test]
fn defects_of_checks_are_caught() {
    caught(Mutant::of_checks());
}

fn caught(mutants: &[Mutant]) {
    let mut alive = Vec::new();
    for &mutant in mutants {
        match death(mutant, worlds_of(mutant)) {
            Some(seed) => println!("{mutant:?} died at seed {seed}"),
            None => alive.push(mutant),
        }
    }
    assert!(alive.is_empty(), "{alive:?} were not caught within {SEEDS} worlds");
}
