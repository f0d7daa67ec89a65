//! The topics of a side: one, or all that a pattern names, and those into which it puts what it cannot process.

use anyhow::{Context, Result};

use crate::app::range::{self, Span};
use crate::app::several::{SeveralAgain, base};
use crate::app::sides;
use crate::app::together::Together;
use crate::app::topic::{Fetch, Second, Topic};
use crate::app::trouble::trouble;
use crate::config::{Bound, Pattern, ReconcileRequest, SideRequest, Source, temporary_directory};
use crate::edge::{files, kafka};
use crate::model::{Side, Sides, Topics};

/// Topics or files of one side, in the order of their numbers.
#[derive(Default)]
pub(super) struct Logs {
    pub(super) topics: Vec<Box<dyn Topic>>,
    pub(super) files: Vec<(u32, files::Records)>,
    /// What the topics are read again from.
    pub(super) again: Vec<(kafka::Settings, String)>,
    pub(super) spans: Vec<Span>,
    pub(super) notes: Vec<String>,
}

/// The topic of a side, or those that its pattern names now, in order. Its dead letters are none of them.
///
/// # Errors
/// The cluster does not answer, or has no such topic, or too many.
pub(super) fn matching(cluster: &kafka::Settings, topic: &str, side: &SideRequest) -> Result<Vec<String>> {
    // The request was checked.
    let Some(pattern) = Pattern::of(topic).ok().flatten() else {
        return Ok(vec![topic.to_owned()]);
    };
    let all = kafka::topic_names(cluster)?;
    let letters: Vec<String> = side.dead_letters.iter().map(|letter| letter.source.name()).collect();
    Ok(sides::matching(&pattern, &all, |name| {
        letters.iter().any(|letter| letter == name)
    })?)
}

/// How topics are opened: each once where sides have one in common.
pub(super) struct Opener<'r> {
    pub(super) request: &'r ReconcileRequest,
    together: Option<Together<(kafka::Settings, String)>>,
}

impl<'r> Opener<'r> {
    /// Opens nothing yet.
    pub(super) fn of(request: &'r ReconcileRequest) -> Self {
        let sides: Vec<&SideRequest> = request.sides.all().collect();
        let is_one = |a: &SideRequest, b: &SideRequest| {
            matches!(a.source, Source::Kafka { .. }) && a.source == b.source && a.cluster == b.cluster
        };
        let pairs = |(at, side): (usize, &&SideRequest)| sides.iter().skip(at + 1).any(|other| is_one(side, other));
        let together = sides.iter().enumerate().any(pairs);
        Self {
            request,
            together: together.then(|| Together::new(request.engine.held_max_bytes)),
        }
    }

    /// True where sides have a topic in common: who comes second finds it open.
    pub(super) fn is_shared(&self) -> bool {
        self.together.is_some()
    }

    fn topic(&self, cluster: &kafka::Settings, topic: &str) -> Result<Box<dyn Topic>> {
        let key = (cluster.clone(), topic.to_owned());
        let (cluster, topic) = key.clone();
        let open = move || Ok(Box::new(kafka::Reader::open(&cluster, &topic)?) as Box<dyn Topic>);
        Ok(match &self.together {
            Some(together) => together.topic(key, Box::new(open))?,
            None => open()?,
        })
    }
}

/// Opens topics of a side and resolves their range.
///
/// # Errors
/// A topic that is not there or may not be read, a range that cannot be.
pub(super) fn open(
    all: Vec<(kafka::Settings, String)>,
    dead_letter: bool,
    (from, to): (Bound, Bound),
    whose: &str,
    opener: &Opener<'_>,
) -> Result<Logs> {
    let request = opener.request;
    let mut logs = Logs::default();
    for (at, (cluster, topic)) in all.into_iter().enumerate() {
        let reader = opener.topic(&cluster, &topic)?;
        for span in range::of_topic(&*reader, from, to, &request.engine)? {
            let place = format!("{whose} {topic}: partition {}", span.partition);
            logs.notes
                .push(format!("{place}, offsets {} to {}", span.from, span.to));
            if span.is_open {
                let open = format!(
                    "has an open transaction at offset {}, and nothing behind it is read",
                    span.to
                );
                logs.notes.push(format!("{place} {open}"));
            }
            logs.spans.push(Span {
                partition: base(dead_letter, at) | span.partition,
                ..span
            });
        }
        if !dead_letter && reader.describe().is_compacted() && !request.engine.latest {
            logs.notes.push(format!(
                "{whose} {topic} is compacted: older values of a key may be gone, which counts as gaps"
            ));
        }
        logs.topics.push(reader);
        logs.again.push((cluster, topic));
    }
    Ok(logs)
}

/// The dead letter topics. A range in time is theirs, too; offsets are those of the side's own topics, and of dead letters all
/// is read.
///
/// # Errors
/// As [`open`].
pub(super) fn dead_letters(side: &SideRequest, which: Side, opener: &Opener<'_>) -> Result<Logs> {
    let bound = |bound: Bound, whole: Bound| if bound.is_time() { bound } else { whole };
    let bounds = (bound(side.from, Bound::Beginning), bound(side.to, Bound::End));
    let letters = side.dead_letters.iter().filter_map(|letter| match &letter.source {
        Source::Kafka { brokers, topic } => {
            let mut cluster = letter.cluster.as_ref().unwrap_or(&side.cluster).clone();
            cluster.brokers.clone_from(brokers);
            Some((cluster, topic.clone()))
        }
        Source::Avro(_) | Source::Lines(_) => None,
    });
    let whose = format!("{which} dead letters");
    open(letters.collect(), true, bounds, &whose, opener).context("open a dead letter topic")
}

/// What reads records of a side's topics again.
pub(super) fn again(own: &[(kafka::Settings, String)], dead_letters: &[(kafka::Settings, String)]) -> Box<dyn Fetch> {
    let second = |(cluster, topic): &(kafka::Settings, String)| Box::new(Second::new(cluster, topic)) as Box<dyn Fetch>;
    SeveralAgain::of(
        own.iter().map(second).collect(),
        dead_letters.iter().map(second).collect(),
    )
}

/// No topic is on two sides, unless they have other records of it.
///
/// # Errors
/// One is.
pub(super) fn are_apart(request: &ReconcileRequest, topics: &Sides<Topics>) -> Result<()> {
    let (baseline, known) = (&request.sides.baseline, &topics.baseline);
    for &side in topics.present().iter().filter(|side| **side != Side::Baseline) {
        let other = request.sides.get(side);
        let (Source::Kafka { brokers, .. }, Source::Kafka { brokers: theirs, .. }) = (&baseline.source, &other.source)
        else {
            continue;
        };
        if brokers != theirs || baseline.codec.select != other.codec.select || baseline.source == other.source {
            continue;
        }
        if let Some(both) = topics.get(side).own.iter().find(|name| known.own.contains(name)) {
            let what = format!("topic {both} is the baseline's and the {side}'s");
            let hint = "narrow the patterns, or tell the sides apart by --select";
            return Err(trouble(what, hint));
        }
    }
    Ok(())
}

/// The files: all of each is read.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn dead_letter_files(side: &SideRequest, which: Side) -> Result<Logs> {
    let mut letters = Logs::default();
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
