//! Reads single records again, by position, for findings. A record that is gone is reported, never an error; that nobody
//! answers is an error, and never makes a record gone.

use std::collections::BTreeMap;
use std::time::Duration;

use super::settings::Purpose;
use super::{Event, KafkaError, Reader, Settings};
use crate::model::RecordBatch;

/// Over a gap of more offsets than this it is faster to jump than to read.
const JUMP: u64 = 500;
/// How long we wait each time.
const WAIT: Duration = Duration::from_millis(200);
/// What a call may cost in vain before we give up: 10 s of silence.
const PATIENCE: u32 = 500;
/// What a wait in vain costs, and what a fault does, which comes without a wait.
const SILENCE: u32 = 10;
const FAULT: u32 = 1;
/// Bytes that do not match their checksum: twenty times in a row.
const BROKEN: u32 = 25;
/// Waits in vain at an end that lies below what is wanted. A broker that was killed may show an earlier end for a moment.
const AT_END: u32 = 10;

/// Reads records of one topic again.
pub struct Fetcher {
    reader: Reader,
}

impl Fetcher {
    /// Connects.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open(settings: &Settings, topic: &str) -> Result<Self, KafkaError> {
        Reader::open_for(settings, topic, Purpose::Fetch).map(|reader| Self { reader })
    }

    /// Visits the records at these positions, partition by partition in offset order, and returns the positions that
    /// have none any more.
    ///
    /// # Errors
    /// Reading cannot go on; or, transient, nothing came for 10 s.
    pub fn fetch(
        &mut self,
        positions: &[(u32, u64)],
        visit: &mut dyn FnMut(&RecordBatch, usize),
    ) -> Result<Vec<(u32, u64)>, KafkaError> {
        let mut wanted: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for &(partition, offset) in positions {
            wanted.entry(partition).or_default().push(offset);
        }
        let mut gone = Vec::new();
        let mut patience = PATIENCE;
        for (partition, mut offsets) in wanted {
            offsets.sort_unstable();
            offsets.dedup();
            if !self.reader.partitions().contains(&partition) {
                gone.extend(offsets.into_iter().map(|offset| (partition, offset)));
                continue;
            }
            let missing = self.fetch_partition(partition, &offsets, &mut patience, visit)?;
            gone.extend(missing.into_iter().map(|offset| (partition, offset)));
        }
        Ok(gone)
    }

    fn fetch_partition(
        &mut self,
        partition: u32,
        wanted: &[u64],
        patience: &mut u32,
        visit: &mut dyn FnMut(&RecordBatch, usize),
    ) -> Result<Vec<u64>, KafkaError> {
        let mut gone = Vec::new();
        let mut left = wanted;
        let mut at = None;
        // How often we still look, once the log has ended below what is wanted.
        let mut looks = None;
        let mut corrupt = None;
        while let Some(&next) = left.first() {
            if looks == Some(0) {
                gone.extend_from_slice(left);
                break;
            }
            if *patience == 0 {
                if corrupt.is_none() {
                    // Nobody asks this client anything else, by which it would be found out.
                    self.reader.reconnect()?;
                }
                return Err(KafkaError::Query {
                    question: "read records again",
                    topic: self.reader.topic().to_owned(),
                    reason: corrupt.map_or("no answer in time".to_owned(), |offset| {
                        format!(
                            "bytes of partition {partition} at or after offset {offset} do not match their checksum"
                        )
                    }),
                });
            }
            if at.is_none_or(|at: u64| next.saturating_sub(at) > JUMP) {
                self.reader.assign(&[(partition, next)])?;
                at = Some(next);
            }
            match self.reader.poll(usize::try_from(JUMP).unwrap_or(500), WAIT)? {
                Event::Records(batch) => {
                    *patience = PATIENCE;
                    corrupt = None;
                    for (index, record) in batch.records.iter().enumerate() {
                        left = pass(left, record.offset, &mut gone);
                        if left.first() == Some(&record.offset) {
                            visit(&batch, index);
                            left = &left[1..];
                        }
                    }
                    at = Some(self.reader.position(partition));
                    looks = None;
                }
                Event::Expired { to, .. } => {
                    left = pass(left, to, &mut gone);
                    at = Some(to);
                }
                Event::End { position, .. } => {
                    left = pass(left, position, &mut gone);
                    looks = looks.or(Some(AT_END));
                }
                Event::Truncated { .. } => {
                    gone.extend_from_slice(left);
                    break;
                }
                Event::Idle => {
                    *patience = patience.saturating_sub(SILENCE);
                    looks = looks.map(|looks: u32| looks.saturating_sub(1));
                }
                Event::Trouble(_) => {
                    *patience = patience.saturating_sub(FAULT);
                    looks = None;
                }
                Event::Corrupt { offset, .. } => {
                    *patience = patience.saturating_sub(BROKEN);
                    corrupt = Some(offset);
                    // At once: the reader itself would leave the others time, and here are none.
                    at = None;
                    looks = None;
                }
            }
        }
        Ok(gone)
    }
}

/// What is below an offset that has been reached is gone.
fn pass<'a>(left: &'a [u64], reached: u64, gone: &mut Vec<u64>) -> &'a [u64] {
    let passed = left.partition_point(|&offset| offset < reached);
    gone.extend_from_slice(&left[..passed]);
    &left[passed..]
}

impl Reader {
    /// Reads records again by position, with a connection of its own: see [`Fetcher`].
    ///
    /// # Errors
    /// As [`Fetcher::open`] and [`Fetcher::fetch`].
    pub fn fetch(
        settings: &Settings,
        topic: &str,
        positions: &[(u32, u64)],
        visit: &mut dyn FnMut(&RecordBatch, usize),
    ) -> Result<Vec<(u32, u64)>, KafkaError> {
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        Fetcher::open(settings, topic)?.fetch(positions, visit)
    }
}
