//! What is no evidence: before the range, after the close, around a hole (rule 13, and the rule of holes).

use crosscheck::engine::Range;
use crosscheck::model::Side;

use super::Comparison;
use super::partition::Walked;

/// Bounds of evidence.
pub struct Edges<'a> {
    comparison: &'a Comparison<'a>,
    /// The first window that is evidence, of a range that was discovered.
    first_window: Option<i64>,
    /// Times from here on count.
    start_ms: i64,
    /// The last time that counts.
    last_ms: i64,
    /// Spans around holes, both ends included; then the same, wider, for bad records.
    spans: Vec<(i64, i64)>,
    wide: Vec<(i64, i64)>,
}

impl<'a> Edges<'a> {
    pub fn of(comparison: &'a Comparison<'a>, walked: &[Walked]) -> Self {
        let (lateness, grace) = (comparison.lateness(), comparison.grace());
        let mut edges = Self {
            comparison,
            first_window: None,
            start_ms: i64::MIN,
            last_ms: i64::MAX,
            spans: spans(walked, lateness.saturating_add(grace)),
            wide: spans(walked, lateness.saturating_add(grace.saturating_mul(5))),
        };
        match comparison.settings.range {
            Range::Everything => {}
            Range::Time { start_ms, end_ms } => {
                edges.start_ms = start_ms.unwrap_or(i64::MIN);
                edges.last_ms = end_ms.map_or(i64::MAX, |end_ms| end_ms - 1);
            }
            Range::Discovered => {
                // Without S there is no evidence yet.
                let least = comparison
                    .s_ms
                    .unwrap_or(i64::MAX / 2)
                    .saturating_add(lateness)
                    .saturating_add(grace);
                let within = comparison.window_of(least);
                let first = if within == least {
                    within
                } else {
                    comparison.end_of(within)
                };
                edges.first_window = Some(first);
            }
        }
        if comparison.closed {
            let largest = |side: Side| {
                walked
                    .iter()
                    .filter(|walked| walked.side == side)
                    .filter_map(|walked| walked.max_ms)
                    .max()
            };
            let least = Side::PAIR.map(largest).into_iter().min().flatten();
            let last_ms = least.map_or(i64::MIN, |least| least.saturating_sub(grace));
            edges.last_ms = edges.last_ms.min(last_ms);
        }
        edges
    }

    /// What counts at this time is no evidence: a pair at its baseline record, a surplus record at itself.
    pub fn holds(&self, time_ms: i64) -> bool {
        time_ms < self.start_ms || time_ms > self.last_ms || self.is_whole(self.comparison.window_of(time_ms))
    }

    /// Nothing in the window is evidence, whatever its time.
    pub fn is_whole(&self, start_ms: i64) -> bool {
        let last_ms = self.comparison.end_of(start_ms) - 1;
        let too_early = self.first_window.is_some_and(|first| start_ms < first);
        too_early || last_ms < self.start_ms || start_ms > self.last_ms || self.overlaps(&self.spans, start_ms)
    }

    /// It may be that bad records were lost that this window's share.
    pub fn near_a_hole(&self, start_ms: i64) -> bool {
        self.overlaps(&self.wide, start_ms)
    }

    fn overlaps(&self, spans: &[(i64, i64)], start_ms: i64) -> bool {
        let last_ms = self.comparison.end_of(start_ms) - 1;
        spans
            .iter()
            .any(|(from_ms, to_ms)| start_ms <= *to_ms && *from_ms <= last_ms)
    }
}

/// The holes, wider by `more` on both ends; an end that is not known has no bound.
fn spans(walked: &[Walked], more: i64) -> Vec<(i64, i64)> {
    let holes = walked.iter().flat_map(|walked| &walked.holes);
    holes
        .map(|hole| {
            (
                hole.before_ms
                    .map_or(i64::MIN, |before_ms| before_ms.saturating_sub(more)),
                hole.after_ms.map_or(i64::MAX, |after_ms| after_ms.saturating_add(more)),
            )
        })
        .collect()
}
