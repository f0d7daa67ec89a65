//! The sentences of the reasons. Names, counts and times only; never a value of a record.

use super::hold::Hold;
use super::sequential::Counted;
use super::{Condition, Judgement, Override, Reason, Tally, Useless};
use crate::engine::stats::{Betting, Clock, Kind, least_budget};
use crate::model::{ControlCounts, Inconclusive, Side};

pub(super) const LATCHED: &str =
    "it failed earlier in this generation, and only an override or a new generation lifts that";
pub(super) const ALL_MUTED: &str = "every check is muted, so nothing is judged";
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
#[must_use]
pub fn span(ms: i64) -> String {
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

/// What a bad record of a check is called: `missing`, `pairs that differ at amount`.
fn bad(check: &Counted) -> String {
    match check.kind {
        Kind::Field(_) => format!(
            "pairs that differ at {}",
            check.name.strip_prefix("field ").unwrap_or(&check.name)
        ),
        Kind::Latency => "pairs with a slow canary".to_owned(),
        Kind::Aggregates(_) => format!("groups whose {} differs", check.name),
        _ => check.name.clone(),
    }
}

fn rate(check: &Counted) -> String {
    let of = |bad: u64, of: u64| format!("of {} ({:.2e})", grouped(of), ratio(bad, of));
    let own = format!("{} {} {}", grouped(check.bad), bad(check), of(check.bad, check.of));
    match check.control {
        Some((noise, all)) if all > 0 => format!(
            "{own}, beside {} {} in the control only,",
            grouped(noise),
            of(noise, all)
        ),
        _ => own,
    }
}

/// Why a check fails the stream.
pub(super) fn failed(tally: &Tally, check: usize) -> String {
    let counted = tally.sequential().counts(check);
    match tally.sequential().most_log10(check) {
        Some(evidence) => format!(
            "{} are over the budget of {}: a canary within it would show that with a chance of 1 in {}",
            rate(&counted),
            share(counted.budget),
            odds(evidence)
        ),
        None => format!(
            "{} are over the budget of 0, confirmed by reading again",
            rate(&counted)
        ),
    }
}

/// 10^`log10` as a number that can be read.
pub(super) fn odds(log10: f64) -> String {
    if log10 < 6.0 {
        format!("{:.0}", 10_f64.powf(log10))
    } else {
        format!("10^{log10:.0}")
    }
}

/// Evidence as a power of ten.
pub(super) fn power(log10: f64) -> String {
    if log10.abs() < 0.05 {
        "1".to_owned()
    } else {
        format!("10^{log10:.1}")
    }
}

/// A check whose rate is over its budget, which is no proof yet.
pub(super) fn over(tally: &Tally, check: usize) -> String {
    let counted = tally.sequential().counts(check);
    let what = format!("{} are over the budget of {}", rate(&counted), share(counted.budget));
    if counted.unproved > 0 {
        return format!(
            "{what}, but {} of them could not be confirmed by reading again",
            grouped(counted.unproved)
        );
    }
    match tally.sequential().log10(check) {
        Some((evidence, limit)) => {
            let (evidence, limit) = (power(evidence), power(limit));
            format!("{what}, but that is no proof yet: its evidence is {evidence} of the {limit} that fails")
        }
        None => format!("{what}, but the proof is not complete"),
    }
}

/// How long it takes at the rate so far until a check has what it needs; `None` where there is no rate yet. What is settled behind its
/// window was seen for as much less.
pub(super) fn wait_ms(tally: &Tally, check: usize) -> Option<i64> {
    let policy = tally.policy();
    let needed = tally.sequential().clean_needed(check)?;
    let behind_ms = match policy.kinds().get(check)?.0.clock() {
        Clock::Later => policy.grace_ms.unwrap_or(0).saturating_mul(5),
        Clock::Window => 0,
    };
    let seen_ms = tally.evidence().duration_ms().saturating_sub(behind_ms);
    let of = tally.sequential().counts(check).of;
    (of > 0 && seen_ms > 0).then(|| whole(needed as f64 * seen_ms as f64 / of as f64))
}

/// What the neediest check misses, and how long that takes at the rate so far.
pub(super) fn needed(tally: &Tally, check: usize) -> String {
    let (evidence, policy) = (tally.evidence(), tally.policy());
    let kind = policy.kinds()[check].0;
    let counted = tally.sequential().counts(check);
    let Some(needed) = tally.sequential().clean_needed(check) else {
        return format!(
            "no number of clean records proves a budget of {}",
            share(counted.budget)
        );
    };
    let mut text = format!(
        "{} more clean {} are needed to prove the budget of {} for {}",
        grouped(needed),
        match kind {
            Kind::Aggregates(_) => "groups",
            _ => "records",
        },
        share(counted.budget),
        counted.name
    );
    let (Some(wait_ms), seen_ms) = (wait_ms(tally, check), evidence.duration_ms()) else {
        return text;
    };
    text.push_str(&format!(", about {} at this rate", span(coarse(wait_ms))));
    let Some(most_ms) = policy.max_duration_ms else {
        return text;
    };
    if seen_ms.saturating_add(wait_ms) > most_ms {
        let records = needed as f64 / wait_ms.max(1) as f64 * most_ms as f64;
        let least = least_budget(whole(records).unsigned_abs(), policy.beta, policy.profile.burst);
        text.push_str(&format!(", which is past the {} allowed", span(most_ms)));
        if let Some(least) = least {
            text.push_str(&format!("; a budget of {} could be decided", rounded_up(least)));
        }
    }
    text
}

/// A rate with two digits, and never below: what is named can be decided.
#[must_use]
pub fn rounded_up(rate: f64) -> String {
    let text = format!("{rate:.1e}");
    match text.parse::<f64>() {
        Ok(said) if said >= rate => text,
        _ => format!("{:.1e}", rate * 1.05),
    }
}

fn whole(number: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float becomes the nearest whole number that there is"
    )]
    let whole = number as i64;
    whole
}

