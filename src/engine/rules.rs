//! The settings as the rules use them: event time with its infinities, cut into windows and segments.

use std::ops::RangeInclusive;

use super::aggregate::Measuring;
use super::sample::{Sampling, Taken};
use super::tolerance::Limit;
use super::{Names, Profile, Settings};
use crate::model::{Fingerprint, Identity};

/// Before every event time.
pub(super) const BEGIN: i64 = i64::MIN;
/// After every event time: the watermark of what is read to its end.
pub(super) const NEVER: i64 = i64::MAX;

/// Event times that RFC 3339 and the calendar can write (years -9999 to 9999). Another one is as good as unparsable.
const TIMES: RangeInclusive<i64> = -377_705_023_201_000..=253_402_207_200_999;
/// No bound is longer than this: sums of times and bounds stay far from the ends of `i64`.
const BOUND_MAX: i64 = 1 << 60;
/// A segment is not cut shorter than this on purpose, nor is a window cut into more than this many.
const PIECE_MIN_MS: i64 = 1_000;
const PIECES_MAX: i64 = 1_024;

/// `time + by`; `None` is unbounded.
pub(super) fn later(time: i64, by: Option<i64>) -> i64 {
    match by {
        _ if time == BEGIN => BEGIN,
        Some(by) => time.saturating_add(by),
        None => NEVER,
    }
}

/// `time - by`; `None` is unbounded. What is read to its end stays so.
pub(super) fn earlier(time: i64, by: Option<i64>) -> i64 {
    match by {
        _ if time == NEVER => NEVER,
        Some(by) => time.saturating_sub(by),
        None => BEGIN,
    }
}

/// True where `watermark` has passed `end + by`: passed means greater.
pub(super) fn passed(watermark: i64, end: i64, by: Option<i64>) -> bool {
    watermark == NEVER || watermark > later(end, by)
}

/// How time is cut: into windows, and each window into segments about as long as grace. A window is also cut where grace
/// after an earlier window's end lies: what a window needs to be settled is then complete when its time has come.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    window: Option<i64>,
    /// Where the segments of a window begin, from 0.
    cuts: Vec<i64>,
}

impl Grid {
    fn new(window: Option<i64>, grace: Option<i64>) -> Grid {
        let mut cuts = vec![0];
        if let (Some(length), Some(grace)) = (window, grace) {
            let least = grace.max(PIECE_MIN_MS).max(length / PIECES_MAX);
            for (start, end) in [(0, grace % length), (grace % length, length)] {
                let pieces = (end - start).div_euclid(least) + i64::from((end - start) % least != 0);
                let piece = (end - start).div_euclid(pieces.max(1)) + i64::from((end - start) % pieces.max(1) != 0);
                cuts.extend((0..pieces).map(|at| (start + at * piece).min(end)));
            }
            cuts.sort_unstable();
            cuts.dedup();
        }
        Grid { window, cuts }
    }

    fn pieces(&self) -> i64 {
        i64::try_from(self.cuts.len()).unwrap_or(1)
    }

    /// The window that a time lies in.
    pub(super) fn window(&self, time: i64) -> i64 {
        self.window.map_or(0, |length| time.div_euclid(length))
    }

    /// First millisecond of a window; `None` where there is only one.
    pub(super) fn window_start(&self, window: i64) -> Option<i64> {
        self.window.map(|length| window.saturating_mul(length))
    }

    /// First millisecond after a window.
    pub(super) fn window_end(&self, window: i64) -> i64 {
        self.window
            .map_or(NEVER, |length| window.saturating_add(1).saturating_mul(length))
    }

    /// The segment that a time lies in.
    pub(super) fn segment(&self, time: i64) -> i64 {
        let Some(length) = self.window else { return 0 };
        let within = time.rem_euclid(length);
        let at = self.cuts.partition_point(|cut| *cut <= within).saturating_sub(1);
        time.div_euclid(length)
            .saturating_mul(self.pieces())
            .saturating_add(i64::try_from(at).unwrap_or(0))
    }

    /// The window that a segment lies in.
    pub(super) fn window_of_segment(&self, segment: i64) -> i64 {
        segment.div_euclid(self.pieces())
    }

    /// First millisecond of a segment.
    pub(super) fn segment_start(&self, segment: i64) -> i64 {
        let Some(length) = self.window else { return BEGIN };
        let at = usize::try_from(segment.rem_euclid(self.pieces())).unwrap_or(0);
        let cut = self.cuts.get(at).copied().unwrap_or(0);
        self.window_of_segment(segment)
            .saturating_mul(length)
            .saturating_add(cut)
    }

