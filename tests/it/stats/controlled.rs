//! A stream with a control: independent noise of both fails nobody, gross damage is found at once, a small excess in time.

use crosscheck::engine::stats::{CheckSettings, ControlledCheck, Counts, RateCheck};

use super::noise::{Bursts, Noise};

const OF: u64 = 30_000;
const BUDGET: f64 = 1e-4;
/// Half of it, as beside a second proof, is in the evidence already.
const LN_LIMIT: f64 = 4.605_170_185_988_092;

fn settings() -> CheckSettings {
    CheckSettings {
        horizon: 720,
        ..CheckSettings::default()
    }
}

fn check() -> ControlledCheck {
    ControlledCheck::new(BUDGET, settings()).unwrap()
}

/// Bad records of a side, window by window: bursts at `times` the budget, or each for itself.
fn noise(windows: usize, seed: u64, times: f64, bursty: bool) -> Vec<u64> {
    let (bad, mut noise) = (times * BUDGET * OF as f64, Noise::new(seed));
    if bursty {
        let bursts = Bursts {
            mean_size: 20.0,
            windows: 2.0,
            bad,
        };
        return bursts.series(windows, &mut noise);
    }
    (0..windows).map(|_| noise.poisson(bad)).collect()
}

/// After six hours of noise on both sides, and an excess of the canary from a window on.
fn run(seed: u64, (times, bursty): (f64, bool), (from, excess): (usize, u64)) -> (ControlledCheck, Option<usize>) {
    let (mut check, mut failed) = (check(), None);
    let sides = noise(720, 2 * seed, times, bursty)
        .into_iter()
        .zip(noise(720, 2 * seed + 1, times, bursty));
    for (at, (canary, control)) in sides.enumerate() {
        let canary = canary + if at >= from { excess } else { 0 };
        check.update(&Counts::new(canary, OF).against(control, OF));
        if failed.is_none() && check.ln_e() >= LN_LIMIT {
            failed = Some(at);
        }
    }
    (check, failed)
}

fn false_fails(runs: u64) -> Vec<(f64, bool, u64)> {
    let laws = [
        (0.5, false),
        (0.5, true),
        (10.0, false),
        (10.0, true),
        (80.0, false),
        (80.0, true),
    ];
    let failed = |law| (0..runs).filter(|seed| run(*seed, law, (0, 0)).1.is_some()).count();
    laws.map(|law| (law.0, law.1, failed(law) as u64)).to_vec()
}

/// Noise of both up to 80 times the budget, which is 0.8 % of the records.
#[test]
fn independent_noise_fails_nobody() {
    for (times, bursty, failed) in false_fails(25) {
        assert!(failed <= 1, "noise of {times} budgets, bursty {bursty}: {failed} of 25");
    }
    // Without a control it would.
    let mut alone = RateCheck::new(BUDGET, settings()).unwrap();
    noise(720, 1, 10.0, false)
        .into_iter()
        .for_each(|bad| alone.update(bad, OF));
    assert!(alone.max_ln_e() >= LN_LIMIT);
}

#[test]
#[ignore = "needs minutes: prints how often"]
fn by_hand_how_often_noise_fails() {
    for (times, bursty, failed) in false_fails(1_000) {
        println!("noise of {times} budgets, bursty {bursty}: {failed} of 1,000");
    }
}

#[test]
fn gross_damage_is_found_at_once_and_a_small_excess_in_time() {
    let mut small = Vec::new();
    for seed in 0..20 {
        // One of ten records.
        let (_, at) = run(seed, (10.0, true), (0, OF / 10));
        assert!(at.is_some_and(|at| at < 12), "{at:?}");
        // Ten budgets more than ten budgets of noise, from the second hour on.
        small.push(run(seed, (10.0, false), (120, 30)).1.map(|at| at - 120));
    }
    small.sort_unstable();
    assert!(small[10].is_some_and(|at| at < 60), "{small:?}");
}

/// A control that never speaks takes nothing away: damage is found, and a clean canary passes.
#[test]
fn a_silent_control_is_no_excuse() {
    let (mut bad, mut clean) = (check(), check());
    for _ in 0..30 {
        bad.update(&Counts::new(OF / 10, OF));
        clean.update(&Counts::new(0, OF));
    }
    assert!(bad.ln_e() >= LN_LIMIT && !bad.may_pass());
    assert!(clean.may_pass() && clean.clean_needed() == Some(0));
    assert_eq!(clean.report().control, Some((0, 0)));
}

#[test]
fn noise_passes_beside_a_control_and_never_without() {
    let (mut beside, mut alone) = (check(), check());
    for _ in 0..2_000 {
        beside.update(&Counts::new(3, OF).against(3, OF));
        alone.update(&Counts::new(30, OF));
    }
    assert!(beside.may_pass(), "{:?}", beside.report());
    assert!(!alone.may_pass() && alone.clean_needed().is_some());
    let mut worse = check();
    (0..2_000).for_each(|_| worse.update(&Counts::new(33, OF).against(3, OF)));
    assert!(!worse.may_pass() && worse.max_ln_e() >= LN_LIMIT);
}

#[test]
fn it_is_gone_on_with_from_its_bytes() {
    let series = noise(120, 7, 10.0, true);
    for cut in [0, 1, 39, 40, 41, 119] {
        let (mut whole, mut part) = (check(), check());
        for (at, bad) in series.iter().enumerate() {
            let counts = Counts::new(*bad, OF).against(series[series.len() - 1 - at], OF);
            whole.update(&counts);
            part.update(&counts);
            if at == cut {
                part = check().restored(&part.to_bytes()).unwrap();
            }
        }
        assert_eq!(part, whole, "cut at {cut}");
    }
    for bytes in [&b""[..], b"\x01", b"\xff\xff\xff\xff", b"\0\0\0\0\0\0\0\0\0"] {
        assert!(check().restored(bytes).is_err());
    }
}
