//! Records whose fields stand in another order. A part whose turn has come is written where it belongs; another one is put
//! by, as a span of the input where it is canonical already, until its turn has come.

use super::run::Run;
use super::write::copy;

/// A part of a record that was put by.
#[derive(Clone, Copy, Default)]
pub(in crate::codec) struct Part {
    /// Where its bytes begin and end. While it is walked: where it begins in the output.
    from: usize,
    to: usize,
    /// They are among those that were written; else in the input.
    written: bool,
}

impl Run<'_> {
    /// A part begins here that is put by.
    #[inline(always)]
    pub fn begin_part(&mut self, slot: u32, pos: usize) {
        self.flush(pos);
        let from = self.s.out.len();
        self.s.parts_by[slot as usize].from = from;
    }

    /// The part ends here. Where nothing of it was written it stays where it is.
    #[inline(always)]
    pub fn put_by(&mut self, slot: u32, pos: usize) {
        let from = self.s.parts_by[slot as usize].from;
        let part = if self.s.out.len() == from {
            Part {
                from: self.run,
                to: pos,
                written: false,
            }
        } else {
            self.flush(pos);
            let begin = self.s.put_by.len();
            self.s.put_by.extend_from_slice(&self.s.out[from..]);
            self.s.out.truncate(from);
            Part {
                from: begin,
                to: self.s.put_by.len(),
                written: true,
            }
        };
        self.s.parts_by[slot as usize] = part;
        self.run = pos;
    }

    /// The turn of a part has come.
    #[inline(always)]
    pub fn put_in(&mut self, slot: u32, pos: usize) {
        self.flush(pos);
        let Part { from, to, written } = self.s.parts_by[slot as usize];
        if written {
            self.s.out.extend_from_slice(&self.s.put_by[from..to]);
        } else {
            copy(&mut self.s.out, self.wide, (from, to));
        }
    }
}
