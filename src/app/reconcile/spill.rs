//! A bounded run that passes `held_max_bytes`: what is in flight goes to files by the hash of its identity, and is settled
//! file by file at the end. The engine says why that is exact.

use std::path::Path;

use anyhow::Result;

use crate::app::trouble::trouble;
use crate::edge::spill::{Folder, Writer, Written};
use crate::engine::{Away, Engine, Output};
use crate::model::Identity;

/// Bounds of a block of a file: a level has one in memory for each bucket.
const BLOCK_MIN: u64 = 4 << 10;
const BLOCK_MAX: u64 = 256 << 10;
/// All blocks of a level together take at most this part of `held_max_bytes`.
const BLOCKS_SHARE: u64 = 16;

/// What was put away.
pub struct Spill {
    first: Level,
    block: usize,
    // Last, so that the files are gone before it.
    folder: Folder,
}

/// The buckets of one level.
struct Level {
    number: u32,
    buckets: Vec<Bucket>,
}

/// Records whose identities have the same hash so far.
struct Bucket {
    writer: Writer,
    about: About,
}

/// What is known of a bucket.
#[derive(Clone, Copy, Default)]
struct About {
    records: u64,
    identity: Option<Identity>,
    /// More than one identity.
    is_mixed: bool,
}

impl Spill {
    /// Makes its directory in `parent`.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn make(parent: &Path, held_max_bytes: u64) -> Result<Self> {
        let buckets = u64::try_from(Away::BUCKETS)?;
        let block = (held_max_bytes / BLOCKS_SHARE / buckets).clamp(BLOCK_MIN, BLOCK_MAX);
        let block = usize::try_from(block)?;
        let folder = Folder::make(parent)?;
        tracing::info!(
            "held_max_bytes is reached, fingerprints go to {}",
            folder.path().display()
        );
        Ok(Self {
            first: Level::new(0, &folder, block),
            block,
            folder,
        })
    }

    /// Puts away everything that the engine holds.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn put_away(&mut self, engine: &mut Engine) -> Result<()> {
        engine.put_away(|away| self.first.put(&away))
    }

    /// Bytes that stand in its files.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.folder.written()
    }

    /// Settles everything, once all is read. False where `stop` said so first.
    ///
    /// # Errors
    /// The disk is full or fails; the records of one identity are too many.
    pub fn settle(mut self, engine: &mut Engine, outputs: &mut Vec<Output>, stop: &dyn Fn() -> bool) -> Result<bool> {
        self.put_away(engine)?;
        tracing::info!("{} bytes of fingerprints are settled", self.folder.written());
        let Self { first, block, folder } = self;
        let settling = Settling {
            folder: &folder,
            block,
            stop,
        };
        let settled = settling.level(first, engine)?;
        if settled {
            engine.come_back(outputs);
        }
        Ok(settled)
    }
}

impl Level {
    fn new(number: u32, folder: &Folder, block: usize) -> Self {
        let bucket = |_| Bucket {
            writer: folder.file(block),
            about: About::default(),
        };
        Self {
            number,
            buckets: (0..Away::BUCKETS).map(bucket).collect(),
        }
    }

    fn put(&mut self, away: &Away) -> Result<()> {
        let Some(Bucket { writer, about }) = self.buckets.get_mut(away.bucket(self.number)) else {
            return Ok(());
        };
        about.records += 1;
        let identity = *about.identity.get_or_insert(away.identity());
        about.is_mixed |= identity != away.identity();
        Ok(writer.append(|bytes| away.write(bytes))?)
    }
}

/// The second half of the run.
struct Settling<'a> {
    folder: &'a Folder,
    block: usize,
    stop: &'a dyn Fn() -> bool,
}

impl Settling<'_> {
    /// Bucket by bucket; each file is removed as soon as it is settled or split.
    fn level(&self, level: Level, engine: &mut Engine) -> Result<bool> {
        let mut files = Vec::with_capacity(level.buckets.len());
        for Bucket { writer, about } in level.buckets {
            files.extend(writer.finish()?.map(|file| (file, about)));
        }
        for (file, about) in files {
            if !self.bucket(file, about, level.number, engine)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn bucket(&self, file: Written, about: About, level: u32, engine: &mut Engine) -> Result<bool> {
        let (many, single) = engine.at_once();
        let splits = about.is_mixed && level + 1 < Away::LEVELS;
        if about.records <= if splits { many } else { single } {
            let done = self.each(&file, |away| {
                engine.take_back(away);
                Ok(())
            })?;
            if done {
                engine.settle_away();
            }
            return Ok(done);
        }
        if !splits {
            let what = format!(
                "one identity has {} records in flight, and held_max_bytes allows no more than {single}",
                about.records
            );
            let hint = "set --held-max-bytes (or limits.held_max_bytes of the stream) to more, or choose an identity that \
                        tells records apart: --identity";
            return Err(trouble(what, hint));
        }
        let mut next = Level::new(level + 1, self.folder, self.block);
        if !self.each(&file, |away| next.put(&away))? {
            return Ok(false);
        }
        drop(file);
        self.level(next, engine)
    }

    /// Every record of a file.
    fn each(&self, file: &Written, mut each: impl FnMut(Away) -> Result<()>) -> Result<bool> {
        let mut reader = file.read()?;
        loop {
            if (self.stop)() {
                return Ok(false);
            }
            let Some(mut block) = reader.block()? else {
                return Ok(true);
            };
            while !block.is_empty() {
                match Away::read(&mut block) {
                    Some(away) => each(away)?,
                    None => return Err(reader.damaged().into()),
                }
            }
        }
    }
}
