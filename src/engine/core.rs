//! The comparison of one stream: a step function over closed enums.

use std::collections::BTreeMap;

use super::aside::{bad_record, divert, diverted_record, untimely_hash, usable_time, waiting};
use super::bad::Bad;
use super::control::Control;
use super::evidence::Evidence;
use super::latest::{Latest, Version};
use super::ledger::Ledger;
use super::pairing::Pairing;
use super::partition::Partition;
use super::resumed::{Met, Resumed};
use super::row::{Mark, Row};
use super::rules::{NEVER, Rules, later};
use super::sample::{RateFrom, Sampling, Taken, resampled};
use super::window::Aside;
use super::work::Pace;
use super::{Checkpoint, Entry, Input, Output, Settings, Unconserved};
use crate::model::{PerSide, Position, Reduction, Side, is_dead_letter};

/// The comparison of one stream.
#[derive(Debug)]
pub struct Engine {
    pub(super) settings: Settings,
    pub(super) rules: Rules,
    pub(super) partitions: PerSide<BTreeMap<u32, Partition>>,
    pub(super) pairing: Pairing,
    pub(super) ledger: Ledger,
    pub(super) bad: Bad,
    /// Where only the newest records are compared.
    pub(super) latest: Option<Latest>,
    pub(super) resumed: Resumed,
    /// The least over the sides since this engine began; records before it cannot come any more.
    pub(super) watermark: Option<i64>,
    /// The engine's watermark at a restart: frontier + grace.
    pub(super) floor: Option<i64>,
    pub(super) frontier: Option<i64>,
    /// Which rates of the sample were in force, and from when on.
    pub(super) sampling: Vec<RateFrom>,
    pub(super) broken: Option<Unconserved>,
    /// Records without an outcome that are put away; then nothing is settled here.
    pub(super) away: Option<PerSide<u64>>,
    pub(super) pace: Pace,
    /// Apart, and only where the settings ask for it.
    pub(super) control: Option<Box<Control>>,
}

impl Engine {
    /// A new engine; `declare` every partition before the first record.
    #[must_use]
    pub fn new(settings: Settings) -> Engine {
        Engine::resume(settings, Checkpoint::default())
    }

    /// An engine that goes on where a checkpoint stands.
    #[must_use]
    pub fn resume(settings: Settings, checkpoint: Checkpoint) -> Engine {
        let checkpoint = if mutant!(NaiveUpsert) {
            forget_what_is_final(checkpoint)
        } else {
            checkpoint
        };
        let mut rules = Rules::new(&settings);
        let sampling = resampled(&checkpoint, settings.sample.rate, &rules);
        rules.sampling = Sampling::new(settings.sample.salt, &sampling, &rules);
        let mut partitions: PerSide<BTreeMap<u32, Partition>> = PerSide::default();
        for stored in &checkpoint.partitions {
            if let Some(side @ (Side::Baseline | Side::Canary)) = stored.side {
                partitions
                    .get_mut(side)
                    .insert(stored.partition, Partition::resume(stored));
            }
        }
        let mut evidence = Evidence::new(settings.range);
        evidence.discovered = checkpoint.start_ms;
        evidence.start = checkpoint.evidence_start_ms.or(evidence.start);
        evidence.closing = checkpoint.closing;
        evidence.end = checkpoint.evidence_end_ms.or(evidence.end);
        let control = Control::resume(&settings, &checkpoint, &rules);
        let mut ledger = Ledger::new(evidence);
        ledger.has_control = control.is_some();
        let mut engine = Engine {
            bad: Bad::resume(
                &checkpoint.bad_baseline,
                &checkpoint.bad_canary,
                &checkpoint.bad_taken,
                &rules,
            ),
            resumed: Resumed::new(checkpoint.frontier_ms, &checkpoint.straddling),
            floor: checkpoint.frontier_ms.map(|frontier| later(frontier, rules.grace)),
            frontier: checkpoint.frontier_ms,
            ledger,
            pairing: Pairing::default(),
            latest: settings.latest.then(Latest::default),
            watermark: None,
            broken: None,
            away: None,
            pace: Pace::default(),
            control,
            partitions,
            sampling,
            rules,
            settings,
        };
        engine.recall_holes();
        engine
    }

