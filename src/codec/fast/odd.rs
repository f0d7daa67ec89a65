//! What is Avro and not canonical: varints that are longer than needed, blocks with their size, arrays in several blocks.
//! It is rare, so nothing here is made fast; but a record that has it everywhere costs a few times an ordinary one.

use super::read;
use super::run::Run;
use super::{Origin, map};
use crate::codec::canonical::{put_long, put_raw, unzigzag};
use crate::codec::plan::Plan;
use crate::codec::schema::Schema;
use crate::codec::walk::{Scratch, Slow};

/// No count and no size may be more.
const LENGTH_MAX: i64 = i32::MAX as i64;

/// An array that is being walked.
#[derive(Clone, Copy, Debug)]
pub(in crate::codec) struct Frame {
    /// Items that are left of the block.
    pub left: usize,
    /// Where the program of an item begins.
    pub body: usize,
    /// The array is one block without a size, so far.
    pub is_plain: bool,
    /// Where its head stands in the output, or will when the run is copied, and how long it is there.
    head: (usize, usize),
    total: usize,
    /// Where the block must end if it says so.
    ends: Option<usize>,
}

impl Frame {
    /// The head is canonical unless there is another block.
    #[inline(always)]
    pub fn plain(count: usize, (body, head, length): (usize, usize, usize)) -> Self {
        Self {
            left: count,
            body,
            is_plain: true,
            head: (head, length),
            total: count,
            ends: None,
        }
    }
}

impl Run<'_> {
    /// One operation by the other walk; tells position, run and budget behind it.
    #[cold]
    #[inline(never)]
    pub fn odd(
        &mut self,
        plan: (&Plan, &Schema),
        origin: Option<Origin>,
        (pos, end): (usize, usize),
        budget: i64,
    ) -> Option<(usize, usize, i64)> {
        let Origin { ops, depth } = origin?;
        let slow = Slow {
            input: self.wide.get(..end)?,
            pos,
            run: self.run,
            depth,
            budget,
        };
        slow.step(plan, ops, self.s)
    }

    /// The index of a union that stays, longer than needed: one of so many.
    #[cold]
    #[inline(never)]
    pub fn odd_index(&mut self, pos: usize, count: u64) -> Option<(u64, usize)> {
        let (raw, next) = read::any_varint(self.wide, pos)?;
        if raw & 1 == 1 || raw >> 1 >= count {
            return None;
        }
        self.cut(pos, next);
        put_raw(&mut self.s.out, raw);
        Some((raw, next))
    }

    /// Begins an array whose head is not canonical; tells where its first item is. Without one its frame has none left.
    #[cold]
    #[inline(never)]
    pub fn odd_array(&mut self, pos: usize, end: usize, body: usize) -> Option<usize> {
        let Block { count, ends, next } = self.block(pos, end)?;
        // It is written once more when the array ends: another block may come.
        let head = self.place(pos);
        self.cut(pos, next);
        let before = self.s.out.len();
        put_long(&mut self.s.out, i64::try_from(count).ok()?);
        self.s.frames.push(Frame {
            left: count,
            body,
            is_plain: false,
            head: (head, self.s.out.len() - before),
            total: count,
            ends,
        });
        Some(next)
    }

    /// A block has ended: takes the next one, or the end of the array, which leaves none.
    #[cold]
    #[inline(never)]
    pub fn next_block(&mut self, pos: usize, end: usize) -> Option<usize> {
        let Block { count, ends, next } = self.block(pos, end)?;
        let frame = self.s.frames.last_mut()?;
        if frame.ends.is_some_and(|ends| ends != pos) {
            return None;
        }
        frame.left = count;
        frame.ends = ends;
        frame.is_plain = false;
        frame.total = frame.total.checked_add(count)?;
        let Frame { head, total, .. } = *frame;
        self.cut(pos, next);
        if count == 0 {
            self.s.out.push(0);
            let mut whole = Vec::with_capacity(10);
            put_long(&mut whole, i64::try_from(total).ok()?);
            self.s.out.splice(head.0..head.0 + head.1, whole);
        }
        Some(next)
    }

    /// The head of a block, as the other walk reads it.
    fn block(&self, pos: usize, end: usize) -> Option<Block> {
        let (raw, mut next) = read::any_varint(self.wide, pos)?;
        let signed = unzigzag(raw);
        let count = signed.checked_abs().filter(|count| *count <= LENGTH_MAX)?;
        let count = usize::try_from(count).ok()?;
        let mut ends = None;
        if signed < 0 {
            let (raw, behind) = read::any_varint(self.wide, next)?;
            let size = Some(unzigzag(raw)).filter(|size| *size <= LENGTH_MAX)?;
            let at = behind.checked_add(usize::try_from(size).ok()?)?;
            (next, ends) = (behind, Some(at));
        }
        let holds = next <= end && count <= end - next && ends.is_none_or(|ends| ends <= end);
        holds.then_some(Block { count, ends, next })
    }

    /// A map of texts in one block.
    #[inline]
    pub fn text_map(&mut self, pos: usize, end: usize) -> Option<usize> {
        let wide = self.wide;
        let (count, next) = read::count(wide, pos, end)?;
        if count == 0 {
            return Some(next);
        }
        let (last, sorted) = map::texts(wide, (next, end), count, &mut self.s.keys)?;
        let after = read::no_more(wide, last, end)?;
        if !sorted {
            self.cut(next, last);
            let Scratch { out, keys, .. } = &mut *self.s;
            keys.iter().for_each(|entry| super::write::copy(out, wide, entry.whole));
        }
        Some(after)
    }
}

/// The head of a block of items.
struct Block {
    count: usize,
    ends: Option<usize>,
    /// Where the first item is.
    next: usize,
}
