//! The reader on librdkafka's mock cluster: positions, ends, holding, brokers that go away.

use std::time::Duration;

use crosscheck::edge::kafka::{Event, KafkaError, Reader};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::RDKafkaRespErr;

use super::{Read, WAIT, flush, produce, producer, read_until, settings};

#[test]
fn records_come_whole_and_every_end_is_told() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 3, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let source = producer(&brokers, &[]);
    for number in 0..250 {
        produce(&source, "t", i32::try_from(number % 2).unwrap(), number, 1_000 + 1);
    }
    flush(&source);

    let mut reader = Reader::open(&settings(&brokers), "t").unwrap();
    assert_eq!(reader.partitions(), [0, 1, 2]);
    assert_eq!(reader.watermarks(0).unwrap(), (0, 125));
    assert_eq!(reader.last_stable(1).unwrap(), 125);
    reader.assign(&[(0, 0), (1, 100), (2, 0)]).unwrap();
    let mut read = Read::default();
    read_until(&mut reader, &mut read, |read| read.ends.len() == 3);
    assert_eq!(read.ends.values().copied().collect::<Vec<_>>(), [125, 125, 0]);
    assert_eq!(read.offsets(0), (0..125).collect::<Vec<_>>());
    assert_eq!(read.offsets(1), (100..125).collect::<Vec<_>>());
    assert_eq!(read.values[&(0, 3)].as_deref(), Some("v6"));
    assert_eq!([0, 1, 2].map(|partition| reader.position(partition)), [125, 125, 0]);
}

#[test]
fn a_record_keeps_key_headers_and_time() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 1, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let source = producer(&brokers, &[]);
    produce(&source, "t", 0, 0, 1_700_000_000_123);
    flush(&source);
    let mut reader = Reader::open(&settings(&brokers), "t").unwrap();
    reader.assign(&[(0, 0)]).unwrap();
    let batch = loop {
        if let Event::Records(batch) = reader.poll(10, WAIT).unwrap() {
            break batch;
        }
    };
    let record = &batch.records[0];
    assert_eq!(batch.key(record), Some(b"k".as_slice()));
    assert_eq!(record.timestamp_ms, Some(1_700_000_000_123));
    let headers: Vec<_> = batch.headers(record).collect();
    assert_eq!(
        headers,
        [(b"h".as_slice(), Some(b"x".as_slice())), (b"nothing".as_slice(), None)]
    );
}

/// A log that is written to between two questions has no open transaction (seen on a real broker by the Python oracle's run).
#[test]
fn ends_are_told_while_others_write() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 1, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let reader = Reader::open(&settings(&brokers), "t").unwrap();
    let written = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let source = producer(&brokers, &[]);
            for number in 0..2_000 {
                produce(&source, "t", 0, number, 1);
                if number % 10 == 9 {
                    flush(&source);
                }
            }
            written.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        let mut seen = 0;
        while !written.load(std::sync::atomic::Ordering::SeqCst) {
            for ends in reader.ends().unwrap() {
                assert_eq!(ends.last_stable, ends.high, "after {seen} records");
                seen = seen.max(ends.high);
            }
        }
        assert!(seen > 0);
    });
    assert_eq!(reader.ends().unwrap()[0].high, 2_000);
}

/// Two partitions of 2,000 records each, of which the first ones are read.
fn half_read() -> (MockCluster<'static, DefaultProducerContext>, Reader, Read) {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 2, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let source = producer(&brokers, &[]);
    for number in 0..4_000 {
        produce(&source, "t", i32::try_from(number % 2).unwrap(), number, 1);
    }
    flush(&source);
    let mut reader = Reader::open(&settings(&brokers), "t").unwrap();
    reader.assign(&[(0, 0), (1, 0)]).unwrap();
    let mut read = Read::default();
    read_until(&mut reader, &mut read, |read| !read.offsets(0).is_empty());
    (cluster, reader, read)
}

/// Every record of these comes, once and in order, and nothing else.
fn read_to_the_end(reader: &mut Reader, read: &mut Read) {
    read_until(reader, read, |read| read.values.len() == 4_000);
    assert_eq!(read.offsets(0), (0..2_000).collect::<Vec<_>>());
    assert_eq!(read.offsets(1), (0..2_000).collect::<Vec<_>>());
    assert!(read.others.is_empty(), "{:?}", read.others);
}

