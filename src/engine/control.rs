//! A control beside the canary (rule 15): compared with the baseline by the same rules, apart. It has partitions, pairing,
//! straddling pairs and a frontier of its own; in there the control stands where the canary stands in the comparison.
//!
//! It never holds a window and never moves the engine's watermark. Its own comparison goes as far as the engine's watermark
//! and its side's, so that no record can come behind it. A window that it has not passed when it becomes final is left out,
//! and the records of that window stay, because their neighbours may pair with them. Where it falls too far behind, is only
//! beginning, or lost records, there is a cut: what stands before is dropped, and pairing begins anew behind it. Which
//! windows were left out and where the cuts are is a stored input.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;

use super::aside::{divert, usable_time};
use super::core::{is_complete, is_late, side_watermark};
use super::evidence::Evidence;
use super::ledger::{Apart, Ledger, Sink};
use super::pairing::Pairing;
use super::partition::Partition;
use super::resumed::{Met, Resumed};
use super::row::{Mark, Row};
use super::rules::{NEVER, Rules, earlier, later, passed};
use super::sample::Taken;
use super::window::Window;
use super::{Checkpoint, ControlCheckpoint, Engine, Entry, Range, Settings, Straddling};
use crate::model::{Fingerprint, Position, Reduction, Side, SideCounts, is_dead_letter};

/// The comparison of baseline and control.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) partitions: BTreeMap<u32, Partition>,
    pub(super) pairing: Pairing,
    pub(super) ledger: Ledger,
    pub(super) resumed: Resumed,
    /// The rules, without findings.
    rules: Rules,
    /// How far it is compared: the least of the engine's watermark and its side's. It never falls.
    pub(super) watermark: Option<i64>,
    /// Everything before it is compared; at most the engine's frontier.
    reach: Option<i64>,
    /// Records before it are dropped.
    cut: Option<i64>,
    /// It is known since when it takes part.
    begun: bool,
    /// It is read to an end, and windows wait for it.
    pub(super) waits: bool,
    /// Ends of windows that it is known to be left out of: inputs of a replay.
    known: BTreeSet<i64>,
    /// Cuts that are still to come in a replay: from which frontier on, and where.
    cuts: VecDeque<(i64, i64)>,
    /// Ends of the windows that it was left out of since the last commit.
    left_out: Vec<i64>,
    /// Its records that take no part in pairing, those that were dropped among them as `edge`.
    pub(super) own: SideCounts,
    /// Its records without an outcome that are put away.
    pub(super) away: u64,
}

impl Control {
    /// Where the settings ask for one.
    pub(super) fn resume(settings: &Settings, checkpoint: &Checkpoint, rules: &Rules) -> Option<Box<Control>> {
        let stored = checkpoint.control.clone().unwrap_or_default();
        let ours = checkpoint
            .partitions
            .iter()
            .filter(|stored| stored.side == Some(Side::Control));
        let mut ledger = Ledger::new(Evidence::default());
        ledger.has_control = true;
        let straddling: Vec<Straddling> = stored
            .straddling
            .iter()
            .map(|pair| with_side(*pair, Side::Canary))
            .collect();
        let control = Control {
            partitions: ours
                .map(|stored| (stored.partition, Partition::resume(stored)))
                .collect(),
            pairing: Pairing::default(),
            ledger,
            resumed: Resumed::new(stored.frontier_ms, &straddling),
            rules: without_findings(rules),
            watermark: None,
            reach: stored.frontier_ms,
            cut: stored.cut_ms,
            begun: stored.begun || settings.range != Range::Discovered,
            waits: false,
            known: stored.left_out.into_iter().collect(),
            cuts: stored.later_cuts.into(),
            left_out: Vec::new(),
            own: SideCounts::default(),
            away: 0,
        };
        settings.control.then(|| Box::new(control))
    }

