//! A restart in the middle, and what it must not change.

use super::*;

/// Lives of a stream, each cut at random; 10,000 were tried once, by hand.
const RUNS: u64 = 1_000;

/// However the windows come, one by one as the watermark passes them or all at once after a restart, the evidence is the same.
#[test]
fn a_restart_changes_nothing() {
    let mut state = 7_u64;
    let mut draw = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for run in 0..RUNS {
        let number = 5 + usize::try_from(draw(40)).unwrap();
        let mut all = Vec::new();
        for index in 0..number {
            let mut window = counts(draw(500), draw(8), draw(5), draw(5));
            window.sides.canary.duplicate = draw(4);
            window.sides.canary.late = draw(2);
            let bad = BadCounts {
                undecodable_judged: u64::from(run % 2 == 0) * draw(2),
                untimely_judged: draw(3),
                ..BadCounts::default()
            };
            let bad = (draw(3) == 0).then_some(bad);
            all.push((start_ms(index), window, draw(12) == 0, bad));
        }
        let identities: Vec<String> = (0..number).map(|index| format!("{}", index / 3)).collect();
        let policy = policy();
        let grace = policy.grace_ms.unwrap();
        let (mut whole, mut bit_by_bit) = (Tally::new(policy.clone()), Tally::new(policy));
        let take = |tally: &mut Tally, from_ms: i64, to_ms: i64| {
            let within = |at_ms: i64| at_ms >= from_ms && at_ms < to_ms;
            let windows = all.iter().filter(|(start, ..)| within(start + MINUTE_MS + grace));
            let bad = all.iter().filter(|(start, ..)| within(start + MINUTE_MS + 5 * grace));
            // Findings come with their window, those of records that are settled later too.
            let kept = all.iter().zip(&identities);
            let kept = kept.filter(|((start, ..), _)| within(start + MINUTE_MS + grace));
            let found = Found::new(kept.flat_map(|((start_ms, ..), identity)| {
                [Outcome::Mismatched, Outcome::Undecodable].map(|outcome| Finding {
                    start_ms: Some(*start_ms),
                    outcome,
                    of_canary: true,
                    identity,
                    unproved: start_ms % 7 == 0,
                    critical: &[],
                })
            }));
            tally.take(
                windows.map(|(start_ms, counts, edge, _)| Counted {
                    start_ms: Some(*start_ms),
                    end_ms: Some(start_ms + MINUTE_MS),
                    counts,
                    edge: *edge,
                    profile: None,
                }),
                bad.filter_map(|(start_ms, _, _, bad)| {
                    Some(Shared {
                        start_ms: Some(*start_ms),
                        counts: bad.as_ref()?,
                    })
                }),
                &found,
            );
        };
        take(&mut whole, i64::MIN, i64::MAX);
        let mut from_ms = i64::MIN;
        while from_ms < start_ms(number + 10) {
            let to_ms = from_ms.max(0) + i64::try_from(draw(300_000)).unwrap();
            take(&mut bit_by_bit, from_ms, to_ms);
            from_ms = to_ms;
        }
        take(&mut bit_by_bit, from_ms, i64::MAX);
        assert_eq!(whole.standings(), bit_by_bit.standings(), "run {run}");
        assert_eq!(whole.evidence(), bit_by_bit.evidence(), "run {run}");
        let conditions = Conditions::default();
        assert_eq!(
            judge("s", &whole, &conditions, BEFORE),
            judge("s", &bit_by_bit, &conditions, BEFORE)
        );
    }
}

/// A record that cannot be decoded is settled later than the window that it was found in, and its finding came with the window.
#[test]
fn what_is_settled_later_is_confirmed_by_what_came_with_its_window() {
    let mut tally = Tally::new(policy());
    let window = counts(100, 0, 0, 0);
    let counted = Counted {
        start_ms: Some(0),
        end_ms: Some(MINUTE_MS),
        counts: &window,
        edge: false,
        profile: None,
    };
    let found = Found::new([Finding {
        start_ms: Some(0),
        outcome: Outcome::Undecodable,
        of_canary: true,
        identity: "2:17",
        unproved: false,
        critical: &[],
    }]);
    tally.take([counted], [], &found);
    let conditions = Conditions::default();
    assert_eq!(judge("s", &tally, &conditions, BEFORE).verdict, Verdict::Inconclusive);
    let bad = BadCounts {
        undecodable_judged: 1,
        ..BadCounts::default()
    };
    let shared = Shared {
        start_ms: Some(0),
        counts: &bad,
    };
    tally.take([], [shared], &Found::default());
    assert_eq!(judge("s", &tally, &conditions, BEFORE).verdict, Verdict::Fail);
}
