//! gzip (RFC 1952), any number of members, as a reader.

use std::io::{self, BufRead, Error, ErrorKind, Read};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

/// Flags of a header.
const HAS_CRC: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;

/// Inflates what it reads.
pub(super) struct Gunzip<R> {
    from: R,
    /// None between members.
    member: Option<Box<InflateState>>,
    crc: crc32fast::Hasher,
    size: u32,
    begun: bool,
}

impl<R: BufRead> Gunzip<R> {
    pub fn new(from: R) -> Self {
        Self {
            from,
            member: None,
            crc: crc32fast::Hasher::new(),
            size: 0,
            begun: false,
        }
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes).map_err(early)?;
        Ok(bytes)
    }

    /// The header of the next member; false at the end.
    fn begin(&mut self) -> io::Result<bool> {
        if self.begun && self.from.fill_buf()?.is_empty() {
            return Ok(false);
        }
        self.begun = true;
        let [a, b, method, flags, ..] = self.bytes::<10>()?;
        if [a, b, method] != [0x1f, 0x8b, 8] {
            return Err(broken("not a gzip stream"));
        }
        if flags & HAS_EXTRA != 0 {
            for _ in 0..u16::from_le_bytes(self.bytes()?) {
                self.bytes::<1>()?;
            }
        }
        for flag in [HAS_NAME, HAS_COMMENT] {
            if flags & flag != 0 && self.from.skip_until(0)? == 0 {
                return Err(early(ErrorKind::UnexpectedEof.into()));
            }
        }
        if flags & HAS_CRC != 0 {
            self.bytes::<2>()?;
        }
        self.member = Some(InflateState::new_boxed(DataFormat::Raw));
        (self.crc, self.size) = (crc32fast::Hasher::new(), 0);
        Ok(true)
    }

    /// What stands behind a member.
    fn end(&mut self) -> io::Result<()> {
        self.member = None;
        let (crc, size) = (u32::from_le_bytes(self.bytes()?), u32::from_le_bytes(self.bytes()?));
        if crc != self.crc.clone().finalize() || size != self.size {
            return Err(broken("wrong CRC or length"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !out.is_empty() {
            let Some(state) = &mut self.member else {
                if self.begin()? {
                    continue;
                }
                break;
            };
            let input = self.from.fill_buf()?;
            let empty = input.is_empty();
            let done = inflate(state, input, out, MZFlush::None);
            let (taken, given) = (done.bytes_consumed, done.bytes_written);
            self.from.consume(taken);
            self.crc.update(&out[..given]);
            // The length is told modulo 2^32.
            self.size = self.size.wrapping_add(u32::try_from(given).unwrap_or(0));
            match done.status {
                Ok(MZStatus::StreamEnd) => self.end()?,
                Ok(_) | Err(MZError::Buf) if empty && given == 0 => return Err(early(ErrorKind::UnexpectedEof.into())),
                Ok(_) | Err(MZError::Buf) => {}
                Err(_) => return Err(broken("not a deflate stream")),
            }
            if given > 0 {
                return Ok(given);
            }
        }
        Ok(0)
    }
}

fn broken(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

fn early(error: Error) -> Error {
    if error.kind() == ErrorKind::UnexpectedEof {
        return Error::new(ErrorKind::UnexpectedEof, "it ends too early");
    }
    error
}