    /// First millisecond after a segment.
    pub(super) fn segment_end(&self, segment: i64) -> i64 {
        if self.window.is_none() {
            NEVER
        } else {
            self.segment_start(segment.saturating_add(1))
        }
    }
}

/// The settings as the rules use them.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) grid: Grid,
    pub(super) lateness: Option<i64>,
    pub(super) grace: Option<i64>,
    /// 5 x grace, for bad records (rule 14).
    pub(super) sharing: Option<i64>,
    pub(super) skew_max: Option<i64>,
    pub(super) age_max: Option<i64>,
    pub(super) time_is_timestamp: bool,
    pub(super) no_time: bool,
    pub(super) has_identity: bool,
    pub(super) conflicts: bool,
    pub(super) limits: Vec<Limit>,
    /// Of each critical field the place of its tolerance.
    pub(super) critical: Vec<Option<usize>>,
    /// Places of those that bear no difference.
    pub(super) strict: Vec<usize>,
    pub(super) findings_max: usize,
    /// Who is in the sample; `None` is everybody.
    pub(super) sampling: Option<Sampling>,
    pub(super) profile: Option<Profile>,
    /// A record is slow whose delay is more than this.
    pub(super) slower_than: Option<i64>,
    pub(super) aggregates: Vec<Measuring>,
    /// Something is counted of each record by itself.
    pub(super) watches: bool,
}

impl Rules {
    pub(super) fn new(settings: &Settings) -> Rules {
        let window = settings.window_ms.map(|length| length.clamp(1, BOUND_MAX));
        let bound = |bound: Option<i64>| bound.map(|ms| ms.clamp(0, BOUND_MAX));
        let timed = |given: Option<i64>| window.and(bound(given));
        let grace = timed(settings.grace_ms).map(|grace| if mutant!(NoGrace) { 0 } else { grace });
        Rules {
            grid: Grid::new(window, grace),
            lateness: timed(settings.lateness_ms),
            grace,
            sharing: grace.map(|grace| grace.saturating_mul(5)),
            skew_max: bound(settings.skew_max_ms),
            age_max: bound(settings.age_max_ms),
            time_is_timestamp: settings.time_is_timestamp,
            no_time: window.is_none(),
            has_identity: settings.has_identity,
            conflicts: settings.names == Names::Event,
            limits: settings.tolerances.iter().map(Limit::new).collect(),
            critical: settings.named.critical.clone(),
            strict: settings.named.strict.clone(),
            findings_max: settings.findings_max,
            sampling: None,
            profile: settings.profile.clone(),
            slower_than: settings.named.slower_than_ms,
            aggregates: settings.named.aggregates.iter().map(Measuring::new).collect(),
            watches: settings.profile.is_some() || settings.named.watches(),
        }
    }

    /// How far from a change of the sample's rate a record may have to do with one on the other side of it: its partner is at most
    /// grace away, and so is a record that takes that one from it.
    pub(super) fn beside(&self) -> Option<i64> {
        self.grace.map(|grace| grace.saturating_mul(2))
    }

    /// Whether a record of this event time is compared.
    #[inline(always)]
    pub(super) fn takes(&self, print: &Fingerprint, time: i64) -> Taken {
        let Some(sampling) = &self.sampling else {
            return Taken::In;
        };
        let identity = if mutant!(SampleByContent) {
            Identity(print.digest.0)
        } else {
            print.identity
        };
        sampling.takes(identity, time)
    }

    /// True where a record is not in the sample, and is there for a partner that may be.
    #[inline(always)]
    pub(super) fn is_beside(&self, print: &Fingerprint, time: i64) -> bool {
        let near = |sampling: &Sampling| sampling.changes_near(time);
        self.sampling.as_ref().is_some_and(near) && self.takes(print, time) == Taken::Beside
    }

    /// True where a record of this event time came into its log later than is borne.
    #[inline]
    pub(super) fn is_slow(&self, timestamp: Option<i64>, time: i64) -> bool {
        let Some(most) = self.slower_than else { return false };
        timestamp.is_some_and(|at| {
            let delay = at.saturating_sub(time);
            delay > most || mutant!(SlowAtLimit) && delay == most
        })
    }

    /// True where nothing is paired.
    pub(super) fn is_unpaired(&self) -> bool {
        self.profile.as_ref().is_some_and(|profile| profile.unpaired)
    }

