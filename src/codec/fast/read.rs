//! Reading in words. Each takes a position and tells the next one, or nothing where the bytes are odd.

use crate::codec::canonical::unzigzag;

const HIGH: u64 = 0x8080_8080_8080_8080;

/// By a length up to 32: the high bits of so many bytes.
const HIGHS: [[u64; 4]; 33] = {
    let mut all = [[0; 4]; 33];
    let mut length = 0;
    while length <= 32 {
        let mut byte = 0;
        while byte < length {
            all[length][byte / 8] |= 0x80 << (byte % 8 * 8);
            byte += 1;
        }
        length += 1;
    }
    all
};

#[inline(always)]
pub(super) fn word(wide: &[u8], pos: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*wide.get(pos..)?.first_chunk::<8>()?))
}

/// A varint without its value.
#[inline(always)]
pub(super) fn pass(wide: &[u8], pos: usize) -> Option<usize> {
    let Some(word) = word(wide, pos) else {
        return slow_varint(wide, pos).map(|(_, next)| next);
    };
    let stops = !word & HIGH;
    if stops == 0 {
        return slow_varint(wide, pos).map(|(_, next)| next);
    }
    let bits = stops.trailing_zeros();
    // The last byte is zero only where it is the only one.
    (bits == 7 || (word >> (bits - 7)) & 0x7f != 0).then_some(pos + (bits / 8 + 1) as usize)
}

/// A varint.
#[inline(always)]
pub(super) fn varint(wide: &[u8], pos: usize) -> Option<(u64, usize)> {
    let first = *wide.get(pos)?;
    if first < 0x80 {
        return Some((u64::from(first), pos + 1));
    }
    let Some(word) = word(wide, pos) else {
        return slow_varint(wide, pos);
    };
    let stops = !word & HIGH;
    if stops == 0 {
        return slow_varint(wide, pos);
    }
    let bits = stops.trailing_zeros();
    if (word >> (bits - 7)) & 0x7f == 0 {
        return None;
    }
    let sevens = word & (stops ^ (stops - 1)) & !HIGH;
    let pairs = (sevens & 0x007f_007f_007f_007f) | ((sevens & 0x7f00_7f00_7f00_7f00) >> 1);
    let fours = (pairs & 0x0000_3fff_0000_3fff) | ((pairs & 0x3fff_0000_3fff_0000) >> 2);
    let raw = (fours & 0x0fff_ffff) | ((fours & 0x0fff_ffff_0000_0000) >> 4);
    Some((raw, pos + (bits / 8 + 1) as usize))
}

/// A long one, or one at the end of the memory.
#[cold]
#[inline(never)]
fn slow_varint(wide: &[u8], pos: usize) -> Option<(u64, usize)> {
    let mut raw = 0;
    for (i, byte) in wide.get(pos..)?.iter().take(10).enumerate() {
        if (i == 9 && *byte > 1) || (i > 0 && *byte == 0) {
            return None;
        }
        raw |= u64::from(byte & 0x7f) << (7 * i);
        if *byte < 0x80 {
            return Some((raw, pos + i + 1));
        }
    }
    None
}

/// An int.
#[inline(always)]
pub(super) fn int(wide: &[u8], pos: usize) -> Option<(u64, usize)> {
    varint(wide, pos).filter(|(raw, _)| *raw <= u64::from(u32::MAX))
}

/// A length and what has it: where that begins and ends.
#[inline(always)]
pub(super) fn bytes(wide: &[u8], pos: usize, end: usize) -> Option<(usize, usize)> {
    let first = *wide.get(pos)?;
    if first & 0x81 == 0 {
        let next = pos + 1 + usize::from(first >> 1);
        return (next <= end).then_some((pos + 1, next));
    }
    long_bytes(wide, pos, end)
}

#[inline(never)]
fn long_bytes(wide: &[u8], pos: usize, end: usize) -> Option<(usize, usize)> {
    let (raw, from) = int(wide, pos)?;
    let length = usize::try_from(unzigzag(raw)).ok()?;
    let next = from.checked_add(length)?;
    (next <= end).then_some((from, next))
}

/// A text with its length: where it begins and ends.
#[inline(always)]
pub(super) fn text(wide: &[u8], pos: usize, end: usize) -> Option<(usize, usize)> {
    let (from, next) = bytes(wide, pos, end)?;
    if is_ascii(wide, from, next) || std::str::from_utf8(&wide[from..next]).is_ok() {
        Some((from, next))
    } else {
        None
    }
}

#[inline(always)]
fn is_ascii(wide: &[u8], from: usize, next: usize) -> bool {
    let length = next - from;
    if let (Some(highs), Some(window)) = (HIGHS.get(length), wide[from..].first_chunk::<32>()) {
        let (words, _) = window.as_chunks::<8>();
        let high = words
            .iter()
            .zip(highs)
            .fold(0, |any, (bytes, mask)| any | (u64::from_le_bytes(*bytes) & mask));
        return high == 0;
    }
    // Up to 64 bytes are two windows, which may overlap.
    let text = &wide[from..next];
    if let (1..=64, Some(first), Some(last)) = (length, text.first_chunk::<32>(), text.last_chunk::<32>()) {
        let any = |window: &[u8; 32]| {
            window
                .as_chunks::<8>()
                .0
                .iter()
                .fold(0, |any, word| any | u64::from_le_bytes(*word))
        };
        return (any(first) | any(last)) & HIGH == 0;
    }
    text.is_ascii()
}

/// That no further block of items comes; gives where it goes on.
#[inline(always)]
pub(super) fn no_more(wide: &[u8], pos: usize, end: usize) -> Option<usize> {
    (pos < end && wide[pos] == 0).then_some(pos + 1)
}

/// How many items come, at least one byte each.
#[inline(always)]
pub(super) fn count(wide: &[u8], pos: usize, end: usize) -> Option<(usize, usize)> {
    let (raw, next) = int(wide, pos)?;
    let count = usize::try_from(unzigzag(raw)).ok()?;
    (next <= end && count <= end - next).then_some((count, next))
}

/// A varint that may be longer than needed.
#[cold]
#[inline(never)]
pub(super) fn any_varint(wide: &[u8], pos: usize) -> Option<(u64, usize)> {
    let mut raw = 0;
    for (i, byte) in wide.get(pos..)?.iter().take(10).enumerate() {
        if i == 9 && *byte > 1 {
            return None;
        }
        raw |= u64::from(byte & 0x7f) << (7 * i);
        if *byte < 0x80 {
            return Some((raw, pos + i + 1));
        }
    }
    None
}

/// An array of doubles, none of which is to be written in another way.
#[inline]
pub(super) fn doubles(wide: &[u8], pos: usize, end: usize) -> Option<usize> {
    let (count, next) = count(wide, pos, end)?;
    if count == 0 {
        return Some(next);
    }
    let after = next.checked_add(count.checked_mul(8)?)?;
    let (items, _) = wide[..end].get(next..after)?.as_chunks::<8>();
    if items.iter().any(|bytes| f64::from_le_bytes(*bytes).is_nan()) {
        return None;
    }
    no_more(wide, after, end)
}

/// An array of texts.
#[inline]
pub(super) fn texts(wide: &[u8], pos: usize, end: usize) -> Option<usize> {
    let (count, mut next) = count(wide, pos, end)?;
    if count == 0 {
        return Some(next);
    }
    for _ in 0..count {
        next = text(wide, next, end)?.1;
    }
    no_more(wide, next, end)
}
