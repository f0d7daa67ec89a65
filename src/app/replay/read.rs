//! One pass over the logs: from the offsets that a tape names to the positions that it ends at, and no further.

use anyhow::{Context, Result};
use tokio::runtime::Handle;

use super::compare::Disturbance;
use super::tape::{Logs, Tape};
use crate::app::book::{self, Book, Fact};
use crate::app::clock::Clock;
use crate::app::command::Tone;
use crate::app::lane::Lane;
use crate::app::log::Log;
use crate::app::reconcile::drive::{Interrupt, give_up_on_trouble};
use crate::app::reconcile::progress::Bar;
use crate::app::schemas::{Origin, Patience, Schemas};
use crate::app::sides;
use crate::app::stream::{PACE, Reading, Stream};
use crate::app::topic::Topic;
use crate::app::trouble::trouble;
use crate::app::world::World;
use crate::codec::Reducer;
use crate::config;
use crate::engine::{Engine, FinalWindow, Output};
use crate::model::{Inconclusive, Side, Sides};

/// The world that one stream is read from.
pub struct Place<'a> {
    /// The stream.
    pub stream: &'a config::Stream,
    /// Its topics; its registries are asked only for what is not stored.
    pub world: &'a dyn World,
    /// The topics that the patterns of its sides came to.
    pub own: &'a Sides<Vec<String>>,
    /// What the sample's hash is keyed by.
    pub salt: [u8; 32],
    /// Stored contracts and schemas.
    pub facts: &'a [Fact],
    /// The clock.
    pub clock: Clock,
    /// The runtime.
    pub handle: &'a Handle,
}

/// What a pass came to.
pub struct Pass {
    /// Every window that it computed, whole or not.
    pub windows: Vec<FinalWindow>,
    /// What the logs did meanwhile.
    pub disturbance: Disturbance,
    /// SIGINT came first.
    pub interrupted: bool,
}

