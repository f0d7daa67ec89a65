//! The sentences of the reasons. Names, counts and times only; never a value of a record.

use super::checks::Weighed;
use super::{Check, Condition};
use crate::model::{Inconclusive, Side};

pub(super) const LATCHED: &str =
    "it failed earlier in this generation, and only an override or a new generation lifts that";
pub(super) const NO_WINDOW: &str = "no window with evidence is final yet";
pub(super) const NO_STREAM: &str = "the release has no stream that decides";

pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / (whole.max(1)) as f64
}

/// 1234567 as `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Milliseconds as `1h 30m`, `90ms`; the two largest units.
pub(super) fn span(ms: i64) -> String {
    const UNITS: [(&str, u64); 5] = [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    let sign = if ms < 0 { "-" } else { "" };
    let mut rest = ms.unsigned_abs();
    let mut parts = Vec::new();
    for (unit, length) in UNITS {
        let number = rest / length;
        rest %= length;
        if number > 0 {
            parts.push(format!("{number}{unit}"));
        }
    }
    parts.truncate(2);
    if parts.is_empty() {
        "0s".to_owned()
    } else {
        format!("{sign}{}", parts.join(" "))
    }
}

fn instant(ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(ms - ms.rem_euclid(1_000)) {
        Ok(time) => time.to_string(),
        Err(_) => format!("{ms} ms"),
    }
}

fn share(value: f64) -> String {
    if value == 0.0 || value >= 1e-3 {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

fn rate(check: &Weighed) -> String {
    format!(
        "{} {} of {} ({:.2e})",
        grouped(check.bad),
        check.check.as_str(),
        grouped(check.of),
        ratio(check.bad, check.of)
    )
}

pub(super) fn exceeded(check: &Weighed) -> String {
    format!("{} are over the budget of {}", rate(check), share(check.budget))
}

pub(super) fn exceeded_unproved(check: &Weighed) -> String {
    let surplus = matches!(check.check, Check::Missing | Check::Extra);
    let why = if surplus {
        "the proof is not complete"
    } else {
        "that is too little to fail"
    };
    format!(
        "{} are over the budget of {}, but {why}",
        rate(check),
        share(check.budget)
    )
}

pub(super) fn waiting(check: &Weighed) -> String {
    format!(
        "{} {} records of the canary wait to be compared with the baseline's",
        grouped(check.waiting),
        check.check.as_str()
    )
}

pub(super) fn pairs(have: u64, need: u64) -> String {
    format!("{} of {} pairs are in", grouped(have), grouped(need))
}

pub(super) fn duration(have_ms: i64, need_ms: i64) -> String {
    format!("{} of {} of event time are in", span(have_ms), span(need_ms))
}

pub(super) fn coverage(side: Side, judged: u64, asked: u64, need: f64) -> String {
    format!(
        "{} of {} {side} records were judged ({:.4}), {need} is needed",
        grouped(judged),
        grouped(asked),
        ratio(judged, asked)
    )
}

pub(super) fn silent(side: Side, since_ms: i64) -> String {
    format!("{side} silent since {}", instant(since_ms))
}

pub(super) fn late(side: Side, late: u64, records: u64, most: f64) -> String {
    format!(
        "{} of {} {side} records of the last windows are late, {} is allowed; a larger lateness would take them in",
        grouped(late),
        grouped(records),
        share(most)
    )
}

pub(super) fn unmet(windows: u64, of: u64) -> String {
    format!("the sides do not meet in {windows} of the last {of} windows: missing and extra each exceed the pairs")
}

pub(super) fn skew(p99_ms: i64, grace_ms: Option<i64>) -> String {
    let grace = grace_ms.map_or_else(|| "unbounded".to_owned(), span);
    format!(
        "the skew of the pairs reaches {}, more than half of the grace of {grace}",
        span(p99_ms)
    )
}

pub(super) fn timeout(max_ms: i64) -> String {
    format!("the {} that were allowed have passed without a pass", span(max_ms))
}

pub(super) fn condition(condition: &Condition) -> String {
    if let Some(detail) = &condition.detail {
        return detail.clone();
    }
    let whose = condition.side.map_or_else(String::new, |side| format!("{side}: "));
    let text = match condition.kind {
        Inconclusive::Evidence => "too little evidence is in",
        Inconclusive::Silent => "nothing is sent",
        Inconclusive::Stalled => "reading lags behind or cannot go on",
        Inconclusive::Skew => "the clocks of the sides are too far apart",
        Inconclusive::Late => "too many records are late",
        Inconclusive::Noise => "the control differs from the baseline too",
        Inconclusive::Coverage => "too few records were judged",
        Inconclusive::Contract => {
            "the baseline writes a schema that lacks fields of the contract; a new generation is needed"
        }
        Inconclusive::OpenTransaction => "a transaction stays open, and nothing behind it can be read",
        Inconclusive::Expired => "retention took records before they were read",
        Inconclusive::Repartitioned => "partitions were added",
        Inconclusive::Recreated => "the topic was deleted and made again",
        Inconclusive::Truncated => "the log lost its end",
        Inconclusive::Registry => "the schema registry does not answer",
        Inconclusive::Store => "the database does not answer",
        Inconclusive::Memory => "memory is at its limit",
        Inconclusive::Timeout => "the time allowed has passed",
        Inconclusive::Hold => "held on request",
    };
    format!("{whose}{text}")
}
