//! One log of one side: a topic or a file. The same questions to both.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;
use std::time::Duration;

use super::ahead::Ahead;
use super::crew::{Crew, Piece, Ready};
use super::topic::Topic;
use super::under_way::{BATCH_RECORDS, Next, Window};
use crate::edge::files::{self, Chunk};
use crate::edge::kafka;
use crate::model::{RecordBatch, Side, Topics, UndecodableReason};

/// A log that can be read.
pub enum Log {
    /// A topic.
    Kafka(Box<TopicLog>),
    /// A file.
    File(Box<FileLog>),
}

/// A topic, and what of it is under way. What is asked of the topic is asked of this; who reads, holds or releases does
/// so through [`Log`].
pub struct TopicLog {
    topic: Box<dyn Topic>,
    /// Reads ahead, where a crew walks its records.
    window: Option<Window>,
}

impl Deref for TopicLog {
    type Target = dyn Topic;

    fn deref(&self) -> &Self::Target {
        &*self.topic
    }
}

impl DerefMut for TopicLog {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.topic
    }
}

impl TopicLog {
    fn next(&mut self, wait: Duration) -> anyhow::Result<Next> {
        match &mut self.window {
            Some(window) => window.next(&mut *self.topic, wait),
            None => Ok(Next::Event(self.topic.poll(BATCH_RECORDS, wait)?)),
        }
    }
}

/// A file and where it stands.
pub struct FileLog {
    /// Its reader.
    pub reader: files::Records,
    /// True once its end was told.
    ended: bool,
    /// Reads ahead, where a crew walks its blocks.
    ahead: Option<Ahead>,
    /// Dead letter files that are not read to their ends, with the numbers of their partitions. They are read first, so
    /// that nothing waits for them.
    dead_letters: VecDeque<(u32, files::Records)>,
}

impl FileLog {
    /// Has the records of `span` walked by a crew from now on; nothing was read yet.
    pub fn share(&mut self, crew: Arc<Crew>, side: Side, span: Range<u64>) {
        self.ahead = Some(Ahead::new(crew, side, span));
    }

    /// The next of a dead letter file.
    fn diverted(&mut self) -> anyhow::Result<Option<Read>> {
        let Some((partition, reader)) = self.dead_letters.front_mut() else {
            return Ok(None);
        };
        let mut chunk = Chunk::default();
        if reader.next(&mut chunk)? {
            chunk.batch.partition = *partition;
            return Ok(Some(Read::Records(chunk.batch, chunk.undecodable, None)));
        }
        let end = Read::End(*partition, reader.offset());
        self.dead_letters.pop_front();
        Ok(Some(end))
    }

    fn next(&mut self) -> anyhow::Result<Option<Piece>> {
        match &mut self.ahead {
            Some(ahead) => ahead.next(&mut self.reader),
            None => {
                let mut chunk = Chunk::default();
                let more = self.reader.next(&mut chunk)?;
                Ok(more.then_some(Piece { chunk, ready: None }))
            }
        }
    }

    fn offset(&self) -> u64 {
        self.ahead.as_ref().map_or_else(|| self.reader.offset(), Ahead::offset)
    }

    fn progress(&self) -> (u64, u64) {
        let (read, all) = self.reader.progress();
        (self.ahead.as_ref().map_or(read, Ahead::byte), all)
    }
}

/// What one read yields.
pub enum Read {
    /// Records of one partition; those of them that cannot be told apart, by offset; what they were reduced to, if they
    /// were.
    Records(RecordBatch, Vec<(u64, UndecodableReason)>, Option<Ready>),
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

impl From<kafka::Event> for Read {
    fn from(event: kafka::Event) -> Self {
        match event {
            kafka::Event::Records(batch) => Read::Records(batch, Vec::new(), None),
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
        }
    }
}

impl Log {
    /// Reads a topic.
    #[must_use]
    pub fn of_topic(topic: Box<dyn Topic>) -> Self {
        Log::Kafka(Box::new(TopicLog { topic, window: None }))
    }

    /// Reads a file, and dead letter files, each with the number of its partition.
    #[must_use]
    pub fn of_file(reader: files::Records, dead_letters: Vec<(u32, files::Records)>) -> Self {
        Log::File(Box::new(FileLog {
            reader,
            ended: false,
            ahead: None,
            dead_letters: dead_letters.into(),
        }))
    }

    /// Has the records of a topic walked by a crew from now on, so many batches ahead; nothing was read yet.
    pub fn share(&mut self, crew: &Arc<Crew>, side: Side, batches: usize) {
        if let Log::Kafka(log) = self {
            log.window = Some(Window::new(Arc::clone(crew), side, batches));
        }
    }

    /// What the numbers of its partitions stand for; of files nobody knows here.
    #[must_use]
    pub fn topics(&self) -> Topics {
        match self {
            Log::Kafka(topic) => topic.topics(),
            Log::File(_) => Topics::default(),
        }
    }

    /// The next thing, waiting at most `wait` for it.
    ///
    /// # Errors
    /// The log cannot be read any further.
    pub fn read(&mut self, wait: Duration) -> anyhow::Result<Read> {
        match self {
            Log::Kafka(topic) => Ok(match topic.next(wait)? {
                Next::Piece(Piece { chunk, ready }) => Read::Records(chunk.batch, chunk.undecodable, ready),
                Next::Event(event) => event.into(),
            }),
            Log::File(log) => {
                if let Some(read) = log.diverted()? {
                    return Ok(read);
                }
                if let Some(Piece { chunk, ready }) = log.next()? {
                    return Ok(Read::Records(chunk.batch, chunk.undecodable, ready));
                }
                let first = !std::mem::replace(&mut log.ended, true);
                Ok(if first { Read::End(0, log.offset()) } else { Read::Idle })
            }
        }
    }

    /// Reads nothing of these partitions until they are released. A file is held by not asking it.
    pub fn hold(&mut self, partitions: &[u32]) {
        if let Log::Kafka(log) = self {
            let TopicLog { topic, window } = &mut **log;
            topic.hold(partitions);
            window.iter_mut().for_each(|window| window.hold(partitions));
        }
    }

    /// Goes on reading them.
    pub fn release(&mut self, partitions: &[u32]) {
        if let Log::Kafka(log) = self {
            let TopicLog { topic, window } = &mut **log;
            topic.release(partitions);
            window.iter_mut().for_each(|window| window.release(partitions));
        }
    }

    /// Reads nothing more of a partition, and keeps nothing of what was read ahead.
    pub fn end(&mut self, partition: u32) {
        self.hold(&[partition]);
        if let Log::Kafka(log) = self {
            let TopicLog { topic, window } = &mut **log;
            topic.forget(partition);
            window.iter_mut().for_each(|window| window.forget(partition));
        }
    }

    /// Bytes of keys and values that were read and are kept back with their partitions. A file is held by not asking it.
    #[must_use]
    pub fn kept_bytes(&self) -> u64 {
        match self {
            Log::Kafka(log) => log.topic.kept_bytes() + log.window.as_ref().map_or(0, Window::kept_bytes),
            Log::File(_) => 0,
        }
    }

    /// How far it is, in bytes read and bytes there are; only a file knows.
    #[must_use]
    pub fn progress(&self) -> Option<(u64, u64)> {
        match self {
            Log::Kafka(_) => None,
            Log::File(log) => Some(log.progress()),
        }
    }
}
