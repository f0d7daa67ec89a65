//! A stream with a control: what it shows of noise is not held against the canary.

use super::*;
use crate::model::ControlCounts;

/// Of a thousand records of each window `bad` differ in the canary, and `noise` others in the control.
fn beside(bad: u64, noise: u64, spoke: bool) -> Case {
    with(clean(), |case| {
        case.policy.budgets.mismatched = 1e-3;
        case.policy.controlled = true;
        for (window, _) in &mut case.windows {
            (window.matched, window.mismatched) = (1_000 - bad, bad);
            let control = ControlCounts {
                windows: u64::from(spoke),
                left_out: u64::from(!spoke),
                matched: 1_000 - noise,
                mismatched: noise,
                compared: 1_000,
                canary_only: bad,
                control_only: noise,
                ..ControlCounts::default()
            };
            window.control = Some(Box::new(control));
        }
    })
}

fn gist(case: &Case) -> (Verdict, String) {
    let Judgement { verdict, reasons } = judged(case);
    let first = reasons.into_iter().next();
    (verdict, first.map_or_else(String::new, |reason| reason.text))
}

/// Half of a percent of noise in both is five times the budget: no canary is failed by it, and none is passed.
#[test]
fn independent_noise_does_not_fail() {
    let (verdict, text) = gist(&beside(5, 5, true));
    assert_eq!(verdict, Verdict::Inconclusive);
    let needed = "more clean records are needed to prove the budget of 1e-3 for mismatched";
    assert!(text.contains(needed) || text.contains("0.001 for mismatched"), "{text}");
    let alone = with(beside(5, 5, true), |case| case.policy.controlled = false);
    assert_eq!(gist(&alone).0, Verdict::Fail);
}

#[test]
fn what_noise_cannot_be_fails_at_once() {
    let (verdict, text) = gist(&beside(60, 5, true));
    assert_eq!(verdict, Verdict::Fail);
    assert!(
        text.starts_with(
            "600 mismatched of 10,000 (6.00e-2), beside 50 of 10,000 (5.00e-3) in the control only, are over the budget of 0.001"
        ),
        "{text}"
    );
    // Also where the control does not speak.
    let (verdict, text) = gist(&beside(60, 5, false));
    assert_eq!(verdict, Verdict::Fail);
    assert!(
        text.starts_with("600 mismatched of 10,000 (6.00e-2) are over"),
        "{text}"
    );
}

#[test]
fn a_clean_canary_passes_whatever_the_control_says() {
    for (noise, spoke) in [(0, true), (5, true), (0, false)] {
        let case = with(beside(0, noise, spoke), |case| case.policy.budgets.mismatched = 1e-2);
        assert_eq!(gist(&case), (Verdict::Pass, String::new()), "{noise} {spoke}");
    }
}

/// A budget of 0 bears nothing: the first that is read again fails, as without a control.
#[test]
fn a_budget_of_nothing_knows_no_noise() {
    let case = with(beside(1, 5, true), |case| case.policy.budgets.mismatched = 0.0);
    assert_eq!(gist(&case).0, Verdict::Fail);
}
