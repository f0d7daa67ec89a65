//! Both logs opened, their ranges resolved, their contracts chosen: everything that may go wrong before a record is read.

use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::runtime::Handle;

use super::topics;
use crate::app::book::{self, Book, Fact};
use crate::app::clock::Clock;
use crate::app::contract;
use crate::app::crew::Crew;
use crate::app::lane::Lane;
use crate::app::log::Log;
use crate::app::range::{self, Span};
use crate::app::schemas::{Origin, Patience, Registrar, Schemas};
use crate::app::several::Several;
use crate::app::stream::{PACE, Reading, Stream};
use crate::app::under_way::Pace;
use crate::app::world;
use crate::codec::{Field, Format, Reducer, Schema};
use crate::config::{ReconcileRequest, SideRequest, Source, temporary_directory};
use crate::edge::registry::Registry;
use crate::edge::{files, kafka};
use crate::engine::Engine;
use crate::model::{Side, Sides, is_dead_letter};

/// What a side is read again from.
pub enum Place {
    /// Topics, each of its cluster.
    Kafka {
        /// The side's own.
        own: Vec<(kafka::Settings, String)>,
        /// Its dead letter topics.
        dead_letters: Vec<(kafka::Settings, String)>,
    },
    /// A file, whose index is the reader's at the end.
    File(files::Input, files::Kind),
}

/// All logs, ready to be read.
pub struct Opened {
    /// The stream.
    pub stream: Stream,
    /// What each side is read again from.
    pub again: Sides<Place>,
    /// What `--from` and `--to` resolved to, and what else a reader should know.
    pub notes: Vec<String>,
    /// Records that will be read at most, where that is known.
    pub offsets: u64,
}

struct SideOpened {
    log: Log,
    spans: Vec<Span>,
    end: Option<u64>,
    place: Place,
    registry: Option<Arc<Registry>>,
    fixed: Option<Arc<Schema>>,
    notes: Vec<String>,
}

/// Opens both.
///
/// # Errors
/// A log that is not there or may not be read, a registry that does not answer, a range that cannot be.
pub fn open(request: &ReconcileRequest, clock: &Clock, handle: &Handle) -> Result<Opened> {
    let opener = topics::Opener::of(request);
    let side =
        |side: Side| open_side(request.sides.get(side), side, &opener).with_context(|| format!("open the {side}"));
    let first = opener.is_shared().then(|| side(Side::Baseline)).transpose()?;
    // All at once: a cluster may take its time.
    let present = request.sides.present();
    let (baseline, canary, control) = std::thread::scope(|scope| {
        let canary = scope.spawn(|| side(Side::Canary));
        let control = present
            .contains(&Side::Control)
            .then(|| scope.spawn(|| side(Side::Control)));
        (
            first.map_or_else(|| side(Side::Baseline), Ok),
            canary.join(),
            control.map(|control| control.join()),
        )
    });
    let died = |side: &str| anyhow::anyhow!("the thread that opens the {side} died");
    let mut sides = Sides {
        baseline: baseline?,
        canary: canary.map_err(|_| died("canary"))??,
        control: control.transpose().map_err(|_| died("control"))?.transpose()?,
    };
    topics::are_apart(request, &sides.each(|side| sides.get(side).log.topics()))?;
    let book = Book::default();
    let origin = |side: &SideOpened| Origin {
        registry: side.registry.clone().map(|registry| registry as Arc<dyn Registrar>),
        topic: match &side.place {
            Place::Kafka { own, .. } => match own.as_slice() {
                [(_, topic)] => Some(topic.clone()),
                _ => None,
            },
            Place::File(..) => None,
        },
        fixed: side.fixed.clone(),
    };
    let origins = sides.each(|side| origin(sides.get(side)));
    let mut schemas = Schemas::new(handle.clone(), origins, Patience::BOUNDED, book.clone());
    choose_contracts(request, &sides, &mut schemas, &book, clock, handle)?;
    let mut engine = Engine::new(request.engine.clone());
    engine.want_pairs();
    let mut offsets = 0;
    for &side in present {
        let opened = sides.get_mut(side);
        for span in &opened.spans {
            engine.declare(side, span.partition, span.from);
            offsets += span.to.saturating_sub(span.from);
        }
        if let Log::Kafka(reader) = &mut opened.log {
            let start: Vec<(u32, u64)> = opened.spans.iter().map(|span| (span.partition, span.from)).collect();
            reader.assign(&start)?;
        }
    }
    let notes = sides.all().flat_map(|side| side.notes.clone()).collect();
    let settings = request.sides.each(|side| request.sides.get(side).codec.clone());
    let crew = Crew::of_this_machine(settings, &book);
    let Sides {
        baseline,
        canary,
        control,
    } = sides;
    let (baseline, baseline_again) = lane(baseline, Side::Baseline, request, &book, &crew);
    let (canary, canary_again) = lane(canary, Side::Canary, request, &book, &crew);
    let control = control.map(|control| lane(control, Side::Control, request, &book, &crew));
    let (control, control_again) = control.unzip();
    // Without bounds everything is settled at the end, and there is nothing to align.
    let bounded = request.engine.lateness_ms.is_some() && request.engine.grace_ms.is_some();
    let timed = bounded && request.engine.window_ms.is_some();
    let reading = Reading {
        ahead_max_ms: timed.then_some(request.limits.ahead_max_ms),
        idle_ms: None,
        pace: PACE,
    };
    let lanes = Sides {
        baseline,
        canary,
        control,
    };
    let stream = Stream::new(
        request.stream.clone(),
        engine,
        lanes,
        schemas,
        book,
        reading,
        clock.clone(),
    );
    let again = Sides {
        baseline: baseline_again,
        canary: canary_again,
        control: control_again,
    };
    Ok(Opened {
        stream,
        again,
        notes,
        offsets,
    })
}

