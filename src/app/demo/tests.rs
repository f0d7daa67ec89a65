//! The pipelines alone, without a worker: what they say they did wrong is what stands in their topics.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::broker::{Broker, Topic};
use super::enrich::{Enriched, EnrichedCanary};
use super::orders::Book;
use super::schemas::{ENRICHED, ENRICHED_CANARY, Registered, id};
use super::stage::{Play, start};
use super::truth::{Injected, Injury};
use super::{registry, truth};
use crate::app::report::Place;
use crate::model::Outcome;

/// Every value of a topic with its place.
fn raw(brokers: &str, topic: &Topic, count: u64) -> Vec<(Place, Vec<u8>)> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "raw")
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..topic.partitions {
        list.add_partition_offset(&topic.name, partition, Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&list).unwrap();
    let mut found = Vec::new();
    while u64::try_from(found.len()).unwrap() < count {
        let message = consumer.poll(Duration::from_secs(20)).unwrap().unwrap();
        let place = Place::of(
            u32::try_from(message.partition()).unwrap(),
            u64::try_from(message.offset()).unwrap(),
        );
        found.push((place, message.payload().unwrap().to_vec()));
    }
    found.sort();
    found
}

/// Places and totals of one order.
type Totals = Vec<(Place, i64)>;

/// The truth by a look at the topics alone.
fn seen(baseline: &[(Place, Enriched)], canary: &[(Place, EnrichedCanary)]) -> Vec<Injury> {
    let mut by_id: BTreeMap<&str, [Totals; 2]> = BTreeMap::new();
    for (place, order) in baseline {
        by_id.entry(&order.order_id).or_default()[0].push((place.clone(), order.total_minor));
    }
    for (place, order) in canary {
        by_id.entry(&order.order_id).or_default()[1].push((place.clone(), order.total_minor));
    }
    let mut found = Vec::new();
    for (_, sides) in by_id {
        let injury = |outcome, baseline, canary, fields: &[&str]| Injury {
            outcome,
            baseline,
            canary,
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        };
        match (sides[0].as_slice(), sides[1].as_slice()) {
            ([a], [b]) if a.1 == b.1 => {}
            ([a], [b]) => found.push(injury(
                Outcome::Mismatched,
                Some(a.0.clone()),
                Some(b.0.clone()),
                &["total_minor"],
            )),
            ([a], []) => found.push(injury(Outcome::Missing, Some(a.0.clone()), None, &[])),
            ([a], [b, c]) if a.1 == b.1 && b.1 == c.1 => {
                found.push(injury(Outcome::Duplicate, None, Some(c.0.clone()), &[]))
            }
            other => panic!("{other:?}"),
        }
    }
    found.sort();
    found
}

async fn play(healthy: bool) -> (Injected, Vec<Injury>) {
    let mut broker = Broker::open(None).unwrap();
    let server = registry::start().await.unwrap();
    let book = Book {
        start_ms: 1_790_000_000_000,
        records: 2_000,
    };
    let topics = broker.make_topics(book.records).await.unwrap();
    let play = Play {
        brokers: broker.bootstrap(),
        registry: server.url.clone(),
        topics: topics.clone(),
        book,
        healthy,
        stop: CancellationToken::new(),
        threads: TaskTracker::new(),
    };
    let injected = start(play).await.unwrap().finish().await.unwrap();
    let brokers = broker.bootstrap();
    let written = injected.written;
    let read = tokio::task::spawn_blocking(move || {
        let baseline = raw(&brokers, &topics.baseline, written.baseline);
        let canary = raw(&brokers, &topics.canary, written.canary);
        (baseline, canary)
    });
    let (baseline, canary) = read.await.unwrap();
    let schema = |value: &[u8], text| Registered::new(id(value).unwrap(), text).unwrap();
    let baseline: Vec<(Place, Enriched)> = baseline
        .iter()
        .map(|(place, value)| (place.clone(), schema(value, ENRICHED).read(value).unwrap()))
        .collect();
    let canary: Vec<(Place, EnrichedCanary)> = canary
        .iter()
        .map(|(place, value)| (place.clone(), schema(value, ENRICHED_CANARY).read(value).unwrap()))
        .collect();
    let mut newest: BTreeMap<u32, i64> = BTreeMap::new();
    for (place, order) in &canary {
        let newest = newest.entry(place.partition).or_insert(order.created_at);
        assert!(*newest - order.created_at < 5_000, "later than the lateness");
        *newest = (*newest).max(order.created_at);
    }
    let found = seen(&baseline, &canary);
    server.stop().await;
    (injected, found)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_to_be_injected_stands_in_the_topics() {
    let (faulty, healthy) = tokio::join!(play(false), play(true));
    let (injected, found) = faulty;
    assert_eq!(injected.findings, found);
    assert!(injected.mismatched >= 10 && injected.missing >= 10 && injected.duplicate.canary >= 10);
    assert_eq!(injected.written.baseline, 2_000);
    assert_eq!(injected.fields[0].count, injected.mismatched);
    let (injected, found) = healthy;
    assert_eq!((injected.findings, found), (Vec::new(), Vec::new()));
    assert_eq!(injected.written.canary, 2_000);
    assert!(truth::paths(&[]).is_empty() && injected.fields.is_empty());
}
