//! Values of many parts: unions, arrays, maps, reordered records.

use super::input::Head;
use super::{Entry, Stop, Walk};
use crate::codec::canonical::{HELD, put_long};
use crate::codec::plan::{BlockId, Reorder};
use crate::model::UndecodableReason::{DuplicateKey, Malformed};

impl Walk<'_> {
    pub(super) fn union<const T: bool>(&mut self, first: u32, count: u32) -> Result<(), Stop> {
        let start = self.pos;
        let raw = self.raw()?;
        if raw & 1 == 1 || raw >> 1 >= u64::from(count) {
            return Err(Stop::Bad(Malformed));
        }
        let place = usize::try_from(raw >> 1).map_err(|_| Stop::Bad(Malformed))?;
        let branch = self.plan.branches[first as usize + place];
        match branch.index {
            Some(index) if T => {
                self.held(start);
                self.run = self.pos;
                put_long(&mut self.s.out, i64::from(index));
            }
            Some(_) if branch.same && self.is_minimal(start) => {}
            Some(index) => {
                self.cut(start);
                put_long(&mut self.s.out, i64::from(index));
            }
            None => self.cut(start),
        }
        if branch.null {
            if T {
                self.held(self.pos);
            }
            return Ok(());
        }
        self.exec::<T>(branch.block)
    }

    pub(super) fn items<const T: bool>(&mut self, items: BlockId, sized: bool) -> Result<(), Stop> {
        let start = self.pos;
        let first = self.head(sized)?;
        let (head_length, mut plain) = (self.pos - start, first.plain);
        if first.count == 0 {
            if !plain {
                self.cut(start);
                self.s.out.push(0);
            }
            return Ok(());
        }
        self.enter()?;
        // Where the head stands in the output, or will when the run is copied: runs are copied whole.
        let head_at = self.s.out.len() + (start - self.run);
        let (mut head, mut total) = (first, 0i64);
        loop {
            if sized {
                for _ in 0..head.count {
                    self.exec::<T>(items)?;
                }
            } else {
                self.alike::<T>(items, head.count)?;
            }
            total += head.count;
            if head.end.is_some_and(|end| end != self.pos) {
                return Err(Stop::Bad(Malformed));
            }
            let next = self.pos;
            head = self.head(sized)?;
            if head.count == 0 {
                if !head.plain {
                    self.cut(next);
                    self.s.out.push(0);
                }
                break;
            }
            plain = false;
            self.cut(next);
        }
        if !plain {
            self.flush(self.pos);
            self.put_head(head_at, head_length, total);
        }
        self.depth -= 1;
        Ok(())
    }

    /// Items that take no byte: each leaves what the one before left. Two are walked, the others are copies; all are paid
    /// for.
    fn alike<const T: bool>(&mut self, items: BlockId, count: i64) -> Result<(), Stop> {
        let (pos, mut left) = (self.pos, count);
        for _ in 0..2.min(count) {
            let (run, budget, from) = (self.run, self.budget, self.s.out.len());
            self.exec::<T>(items)?;
            left -= 1;
            let quiet = (run, from) == (self.run, self.s.out.len());
            if quiet || run == pos {
                let cost = usize::try_from(budget - self.budget).unwrap_or(usize::MAX);
                let left = usize::try_from(left).unwrap_or(usize::MAX);
                self.spend(cost.saturating_mul(left))?;
                let out = &mut self.s.out;
                let end = out.len() + (out.len() - from) * left;
                while out.len() < end {
                    let more = (out.len() - from).min(end - out.len());
                    out.extend_from_within(from..from + more);
                }
                return Ok(());
            }
        }
        Ok(())
    }

    fn put_head(&mut self, at: usize, length: usize, total: i64) {
        let mut head = Vec::with_capacity(10);
        put_long(&mut head, total);
        self.s.out.splice(at..at + length, head);
    }

    pub(super) fn entries<const T: bool>(&mut self, values: BlockId) -> Result<(), Stop> {
        let start = self.pos;
        let head = self.head(true)?;
        self.cut(start);
        let head_at = self.s.out.len();
        if head.count == 0 {
            self.s.out.push(0);
            return Ok(());
        }
        self.enter()?;
        put_long(&mut self.s.out, head.count);
        let body_at = self.s.out.len();
        let (base, first_count, input) = (self.s.entries.len(), head.count, self.input);
        let total = self.blocks::<T>(values, head).map_err(|stop| {
            // A key that was there before comes first, whatever came behind it.
            let keys = &mut self.s.entries[base..];
            keys.sort_unstable_by(|a, b| input[a.key.0..a.key.1].cmp(&input[b.key.0..b.key.1]));
            let twice = keys
                .windows(2)
                .any(|pair| input[pair[0].key.0..pair[0].key.1] == input[pair[1].key.0..pair[1].key.1]);
            self.s.entries.truncate(base);
            if twice { Stop::Bad(DuplicateKey) } else { stop }
        })?;
        self.sort(base, body_at)?;
        self.s.entries.truncate(base);
        self.s.out.push(0);
        if total != first_count {
            self.put_head(head_at, body_at - head_at, total);
        }
        self.depth -= 1;
        Ok(())
    }

    /// The blocks of a map's entries; how many there are in all.
    fn blocks<const T: bool>(&mut self, values: BlockId, mut head: Head) -> Result<i64, Stop> {
        let mut total = 0i64;
        while head.count != 0 {
            for _ in 0..head.count {
                let out = self.s.out.len();
                let length = self.text()?.len();
                let (place, key) = (self.s.entries.len(), (self.pos - length, self.pos));
                self.s.entries.push(Entry { key, out: (out, out) });
                self.exec::<T>(values)?;
                self.flush(self.pos);
                self.s.entries[place].out = (out, self.s.out.len());
            }
            total += head.count;
            if head.end.is_some_and(|end| end != self.pos) {
                return Err(Stop::Bad(Malformed));
            }
            let next = self.pos;
            head = self.head(true)?;
            self.cut(next);
        }
        Ok(total)
    }

    /// Brings the entries since `base`, whose bytes begin at `body`, into the order of their keys.
    fn sort(&mut self, base: usize, body: usize) -> Result<(), Stop> {
        let input = self.input;
        let key = |entry: &Entry| &input[entry.key.0..entry.key.1];
        let entries = &mut self.s.entries[base..];
        if entries.is_sorted_by(|a, b| key(a) < key(b)) {
            return Ok(());
        }
        entries.sort_unstable_by(|a, b| key(a).cmp(key(b)));
        if !entries.is_sorted_by(|a, b| key(a) < key(b)) {
            return Err(Stop::Bad(DuplicateKey));
        }
        self.s.spare.clear();
        for entry in entries {
            self.s.spare.extend_from_slice(&self.s.out[entry.out.0..entry.out.1]);
        }
        self.s.out.truncate(body);
        self.s.out.extend_from_slice(&self.s.spare);
        Ok(())
    }

    pub(super) fn reorder<const T: bool>(&mut self, reorder: &Reorder) -> Result<(), Stop> {
        self.flush(self.pos);
        self.s.ends.push(self.s.out.len());
        for block in &reorder.blocks {
            self.exec::<T>(*block)?;
            self.flush(self.pos);
            self.s.ends.push(self.s.out.len());
        }
        self.s.put_in_order(reorder.blocks.len(), &reorder.order);
        Ok(())
    }

    /// In the tagged form: a value that is held and was converted.
    #[inline]
    pub(super) fn replaced<const T: bool>(&mut self, start: usize) {
        self.cut(start);
        if T {
            self.s.out.push(HELD);
        }
    }
}
