//! Every defect of the engine that can be switched on is caught by the random worlds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crosscheck::mutants::{Mutant, switch};

use super::driver::Manner;
use super::properties::against_oracle;

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

/// The seed at which it shows.
fn death(mutant: Mutant) -> Option<u64> {
    (0..SEEDS).find(|seed| {
        let manner = Manner {
            batch: 4,
            crash: 10 * (seed % 2),
            idle: seed % 3 != 0,
            lose: 10 * u64::from(seed % 5 == 0),
            ..Manner::default()
        };
        switch(Some(mutant));
        let lived = catch_unwind(AssertUnwindSafe(|| against_oracle(*seed..=*seed, manner)));
        switch(None);
        lived.is_err()
    })
}

#[test]
fn defects_of_the_engine_are_caught() {
    let mut alive = Vec::new();
    for mutant in OF_THE_ENGINE {
        match death(mutant) {
            Some(seed) => println!("{mutant:?} died at seed {seed}"),
            None => alive.push(mutant),
        }
    }
    assert!(alive.is_empty(), "{alive:?} were not caught within {SEEDS} worlds");
}
