//! Stored inputs, joined into as few passes over the logs as there can be; and the windows that no pass reaches.

use super::inputs::Inputs;
use crate::app::worker::{KnownSchema, UnknownSchema};
use crate::engine::{Checkpoint, PartitionCheckpoint};
use crate::model::{Inconclusive, Sides};

/// What there is of each partition: (partition, first offset, end).
pub type Logs = Sides<Vec<(u32, u64, u64)>>;

/// One pass: from a place to go on from, with all that was decided on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Tape {
    /// Where it begins, and every stored input up to its end.
    pub checkpoint: Checkpoint,
    /// The frontier at its end.
    pub until_ms: i64,
}

impl Tape {
    /// True for a window that became final on the way.
    #[must_use]
    pub fn covers(&self, start_ms: Option<i64>) -> bool {
        is_between(start_ms, self.checkpoint.frontier_ms, self.until_ms)
    }

    /// Offsets that are read.
    #[must_use]
    pub fn offsets(&self) -> u64 {
        let of = |part: &PartitionCheckpoint| part.position.saturating_sub(part.first_needed());
        self.checkpoint.partitions.iter().map(of).sum()
    }
}

/// Windows that cannot be computed again, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// The frontier before them; `None` from the first one on.
    pub from_ms: Option<i64>,
    /// The frontier after them.
    pub until_ms: i64,
    /// Why.
    pub reason: Inconclusive,
    /// In a sentence.
    pub text: String,
}

impl Unreachable {
    /// True for a window that is one of them.
    #[must_use]
    pub fn covers(&self, start_ms: Option<i64>) -> bool {
        is_between(start_ms, self.from_ms, self.until_ms)
    }
}

fn is_between(start_ms: Option<i64>, from_ms: Option<i64>, until_ms: i64) -> bool {
    let start = start_ms.unwrap_or(i64::MIN);
    from_ms.is_none_or(|from| start >= from) && start < until_ms
}

/// Joins rows of inputs, the oldest first.
#[derive(Debug, Default)]
pub struct Joiner {
    /// Passes so far, none of which overlap.
    pub tapes: Vec<Tape>,
    /// What no pass reaches.
    pub unreachable: Vec<Unreachable>,
    /// Every schema that was known.
    pub schemas: Vec<KnownSchema>,
    /// Every schema that was given up.
    pub unknown: Vec<UnknownSchema>,
}

impl Joiner {
    /// Takes in the schemas of a row whose windows are not asked for.
    pub fn learn(&mut self, inputs: &mut Inputs) {
        self.schemas.append(&mut inputs.schemas);
        for unknown in inputs.unknown.drain(..) {
            if !self.unknown.contains(&unknown) {
                self.unknown.push(unknown);
            }
        }
    }

    /// Takes in a row: it goes on with the last pass, or begins another one, or cannot be read any more.
    pub fn join(&mut self, mut inputs: Inputs, until_ms: i64, logs: &Logs) {
        self.learn(&mut inputs);
        let Inputs { checkpoint, .. } = inputs;
        let last = self
            .tapes
            .last_mut()
            .filter(|tape| checkpoint.frontier_ms == Some(tape.until_ms));
        if let Some(tape) = last
            && lacks(&checkpoint, Some(&tape.checkpoint), logs).is_none()
        {
            tape.checkpoint.learn(checkpoint);
            tape.until_ms = until_ms;
            return;
        }
        match lacks(&checkpoint, None, logs) {
            None => self.tapes.push(Tape { checkpoint, until_ms }),
            Some((reason, text)) => self.give_up(checkpoint.frontier_ms, until_ms, reason, text),
        }
    }

    fn give_up(&mut self, from_ms: Option<i64>, until_ms: i64, reason: Inconclusive, text: String) {
        match self.unreachable.last_mut() {
            // The first sentence speaks for all.
            Some(last) if last.reason == reason && from_ms == Some(last.until_ms) => last.until_ms = until_ms,
            _ => self.unreachable.push(Unreachable {
                from_ms,
                until_ms,
                reason,
                text,
            }),
        }
    }
}

