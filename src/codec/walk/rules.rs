//! What the rules make of values: items in any order, and values that count as another one.

use super::{Stop, Walk};
use crate::codec::applied::Rule;
use crate::codec::canonical::{HELD, put_long};
use crate::codec::plan::{BlockId, Map};
use crate::model::UndecodableReason::Malformed;

impl Walk<'_> {
    /// Items that each take at least a byte: they are written in the order of their bytes.
    pub(super) fn unordered<const T: bool>(&mut self, items: BlockId) -> Result<(), Stop> {
        let start = self.pos;
        let mut head = self.head(true)?;
        self.cut(start);
        if head.count == 0 {
            self.s.out.push(0);
            return Ok(());
        }
        self.enter()?;
        let (base, mut total) = (self.s.ends.len(), 0i64);
        let body = self.s.out.len();
        while head.count != 0 {
            for _ in 0..head.count {
                self.flush(self.pos);
                self.s.ends.push(self.s.out.len());
                self.exec::<T>(items)?;
            }
            total += head.count;
            if head.end.is_some_and(|end| end != self.pos) {
                return Err(Stop::Bad(Malformed));
            }
            self.flush(self.pos);
            let next = self.pos;
            head = self.head(true)?;
            self.cut(next);
        }
        let (out, spare) = (&mut self.s.out, &mut self.s.spare);
        sort(out, body, &self.s.ends[base..], spare);
        self.s.ends.truncate(base);
        let mut count = Vec::with_capacity(10);
        put_long(&mut count, total);
        drop(self.s.out.splice(body..body, count));
        self.s.out.push(0);
        self.depth -= 1;
        Ok(())
    }

    /// A value of which some count as another one.
    pub(super) fn mapped<const T: bool>(&mut self, map: &Map) -> Result<(), Stop> {
        self.flush(self.pos);
        let at = self.s.out.len();
        self.exec::<T>(map.block)?;
        self.flush(self.pos);
        // What is not held is no value of the contract.
        let held = !T || self.s.out[at] == HELD;
        let at = at + usize::from(T);
        if held && map.table.put(map.what, &mut self.s.out, at) {
            self.s.applied.insert(Rule::Map(map.rule));
            // The word may be long, and what it stands for short.
            self.spend((self.s.out.len() - at) / 2)?;
        }
        Ok(())
    }
}

/// Puts what stands in `out` from `body` on in the order of its bytes, cut where each part begins.
pub(in crate::codec) fn sort(out: &mut Vec<u8>, body: usize, begins: &[usize], spare: &mut Vec<u8>) {
    let ends = begins.iter().skip(1).copied().chain([out.len()]);
    let mut parts: Vec<(usize, usize)> = begins.iter().copied().zip(ends).collect();
    let bytes = |(from, to): (usize, usize)| &out[from..to];
    if parts.is_sorted_by(|one, other| bytes(*one) <= bytes(*other)) {
        return;
    }
    parts.sort_unstable_by(|one, other| bytes(*one).cmp(bytes(*other)));
    spare.clear();
    parts.iter().for_each(|part| spare.extend_from_slice(bytes(*part)));
    out.truncate(body);
    out.extend_from_slice(spare);
}