    /// A partition that will be read from `from`. One that is known already stays as it is; one that appears when there
    /// is a watermark starts there.
    pub fn declare(&mut self, side: Side, partition: u32, from: u64) {
        let watermark = self.watermark();
        if watermark == Some(NEVER) {
            return;
        }
        let known = self.logs_mut(side).map(|logs| logs.contains_key(&partition));
        if known != Some(false) {
            return;
        }
        let mut added = Partition::new(from);
        added.follow(watermark, &self.rules);
        if let Some(logs) = self.logs_mut(side) {
            logs.insert(partition, added);
        }
    }

    /// The rates of the sample, and since when each is in force; empty where all identities are compared.
    #[must_use]
    pub fn rates(&self) -> &[RateFrom] {
        &self.sampling
    }

    /// From now on every mismatched pair that counts is put out.
    pub fn want_pairs(&mut self) {
        self.ledger.wants_pairs = true;
    }

    /// Takes in one thing that happened; what it brings about is appended to `outputs`, as far as the pace allows (see
    /// [`Engine::pace`]).
    pub fn step(&mut self, input: Input<'_>, outputs: &mut Vec<Output>) {
        let watermark = self.watermark();
        match input {
            Input::Records {
                side,
                partition,
                entries,
                read_at_ms,
            } => {
                if let Some(first) = entries.first() {
                    self.declare(side, partition, first.offset);
                    self.records(side, partition, entries, read_at_ms);
                }
            }
            Input::Reached {
                side,
                partition,
                position,
            } => {
                if let Some(partition) = self.partition(side, partition) {
                    partition.reach(position);
                }
            }
            Input::Lost {
                side,
                partition,
                from,
                to,
            } => {
                self.declare(side, partition, from);
                self.lose(side, partition, from, to);
            }
            Input::Quiet {
                side,
                partition,
                high_watermark,
                last_stable,
                since_ms,
            } => {
                let rules = self.rules.clone();
                let others = self
                    .logs_mut(side)
                    .and_then(|logs| awake_watermark(logs, Some(partition), &rules));
                if let Some(partition) = self.partition(side, partition) {
                    partition.quiet((high_watermark, last_stable), since_ms, others, watermark, &rules);
                }
            }
            Input::Completed { side, partition } => {
                let rules = self.rules.clone();
                let own = self
                    .logs_mut(side)
                    .filter(|logs| logs.keys().any(|of| is_dead_letter(*of)));
                let diverts = own.is_some();
                if let Some(partition) = self.partition(side, partition) {
                    if diverts {
                        // Its dead letters may have moved the watermark while it was idle.
                        partition.end_as_followed(watermark, &rules);
                    }
                    partition.complete();
                }
            }
            Input::Close => self.ledger.evidence.closing = true,
        }
        self.advance(outputs);
    }

