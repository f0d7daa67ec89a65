//! Records read again by position, for the findings that are kept (rule 5).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::book;
use super::contract::single;
use super::topic::Fetch;
use crate::codec::{Conditional, Rendered, Sign, Then};
use crate::edge::files;
use crate::engine::diff::{DiffRules, diff, diff_whole};
use crate::engine::{Candidate, Settings, differing_again};
use crate::model::{
    DifferenceKind, Differing, FieldDifference, Outcome, PerSide, Position, RecordBatch, RecordRef, Reduction, Side,
    Sides, Value,
};

/// Pairs that are in memory at a time.
const CHUNK: usize = 4096;

/// Where the records of a side are read again.
pub enum Again {
    /// A topic.
    Kafka(Box<dyn Fetch>),
    /// A file.
    File {
        /// Which.
        input: files::Input,
        /// Of which kind.
        kind: files::Kind,
        /// Where its records are.
        index: Option<Box<files::Index>>,
    },
}

/// Reads pairs again and compares them field by field.
pub struct Rereader {
    again: Sides<Again>,
    readers: Sides<book::Reader>,
    rules: DiffRules,
    /// Rules that hold for some records only.
    conditional: Vec<Conditional>,
}

/// Records by position.
type Rendereds = BTreeMap<Position, Rendered>;

/// What a second look at a pair gives.
pub enum Seen {
    /// How it differs.
    Differences(Vec<FieldDifference>),
    /// A record is gone by now.
    Gone(&'static str),
}

impl Rereader {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(
        again: Sides<Again>,
        readers: Sides<book::Reader>,
        rules: DiffRules,
        conditional: Vec<Conditional>,
    ) -> Self {
        Self {
            again,
            readers,
            rules,
            conditional,
        }
    }

    /// The rules that it compares by.
    #[must_use]
    pub fn rules(&self) -> &DiffRules {
        &self.rules
    }

    /// Compares by other rules from now on.
    pub fn set_rules(&mut self, rules: DiffRules) {
        self.rules = rules;
    }

    /// Reads the records of a side from there from now on.
    pub fn set_again(&mut self, side: Side, again: Again) {
        *self.again.get_mut(side) = again;
    }

    /// Looks at every pair again, in the order of `pairs`.
    ///
    /// # Errors
    /// A log that cannot be read at all.
    pub fn look(&mut self, pairs: &[Candidate], visit: impl FnMut(&Candidate, Seen)) -> Result<()> {
        self.look_at(Side::Canary, pairs, visit)
    }

    /// The same of pairs of the baseline and the control.
    ///
    /// # Errors
    /// A log that cannot be read at all.
    pub fn look_at_control(&mut self, pairs: &[Candidate], visit: impl FnMut(&Candidate, Seen)) -> Result<()> {
        self.look_at(Side::Control, pairs, visit)
    }

    fn look_at(&mut self, other: Side, pairs: &[Candidate], mut visit: impl FnMut(&Candidate, Seen)) -> Result<()> {
        for chunk in pairs.chunks(CHUNK) {
            let mut rendered = self.both(other, chunk)?;
            for pair in chunk {
                let mut take = |side: Side, at: Option<Position>| rendered.get_mut(side).remove(&at?);
                let seen = match (take(Side::Baseline, pair.baseline), take(Side::Canary, pair.canary)) {
                    (Some(baseline), Some(canary)) => Seen::Differences(self.compare(&baseline, &canary)),
                    (None, Some(_)) => Seen::Gone("the baseline's record is gone"),
                    (Some(_), None) => Seen::Gone("the canary's record is gone"),
                    (None, None) => Seen::Gone("both records are gone"),
                };
                visit(pair, seen);
            }
        }
        Ok(())
    }

    /// The raw keys of records, those that have one. A file has none.
    ///
    /// # Errors
    /// A log that cannot be read at all.
    pub fn keys(&mut self, side: Side, at: &[Position]) -> Result<BTreeMap<Position, Vec<u8>>> {
        self.raw(side, at, |batch, record| batch.key(record).map(<[u8]>::to_vec))
    }