/// Why the records up to where a commit had read cannot be read any more: from its own place to go on from, or from where
/// a pass `before` it begins.
fn lacks(checkpoint: &Checkpoint, before: Option<&Checkpoint>, logs: &Logs) -> Option<(Inconclusive, String)> {
    checkpoint.partitions.iter().find_map(|part| {
        let side = part.side?;
        let PartitionCheckpoint {
            partition, position, ..
        } = *part;
        let mut known = before.iter().flat_map(|before| &before.partitions);
        let known = known.find(|own| (own.side, own.partition) == (part.side, partition));
        let from = known.unwrap_or(part).first_needed();
        let log = logs.get(side).iter().find(|(id, ..)| *id == partition);
        match log {
            _ if from >= position => None,
            None => Some((
                Inconclusive::Recreated,
                format!("{side} partition {partition} does not exist any more"),
            )),
            Some(&(_, low, _)) if low > from => Some((
                Inconclusive::Expired,
                format!(
                    "retention took offsets {from} to {} of {side} partition {partition}",
                    low.saturating_sub(1)
                ),
            )),
            Some(&(.., end)) if end < position => Some((
                Inconclusive::Truncated,
                format!("{side} partition {partition} was read to offset {position} and now ends at {end}"),
            )),
            Some(_) => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Hole;
    use crate::model::Side;

    fn inputs(frontier: Option<i64>, resume: u64, position: u64) -> Inputs {
        Inputs {
            checkpoint: Checkpoint {
                frontier_ms: frontier,
                partitions: vec![PartitionCheckpoint {
                    side: Some(Side::Baseline),
                    resume,
                    position,
                    ..PartitionCheckpoint::default()
                }],
                ..Checkpoint::default()
            },
            unknown: Vec::new(),
            schemas: Vec::new(),
        }
    }

    fn logs(low: u64, end: u64) -> Logs {
        Sides {
            baseline: vec![(0, low, end)],
            canary: Vec::new(),
            control: None,
        }
    }

    /// (frontier before, resume, position, frontier after)
    type Row = (Option<i64>, u64, u64, i64);

    /// From and until.
    type Span = (Option<i64>, i64);

    /// The passes; the rest with its reason.
    fn joined(rows: &[Row], logs: &Logs) -> (Vec<Span>, Vec<(Span, Inconclusive)>) {
        let mut joiner = Joiner::default();
        for &(frontier, resume, position, until) in rows {
            joiner.join(inputs(frontier, resume, position), until, logs);
        }
        let tape = |tape: &Tape| (tape.checkpoint.frontier_ms, tape.until_ms);
        let rest = |rest: &Unreachable| ((rest.from_ms, rest.until_ms), rest.reason);
        (
            joiner.tapes.iter().map(tape).collect(),
            joiner.unreachable.iter().map(rest).collect(),
        )
    }

    const ROWS: [Row; 4] = [
        (None, 0, 20, 10),
        (Some(10), 15, 30, 20),
        (Some(20), 25, 40, 30),
        (Some(30), 35, 50, 40),
    ];

    #[test]
    fn one_pass_where_all_is_there() {
        assert_eq!(joined(&ROWS, &logs(0, 50)), (vec![(None, 40)], vec![]));
    }

    #[test]
    fn what_retention_took_is_left_out() {
        let expired = |until| vec![((None, until), Inconclusive::Expired)];
        assert_eq!(joined(&ROWS, &logs(15, 50)), (vec![(Some(10), 40)], expired(10)));
        assert_eq!(joined(&ROWS, &logs(16, 50)), (vec![(Some(20), 40)], expired(20)));
        assert_eq!(joined(&ROWS, &logs(50, 50)), (vec![], expired(40)));
    }

    #[test]
    fn a_cut_log_ends_a_pass() {
        let truncated = |from| vec![((Some(from), 40), Inconclusive::Truncated)];
        assert_eq!(joined(&ROWS, &logs(0, 49)), (vec![(None, 30)], truncated(30)));
        assert_eq!(joined(&ROWS, &logs(0, 30)), (vec![(None, 20)], truncated(20)));
    }

    /// Nothing of the partition was needed first, then what is lost by now, then what lies behind a hole.
    #[test]
    fn a_pass_does_not_reach_over_what_is_lost() {
        let rows = [(None, 5, 5, 10), (Some(10), 5, 20, 20), (Some(20), 15, 40, 30)];
        let expired = |from, until| ((Some(from), until), Inconclusive::Expired);
        assert_eq!(
            joined(&rows, &logs(15, 50)),
            (vec![(None, 10), (Some(20), 30)], vec![expired(10, 20)])
        );
        let mut joiner = Joiner::default();
        joiner.join(inputs(None, 5, 5), 10, &logs(9, 50));
        let mut behind = inputs(Some(10), 5, 20);
        behind.checkpoint.partitions[0].holes = vec![Hole {
            from: 5,
            to: 9,
            before_ms: None,
            after: None,
        }];
        joiner.join(behind, 20, &logs(9, 50));
        assert_eq!((joiner.tapes.len(), joiner.unreachable.len()), (2, 0));
        assert_eq!(joiner.tapes[1].offsets(), 11);
    }

    #[test]
    fn a_row_that_is_gone_parts_two_passes() {
        let rows = [ROWS[0], ROWS[1], ROWS[3]];
        assert_eq!(joined(&rows, &logs(0, 50)), (vec![(None, 20), (Some(30), 40)], vec![]));
    }

    #[test]
    fn a_partition_that_is_gone_is_said_so() {
        let none = Logs::default();
        assert_eq!(
            joined(&ROWS[..1], &none),
            (vec![], vec![((None, 10), Inconclusive::Recreated)])
        );
    }
}
