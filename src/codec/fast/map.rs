//! Maps of texts: entries are spans of the input, sorted by the first bytes of their keys.

use std::cmp::Ordering;

use super::read;

/// An entry: the first eight bytes of its key as a number, the key, and the whole entry in the input.
#[derive(Clone, Copy)]
pub(in crate::codec) struct Entry {
    prefix: u64,
    key: (usize, usize),
    pub whole: (usize, usize),
}

fn prefix(wide: &[u8], (from, to): (usize, usize)) -> u64 {
    let length = to - from;
    let Some(word) = read::word(wide, from) else {
        let mut bytes = [0; 8];
        let taken = length.min(8);
        bytes[..taken].copy_from_slice(&wide[from..from + taken]);
        return u64::from_be_bytes(bytes);
    };
    match length {
        0 => 0,
        1..8 => word.swap_bytes() & (u64::MAX << (64 - 8 * length)),
        _ => word.swap_bytes(),
    }
}

fn order(wide: &[u8], one: &Entry, other: &Entry) -> Ordering {
    let by_key = || wide[one.key.0..one.key.1].cmp(&wide[other.key.0..other.key.1]);
    one.prefix.cmp(&other.prefix).then_with(by_key)
}

/// Reads so many entries and the end behind them; tells the position behind the last entry and whether they are in
/// order. They are left in `entries`, sorted.
pub(super) fn texts(
    wide: &[u8],
    (mut pos, end): (usize, usize),
    count: usize,
    entries: &mut Vec<Entry>,
) -> Option<(usize, bool)> {
    entries.clear();
    let mut sorted = true;
    for _ in 0..count {
        let key = read::text(wide, pos, end)?;
        let (_, next) = read::text(wide, key.1, end)?;
        let entry = Entry {
            prefix: prefix(wide, key),
            key,
            whole: (pos, next),
        };
        if sorted && let Some(last) = entries.last() {
            sorted = order(wide, last, &entry) == Ordering::Less;
        }
        entries.push(entry);
        pos = next;
    }
    if !sorted {
        entries.sort_unstable_by(|one, other| order(wide, one, other));
        // A key that is there twice.
        if entries
            .windows(2)
            .any(|pair| order(wide, &pair[0], &pair[1]) == Ordering::Equal)
        {
            return None;
        }
    }
    Some((pos, sorted))
}
