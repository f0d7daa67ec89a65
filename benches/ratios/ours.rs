//! This project's path in memory: plan, digest, engine, as a bounded run has them.

use std::error::Error;

use crosscheck::codec::{EventTime, Field, Framing, Part, Progress, Reducer, Rules, Schema, SchemaRef, Settings};
use crosscheck::engine::{self, Engine, FinalWindow, Input, Named, Names, Output, Range, Sample};
use crosscheck::model::{Path, RecordBatch, Side};

use super::data::Shape;
use super::plain::Counted;

fn path(text: &str) -> Result<Path, Box<dyn Error>> {
    Path::parse(text).map_err(|_| format!("{text} is not a path").into())
}

/// A reducer for a side, with a writer schema under a contract.
pub fn reducer(shape: Shape, side: Side, writer: &str, contract: &str) -> Result<Reducer, Box<dyn Error>> {
    let ignore: Result<Vec<Path>, _> = shape.ignored().iter().map(|text| path(text)).collect();
    let settings = Settings {
        framing: Framing::None,
        identity: vec![Part::Field(path("order_id")?)],
        event_time: EventTime::Field(path("event_time")?),
        rules: Rules {
            ignore: ignore?,
            ..Rules::default()
        },
        ..Settings::default()
    };
    let mut reducer = Reducer::new(side, settings);
    reducer.add_schema(Field::Value, SchemaRef::Fixed, Schema::parse(writer)?);
    reducer.set_sole_contract(Field::Value, Schema::parse(contract)?);
    Ok(reducer)
}

/// The usual windows; lateness and grace as given.
pub fn engine_settings(lateness_ms: Option<i64>, grace_ms: Option<i64>) -> engine::Settings {
    engine::Settings {
        window_ms: Some(30_000),
        lateness_ms,
        grace_ms,
        skew_max_ms: None,
        age_max_ms: None,
        time_is_timestamp: false,
        names: Names::Event,
        has_identity: true,
        tolerances: Vec::new(),
        range: Range::Everything,
        sample: Sample::default(),
        control: false,
        profile: None,
        named: Named::default(),
        latest: false,
        findings_max: 100,
        held_max_bytes: u64::MAX,
    }
}

/// A side's reducers: one a shape, used again for every repetition.
pub struct Lanes {
    baseline: Reducer,
    canary: Reducer,
}

impl Lanes {
    /// Of these reducers.
    pub fn of(baseline: Reducer, canary: Reducer) -> Self {
        Self { baseline, canary }
    }

    pub fn new(shape: Shape) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            baseline: reducer(shape, Side::Baseline, shape.schema(), shape.schema())?,
            canary: reducer(shape, Side::Canary, shape.schema(), shape.schema())?,
        })
    }

    /// Compares two logs whose batches come in this order.
    pub fn compare(&mut self, turns: &[(bool, &RecordBatch)]) -> Result<Counted, Box<dyn Error>> {
        let mut counted = Counted::default();
        self.each_window(turns, |window| {
            counted.matched += window.counts.matched;
            counted.mismatched += window.counts.mismatched;
        })?;
        Ok(counted)
    }

    /// The same, window by window.
    pub fn each_window(
        &mut self,
        turns: &[(bool, &RecordBatch)],
        mut each: impl FnMut(&FinalWindow),
    ) -> Result<(), Box<dyn Error>> {
        let mut engine = Engine::new(engine_settings(Some(60_000), Some(30_000)));
        engine.declare(Side::Baseline, 0, 0);
        engine.declare(Side::Canary, 0, 0);
        let (mut reduced, mut outputs) = (Vec::new(), Vec::new());
        for (canary, batch) in turns {
            let (side, lane) = match canary {
                false => (Side::Baseline, &mut self.baseline),
                true => (Side::Canary, &mut self.canary),
            };
            reduced.clear();
            let Progress::Done = lane.reduce(batch, 0, &mut reduced) else {
                return Err("a schema is missing".into());
            };
            let input = Input::Records {
                side,
                partition: 0,
                entries: &reduced,
                read_at_ms: 0,
            };
            engine.step(input, &mut outputs);
            windows(&mut outputs, &mut each);
        }
        for side in Side::PAIR {
            engine.step(Input::Completed { side, partition: 0 }, &mut outputs);
        }
        windows(&mut outputs, &mut each);
        engine.conservation().map_err(|_| "a record was lost")?;
        Ok(())
    }
}

fn windows(outputs: &mut Vec<Output>, each: &mut impl FnMut(&FinalWindow)) {
    for output in outputs.drain(..) {
        if let Output::Final(found) = output {
            found.windows.iter().for_each(&mut *each);
        }
    }
}

/// Reduces a log; something of every digest is used.
pub fn digest(reducer: &mut Reducer, batches: &[RecordBatch]) -> Result<usize, Box<dyn Error>> {
    let (mut reduced, mut sum) = (Vec::new(), 0);
    for batch in batches {
        reduced.clear();
        let Progress::Done = reducer.reduce(batch, 0, &mut reduced) else {
            return Err("a schema is missing".into());
        };
        sum += reduced.len();
        std::hint::black_box(&reduced);
    }
    Ok(sum)
}
