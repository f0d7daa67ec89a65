//! Whatever the number of hands that walk a topic's records and of batches that are under way, what comes out is what the
//! topic told, in the order of each partition, and nothing of one that is held.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crosscheck::app::book::{self, Book, Fact};
use crosscheck::app::crew::Crew;
use crosscheck::app::lane::Lane;
use crosscheck::app::log::{Log, Read};
use crosscheck::app::topic::Topic;
use crosscheck::codec::{Field, Framing, Part, Reducer, Schema, SchemaRef, Settings};
use crosscheck::edge::kafka::{Ends, Event, KafkaError, TopicFacts};
use crosscheck::engine::Entry;
use crosscheck::model::{Path, RecordBatch, Side, Sides};
use proptest::prelude::*;

const SCHEMA: &str = r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]}"#;

/// A topic that tells what it was given, and of held partitions nothing.
struct Given {
    events: VecDeque<Event>,
    held: BTreeSet<u32>,
    /// An error behind them, once this is set.
    broken: Arc<AtomicBool>,
}

impl Topic for Given {
    fn name(&self) -> &'static str {
        "orders"
    }

    fn partitions(&self) -> &[u32] {
        &[0, 1, 2]
    }

    fn partition_count(&self) -> Result<usize, KafkaError> {
        Ok(3)
    }

    fn describe(&self) -> TopicFacts {
        TopicFacts::default()
    }

    fn ends(&self) -> Result<Vec<Ends>, KafkaError> {
        Ok(Vec::new())
    }

    fn watermarks(&self, _: u32) -> Result<(u64, u64), KafkaError> {
        Ok((0, 0))
    }

    fn offsets_at(&self, _: i64) -> Result<Vec<(u32, Option<u64>)>, KafkaError> {
        Ok(Vec::new())
    }

    fn assign(&mut self, _: &[(u32, u64)]) -> Result<(), KafkaError> {
        Ok(())
    }

    fn hold(&mut self, partitions: &[u32]) {
        self.held.extend(partitions);
    }

    fn release(&mut self, partitions: &[u32]) {
        self.held.retain(|partition| !partitions.contains(partition));
    }

    fn poll(&mut self, _: usize, _: Duration) -> Result<Event, KafkaError> {
        let next = self
            .events
            .iter()
            .position(|event| partition_of(event).is_none_or(|partition| !self.held.contains(&partition)));
        match next.and_then(|at| self.events.remove(at)) {
            Some(event) => Ok(event),
            None if self.events.is_empty() && self.broken.load(Ordering::Relaxed) => Err(KafkaError::NoBroker),
            None => Ok(Event::Idle),
        }
    }
}

fn partition_of(event: &Event) -> Option<u32> {
    match event {
        Event::Records(batch) => Some(batch.partition),
        Event::End { partition, .. } | Event::Expired { partition, .. } => Some(*partition),
        _ => None,
    }
}

fn batch(partition: u32, from: u64, count: u64) -> Event {
    let mut batch = RecordBatch::new(partition);
    for offset in from..from + count {
        let text = format!("{partition}-{offset}");
        let mut bytes = vec![u8::try_from(text.len() * 2).unwrap()];
        bytes.extend(text.bytes());
        batch.push_value(offset, &bytes);
    }
    Event::Records(batch)
}

/// What a topic tells: for each number a batch, an end or a hole of a partition, offsets rising.
fn told(plan: &[(u32, u8)]) -> VecDeque<Event> {
    let mut positions = BTreeMap::<u32, u64>::new();
    let event = |&(partition, what): &(u32, u8)| {
        let position = positions.entry(partition).or_default();
        let from = *position;
        match what {
            0 => Event::End {
                partition,
                position: from,
            },
            1 => {
                *position += 5;
                Event::Expired {
                    partition,
                    from,
                    to: from + 5,
                }
            }
            2 => Event::Trouble(format!("trouble {from}")),
            count => {
                *position += u64::from(count);
                batch(partition, from, count.into())
            }
        }
    };
    plan.iter().map(event).collect()
}

/// One thing that came, of a partition or of none.
#[derive(Clone, Debug, PartialEq)]
enum Came {
    Entries(Vec<Entry>),
    End(u64),
    Hole(u64, u64),
    Trouble(String),
}

type All = BTreeMap<Option<u32>, Vec<Came>>;

