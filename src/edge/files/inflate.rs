//! The compressions of object containers, each with a limit that holds while it inflates.

use std::io::Read;

use super::{BLOCK_MAX_BYTES, Fault};

/// Memory that an xz dictionary may take: more than the strongest preset asks for.
const XZ_MEMORY_MAX_BYTES: u64 = 256 << 20;

/// What a block is given at first.
const GROW_MIN_BYTES: usize = 64 << 10;

/// How blocks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// Not at all.
    Null,
    /// RFC 1951.
    Deflate,
    /// Snappy's raw format and a CRC of the inflated bytes.
    Snappy,
    /// Zstandard.
    Zstandard,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
}

impl Codec {
    /// The codec that the metadata names; an empty name is none.
    pub fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"" | b"null" => Codec::Null,
            b"deflate" => Codec::Deflate,
            b"snappy" => Codec::Snappy,
            b"zstandard" => Codec::Zstandard,
            b"bzip2" => Codec::Bzip2,
            b"xz" => Codec::Xz,
            _ => return None,
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Codec::Null => "null",
            Codec::Deflate => "deflate",
            Codec::Snappy => "snappy",
            Codec::Zstandard => "zstandard",
            Codec::Bzip2 => "bzip2",
            Codec::Xz => "xz",
        }
    }

    /// Inflates a block into `out`, which it replaces.
    pub fn inflate(self, block: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Fault> {
        out.clear();
        let broken = |why: &dyn std::fmt::Display| Fault::Inflate {
            codec: self.as_str(),
            why: why.to_string(),
        };
        match self {
            Codec::Null => {
                std::mem::swap(block, out);
                fits(out.len())
            }
            Codec::Deflate => deflate(block, out, broken),
            Codec::Snappy => snappy(block, out, broken),
            Codec::Zstandard => {
                let decoder = zstd::Decoder::with_buffer(block.as_slice()).map_err(|error| broken(&error))?;
                read_all(decoder, out, broken)
            }
            Codec::Bzip2 => read_all(bzip2::bufread::MultiBzDecoder::new(block.as_slice()), out, broken),
            Codec::Xz => {
                let flags = liblzma::stream::CONCATENATED;
                let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY_MAX_BYTES, flags);
                let stream = stream.map_err(|error| broken(&error))?;
                read_all(
                    liblzma::bufread::XzDecoder::new_stream(block.as_slice(), stream),
                    out,
                    broken,
                )
            }
        }
    }
}

fn fits(len: usize) -> Result<(), Fault> {
    if len > BLOCK_MAX_BYTES {
        return Err(Fault::TooLarge);
    }
    Ok(())
}

/// Makes room behind the first `len` bytes: twice as much, and never more than what may be and one byte.
fn grow(out: &mut Vec<u8>, len: usize) -> Result<(), Fault> {
    fits(len)?;
    let next = len.saturating_mul(2).clamp(GROW_MIN_BYTES, BLOCK_MAX_BYTES + 1);
    // A vector that grows by itself would take up to twice what may be.
    out.reserve_exact(next.saturating_sub(out.len()));
    out.resize(next, 0);
    Ok(())
}

fn read_all(
    mut decoder: impl Read,
    out: &mut Vec<u8>,
    broken: impl Fn(&dyn std::fmt::Display) -> Fault,
) -> Result<(), Fault> {
    let mut len = 0;
    loop {
        if len == out.len() {
            grow(out, len)?;
        }
        match decoder.read(&mut out[len..]) {
            Ok(0) => break,
            Ok(more) => len += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(&error)),
        }
    }
    out.truncate(len);
    fits(len)
}

/// Bytes behind the end of the stream are let pass: Avro's own Python writer leaves three of zlib's checksum there.
fn deflate(block: &[u8], out: &mut Vec<u8>, broken: impl Fn(&dyn std::fmt::Display) -> Fault) -> Result<(), Fault> {
    use miniz_oxide::inflate::TINFLStatus::{Done, FailedCannotMakeProgress, HasMoreOutput, NeedsMoreInput};
    use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
    let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let (mut at, mut len) = (0, 0);
    loop {
        if len == out.len() {
            grow(out, len)?;
        }
        let (status, taken, given) = decompress(&mut state, &block[at..], out, len, flags);
        at += taken;
        len += given;
        match status {
            Done => break,
            HasMoreOutput => {}
            FailedCannotMakeProgress | NeedsMoreInput => return Err(broken(&"it ends too early")),
            _ => return Err(broken(&"not a deflate stream")),
        }
    }
    out.truncate(len);
    fits(len)
}

fn snappy(block: &[u8], out: &mut Vec<u8>, broken: impl Fn(&dyn std::fmt::Display) -> Fault) -> Result<(), Fault> {
    let Some((body, crc)) = block.split_last_chunk::<4>() else {
        return Err(broken(&"it ends too early"));
    };
    let len = snap::raw::decompress_len(body).map_err(|error| broken(&error))?;
    fits(len)?;
    out.resize(len, 0);
    let written = snap::raw::Decoder::new()
        .decompress(body, out)
        .map_err(|error| broken(&error))?;
    out.truncate(written);
    if crc32fast::hash(out) != u32::from_be_bytes(*crc) {
        return Err(broken(&"wrong CRC"));
    }
    Ok(())
}
