//! What final windows can be computed again from: rows that are inserted once, packed small.

use std::cell::RefCell;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zstd::zstd_safe::{DCtx, ResetDirective};

use super::StoreError;

/// Most bytes of an unpacked row.
const BODY_MAX_BYTES: u64 = 256 << 20;

/// What the windows of one commit can be computed again from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputsRow {
    /// Which stream.
    pub stream: String,
    /// The frontier after them: the end of the last of them, or of an empty window behind it.
    pub frontier_ms: i64,
    /// The inputs, as the caller wrote them.
    pub body: String,
}

pub(super) const INSERT: &str = "INSERT INTO window_inputs (release, generation, stream, frontier_ms, body) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (release, generation, stream, frontier_ms) DO NOTHING";
// $1 release, $2 generation, $3 stream or null, $4 after, $5 whether strictly, $6 limit.
pub(super) const SELECT: &str = "SELECT stream, frontier_ms, body FROM window_inputs \
    WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) \
    AND (frontier_ms > $4 OR (frontier_ms = $4 AND $5 = 0)) ORDER BY stream, frontier_ms LIMIT $6";

thread_local! {
    // To set one up takes longer than to pack a window's inputs.
    static PACKER: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

/// A text as it is stored: the same few words stand in it again and again.
pub(super) fn pack(text: &str) -> Result<String, StoreError> {
    let packed = PACKER.with_borrow_mut(|packer| {
        let packer = match packer {
            Some(packer) => packer,
            none => none.insert(zstd::bulk::Compressor::new(0)?),
        };
        packer.compress(text.as_bytes())
    });
    Ok(STANDARD.encode(packed.map_err(|_| StoreError::Corrupt("a text that can be packed"))?))
}

/// The text that was stored.
pub(super) fn unpack(packed: &str) -> Result<String, StoreError> {
    const WHAT: StoreError = StoreError::Corrupt("the inputs of a window");
    let bytes = STANDARD.decode(packed).map_err(|_| WHAT)?;
    UNPACKER.with_borrow_mut(|unpacker| {
        let unpacker = unpacker.get_or_insert_with(DCtx::create);
        // What a text that was cut left behind.
        unpacker.reset(ResetDirective::SessionOnly).map_err(|_| WHAT)?;
        let reader = zstd::Decoder::with_context(bytes.as_slice(), unpacker);
        let mut text = String::new();
        reader
            .take(BODY_MAX_BYTES)
            .read_to_string(&mut text)
            .map_err(|_| WHAT)?;
        Ok(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        for text in ["", "{}", &"{\"side\":\"baseline\",\"partition\":0}".repeat(10_000)] {
            let packed = pack(text).unwrap();
            assert_eq!(unpack(&packed).unwrap(), text);
            assert!(packed.len() < 400, "{} bytes", packed.len());
        }
    }

    #[test]
    fn what_was_tampered_with_is_said_so() {
        let mut cut = pack(&"a text ".repeat(9)).unwrap();
        cut.truncate(12);
        for broken in ["", "?", "AAAA", cut.as_str()] {
            assert!(matches!(unpack(broken), Err(StoreError::Corrupt(_))), "{broken}");
        }
    }
}
