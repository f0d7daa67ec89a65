//! What the rules ask of a value: a part of the identity, a tolerance, or not to be compared.

use super::{Stop, Walk};
use crate::codec::canonical::HELD;
use crate::codec::plan::Mark;
use crate::codec::tolerant;

impl Walk<'_> {
    pub(super) fn mark<const T: bool>(&mut self, mark: &Mark) -> Result<(), Stop> {
        let (start, depth, budget) = (self.pos, self.depth, self.budget);
        let (entries, ends) = (self.s.entries.len(), self.s.ends.len());
        self.flush(start);
        let out = self.s.out.len();
        // The plain form is the one that tells the value, whatever form the record takes.
        let tagged = match self.exec::<false>(mark.block) {
            Ok(()) => false,
            Err(Stop::NotHeld) if T || mark.ignored => true,
            Err(stop) => return Err(stop),
        };
        if tagged {
            self.again::<true>(mark, (start, depth, budget), (out, entries, ends))?;
        }
        self.flush(self.pos);
        if !mark.parts.is_empty() {
            self.s.capture_out(mark, out, tagged);
        }
        if mark.ignored {
            self.s.out.truncate(out);
            return Ok(());
        }
        if let (Some(place), false) = (mark.tolerant, tagged)
            && let Some((kept, kind)) = tolerant::of(self.contract, mark.node, &self.s.out[out..])
        {
            if !mark.hidden {
                self.s.tolerant[place] = kind;
            }
            self.s.out.truncate(out + kept);
            if T {
                self.s.out.insert(out, HELD);
                if kept > 0 {
                    self.s.out.push(HELD);
                }
            }
            return Ok(());
        }
        if T && !tagged {
            self.again::<true>(mark, (start, depth, budget), (out, entries, ends))?;
            self.flush(self.pos);
        }
        Ok(())
    }

    /// Walks it once more, as if it had not been walked.
    fn again<const T: bool>(
        &mut self,
        mark: &Mark,
        (start, depth, budget): (usize, u32, i64),
        (out, entries, ends): (usize, usize, usize),
    ) -> Result<(), Stop> {
        self.s.out.truncate(out);
        self.s.entries.truncate(entries);
        self.s.ends.truncate(ends);
        (self.pos, self.run, self.depth, self.budget) = (start, start, depth, budget);
        self.exec::<T>(mark.block)
    }
}
