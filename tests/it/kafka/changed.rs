//! A topic that is not what it was, on a real Kafka: made again, with more partitions, with records of many megabytes.

use std::time::Duration;

use crosscheck::edge::kafka::{Event, Reader};
use rdkafka::admin::{AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::producer::BaseRecord;

use super::real::{Admin, brokers};
use super::{Read, WAIT, flush, produce, producer, read_until, settings};

const START: i64 = 1_700_000_000_000;
const TELL: Duration = Duration::from_secs(20);

#[test]
#[ignore = "needs the stack: tests/stack/up"]
fn a_topic_that_is_made_again_has_another_id() {
    let (brokers, admin) = (brokers(), Admin::new(&brokers()));
    let topic = admin.topic("recreated", 1, &[]);
    let source = producer(&brokers, &[]);
    (0..10).for_each(|number| produce(&source, &topic, 0, number, START));
    flush(&source);
    let mut reader = Reader::open(&settings(&brokers), &topic).unwrap();
    let id = reader.topic_id(TELL).expect("the broker tells it");
    assert_eq!(reader.topic_id(TELL).as_ref(), Some(&id));
    assert_eq!(
        Reader::open(&settings(&brokers), &topic)
            .unwrap()
            .topic_id(TELL)
            .as_ref(),
        Some(&id)
    );

    admin.make_again(&topic);
    let source = producer(&brokers, &[]);
    (0..50).for_each(|number| produce(&source, &topic, 0, number, START));
    flush(&source);
    // The old reader sees it, and so does a new one, though 10 is an offset of the new log too.
    let told = (0..40).find_map(|_| reader.topic_id(TELL).filter(|now| *now != id));
    assert!(told.is_some());
    assert_eq!(Reader::open(&settings(&brokers), &topic).unwrap().topic_id(TELL), told);
}

#[test]
#[ignore = "needs the stack: tests/stack/up"]
fn partitions_that_are_added_are_read_from_their_begin() {
    let (brokers, admin) = (brokers(), Admin::new(&brokers()));
    let topic = admin.topic("more", 1, &[]);
    let source = producer(&brokers, &[("topic.metadata.refresh.interval.ms", "500")]);
    produce(&source, &topic, 0, 0, START);
    flush(&source);
    let mut reader = Reader::open(&settings(&brokers), &topic).unwrap();
    reader.assign(&[(0, 0)]).unwrap();
    assert_eq!(reader.take_new_partitions().unwrap(), []);
    let (three, options) = ([NewPartitions::new(&topic, 3)], AdminOptions::new());
    admin.wait(admin.client.create_partitions(&three, &options)).unwrap()[0]
        .as_ref()
        .unwrap();
    let source = producer(&brokers, &[]);
    for number in 0..30 {
        produce(&source, &topic, i32::try_from(number % 3).unwrap(), number, START);
    }
    flush(&source);
    let mut read = Read::default();
    read_until(&mut reader, &mut read, |read| read.values.len() == 11);
    // A broker shows them, and knows who leads them, a moment later: until then a look finds nothing, or fails.
    let mut fresh = Vec::new();
    for _ in 0..100 {
        fresh.extend(reader.take_new_partitions().unwrap_or_default());
        if fresh.len() == 2 {
            break;
        }
        reader.poll(1, WAIT).unwrap();
    }
    assert_eq!(fresh, [(1, 0), (2, 0)]);
    assert_eq!(reader.take_new_partitions().unwrap(), []);
    assert_eq!(reader.partitions(), [0, 1, 2]);
    read_until(&mut reader, &mut read, |read| read.values.len() == 31);
    assert_eq!([1, 2].map(|partition| read.offsets(partition).len()), [10, 10]);
    assert_eq!(reader.ends().unwrap().len(), 3);
}

#[test]
#[ignore = "needs the stack: tests/stack/up"]
fn a_record_of_eight_megabytes_is_read_like_any_other() {
    let (brokers, admin) = (brokers(), Admin::new(&brokers()));
    let topic = admin.topic("large", 1, &[("max.message.bytes", "10000000")]);
    let source = producer(&brokers, &[("message.max.bytes", "10000000")]);
    let large = vec![b'x'; 8 << 20];
    produce(&source, &topic, 0, 0, START);
    source
        .send(BaseRecord::<(), _>::to(&topic).partition(0).payload(&large))
        .map_err(|(error, _)| error)
        .unwrap();
    produce(&source, &topic, 0, 2, START);
    flush(&source);
    let mut reader = Reader::open(&settings(&brokers), &topic).unwrap();
    reader.assign(&[(0, 0)]).unwrap();
    let mut sizes = Vec::new();
    while sizes.len() < 3 {
        match reader.poll(100, TELL).unwrap() {
            Event::Records(batch) => {
                sizes.extend(batch.records.iter().map(|record| batch.value(record).unwrap().len()))
            }
            Event::Idle => panic!("stuck after {sizes:?}"),
            _ => {}
        }
    }
    assert_eq!(sizes, [2, 8 << 20, 2]);
    // And again by position, where little is fetched at a time.
    let mut again = Vec::new();
    let gone = Reader::fetch(&settings(&brokers), &topic, &[(0, 1)], &mut |batch, at| {
        again.push(batch.value(&batch.records[at]).unwrap().len());
    });
    assert_eq!((gone.unwrap(), again), (vec![], vec![8 << 20]));
}

impl Admin {
    /// Deletes a topic and makes it again under its name.
    pub(crate) fn make_again(&self, topic: &str) {
        let options = AdminOptions::new().operation_timeout(Some(TELL));
        self.wait(self.client.delete_topics(&[topic], &options)).unwrap()[0]
            .as_ref()
            .unwrap();
        let again = NewTopic::new(topic, 1, TopicReplication::Fixed(1)).set("retention.ms", "-1");
        // The name is free once the broker has forgotten the old one.
        let made = (0..100).any(|_| self.wait(self.client.create_topics([&again], &options)).unwrap()[0].is_ok());
        assert!(made);
    }
}