    /// Records of the control.
    pub(super) fn records(
        &mut self,
        partition: u32,
        entries: &[Entry],
        read_at: i64,
        engine: (Option<i64>, Option<i64>),
    ) {
        let (watermark, frontier) = engine;
        let Some(mut log) = self.partitions.remove(&partition) else {
            return;
        };
        let mut mended = false;
        for entry in entries {
            if !log.arrive(entry.offset, watermark, &self.rules) {
                continue;
            }
            // Who pairs with the baseline is the canary in there.
            let position = Position {
                side: Side::Canary,
                partition,
                offset: entry.offset,
            };
            match &entry.body {
                Reduction::Deselected => self.own.excluded_select += 1,
                Reduction::Diverted(_) => {
                    divert(entry, &mut log, read_at, &self.rules);
                    self.own.diverted += 1;
                }
                Reduction::Undecodable(reason, _) => {
                    log.stir();
                    *self.own.undecodable.entry(*reason).or_default() += 1;
                }
                Reduction::Decoded(fingerprint) => {
                    match usable_time(fingerprint, entry, &mut log, read_at, &self.rules) {
                        None => {
                            log.stir();
                            self.own.untimely += 1;
                        }
                        Some(time) if is_late(&mut log, time, frontier, &self.rules) => self.own.late += 1,
                        Some(time) => {
                            mended |= log.mend();
                            if self.rules.takes(fingerprint, time) == Taken::Out {
                                self.own.excluded_sample += 1;
                            } else {
                                self.push(fingerprint, position, time);
                            }
                        }
                    }
                }
            }
            log.depart(entry.bytes);
        }
        let mends = if mended { log.take_mended() } else { None };
        self.partitions.insert(partition, log);
        if let Some(max) = mends {
            self.cut(later(max, self.rules.lateness), frontier);
        }
    }

    /// A record of either side that takes part in pairing; the control's says that it is the canary's.
    #[inline]
    pub(super) fn push(&mut self, print: &Fingerprint, at: Position, time: i64) {
        if self.cut.is_some_and(|cut| time < cut) {
            self.own.excluded_edge += u64::from(at.side == Side::Canary);
            return;
        }
        let beside = self.rules.is_beside(print, time);
        if !self.resumed.expects_records() && !beside {
            return self.pairing.push_fresh(print, at, (time, false), &self.rules);
        }
        let mut row = Row::new(print, at, time);
        row.mark = Mark::default().or_unsampled(beside);
        if let Met::Partner(settled, counts) = self.resumed.meet(&mut row) {
            self.ledger.cross(&settled, &self.rules);
            if counts {
                self.pairing.defer(settled, &self.rules);
            }
        }
        self.pairing.push(row, &self.rules);
    }

    /// Retention took a range of offsets: until the log goes on nothing is known, and then pairing begins anew.
    pub(super) fn lose(&mut self, partition: u32, (from, to): (u64, u64), watermark: Option<i64>) {
        if let Some(log) = self.partitions.get_mut(&partition) {
            log.lose((from, to), is_dead_letter(partition), watermark, &self.rules);
        }
    }

    /// Its side's watermark; none while it is not known where a hole ends.
    pub(super) fn side_watermark(&self) -> Option<i64> {
        let torn = |log: &Partition| !log.is_completed() && !log.holes().is_empty();
        if self.partitions.values().any(torn) {
            return None;
        }
        side_watermark(&self.partitions, &self.rules)
    }

    /// A record that was put away comes back.
    pub(super) fn take_back(&mut self, row: Row) {
        let own = u64::from(row.side == Side::Canary);
        if !row.settled {
            self.away = self.away.saturating_sub(own);
        }
        if self.cut.is_none_or(|cut| row.time >= cut) {
            self.pairing.push(row, &self.rules);
        } else if !row.settled {
            self.own.excluded_edge += own;
        }
    }

    /// Puts away what is in flight, as the engine does.
    ///
    /// # Errors
    /// What `each` says.
    pub(super) fn put_away<E>(&mut self, mut each: impl FnMut(Row) -> Result<(), E>) -> Result<(), E> {
        let Control {
            pairing,
            ledger,
            rules,
            away,
            ..
        } = self;
        ledger.forget(i64::MAX);
        pairing.put_away(rules, &mut Apart(Sink { ledger, rules }), |row| {
            *away += u64::from(row.side == Side::Canary && !row.settled);
            each(row)
        })
    }

    /// Settles what was taken back, as far as the watermark allows.
    pub(super) fn settle_away(&mut self, watermark: i64, evidence: &Evidence, frontier: Option<i64>) {
        self.advance(watermark, evidence, frontier, &mut u64::MAX.clone());
        self.away += self.pairing.pending().canary;
        self.pairing = Pairing::default();
    }

    /// Settles up to the engine's watermark or its side's, as far as the budget allows; true once all is.
    pub(super) fn advance(
        &mut self,
        target: i64,
        evidence: &Evidence,
        frontier: Option<i64>,
        budget: &mut u64,
    ) -> bool {
        if let Some(side) = self.side_watermark() {
            if !self.begun {
                self.begin(frontier);
            }
            // Not past a cut that is to come: what stands behind it must not be forgotten.
            let cut = self.cuts.front().map_or(NEVER, |(from, _)| *from);
            let most = later(cut, self.rules.grace);
            self.watermark = self.watermark.max(Some(side.min(target).min(most)));
        }
        (self.ledger.evidence.start, self.ledger.evidence.end) = (evidence.start, evidence.end);
        let Control {
            pairing,
            ledger,
            rules,
            watermark: Some(watermark),
            ..
        } = self
        else {
            return true;
        };
        pairing.advance(*watermark, rules, budget, &mut Sink { ledger, rules })
    }

