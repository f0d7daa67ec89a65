//! Where a side puts what it cannot process, opened beside its own log.

use anyhow::{Context, Result};

use crate::app::range::{self, Span};
use crate::app::several::base;
use crate::app::topic::Topic;
use crate::config::{Bound, SideRequest, Source, temporary_directory};
use crate::edge::{files, kafka};
use crate::engine;
use crate::model::Side;

/// Dead letter topics or files of one side, in the order of their numbers.
#[derive(Default)]
pub(super) struct Letters {
    pub(super) topics: Vec<Box<dyn Topic>>,
    pub(super) files: Vec<(u32, files::Records)>,
    /// What the topics are read again from.
    pub(super) again: Vec<(kafka::Settings, String)>,
    pub(super) spans: Vec<Span>,
    pub(super) notes: Vec<String>,
}

/// The topics. A range in time is theirs, too; offsets are those of the side's own topic, and of dead letters all is read.
///
/// # Errors
/// A topic that is not there or may not be read.
pub(super) fn topics(side: &SideRequest, which: Side, settings: &engine::Settings) -> Result<Letters> {
    let mut letters = Letters::default();
    let bound = |bound: Bound, else_: Bound| if bound.is_time() { bound } else { else_ };
    let (from, to) = (bound(side.from, Bound::Beginning), bound(side.to, Bound::End));
    for (at, letter) in side.dead_letters.iter().enumerate() {
        let Source::Kafka { brokers, topic } = &letter.source else {
            continue;
        };
        let mut cluster = letter.cluster.as_ref().unwrap_or(&side.cluster).clone();
        cluster.brokers.clone_from(brokers);
        let reader = kafka::Reader::open(&cluster, topic).context("open a dead letter topic")?;
        let base = base(true, at);
        for span in range::of_topic(&reader, from, to, settings)? {
            letters.notes.push(format!(
                "{which} dead letters {topic}: partition {}, offsets {} to {}",
                span.partition, span.from, span.to
            ));
            letters.spans.push(Span {
                partition: base | span.partition,
                ..span
            });
        }
        letters.topics.push(Box::new(reader));
        letters.again.push((cluster, topic.clone()));
    }
    Ok(letters)
}

/// The files: all of each is read.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn files(side: &SideRequest, which: Side) -> Result<Letters> {
    let mut letters = Letters::default();
    for (at, letter) in side.dead_letters.iter().enumerate() {
        let (path, kind) = match &letter.source {
            Source::Avro(path) => (path, files::Kind::Avro),
            Source::Lines(path) => (path, files::Kind::Lines),
            Source::Kafka { .. } => continue,
        };
        let input = files::Input::open(path, &temporary_directory()).context("open a dead letter file")?;
        letters.files.push((base(true, at), files::Records::of(&input, kind)?));
        letters.spans.push(Span {
            partition: base(true, at),
            from: 0,
            to: 0,
            is_open: false,
        });
        letters
            .notes
            .push(format!("{which} dead letters {}: all records", path.display()));
    }
    Ok(letters)
}
