//! Final is final (rule 11): windows that the watermark has passed, and what is stored with them.

use super::rules::{BEGIN, NEVER, later, passed};
use super::{Checkpoint, Engine, Final, FinalWindow, Output, SettledBad, Straddling};
use crate::model::{PerSide, Side};

impl Engine {
    /// Puts out what is final now.
    pub(super) fn finish(&mut self, watermark: i64, outputs: &mut Vec<Output>) {
        let (windows, inputs) = self.finish_windows(watermark, outputs);
        let timeless = windows.iter().any(|window| window.start_ms.is_none());
        let reached = self.reached(watermark);
        let settled = self.bad.settle(reached, &self.ledger.evidence, &self.rules);
        self.pass_holes(reached);
        let start = |window| {
            if timeless {
                None
            } else {
                self.rules.grid.window_start(window)
            }
        };
        let bad: Vec<SettledBad> = settled
            .into_iter()
            .map(|(window, counts)| SettledBad {
                start_ms: start(window),
                counts,
            })
            .collect();
        if windows.is_empty() && bad.is_empty() {
            return;
        }
        self.broken = self.broken.or(self.check().err());
        outputs.push(Output::Final(Box::new(Final {
            windows,
            bad,
            shared: self.bad.take_shared(),
            checkpoint: self.checkpoint(),
            inputs,
        })));
    }

    /// How far windows are final: as far as the watermark says, unless a control that is awaited holds one.
    fn reached(&self, watermark: i64) -> i64 {
        let first = self.ledger.open.first_key_value().filter(|_| self.control.is_some());
        let end = first.map(|(window, _)| self.rules.grid.window_end(*window));
        match end.filter(|end| passed(watermark, *end, self.rules.grace)) {
            None => watermark,
            Some(end) if end == NEVER || self.rules.grace.is_none() => BEGIN,
            Some(end) => later(end, self.rules.grace),
        }
    }

    fn finish_windows(&mut self, watermark: i64, outputs: &mut Vec<Output>) -> (Vec<FinalWindow>, Option<Checkpoint>) {
        let grid = self.rules.grid.clone();
        let before = self.frontier;
        let mut windows = Vec::new();
        while let Some((&window, _)) = self.ledger.open.first_key_value() {
            let end = grid.window_end(window);
            let grace = if mutant!(FinalWithoutGrace) {
                Some(0)
            } else {
                self.rules.grace
            };
            if !passed(watermark, end, grace) || self.control.as_ref().is_some_and(|control| control.holds(end, grace))
            {
                break;
            }
            let Some(mut counted) = self.ledger.open.remove(&window) else {
                break;
            };
            if windows.is_empty() {
                counted.absorb(std::mem::take(&mut self.ledger.unplaced), self.rules.findings_max);
                self.bad.place(grid.window_start(window).unwrap_or(0), &self.rules);
            }
            self.compare_with_control(window, &mut counted);
            self.ledger.close(counted.counts());
            let start = grid.window_start(window);
            let edge = self.ledger.evidence.leaves_out(start, end);
            let hole = self.ledger.evidence.holes.touch(window);
            if !hole {
                outputs.extend(std::mem::take(&mut counted.pairs).into_iter().map(Output::Mismatched));
            }
            let whole = self.ledger.evidence.is_whole(start, end);
            let profile = self.rules.profile.as_ref().filter(|_| whole);
            counted.watched(whole && !hole, &self.rules);
            windows.push(counted.finish((start, start.map(|_| end)), edge, hole, profile));
            self.frontier = self.frontier.max(Some(end));
        }
        let over = watermark == NEVER && windows.is_empty() && self.ledger.open.is_empty();
        if over && self.resumed.expects_records() {
            // Every window was final before a restart, and what gave these records their window is lost by now.
            let again = std::mem::take(&mut self.ledger.unplaced);
            self.resumed.recognise_all(again.counts());
            self.bad.drop_unplaced();
        }
        if over && !self.ledger.unplaced.is_empty() {
            // No record has an event time: there is no window to name.
            let counted = std::mem::take(&mut self.ledger.unplaced);
            self.bad.place(0, &self.rules);
            self.ledger.close(counted.counts());
            let hole = !self.ledger.evidence.holes.is_empty();
            windows.push(counted.finish((None, None), false, hole, None));
            self.frontier = Some(NEVER);
        }
        // Taken before anything is forgotten.
        let mut inputs = (!windows.is_empty()).then(|| self.checkpoint_at(before));
        if let Some(inputs) = &mut inputs {
            let left_out = self.control.as_mut().map(|control| control.take_left_out());
            if let Some((stored, left_out)) = inputs.control.as_mut().zip(left_out) {
                stored.left_out = left_out;
            }
            self.move_frontier(watermark);
        }
        (windows, inputs)
    }

