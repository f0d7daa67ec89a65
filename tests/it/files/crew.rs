//! Whatever the number of hands that walk a file's blocks, what comes out is the same, in the same order.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crosscheck::app::book::{self, Book, Fact};
use crosscheck::app::crew::Crew;
use crosscheck::app::lane::{Lane, Partition};
use crosscheck::app::log::{Log, Read};
use crosscheck::codec::{EventTime, Field, Part, Reducer, Schema, SchemaRef, SchemaUse, Settings, Writers};
use crosscheck::edge::files;
use crosscheck::engine::Entry;
use crosscheck::model::{Path as FieldPath, Reduction, Side, Sides};

use super::container::{block, file, header, long, sized};

const SCHEMA: &str = r#"{"type": "record", "name": "Order", "fields": [
    {"name": "id", "type": "string"}, {"name": "time", "type": "long"}]}"#;

const WIDER: &str = r#"{"type": "record", "name": "Order", "fields": [
    {"name": "id", "type": "string"}, {"name": "time", "type": "long"}, {"name": "new", "type": "int", "default": 7}]}"#;

/// Everything that comes of a file.
#[derive(Clone, Debug, PartialEq)]
struct Came {
    /// Batches: how many records were read, and what they were reduced to.
    batches: Vec<(usize, Vec<Entry>)>,
    /// Its end, or why it has none.
    end: Result<u64, String>,
    uses: Vec<SchemaUse>,
    writers: Writers,
    changes: usize,
    progress: (u64, u64),
}

fn settings() -> Settings {
    let field = |name| FieldPath::parse(name).unwrap();
    Settings {
        identity: vec![Part::Field(field("id"))],
        event_time: EventTime::Field(field("time")),
        producer: Some("producer".to_owned()),
        ..Settings::default()
    }
}

fn file_log(path: &Path) -> Log {
    let input = files::Input::plain(path).unwrap();
    Log::of_file(files::Records::of(&input, files::Kind::Avro).unwrap(), Vec::new())
}

/// Reads a file with so many hands, or without a crew. The contract is known at once, or when it is needed; later it is
/// another one.
fn read(path: &Path, hands: Option<usize>, span: (u64, Option<u64>), late: bool) -> Came {
    let side = Side::Canary;
    let mut log = file_log(path);
    let book = Book::default();
    if let Log::File(file) = &mut log {
        let schema = file.reader.schema().unwrap().clone();
        book.note(Fact::Schema(side, Field::Value, SchemaRef::Fixed, schema));
        let both = Sides {
            baseline: settings(),
            canary: settings(),
            control: None,
        };
        if let Some(hands) = hands {
            let crew = Crew::of(hands, both, &book);
            file.share(crew, side, span.0..span.1.unwrap_or(u64::MAX));
        }
    }
    let note = |contract: &str| book.note(Fact::SoleContract(Field::Value, Schema::parse(contract).unwrap()));
    if !late {
        note(SCHEMA);
    }
    let mut lane = Lane::new(
        side,
        log,
        book::Reader::new(Reducer::new(side, settings()), side, book.clone()),
    );
    lane.partitions.insert(
        0,
        Partition {
            start: span.0,
            end: span.1,
            ..Partition::default()
        },
    );
    let mut batches = Vec::new();
    let end = loop {
        if lane.partitions[&0].waiting.is_some() {
            note(SCHEMA);
            batches.push((0, lane.resume(0)));
        }
        if batches.len() == 5 {
            note(WIDER);
        }
        match lane.log.read(Duration::ZERO) {
            Ok(Read::Records(batch, broken, ready)) => {
                batches.push((batch.records.len(), lane.admit(batch, broken, ready)));
            }
            Ok(Read::End(0, end)) => break Ok(end),
            Ok(_) => break Err("something else".to_owned()),
            Err(error) => break Err(format!("{error:#}")),
        }
    };
    Came {
        batches,
        end,
        uses: lane.reducer().schema_uses(),
        writers: lane.reducer().writers().clone(),
        changes: lane.reducer().schema_changes().len(),
        progress: lane.log.progress().unwrap(),
    }
}

