//! Writing in words.

/// Appends a span of the memory. A short one is copied with what stands behind it, which is cut off again: that takes a
/// few instructions and no guess at the length.
#[inline(always)]
pub(in crate::codec) fn copy(out: &mut Vec<u8>, wide: &[u8], (from, to): (usize, usize)) {
    let (behind, length) = (&wide[from..], to - from);
    if let (..=64, Some(word)) = (length, behind.first_chunk::<64>()) {
        put(out, word, length);
    } else if let (..=128, Some(words)) = (length, behind.first_chunk::<128>()) {
        put(out, words, length);
    } else {
        out.extend_from_slice(&wide[from..to]);
    }
}

#[inline(always)]
fn put<const N: usize>(out: &mut Vec<u8>, words: &[u8; N], length: usize) {
    let end = out.len() + length;
    out.extend_from_slice(words);
    out.truncate(end);
}
