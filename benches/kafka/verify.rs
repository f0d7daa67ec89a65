//! What is measured: both topics read, reduced and paired by the stream of a bounded run, all rules kept.

use std::error::Error;
use std::time::Duration;

use crosscheck::app::book::{self, Book, Fact};
use crosscheck::app::clock::Clock;
use crosscheck::app::crew::Crew;
use crosscheck::app::lane::Lane;
use crosscheck::app::log::Log;
use crosscheck::app::schemas::{Origin, Patience, Schemas};
use crosscheck::app::stream::{PACE, Reading, Stream};
use crosscheck::app::under_way::Pace;
use crosscheck::codec::{EventTime, Field, Framing, Part, Reducer, Rules, Schema, SchemaRef, Settings};
use crosscheck::edge::kafka::{self, Reader};
use crosscheck::engine::{self, Engine, Named, Names, Output, Range, Sample};
use crosscheck::model::{Path, Side, Sides};

use super::data::Shape;
use super::topics::Topics;

/// Reads both to their ends: the time from the assignment on.
pub fn read(topics: &Topics) -> Result<Duration, Box<dyn Error>> {
    let book = Book::default();
    let schema = Schema::parse(Shape::Medium.schema())?;
    for side in Side::PAIR {
        book.note(Fact::Schema(side, Field::Value, SchemaRef::Fixed, schema.clone()));
    }
    book.note(Fact::SoleContract(Field::Value, schema));
    let settings = Sides {
        baseline: settings()?,
        canary: settings()?,
        control: None,
    };
    let pace = Pace::of_this_machine();
    let crew = Crew::of(pace.hands, settings.clone(), &book);
    let mut engine = Engine::new(engine_settings());
    let open = |name: &str| {
        let settings = kafka::Settings {
            brokers: vec![topics.brokers.clone()],
            ..kafka::Settings::default()
        };
        Reader::open(&settings, name)
    };
    let [baseline, canary] = [open(&topics.names[0])?, open(&topics.names[1])?];
    let ends = Sides {
        baseline: baseline.ends()?,
        canary: canary.ends()?,
        control: None,
    };
    let start = super::now();
    let mut lane = |side: Side, mut reader: Reader| -> Result<Lane, Box<dyn Error>> {
        let starts: Vec<(u32, u64)> = ends.get(side).iter().map(|end| (end.partition, end.low)).collect();
        reader.assign(&starts)?;
        let mut log = Log::of_topic(Box::new(reader));
        log.share(&crew, side, pace.batches);
        let reducer = Reducer::new(side, settings.get(side).clone());
        let mut lane = Lane::new(side, log, book::Reader::new(reducer, side, book.clone()));
        for end in ends.get(side) {
            engine.declare(side, end.partition, end.low);
            lane.partitions.entry(end.partition).or_default().end = Some(end.last_stable);
        }
        Ok(lane)
    };
    let lanes = Sides {
        baseline: lane(Side::Baseline, baseline)?,
        canary: lane(Side::Canary, canary)?,
        control: None,
    };
    let reading = Reading {
        ahead_max_ms: Some(300_000),
        idle_ms: None,
        pace: PACE,
    };
    let origins = Sides::<Origin>::default();
    let schemas = Schemas::new(topics.handle().clone(), origins, Patience::BOUNDED, book.clone());
    let mut stream = Stream::new(
        "bench".to_owned(),
        engine,
        lanes,
        schemas,
        book,
        reading,
        Clock::start(),
    );
    let (mut outputs, mut matched, mut mismatched) = (Vec::new(), 0, 0);
    while !stream.is_done() {
        if !stream.turn(&mut outputs)? {
            stream.wait(&mut outputs)?;
        }
        for output in outputs.drain(..) {
            if let Output::Final(found) = output {
                matched += found.windows.iter().map(|window| window.counts.matched).sum::<u64>();
                mismatched += found.windows.iter().map(|window| window.counts.mismatched).sum::<u64>();
            }
        }
    }
    let wall = start.elapsed();
    let wrong = topics.records / 1_000;
    if (matched, mismatched) != (topics.records - wrong, wrong) {
        return Err(format!("{matched} matched, {mismatched} mismatched").into());
    }
    Ok(wall)
}

fn settings() -> Result<Settings, Box<dyn Error>> {
    let path = |text: &str| Path::parse(text).map_err(|_| format!("{text} is not a path"));
    let ignored = Shape::Medium.ignored().iter().map(|text| path(text));
    Ok(Settings {
        framing: Framing::None,
        identity: vec![Part::Field(path("order_id")?)],
        event_time: EventTime::Field(path("event_time")?),
        rules: Rules {
            ignore: ignored.collect::<Result<_, _>>()?,
            ..Rules::default()
        },
        ..Settings::default()
    })
}

fn engine_settings() -> engine::Settings {
    engine::Settings {
        window_ms: Some(30_000),
        lateness_ms: Some(60_000),
        grace_ms: Some(30_000),
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
        held_max_bytes: 256 << 20,
    }
}
