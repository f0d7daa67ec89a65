//! Work in small pieces: what the watermark allows to be settled is done a few thousand records at a time, so that no step
//! takes long. Results do not depend on the pieces: a window is final once all work up to its watermark is done, and what
//! is read meanwhile stands behind that watermark.

use super::ledger::Sink;
use super::{Engine, Output};

/// How much is done at once, and how far it is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// What a step may cost; a record costs about 1.
    most: u64,
    /// The watermark up to which is worked.
    target: Option<i64>,
    /// The watermark up to which all work is done.
    done: Option<i64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            most: u64::MAX,
            target: None,
            done: None,
        }
    }
}

impl Engine {
    /// From now on a step, or a call of [`Engine::work`], settles no more than about this many records. Without it each
    /// step does all that it can.
    pub fn pace(&mut self, records: u64) {
        self.pace.most = records.max(1);
    }

    /// True where something can be settled that was not for the sake of the pace: then [`Engine::work`] is to be called,
    /// also where nothing is read.
    #[must_use]
    pub fn has_work(&self) -> bool {
        let Pace { target, done, .. } = self.pace;
        self.away.is_none() && (target.is_some() || self.watermark > done)
    }

    /// Goes on with what can be settled; what it brings about is appended to `outputs`.
    pub fn work(&mut self, outputs: &mut Vec<Output>) {
        if self.has_work() {
            self.go_on(outputs);
        }
    }

    /// Settles up to the watermark as far as the pace allows. A watermark that rises meanwhile waits for its turn.
    pub(super) fn go_on(&mut self, outputs: &mut Vec<Output>) {
        let mut budget = self.pace.most;
        while let Some(watermark) = self.watermark {
            let target = *self.pace.target.get_or_insert(watermark);
            let Engine {
                rules, pairing, ledger, ..
            } = self;
            if !pairing.advance(target, rules, &mut budget, &mut Sink { ledger, rules }) {
                return;
            }
            if !self.advance_control(target, &mut budget) {
                return;
            }
            (self.pace.target, self.pace.done) = (None, Some(target));
            self.finish(target, outputs);
            if target >= watermark && !self.is_cut_due(target) {
                return;
            }
        }
    }

    /// The same of the control, apart; true once all is settled.
    fn advance_control(&mut self, target: i64, budget: &mut u64) -> bool {
        let is_cut_due = self.is_cut_due(target);
        let Some(control) = &mut self.control else { return true };
        if is_cut_due {
            control.make_cut(self.frontier);
        }
        control.advance(target, &self.ledger.evidence, self.frontier, budget)
    }

    fn is_cut_due(&self, watermark: i64) -> bool {
        let first = self.ledger.open.first_key_value().map(|(window, _)| *window);
        let control = self.control.as_ref();
        control.is_some_and(|control| control.is_cut_due(watermark, first))
    }
}