    /// What is wanted of the raw records at positions of a topic; of a file nothing.
    ///
    /// # Errors
    /// A log that cannot be read at all.
    pub fn raw<T>(
        &mut self,
        side: Side,
        at: &[Position],
        want: impl Fn(&RecordBatch, &RecordRef) -> Option<T>,
    ) -> Result<BTreeMap<Position, T>> {
        let mut found = BTreeMap::new();
        let Again::Kafka(fetcher) = self.again.get_mut(side) else {
            return Ok(found);
        };
        let mut wanted: Vec<(u32, u64)> = at.iter().map(|at| (at.partition, at.offset)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        fetcher.fetch(&wanted, &mut |batch, index| {
            let record = &batch.records[index];
            let position = Position {
                side,
                partition: batch.partition,
                offset: record.offset,
            };
            found.extend(want(batch, record).map(|wanted| (position, wanted)));
        })?;
        Ok(found)
    }

    /// Those of the candidates whose record, on this side, shows the same again when it is read again: the same reason why it
    /// cannot be decoded, or the same identity.
    ///
    /// # Errors
    /// A log that cannot be read at all.
    pub fn confirm(&mut self, side: Side, candidates: &[&Candidate]) -> Result<BTreeSet<Position>> {
        let at = |candidate: &Candidate| match side {
            Side::Canary => candidate.canary,
            _ => candidate.baseline,
        };
        let reduced = self.reduced(side, candidates.iter().filter_map(|candidate| at(candidate)))?;
        let same = |candidate: &&&Candidate| match at(candidate).and_then(|at| reduced.get(&at)) {
            Some(Reduction::Undecodable(reason, _)) => candidate.reason == Some(*reason),
            Some(Reduction::Decoded(print)) => candidate.identity == Some(print.identity),
            Some(Reduction::Diverted(_)) => candidate.outcome == Outcome::Diverted,
            Some(Reduction::Deselected) | None => false,
        };
        let confirmed = candidates.iter().filter(same);
        Ok(confirmed.filter_map(|candidate| at(candidate)).collect())
    }

    /// At which critical fields pairs differ when they are read again, by the canary's positions: both records are reduced as they
    /// were before they were paired first, and held against each other by the same rules. Nothing of a pair of which a record is
    /// gone, or is another one by now.
    ///
    /// # Errors
    /// A log that cannot be read at all.
    pub fn differing(&mut self, settings: &Settings, pairs: &[Candidate]) -> Result<BTreeMap<Position, Differing>> {
        let baseline = self.reduced(Side::Baseline, pairs.iter().filter_map(|pair| pair.baseline))?;
        let canary = self.reduced(Side::Canary, pairs.iter().filter_map(|pair| pair.canary))?;
        let differing = |pair: &Candidate| {
            let same = |reduction: &'_ Reduction| match reduction {
                Reduction::Decoded(print) if pair.identity == Some(print.identity) => Some(print.clone()),
                _ => None,
            };
            let one = baseline.get(&pair.baseline?).and_then(same)?;
            let other = canary.get(&pair.canary?).and_then(same)?;
            Some((pair.canary?, differing_again(settings, &one, &other)))
        };
        Ok(pairs.iter().filter_map(differing).collect())
    }

    /// What the codec makes of the records at positions of a topic, read again; of a file nothing.
    fn reduced(&mut self, side: Side, at: impl Iterator<Item = Position>) -> Result<BTreeMap<Position, Reduction>> {
        let mut reduced = BTreeMap::new();
        let Again::Kafka(fetcher) = self.again.get_mut(side) else {
            return Ok(reduced);
        };
        let wanted: BTreeSet<(u32, u64)> = at.map(|at| (at.partition, at.offset)).collect();
        let wanted: Vec<(u32, u64)> = wanted.into_iter().collect();
        let reducer = self.readers.get_mut(side).reducer();
        let mut out = Vec::new();
        fetcher.fetch(&wanted, &mut |batch, index| {
            let position = Position {
                side,
                partition: batch.partition,
                offset: batch.records[index].offset,
            };
            // What it still needs was known when it was read first.
            let _ = reducer.reduce(&single(batch, index).1, 0, &mut out);
            reduced.extend(out.drain(..).next().map(|entry| (position, entry.body)));
        })?;
        Ok(reduced)
    }

    fn compare(&self, baseline: &Rendered, canary: &Rendered) -> Vec<FieldDifference> {
        if self.conditional.is_empty() {
            return compare(baseline, canary, &self.rules);
        }
        // A tolerance with conditions holds for a pair where it holds for both records.
        let holds = |place: usize| {
            let of = |(_, rule): &(usize, &Conditional)| rule.then == Then::Tolerance(place);
            let mut conditional = self.conditional.iter().enumerate().filter(of).peekable();
            let both = |rule: usize| baseline.when.contains(&rule) && canary.when.contains(&rule);
            conditional.peek().is_none() || conditional.any(|(rule, _)| both(rule))
        };
        // What a rule leaves out of one record only is not compared either; that it does so is the difference, below.
        let apart = |rule: usize| baseline.when.contains(&rule) != canary.when.contains(&rule);
        let left_out = self
            .conditional
            .iter()
            .enumerate()
            .filter_map(|(place, rule)| match &rule.then {
                Then::Ignore(path) if apart(place) => Some(path.clone()),
                _ => None,
            });
        let tolerances = self.rules.tolerance.iter().enumerate();
        let rules = DiffRules {
            ignore: self.rules.ignore.iter().cloned().chain(left_out).collect(),
            tolerance: tolerances
                .filter(|(place, _)| holds(*place))
                .map(|(_, tolerance)| tolerance.clone())
                .collect(),
            ..self.rules.clone()
        };
        let mut found = compare(baseline, canary, &rules);
        // What a rule leaves out of one record only makes the two differ: where it looks at.
        for (place, rule) in self.conditional.iter().enumerate() {
            if !apart(place) {
                continue;
            }
            let path = match &rule.when.of {
                Sign::Header(name) => format!("$header.{name}"),
                Sign::Field(path) => path.to_string(),
            };
            if found.iter().all(|other| other.path != path) {
                found.push(FieldDifference {
                    path,
                    kind: DifferenceKind::Value,
                    baseline: None,
                    canary: None,
                });
            }
        }
        found
    }