fn run(plan: &[(u32, u8)], holds: &[u8], pace: Option<(usize, usize)>) -> All {
    let settings = Settings {
        framing: Framing::None,
        identity: vec![Part::Field(Path::parse("id").unwrap())],
        ..Settings::default()
    };
    let book = Book::default();
    let schema = Schema::parse(SCHEMA).unwrap();
    book.note(Fact::Schema(
        Side::Canary,
        Field::Value,
        SchemaRef::Fixed,
        schema.clone(),
    ));
    book.note(Fact::SoleContract(Field::Value, schema));
    let broken = Arc::<AtomicBool>::default();
    let mut log = Log::of_topic(Box::new(Given {
        events: told(plan),
        held: BTreeSet::new(),
        broken: broken.clone(),
    }));
    let both = Sides {
        baseline: settings.clone(),
        canary: settings.clone(),
        control: None,
    };
    if let Some((hands, batches)) = pace {
        log.share(&Crew::of(hands, both, &book), Side::Canary, batches);
    }
    let reader = book::Reader::new(Reducer::new(Side::Canary, settings), Side::Canary, book.clone());
    let mut lane = Lane::new(Side::Canary, log, reader);
    let mut all = All::new();
    let mut held = BTreeSet::new();
    let mut holds = holds.iter().copied();
    loop {
        // Now and then a partition is held, and all are released.
        match holds.next() {
            Some(partition @ 0..3) => {
                lane.log.hold(&[partition.into()]);
                held.insert(u32::from(partition));
            }
            released @ (Some(3) | None) => {
                broken.store(released.is_none(), Ordering::Relaxed);
                let back: Vec<u32> = std::mem::take(&mut held).into_iter().collect();
                lane.log.release(&back);
            }
            Some(_) => {}
        }
        let (partition, came) = match lane.log.read(Duration::ZERO) {
            // Behind all that was told before it.
            Err(_) => return all,
            Ok(Read::Records(batch, broken, ready)) => {
                let partition = batch.partition;
                assert!(!held.contains(&partition), "a record of a held partition");
                assert_eq!(ready.is_some(), pace.is_some());
                (Some(partition), Came::Entries(lane.admit(batch, broken, ready)))
            }
            Ok(Read::End(partition, position)) => (Some(partition), Came::End(position)),
            Ok(Read::Expired(partition, from, to)) => (Some(partition), Came::Hole(from, to)),
            Ok(Read::Trouble(text)) => (None, Came::Trouble(text)),
            Ok(_) => continue,
        };
        all.entry(partition).or_default().push(came);
    }
}

#[test]
fn what_is_kept_back_is_counted_until_nobody_wants_it() {
    let plan = [(0, 3), (1, 7), (0, 4), (1, 5)];
    let mut log = Log::of_topic(Box::new(Given {
        events: told(&plan),
        held: BTreeSet::new(),
        broken: Arc::default(),
    }));
    log.share(
        &Crew::of(1, Sides::default(), &Book::default()),
        Side::Canary,
        plan.len(),
    );
    let mut read = || {
        let Ok(Read::Records(batch, ..)) = log.read(Duration::ZERO) else {
            return None;
        };
        log.hold(&[1]);
        Some((batch.partition, log.kept_bytes()))
    };
    // A record is its offset behind a number, a hyphen and a length.
    let kept = 7 * 4 + 3 * 4 + 2 * 5;
    assert_eq!([read(), read(), read()], [Some((0, kept)), Some((0, kept)), None]);
    log.release(&[1]);
    assert_eq!(log.kept_bytes(), 0, "it is on its way");
    log.hold(&[1]);
    assert_eq!(log.kept_bytes(), kept);
    log.end(1);
    assert_eq!(log.kept_bytes(), 0);
    log.release(&[1]);
    assert!(matches!(log.read(Duration::ZERO), Ok(Read::Idle)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_comes_is_what_was_told(
        plan in prop::collection::vec((0_u32..3, 0_u8..12), 0..60),
        holds in prop::collection::vec(0_u8..8, 0..120),
    ) {
        let plain = run(&plan, &holds, None);
        let records: usize = plan.iter().filter(|(_, what)| *what > 2).map(|(_, count)| usize::from(*count)).sum();
        let entries = |came: &Came| match came {
            Came::Entries(entries) => entries.len(),
            _ => 0,
        };
        prop_assert_eq!(plain.values().flatten().map(entries).sum::<usize>(), records);
        for pace in [(1, 1), (1, 4), (2, 3), (4, 16)] {
            prop_assert_eq!(&run(&plan, &holds, Some(pace)), &plain, "{:?}", pace);
        }
    }
}
