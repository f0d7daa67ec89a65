//! The codec alone: what evolution costs, and what its phases take.

use std::error::Error;
use std::time::Duration;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use crosscheck::codec::{Messages, Progress, Reducer};
use crosscheck::engine::{Engine, Input};
use crosscheck::model::{Entry, RecordBatch, RecordRef, Reduction, Side};

use super::data::{self, Shape};
use super::{REPETITIONS, SPAN_MS, each, line, ours};

const RECORDS: u64 = 30_000;
/// A repetition is short here.
const TURNS: usize = 3 * REPETITIONS;
const MISSING: &str = "a schema is missing";

/// How a writer's schema differs from the contract, and what becomes of a record's fields.
struct Evolution {
    name: &'static str,
    schema: &'static str,
    change: fn(&mut Vec<(String, Value)>),
}

const EVOLUTIONS: [Evolution; 5] = [
    Evolution {
        name: "added",
        schema: include_str!("../data/medium_added.avsc"),
        change: |fields| {
            fields.insert(1, ("channel".to_owned(), Value::String("web".to_owned())));
            fields.insert(10, ("gift".to_owned(), Value::Boolean(false)));
        },
    },
    Evolution {
        name: "removed",
        schema: include_str!("../data/medium_removed.avsc"),
        change: |fields| fields.retain(|(name, _)| name != "coupon" && name != "ship_date"),
    },
    // An int where the contract has a long, and a float where it has a double.
    Evolution {
        name: "promoted",
        schema: include_str!("../data/medium_promoted.avsc"),
        change: |fields| fields.iter_mut().for_each(|(name, value)| narrow(name, value)),
    },
    // Coupon and status moved to the front.
    Evolution {
        name: "reordered",
        schema: include_str!("../data/medium_reordered.avsc"),
        change: |fields| fields[1..=6].rotate_right(2),
    },
    // As far from it as it gets: no two fields stay together.
    Evolution {
        name: "reversed",
        schema: include_str!("../data/medium_reversed.avsc"),
        change: |fields| fields.reverse(),
    },
];

fn narrow(name: &str, value: &mut Value) {
    match value {
        Value::Long(long) if name == "id" => *value = Value::Int(i32::try_from(*long).unwrap_or(0)),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "hundredths are no floats: this is another number"
        )]
        Value::Double(double) => *value = Value::Float(*double as f32),
        Value::Union(_, inner) => narrow(name, inner),
        Value::Array(items) => items.iter_mut().for_each(|item| narrow("", item)),
        Value::Record(fields) => fields.iter_mut().for_each(|(name, value)| narrow(name, value)),
        _ => {}
    }
}

/// The log as a writer with another schema would have written it.
fn evolve(log: &[RecordBatch], evolution: &Evolution) -> Result<Vec<RecordBatch>, Box<dyn Error>> {
    let from = apache_avro::Schema::parse_str(Shape::Medium.schema())?;
    let to = apache_avro::Schema::parse_str(evolution.schema)?;
    let reader = GenericDatumReader::builder(&from).build()?;
    let writer = GenericDatumWriter::builder(&to).build()?;
    let mut evolved = Vec::new();
    for batch in log {
        let mut other = RecordBatch::new(0);
        for record in &batch.records {
            let value = reader.read_value(&mut batch.value(record).unwrap_or_default())?;
            let Value::Record(mut fields) = value else {
                return Err("not a record".into());
            };
            (evolution.change)(&mut fields);
            let bytes = writer.write_value_to_vec(Value::Record(fields))?;
            let value = Some(other.push_bytes(&bytes));
            other.records.push(RecordRef { value, ..*record });
        }
        evolved.push(other);
    }
    Ok(evolved)
}

/// The least time that something took: whatever else the machine does only adds to it.
#[derive(Clone, Copy)]
struct Least(Duration);

impl Least {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        #[expect(clippy::disallowed_methods, reason = "a measurement")]
        let start = std::time::Instant::now();
        let done = work();
        self.0 = self.0.min(start.elapsed());
        done
    }

    fn sum(all: &[Self]) -> Duration {
        all.iter().map(|least| least.0).sum()
    }
}

const NEVER: Least = Least(Duration::MAX);

/// A log, its reducer, and what each of its batches took at least.
struct Path {
    name: &'static str,
    reducer: Reducer,
    log: Vec<RecordBatch>,
    entries: Vec<Entry>,
    times: Vec<Least>,
}

