//! What the broker says about a topic's settings: how long it keeps records, and whether it compacts them.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};

use super::context::Context;
use super::settings::{Purpose, client_config};
use super::{Reader, Settings};

/// How long the broker may take.
const ANSWER: Duration = Duration::from_secs(5);

/// Settings of a topic; each `None` where the broker does not tell (no right to DescribeConfigs, or no answer).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicFacts {
    /// `delete`, `compact` or both.
    pub cleanup_policy: Option<String>,
    /// How long records are kept; `-1` is for ever.
    pub retention_ms: Option<i64>,
    /// How many bytes a partition keeps; `-1` is no limit.
    pub retention_bytes: Option<i64>,
    /// How long a record stays safe from compaction.
    pub min_compaction_lag_ms: Option<i64>,
    /// `CreateTime` or `LogAppendTime`.
    pub timestamp_type: Option<String>,
}

impl TopicFacts {
    /// True where older values of a key may vanish.
    #[must_use]
    pub fn is_compacted(&self) -> bool {
        self.cleanup_policy
            .as_deref()
            .is_some_and(|policy| policy.split(',').any(|part| part.trim() == "compact"))
    }

    /// How long it keeps records, milliseconds, unless for ever or the broker does not tell.
    #[must_use]
    pub fn kept_ms(&self) -> Option<i64> {
        let policy = self.cleanup_policy.as_deref();
        let deletes = policy.is_none_or(|policy| policy.contains("delete"));
        self.retention_ms.filter(|ms| deletes && *ms >= 0)
    }
}

impl Reader {
    /// Asks for the settings of the topic. Never fails: what is not told is `None`.
    #[must_use]
    pub fn describe(&self) -> TopicFacts {
        if self.is_mock() {
            return TopicFacts::default();
        }
        let (settings, topic) = (self.settings().clone(), self.topic().to_owned());
        // A thread of its own, so that this may be called from anywhere, a runtime included.
        std::thread::spawn(move || ask(&settings, &topic))
            .join()
            .ok()
            .flatten()
            .unwrap_or_default()
    }
}

fn ask(settings: &Settings, topic: &str) -> Option<TopicFacts> {
    let admin: AdminClient<Context> = client_config(settings, Purpose::Watermarks)
        .create_with_context(Context::default())
        .ok()?;
    let options = AdminOptions::new().request_timeout(Some(ANSWER));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let answer = runtime.block_on(admin.describe_configs(&[ResourceSpecifier::Topic(topic)], &options));
    match answer {
        Ok(results) => match results.into_iter().next()? {
            Ok(resource) => Some(facts(&resource)),
            Err(error) => {
                tracing::info!(topic, %error, "settings of the topic are not told");
                None
            }
        },
        Err(error) => {
            tracing::info!(topic, %error, "settings of the topic are not told");
            None
        }
    }
}

fn facts(resource: &ConfigResource) -> TopicFacts {
    let text = |name: &str| resource.get(name).and_then(|entry| entry.value.clone());
    let number = |name: &str| text(name).and_then(|value| value.parse().ok());
    TopicFacts {
        cleanup_policy: text("cleanup.policy"),
        retention_ms: number("retention.ms"),
        retention_bytes: number("retention.bytes"),
        min_compaction_lag_ms: number("min.compaction.lag.ms"),
        timestamp_type: text("message.timestamp.type"),
    }
}
