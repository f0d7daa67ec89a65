//! Writing in words.

/// What is copied in one go, however short it is.
const WORD: usize = 64;

/// Appends a span of the memory. A short one is copied with what stands behind it, which is cut off again: that takes a
/// few instructions and no guess at the length.
#[inline(always)]
pub(super) fn copy(out: &mut Vec<u8>, wide: &[u8], (from, to): (usize, usize)) {
    let length = to - from;
    if length <= WORD
        && let Some(word) = wide[from..].first_chunk::<WORD>()
    {
        let end = out.len() + length;
        out.extend_from_slice(word);
        out.truncate(end);
    } else {
        out.extend_from_slice(&wide[from..to]);
    }
}
