//! `cargo bench --bench verdict`: how often a healthy canary is rolled back in six hours, by crosscheck and by what people use
//! instead (`docs/verdict.md`; `docs/statistics.md` section 8). One line a kind of noise; `VERDICT_RUNS` runs each (300 unless set).

mod drawn;
#[expect(dead_code, clippy::unwrap_used, reason = "the tests' own, shared")]
#[path = "../../tests/it/stats/noise.rs"]
mod noise;
mod peers;

use std::error::Error;
use std::io::{Write, stdout};

use crosscheck::engine::stats::{CheckSettings, FamilySettings, Profile, RateCheck, clopper_pearson};
use drawn::{STEP_S, Steps};

/// Six hours.
const STEPS: usize = 6 * 3_600 / STEP_S;
/// Steps of a window of 30 s.
const WINDOW: usize = 30 / STEP_S;
const BUDGET: f64 = 1e-4;
/// Chance of error of the check: it has it for itself.
const ALPHA: f64 = 0.01;
const RUNS: u64 = 300;

/// A canary that keeps its budget: (records/s, share of the budget, mean burst; 1 is independent).
const CELLS: [(f64, f64, f64); 11] = [
    (100.0, 0.5, 1.0),
    (100.0, 1.0, 1.0),
    (1_000.0, 0.5, 1.0),
    (1_000.0, 0.8, 1.0),
    (1_000.0, 1.0, 1.0),
    (10_000.0, 0.8, 1.0),
    (100.0, 0.5, 20.0),
    (1_000.0, 0.2, 20.0),
    (1_000.0, 0.5, 20.0),
    (1_000.0, 1.0, 20.0),
    (10_000.0, 0.5, 20.0),
];

/// Whether a rule ever rolls the canary back; the second run is the control's.
type Rule = fn(&Steps, &Steps) -> bool;

const RULES: [(&str, Rule); 6] = [
    ("bursty", |canary, _| ours(canary, Profile::BURSTY)),
    ("independent", |canary, _| ours(canary, Profile::INDEPENDENT)),
    ("prometheus", |canary, _| peers::prometheus(canary, BUDGET)),
    ("flagger", |canary, _| peers::flagger(canary, BUDGET)),
    ("burn rate", |canary, _| peers::burn_rate(canary, BUDGET)),
    ("kayenta", peers::kayenta),
];

fn main() -> Result<(), Box<dyn Error>> {
    let runs: u64 = match std::env::var_os("VERDICT_RUNS") {
        Some(text) => text.to_str().ok_or("VERDICT_RUNS is not a number")?.parse()?,
        None => RUNS,
    };
    let mut out = stdout();
    writeln!(
        out,
        "false rollbacks of a canary that keeps a budget of {BUDGET:e}, six hours, {runs} runs\n"
    )?;
    let names: Vec<String> = RULES.iter().map(|(name, _)| format!(" {name} |")).collect();
    writeln!(out, "| records/s, rate, noise |{}", names.concat())?;
    writeln!(out, "|---|{}", "--:|".repeat(RULES.len()))?;
    let mut short = false;
    for (cell, (per_s, share, burst)) in CELLS.into_iter().enumerate() {
        let mut wrong = [0_u64; RULES.len()];
        for run in 0..runs {
            let seed = (cell as u64) << 32 | run << 1;
            let canary = Steps::draw(STEPS, per_s, share * BUDGET, burst, seed);
            let control = Steps::draw(STEPS, per_s, share * BUDGET, burst, seed | 1);
            for (wrong, (_, rule)) in wrong.iter_mut().zip(RULES) {
                *wrong += u64::from(rule(&canary, &control));
            }
        }
        let noise = if burst > 1.0 {
            "bursts of 20 over 60 s"
        } else {
            "independent"
        };
        let shares: Vec<String> = wrong
            .iter()
            .map(|wrong| format!(" {:.3} |", *wrong as f64 / runs as f64))
            .collect();
        writeln!(out, "| {per_s}, {share} b, {noise} |{}", shares.concat())?;
        // The default keeps its promise; the other one where its assumption holds.
        for (rule, _) in [(0, true), (1, burst <= 1.0)].into_iter().filter(|(_, holds)| *holds) {
            short |= clopper_pearson(wrong[rule], runs, 0.95).lower > ALPHA;
        }
    }
    if short {
        return Err(format!("a promise of at most {ALPHA} is not kept").into());
    }
    Ok(())
}

/// One check, as `crosscheck run` makes it, with the rules of a stream about windows and bad records.
fn ours(canary: &Steps, profile: Profile) -> bool {
    let settings = CheckSettings {
        profile,
        horizon: (STEPS / WINDOW) as u64,
        ..CheckSettings::default()
    };
    let Ok(mut check) = RateCheck::new(BUDGET, settings) else {
        return true;
    };
    let needs = FamilySettings::of(ALPHA, profile.betting);
    let windows = canary.bad.chunks(WINDOW).zip(canary.of.chunks(WINDOW));
    windows.into_iter().any(|(bad, of)| {
        check.update(bad.iter().sum(), of.iter().sum());
        let tally = check.tally();
        check.ln_e() >= -ALPHA.ln() && tally.windows() >= needs.windows_min && tally.bad() >= needs.bad_min
    })
}
