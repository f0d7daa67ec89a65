//! The test of the test: every defect that can be switched on is caught by the simulator.
//!
//! `CROSSCHECK_SIM_MUTANTS=all` tries all of them, else a dozen; a name tries that one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crosscheck::mutants::{Mutant, switch};

/// Runs within which a defect must show.
const SEEDS: u64 = 2_000;
/// How many are tried where nobody says which.
const SAMPLED: usize = 12;

#[expect(clippy::disallowed_methods, reason = "names the defects to try")]
fn chosen() -> Vec<Mutant> {
    let all = Mutant::of_the_worker();
    match std::env::var("CROSSCHECK_SIM_MUTANTS").as_deref() {
        Ok("all") => all.to_vec(),
        Ok(name) => all
            .iter()
            .copied()
            .filter(|mutant| format!("{mutant:?}") == name)
            .collect(),
        Err(_) => all.iter().copied().step_by(all.len().div_ceil(SAMPLED)).collect(),
    }
}

/// The first thing that is wrong in a run.
fn wrong(seed: u64) -> Option<String> {
    let run = catch_unwind(AssertUnwindSafe(|| super::one(seed, false).1));
    let wrong = run.unwrap_or_else(|_| vec!["it panicked".to_owned()]);
    wrong.into_iter().next()
}

/// The seed at which it shows, and how. A seed that fails without it shows nothing.
fn death(mutant: Mutant) -> Option<(u64, String)> {
    (0..SEEDS).find_map(|seed| {
        switch(Some(mutant));
        let found = wrong(seed);
        switch(None);
        let found = found?;
        wrong(seed).is_none().then_some((seed, found))
    })
}

#[test]
fn defects_are_caught() {
    let chosen = chosen();
    assert!(
        !chosen.is_empty(),
        "CROSSCHECK_SIM_MUTANTS is `all` or the name of a defect"
    );
    let mut alive = Vec::new();
    for mutant in chosen {
        match death(mutant) {
            Some((seed, how)) => println!("{mutant:?} ({}): seed {seed}: {how}", mutant.sentence()),
            None => alive.push(mutant),
        }
    }
    assert!(alive.is_empty(), "{alive:?} were not caught within {SEEDS} runs");
}