    /// Records of the baseline and another side; of two files at once.
    fn both(&mut self, other: Side, pairs: &[Candidate]) -> Result<PerSide<Rendereds>> {
        let Self { again, readers, .. } = self;
        let (left, right, reader) = match (other, &mut again.control, &mut readers.control) {
            (Side::Control, Some(again_of), Some(reader)) => (&mut again.baseline, again_of, reader),
            _ => (&mut again.baseline, &mut again.canary, &mut readers.canary),
        };
        let files = matches!(left, Again::File { .. }) && matches!(right, Again::File { .. });
        let mut baseline = || {
            let at = pairs.iter().filter_map(|pair| pair.baseline);
            side(Side::Baseline, left, &mut readers.baseline, at)
        };
        let mut canary = || {
            let at = pairs.iter().filter_map(|pair| pair.canary);
            side(other, right, reader, at)
        };
        let (baseline, canary) = if files {
            std::thread::scope(|scope| {
                let baseline = scope.spawn(baseline);
                let canary = canary();
                let died = |_| Err(anyhow::anyhow!("the thread that reads the baseline again died"));
                (baseline.join().unwrap_or_else(died), canary)
            })
        } else {
            (baseline(), canary())
        };
        Ok(PerSide {
            baseline: baseline?,
            canary: canary?,
        })
    }
}

/// Where two records differ.
fn compare(baseline: &Rendered, canary: &Rendered, rules: &DiffRules) -> Vec<FieldDifference> {
    let mut found = Vec::new();
    if baseline.key.is_some() || canary.key.is_some() {
        found.extend(diff_whole("$key", baseline.key.as_ref(), canary.key.as_ref(), rules));
    }
    let value = |rendered: &Rendered| (!rendered.tombstone).then(|| rendered.value.clone());
    found.extend(diff(value(baseline).as_ref(), value(canary).as_ref(), rules));
    for ((name, left), (_, right)) in baseline.headers.iter().zip(&canary.headers) {
        if left != right {
            let name = format!("$header.{name}");
            found.extend(diff_whole(&name, Some(&header(left)), Some(&header(right)), rules));
        }
    }
    found
}

/// Records of one side, rendered as the contract's type.
fn side(
    side: Side,
    again: &mut Again,
    reader: &mut book::Reader,
    at: impl Iterator<Item = Position>,
) -> Result<Rendereds> {
    let mut wanted: Vec<(u32, u64)> = at.map(|at| (at.partition, at.offset)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut rendered = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(rendered);
    }
    let reducer = reader.reducer();
    let mut keep = |batch: &RecordBatch, index: usize| {
        let position = Position {
            side,
            partition: batch.partition,
            offset: batch.records[index].offset,
        };
        if let Ok(record) = reducer.value(batch, index) {
            rendered.insert(position, record);
        }
    };
    match again {
        Again::Kafka(fetcher) => {
            fetcher.fetch(&wanted, &mut keep)?;
        }
        Again::File { input, kind, index } => {
            let offsets: Vec<u64> = wanted.iter().map(|(_, offset)| *offset).collect();
            if let Some(index) = index {
                files::read_again((input, *kind), index, &offsets, |offset, bytes| {
                    keep(&record_of(offset, bytes), 0)
                })?;
            }
        }
    }
    Ok(rendered)
}

/// A batch of the one record of a file.
fn record_of(offset: u64, bytes: &[u8]) -> RecordBatch {
    let mut batch = RecordBatch::new(0);
    batch.push_value(offset, bytes);
    batch
}

/// All values of a header, as one value.
fn header(values: &[Option<Vec<u8>>]) -> Value {
    let one = |value: &Option<Vec<u8>>| value.clone().map_or(Value::Null, Value::Bytes);
    match values {
        [] => Value::Absent,
        [single] => one(single),
        several => Value::Array(several.iter().map(one).collect()),
    }
}