fn record(number: i64) -> Vec<u8> {
    [sized(format!("order-{number}").as_bytes()), long(number * 10)].concat()
}

/// A block of records from a number on, deflated.
fn deflated(numbers: std::ops::Range<i64>, broken: &[u8]) -> Vec<u8> {
    let count = numbers.end - numbers.start + i64::from(!broken.is_empty());
    let mut bytes: Vec<u8> = numbers.flat_map(record).collect();
    bytes.extend(broken);
    block(count, &miniz_oxide::deflate::compress_to_vec(&bytes, 1))
}

/// Files that are whole, and files that are wrong somewhere.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let head = header(SCHEMA, "deflate");
    let many: Vec<u8> = (0..60).flat_map(|at| deflated(at * 10..at * 10 + 10, &[])).collect();
    let wide = deflated(600..600 + 34_000, &[]);
    let broken = deflated(1..5, &[0xff; 4]);
    let mut garbage = deflated(0..9, &[]);
    let middle = garbage.len() / 2;
    garbage[middle..].fill(0x55);
    let mut rotten = block(3, &[0x06, 0xff, 0xff]);
    rotten.extend(&many);
    let marked = {
        let mut bytes = deflated(0..9, &[]);
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        bytes
    };
    let none = block(0, &miniz_oxide::deflate::compress_to_vec(&[], 1));
    vec![
        ("nothing", head.clone()),
        ("many small blocks", [head.clone(), many.clone()].concat()),
        ("a wide one between", [&head[..], &many, &wide, &none, &many].concat()),
        (
            "records that cannot be told apart",
            [&head[..], &many, &broken, &none, &many].concat(),
        ),
        ("a marker that is none", [&head[..], &many, &marked, &many].concat()),
        ("bytes that do not inflate", [&head[..], &many, &rotten].concat()),
        (
            "a block that is wrong behind another",
            [&head[..], &rotten, &garbage].concat(),
        ),
        ("cut", [&head[..], &many, &wide[..wide.len() / 2]].concat()),
    ]
}

#[test]
fn the_number_of_hands_does_not_show() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files() {
        let path = file(dir.path(), &bytes);
        for span in [(0, None), (15, Some(605)), (700, None)] {
            for late in [false, true] {
                let alone = read(&path, None, span, late);
                assert!(alone.batches.len() > 1 || name != "many small blocks");
                let reduced: usize = alone.batches.iter().map(|(_, entries)| entries.len()).sum();
                // Records of files have no headers.
                let counted = (alone.writers.records, alone.writers.none);
                assert_eq!(counted, (reduced as u64, reduced as u64), "{name}");
                let entries = alone.batches.iter().flat_map(|(_, entries)| entries);
                let decoded = entries
                    .filter(|entry| matches!(entry.body, Reduction::Decoded(_)))
                    .count();
                let used: u64 = alone.uses.iter().map(|used| used.records).sum();
                assert_eq!(used, decoded as u64, "{name}, {span:?}, contract late: {late}");
                for hands in [1, 2, 5] {
                    let mut came = read(&path, Some(hands), span, late);
                    if alone.end.is_err() {
                        // Only the bar shows how far it came.
                        came.progress = alone.progress;
                    }
                    assert!(
                        came == alone,
                        "{name}, {span:?}, contract late: {late}, {hands} hands: {:?} {:?}",
                        came.end,
                        alone.end
                    );
                }
            }
        }
    }
}

#[test]
fn a_crew_ends_while_work_is_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let many: Vec<u8> = (0..60).flat_map(|at| deflated(at * 10..at * 10 + 10, &[])).collect();
    let path = file(dir.path(), &[header(SCHEMA, "deflate"), many].concat());
    let both = Sides {
        baseline: settings(),
        canary: settings(),
        control: None,
    };
    for _ in 0..20 {
        let mut log = file_log(&path);
        let crew = Crew::of(4, both.clone(), &Book::default());
        assert_eq!(crew.hands(), 4);
        if let Log::File(file) = &mut log {
            file.share(Arc::clone(&crew), Side::Baseline, 0..u64::MAX);
        }
        assert!(matches!(log.read(Duration::ZERO), Ok(Read::Records(..))));
    }
}
