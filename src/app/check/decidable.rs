//! Whether the budgets of a stream can be decided in the time that is allowed, at the rate that the sample shows.

use super::Found;
use crate::app::plan::whole;
use crate::app::stored;
use crate::config::{self, Config};
use crate::engine::judge::{self, Policy};
use crate::engine::stats::{BUDGET_MAX, Family, Kind, least_budget};

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
    let Some(need) = neediest(stream, &policy, &family, rate) else {
        let text = "no number of clean records proves these budgets".to_owned();
        return Found::bad(name, text, "raise them");
    };
    let pairs_s = config.policy.min_pairs as f64 / rate;
    let seconds = need.seconds.max(pairs_s).max(least_s) + held_s;
    let what = if need.seconds < pairs_s {
        format!("{} records", config.policy.min_pairs)
    } else {
        need.what
    };
    if seconds <= most_s {
        let text = format!(
            "at that rate a clean canary passes after {seconds:.0} s of event time ({what}), max_duration is {most_s:.0} s"
        );
        return Found::ok(name, text);
    }
    let text = format!(
        "at that rate a clean canary needs {seconds:.0} s of event time to pass ({what}), max_duration is {most_s:.0} s"
    );
    let affordable = whole(need.a_second * (most_s - held_s).max(0.0));
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

/// The check that takes longest.
struct Need {
    seconds: f64,
    what: String,
    /// What is counted for it, in a second.
    a_second: f64,
}

/// `None` where no number is enough for one of them. Of an aggregate without groups there is one value a window; how many groups another
/// one has is not known here, and at most as many as there are records.
fn neediest(stream: &config::Stream, policy: &Policy, family: &Family, rate: f64) -> Option<Need> {
    let window_s = stream.engine.window_ms.unwrap_or(0) as f64 / 1000.0;
    let aggregates = &stream.engine.named.aggregates;
    let mut neediest: Option<Need> = None;
    for (check, (member, (kind, _))) in family.members().iter().zip(policy.kinds()).enumerate() {
        let needed = member.evidence.clean_needed()?;
        let whole = |place: u16| aggregates.get(usize::from(place)).is_some_and(|of| of.group.is_empty());
        let need = match kind {
            Kind::Aggregates(place) if whole(place) && window_s > 0.0 => Need {
                seconds: needed as f64 * window_s,
                what: format!("{needed} windows of {}", policy.name(check)),
                a_second: 1.0 / window_s,
            },
            _ => Need {
                seconds: needed as f64 / rate,
                what: format!("{needed} records"),
                a_second: rate,
            },
        };
        if neediest.as_ref().is_none_or(|most| most.seconds < need.seconds) {
            neediest = Some(need);
        }
    }
    neediest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::Purpose;

    const TEXT: &str = "release: {name: r}
clusters: {main: {brokers: [\"localhost:1\"]}}
streams:
  - name: orders
    baseline: {topic: b}
    canary: {topic: c}
    format: json
    identity: {parts: [{field: id}]}
    event_time: {field: at}
    budget: {mismatched: 1e-2, missing: 1e-2, extra: 1e-2, duplicate: 1e-2, untimely: 1e-2}
";

    /// What is said at ten records a second.
    fn said(more: &str) -> Found {
        let config = Config::parse(
            "test",
            &format!("{TEXT}{more}"),
            &BTreeMap::new(),
            Purpose::WorkerOffline,
        )
        .unwrap();
        stream(&config, &config.streams[0], 10.0, 150.0)
    }

    #[test]
    fn an_aggregate_without_groups_has_one_value_a_window() {
        let passes = said("");
        assert!(
            passes.text.contains("passes after") && passes.text.contains(" records), "),
            "{}",
            passes.text
        );
        let by_key = said("    aggregates: [{name: revenue, group: [currency], sum: amount, budget: 1e-2}]\n");
        assert!(by_key.text.contains("passes after"), "{}", by_key.text);
        let one = said("    aggregates: [{name: revenue, sum: amount, budget: 1e-2}]\n");
        assert!(
            one.text.contains("needs")
                && one
                    .text
                    .contains(" windows of aggregate revenue), max_duration is 21600 s"),
            "{}",
            one.text
        );
    }
}
