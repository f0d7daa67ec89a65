//! A pattern's topics become more while they are read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::*;

/// Topics by name: how many partitions each has; one without any does not answer.
#[derive(Clone, Default)]
struct Cluster(Arc<Mutex<BTreeMap<String, u32>>>);

impl Cluster {
    fn set(&self, topic: &str, partitions: u32) {
        let mut topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        topics.insert(topic.to_owned(), partitions);
    }

    fn partitions(&self, topic: &str) -> Result<Vec<u32>, KafkaError> {
        let topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match topics.get(topic) {
            Some(0) | None => Err(KafkaError::Query {
                question: "ask for the partitions",
                topic: topic.to_owned(),
                reason: "nobody is there".to_owned(),
            }),
            Some(count) => Ok((0..*count).collect()),
        }
    }

    fn topic(&self, name: &str) -> Result<Box<dyn Topic>, KafkaError> {
        Ok(Box::new(One {
            cluster: self.clone(),
            name: name.to_owned(),
            partitions: self.partitions(name)?,
            read: Vec::new(),
        }))
    }

    /// A side of these topics, and of whatever begins with `orders.` but for its dead letters.
    fn side(&self, own: &[&str]) -> Box<dyn Topic> {
        let cluster = self.clone();
        let growth = Growth {
            pattern: "^orders".to_owned(),
            is_own: Box::new(|name| name.starts_with("orders.") && name != "orders.dlq"),
            open: Box::new(move |name| {
                let kept = TopicFacts {
                    retention_ms: Some(7),
                    ..TopicFacts::default()
                };
                Ok((cluster.topic(name)?, kept))
            }),
        };
        let own = own.iter().map(|name| self.topic(name).unwrap()).collect();
        Several::growing(own, vec![self.topic("orders.dlq").unwrap()], growth).unwrap()
    }
}

/// One of them. Each begins at offset 5, and each partition that is read says once that it is at its end.
struct One {
    cluster: Cluster,
    name: String,
    partitions: Vec<u32>,
    read: Vec<(u32, u64)>,
}

impl Topic for One {
    fn name(&self) -> &str {
        &self.name
    }

    fn partitions(&self) -> &[u32] {
        &self.partitions
    }

    fn partition_count(&self) -> Result<usize, KafkaError> {
        Ok(self.partitions.len())
    }

    fn take_new_partitions(&mut self) -> Result<Vec<(u32, u64)>, KafkaError> {
        let now = self.cluster.partitions(&self.name)?;
        let fresh = now
            .into_iter()
            .skip(self.partitions.len())
            .map(|partition| (partition, 5));
        let fresh: Vec<(u32, u64)> = fresh.collect();
        self.partitions.extend(fresh.iter().map(|(partition, _)| partition));
        Ok(fresh)
    }

    fn names(&self) -> Result<Vec<String>, KafkaError> {
        let topics = self.cluster.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(topics.keys().cloned().collect())
    }

    fn topic_id(&mut self, _wait: Duration) -> Option<String> {
        Some(format!("id of {}", self.name))
    }

    fn describe(&self) -> TopicFacts {
        TopicFacts::default()
    }

    fn ends(&self) -> Result<Vec<Ends>, KafkaError> {
        Ok(Vec::new())
    }

    fn watermarks(&self, _partition: u32) -> Result<(u64, u64), KafkaError> {
        Ok((5, 5))
    }

    fn offsets_at(&self, _time_ms: i64) -> Result<Vec<(u32, Option<u64>)>, KafkaError> {
        Ok(Vec::new())
    }

    fn assign(&mut self, start: &[(u32, u64)]) -> Result<(), KafkaError> {
        self.read = start.to_vec();
        Ok(())
    }

    fn hold(&mut self, _partitions: &[u32]) {}

    fn release(&mut self, _partitions: &[u32]) {}

    fn poll(&mut self, _max_records: usize, _wait: Duration) -> Result<Event, KafkaError> {
        let end = self.read.pop();
        Ok(end.map_or(Event::Idle, |(partition, position)| Event::End { partition, position }))
    }
}

const SECOND: u32 = 1 << 20;
const THIRD: u32 = 2 << 20;
const LETTERS: u32 = 1 << 31;