    /// The frontier moves over empty windows too. What stands before it is not needed to go on.
    fn move_frontier(&mut self, watermark: i64) {
        // A window that is not final because the control holds it is not passed over.
        if watermark != NEVER && self.control.as_ref().is_none_or(|control| !control.waits) {
            self.frontier = self.frontier.max(Some(self.rules.frontier(watermark)));
        }
        let Some(frontier) = self.frontier else { return };
        if let Some(control) = &mut self.control {
            control.settle(frontier);
        }
        let needed = self.needed_of_baseline(frontier);
        let PerSide { baseline, canary } = &mut self.partitions;
        let baseline = baseline.values_mut().map(|log| (log, needed));
        let canary = canary.values_mut().map(|log| (log, frontier));
        baseline.chain(canary).for_each(|(log, needed)| {
            log.placed();
            log.forget(needed, &self.rules);
        });
        self.ledger.forget(frontier);
        self.bad.forget(frontier, &self.rules);
    }

    /// A control that is behind needs the baseline's records from further back.
    fn needed_of_baseline(&self, frontier: i64) -> i64 {
        let control = self.control.as_ref();
        control.map_or(frontier, |control| control.needed(frontier))
    }

    /// What must be stored now to go on from here.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        let frontier = self.frontier;
        let bad = frontier.map(|frontier| self.bad.checkpoint(frontier, &self.rules));
        let (bad_baseline, bad_canary, bad_taken) = bad.unwrap_or_default();
        Checkpoint {
            bad_baseline,
            bad_canary,
            bad_taken,
            ..self.checkpoint_at(frontier)
        }
    }

    /// The same at a frontier that is not forgotten yet, without bad records: no window depends on them.
    fn checkpoint_at(&self, frontier: Option<i64>) -> Checkpoint {
        let watermark = self.watermark();
        let needed = frontier.map(|frontier| self.needed_of_baseline(frontier));
        let sides = [
            (Side::Baseline, &self.partitions.baseline, needed),
            (Side::Canary, &self.partitions.canary, frontier),
        ];
        let partitions = sides.into_iter().flat_map(|(side, logs, needed)| {
            logs.iter()
                .map(move |(partition, log)| log.checkpoint(side, *partition, needed, watermark, &self.rules))
        });
        let control = self.control.as_ref().map(|control| control.checkpoint(watermark));
        let (control, theirs) = control.unzip();
        let mut straddling: Vec<Straddling> = Vec::new();
        if let Some(frontier) = frontier.filter(|_| !mutant!(StraddlingNotStored)) {
            straddling.extend(self.ledger.straddling(frontier));
            straddling.extend(self.resumed.unmet(frontier));
            straddling.sort_unstable();
        }
        let evidence = &self.ledger.evidence;
        Checkpoint {
            frontier_ms: frontier,
            partitions: partitions.chain(theirs.into_iter().flatten()).collect(),
            straddling,
            evidence_start_ms: evidence.start,
            start_ms: evidence.discovered,
            closing: evidence.closing,
            evidence_end_ms: evidence.end,
            sampling: self.sampling.clone(),
            control,
            ..Checkpoint::default()
        }
    }
}
