//! What only a real Kafka shows: transactions, times, deleted records, truncation, settings of topics.

use std::time::Duration;

use crosscheck::edge::kafka::{Event, Reader};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::Producer;
use rdkafka::{Offset, TopicPartitionList};
use uuid::Uuid;

use super::{Read, WAIT, flush, produce, producer, read_until, settings};

/// Some time in 2023; the topics keep their records for ever.
const START: i64 = 1_700_000_000_000;

pub(crate) fn from_stack(name: &str) -> String {
    std::env::var_os(name)
        .and_then(|value| value.into_string().ok())
        .unwrap_or_else(|| panic!("{name} is not set: run tests/stack/up"))
}

pub(crate) fn brokers() -> String {
    from_stack("CROSSCHECK_TEST_KAFKA")
}

pub(crate) struct Admin {
    pub(crate) client: AdminClient<DefaultClientContext>,
    runtime: tokio::runtime::Runtime,
}

impl Admin {
    pub(crate) fn new(brokers: &str) -> Self {
        Self {
            client: ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// A topic of a new name.
    pub(crate) fn topic(&self, prefix: &str, partitions: i32, config: &[(&str, &str)]) -> String {
        let name = format!("{prefix}-{}", Uuid::now_v7());
        let mut topic = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
        topic = topic.set("retention.ms", "-1");
        for (key, value) in config {
            topic = topic.set(key, value);
        }
        let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(20)));
        let made = self
            .runtime
            .block_on(self.client.create_topics(&[topic], &options))
            .unwrap();
        made[0].as_ref().unwrap();
        name
    }

    pub(crate) fn delete_before(&self, topic: &str, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, 0, Offset::Offset(offset)).unwrap();
        let done = self.client.delete_records(&list, &AdminOptions::new());
        self.runtime.block_on(done).unwrap();
    }
}

#[test]
#[ignore = "needs the stack: tests/stack/up"]
fn transactions_leave_gaps_and_an_open_one_is_seen() {
    let (brokers, admin) = (brokers(), Admin::new(&brokers()));
    let topic = admin.topic("transactions", 1, &[]);
    let id = format!("id-{topic}");
    let source = producer(&brokers, &[("transactional.id", &id)]);
    let limit = Duration::from_secs(20);
    source.init_transactions(limit).unwrap();
    for (round, commit) in [(0, true), (1, false), (2, true)] {
        source.begin_transaction().unwrap();
        (0..3).for_each(|number| produce(&source, &topic, 0, round * 3 + number, START));
        flush(&source);
        if commit {
            source.commit_transaction(limit).unwrap();
        } else {
            source.abort_transaction(limit).unwrap();
        }
    }
    let mut reader = Reader::open(&settings(&brokers), &topic).unwrap();
    assert_eq!(reader.watermarks(0).unwrap(), (0, 12));
    reader.assign(&[(0, 0)]).unwrap();
    let mut read = Read::default();
    read_until(&mut reader, &mut read, |read| read.ends.contains_key(&0));
    assert_eq!(read.offsets(0), [0, 1, 2, 8, 9, 10]);
    // Past the last control record.
    assert_eq!((read.ends[&0], reader.position(0)), (12, 12));

    source.begin_transaction().unwrap();
    produce(&source, &topic, 0, 99, START);
    flush(&source);
    let ends = reader.ends().unwrap();
    assert_eq!((ends[0].low, ends[0].last_stable, ends[0].high), (0, 12, 13));
    assert_eq!(reader.last_stable(0).unwrap(), 12);
    for _ in 0..4 {
        read.take(reader.poll(10, WAIT).unwrap());
    }
    assert_eq!((read.values.len(), reader.position(0)), (6, 12));
    // An aborted one at the very end: only the position shows that it was passed.
    source.abort_transaction(limit).unwrap();
    read_until(&mut reader, &mut read, |read| read.ends[&0] == 14);
    assert_eq!((read.values.len(), reader.position(0)), (6, 14));
    assert_eq!(reader.ends().unwrap()[0].last_stable, 14);
    // The record of an aborted transaction is not there, neither is a control record.
    let gone = Reader::fetch(&settings(&brokers), &topic, &[(0, 4), (0, 8), (0, 11)], &mut |_, _| {}).unwrap();
    assert_eq!(gone, [(0, 4), (0, 11)]);
}