#[test]
fn a_held_partition_is_silent_and_goes_on_where_it_was() {
    let (_cluster, mut reader, mut read) = half_read();
    for round in 0..3 {
        reader.hold(&[0]);
        let before = read.offsets(0).len();
        for _ in 0..5 {
            read.take(reader.poll(50, Duration::from_millis(50)).unwrap());
        }
        assert_eq!(read.offsets(0).len(), before, "round {round}");
        assert_eq!(reader.position(0), u64::try_from(before).unwrap());
        reader.release(&[0]);
        let wanted = before + 300;
        read_until(&mut reader, &mut read, |read| read.offsets(0).len() >= wanted);
    }
    read_to_the_end(&mut reader, &mut read);
}

/// What was taken of a partition before it was held stays in memory.
#[test]
fn what_a_held_partition_keeps_is_counted_until_nobody_wants_it() {
    let (_cluster, mut reader, _) = half_read();
    // Until both partitions are taken at once.
    let held = loop {
        match reader.poll(4_000, WAIT).unwrap() {
            Event::Records(batch) => {
                let other = 1 - batch.partition;
                reader.hold(&[other]);
                if reader.kept_bytes() > 0 {
                    break other;
                }
                reader.release(&[other]);
            }
            Event::Idle => reader.assign(&[(0, 0), (1, 0)]).unwrap(),
            _ => {}
        }
    };
    let kept = reader.kept_bytes();
    reader.release(&[held]);
    assert_eq!(reader.kept_bytes(), 0, "it is on its way");
    reader.hold(&[held]);
    assert_eq!(reader.kept_bytes(), kept);
    reader.forget(held);
    assert_eq!(reader.kept_bytes(), 0);
}

/// librdkafka takes the offset of an end for that of a record where it hands out batches, and would skip the next record.
#[test]
fn a_partition_held_at_its_end_loses_nothing_that_comes_then() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 2, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let source = producer(&brokers, &[]);
    let mut reader = Reader::open(&settings(&brokers), "t").unwrap();
    reader.assign(&[(0, 0), (1, 0)]).unwrap();
    let mut read = Read::default();
    for round in 0..4_u32 {
        for number in 0..10 {
            produce(&source, "t", i32::try_from(number % 2).unwrap(), number, 1);
        }
        flush(&source);
        let end = u64::from(round + 1) * 5;
        read_until(&mut reader, &mut read, |read| {
            [0, 1].iter().all(|partition| read.ends.get(partition) == Some(&end))
        });
        assert_eq!(read.offsets(0), (0..end).collect::<Vec<_>>(), "round {round}");
        assert_eq!(read.offsets(1), (0..end).collect::<Vec<_>>(), "round {round}");
        reader.hold(&[0]);
        reader.release(&[0]);
    }
}

/// librdkafka 5301 and its like: a client that is silent for good is replaced, in the middle of everything.
#[test]
fn a_new_client_goes_on_where_the_old_one_stood() {
    let (_cluster, mut reader, mut read) = half_read();
    reader.hold(&[0]);
    let held = read.offsets(0).len();
    for round in 0..3 {
        let wanted = read.offsets(1).len() + 100;
        reader.reconnect().unwrap();
        read_until(&mut reader, &mut read, |read| read.offsets(1).len() >= wanted);
        assert_eq!(read.offsets(0).len(), held, "round {round}");
    }
    reader.release(&[0]);
    read_to_the_end(&mut reader, &mut read);
    assert_eq!(reader.last_stable(1).unwrap(), 2_000);
}

