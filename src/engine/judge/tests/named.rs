//! Checks that a stream has by its settings.

use super::*;

/// A clean stream with two critical fields, which a thousand records decide; `bad` pairs of each window differ at the second.
fn critical(bad: u64) -> Case {
    with(clean(), |case| {
        case.policy.named = vec![
            NamedCheck::field(0, "amount", 1e-2),
            NamedCheck::field(1, "customer.country", 1e-2),
        ];
        for (window, _) in &mut case.windows {
            (window.matched, window.mismatched) = (1_000 - bad, bad);
            (0..bad).for_each(|_| window.differs(crate::model::Differing(0x10)));
        }
    })
}

fn gist(case: &Case) -> (Verdict, Vec<String>) {
    let Judgement { verdict, reasons } = judged(case);
    (verdict, reasons.into_iter().map(|reason| reason.check).collect())
}

#[test]
fn a_critical_field_fails_by_its_own_budget() {
    assert_eq!(gist(&critical(0)), (Verdict::Pass, Vec::new()));
    let lenient = |bad, change: fn(&mut Case)| {
        with(critical(bad), |case| {
            case.policy.budgets.mismatched = 0.4;
            change(case);
        })
    };
    let failed = lenient(60, |_| {});
    assert_eq!(
        gist(&failed),
        (Verdict::Fail, vec!["field customer.country".to_owned()])
    );
    let text = "600 pairs that differ at customer.country of 10,000 (6.00e-2) are over the budget of 0.01: a canary within it \
                would show that with a chance of 1 in 10^250";
    assert_eq!(judged(&failed).reasons[0].text, text);
    // The others hold nothing against it.
    let other = lenient(60, |case| case.policy.named.truncate(1));
    assert_eq!(gist(&other).0, Verdict::Pass);
    let noisy = lenient(60, |case| {
        case.conditions.present.push(Condition {
            kind: Inconclusive::Noise,
            side: None,
            detail: None,
        });
    });
    let (verdict, reasons) = gist(&noisy);
    assert_eq!((verdict, reasons[0].as_str()), (Verdict::Inconclusive, "noise"));
    let muted = lenient(60, |case| case.muted = &["field customer.country"]);
    assert_eq!(gist(&muted).0, Verdict::Pass);
    let latched = lenient(0, |case| case.latched = &["field amount"]);
    assert_eq!(gist(&latched), (Verdict::Fail, vec!["field amount".to_owned()]));
}

/// A field is proved like any other check: one with a budget that so few pairs do not decide stands in the way.
#[test]
fn a_critical_field_must_be_proved() {
    let strict = with(critical(0), |case| case.policy.named[0].budget = 1e-5);
    let judgement = judged(&strict);
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
    let text = "391,694 more clean records are needed to prove the budget of 1e-5 for field amount, about 6h 32m at this rate, \
                which is past the 6h allowed; a budget of 1.2e-5 could be decided";
    assert_eq!(judgement.reasons[0].text, text);
}

#[test]
fn its_standing_has_its_name_and_counts_all_pairs() {
    let standings = tally(&critical(60)).standings();
    let names: Vec<&str> = standings.iter().map(|standing| standing.name.as_str()).collect();
    assert!(
        names.ends_with(&["field amount", "field customer.country"]),
        "{names:?}"
    );
    let last = standings.last().unwrap();
    assert_eq!((last.report.bad, last.report.of), (600, 10_000));
}

/// The weights of section 4: critical fields and critical drift have .15 together, in equal parts.
#[test]
fn critical_fields_share_their_weight_with_critical_drift() {
    let weight = |policy: &Policy| {
        let family = family(policy).unwrap();
        let mut members = family.members().iter().map(|member| member.weight);
        (members.clone().sum::<f64>(), members.next_back().unwrap())
    };
    let mut policy = critical(0).policy;
    let (sum, alone) = weight(&policy);
    assert!((sum - 1.0).abs() < 1e-12);
    // .35 - .05 of untimely, .2, .1, .1, .05 and .15 are there: .9 in all.
    assert!((alone - 0.075 / 0.9).abs() < 1e-12, "{alone}");
    policy.drift.fields = vec![ProfiledField {
        path: "note".to_owned(),
        critical: true,
        floor: FLOOR,
        null_floor: NULL_FLOOR,
        distinct_floor: DISTINCT_FLOOR,
    }];
    let (sum, beside) = weight(&policy);
    assert!((sum - 1.0).abs() < 1e-12);
    assert!((beside - 0.05 / 0.85).abs() < 1e-12, "{beside}");
}

/// Of slow pairs no finding is kept: each counts as another one, or nothing would ever fail.
#[test]
fn a_slow_canary_fails_its_latency() {
    let slow = |pairs| {
        with(clean(), |case| {
            case.policy.named = vec![NamedCheck::latency(1e-2)];
            case.windows.iter_mut().for_each(|(window, _)| window.slower(pairs));
        })
    };
    assert_eq!(gist(&slow(0)), (Verdict::Pass, Vec::new()));
    assert_eq!(gist(&slow(100)), (Verdict::Fail, vec!["latency".to_owned()]));
    let text = judged(&slow(100)).reasons[0].text.clone();
    assert!(
        text.starts_with("1,000 pairs with a slow canary of 10,000 (1.00e-1) are over"),
        "{text}"
    );
}
