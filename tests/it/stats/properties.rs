//! What must hold for any stream: nothing is lost in storing, splitting or replaying, and nothing is a pass or a panic by accident.

use crosscheck::engine::stats::{
    Calibration, CheckSettings, Clock, Counts, DifferenceCheck, Evidence, Family, FamilySettings, FamilyState, Fault,
    Kind, Member, Profile, RateCheck, weights,
};
use proptest::prelude::*;

const CHECKS: [(Kind, f64); 6] = [
    (Kind::Mismatched, 1e-3),
    (Kind::Missing, 1e-6),
    (Kind::Duplicate, 0.5),
    (Kind::Conflict, 0.0),
    (Kind::Untimely, 1e-4),
    (Kind::Extra, 1e-2),
];
const WINDOW: usize = 5;

fn settings(profile: Profile) -> CheckSettings {
    CheckSettings {
        profile,
        horizon: 720,
        ..CheckSettings::default()
    }
}

/// Every kind of check; the last one is against a control.
fn family(profile: Profile) -> Family {
    let shares = weights(&CHECKS);
    let member = |(i, (kind, budget)): (usize, &(Kind, f64))| Member {
        weight: shares[i],
        clock: kind.clock(),
        evidence: if *kind == Kind::Extra {
            Evidence::Difference(Box::new(DifferenceCheck::new(*budget, settings(profile)).unwrap()))
        } else {
            Evidence::Rate(RateCheck::new(*budget, settings(profile)).unwrap())
        },
    };
    let members = CHECKS.iter().enumerate().map(member).collect();
    let mut family = Family::new(FamilySettings::default(), members).unwrap();
    let calibration = Calibration {
        unit: 2,
        rho: 0.3,
        scale: 1e-3,
    };
    assert!(family.difference_mut(5).unwrap().calibrate(calibration));
    family
}

fn counts() -> impl Strategy<Value = Counts> {
    let number = || prop_oneof![Just(0), 0_u64..5, 0_u64..100_000, Just(u64::MAX)];
    let control = proptest::option::of((number(), number()));
    (number(), number(), control).prop_map(|(bad, of, control)| Counts { bad, of, control })
}

fn windows() -> impl Strategy<Value = Vec<Vec<Counts>>> {
    proptest::collection::vec(proptest::collection::vec(counts(), WINDOW), 1..12)
}

fn profile() -> impl Strategy<Value = Profile> {
    prop_oneof![Just(Profile::BURSTY), Just(Profile::INDEPENDENT)]
}

fn settle(family: &mut Family, at: usize, counts: &[Counts]) {
    let window_ms = 30_000 * at as i64;
    family.settle(Clock::Window, window_ms, counts, at as u64).unwrap();
    family.settle(Clock::Later, window_ms, &counts[..1], at as u64).unwrap();
}

