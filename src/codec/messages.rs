//! Many records between their walk and their hashes.

use super::digest::{self, IDENTITY};
use super::hashes::Hashes;
use crate::model::{
    CarriedValues, Digest, Entry, Fingerprint, Identity, RecordBatch, RecordRef, Reduction, TolerantValue,
    UndecodableReason,
};

/// When so much was written no further record is walked: it is hashed while it is still in the cache.
const BYTES_MAX: usize = 256 * 1024;
/// Or when there are so many.
const RECORDS_MAX: usize = 2_048;

/// Records that were walked: canonical bytes back to back, identities, times. Of each, in the order of the batch, what its
/// hashes are taken of, padded as `docs/canonical-form.md` has it.
#[derive(Default)]
pub struct Messages {
    /// The message of a record, and behind it its identity if it has one.
    pub(super) arena: Vec<u8>,
    records: Vec<Walked>,
    /// The keys of the digests, most often one.
    keys: Vec<[u8; 32]>,
    last: Option<(Kind, usize)>,
    /// Records that are not of the side, or of a dead letter log.
    left_out: usize,
}

/// What the key of a digest depends on: the plans of value and key, whether the record is in the tagged form, and the
/// conditions that it met.
pub(super) type Kind = (Option<usize>, Option<usize>, bool, u32);

/// What is known of a record before its hashes are.
pub(super) enum Walked {
    Decoded(Message),
    Undecodable(UndecodableReason),
    Deselected,
    Diverted,
}

/// A record to be hashed.
pub(super) struct Message {
    /// Where the message begins in the arena, where it ends and the identity begins, and where that ends.
    pub spans: [usize; 3],
    pub time_ms: Option<i64>,
    pub tolerant: Option<Box<[TolerantValue]>>,
    pub carried: Option<Box<CarriedValues>>,
    pub tombstone: bool,
    /// Which of the keys.
    pub key: usize,
}

/// The hashes of a record: of its message and of its identity.
pub(super) type Pair = [[u8; 16]; 2];

impl Message {
    /// It has no identity of its own and goes by its content.
    fn by_content(&self) -> bool {
        let [_, identity, end] = self.spans;
        identity == end
    }
}

impl Messages {
    /// How many records were walked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True where none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many of them are of the side.
    pub(super) fn selected(&self) -> usize {
        self.records.len() - self.left_out
    }

    /// Those that are of the side, of records that were walked in this order.
    pub(super) fn of_side<'a>(&'a self, records: &'a [RecordRef]) -> impl Iterator<Item = &'a RecordRef> {
        let each = self.records.iter().zip(records);
        each.filter_map(|(walked, record)| match walked {
            Walked::Decoded(_) | Walked::Undecodable(_) => Some(record),
            Walked::Deselected | Walked::Diverted => None,
        })
    }

    fn message(&self, at: usize) -> Option<&Message> {
        match self.records.get(at)? {
            Walked::Decoded(message) => Some(message),
            Walked::Undecodable(_) | Walked::Deselected | Walked::Diverted => None,
        }
    }

    /// The bytes that the digest of a record is taken of, before the padding. None where it was not decoded.
    #[must_use]
    pub fn canonical(&self, at: usize) -> Option<&[u8]> {
        let [from, to, _] = self.message(at)?.spans;
        digest::unpad(&self.arena[from..to])
    }

    /// The encoding of a record's identity. None where it goes by its content.
    #[must_use]
    pub fn identity(&self, at: usize) -> Option<&[u8]> {
        let [_, from, to] = self.message(at)?.spans;
        digest::unpad(&self.arena[from..to])
    }

    /// The event time of a record.
    #[must_use]
    pub fn time_ms(&self, at: usize) -> Option<i64> {
        self.message(at)?.time_ms
    }