impl Path {
    fn new(name: &'static str, writer: &str, log: Vec<RecordBatch>) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            name,
            reducer: ours::reducer(Shape::Medium, Side::Baseline, writer, Shape::Medium.schema())?,
            times: vec![NEVER; log.len()],
            log,
            entries: Vec::new(),
        })
    }

    fn reduce(&mut self, at: usize) -> Result<(), Box<dyn Error>> {
        let Self {
            reducer, log, entries, ..
        } = self;
        entries.clear();
        let Progress::Done = self.times[at].time(|| reducer.reduce(&log[at], 0, entries)) else {
            return Err(MISSING.into());
        };
        let decoded = |entry: &Entry| matches!(entry.body, Reduction::Decoded(_));
        entries
            .iter()
            .all(decoded)
            .then_some(())
            .ok_or("a record was not decoded".into())
    }
}

/// Records under a schema that is not the contract, against the same records under the contract itself.
pub fn evolution() -> Result<(), Box<dyn Error>> {
    let log = data::log(Shape::Medium, RECORDS, SPAN_MS, false);
    let mut paths = Vec::new();
    for evolution in &EVOLUTIONS {
        paths.push(Path::new(evolution.name, evolution.schema, evolve(&log, evolution)?)?);
    }
    let batches = log.len();
    let mut plain = Path::new("none", Shape::Medium.schema(), log)?;
    for _ in 0..TURNS {
        for batch in 0..batches {
            plain.reduce(batch)?;
            paths.iter_mut().try_for_each(|path| path.reduce(batch))?;
        }
    }
    let base = Least::sum(&plain.times).as_secs_f64();
    for Path { name, times, .. } in &paths {
        let target = (*name != "reversed").then_some(1.1);
        let ratio = Least::sum(times).as_secs_f64() / base;
        line(&format!("evolution {name}"), ratio, "x", target, false)?;
    }
    Ok(())
}

/// Walk, digest and table apart, nanoseconds a record.
pub fn phases() -> Result<(), Box<dyn Error>> {
    for shape in [Shape::Small, Shape::Medium] {
        let mut turns = Vec::new();
        let (mut walks, mut digests, mut table) = (Vec::new(), Vec::new(), NEVER);
        for (side, canary) in Side::PAIR.into_iter().zip([false, true]) {
            let log = data::log(shape, RECORDS, SPAN_MS, canary);
            let mut reducer = ours::reducer(shape, side, shape.schema(), shape.schema())?;
            for (number, batch) in log.iter().enumerate() {
                let (mut walk, mut digest) = (NEVER, NEVER);
                let (mut messages, mut entries) = (Messages::default(), Vec::new());
                for _ in 0..TURNS {
                    entries.clear();
                    let Progress::Done = walk.time(|| reducer.walk(batch, 0, &mut messages)) else {
                        return Err(MISSING.into());
                    };
                    digest.time(|| reducer.digest(batch, 0, &mut messages, &mut entries));
                }
                // What was not walked is not told: the times are those of so many.
                walks.push((walk, entries.len()));
                digests.push((digest, entries.len()));
                let Progress::Done = reducer.reduce(batch, entries.len(), &mut entries) else {
                    return Err(MISSING.into());
                };
                // The canary is a quarter of the log behind.
                let lag = if canary { log.len() / 4 } else { 0 };
                turns.push((number + lag, side, entries));
            }
        }
        turns.sort_by_key(|(turn, ..)| *turn);
        for _ in 0..TURNS {
            table.time(|| pair(&turns))?;
        }
        for (what, times) in [
            ("walk", walks),
            ("digest", digests),
            ("table", vec![(table, turns_len(&turns))]),
        ] {
            let records: usize = times.iter().map(|(_, records)| records).sum();
            let times: Vec<Least> = times.into_iter().map(|(time, _)| time).collect();
            let value = each(Least::sum(&times), records as u64);
            line(&format!("{}: {what}", shape.name()), value, " ns", None, false)?;
        }
    }
    Ok(())
}

/// Entries that a side's engine is given at once, and when.
type Turn = (usize, Side, Vec<Entry>);

fn turns_len(turns: &[Turn]) -> usize {
    turns.iter().map(|(.., entries)| entries.len()).sum()
}

/// Pairs two logs that are reduced already.
fn pair(turns: &[Turn]) -> Result<(), Box<dyn Error>> {
    let mut engine = Engine::new(ours::engine_settings(Some(60_000), Some(30_000)));
    for side in Side::PAIR {
        engine.declare(side, 0, 0);
    }
    let mut outputs = Vec::new();
    for (_, side, entries) in turns {
        let input = Input::Records {
            side: *side,
            partition: 0,
            entries,
            read_at_ms: 0,
        };
        engine.step(input, &mut outputs);
    }
    for side in Side::PAIR {
        engine.step(Input::Completed { side, partition: 0 }, &mut outputs);
    }
    engine.conservation().map_err(|_| "a record was lost".into())
}