fn stored(family: &Family, profile: Profile) -> Family {
    let text = serde_json::to_string(&family.state()).unwrap();
    let state: FamilyState = serde_json::from_str(&text).unwrap();
    let mut new = self::family(profile);
    if let Some(difference) = new.difference_mut(5) {
        // The calibration comes back with the state.
        *difference = DifferenceCheck::new(difference.budget(), settings(profile)).unwrap();
    }
    Family::restored(new, &state).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_restart_changes_nothing(profile in profile(), windows in windows(), cut in 0_usize..12) {
        let (mut one, mut other) = (family(profile), family(profile));
        for (at, counts) in windows.iter().enumerate() {
            if at == cut {
                other = stored(&other, profile);
            }
            settle(&mut one, at, counts);
            settle(&mut other, at, counts);
            prop_assert_eq!(&one, &other);
        }
    }

    #[test]
    fn a_replay_is_a_no_op(profile in profile(), windows in windows(), again in 0_usize..12) {
        let mut family = family(profile);
        for (at, counts) in windows.iter().enumerate() {
            settle(&mut family, at, counts);
        }
        let before = family.clone();
        if let Some(counts) = windows.get(again) {
            settle(&mut family, again, counts);
        }
        prop_assert_eq!(before, family);
    }

    #[test]
    fn the_parts_of_a_window_may_come_in_any_order(parts in proptest::collection::vec(counts(), 1..6), turn in 0_usize..6) {
        let sum = |parts: &[Counts]| {
            let mut sum = Counts::default();
            parts.iter().for_each(|part| sum.merge(part));
            sum
        };
        let mut turned = parts.clone();
        turned.rotate_left(turn % parts.len());
        let (left, right) = parts.split_at(turn % parts.len());
        prop_assert_eq!(sum(&parts), sum(&turned));
        prop_assert_eq!(sum(&parts), sum(&[sum(left), sum(right)]));
    }

    #[test]
    fn a_window_without_records_is_no_evidence(profile in profile(), windows in windows()) {
        let (mut with, mut without) = (family(profile), family(profile));
        for (at, counts) in windows.iter().enumerate() {
            settle(&mut with, 2 * at, counts);
            settle(&mut with, 2 * at + 1, &[Counts::default(); WINDOW]);
            settle(&mut without, 2 * at, counts);
        }
        let evidence = |family: &Family| family.members().to_vec();
        prop_assert_eq!(evidence(&with), evidence(&without));
    }

    #[test]
    fn nothing_is_a_panic_and_every_figure_is_a_number(profile in profile(), windows in windows()) {
        let mut family = family(profile);
        let mut failed = false;
        for (at, counts) in windows.iter().enumerate() {
            settle(&mut family, at, counts);
            prop_assert!(family.is_failed() || !failed, "a failure is for good");
            failed = family.is_failed();
            prop_assert!(!(failed && family.may_pass()));
            prop_assert!(!family.may_pass() || family.clean_needed() == Some(0));
            for group in family.groups() {
                prop_assert!(!group.ln_e.is_nan() && group.ln_limit > 0.0);
            }
            for member in family.members() {
                let report = member.evidence.report();
                prop_assert!(!report.ln_e.is_nan() && (0.0..=1.0).contains(&report.p_anytime()));
                prop_assert!(report.interval.lower <= report.interval.upper, "{:?}", report);
                prop_assert!(report.dispersion.is_none_or(|d| d >= 0.0) && report.lag1.is_none_or(|r| !r.is_nan()));
                prop_assert!(!report.may_pass || report.of > 0, "a pass without a record");
                prop_assert_eq!(report.may_pass, report.clean_needed == Some(0));
            }
        }
    }

    #[test]
    fn bytes_that_are_no_state_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..260)) {
        let settings = settings(Profile::BURSTY);
        // Whatever can be read is a state that goes on working.
        if let Ok(mut check) = RateCheck::restored(1e-3, settings, &bytes) {
            check.update(1, 10);
            prop_assert!(!check.ln_e().is_nan());
            let _ = check.report();
        }
        if let Ok(mut check) = DifferenceCheck::restored(1e-3, settings, &bytes) {
            check.update(&Counts::new(1, 10).against(0, 10));
            let _ = check.report();
        }
    }
}

#[test]
fn every_prefix_of_a_state_is_refused() {
    let mut check = RateCheck::new(1e-3, settings(Profile::BURSTY)).unwrap();
    check.update(5, 1_000);
    let bytes = check.to_bytes();
    for end in 0..bytes.len() {
        assert_eq!(
            RateCheck::restored(1e-3, settings(Profile::BURSTY), &bytes[..end]),
            Err(Fault::State)
        );
    }
    // Of another budget: another number of bets.
    assert!(RateCheck::restored(1e-6, settings(Profile::BURSTY), &bytes).is_err());
    assert!(DifferenceCheck::restored(1e-3, settings(Profile::BURSTY), &bytes).is_err());
}

