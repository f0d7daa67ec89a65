//! Which records pair, and what the rest is called (rule 6), counted into windows (rule 7).

use crosscheck::engine::Names;
use crosscheck::model::{Outcome, Position, Side};

use super::edges::Edges;
use super::equal::{Content, Meeting};
use super::partition::Walked;
use super::{Comparison, Difference, Whole};

/// A record that pairs, with what pairing asks of it.
struct Candidate {
    meeting: Meeting,
    time_ms: i64,
    position: Position,
    content: Content,
    /// The number under tolerance, if there is one.
    amount: Option<i64>,
    beside: bool,
    settled: bool,
}

/// What became of the first record that was not settled: the place of its partner, if it has one.
type Settled = (Outcome, Option<usize>);

/// Settles every record that the watermark has passed, identity by identity.
pub fn settle(comparison: &Comparison, edges: &Edges, walked: &[Walked], whole: &mut Whole) {
    let timely = walked.iter().flat_map(|walked| &walked.timely);
    let mut all: Vec<Candidate> = timely
        .map(|timely| Candidate {
            meeting: comparison.meeting(&timely.decoded),
            time_ms: timely.time_ms,
            position: timely.position,
            content: comparison.content(&timely.decoded),
            amount: timely.decoded.order.map(|order| order.amount),
            beside: timely.beside,
            settled: false,
        })
        .collect();
    let grace = comparison.grace();
    // `Position` is ordered by side, partition and offset, the baseline first.
    let order = |x: &Candidate| (x.time_ms, x.position);
    all.sort_unstable_by(|a, b| a.meeting.cmp(&b.meeting).then_with(|| order(a).cmp(&order(b))));
    for identity in all.chunk_by_mut(|a, b| a.meeting == b.meeting) {
        for first in 0..identity.len() {
            let r = &identity[first];
            if r.settled {
                continue;
            }
            if comparison.watermark() <= r.time_ms.saturating_add(grace) {
                break;
            }
            // Nothing that is asked of r, or of what may pair with it, lies further away.
            let (from_ms, to_ms) = (r.time_ms - grace, r.time_ms.saturating_add(2 * grace));
            let from = identity.partition_point(|x| x.time_ms < from_ms);
            let to = identity.partition_point(|x| x.time_ms <= to_ms);
            let (outcome, partner) = rule_6(comparison, &identity[from..to], first - from, whole);
            let partner = partner.map(|at| from + at);
            identity[first].settled = true;
            if let Some(partner) = partner {
                identity[partner].settled = true;
            }
            count(
                comparison,
                edges,
                &identity[first],
                partner.map(|at| &identity[at]),
                outcome,
                whole,
            );
        }
        for candidate in identity.iter().filter(|candidate| !candidate.settled) {
            *whole.pending.get_mut(candidate.position.side) += 1;
        }
    }
}

fn rule_6(comparison: &Comparison, identity: &[Candidate], first: usize, whole: &mut Whole) -> Settled {
    let (r, grace) = (&identity[first], comparison.grace());
    let mut met = |name: &'static str| whole.reached.reached(name);
    let by_content = r.meeting.by_content();
    let near = |a: &Candidate, b: &Candidate| (a.time_ms - b.time_ms).abs() <= grace;
    let own = |a: &Candidate, b: &Candidate| a.position.side == b.position.side;
    let equal = |a: &Candidate, b: &Candidate| equal(comparison, a, b);
    // The unsettled ones in [r, r + grace], oldest first. What stands before r is settled.
    let s = || {
        let later = (first..identity.len()).take_while(|at| near(&identity[*at], r));
        later.filter(|at| !identity[*at].settled)
    };
    let others = || s().filter(|at| !own(&identity[*at], r));
    // An already settled record of its own side within grace is equal to it.
    let is_duplicate = |x: &Candidate| {
        let mut settled = identity
            .iter()
            .filter(|settled| settled.settled && own(settled, x) && near(settled, x));
        !by_content && settled.any(|settled| equal(settled, x))
    };
    // There is an equal record of the other side in S.
    let has_equal = |x: &Candidate| s().any(|at| !own(&identity[at], x) && equal(&identity[at], x));

    let equals = || others().filter(|at| equal(&identity[*at], r));
    if let Some(oldest) = equals().next() {
        let exact = equals().find(|at| identity[*at].amount == r.amount);
        met(if exact.is_some() { "6a" } else { "6a within tolerance" });
        if exact.is_some_and(|exact| exact != oldest) {
            met("6a exact before older");
        }
        return (Outcome::Matched, exact.or(Some(oldest)));
    }
    if is_duplicate(r) {
        met("6b");
        return (Outcome::Duplicate, None);
    }
    let half = |at: &usize| identity[*at].time_ms - r.time_ms <= grace / 2;
    for at in others().filter(half) {
        let c = &identity[at];
        if has_equal(c) {
            met("6c left to its equal");
        } else if is_duplicate(c) {
            met("6c left as a duplicate");
        } else {
            met("6c");
            return (Outcome::Mismatched, Some(at));
        }
    }
    let conflicts = comparison.settings.names == Names::Event && !by_content;
    let broken = |x: &Candidate| own(x, r) && near(x, r) && !equal(x, r) && (x.settled || has_equal(x));
    if conflicts && identity.iter().any(broken) {
        met("6d conflict");
        return (Outcome::Conflict, None);
    }
    if r.position.side == Side::Baseline {
        met("6d missing");
        return (Outcome::Missing, None);
    }
    met("6d extra");
    (Outcome::Extra, None)
}

