//! Rows with one prefix that are too many to be sorted at once: sorted by pieces, and the pieces are merged, a few rows at
//! a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::packed::{Apart, Logs, Packed};
use crate::model::{Identity, Side};

/// Identity and place in the order of settling, of rows of which none stands apart: what their prefix leaves of the
/// identity; time, side and rank of the log; offset.
type Short = (u64, u64, u64);
/// The same of any rows.
type Whole = (Identity, (i64, Side, u32, u64));

/// Rows that are being sorted and merged.
#[derive(Debug)]
pub(super) enum Merge {
    Short(Pieces<Short>, Vec<u64>),
    Whole(Pieces<Whole>),
}

/// What a row stands behind, where it is, and for the first of a piece which piece.
#[derive(Debug)]
pub(super) struct Pieces<K> {
    pieces: Vec<std::vec::IntoIter<(K, u32)>>,
    /// The first of each piece.
    first: BinaryHeap<Reverse<(K, u32, usize)>>,
}

impl Merge {
    pub(super) fn new(logs: &Logs, apart: &[Apart]) -> Merge {
        if apart.is_empty() {
            Merge::Short(Pieces::default(), logs.ranks())
        } else {
            Merge::Whole(Pieces::default())
        }
    }

    /// Another piece.
    pub(super) fn add<'a>(
        &mut self,
        rows: impl Iterator<Item = (&'a Packed, u32)>,
        (base, logs, apart): (i64, &Logs, &[Apart]),
    ) {
        match self {
            Merge::Short(pieces, ranks) => pieces.add(rows.map(|(row, place)| (row.short(ranks), place))),
            Merge::Whole(pieces) => pieces.add(rows.map(|(row, place)| (row.look(base, logs, apart), place))),
        }
    }

    /// Where the least row of all is, once there are no more pieces.
    #[inline]
    pub(super) fn next(&mut self) -> Option<u32> {
        match self {
            Merge::Short(pieces, _) => pieces.next(),
            Merge::Whole(pieces) => pieces.next(),
        }
    }

    pub(super) fn held_bytes(&self) -> usize {
        match self {
            Merge::Short(pieces, ranks) => pieces.held_bytes() + size_of_val(ranks.as_slice()),
            Merge::Whole(pieces) => pieces.held_bytes(),
        }
    }
}

impl<K: Ord> Default for Pieces<K> {
    fn default() -> Self {
        Self {
            pieces: Vec::new(),
            first: BinaryHeap::new(),
        }
    }
}

impl<K: Ord> Pieces<K> {
    fn add(&mut self, rows: impl Iterator<Item = (K, u32)>) {
        let mut piece: Vec<(K, u32)> = rows.collect();
        piece.sort_unstable();
        let mut piece = piece.into_iter();
        let number = self.pieces.len();
        let first = piece.next().map(|(key, place)| Reverse((key, place, number)));
        self.first.extend(first);
        self.pieces.push(piece);
    }

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let mut first = self.first.peek_mut()?;
        let Reverse((_, place, number)) = *first;
        match self.pieces.get_mut(number).and_then(Iterator::next) {
            Some((key, place)) => *first = Reverse((key, place, number)),
            None => drop(PeekMut::pop(first)),
        }
        Some(place)
    }

    fn held_bytes(&self) -> usize {
        let rows: usize = self.pieces.iter().map(|piece| piece.as_slice().len()).sum();
        rows * size_of::<(K, u32)>()
    }
}