    fn records(&mut self, side: Side, partition: u32, entries: &[Entry], read_at: i64) {
        let (watermark, frontier) = (self.watermark(), self.frontier);
        if side == Side::Control {
            if let Some(control) = &mut self.control {
                control.records(partition, entries, read_at, (watermark, frontier));
            }
            return;
        }
        let Engine {
            rules,
            partitions,
            pairing,
            ledger,
            bad,
            latest,
            resumed,
            control,
            ..
        } = self;
        // The baseline's are compared with the control's, too.
        let mut control = control.as_mut().filter(|_| side == Side::Baseline);
        let Some(log) = partitions.get_mut(side).get_mut(&partition) else {
            return;
        };
        let mut mended = false;
        for entry in entries {
            if !log.arrive(entry.offset, watermark, rules) {
                continue;
            }
            let position = Position {
                side,
                partition,
                offset: entry.offset,
            };
            let aside = match &entry.body {
                Reduction::Deselected => Some(Aside::Deselected),
                Reduction::Diverted(hash) => {
                    divert(entry, log, read_at, rules);
                    Some(diverted_record(position, log.max(), *hash))
                }
                Reduction::Undecodable(reason, hash) => {
                    log.stir();
                    Some(bad_record(position, log.max(), Some(*reason), None, *hash))
                }
                Reduction::Decoded(fingerprint) => match usable_time(fingerprint, entry, log, read_at, rules) {
                    None => {
                        log.stir();
                        let hash = untimely_hash(fingerprint);
                        Some(bad_record(position, log.max(), None, Some(fingerprint), hash))
                    }
                    Some(time) if is_late(log, time, frontier, rules) => Some(Aside::Late),
                    Some(time) if rules.is_unpaired() || rules.takes(fingerprint, time) == Taken::Out => {
                        mended |= log.mend();
                        if resumed.is_counted(time) {
                            resumed.recognise(side);
                        } else {
                            ledger.unsampled(position, time, rules);
                            if rules.is_unpaired() {
                                ledger.watch(side, time, (entry, fingerprint), rules);
                            }
                        }
                        None
                    }
                    Some(_) if latest.is_some() => {
                        if let Some(latest) = latest {
                            let version = Version::new(fingerprint, position, entry.timestamp_ms);
                            latest.offer(version, ledger, rules);
                        }
                        None
                    }
                    Some(time) if !resumed.expects_records() && !rules.is_beside(fingerprint, time) => {
                        mended |= log.mend();
                        if rules.watches && !resumed.is_counted(time) {
                            ledger.watch(side, time, (entry, fingerprint), rules);
                        }
                        let slow = rules.is_slow(entry.timestamp_ms, time);
                        pairing.push_fresh(fingerprint, position, (time, slow), rules);
                        if let Some(control) = &mut control {
                            control.push(fingerprint, position, time);
                        }
                        None
                    }
                    Some(time) => {
                        mended |= log.mend();
                        if let Some(control) = &mut control {
                            control.push(fingerprint, position, time);
                        }
                        let beside = rules.is_beside(fingerprint, time);
                        if rules.watches && !resumed.is_counted(time) && !beside {
                            ledger.watch(side, time, (entry, fingerprint), rules);
                        }
                        let mut row = Row::new(fingerprint, position, time);
                        row.mark = Mark::slow(rules.is_slow(entry.timestamp_ms, time)).or_unsampled(beside);
                        match resumed.meet(&mut row) {
                            Met::Nobody => {}
                            Met::Partner(settled, counts) => {
                                ledger.cross(&settled, rules);
                                if counts {
                                    pairing.defer(settled, rules);
                                }
                            }
                            Met::Lost(at, time) => ledger.alone(at, time, rules),
                        }
                        if row.settled && mutant!(NoLookBack) {
                            log.depart(entry.bytes);
                            continue;
                        }
                        pairing.push(row, rules);
                        None
                    }
                },
            };
            if let Some(aside) = aside {
                log.wait_for_window();
                let window_end = log.max().map(|max| rules.grid.window_end(rules.grid.window(max)));
                if window_end.is_some_and(|end| resumed.was_final(end)) {
                    resumed.recognise(side);
                } else {
                    if let Aside::Bad(candidate, hash) = &aside {
                        bad.push(waiting(position, candidate, *hash), rules);
                    }
                    ledger.aside(position, log.max(), aside, rules);
                }
            }
            log.depart(entry.bytes);
        }
        if mended {
            self.renew_holes();
        }
    }

    /// Moves the watermark, and with it all that waits for it.
    fn advance(&mut self, outputs: &mut Vec<Output>) {
        let defined = self.watermark().is_some();
        let baseline = side_watermark(&self.partitions.baseline, &self.rules);
        let canary = side_watermark(&self.partitions.canary, &self.rules);
        if let (Some(baseline), Some(canary)) = (baseline, canary) {
            self.watermark = self.watermark.max(Some(baseline.min(canary)));
        }
        let Some(watermark) = self.watermark else {
            return;
        };
        let Engine {
            rules,
            partitions,
            ledger,
            ..
        } = self;
        let range = (ledger.evidence.start, ledger.evidence.end);
        if !defined {
            let all = || partitions.baseline.values().chain(partitions.canary.values());
            let awake = all().filter(|partition| !partition.is_idle());
            let mut firsts: Vec<i64> = awake.filter_map(Partition::first).collect();
            if firsts.is_empty() {
                // They were all idle when a close completed them; without S their edges would be evidence.
                firsts.extend(all().filter_map(Partition::first));
            }
            ledger.evidence.discover(firsts.into_iter(), rules);
        }
        // Dead letters pair with none: where they end bounds nothing.
        let complete = [&partitions.baseline, &partitions.canary]
            .into_iter()
            .filter(|side| !side.is_empty() && own(side).all(|(_, log)| log.is_completed()));
        ledger.evidence.bound(complete.map(largest_max), rules);
        let moved = range != (ledger.evidence.start, ledger.evidence.end);
        ledger.decide_unsampled(moved, watermark, rules);
        if self.away.is_some() {
            return;
        }
        if watermark == NEVER {
            self.compare_newest();
        }
        self.go_on(outputs);
    }

