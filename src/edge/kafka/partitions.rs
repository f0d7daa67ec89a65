//! Partitions that are added while a topic is read, and the topic's identity.

use std::time::Duration;

use rdkafka::consumer::Consumer;

use super::open::{names_of, unanswered};
use super::{KafkaError, Reader};

/// How long a question may take.
const ANSWER: Duration = Duration::from_secs(5);

impl Reader {
    /// How many partitions the topic has now.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub fn partition_count(&self) -> Result<usize, KafkaError> {
        Ok(self.partitions_now()?.len())
    }

    fn partitions_now(&self) -> Result<Vec<u32>, KafkaError> {
        let metadata = self
            .probe()
            .fetch_metadata(Some(self.topic()), ANSWER)
            .map_err(|error| unanswered("ask for the partitions", self.topic(), &error))?;
        let topic = metadata.topics().iter().find(|found| found.name() == self.topic());
        let ids = topic.into_iter().flat_map(|found| found.partitions());
        Ok(ids.filter_map(|partition| u32::try_from(partition.id()).ok()).collect())
    }

    /// The names of all topics of its cluster that we may see, in order.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub fn names(&self) -> Result<Vec<String>, KafkaError> {
        let metadata = self.probe().fetch_metadata(None, ANSWER);
        let metadata = metadata.map_err(|error| unanswered("ask for the topics beside it", self.topic(), &error))?;
        Ok(names_of(&metadata))
    }

    /// Looks for partitions that were added, and reads them from now on, from their begin: (partition, begin).
    ///
    /// # Errors
    /// The cluster does not answer, or librdkafka refuses; it is found again at the next look.
    pub fn take_new_partitions(&mut self) -> Result<Vec<(u32, u64)>, KafkaError> {
        let mut fresh = Vec::new();
        for partition in self.partitions_now()? {
            if !self.partitions.contains(&partition) {
                fresh.push((partition, self.watermarks(partition)?.0));
            }
        }
        if !fresh.is_empty() {
            let list = self.list(fresh.iter().map(|&(partition, offset)| (partition, Some(offset))))?;
            self.consumer()
                .incremental_assign(&list)
                .map_err(|error| self.fatal(&error.to_string()))?;
            self.positions.extend(fresh.iter().copied());
            self.partitions.extend(fresh.iter().map(|&(partition, _)| partition));
            self.partitions.sort_unstable();
        }
        Ok(fresh)
    }

    /// The id of the topic, as far as the broker tells: another one is another topic of the same name. Waits at most
    /// `wait`; what comes later is there at the next call.
    pub fn topic_id(&mut self, wait: Duration) -> Option<String> {
        if self.is_mock() {
            return None;
        }
        self.link.ids.as_mut()?.ask(wait)
    }

    /// True on librdkafka's own cluster in the process, which never answers a question about topics: nobody need wait.
    pub(super) fn is_mock(&self) -> bool {
        let id = self.probe().client().fetch_cluster_id(ANSWER);
        id.is_some_and(|id| id.starts_with("mockCluster"))
    }
}
