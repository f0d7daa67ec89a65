//! What a bounded run is asked to do: two logs, a range, rules, budgets.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{Budgets, Contract, Ignore, Limits};
use crate::edge::{kafka, registry};
use crate::model::{Path, Sides, Topics};
use crate::{codec, engine};

/// A bounded run. No `Debug`: it holds secrets.
#[derive(Clone)]
pub struct ReconcileRequest {
    /// Release in the report: the config's, else `reconcile`.
    pub release: String,
    /// Stream in the report: the config's name, else the baseline's topic or file stem.
    pub stream: String,
    /// Where each side comes from and how it is decoded.
    pub sides: Sides<SideRequest>,
    /// How it is paired and counted. Its range is [`engine::Range::Everything`] until [`Self::fix_times`].
    pub engine: engine::Settings,
    /// The schema that both sides are compared under; `None` is the newest of the baseline.
    pub contract: Option<Contract>,
    /// The rates of bad records that are allowed.
    pub budgets: Budgets,
    /// The checks that the config's stream has by its settings.
    pub named: Vec<engine::judge::NamedCheck>,
    /// What the reader and the judge keep.
    pub limits: Limits,
    /// Paths whose values a finding may carry.
    pub show: Vec<Path>,
    /// Tolerant paths with a unit of time.
    pub times: Vec<Path>,
    /// What the config's stream does not compare, with who asked for it.
    pub ignores: Vec<Ignore>,
    /// The config's key of keyed hashes.
    pub trust_key: Option<SecretString>,
    /// Print the plan and read no record.
    pub dry_run: bool,
}

/// One side of a bounded run. No `Debug`: it holds secrets.
#[derive(Clone)]
pub struct SideRequest {
    /// The log.
    pub source: Source,
    /// How to reach Kafka: the config's cluster with the command line's `-X` on top. For a file, its default.
    pub cluster: kafka::Settings,
    /// Where schemas come from.
    pub registry: Option<registry::Settings>,
    /// How it is reduced.
    pub codec: codec::Settings,
    /// First record.
    pub from: Bound,
    /// First record that no longer belongs to it.
    pub to: Bound,
    /// Where it puts what it cannot process, in the order of their numbers; of its own kind of source.
    pub dead_letters: Vec<DeadLetterSource>,
}

/// Where a side puts what it cannot process. No `Debug`: it holds secrets.
#[derive(Clone)]
pub struct DeadLetterSource {
    /// The log.
    pub source: Source,
    /// How to reach its cluster where that is not the side's.
    pub cluster: Option<kafka::Settings>,
}

/// A log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A topic.
    Kafka {
        /// `host:port` of each bootstrap server; the same as the cluster's.
        brokers: Vec<String>,
        /// The topic.
        topic: String,
    },
    /// An Avro object container.
    Avro(PathBuf),
    /// JSON lines. Where the path of either is `-`, it is standard input.
    Lines(PathBuf),
}

impl Source {
    /// The topic, or the path of the file.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Source::Kafka { topic, .. } => topic.clone(),
            Source::Avro(path) | Source::Lines(path) => path.display().to_string(),
        }
    }
}

impl SideRequest {
    /// Its logs, as the numbers of partitions know them.
    #[must_use]
    pub fn topics(&self) -> Topics {
        let dead_letters = self.dead_letters.iter().map(|letter| letter.source.name());
        Topics {
            dead_letters: dead_letters.collect(),
            ..Topics::one(&self.source.name())
        }
    }
}

/// An end of a half-open range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The first record that is there.
    Beginning,
    /// Behind the last record that is there at the start.
    End,
    /// An offset, the same in each partition.
    Offset(u64),
    /// This many offsets before the end of each partition.
    BeforeEnd(u64),
    /// A time, milliseconds since the epoch.
    Time(i64),
    /// This many milliseconds before now.
    Ago(i64),
}

impl Bound {
    /// True for a point in time.
    #[must_use]
    pub fn is_time(self) -> bool {
        matches!(self, Bound::Time(_) | Bound::Ago(_))
    }

    /// The same with a time that does not depend on now.
    #[must_use]
    pub fn fixed(self, now_ms: i64) -> Self {
        match self {
            Bound::Ago(ms) => Bound::Time(now_ms.saturating_sub(ms)),
            other => other,
        }
    }
}

/// Why a request cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct RequestError {
    /// What is wrong: one lower-case fragment.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ReconcileRequest {
    /// True where some side has a dead letter log: then diverted records are a check.
    #[must_use]
    pub fn has_dead_letters(&self) -> bool {
        self.sides.all().any(|side| !side.dead_letters.is_empty())
    }

    /// Turns `-1h` into a time and sets the engine's range. To be called once, with the clock, before anything is read.
    ///
    /// # Errors
    /// A range that ends before it begins.
    pub fn fix_times(&mut self, now_ms: i64) -> Result<(), RequestError> {
        for side in self.sides.all_mut() {
            side.from = side.from.fixed(now_ms);
            side.to = side.to.fixed(now_ms);
            ordered(side.from, side.to)?;
        }
        let time = |bound| match bound {
            Bound::Time(ms) => Some(ms),
            _ => None,
        };
        let Sides { baseline, .. } = &self.sides;
        let (start_ms, end_ms) = (time(baseline.from), time(baseline.to));
        if self.engine.window_ms.is_some() && (start_ms.is_some() || end_ms.is_some()) {
            self.engine.range = engine::Range::Time { start_ms, end_ms };
        }
        Ok(())
    }
}

/// That a range does not end before it begins, as far as that can be said without the log.
///
/// # Errors
/// A range that ends before it begins.
pub fn ordered(from: Bound, to: Bound) -> Result<(), RequestError> {
    let backwards = match (from, to) {
        (Bound::Offset(from), Bound::Offset(to)) => from > to,
        (Bound::BeforeEnd(from), Bound::BeforeEnd(to)) => from < to,
        (Bound::Time(from), Bound::Time(to)) => from > to,
        (Bound::Ago(from), Bound::Ago(to)) => from < to,
        (Bound::End, to) => to != Bound::End && !to.is_time() && !matches!(to, Bound::Offset(_)),
        (from, Bound::Beginning) => !matches!(from, Bound::Beginning | Bound::Offset(0)),
        _ => false,
    };
    if backwards {
        return Err(RequestError {
            what: "--from lies after --to".to_owned(),
            hint: Some("swap them; the range is half-open: --to is the first that no longer belongs to it".to_owned()),
        });
    }
    Ok(())
}