    /// Bytes that the tolerant and critical values of a record hold.
    pub(super) fn tolerant_bytes(&self) -> u64 {
        let count = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        match (count(self.limits.len()), count(self.critical.len())) {
            (0, 0) => 0,
            (limits, critical) => 32 + 48 * limits + 16 * critical,
        }
    }

    /// True where two records are near enough in time to have to do with each other.
    pub(super) fn near(&self, one: i64, other: i64) -> bool {
        self.grace
            .is_none_or(|grace| one.abs_diff(other) <= grace.unsigned_abs())
    }

    /// True where `second` is at most grace / 2 later than `first`.
    pub(super) fn half_near(&self, first: i64, second: i64) -> bool {
        let twice = if mutant!(HalfGraceIsGrace) { 1 } else { 2 };
        self.grace
            .is_none_or(|grace| first.abs_diff(second).saturating_mul(twice) <= grace.unsigned_abs())
    }

    /// True where a segment can be settled: all that its records may pair with is sealed.
    pub(super) fn is_ready(&self, segment: i64, watermark: i64) -> bool {
        if watermark == NEVER {
            return true;
        }
        let reach = later(self.grid.segment_end(segment), self.grace);
        reach <= watermark && self.grid.segment_end(self.grid.segment(reach.saturating_sub(1))) <= watermark
    }

    /// The time before which every segment can be settled.
    pub(super) fn settled_before(&self, watermark: i64) -> i64 {
        let limit = earlier(watermark, self.grace);
        if limit == NEVER || limit == BEGIN || self.no_time {
            return limit;
        }
        let mut segment = self.grid.segment(limit);
        while !self.is_ready(segment.saturating_sub(1), watermark) {
            segment -= 1;
        }
        self.grid.segment_start(segment)
    }

    /// True where an event time can be used at all.
    pub(super) fn is_time(&self, time: i64) -> bool {
        TIMES.contains(&time)
    }

    /// The mark that a running maximum reaches: the greatest k with `k * window - grace <= max`.
    pub(super) fn mark(&self, max: i64) -> Option<i64> {
        let grace = self.grace?;
        self.grid
            .window
            .map(|length| max.saturating_add(grace).div_euclid(length))
    }

    /// The least maximum with the mark after that of this one; `None` where there is none.
    pub(super) fn next_mark(&self, max: i64) -> Option<i64> {
        let (grace, length) = (self.grace?, self.grid.window?);
        let next = self.mark(max)?.checked_add(1)?.checked_mul(length)?;
        next.checked_sub(grace)
    }

    /// The mark that a partition needs to have reached for a frontier.
    pub(super) fn frontier_mark(&self, frontier: i64) -> Option<i64> {
        self.grid.window.map(|length| frontier.div_euclid(length))
    }

    /// The frontier for a watermark: the end of the last window that is final.
    pub(super) fn frontier(&self, watermark: i64) -> i64 {
        match self.grid.window {
            // W > end + grace, so end <= W - grace - 1.
            Some(length) if watermark != NEVER => earlier(watermark, self.grace)
                .saturating_sub(1)
                .div_euclid(length)
                .saturating_mul(length),
            _ => watermark,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_segments_tile_time() {
        for (window, grace) in [
            (30_000, 30_000),
            (30_000, 7_000),
            (10, 3),
            (60_000, 1),
            (7_001, 1_000),
            (5, 503),
            (90_000_000, 0),
        ] {
            let grid = Grid::new(Some(window), Some(grace));
            for time in (-70_000..70_000).step_by(7).chain(-20..20) {
                let (segment, home) = (grid.segment(time), grid.window(time));
                assert!(
                    grid.segment_start(segment) <= time && time < grid.segment_end(segment),
                    "{window} {grace} {time}"
                );
                assert_eq!(grid.window_of_segment(segment), home);
                assert!(grid.window_start(home).unwrap() <= time && time < grid.window_end(home));
                assert!(grid.segment_end(segment) <= grid.window_end(home));
                assert_eq!(grid.segment_end(segment), grid.segment_start(segment + 1));
                let reach = grid.window_end(home) + grace;
                assert_eq!(grid.segment_start(grid.segment(reach)), reach);
            }
        }
    }

    #[test]
    fn infinities_stay() {
        assert_eq!(earlier(NEVER, None), NEVER);
        assert_eq!(earlier(NEVER, Some(5)), NEVER);
        assert_eq!(earlier(7, None), BEGIN);
        assert_eq!(later(7, None), NEVER);
        assert_eq!(later(BEGIN, Some(5)), BEGIN);
        assert!(passed(NEVER, NEVER, None));
        assert!(!passed(10, 5, Some(5)) && passed(11, 5, Some(5)));
    }
}