/// Rule 4: the digests, and what is under tolerance, of the baseline's; on one side, of the earlier one's.
fn equal(comparison: &Comparison, a: &Candidate, b: &Candidate) -> bool {
    let order = |x: &Candidate| (x.position.side, x.time_ms, x.position);
    let (base, other) = if order(a) <= order(b) { (a, b) } else { (b, a) };
    let tolerated = match (base.amount, other.amount) {
        (Some(base), Some(other)) => comparison.within_tolerance(base, other),
        _ => true,
    };
    a.content == b.content && tolerated
}

fn count(
    comparison: &Comparison,
    edges: &Edges,
    r: &Candidate,
    partner: Option<&Candidate>,
    outcome: Outcome,
    whole: &mut Whole,
) {
    let of = |side: Side| {
        [Some(r), partner]
            .into_iter()
            .flatten()
            .find(|x| x.position.side == side)
    };
    let (baseline, canary) = (of(Side::Baseline), of(Side::Canary));
    // A pair counts where its baseline record does.
    let time_ms = baseline.or(canary).map_or(r.time_ms, |x| x.time_ms);
    let start_ms = comparison.window_of(time_ms);
    if partner.is_some_and(|partner| comparison.window_of(partner.time_ms) != comparison.window_of(r.time_ms)) {
        whole.reached.reached("a pair over two windows");
    }
    let window = whole.windows.entry(start_ms).or_default();
    if edges.holds(time_ms) {
        whole.reached.reached("excluded (edge)");
        for x in [Some(r), partner].into_iter().flatten() {
            window.counts.sides.get_mut(x.position.side).excluded_edge += 1;
        }
        return;
    }
    if baseline.or(canary).is_some_and(|decides| decides.beside) {
        whole.reached.reached("excluded (sample), beside a change");
        for x in [Some(r), partner].into_iter().flatten() {
            window.counts.sides.get_mut(x.position.side).excluded_sample += 1;
        }
        return;
    }
    if partner.is_some_and(|partner| partner.beside) {
        whole.reached.reached("a pair over a change of the rate");
    }
    let counts = &mut window.counts;
    match outcome {
        Outcome::Matched => counts.matched += 1,
        Outcome::Mismatched => counts.mismatched += 1,
        Outcome::Missing => counts.missing += 1,
        Outcome::Extra => counts.extra += 1,
        Outcome::Duplicate => counts.sides.get_mut(r.position.side).duplicate += 1,
        Outcome::Conflict => counts.sides.get_mut(r.position.side).conflict += 1,
        Outcome::Undecodable | Outcome::Untimely | Outcome::Diverted => {}
    }
    if let (Some(baseline), Some(canary), Outcome::Matched) = (baseline, canary, outcome) {
        counts.skew.record(canary.time_ms - baseline.time_ms);
    }
    if outcome != Outcome::Matched {
        window.differing.insert(Difference {
            outcome,
            baseline: baseline.map(|x| x.position),
            canary: canary.map(|x| x.position),
        });
    }
}
