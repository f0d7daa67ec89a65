//! Compacted topics: pairing them is safe only as long as compaction cannot take a record before it is settled.

use crate::config;
use crate::edge::kafka::TopicFacts;
use crate::model::Side;

/// Why a worker must not pair a topic, and what to do; `None` where it may, and where the broker does not tell.
#[must_use]
pub fn refusal(stream: &config::Stream, side: Side, topic: &str, facts: &TopicFacts) -> Option<(String, String)> {
    if !facts.is_compacted() {
        return None;
    }
    let (lateness_ms, grace_ms) = (stream.engine.lateness_ms?, stream.engine.grace_ms?);
    let needed_ms = lateness_ms
        .saturating_add(grace_ms)
        .saturating_add(stream.limits.ahead_max_ms);
    let lag_ms = facts.min_compaction_lag_ms.unwrap_or(0);
    if lag_ms >= needed_ms {
        return None;
    }
    Some((
        format!(
            "{side} topic {topic} is compacted after {lag_ms} ms (min.compaction.lag.ms), and a paired stream needs each record for lateness + grace + limits.ahead_max = {needed_ms} ms"
        ),
        format!(
            "set min.compaction.lag.ms of the topic to at least {needed_ms}, or compare a topic that is not compacted"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::refusal;
    use crate::config::{Config, Purpose};
    use crate::edge::kafka::TopicFacts;
    use crate::model::Side;

    #[test]
    fn compaction_must_leave_a_record_for_as_long_as_it_may_be_needed() {
        let text = "release: {name: r}
clusters: {main: {brokers: [\"127.0.0.1:1\"]}}
registries: {main: {url: \"http://127.0.0.1:1\"}}
streams:
  - name: orders
    baseline: {topic: orders}
    canary: {topic: orders.canary}
    event_time: {field: at}
    lateness: 1m
    grace: 30s
    limits: {ahead_max: 5m}
";
        let config = Config::parse("test", text, &BTreeMap::new(), Purpose::Worker).unwrap();
        for (policy, lag_ms, refused) in [
            (None, None, false),
            (Some("delete"), Some(0), false),
            (Some("compact"), None, true),
            (Some("compact"), Some(0), true),
            (Some("compact,delete"), Some(389_999), true),
            (Some("delete, compact"), Some(390_000), false),
        ] {
            let facts = TopicFacts {
                cleanup_policy: policy.map(str::to_owned),
                min_compaction_lag_ms: lag_ms,
                ..TopicFacts::default()
            };
            let told = refusal(&config.streams[0], Side::Canary, "orders.canary", &facts);
            assert_eq!(told.is_some(), refused, "{policy:?} {lag_ms:?}");
            if let Some((text, hint)) = told {
                assert!(
                    text.contains("canary topic orders.canary") && hint.contains("390000"),
                    "{text}: {hint}"
                );
            }
        }
    }
}