#[test]
fn a_batch_outlives_its_reader() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 1, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let source = producer(&brokers, &[]);
    (0..100).for_each(|number| produce(&source, "t", 0, number, 1));
    flush(&source);
    let mut reader = Reader::open(&settings(&brokers), "t").unwrap();
    reader.assign(&[(0, 0)]).unwrap();
    let mut batches = Vec::new();
    let mut count = 0;
    while count < 100 {
        if let Event::Records(batch) = reader.poll(30, WAIT).unwrap() {
            assert!(batch.records.len() <= 30 && batch.lent.is_some());
            count += batch.records.len();
            batches.push(batch);
        }
    }
    drop(reader);
    let elsewhere = std::thread::spawn(move || {
        let mut number = 0;
        for batch in batches {
            for record in &batch.records {
                assert_eq!(batch.value(record), Some(format!("v{number}").as_bytes()));
                number += 1;
            }
        }
        number
    });
    assert_eq!(elsewhere.join().unwrap(), 100);
}

#[test]
fn a_broker_that_goes_away_is_trouble_and_nothing_is_lost() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 1, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let source = producer(&brokers, &[]);
    (0..10).for_each(|number| produce(&source, "t", 0, number, 1));
    flush(&source);
    let mut reader = Reader::open(&settings(&brokers), "t").unwrap();
    reader.assign(&[(0, 0)]).unwrap();
    let mut read = Read::default();
    read_until(&mut reader, &mut read, |read| read.ends.contains_key(&0));
    cluster.broker_down(1).unwrap();
    read_until(&mut reader, &mut read, |read| {
        read.others.iter().any(|event| matches!(event, Event::Trouble(_)))
    });
    cluster.broker_up(1).unwrap();
    (10..20).for_each(|number| produce(&source, "t", 0, number, 1));
    flush(&source);
    read_until(&mut reader, &mut read, |read| read.values.len() == 20);
    assert_eq!(reader.position(0), 20);
}

#[test]
fn records_are_read_again_by_position() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 2, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let source = producer(&brokers, &[]);
    (0..3_000).for_each(|number| produce(&source, "t", 0, number, 1));
    flush(&source);
    let wanted = [
        (0, 2_999),
        (0, 5),
        (0, 6),
        (0, 1_500),
        (0, 3_000),
        (1, 0),
        (7, 1),
        (0, 5),
    ];
    let mut found = Vec::new();
    let gone = Reader::fetch(&settings(&brokers), "t", &wanted, &mut |batch, index| {
        let record = &batch.records[index];
        let value = String::from_utf8(batch.value(record).unwrap().to_vec()).unwrap();
        found.push((batch.partition, record.offset, value));
    })
    .unwrap();
    let expected = [5, 6, 1_500, 2_999].map(|offset| (0, offset, format!("v{offset}")));
    assert_eq!(found, expected);
    assert_eq!(gone, [(0, 3_000), (1, 0), (7, 1)]);
}

#[test]
fn an_unreachable_broker_is_told_in_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let Err(error) = Reader::open(&settings(&format!("127.0.0.1:{port}")), "t") else {
        panic!("opened");
    };
    let text = error.to_string();
    assert!(matches!(error, KafkaError::Unreachable { .. }), "{text}");
    assert!(text.contains("Connection refused"), "{text}");
}

#[test]
fn a_topic_that_is_not_there_or_forbidden_is_told() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("orders", 1, 1).unwrap();
    cluster.create_topic("secret", 1, 1).unwrap();
    cluster
        .topic_error("secret", RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        .unwrap();
    cluster
        .topic_error("ordres", RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        .unwrap();
    let settings = settings(&cluster.bootstrap_servers());
    let told = |topic: &str| match Reader::open(&settings, topic) {
        Ok(_) => "opened".to_owned(),
        Err(error) => format!("{error} | {}", error.hint().unwrap_or_default()),
    };
    assert_eq!(told("ordres"), "topic `ordres` does not exist | did you mean `orders`?");
    assert_eq!(
        told("secret"),
        "read topic `secret`: not authorised | grant Read, Describe and DescribeConfigs on topic `secret` to this user"
    );
}

#[test]
fn a_cluster_in_the_process_is_not_asked_what_it_never_answers() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", 1, 1).unwrap();
    let mut reader = Reader::open(&settings(&cluster.bootstrap_servers()), "t").unwrap();
    assert_eq!(reader.topic_id(Duration::from_secs(60)), None);
    assert_eq!(reader.describe(), crosscheck::edge::kafka::TopicFacts::default());
}
