//! Records whose fields stand in another order. What is canonical already is copied once, from the input to its place.

use super::run::Run;
use super::write::copy;
use crate::codec::walk::Scratch;

/// A part of a record that is being put into another order.
#[derive(Clone, Copy, Default)]
pub(in crate::codec) struct Part {
    /// Where its bytes begin and end.
    from: usize,
    to: usize,
    /// They stand in the output; else in the input, where they were canonical already.
    written: bool,
}

impl Run<'_> {
    /// A part begins here; what its place in the output will be if it must be written.
    #[inline(always)]
    pub fn begin_part(&mut self) {
        let from = self.s.out.len();
        self.s.pieces.push(Part {
            from,
            ..Part::default()
        });
    }

    /// The part that was begun ends here. Where nothing of it was written it stays where it is.
    #[inline(always)]
    pub fn end_part(&mut self, pos: usize) {
        let Some(from) = self.s.pieces.last().map(|part| part.from) else {
            return;
        };
        let written = self.s.out.len() != from;
        let (from, to) = if written {
            self.flush(pos);
            (from, self.s.out.len())
        } else {
            (self.run.min(pos), pos)
        };
        self.run = pos;
        if let Some(part) = self.s.pieces.last_mut() {
            *part = Part { from, to, written };
        }
    }

    /// The last `count` parts are put into an order, which may leave some out. Behind them one was begun that is none.
    #[inline]
    pub fn put_in_order(&mut self, count: usize, order: &[usize]) {
        let Scratch { out, pieces, spare, .. } = &mut *self.s;
        pieces.pop();
        let begin = pieces.len() - count;
        let parts = &pieces[begin..];
        let written = parts.iter().find(|part| part.written);
        let first = written.map_or(out.len(), |part| part.from);
        spare.clear();
        spare.extend_from_slice(&out[first..]);
        out.truncate(first);
        for part in order {
            let Part { from, to, written } = parts[*part];
            if written {
                copy(out, spare, (from - first, to - first));
            } else {
                copy(out, self.wide, (from, to));
            }
        }
        pieces.truncate(begin);
    }
}
