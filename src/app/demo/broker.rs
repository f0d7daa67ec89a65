//! The broker: librdkafka's own one in this process, or a real Kafka with topics of our own.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::metadata::{Metadata, MetadataTopic};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use uuid::Uuid;

use crate::app::trouble::trouble;
use crate::app::world::blocking;

/// How long a real cluster may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Looks for a topic that was just made, within as long.
const LOOKS: u32 = 100;

/// Where the topics are.
pub enum Broker {
    /// In this process; gone with it.
    Embedded(MockCluster<'static, DefaultProducerContext>),
    /// Somewhere else.
    Real(Real),
}

/// A real cluster.
pub struct Real {
    brokers: String,
    admin: AdminClient<DefaultClientContext>,
    prefix: String,
    made: Vec<String>,
}

/// The three topics.
#[derive(Clone, Debug)]
pub struct Topics {
    /// What both pipelines read.
    pub orders: Topic,
    /// What the baseline writes.
    pub baseline: Topic,
    /// What the canary writes.
    pub canary: Topic,
}

/// A topic.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: i32,
}

impl Broker {
    /// Starts a broker, or connects to a real one.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn open(brokers: Option<&[String]>) -> Result<Self> {
        let Some(brokers) = brokers else {
            return Ok(Self::Embedded(
                MockCluster::new(1).context("start the embedded broker")?,
            ));
        };
        let brokers = brokers.join(",");
        let admin = ClientConfig::new()
            .set("bootstrap.servers", &brokers)
            .create()
            .context("set up the Kafka client")?;
        let id = Uuid::now_v7().simple().to_string();
        let prefix = format!("crosscheck-demo-{}.", id.get(..16).unwrap_or(&id));
        Ok(Self::Real(Real {
            brokers,
            admin,
            prefix,
            made: Vec::new(),
        }))
    }

    /// Where clients connect to.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        match self {
            Self::Embedded(cluster) => cluster.bootstrap_servers(),
            Self::Real(real) => real.brokers.clone(),
        }
    }

    /// Makes the topics, large enough for so many orders.
    ///
    /// # Errors
    /// The cluster does not answer, or does not allow it.
    pub async fn make_topics(&mut self, records: u64) -> Result<Topics> {
        let topics = topics(self.prefix(), records);
        for topic in [&topics.orders, &topics.baseline, &topics.canary] {
            match self {
                Self::Embedded(cluster) => cluster
                    .create_topic(&topic.name, topic.partitions, 1)
                    .with_context(|| format!("create topic {}", topic.name))?,
                Self::Real(real) => real.make(topic).await?,
            }
        }
        Ok(topics)
    }

    /// Removes what was made on a real cluster.
    ///
    /// # Errors
    /// The cluster does not answer; says what is left behind.
    pub async fn remove_topics(&mut self) -> Result<()> {
        match self {
            Self::Embedded(_) => Ok(()),
            Self::Real(real) => real.remove().await,
        }
    }

    fn prefix(&self) -> &str {
        match self {
            Self::Embedded(_) => "",
            Self::Real(real) => &real.prefix,
        }
    }
}

impl Real {
    async fn make(&mut self, topic: &Topic) -> Result<()> {
        // Replicated as the cluster's own default says.
        let new = NewTopic::new(&topic.name, topic.partitions, TopicReplication::Fixed(-1));
        let fault =
            |why: String, hint: &str| trouble(format!("create topic {} on {}: {why}", topic.name, self.brokers), hint);
        let results = self.admin.create_topics([&new], &options()).await.map_err(|error| {
            let hint = "check --brokers; they are spoken to without TLS and without a password";
            fault(error.to_string(), hint)
        })?;
        for result in results {
            let hint = "the demo must be allowed to create and delete topics";
            result.map_err(|(_, code)| fault(code.to_string(), hint))?;
        }
        self.made.push(topic.name.clone());
        if !self.is_seen(topic).await {
            let hint = "the cluster is slow to tell of new topics; try again";
            return Err(fault("it is made, and no broker shows it".to_owned(), hint));
        }
        Ok(())
    }

    /// Waits until the cluster shows a topic with all its partitions and their leaders: the answer to its making comes before.
    async fn is_seen(&self, topic: &Topic) -> bool {
        let partitions = usize::try_from(topic.partitions).unwrap_or(0);
        for _ in 0..LOOKS {
            let told = blocking(|| self.admin.inner().fetch_metadata(Some(&topic.name), PATIENCE));
            let topics = told.as_ref().map(Metadata::topics).unwrap_or_default();
            let whole = |shown: &MetadataTopic| {
                shown.error().is_none()
                    && shown.partitions().len() == partitions
                    && shown.partitions().iter().all(|partition| partition.leader() >= 0)
            };
            if topics.first().is_some_and(whole) {
                return true;
            }
            tokio::time::sleep(PATIENCE / LOOKS).await;
        }
        false
    }

    async fn remove(&mut self) -> Result<()> {
        let made = std::mem::take(&mut self.made);
        let names: Vec<&str> = made.iter().map(String::as_str).collect();
        if names.is_empty() {
            return Ok(());
        }
        let context = || format!("delete the topics {} on {}", names.join(", "), self.brokers);
        let results = self
            .admin
            .delete_topics(&names, &options())
            .await
            .with_context(context)?;
        for result in results {
            result.map_err(|(_, code)| anyhow!("{code}")).with_context(context)?;
        }
        Ok(())
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(PATIENCE))
        .operation_timeout(Some(PATIENCE))
}

/// The embedded broker forgets what is more than 5 MiB a partition, and what is read again must still be there.
fn topics(prefix: &str, records: u64) -> Topics {
    const PARTITION_BYTES: u64 = 3 << 20;
    const RECORD_BYTES: u64 = 220;
    let least = records.saturating_mul(RECORD_BYTES) / PARTITION_BYTES;
    let topic = |name: &str, partitions: u64| Topic {
        name: format!("{prefix}{name}"),
        partitions: i32::try_from(partitions).unwrap_or(i32::MAX),
    };
    Topics {
        orders: topic("orders", least.max(2) + 1),
        baseline: topic("orders.enriched", least.max(4) + 2),
        canary: topic("orders.enriched.canary", least.max(3) + 1),
    }
}