    /// All is read: where only the newest records are compared, they are known.
    pub(super) fn compare_newest(&mut self) {
        let Engine {
            latest,
            pairing,
            ledger,
            rules,
            ..
        } = self;
        if let Some(latest) = latest {
            latest.compare(pairing, ledger, rules);
        }
    }

    /// Records of a side that may be the newest of their identities.
    pub(super) fn maybe_newest(&self, side: Side) -> u64 {
        self.latest.as_ref().map_or(0, |latest| latest.pending(side))
    }

    /// The engine's watermark, which never falls.
    pub(super) fn watermark(&self) -> Option<i64> {
        self.watermark.max(self.floor)
    }
}

/// The least over the partitions that are neither idle nor read to their ends, no further than the idle ones are proved to be.
pub(super) fn side_watermark(partitions: &BTreeMap<u32, Partition>, rules: &Rules) -> Option<i64> {
    if is_complete(partitions) {
        return Some(NEVER);
    }
    let mut least = awake_watermark(partitions, None, rules)?;
    for partition in partitions.values().filter(|log| log.is_idle() && !log.is_completed()) {
        least = least.min(partition.bound()?);
    }
    Some(least)
}

/// The least over the partitions that are neither idle nor read to their ends; of a side without such a one nothing is known.
pub(super) fn awake_watermark(partitions: &BTreeMap<u32, Partition>, but: Option<u32>, rules: &Rules) -> Option<i64> {
    let active = partitions
        .iter()
        .filter(|(at, partition)| Some(**at) != but && !partition.is_idle() && !partition.is_completed());
    let mut least = None;
    for (_, partition) in active {
        let watermark = partition.watermark(rules)?;
        least = Some(least.map_or(watermark, |least: i64| {
            if mutant!(WatermarkOfFastest) {
                least.max(watermark)
            } else {
                least.min(watermark)
            }
        }));
    }
    least
}

/// True where every partition was read to its end; false without a partition.
pub(super) fn is_complete(partitions: &BTreeMap<u32, Partition>) -> bool {
    !partitions.is_empty() && partitions.values().all(Partition::is_completed)
}

/// The largest running maximum: of records that are compared, not of dead letters.
pub(super) fn largest_max(partitions: &BTreeMap<u32, Partition>) -> Option<i64> {
    if mutant!(DivertedBounds) {
        return partitions.values().filter_map(Partition::max).max();
    }
    own(partitions).filter_map(|(_, log)| log.max()).max()
}

/// Partitions whose records are compared.
fn own(partitions: &BTreeMap<u32, Partition>) -> impl Iterator<Item = (&u32, &Partition)> {
    partitions.iter().filter(|(partition, _)| !is_dead_letter(**partition))
}

/// For the defect that begins open windows anew.
fn forget_what_is_final(checkpoint: Checkpoint) -> Checkpoint {
    Checkpoint {
        frontier_ms: None,
        straddling: Vec::new(),
        ..checkpoint
    }
}

/// Rule 9; the maximum moves.
#[inline(always)]
pub(super) fn is_late(log: &mut Partition, time: i64, frontier: Option<i64>, rules: &Rules) -> bool {
    let late = log.observe(time, rules);
    if mutant!(LateByClosedWindow) {
        return frontier.is_some_and(|frontier| time < frontier);
    }
    late
}
