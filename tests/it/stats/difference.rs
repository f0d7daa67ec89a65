//! Canary against control: what both share is not held against the canary, and what only the canary has is.

use crosscheck::engine::stats::{Calibration, CheckSettings, Counts, DifferenceCheck, Profile, RateCheck};

use super::noise::{Bursts, Noise};

const OF: u64 = 30_000;
const BUDGET: f64 = 1e-4;

fn settings() -> CheckSettings {
    CheckSettings {
        horizon: 720,
        ..CheckSettings::default()
    }
}

/// Bad records of a side in each window: bursts at ten times the budget, which the next version has as well.
fn noise(windows: usize, seed: u64) -> Vec<u64> {
    let bursts = Bursts {
        mean_size: 20.0,
        windows: 2.0,
        bad: 10.0 * BUDGET * OF as f64,
    };
    bursts.series(windows, &mut Noise::new(seed))
}

/// A check whose noise was measured before the canary, for as long as it takes.
fn calibrated(seed: u64) -> DifferenceCheck {
    let rate = |seed| noise(1_280, seed).into_iter().map(|bad| bad as f64 / OF as f64);
    let differences: Vec<f64> = rate(10_000 + seed)
        .zip(rate(20_000 + seed))
        .map(|(a, b)| a - b)
        .collect();
    let calibration = [160, 320, 640, 1_280]
        .iter()
        .find_map(|windows| Calibration::of(&differences[..*windows]));
    let mut check = DifferenceCheck::new(BUDGET, settings()).unwrap();
    assert!(check.calibrate(calibration.unwrap()));
    check
}

fn run(windows: usize, seed: u64, excess: u64) -> DifferenceCheck {
    let mut check = calibrated(seed);
    let sides = noise(windows, 30_000 + seed)
        .into_iter()
        .zip(noise(windows, 40_000 + seed));
    for (canary, control) in sides {
        check.update(&Counts::new(canary + excess, OF).against(control, OF));
    }
    check
}

#[test]
fn shared_noise_fails_nobody_that_the_rate_alone_would() {
    let mut failed = 0;
    for seed in 0..100 {
        failed += u64::from(run(720, seed, 0).max_ln_e() >= 100_f64.ln());
    }
    assert!(failed <= 1, "{failed} of 100");
    let mut alone = RateCheck::new(BUDGET, settings()).unwrap();
    noise(720, 1).into_iter().for_each(|bad| alone.update(bad, OF));
    assert!(alone.max_ln_e() >= 100_f64.ln(), "{}", alone.max_ln_e());
}

#[test]
fn an_excess_is_found_under_the_noise() {
    // As much again as the noise.
    let found = (0..50)
        .filter(|seed| run(720, *seed, 30).max_ln_e() >= 100_f64.ln())
        .count();
    assert!(found >= 45, "{found} of 50");
}

#[test]
fn a_quiet_pair_passes_and_an_excess_does_not() {
    let feed = |canary: u64, control: u64| {
        let mut check = DifferenceCheck::new(BUDGET, settings()).unwrap();
        (0..60).for_each(|_| check.update(&Counts::new(canary, OF).against(control, OF)));
        check
    };
    assert!(feed(0, 0).may_pass());
    assert_eq!(feed(0, 0).clean_needed(), Some(0));
    assert!(!feed(3, 0).may_pass(), "at the budget itself nothing is proved");
    let over = feed(9, 0);
    assert!(!over.may_pass() && over.clean_needed().unwrap() > 0);
    assert!(over.report().interval.lower > BUDGET);
}

#[test]
fn what_is_missing_makes_it_pass() {
    let mut check = DifferenceCheck::new(BUDGET, settings()).unwrap();
    (0..3).for_each(|_| check.update(&Counts::new(1, OF).against(1, OF)));
    assert!(!check.may_pass());
    let more = check.clean_needed().unwrap();
    for _ in 0..more.div_ceil(OF) {
        check.update(&Counts::new(1, OF).against(1, OF));
    }
    assert!(check.may_pass(), "{more}");
}

#[test]
fn without_calibration_or_control_there_is_no_evidence() {
    let mut check = DifferenceCheck::new(BUDGET, settings()).unwrap();
    (0..50).for_each(|_| check.update(&Counts::new(OF, OF).against(0, OF)));
    assert_eq!((check.ln_e(), check.report().windows), (0.0, 0));
    let mut check = calibrated(1);
    (0..50).for_each(|_| check.update(&Counts::new(OF, OF)));
    (0..50).for_each(|_| check.update(&Counts::new(OF, OF).against(0, 0)));
    (0..50).for_each(|_| check.update(&Counts::new(0, 0).against(0, OF)));
    assert_eq!((check.ln_e(), check.report().of), (0.0, 0));
    assert!(!check.may_pass());
}

#[test]
fn a_calibration_is_said_once_and_must_be_one() {
    let mut check = DifferenceCheck::new(BUDGET, settings()).unwrap();
    let sound = Calibration {
        unit: 1,
        rho: 0.3,
        scale: 1e-4,
    };
    for bad in [
        Calibration { unit: 0, ..sound },
        Calibration { rho: f64::NAN, ..sound },
        Calibration { rho: 1.0, ..sound },
        Calibration {
            scale: f64::INFINITY,
            ..sound
        },
    ] {
        assert!(!check.calibrate(bad), "{bad:?}");
    }
    assert!(check.calibrate(sound));
    assert!(!check.calibrate(Calibration { unit: 2, ..sound }));
    assert_eq!(check.calibration(), Some(&sound));
    assert!(DifferenceCheck::new(0.0, settings()).is_err());
    let burst = CheckSettings {
        profile: Profile {
            burst: 0.5,
            ..Profile::BURSTY
        },
        ..settings()
    };
    assert!(DifferenceCheck::new(BUDGET, burst).is_err());
}