    /// Forgets all of them and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.arena.clear();
        self.records.clear();
        self.keys.clear();
        self.last = None;
        self.left_out = 0;
    }

    /// Another record; its bytes are at the end of the arena.
    #[inline(always)]
    pub(super) fn push(&mut self, walked: Walked) {
        self.left_out += usize::from(matches!(walked, Walked::Deselected | Walked::Diverted));
        self.records.push(walked);
    }

    /// The last record is in the tagged form.
    pub(super) fn is_tagged(&self) -> bool {
        self.last.is_some_and(|((.., tagged, _), _)| tagged)
    }

    /// It is time to hash them, with an arena of so many bytes.
    #[inline(always)]
    pub(super) fn is_full(&self, bytes: usize) -> bool {
        bytes >= BYTES_MAX || self.records.len() >= RECORDS_MAX
    }

    /// The number of the key of these plans, if it is that of the last record.
    #[inline(always)]
    pub(super) fn last_key(&self, kind: Kind) -> Option<usize> {
        self.last.filter(|(last, _)| *last == kind).map(|(_, number)| number)
    }

    /// The number of a key, which is that of these plans.
    #[inline(never)]
    pub(super) fn number_key(&mut self, kind: Kind, key: [u8; 32]) -> usize {
        let number = match self.keys.iter().rposition(|other| *other == key) {
            Some(number) => number,
            None => {
                self.keys.push(key);
                self.keys.len() - 1
            }
        };
        self.last = Some((kind, number));
        number
    }

    /// Hashes all of them, and leaves the hashes in the order of the records.
    pub(super) fn hash(&self, hashes: &mut Hashes, identity_key: &[u8; 32], out: &mut Vec<Pair>) {
        out.clear();
        out.resize(self.records.len(), Pair::default());
        let arena = &self.arena;
        let decoded = || {
            let each = self.records.iter().enumerate();
            each.filter_map(|(at, walked)| match walked {
                Walked::Decoded(message) => Some((at, message)),
                Walked::Undecodable(_) | Walked::Deselected | Walked::Diverted => None,
            })
        };
        let mut last = None;
        for (at, message) in decoded() {
            let queue = match last {
                Some((key, queue)) if key == message.key => queue,
                _ => hashes.queue(&self.keys[message.key], arena, &mut |at, hash| out[at][0] = hash),
            };
            last = Some((message.key, queue));
            let [from, to, _] = message.spans;
            hashes.push(queue, arena, (from, to), at, &mut |at, hash| out[at][0] = hash);
        }
        hashes.finish(arena, &mut |at, hash| out[at][0] = hash);
        let done = &mut |at: usize, hash| out[at][1] = hash;
        let queue = hashes.queue(identity_key, arena, done);
        for (at, message) in decoded().filter(|(_, message)| !message.by_content()) {
            let [_, from, to] = message.spans;
            hashes.push(queue, arena, (from, to), at, done);
        }
        hashes.finish(arena, done);
    }

    /// Appends the entries of the records, which are these, with their hashes, and forgets them. Each is built in its place:
    /// a copy of what was written a moment ago waits for it.
    pub(super) fn append(&mut self, batch: &RecordBatch, records: &[RecordRef], hashes: &[Pair], out: &mut Vec<Entry>) {
        out.reserve(self.records.len());
        for ((walked, record), hashes) in self.records.iter_mut().zip(records).zip(hashes) {
            let (offset, timestamp_ms, bytes) = (record.offset, record.timestamp_ms, batch.size(record));
            match walked {
                Walked::Decoded(message) => out.push(Entry {
                    offset,
                    bytes,
                    timestamp_ms,
                    body: Reduction::Decoded(Fingerprint {
                        // A record without an identity has its digest for one.
                        identity: Identity(hashes[usize::from(!message.by_content())]),
                        by_content: message.by_content(),
                        tombstone: message.tombstone,
                        digest: Digest(hashes[0]),
                        time_ms: message.time_ms,
                        tolerant: message.tolerant.take(),
                        carried: message.carried.take(),
                    }),
                }),
                Walked::Undecodable(reason) => out.push(Entry {
                    offset,
                    bytes,
                    timestamp_ms,
                    body: Reduction::Undecodable(*reason, digest::undecodable(batch.key(record), batch.value(record))),
                }),
                Walked::Deselected => out.push(Entry {
                    offset,
                    bytes,
                    timestamp_ms,
                    body: Reduction::Deselected,
                }),
                Walked::Diverted => out.push(Entry {
                    offset,
                    bytes,
                    timestamp_ms,
                    body: Reduction::Diverted(digest::undecodable(batch.key(record), batch.value(record))),
                }),
            }
        }
        self.clear();
    }
}

/// The key of identities.
pub(super) fn identity_key() -> [u8; 32] {
    blake3::derive_key(IDENTITY, &[])
}