fn lane(opened: SideOpened, side: Side, request: &ReconcileRequest, book: &Book, crew: &Arc<Crew>) -> (Lane, Place) {
    let SideOpened {
        mut log,
        spans,
        end,
        place,
        ..
    } = opened;
    let reducer = Reducer::new(side, request.sides.get(side).codec.clone());
    log.share(crew, side, Pace::of(crew.hands()).batches);
    let own = spans.iter().find(|span| !is_dead_letter(span.partition));
    if let (Log::File(file), Some(span)) = (&mut log, own) {
        file.share(crew.clone(), side, span.from..end.unwrap_or(u64::MAX));
    }
    let mut lane = Lane::new(side, log, book::Reader::new(reducer, side, book.clone()));
    for span in spans {
        let known = matches!(lane.log, Log::Kafka(_)).then_some(span.to);
        let partition = lane.partitions.entry(span.partition).or_default();
        partition.start = span.from;
        partition.end = known.or(end.filter(|_| !is_dead_letter(span.partition)));
        partition.is_open = span.is_open;
    }
    (lane, place)
}

fn open_side(side: &SideRequest, which: Side, opener: &topics::Opener<'_>) -> Result<SideOpened> {
    let request = opener.request;
    let registry = side.registry.as_ref().map(world::registry).transpose()?;
    match &side.source {
        Source::Kafka { brokers, topic } => {
            let mut settings = side.cluster.clone();
            settings.brokers.clone_from(brokers);
            let names = topics::matching(&settings, topic, side)?;
            let own = names.into_iter().map(|name| (settings.clone(), name)).collect();
            let bounds = (side.from, side.to);
            let mut own = topics::open(own, false, bounds, &which.to_string(), opener)?;
            let letters = topics::dead_letters(side, which, opener)?;
            own.spans.extend(letters.spans);
            own.notes.extend(letters.notes);
            Ok(SideOpened {
                log: Log::of_topic(Several::of(own.topics, letters.topics)?),
                spans: own.spans,
                end: None,
                place: Place::Kafka {
                    own: own.again,
                    dead_letters: letters.again,
                },
                registry,
                fixed: None,
                notes: own.notes,
            })
        }
        Source::Avro(path) | Source::Lines(path) => {
            let kind = match &side.source {
                Source::Lines(_) => files::Kind::Lines,
                _ => files::Kind::Avro,
            };
            let input = files::Input::open(path, &temporary_directory())?;
            let (from, end) = range::of_file((&input, kind), side.from, side.to, &request.engine)?;
            let records = files::Records::of(&input, kind)?;
            let to = end.map_or("its end".to_owned(), |end| format!("record {end}"));
            let letters = topics::dead_letter_files(side, which)?;
            let own = Span {
                partition: 0,
                from,
                to: from,
                is_open: false,
            };
            let note = format!("{which} {}: record {from} to {to}", path.display());
            Ok(SideOpened {
                notes: [note].into_iter().chain(letters.notes).collect(),
                spans: [own].into_iter().chain(letters.spans).collect(),
                end,
                place: Place::File(input, kind),
                registry,
                fixed: records.schema().cloned(),
                log: Log::of_file(records, letters.files),
            })
        }
    }
}

/// Rule 2, at the end of the range: what the config names, else the newest of the baseline. A file has one schema.
fn choose_contracts(
    request: &ReconcileRequest,
    sides: &Sides<SideOpened>,
    schemas: &mut Schemas,
    book: &Book,
    clock: &Clock,
    handle: &Handle,
) -> Result<()> {
    if let Some(named) = &request.contract {
        let registry = sides.baseline.registry.as_deref();
        let registry = registry.map(|registry| registry as &dyn Registrar);
        let schema = handle.block_on(contract::named(named, registry))?;
        for &side in sides.present() {
            contract::check(&schema, &request.sides.get(side).codec, side)?;
        }
        book.note(Fact::SoleContract(Field::Value, schema));
    }
    for &side in sides.present() {
        let opened = sides.get(side);
        match (&opened.place, &opened.fixed) {
            (Place::Kafka { own, dead_letters }, _) => {
                let spans: Vec<_> = opened
                    .spans
                    .iter()
                    .filter(|span| !is_dead_letter(span.partition))
                    .map(|span| (span.partition, span.from, span.to))
                    .collect();
                let settings = &request.sides.get(side).codec;
                let look = contract::Look {
                    side,
                    topic: &request.sides.get(side).source.name(),
                    spans: &spans,
                    settings,
                    waits: &contract::waits_bounded,
                };
                let mut second = topics::again(own, dead_letters);
                if side == Side::Baseline && request.contract.is_none() {
                    handle.block_on(contract::newest_of_baseline(&look, &mut *second, schemas, book, clock))?;
                } else {
                    handle.block_on(contract::newest(&look, &mut *second, schemas, book, clock))?;
                }
            }
            (Place::File(..), Some(schema)) => {
                book.note(Fact::Schema(
                    side,
                    Field::Value,
                    crate::codec::SchemaRef::Fixed,
                    schema.clone(),
                ));
                // Against JSON it is the only schema that there is.
                let first = side == Side::Baseline || request.sides.baseline.codec.format == Format::Json;
                if first && request.contract.is_none() {
                    book.note(Fact::SoleContract(Field::Value, schema.clone()));
                }
            }
            (Place::File(..), None) => {}
        }
    }
    Ok(())
}