#[test]
fn a_topic_that_is_new_stands_behind_those_that_are_known_and_is_read_from_its_begin() {
    let cluster = Cluster::default();
    cluster.set("orders.m", 2);
    cluster.set("orders.dlq", 1);
    cluster.set("other", 1);
    let mut side = cluster.side(&["orders.m"]);
    assert_eq!(side.partitions(), [0, 1, LETTERS]);
    assert!(side.take_new_partitions().unwrap().is_empty());
    // Before the known one by its name, behind it by its number.
    cluster.set("orders.a", 2);
    assert_eq!(side.take_new_partitions().unwrap(), [(SECOND, 5), (SECOND | 1, 5)]);
    assert_eq!(side.topics().own, ["orders.m", "orders.a"]);
    assert_eq!(side.topics().dead_letters, ["orders.dlq"]);
    assert_eq!(side.partitions(), [0, 1, SECOND, SECOND | 1, LETTERS]);
    let mut ends = Vec::new();
    while let Event::End { partition, position } = side.poll(1, Duration::ZERO).unwrap() {
        ends.push((partition, position));
    }
    ends.sort_unstable();
    assert_eq!(ends, [(SECOND, 5), (SECOND | 1, 5)]);
    assert!(side.take_new_partitions().unwrap().is_empty());
    // A partition of a known topic, one of a dead letter topic and a topic, all at once.
    cluster.set("orders.a", 3);
    cluster.set("orders.dlq", 2);
    cluster.set("orders.b", 1);
    let expected = [(LETTERS | 1, 5), (SECOND | 2, 5), (THIRD, 5)];
    assert_eq!(side.take_new_partitions().unwrap(), expected);
    assert_eq!(side.topic_id(Duration::ZERO).unwrap(), "id of orders.m");
    let others = side.other_ids(Duration::ZERO);
    assert_eq!(
        others,
        [(1, "id of orders.a".to_owned()), (2, "id of orders.b".to_owned())]
    );
    assert_eq!(side.facts().len(), 3, "dead letters may be compacted");
    let kept = |side: &mut Box<dyn Topic>| side.new_facts().iter().filter_map(TopicFacts::kept_ms).sum::<i64>();
    assert_eq!((kept(&mut side), kept(&mut side)), (14, 0), "told once");
}

/// What one member had taken was lost when the next one failed: it was never told, and never again.
#[test]
fn what_was_taken_is_told_though_another_topic_does_not_answer() {
    let cluster = Cluster::default();
    for topic in ["orders.a", "orders.b", "orders.dlq"] {
        cluster.set(topic, 1);
    }
    let mut side = cluster.side(&["orders.a", "orders.b"]);
    cluster.set("orders.a", 2);
    cluster.set("orders.b", 0);
    cluster.set("orders.c", 0);
    assert_eq!(side.take_new_partitions().unwrap(), [(1, 5)]);
    assert!(side.take_new_partitions().unwrap_err().is_transient());
    assert_eq!(side.topics().own, ["orders.a", "orders.b"]);
    cluster.set("orders.b", 1);
    cluster.set("orders.c", 1);
    assert_eq!(side.take_new_partitions().unwrap(), [(THIRD, 5)]);
}

#[test]
fn many_are_opened_a_few_at_a_look_and_too_many_never() {
    let cluster = Cluster::default();
    cluster.set("orders.0000", 1);
    cluster.set("orders.dlq", 1);
    let mut side = cluster.side(&["orders.0000"]);
    (1..=20).for_each(|n| cluster.set(&format!("orders.{n:04}"), 1));
    assert_eq!(side.take_new_partitions().unwrap().len(), OPENED_AT_A_LOOK);
    assert_eq!(side.take_new_partitions().unwrap().len(), 20 - OPENED_AT_A_LOOK);
    (21..=Numbered::TOPICS_MAX).for_each(|n| cluster.set(&format!("orders.{n:04}"), 1));
    let error = side.take_new_partitions().unwrap_err();
    assert!(!error.is_transient());
    assert_eq!(
        error.to_string(),
        "^orders matches 2049 topics, and a side has at most 2048"
    );
    assert_eq!(side.topics().own.len(), 21);
}
