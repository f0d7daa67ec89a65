//! What is read: a regular file as it is; one that is compressed, and standard input, as a copy of their own that can be
//! read from any place, a second time.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::gunzip::Gunzip;
use super::{Fault, FileError};

/// Bytes that are copied at a time.
const COPY_BYTES: usize = 1 << 18;
/// Names that are tried: who finds all of them taken has another trouble.
const ATTEMPTS_MAX: u32 = 10_000;

/// An open file.
#[derive(Clone, Debug)]
pub struct Input {
    pub(super) path: PathBuf,
    pub(super) file: Arc<File>,
    pub(super) len: u64,
}

impl Input {
    /// Opens a file; `-` is standard input, which is read to its end. What is compressed (`.gz`, `.zst`) is inflated. Copies go
    /// to `folder`.
    ///
    /// # Errors
    /// No such file, not a regular one, broken compression, or no room for a copy.
    pub fn open(path: &Path, folder: &Path) -> Result<Self, FileError> {
        if path == Path::new("-") {
            return copy(path, folder, std::io::stdin().lock(), None);
        }
        let plain = Self::plain(path)?;
        let packed = |file: &Arc<File>| -> Result<_, FileError> {
            let file = file.try_clone().map_err(|error| FileError {
                source: Some(error),
                ..FileError::new(path, None, Fault::Open)
            })?;
            Ok(BufReader::with_capacity(COPY_BYTES, file))
        };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => copy(path, folder, Gunzip::new(packed(&plain.file)?), Some("gzip")),
            Some("zst") => {
                let decoder = zstd::Decoder::with_buffer(packed(&plain.file)?);
                let decoder = decoder.map_err(|error| FileError {
                    source: Some(error),
                    ..FileError::new(path, None, Fault::Read)
                })?;
                copy(path, folder, decoder, Some("zstd"))
            }
            _ => Ok(plain),
        }
    }

    /// Opens a file that is read as it is.
    ///
    /// # Errors
    /// No such file, or not a regular one.
    pub fn plain(path: &Path) -> Result<Self, FileError> {
        let fail = |fault, source| FileError {
            source,
            ..FileError::new(path, None, fault)
        };
        let file = File::open(path).map_err(|error| fail(Fault::Open, Some(error)))?;
        let metadata = file.metadata().map_err(|error| fail(Fault::Open, Some(error)))?;
        if !metadata.is_file() {
            return Err(fail(Fault::NotRegular, None));
        }
        Ok(Self {
            path: path.to_owned(),
            file: Arc::new(file),
            len: metadata.len(),
        })
    }

    /// Which file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Copies all of it to a file without a name.
fn copy(path: &Path, folder: &Path, mut from: impl Read, codec: Option<&'static str>) -> Result<Input, FileError> {
    let no_room = |error| FileError {
        source: Some(error),
        ..FileError::new(path, None, Fault::Copy(folder.to_owned()))
    };
    let mut file = nameless(folder).map_err(no_room)?;
    let (mut bytes, mut len) = (vec![0; COPY_BYTES], 0_u64);
    loop {
        match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => {
                file.write_all(&bytes[..count]).map_err(no_room)?;
                len += count as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(match codec {
                    Some(codec) => {
                        let why = error.to_string();
                        FileError::new(path, None, Fault::Inflate { codec, why })
                    }
                    None => FileError {
                        source: Some(error),
                        ..FileError::new(path, None, Fault::Read)
                    },
                });
            }
        }
    }
    Ok(Input {
        path: path.to_owned(),
        file: Arc::new(file),
        len,
    })
}

/// A file that nobody else can open, and that is gone when it is closed.
fn nameless(folder: &Path) -> std::io::Result<File> {
    let id = std::process::id();
    for attempt in 0..ATTEMPTS_MAX {
        let path = folder.join(format!("crosscheck-input-{id}-{attempt}"));
        let made = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match made {
            Ok(file) => {
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}
