//! A critical field that bears no difference: one pair that differs there, seen again, fails.

use super::*;

/// A window with so many pairs that differ at the strict field, among many that differ elsewhere.
fn window(differing: u64) -> WindowCounts {
    let mut window = counts(700, 300, 0, 0);
    (0..differing).for_each(|_| window.differs(crate::model::Differing(0x10)));
    window
}

fn bearing_none() -> Policy {
    let mut policy = policy();
    policy.budgets.mismatched = 0.4;
    policy.named = vec![NamedCheck::field(0, "note", 0.4), NamedCheck::field(1, "amount", 0.0)];
    policy
}

/// A finding of the window of that place, of a pair that was seen to differ again at these paths.
fn finding(index: usize, critical: &[String]) -> Finding<'_> {
    Finding {
        start_ms: Some(start_ms(index)),
        outcome: Outcome::Mismatched,
        of_canary: true,
        identity: "one",
        unproved: false,
        critical,
    }
}

/// Takes windows one after the other, as the watermark passes them.
fn take(tally: &mut Tally, from: usize, windows: &[u64], found: &Found) {
    let counts: Vec<WindowCounts> = windows.iter().map(|differing| window(*differing)).collect();
    let counted = counts.iter().enumerate().map(|(index, counts)| Counted {
        start_ms: Some(start_ms(from + index)),
        end_ms: Some(start_ms(from + index) + MINUTE_MS),
        counts,
        edge: false,
        profile: None,
    });
    tally.take(counted, [], found);
}

fn judged(tally: &Tally) -> (Verdict, Vec<String>) {
    let judgement = judge("orders", tally, &Conditions::default(), BEFORE);
    let told = judgement.reasons.into_iter();
    (
        judgement.verdict,
        told.map(|reason| format!("{}: {}", reason.check, reason.text))
            .collect(),
    )
}

fn amount() -> [String; 1] {
    ["amount".to_owned()]
}

#[test]
fn one_pair_that_is_seen_again_fails() {
    let mut tally = Tally::new(bearing_none());
    take(&mut tally, 0, &[0; 10], &Found::default());
    assert_eq!(judged(&tally), (Verdict::Pass, Vec::new()));
    take(&mut tally, 10, &[1], &Found::new([finding(10, &amount())]));
    let text = "field amount: 1 pairs that differ at amount of 11,000 (9.09e-5) are over the budget of 0, confirmed by reading again";
    assert_eq!(judged(&tally), (Verdict::Fail, vec![text.to_owned()]));
    assert_eq!(tally.broken()["field amount"], Some(start_ms(10)));
}

/// Where none of those that were kept is seen again, or none could be kept, it neither fails nor passes, ever.
#[test]
fn what_is_not_seen_again_is_no_proof_of_either() {
    let elsewhere = finding(10, &[]);
    let note = ["note".to_owned()];
    for found in [
        Found::default(),
        Found::new([elsewhere]),
        Found::new([finding(10, &note)]),
        // Of another window.
        Found::new([finding(9, &amount())]),
    ] {
        let mut tally = Tally::new(bearing_none());
        take(&mut tally, 0, &[0; 10], &Found::default());
        take(&mut tally, 10, &[2], &found);
        take(&mut tally, 11, &[0; 10], &Found::default());
        let (verdict, reasons) = judged(&tally);
        assert_eq!(verdict, Verdict::Inconclusive);
        let text = "evidence: 2 pairs that differ at amount of 21,000 (9.52e-5) are over the budget of 0, but 2 of them could not be \
                    confirmed by reading again";
        assert_eq!(reasons, [text]);
        let last = tally.standings().pop().unwrap();
        assert_eq!((last.name.as_str(), last.unproved), ("field amount", 2));
        assert!(tally.broken().is_empty());
        // One that is seen again later is enough.
        take(&mut tally, 21, &[1], &Found::new([finding(21, &amount())]));
        assert_eq!(judged(&tally).0, Verdict::Fail);
    }
}

/// One of several that were kept is enough: each of them counts.
#[test]
fn one_of_those_that_were_kept_is_enough() {
    let mut tally = Tally::new(bearing_none());
    let (gone, amount) = (
        Finding {
            unproved: true,
            ..finding(0, &[])
        },
        amount(),
    );
    take(
        &mut tally,
        0,
        &[3],
        &Found::new([gone.clone(), finding(0, &amount), gone]),
    );
    assert_eq!(judged(&tally).0, Verdict::Fail);
}

/// A noisy control takes the proof from it, and a mute leaves it out.
#[test]
fn what_takes_the_proof_from_it() {
    let mut tally = Tally::new(bearing_none());
    take(&mut tally, 0, &[1; 10], &Found::new([finding(0, &amount())]));
    let conditions = Conditions {
        present: vec![Condition {
            kind: Inconclusive::Contract,
            side: None,
            detail: None,
        }],
        ..Conditions::default()
    };
    let verdict = |conditions: &Conditions, muted: &Muted| {
        let latched = BTreeSet::new();
        let before = Before {
            latched: &latched,
            muted,
        };
        judge("orders", &tally, conditions, before).verdict
    };
    assert_eq!(verdict(&conditions, &Muted::NONE), Verdict::Inconclusive);
    let muted = Muted::of(["field amount"]);
    assert_eq!(verdict(&Conditions::default(), &muted), Verdict::Pass);
    assert_eq!(verdict(&Conditions::default(), &Muted::NONE), Verdict::Fail);
}

/// However the windows come, and where none of the findings is read back after a restart, the evidence is the same: the window
/// that broke the field is stored beside them.
#[test]
fn a_restart_changes_nothing() {
    let windows = [0, 1, 2, 0, 1, 3, 0, 1];
    // Seen again in these.
    for again in [vec![], vec![2, 5], vec![4], vec![7], vec![1, 2, 4, 5, 7]] {
        let path = amount();
        let all = Found::new(again.iter().map(|index| finding(*index, &path)));
        let mut whole = Tally::new(bearing_none());
        take(&mut whole, 0, &windows, &all);
        let broken = again.first().map(|index| Some(start_ms(*index)));
        assert_eq!(whole.broken().get("field amount"), broken.as_ref());
        for cut in 0..=windows.len() {
            let mut before = Tally::new(bearing_none());
            for (index, window) in windows.iter().enumerate().take(cut) {
                take(&mut before, index, &[*window], &all);
            }
            let mut after = Tally::new(bearing_none());
            let known = Found::default().with_broken(before.broken());
            take(&mut after, 0, &windows[..cut], &known);
            assert_eq!(after.standings(), before.standings(), "{again:?} {cut}");
            take(&mut after, cut, &windows[cut..], &all);
            assert_eq!(after.standings(), whole.standings(), "{again:?} {cut}");
            assert_eq!(after.broken(), whole.broken(), "{again:?} {cut}");
            assert_eq!(judged(&after), judged(&whole), "{again:?} {cut}");
        }
    }
}

/// It bears nothing, so it has no part of the chance of a wrong `fail`, and leaves it to the others.
#[test]
fn it_has_no_weight() {
    let family = family(&bearing_none()).unwrap();
    let weights: Vec<f64> = family.members().iter().map(|member| member.weight).collect();
    assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert_eq!(weights.last(), Some(&0.0));
}