#[test]
#[ignore = "needs the stack: tests/stack/up"]
fn times_lead_to_offsets() {
    let (brokers, admin) = (brokers(), Admin::new(&brokers()));
    let topic = admin.topic("times", 2, &[]);
    let source = producer(&brokers, &[]);
    (0..10).for_each(|number| {
        produce(
            &source,
            &topic,
            0,
            number,
            START + 1_000 * i64::try_from(number).unwrap(),
        )
    });
    flush(&source);
    let reader = Reader::open(&settings(&brokers), &topic).unwrap();
    for (time, expected) in [
        (-5, Some(0)),
        (0, Some(0)),
        (START + 3_000, Some(3)),
        (START + 3_001, Some(4)),
        (START + 9_000, Some(9)),
        (START + 9_001, None),
    ] {
        let found = reader.offsets_at(time).unwrap();
        assert_eq!(found, [(0, expected), (1, None)], "{time}");
    }
}

#[test]
#[ignore = "needs the stack: tests/stack/up"]
fn deleted_records_are_an_exact_gap_and_a_lost_end_is_told() {
    let (brokers, admin) = (brokers(), Admin::new(&brokers()));
    let topic = admin.topic("expired", 1, &[]);
    let source = producer(&brokers, &[]);
    (0..100).for_each(|number| produce(&source, &topic, 0, number, START));
    flush(&source);
    admin.delete_before(&topic, 40);
    let mut reader = Reader::open(&settings(&brokers), &topic).unwrap();
    assert_eq!(reader.watermarks(0).unwrap(), (40, 100));
    reader.assign(&[(0, 7)]).unwrap();
    let mut read = Read::default();
    read_until(&mut reader, &mut read, |read| read.ends.contains_key(&0));
    assert!(
        matches!(
            read.others.as_slice(),
            [Event::Expired {
                partition: 0,
                from: 7,
                to: 40
            }]
        ),
        "{:?}",
        read.others
    );
    assert_eq!(read.offsets(0), (40..100).collect::<Vec<_>>());

    // The same while it is held: only what was not read is lost.
    (100..200).for_each(|number| produce(&source, &topic, 0, number, START));
    flush(&source);
    reader.hold(&[0]);
    admin.delete_before(&topic, 150);
    reader.release(&[0]);
    let mut read = Read::default();
    read_until(&mut reader, &mut read, |read| read.ends.contains_key(&0));
    let first = read.offsets(0)[0];
    assert!(first == 100 || matches!(read.others[0], Event::Expired { from: 100, to: 150, .. }));
    let gone = Reader::fetch(&settings(&brokers), &topic, &[(0, 3), (0, 170)], &mut |_, _| {}).unwrap();
    assert_eq!(gone, [(0, 3)]);

    reader.assign(&[(0, 900)]).unwrap();
    let mut read = Read::default();
    read_until(&mut reader, &mut read, |read| !read.others.is_empty());
    assert!(
        matches!(
            read.others.as_slice(),
            [Event::Truncated {
                partition: 0,
                position: 900,
                end: 200
            }]
        ),
        "{:?}",
        read.others
    );
}

#[test]
#[ignore = "needs the stack: tests/stack/up"]
fn settings_of_a_topic_and_new_partitions_are_told() {
    let (brokers, admin) = (brokers(), Admin::new(&brokers()));
    let topic = admin.topic(
        "facts",
        1,
        &[
            ("cleanup.policy", "compact,delete"),
            ("retention.ms", "86400000"),
            ("min.compaction.lag.ms", "60000"),
            ("message.timestamp.type", "LogAppendTime"),
        ],
    );
    let source = producer(&brokers, &[]);
    produce(&source, &topic, 0, 0, START);
    flush(&source);
    let mut reader = Reader::open(&settings(&brokers), &topic).unwrap();
    let facts = reader.describe();
    assert!(facts.is_compacted());
    assert_eq!(
        (facts.retention_ms, facts.retention_bytes),
        (Some(86_400_000), Some(-1))
    );
    assert_eq!(facts.min_compaction_lag_ms, Some(60_000));
    assert_eq!(facts.timestamp_type.as_deref(), Some("LogAppendTime"));
    reader.assign(&[(0, 0)]).unwrap();
    let time = loop {
        if let Event::Records(batch) = reader.poll(1, WAIT).unwrap() {
            break batch.records[0].timestamp_ms;
        }
    };
    assert!(
        time.unwrap() > 1_600_000_000_000,
        "the broker's time, not the producer's"
    );

    assert_eq!(reader.partition_count().unwrap(), 1);
    let (three, options) = ([NewPartitions::new(&topic, 3)], AdminOptions::new());
    let more = admin.client.create_partitions(&three, &options);
    admin.runtime.block_on(more).unwrap()[0].as_ref().unwrap();
    // The answer to their making comes before every broker shows them.
    let shown = (0..100).any(|_| {
        reader.poll(1, WAIT).unwrap();
        reader.partition_count().unwrap() == 3
    });
    assert!(shown, "{:?}", reader.partition_count());
}