    /// What the baseline wrote before the control began has no partner there: like a worker's own first windows (rule 13).
    fn begin(&mut self, frontier: Option<i64>) {
        self.begun = true;
        let awake = self.partitions.values().filter(|log| !log.is_idle());
        if let Some(first) = awake.filter_map(Partition::first).max() {
            self.cut(later(first, self.rules.lateness), frontier);
        }
    }

    /// Drops what stands before `at` and pairs the rest anew.
    fn cut(&mut self, at: i64, frontier: Option<i64>) {
        let at = frontier.map_or(at, |frontier| at.max(frontier));
        if self.cut.is_some_and(|cut| cut >= at) {
            return;
        }
        (self.cut, self.reach) = (Some(at), frontier.or(self.reach));
        let Control {
            pairing, ledger, rules, ..
        } = self;
        let mut rows = Vec::new();
        let keep = |row: Row| {
            if row.time >= at {
                rows.push(Row { settled: false, ..row });
            }
            Ok::<(), Infallible>(())
        };
        let Ok(()) = pairing.put_away(rules, &mut Apart(Sink { ledger, rules }), keep);
        let evidence = std::mem::take(&mut ledger.evidence);
        *ledger = Ledger::new(evidence);
        ledger.has_control = true;
        self.resumed = Resumed::default();
        rows.into_iter().for_each(|row| pairing.push(row, rules));
        // Whatever else they were, they are dropped now.
        self.own.excluded_edge = 0;
        let placed = self.own_total() + self.pending();
        self.own.excluded_edge = self.read_here().saturating_sub(placed);
    }

    fn read_here(&self) -> u64 {
        self.partitions.values().map(Partition::read_here).sum()
    }

    fn own_total(&self) -> u64 {
        let SideCounts { late, untimely, .. } = &self.own;
        late + untimely + self.own.undecodable_total() + self.own.excluded_total() + self.own.diverted
    }

    /// Its records in the comparison that have no outcome yet.
    fn pending(&self) -> u64 {
        self.pairing.pending().canary + self.away
    }

    /// Its records that are in no place yet.
    pub(super) fn unsettled(&self) -> u64 {
        self.pending() + self.resumed.halves(Side::Canary)
    }

    /// Records read, and those that are in some place.
    pub(super) fn conservation(&self) -> (u64, u64) {
        let resumed = self.resumed.recognised(Side::Canary) + self.resumed.halves(Side::Canary);
        let counted = self.ledger.counted().canary + self.own_total();
        (self.read_here(), resumed + counted + self.pending())
    }

    /// True where a window waits for it; one that it is known to be left out of does not.
    pub(super) fn holds(&self, end: i64, grace: Option<i64>) -> bool {
        let waits = self.waits || mutant!(SilentControlHolds);
        let is_cut_first = self.cuts.front().is_some_and(|(from, _)| *from < end);
        is_cut_first || (waits && !self.known.contains(&end) && !self.has_passed(end, grace))
    }

    /// True where a cut that is known must be made now: every window before it is final, and no other.
    pub(super) fn is_cut_due(&self, watermark: i64, first_open: Option<i64>) -> bool {
        let open = first_open.map_or(NEVER, |window| self.rules.grid.window_start(window).unwrap_or(0));
        let due = |from: i64| from <= open && passed(watermark, from, self.rules.grace);
        self.cuts.front().is_some_and(|(from, _)| due(*from))
    }

    /// Makes it.
    pub(super) fn make_cut(&mut self, frontier: Option<i64>) {
        if let Some((_, cut)) = self.cuts.pop_front() {
            self.cut(cut, frontier);
        }
    }

    fn has_passed(&self, end: i64, grace: Option<i64>) -> bool {
        // At a cut that is to come everything before it is settled.
        let cut = self.cuts.front().filter(|(from, _)| end <= *from);
        let reaches = |watermark: i64| cut.is_some_and(|(from, _)| watermark >= later(*from, grace));
        self.watermark
            .is_some_and(|watermark| passed(watermark, end, grace) || reaches(watermark))
    }