/// Six days of windows of 30 s at ten million records a second, one in a hundred bad.
#[test]
fn a_state_has_at_most_250_bytes() {
    for budget in [0.0, 0.5, 1e-2, 1e-4, 1e-6] {
        let mut check = RateCheck::new(budget, settings(Profile::BURSTY)).unwrap();
        for _ in 0..17_000 {
            check.update(3_000_000, 300_000_000);
        }
        assert!(check.to_bytes().len() <= 250, "{budget}: {}", check.to_bytes().len());
    }
    let mut check = DifferenceCheck::new(1e-6, settings(Profile::BURSTY)).unwrap();
    check.calibrate(Calibration {
        unit: 64,
        rho: 0.3,
        scale: 1e-6,
    });
    for _ in 0..10_001 {
        check.update(&Counts::new(3_000_000, 300_000_000).against(2_999_999, 300_000_000));
    }
    assert!(check.to_bytes().len() <= 250, "{}", check.to_bytes().len());
}

#[test]
fn settings_that_are_none() {
    let with = |profile: Profile, beta: f64| {
        RateCheck::new(
            1e-4,
            CheckSettings {
                profile,
                beta,
                horizon: 1,
            },
        )
    };
    let burst = |burst| Profile {
        burst,
        ..Profile::BURSTY
    };
    for bad in [0.0, 0.5, -1.0, f64::NAN] {
        assert!(with(Profile::BURSTY, bad).is_err(), "{bad}");
        assert!(with(burst(bad), 0.05).is_err(), "{bad}");
    }
    assert!(with(burst(f64::INFINITY), 0.05).is_err());
    let member = |weight, budget| Member {
        weight,
        clock: Clock::Window,
        evidence: Evidence::Rate(RateCheck::new(budget, CheckSettings::default()).unwrap()),
    };
    let family = |alpha, members| {
        let settings = FamilySettings {
            alpha,
            ..FamilySettings::default()
        };
        Family::new(settings, members)
    };
    assert!(family(0.5, vec![member(1.0, 1e-4)]).is_err());
    assert!(family(f64::NAN, vec![member(1.0, 1e-4)]).is_err());
    assert!(family(0.01, vec![member(0.9, 1e-4)]).is_err());
    assert!(family(0.01, vec![member(0.5, 1e-4), member(0.5, 0.0)]).is_err());
    assert!(family(0.01, vec![member(f64::NAN, 1e-4)]).is_err());
    assert!(family(0.01, vec![member(0.0, 0.0)]).is_ok());
    let mut one = family(0.01, vec![member(1.0, 1e-4)]).unwrap();
    let shape = Fault::Shape { checks: 1, got: 0 };
    assert_eq!(one.settle(Clock::Window, 0, &[], 0), Err(shape));
}

/// A family without checks, or without a record, never passes.
#[test]
fn nothing_is_never_a_pass() {
    let empty = Family::new(FamilySettings::default(), Vec::new()).unwrap();
    assert!(!empty.may_pass() && !empty.is_failed());
    let mut idle = family(Profile::BURSTY);
    for at in 0..100 {
        settle(&mut idle, at, &[Counts::default(); WINDOW]);
    }
    assert!(!idle.may_pass() && !idle.is_failed());
    assert!(idle.clean_needed().unwrap() > 1_000_000, "{:?}", idle.clean_needed());
}

/// A budget of 0 needs no statistics and no minimum of windows.
#[test]
fn a_budget_of_zero() {
    let mut family = family(Profile::BURSTY);
    let mut counts = [Counts::new(0, 1_000); WINDOW];
    settle(&mut family, 0, &counts);
    assert!(!family.is_failed());
    counts[3].bad = 1;
    settle(&mut family, 1, &counts);
    assert_eq!(family.failure().map(|failure| failure.leading), Some(3));
    assert_eq!(family.attributed(), [3]);
    assert_eq!(family.clean_needed(), None);
}
