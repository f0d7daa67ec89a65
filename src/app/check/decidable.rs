//! Whether the budgets of a stream can be decided in the time that is allowed, at the rate that the sample shows.

use super::Found;
use crate::app::plan::whole;
use crate::app::stored;
use crate::config::{self, Config};
use crate::engine::judge;
use crate::engine::stats::{BUDGET_MAX, least_budget};

/// What a clean canary would need at `rate` records a second of event time; it shows `held_s` seconds after the last of them.
pub(super) fn stream(config: &Config, stream: &config::Stream, rate: f64, held_s: f64) -> Found {
    let name = stream.name.as_str();
    let streams = config.streams.iter().zip(stored::policies(config));
    let policy = streams
        .into_iter()
        .find(|(of, _)| of.name == stream.name)
        .map(|(_, policy)| policy);
    let checks = policy.and_then(|policy| judge::family(&policy).ok().map(|family| (policy, family)));
    let Some((policy, family)) = checks else {
        return Found::bad(
            name,
            "the budgets are none".to_owned(),
            "a budget is 0 or a rate up to 0.5",
        );
    };
    let most_s = config.policy.max_duration_ms as f64 / 1000.0;
    let least_s = config.policy.min_duration_ms as f64 / 1000.0;
    let records = family.clean_needed().unwrap_or(u64::MAX).max(config.policy.min_pairs);
    let seconds = (records as f64 / rate).max(least_s) + held_s;
    if seconds <= most_s {
        let text = format!(
            "at that rate a clean canary passes after {seconds:.0} s of event time ({records} records), max_duration is {most_s:.0} s"
        );
        return Found::ok(name, text);
    }
    let text = format!(
        "at that rate a clean canary needs {seconds:.0} s of event time to pass ({records} records), max_duration is {most_s:.0} s"
    );
    let affordable = whole(rate * (most_s - held_s).max(0.0));
    let hint = match least_budget(affordable, policy.beta, policy.profile.burst) {
        Some(least) if least < BUDGET_MAX => {
            format!(
                "a budget of {} could be decided; or raise policy.max_duration",
                judge::rounded_up(least)
            )
        }
        _ => "raise policy.max_duration".to_owned(),
    };
    Found::bad(name, text, &hint)
}
