//! Which checks share a stream's chance of error, and how (`docs/statistics.md` section 4). Frozen in a generation.

use serde::{Deserialize, Serialize};

/// What a check is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// Pairs that differ.
    Mismatched,
    /// Records that the canary lost.
    Missing,
    /// Records that only the canary has.
    Extra,
    /// Records sent again.
    Duplicate,
    /// Records that contradict one of their own side.
    Conflict,
    /// Records that cannot be decoded.
    Undecodable,
    /// Records without a usable event time.
    Untimely,
    /// Records that went to another topic.
    Diverted,
    /// Pairs that the canary wrote too late.
    Latency,
    /// Groups whose aggregates differ, by the aggregate's place in the config.
    Aggregates(u16),
    /// A critical field or its drift, by its place in the config.
    Field(u16),
}

/// When the counts of a window are settled. Checks are averaged only on one clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clock {
    /// With the window.
    Window,
    /// When the other side can no longer show the same bad record: 5 x grace later.
    Later,
}

impl Kind {
    /// The word for it, which is also its budget's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Mismatched => "mismatched",
            Kind::Missing => "missing",
            Kind::Extra => "extra",
            Kind::Duplicate => "duplicate",
            Kind::Conflict => "conflict",
            Kind::Undecodable => "undecodable",
            Kind::Untimely => "untimely",
            Kind::Diverted => "diverted",
            Kind::Latency => "latency",
            Kind::Aggregates(_) => "aggregates",
            Kind::Field(_) => "field",
        }
    }

    /// The clock that its counts are settled by.
    #[must_use]
    pub fn clock(self) -> Clock {
        match self {
            Kind::Undecodable | Kind::Untimely | Kind::Diverted => Clock::Later,
            _ => Clock::Window,
        }
    }
}

/// The weight of each check, 0 for a budget of 0; they sum to 1 where any budget is above 0.
///
/// mismatched .35, missing .2, extra .1, duplicate .1, aggregates .1 and critical fields .15, each in equal parts. Conflict, undecodable,
/// untimely, diverted and latency, where their budget is above 0, take .05 each from mismatched. What a stream does not check is shared out
/// in proportion: that is fixed before the first record, so it spends nothing twice.
#[must_use]
pub fn weights(checks: &[(Kind, f64)]) -> Vec<f64> {
    let active = |kind: &dyn Fn(Kind) -> bool| checks.iter().filter(|(k, budget)| *budget > 0.0 && kind(*k)).count();
    let fields = active(&|kind| matches!(kind, Kind::Field(_)));
    let aggregates = active(&|kind| matches!(kind, Kind::Aggregates(_)));
    let small = active(&is_small);
    let raw = |(kind, budget): &(Kind, f64)| match kind {
        _ if *budget <= 0.0 => 0.0,
        Kind::Mismatched => 0.35 - 0.05 * small as f64,
        Kind::Missing => 0.2,
        Kind::Extra | Kind::Duplicate => 0.1,
        Kind::Aggregates(_) => 0.1 / aggregates as f64,
        Kind::Conflict | Kind::Undecodable | Kind::Untimely | Kind::Diverted | Kind::Latency => 0.05,
        Kind::Field(_) => 0.15 / fields as f64,
    };
    let raw: Vec<f64> = checks.iter().map(raw).collect();
    let total: f64 = raw.iter().sum();
    let share = |weight: &f64| if total > 0.0 { weight / total } else { 0.0 };
    raw.iter().map(share).collect()
}

fn is_small(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Conflict | Kind::Undecodable | Kind::Untimely | Kind::Diverted | Kind::Latency
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults() {
        let all = [
            (Kind::Mismatched, 1e-4),
            (Kind::Missing, 1e-4),
            (Kind::Extra, 1e-4),
            (Kind::Duplicate, 1e-3),
            (Kind::Aggregates(0), 1e-3),
            (Kind::Field(0), 1e-3),
            (Kind::Field(1), 1e-3),
            (Kind::Conflict, 0.0),
            (Kind::Undecodable, 0.0),
            (Kind::Untimely, 1e-4),
        ];
        let expect = [0.30, 0.2, 0.1, 0.1, 0.1, 0.075, 0.075, 0.0, 0.0, 0.05];
        for (got, expect) in weights(&all).iter().zip(expect) {
            assert!((got - expect).abs() < 1e-12, "{got} {expect}");
        }
    }

    #[test]
    fn what_is_not_checked_is_shared_out() {
        let some = [(Kind::Mismatched, 1e-4), (Kind::Missing, 1e-4), (Kind::Conflict, 0.0)];
        let got = weights(&some);
        assert!((got.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((got[0] / got[1] - 0.35 / 0.2).abs() < 1e-12);
        assert_eq!(got[2], 0.0);
        assert_eq!(weights(&[(Kind::Conflict, 0.0)]), [0.0]);
        assert_eq!(weights(&[]), [0.0; 0]);
    }
}