    /// What it has of a window that becomes final; `None` where it is left out.
    pub(super) fn part_in(&mut self, window: i64) -> Option<Window> {
        let (start, end) = (self.rules.grid.window_start(window), self.rules.grid.window_end(window));
        if self.known.contains(&end) || !self.has_passed(end, self.rules.grace) {
            self.left_out.push(end);
            return None;
        }
        // Partners of its first records may have been dropped.
        let whole = match (self.cut, start) {
            (None, _) => true,
            (Some(cut), Some(start)) => later(cut, self.rules.grace) <= start,
            (Some(_), None) => false,
        };
        let counted = self.ledger.open.remove(&window).unwrap_or_default();
        self.ledger.close(counted.counts());
        whole.then_some(counted)
    }

    /// The engine's frontier moved: how far this comparison is, and whether it is too far behind.
    pub(super) fn settle(&mut self, frontier: i64) {
        let reached = self.watermark.map(|watermark| match watermark {
            NEVER => frontier,
            watermark => self.rules.frontier(watermark).min(frontier),
        });
        let least = earlier(frontier, self.behind_max());
        if self.waits || (self.begun && reached.is_some_and(|reached| reached >= least)) {
            self.reach = self.reach.max(reached);
        } else {
            self.cut(frontier, Some(frontier));
        }
        let Some(reach) = self.reach else { return };
        let done = |window: &i64| self.rules.grid.window_end(*window) <= reach;
        while let Some(first) = self.ledger.open.first_entry().filter(|first| done(first.key())) {
            let counted = first.remove();
            self.ledger.close(counted.counts());
        }
        self.ledger.forget(reach);
        let Control { partitions, rules, .. } = self;
        partitions.values_mut().for_each(|log| log.forget(reach, rules));
    }

    /// How far it may be behind the frontier before what waits for it is dropped; `None` where nothing is bounded.
    fn behind_max(&self) -> Option<i64> {
        let Rules { lateness, grace, .. } = self.rules;
        Some(later(0, lateness).checked_add(later(0, grace))?.saturating_mul(2))
    }

    /// From where on a baseline record is still needed for it.
    pub(super) fn needed(&self, frontier: i64) -> i64 {
        self.reach.map_or(frontier, |reach| reach.min(frontier))
    }

    /// True where it was read to its end.
    pub(super) fn is_complete(&self) -> bool {
        is_complete(&self.partitions)
    }

    /// What is stored of it.
    pub(super) fn checkpoint(&self, watermark: Option<i64>) -> (ControlCheckpoint, Vec<super::PartitionCheckpoint>) {
        let logs = self.partitions.iter();
        let partition =
            |(id, log): (&u32, &Partition)| log.checkpoint(Side::Control, *id, self.reach, watermark, &self.rules);
        let mut straddling: Vec<Straddling> = Vec::new();
        if let Some(reach) = self.reach {
            straddling.extend(self.ledger.straddling(reach));
            straddling.extend(self.resumed.unmet(reach));
            straddling.sort_unstable();
        }
        let stored = ControlCheckpoint {
            frontier_ms: self.reach,
            straddling: straddling
                .into_iter()
                .map(|pair| with_side(pair, Side::Control))
                .collect(),
            cut_ms: self.cut,
            begun: self.begun,
            left_out: Vec::new(),
            later_cuts: Vec::new(),
        };
        (stored, logs.map(partition).collect())
    }

    /// Ends of the windows that it was left out of since this was last asked.
    pub(super) fn take_left_out(&mut self) -> Vec<i64> {
        std::mem::take(&mut self.left_out)
    }

    pub(super) fn held_bytes(&self) -> u64 {
        self.pairing.held_bytes(&self.rules) + self.ledger.held_bytes()
    }
}

impl Engine {
    /// From now on no window becomes final before the control has passed it, but those that it is known to be left out of:
    /// for whoever reads every log to an end.
    pub fn await_control(&mut self) {
        if let Some(control) = &mut self.control {
            control.waits = true;
        }
    }

    /// The partitions of a side, where there is such a side.
    pub(super) fn logs_mut(&mut self, side: Side) -> Option<&mut BTreeMap<u32, Partition>> {
        if side == Side::Control {
            return Some(&mut self.control.as_mut()?.partitions);
        }
        Some(self.partitions.get_mut(side))
    }

    /// A partition that was declared.
    pub(super) fn partition(&mut self, side: Side, partition: u32) -> Option<&mut Partition> {
        self.logs_mut(side)?.get_mut(&partition)
    }
}

fn without_findings(rules: &Rules) -> Rules {
    let mut rules = rules.clone();
    rules.findings_max = 0;
    rules.strict.clear();
    rules
}

/// A pair whose other record stands on that side.
fn with_side(pair: Straddling, side: Side) -> Straddling {
    Straddling {
        canary: Position { side, ..pair.canary },
        ..pair
    }
}
