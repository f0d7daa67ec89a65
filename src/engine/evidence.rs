//! Which event times are evidence (rule 13).

use super::Range;
use super::holes::Holes;
use super::rules::{BEGIN, NEVER, Rules};

/// The range of evidence, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    /// S, once it is known.
    pub(super) discovered: Option<i64>,
    pub(super) closing: bool,
    /// What retention took inside the range.
    pub(super) holes: Holes,
    discovers: bool,
}

impl Evidence {
    pub(super) fn new(range: Range) -> Evidence {
        match range {
            Range::Everything => Evidence::default(),
            Range::Time { start_ms, end_ms } => Evidence {
                start: start_ms,
                end: end_ms,
                ..Evidence::default()
            },
            Range::Discovered => Evidence {
                discovers: true,
                ..Evidence::default()
            },
        }
    }

    /// Fixes S: the greatest of the first timely event times of the partitions that are not idle.
    pub(super) fn discover(&mut self, firsts: impl Iterator<Item = i64>, rules: &Rules) {
        if !self.discovers || self.discovered.is_some() {
            return;
        }
        let start = if mutant!(StartOfFastest) {
            firsts.min()
        } else {
            firsts.max()
        };
        let Some(start) = start else { return };
        self.discovered = Some(start);
        let margin = rules.lateness.unwrap_or(0).saturating_add(rules.grace.unwrap_or(0));
        let earliest = start.saturating_add(margin);
        let window = rules.grid.window(earliest);
        self.start = match rules.grid.window_start(window) {
            Some(begin) if begin == earliest || mutant!(EdgeOffByOne) => Some(begin),
            Some(_) => Some(rules.grid.window_end(window)),
            None => Some(start),
        };
    }

    /// Bounds the range by the largest running maxima of the sides that are read to their ends. A side that is not
    /// cannot bound what is settled by now: its maximum is past that by lateness + grace.
    pub(super) fn bound(&mut self, maxima: impl Iterator<Item = Option<i64>>, rules: &Rules) {
        if !self.closing || mutant!(CloseWithoutEdge) {
            return;
        }
        let end = maxima.map(|max| match (max, rules.grace) {
            (Some(max), Some(grace)) => max.saturating_sub(grace).saturating_add(1),
            (Some(_), None) => NEVER,
            (None, _) => BEGIN,
        });
        self.end = end.chain(self.end).min();
    }

    /// True once it is known where it begins.
    pub(super) fn is_begun(&self) -> bool {
        !self.discovers || self.discovered.is_some()
    }

    pub(super) fn contains(&self, time: i64) -> bool {
        if mutant!(EdgesJudged) {
            return true;
        }
        self.start.is_none_or(|start| start <= time) && self.end.is_none_or(|end| time < end)
    }

    /// True where a bad record at this running maximum is evidence.
    pub(super) fn judges(&self, max: i64, rules: &Rules) -> bool {
        self.contains(max) && !self.holes.touch_bad(rules.grid.window(max))
    }

    /// True where all of a window is evidence, as far as the range goes. Only then its profile says something, and the same
    /// however far was read when the range's end became known.
    pub(super) fn is_whole(&self, start: Option<i64>, end: i64) -> bool {
        match start {
            Some(start) => self.start.is_none_or(|first| first <= start) && self.end.is_none_or(|last| end <= last),
            None => self.start.is_none() && self.end.is_none(),
        }
    }

    /// True where no part of a window is evidence.
    pub(super) fn leaves_out(&self, start: Option<i64>, end: i64) -> bool {
        self.start.is_some_and(|first| end <= first) || self.end.zip(start).is_some_and(|(last, start)| start >= last)
    }
}