impl Place<'_> {
    /// The topics of a side: those that were read.
    fn topics(&self, side: Side) -> &[String] {
        match self.own.get(side).as_slice() {
            [] => std::slice::from_ref(&self.stream.sides.get(side).topic),
            own => own,
        }
    }

    fn topic(&self, side: Side) -> Result<Box<dyn Topic>> {
        let opened = sides::open(self.world, self.stream.sides.get(side), self.topics(side));
        opened.with_context(|| format!("open the {side}'s topic"))
    }

    /// What there is of each partition now.
    ///
    /// # Errors
    /// A topic that cannot be read.
    pub fn logs(&self) -> Result<Logs> {
        let logs = |side| -> Result<Vec<(u32, u64, u64)>> {
            let ends = self.topic(side)?.ends()?.into_iter();
            Ok(ends.map(|end| (end.partition, end.low, end.high)).collect())
        };
        self.stream.sides.each(logs).whole()
    }

    /// Reads a tape.
    ///
    /// # Errors
    /// A log or a registry that cannot be read any further, a schema that was known and is not any more, memory at its limit.
    pub fn read(&self, tape: &Tape, interrupt: &Interrupt, tone: Tone) -> Result<Pass> {
        let mut stream = self.open(tape)?;
        let bar = Bar::new(&stream, tape.offsets(), tone);
        let pass = self.to_the_end(&mut stream, interrupt, &bar);
        bar.finish();
        pass
    }

    fn to_the_end(&self, stream: &mut Stream, interrupt: &Interrupt, bar: &Bar) -> Result<Pass> {
        let mut pass = Pass {
            windows: Vec::new(),
            disturbance: None,
            interrupted: false,
        };
        let (mut outputs, mut trouble_ms) = (Vec::new(), None);
        stream.finish_what_is_read(&mut outputs);
        while !stream.is_done() {
            if interrupt.came() {
                pass.interrupted = true;
                return Ok(pass);
            }
            if !stream.turn(&mut outputs)? {
                stream.wait(&mut outputs)?;
            }
            bar.show(stream);
            take(&mut outputs, &mut pass.windows);
            give_up_on_trouble(stream, &mut trouble_ms, &self.clock)?;
            self.give_up_at_the_limit(stream)?;
            pass.disturbance = disturbance(stream);
            if pass.disturbance.is_some() {
                return Ok(pass);
            }
        }
        take(&mut outputs, &mut pass.windows);
        stream.engine.conservation().context("count the records")?;
        self.refuse_new_schemas(stream)?;
        Ok(pass)
    }

    fn open(&self, tape: &Tape) -> Result<Stream> {
        let stream = self.stream;
        let book = Book::default();
        self.facts.iter().cloned().for_each(|fact| book.note(fact));
        let origin = |side: Side| {
            let name = stream.sides.get(side).registry.as_ref();
            Origin {
                registry: name.and_then(|name| self.world.registry(name)),
                topic: stream.sides.get(side).sole_topic(),
                fixed: None,
            }
        };
        let origins = stream.sides.each(origin);
        let schemas = Schemas::new(self.handle.clone(), origins, Patience::BOUNDED, book.clone());
        let mut settings = stream.engine.salted(self.salt);
        settings.sample.rate = tape.checkpoint.sampling();
        let engine = Engine::resume(settings, tape.checkpoint.clone());
        let lanes = stream.sides.each(|side| self.lane(side, tape, &book)).whole()?;
        // Nothing is found idle: what was is an input.
        let reading = Reading {
            ahead_max_ms: Some(stream.limits.ahead_max_ms),
            idle_ms: None,
            pace: PACE,
        };
        Ok(Stream::new(
            stream.name.clone(),
            engine,
            lanes,
            schemas,
            book,
            reading,
            self.clock.clone(),
        ))
    }

    fn lane(&self, side: Side, tape: &Tape, book: &Book) -> Result<Lane> {
        let mut topic = self.topic(side)?;
        let own = || tape.checkpoint.partitions.iter().filter(|part| part.side == Some(side));
        let starts: Vec<(u32, u64)> = own()
            .filter(|part| part.first_needed() < part.position)
            .map(|part| (part.partition, part.first_needed()))
            .collect();
        topic.assign(&starts)?;
        let reducer = Reducer::new(side, self.stream.sides.get(side).codec.clone());
        let log = Log::of_topic(topic);
        let mut lane = Lane::new(side, log, book::Reader::new(reducer, side, book.clone()));
        for part in own() {
            let partition = lane.partitions.entry(part.partition).or_default();
            partition.start = part.first_needed();
            partition.end = Some(part.position);
        }
        Ok(lane)
    }

    fn give_up_at_the_limit(&self, stream: &Stream) -> Result<()> {
        if stream.engine.has_work() || !stream.is_full() || !stream.stalled {
            return Ok(());
        }
        let what = format!(
            "the records in flight of stream {} hold {} bytes, and held_max_bytes allows no more than {}",
            stream.name,
            stream.held_bytes(),
            stream.engine.settings().held_max_bytes
        );
        Err(trouble(what, "set limits.held_max_bytes of the stream to more"))
    }

    /// A schema that nobody knows now was known then: that is a fault of the world, not of the window.
    fn refuse_new_schemas(&self, stream: &Stream) -> Result<()> {
        let given_up = |fact: &Fact| matches!(fact, Fact::Unknown(..));
        let count = |facts: &[Fact]| facts.iter().filter(|fact| given_up(fact)).count();
        if count(&stream.book.since(0)) > count(self.facts) {
            let what = format!(
                "the registry does not know a schema any more that stream {} was read with",
                stream.name
            );
            return Err(trouble(what, "register it again under the same id"));
        }
        Ok(())
    }
}

fn take(outputs: &mut Vec<Output>, windows: &mut Vec<FinalWindow>) {
    for output in outputs.drain(..) {
        if let Output::Final(last) = output {
            windows.extend(last.windows);
        }
    }
}

/// What a log did while it was read.
fn disturbance(stream: &Stream) -> Disturbance {
    let stands_in_the_way = |reason: &Inconclusive| {
        matches!(
            reason,
            Inconclusive::Expired | Inconclusive::Truncated | Inconclusive::Recreated
        )
    };
    let mut incidents = stream.incidents.iter();
    let (reason, _, text) = incidents.find(|(reason, ..)| stands_in_the_way(reason))?;
    Some((*reason, text.clone()))
}
