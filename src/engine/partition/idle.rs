//! Whether a partition is idle (rule 8), and how far that is proved.

use super::{Partition, Rules};

impl Partition {
    /// A record with a usable event time was read: it is idle no more, and no transaction hides it.
    pub(in super::super) fn wake(&mut self) {
        self.stir();
        self.asked = None;
    }

    /// Another record was read: the same, but what was asked before is still proved where it is reached.
    pub(in super::super) fn stir(&mut self) {
        if !mutant!(SleepsOn) {
            self.idle = None;
        }
        self.open_transaction = None;
    }

    /// What was read reaches what a query found, and had no usable event time.
    pub(super) fn prove(&mut self) {
        if let Some((_, since, others)) = self.asked.take_if(|(to, ..)| *to <= self.next) {
            self.idle.get_or_insert(since);
            self.proved = others;
        }
    }

    /// What a query of the watermarks says (rule 8). What stands there unread holds the side until it is read, and so does what
    /// may have come since: `others` is the watermark of the side's partitions that are awake.
    pub(in super::super) fn quiet(
        &mut self,
        (high, stable): (u64, u64),
        since: i64,
        others: Option<i64>,
        watermark: Option<i64>,
        rules: &Rules,
    ) {
        (self.proved, self.asked) = (None, None);
        if stable < high && !mutant!(IdleWithOpenTransaction) {
            if self.idle.take().is_some() {
                self.follow(watermark, rules);
            }
            self.open_transaction.get_or_insert(since);
        } else if self.next >= stable.max(self.decided) || mutant!(IdleBySilence) {
            self.open_transaction = None;
            self.idle.get_or_insert(since);
            self.proved = others;
        } else if self.idle.is_none() {
            self.asked = Some((stable.max(self.decided), since, others));
        }
    }

    /// How far its side may go while it is idle; `None` where that has to be proved first.
    pub(in super::super) fn bound(&self) -> Option<i64> {
        self.proved
    }
}