/// A span that is guessed: to the second, or the minute.
fn coarse(ms: i64) -> i64 {
    let unit = if ms >= 600_000 { 60_000 } else { 1_000 };
    ms.saturating_add(unit - 1) / unit * unit
}

/// Why the rollout waits.
pub(super) fn hold(tally: &Tally, hold: Hold) -> String {
    match hold {
        Hold::Evidence(check) => {
            let counted = tally.sequential().counts(check);
            format!("{} have evidence against them that may become a fail", rate(&counted))
        }
        Hold::Burn(check) => {
            let counted = tally.sequential().counts(check);
            let what = match counted.kind {
                Kind::Field(_) | Kind::Latency | Kind::Aggregates(_) => bad(&counted),
                _ => format!("{} records", counted.name),
            };
            format!(
                "{what} come many times faster than the budget of {} allows",
                share(counted.budget)
            )
        }
    }
}

/// A verdict that somebody set, and what it stands in place of.
pub(super) fn overridden(over: &Override, evidence: &Judgement) -> String {
    let Override {
        verdict,
        at_ms,
        actor,
        reason,
        ..
    } = over;
    let (verdict, at) = (verdict.as_str(), instant(*at_ms));
    let says = evidence.verdict.as_str();
    let why = match evidence.reasons.first() {
        Some(_) => format!("{says}: {}", evidence.sentence()),
        None => says.to_owned(),
    };
    format!("overridden to {verdict} by {actor} at {at}: {reason} (the evidence says {why})")
}

pub(super) fn override_does_not_cover(over: &Override) -> String {
    let (verdict, at) = (over.verdict.as_str(), instant(over.at_ms));
    format!(
        "the override to {verdict} of {at} by {} does not cover what failed since",
        over.actor
    )
}

/// A stream that fails because of others: its first reason, once.
pub(super) fn explained(causes: &[String], reasons: &[Reason]) -> String {
    let causes = causes.iter().map(|cause| format!("`{cause}`"));
    let own = reasons.first().map_or("", |reason| reason.text.as_str());
    let more = match reasons.len() {
        0 | 1 => String::new(),
        2 => " (and 1 more reason)".to_owned(),
        more => format!(" (and {} more reasons)", more - 1),
    };
    let (verb, list) = (
        if causes.len() > 1 { "diverge" } else { "diverges" },
        causes.collect::<Vec<_>>().join(", "),
    );
    format!("explained by {list}, which {verb} upstream of it: {own}{more}")
}

pub(super) fn waiting(kind: Kind, waiting: u64) -> String {
    format!(
        "{} {} records of the canary wait to be compared with the baseline's",
        grouped(waiting),
        kind.as_str()
    )
}

/// What a verdict promises, for those who rely on it (`docs/statistics.md` section 6).
#[must_use]
pub fn guarantee(alpha: f64, beta: f64, profile: &crate::engine::stats::Profile, unpaired: bool) -> String {
    let percent = |chance: f64| format!("{} %", (chance * 1e6).round() / 1e4);
    let (fail, pass) = (percent(alpha), percent(beta));
    let null = match profile.betting {
        Betting::Window { memory } => format!(
            "for each check and every window, given everything before, the expected share of bad records is at most the budget \
             (plus {} of the previous window's excess, for bursts); anything may depend on anything inside a window",
            percent(memory)
        ),
        Betting::Record => {
            "each record is bad with a chance of at most the budget, whatever came before: bad records do not \
                            come in bursts"
                .to_owned()
        }
    };
    let burst = if profile.burst > 1.0 {
        format!(
            ", if bad records come in bursts no larger than declared (D₀ = {}); exact for independent records, measured \
             for bursts",
            profile.burst
        )
    } else {
        ", if bad records are independent".to_owned()
    };
    let drift = if unpaired {
        " Drift of an unpaired stream is judged besides under the assumption that the differences of windows are as likely up as \
         down between versions that are alike, as two slices of the baseline show them."
    } else {
        ""
    };
    format!(
        "The chance that a canary within its budgets is ever failed is at most {fail} over the whole generation, all streams \
         and checks together, however often one looks and however long it runs. Within budget means: {null}. The chance that \
         a check over its budget is passed is at most {pass}{burst}.{drift}"
    )
}

pub(super) fn pairs(have: u64, need: u64, what: &str) -> String {
    format!("{} of {} {what} are in", grouped(have), grouped(need))
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

pub(super) fn silent(side: Side, since_ms: i64, useless: Useless) -> String {
    let since = instant(since_ms);
    match useless {
        Useless {
            undecodable: 0,
            untimely: 0,
        } => format!("{side} silent since {since}"),
        Useless { undecodable, untimely } => format!(
            "no {side} record since {since} can be compared: {} cannot be decoded, {} have no usable event time",
            grouped(undecodable),
            grouped(untimely)
        ),
    }
}

pub(super) fn late(side: Side, late: u64, records: u64, most: f64) -> String {
    format!(
        "{} of {} {side} records of the last windows are late, {} is allowed; a larger lateness would take them in",
        grouped(late),
        grouped(records),
        share(most)
    )
}

pub(super) fn noise(control: &ControlCounts) -> String {
    let (noise, compared) = control.noise();
    format!(
        "the control differs from the baseline in {} of the last {} records, more than 1 %: such noise hides what the canary \
         does",
        grouped(noise),
        grouped(compared)
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
