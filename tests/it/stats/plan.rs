//! What a plan says, against the closed forms.

use crosscheck::engine::stats::{
    CheckSettings, Clock, Evidence, Family, FamilySettings, Member, Plan, Profile, RateCheck, least_budget,
    n_promote_zero_bad, n_see_one,
};

fn family(budget: f64, profile: Profile) -> Family {
    let settings = CheckSettings {
        profile,
        horizon: 720,
        ..CheckSettings::default()
    };
    let member = Member {
        weight: if budget > 0.0 { 1.0 } else { 0.0 },
        clock: Clock::Window,
        evidence: Evidence::Rate(RateCheck::new(budget, settings).unwrap()),
    };
    Family::new(FamilySettings::default(), vec![member]).unwrap()
}

fn plan(family: &Family, records: f64) -> Plan<'_> {
    Plan {
        family,
        records,
        windows_max: 400,
        runs: 40,
        seed: 7,
    }
}

#[test]
fn a_clean_canary_passes_when_the_closed_form_says() {
    for (budget, profile) in [
        (1e-3, Profile::INDEPENDENT),
        (1e-3, Profile::BURSTY),
        (1e-4, Profile::BURSTY),
    ] {
        let family = family(budget, profile);
        let records = 10_000.0;
        let needed = n_promote_zero_bad(budget, 0.05).unwrap() as f64 * profile.burst;
        let expect = (needed / records).ceil();
        let times = plan(&family, records).until_passed(0.0);
        let median = times.median().unwrap() as f64;
        assert!(
            (median - expect).abs() <= 1.0,
            "{budget} {profile:?}: {median} for {expect}"
        );
        assert_eq!(times.share(), 1.0);
    }
}

#[test]
fn a_budget_of_zero_is_caught_with_the_first_bad_record() {
    let family = family(0.0, Profile::BURSTY);
    let mut plan = plan(&family, 100.0);
    (plan.runs, plan.windows_max) = (1_000, 5_000);
    let rate = 1e-4;
    let times = plan.until_caught(0, rate);
    for power in [0.5, 0.9] {
        let expect = n_see_one(rate, power).unwrap() as f64 / 100.0;
        let got = times.quantile(power).unwrap() as f64;
        assert!((got / expect - 1.0).abs() < 0.15, "{power}: {got} for {expect}");
    }
}

#[test]
fn nothing_is_caught_before_it_is_seen_and_a_larger_regression_sooner() {
    let budget = 1e-4;
    for profile in [Profile::INDEPENDENT, Profile::BURSTY] {
        let family = family(budget, profile);
        let plan = plan(&family, 3_000.0);
        let medians: Vec<u64> = [3.0, 10.0, 100.0]
            .iter()
            .map(|factor| {
                let median = plan.until_caught(0, factor * budget).median().unwrap();
                let seen = n_see_one(factor * budget, 0.5).unwrap() as f64 / 3_000.0;
                assert!(median as f64 >= seen, "{factor} {profile:?}");
                median
            })
            .collect();
        assert!(
            medians[0] > medians[1] && medians[1] >= medians[2],
            "{profile:?}: {medians:?}"
        );
    }
}

#[test]
fn what_is_within_its_budget_is_not_caught() {
    let family = family(1e-3, Profile::BURSTY);
    let plan = plan(&family, 1_000.0);
    assert!(plan.until_caught(0, 1e-3).share() <= 0.02);
    assert_eq!(plan.until_caught(0, 0.0).median(), None);
    // A canary at its budget is not passed either, or rarely.
    assert!(plan.until_passed(1.0).share() <= 0.05);
}

#[test]
fn a_plan_is_a_function_of_its_seed() {
    let family = family(1e-3, Profile::BURSTY);
    let times = |seed| {
        let plan = Plan {
            seed,
            ..plan(&family, 1_000.0)
        };
        plan.until_caught(0, 5e-3)
    };
    assert_eq!(times(1), times(1));
    assert_ne!(times(1), times(2));
}

#[test]
fn the_least_budget_is_the_edge() {
    for (records, burst) in [(100_000, 1.0), (1_000_000, 10.0), (50_000_000, 40.0)] {
        let budget = least_budget(records, 0.05, burst).unwrap();
        let needed = |budget: f64| n_promote_zero_bad(budget, 0.05).unwrap() as f64 * burst;
        assert!(needed(budget) <= records as f64, "{budget}");
        assert!(needed(budget * 0.999) > records as f64, "{budget}");
    }
    assert_eq!(least_budget(3, 0.05, 1.0), None);
    assert_eq!(least_budget(u64::MAX, 0.05, 1.0), Some(1e-12));
}

#[test]
fn a_plan_without_records_never_ends() {
    let family = family(1e-3, Profile::BURSTY);
    for records in [0.0, f64::NAN] {
        let plan = Plan {
            runs: 3,
            ..plan(&family, records)
        };
        assert_eq!(plan.until_passed(0.0).share(), 0.0);
        assert_eq!(plan.until_caught(0, 1.0).median(), None);
    }
}
