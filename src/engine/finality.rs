//! Final is final (rule 11): windows that the watermark has passed, and what is stored with them.

use super::rules::{NEVER, passed};
use super::{Checkpoint, Engine, Final, FinalWindow, Output, SettledBad, Straddling};
use crate::model::{PerSide, Side};

impl Engine {
    /// Puts out what is final now.
    pub(super) fn finish(&mut self, watermark: i64, outputs: &mut Vec<Output>) {
        let (windows, inputs) = self.finish_windows(watermark, outputs);
        let timeless = windows.iter().any(|window| window.start_ms.is_none());
        let settled = self.bad.settle(watermark, &self.ledger.evidence, &self.rules);
        self.pass_holes(watermark);
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
            if !passed(watermark, end, grace) {
                break;
            }
            let Some(mut counted) = self.ledger.open.remove(&window) else {
                break;
            };
            if windows.is_empty() {
                counted.absorb(std::mem::take(&mut self.ledger.unplaced), self.rules.findings_max);
                self.bad.place(grid.window_start(window).unwrap_or(0), &self.rules);
            }
            self.ledger.close(counted.counts());
            let start = grid.window_start(window);
            let edge = self.ledger.evidence.leaves_out(start, end);
            let hole = self.ledger.evidence.holes.touch(window);
            if !hole {
                outputs.extend(std::mem::take(&mut counted.pairs).into_iter().map(Output::Mismatched));
            }
            let whole = self.ledger.evidence.is_whole(start, end);
            let profile = self.rules.profile.as_ref().filter(|_| whole);
            windows.push(counted.finish((start, start.map(|_| end)), edge, hole, profile));
            self.frontier = self.frontier.max(Some(end));
        }
        if watermark == NEVER && windows.is_empty() && self.resumed.expects_records() {
            // Every window was final before a restart, and what gave these records their window is lost by now.
            let again = std::mem::take(&mut self.ledger.unplaced);
            self.resumed.recognise_all(again.counts());
            self.bad.drop_unplaced();
        }
        if watermark == NEVER && windows.is_empty() && !self.ledger.unplaced.is_empty() {
            // No record has an event time: there is no window to name.
            let counted = std::mem::take(&mut self.ledger.unplaced);
            self.bad.place(0, &self.rules);
            self.ledger.close(counted.counts());
            let hole = !self.ledger.evidence.holes.is_empty();
            windows.push(counted.finish((None, None), false, hole, None));
            self.frontier = Some(NEVER);
        }
        // Taken before anything is forgotten.
        let inputs = (!windows.is_empty()).then(|| self.checkpoint_at(before));
        if inputs.is_some() {
            self.move_frontier(watermark);
        }
        (windows, inputs)
    }

    /// The frontier moves over empty windows too. What stands before it is not needed to go on.
    fn move_frontier(&mut self, watermark: i64) {
        if watermark != NEVER {
            self.frontier = self.frontier.max(Some(self.rules.frontier(watermark)));
        }
        let Some(frontier) = self.frontier else { return };
        let PerSide { baseline, canary } = &mut self.partitions;
        let logs = baseline.values_mut().chain(canary.values_mut());
        logs.for_each(|log| {
            log.placed();
            log.forget(frontier, &self.rules);
        });
        self.ledger.forget(frontier);
        self.bad.forget(frontier, &self.rules);
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
        let sides = [
            (Side::Baseline, &self.partitions.baseline),
            (Side::Canary, &self.partitions.canary),
        ];
        let partitions = sides.into_iter().flat_map(|(side, logs)| {
            logs.iter()
                .map(move |(partition, log)| log.checkpoint(side, *partition, frontier, watermark, &self.rules))
        });
        let mut straddling: Vec<Straddling> = Vec::new();
        if let Some(frontier) = frontier.filter(|_| !mutant!(StraddlingNotStored)) {
            straddling.extend(self.ledger.straddling(frontier));
            straddling.extend(self.resumed.unmet(frontier));
            straddling.sort_unstable();
        }
        let evidence = &self.ledger.evidence;
        Checkpoint {
            frontier_ms: frontier,
            partitions: partitions.collect(),
            straddling,
            evidence_start_ms: evidence.start,
            start_ms: evidence.discovered,
            closing: evidence.closing,
            evidence_end_ms: evidence.end,
            ..Checkpoint::default()
        }
    }
}
