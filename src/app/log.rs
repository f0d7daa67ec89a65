//! One log of one side: a topic or a file. The same questions to both.

use std::path::PathBuf;
use std::time::Duration;

use super::topic::Topic;
use crate::edge::files::{self, Chunk};
use crate::edge::kafka;
use crate::model::{RecordBatch, UndecodableReason};

/// Records that one read may yield.
const BATCH_RECORDS: usize = 2048;

/// A log that can be read.
pub enum Log {
    /// A topic.
    Kafka(Box<dyn Topic>),
    /// An Avro object container.
    Avro(Box<AvroLog>),
}

/// An Avro object container and where it stands.
pub struct AvroLog {
    /// Which file.
    pub path: PathBuf,
    /// Its reader.
    pub reader: files::Reader,
    /// True once its end was told.
    ended: bool,
}

/// What one read yields.
pub enum Read {
    /// Records of one partition; and those of them that cannot be told apart, by offset.
    Records(RecordBatch, Vec<(u64, UndecodableReason)>),
    /// The end of a partition: every offset below the position was delivered or is a gap.
    End(u32, u64),
    /// Retention took offsets of a partition, from the first to before the second.
    Expired(u32, u64, u64),
    /// A partition ends below what was read of it.
    Truncated(u32, u64, u64),
    /// Bytes that do not match their checksum.
    Corrupt(u32, u64),
    /// Something that passes by itself.
    Trouble(String),
    /// Nothing came in time.
    Idle,
}

impl Log {
    /// Opens a file.
    ///
    /// # Errors
    /// No such file, or not an Avro object container.
    pub fn open_avro(path: PathBuf) -> Result<Self, files::FileError> {
        let reader = files::Reader::open(&path)?;
        Ok(Log::Avro(Box::new(AvroLog {
            path,
            reader,
            ended: false,
        })))
    }

    /// The next thing, waiting at most `wait` for it.
    ///
    /// # Errors
    /// The log cannot be read any further.
    pub fn read(&mut self, wait: Duration) -> anyhow::Result<Read> {
        match self {
            Log::Kafka(reader) => Ok(match reader.poll(BATCH_RECORDS, wait)? {
                kafka::Event::Records(batch) => Read::Records(batch, Vec::new()),
                kafka::Event::End { partition, position } => Read::End(partition, position),
                kafka::Event::Expired { partition, from, to } => Read::Expired(partition, from, to),
                kafka::Event::Truncated {
                    partition,
                    position,
                    end,
                } => Read::Truncated(partition, position, end),
                kafka::Event::Corrupt { partition, offset } => Read::Corrupt(partition, offset),
                kafka::Event::Trouble(text) => Read::Trouble(text),
                kafka::Event::Idle => Read::Idle,
            }),
            Log::Avro(log) => {
                let mut chunk = Chunk::default();
                if log.reader.next(&mut chunk)? {
                    return Ok(Read::Records(chunk.batch, chunk.undecodable));
                }
                let first = !std::mem::replace(&mut log.ended, true);
                Ok(if first {
                    Read::End(0, log.reader.offset())
                } else {
                    Read::Idle
                })
            }
        }
    }

    /// Reads nothing of these partitions until they are released. A file is held by not asking it.
    pub fn hold(&mut self, partitions: &[u32]) {
        if let Log::Kafka(reader) = self {
            reader.hold(partitions);
        }
    }

    /// Goes on reading them.
    pub fn release(&mut self, partitions: &[u32]) {
        if let Log::Kafka(reader) = self {
            reader.release(partitions);
        }
    }

    /// How far it is, in bytes read and bytes there are; only a file knows.
    #[must_use]
    pub fn progress(&self) -> Option<(u64, u64)> {
        match self {
            Log::Kafka(_) => None,
            Log::Avro(log) => Some(log.reader.progress()),
        }
    }
}
