//! The consumer's queues, read natively: whole batches of messages, lent as they are, with the offset of an end and the
//! partition of an error, all of which rdkafka's own poll does not give.
//!
//! One of the two places with `unsafe`. The calls are librdkafka's public ones (`rdkafka.h`), each used as documented:
//! a queue, an event and a message are owned, freed once, and never outlive the client, which they hold.
//!
//! A batch call hands out messages and errors of the consumer, and gives every other event to callbacks, which rdkafka
//! does not set: errors of the whole client and log lines would be lost. So the main queue, where they come, is not forwarded
//! to the consumer's any more, and is asked by events.
#![expect(
    unsafe_code,
    reason = "rdkafka 0.39 has no call that takes many messages, or tells the offset of an end and the partition of an error"
)]

use std::ffi::{CStr, CString, c_char, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::bindings as rd;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;

use super::context::Context;
use crate::model::{Bytes, Header, Lent, RecordBatch, RecordRef};

/// Log lines that are taken at once, so that a chatty client cannot keep us.
const LINES_MAX: usize = 8;

/// What a consumer delivers: records, ends, faults and log lines.
pub(super) struct Queue {
    /// Records, ends, faults of partitions.
    records: NonNull<rd::rd_kafka_queue_t>,
    /// Faults of the client, log lines.
    main: NonNull<rd::rd_kafka_queue_t>,
    consumer: Arc<BaseConsumer<Context>>,
}

// SAFETY: librdkafka's queues may be used from any thread ("The library is completely thread safe"), and the pointers
// are used through this owner only.
unsafe impl Send for Queue {}

/// Messages as they were taken, in order.
pub(super) struct Taken<'q> {
    messages: std::vec::IntoIter<*mut rd::rd_kafka_message_t>,
    queue: PhantomData<&'q Queue>,
}

/// What a message is.
pub(super) enum Kind<'q> {
    /// A record.
    Record(Message<'q>),
    /// The end of a partition: every offset below has been delivered or holds nothing for us.
    End {
        /// Which partition.
        partition: i32,
        /// Its end.
        offset: i64,
    },
    /// A fault.
    Fault(Fault),
}

/// A fault; of one partition, where it says so.
pub(super) struct Fault {
    /// Its code.
    pub(super) code: RDKafkaErrorCode,
    /// Librdkafka's words.
    pub(super) reason: String,
    /// The client cannot go on.
    pub(super) fatal: bool,
    /// Which partition, and the offset there.
    pub(super) place: Option<(i32, i64)>,
}

/// A message that librdkafka gave us; it is given back when this goes.
pub(super) struct Message<'q> {
    ptr: NonNull<rd::rd_kafka_message_t>,
    queue: PhantomData<&'q Queue>,
}

/// Records of one partition that librdkafka keeps for us until the batch goes: nothing of keys and values is copied.
pub(super) struct Run {
    batch: RecordBatch,
    messages: Messages,
    bytes: usize,
}

/// Messages that are ours, and the client that they are of.
struct Messages {
    all: Vec<NonNull<rd::rd_kafka_message_t>>,
    _consumer: Arc<BaseConsumer<Context>>,
}

// SAFETY: a message may be read and destroyed on any thread, as rdkafka's own messages may. Behind a shared reference it is
// only read, and by plain reads of fields that librdkafka does not write any more.
unsafe impl Send for Messages {}
// SAFETY: as above.
unsafe impl Sync for Messages {}

impl Queue {
    /// The queues of a consumer; `None` where librdkafka has none.
    pub(super) fn of(consumer: Arc<BaseConsumer<Context>>) -> Option<Self> {
        let client = consumer.client().native_ptr();
        // SAFETY: the client lives in `consumer`, which is kept. Each call gives a new reference, freed in `drop`.
        let records = NonNull::new(unsafe { rd::rd_kafka_queue_get_consumer(client) })?;
        // SAFETY: as above.
        let Some(main) = NonNull::new(unsafe { rd::rd_kafka_queue_get_main(client) }) else {
            // SAFETY: our reference, freed once.
            unsafe { rd::rd_kafka_queue_destroy(records.as_ptr()) }
            return None;
        };
        // SAFETY: the queue is alive; nothing is passed on from it any more.
        unsafe { rd::rd_kafka_queue_forward(main.as_ptr(), ptr::null_mut()) }
        Some(Self {
            records,
            main,
            consumer,
        })
    }

    /// Takes what is there, at most so many; waits for the first for at most `wait`.
    pub(super) fn take(&self, most: usize, wait: Duration) -> Taken<'_> {
        let mut messages = vec![ptr::null_mut(); most.max(1)];
        // A call that may wait does so until it has all, so the wait is for one.
        let mut count = self.fetch(&mut messages, Duration::ZERO);
        if count == 0 && !wait.is_zero() {
            count = self.fetch(&mut messages[..1], wait);
            count += self.fetch(&mut messages[count..], Duration::ZERO);
        }
        messages.truncate(count);
        Taken {
            messages: messages.into_iter(),
            queue: PhantomData,
        }
    }

    fn fetch(&self, room: &mut [*mut rd::rd_kafka_message_t], wait: Duration) -> usize {
        let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is alive; the room is ours and as long as is said. Messages that come are ours to free.
        let count =
            unsafe { rd::rd_kafka_consume_batch_queue(self.records.as_ptr(), wait, room.as_mut_ptr(), room.len()) };
        usize::try_from(count).unwrap_or(0).min(room.len())
    }

    /// The next fault of the client, waiting for at most `wait`; log lines before it go to the context, and so does it.
    pub(super) fn fault(&self, wait: Duration) -> Option<Fault> {
        let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        for _ in 0..LINES_MAX {
            // SAFETY: the queue is alive; an event that comes out is ours to free.
            let event = Event(NonNull::new(unsafe {
                rd::rd_kafka_queue_poll(self.main.as_ptr(), wait)
            })?);
            // SAFETY: the event is alive.
            match unsafe { rd::rd_kafka_event_type(event.0.as_ptr()) } {
                rd::RD_KAFKA_EVENT_ERROR => return Some(self.failed(&event)),
                rd::RD_KAFKA_EVENT_LOG => self.log(&event),
                _ => {}
            }
        }
        None
    }

    fn failed(&self, event: &Event) -> Fault {
        let raw = event.0.as_ptr();
        // SAFETY: the event is alive. The text belongs to it and is copied.
        let (error, reason, fatal) = unsafe {
            let reason = text(rd::rd_kafka_event_error_string(raw));
            (
                rd::rd_kafka_event_error(raw),
                reason,
                rd::rd_kafka_event_error_is_fatal(raw) != 0,
            )
        };
        let code = RDKafkaErrorCode::from(error);
        self.context().note(code, &reason);
        Fault {
            code,
            reason,
            fatal: fatal || code == RDKafkaErrorCode::Fatal,
            place: None,
        }
    }

    fn log(&self, event: &Event) {
        let (mut facility, mut message, mut level) = (ptr::null::<c_char>(), ptr::null::<c_char>(), 0);
        // SAFETY: the event is alive, the texts belong to it and are copied before it is freed.
        let (failed, facility, message) = unsafe {
            let failed = rd::rd_kafka_event_log(event.0.as_ptr(), &mut facility, &mut message, &mut level);
            (failed, text(facility), text(message))
        };
        if failed == 0 {
            let level = if level >= 7 {
                RDKafkaLogLevel::Debug
            } else {
                RDKafkaLogLevel::Info
            };
            self.context().log(level, facility.trim(), message.trim());
        }
    }

    fn context(&self) -> &Context {
        self.consumer.client().context()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: our references, freed once; the client is still alive. The main queue is forwarded as rdkafka had it.
        unsafe {
            rd::rd_kafka_poll_set_consumer(self.consumer.client().native_ptr());
            rd::rd_kafka_queue_destroy(self.main.as_ptr());
            rd::rd_kafka_queue_destroy(self.records.as_ptr());
        }
    }
}

/// Tells a client the addresses of brokers once more; those that it knows are no news to it.
pub(super) fn tell_brokers(client: &BaseConsumer<Context>, brokers: &str) {
    let Ok(brokers) = CString::new(brokers) else {
        return;
    };
    // SAFETY: the client is alive as long as `client` is borrowed. The text ends with a zero and is copied.
    let added = unsafe { rd::rd_kafka_brokers_add(client.client().native_ptr(), brokers.as_ptr()) };
    tracing::debug!(added, "the client was told its brokers again");
}

/// An event that is ours.
struct Event(NonNull<rd::rd_kafka_event_t>);

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: our event, freed once; nothing borrowed from it is left.
        unsafe { rd::rd_kafka_event_destroy(self.0.as_ptr()) }
    }
}

impl<'q> Iterator for Taken<'q> {
    type Item = Kind<'q>;

    fn next(&mut self) -> Option<Kind<'q>> {
        let ptr = self.messages.find_map(NonNull::new)?;
        let message = Message {
            ptr,
            queue: PhantomData,
        };
        let rd::rd_kafka_message_t {
            err, partition, offset, ..
        } = *message.get();
        if err == rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Some(Kind::Record(message));
        }
        let code = RDKafkaErrorCode::from(err);
        if code == RDKafkaErrorCode::PartitionEOF {
            return Some(Kind::End { partition, offset });
        }
        Some(Kind::Fault(Fault {
            code,
            reason: message.reason().unwrap_or_else(|| code.to_string()),
            fatal: code == RDKafkaErrorCode::Fatal,
            place: (!message.get().rkt.is_null()).then_some((partition, offset)),
        }))
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        // SAFETY: our message, freed once: who keeps one on takes the pointer and forgets this.
        unsafe { rd::rd_kafka_message_destroy(self.ptr.as_ptr()) }
    }
}

impl Message<'_> {
    fn get(&self) -> &rd::rd_kafka_message_t {
        // SAFETY: the message is ours and alive as long as this is.
        unsafe { self.ptr.as_ref() }
    }

    /// Which partition.
    pub(super) fn partition(&self) -> i32 {
        self.get().partition
    }

    /// Which offset.
    pub(super) fn offset(&self) -> i64 {
        self.get().offset
    }

    /// The words of an error.
    fn reason(&self) -> Option<String> {
        // SAFETY: the payload of an error is its text; pointer and length are librdkafka's pair.
        let text = unsafe { bytes(self.get().payload, self.get().len) }?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// The record's time: its producer's or its broker's, whichever the topic keeps.
    fn timestamp_ms(&self) -> Option<i64> {
        let mut kind = rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive; the kind is ours.
        let time = unsafe { rd::rd_kafka_message_timestamp(self.ptr.as_ptr(), &mut kind) };
        let known = kind != rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        (known && time != -1).then_some(time)
    }

    fn copy_headers(&self, batch: &mut RecordBatch) {
        let mut headers = ptr::null_mut::<rd::rd_kafka_headers_t>();
        // SAFETY: the message is alive; the list that comes out stays the message's.
        let found = unsafe { rd::rd_kafka_message_headers(self.ptr.as_ptr(), &mut headers) };
        if found != rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || headers.is_null() {
            return;
        }
        for index in 0.. {
            let (mut name, mut value, mut size) = (ptr::null::<c_char>(), ptr::null::<c_void>(), 0_usize);
            // SAFETY: the list is alive; name and value live as long as it does. An index past the end is an error.
            let (name, value) = unsafe {
                let found = rd::rd_kafka_header_get_all(headers, index, &mut name, &mut value, &mut size);
                if found != rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                    break;
                }
                (CStr::from_ptr(name).to_bytes(), bytes(value, size))
            };
            let header = Header {
                name: batch.push_bytes(name),
                value: value.map(|bytes| batch.push_bytes(bytes)),
            };
            batch.headers.push(header);
        }
    }

    fn half(&self, which: usize) -> Option<&[u8]> {
        half(self.get(), which)
    }

    /// The message, which is the caller's to free from now on.
    fn keep(self) -> NonNull<rd::rd_kafka_message_t> {
        std::mem::ManuallyDrop::new(self).ptr
    }
}

impl Run {
    /// No record yet.
    pub(super) fn new(queue: &Queue, partition: u32) -> Self {
        Self {
            batch: RecordBatch::new(partition),
            messages: Messages {
                all: Vec::new(),
                _consumer: Arc::clone(&queue.consumer),
            },
            bytes: 0,
        }
    }

    /// Which partition.
    pub(super) fn partition(&self) -> u32 {
        self.batch.partition
    }

    /// Bytes of keys and values.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a record behind the others. Only its headers are copied.
    pub(super) fn push(&mut self, message: Message<'_>) {
        let (key, value) = (message.half(KEY).map(<[u8]>::len), message.half(VALUE).map(<[u8]>::len));
        let at = self.messages.all.len() * 2;
        let first = self.batch.headers.len();
        message.copy_headers(&mut self.batch);
        let count = self.batch.headers.len() - first;
        self.batch.records.push(RecordRef {
            offset: u64::try_from(message.offset()).unwrap_or(0),
            timestamp_ms: message.timestamp_ms(),
            key: key.map(|len| Bytes::of_part(at + KEY, len)),
            value: value.map(|len| Bytes::of_part(at + VALUE, len)),
            headers: (u32::try_from(first).unwrap_or(0), u32::try_from(count).unwrap_or(0)),
        });
        self.bytes += key.unwrap_or(0) + value.unwrap_or(0);
        self.messages.all.push(message.keep());
    }

    /// The batch; what is lent to it is given back with it.
    pub(super) fn finish(mut self) -> RecordBatch {
        self.batch.lent = Some(Arc::new(self.messages));
        self.batch
    }
}

impl Lent for Messages {
    fn part(&self, at: usize) -> Option<&[u8]> {
        // SAFETY: the messages are ours and alive as long as this is.
        let message = unsafe { self.all.get(at / 2)?.as_ref() };
        half(message, at % 2)
    }
}

impl std::fmt::Debug for Messages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} messages", self.all.len())
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        for message in self.all.drain(..) {
            // SAFETY: our message, freed once; nothing borrowed from it is left, and the client is still alive.
            unsafe { rd::rd_kafka_message_destroy(message.as_ptr()) }
        }
    }
}

/// The halves of a message.
const KEY: usize = 0;
const VALUE: usize = 1;

/// Key or value of a message; `None` is null.
fn half(message: &rd::rd_kafka_message_t, which: usize) -> Option<&[u8]> {
    let (ptr, len) = match which {
        KEY => (message.key, message.key_len),
        _ => (message.payload, message.len),
    };
    // SAFETY: pointer and length are librdkafka's pair, and live as long as the message.
    unsafe { bytes(ptr, len) }
}

/// A span of librdkafka's memory; `None` for a null.
///
/// # Safety
/// A pointer that is not null must be valid for `len` bytes over the chosen lifetime.
unsafe fn bytes<'e>(ptr: *const c_void, len: usize) -> Option<&'e [u8]> {
    // SAFETY: as the caller promises.
    (!ptr.is_null()).then(|| unsafe { std::slice::from_raw_parts(ptr.cast::<u8>(), len) })
}

/// A text of librdkafka, copied.
///
/// # Safety
/// A pointer that is not null must be a C string.
unsafe fn text(ptr: *const c_char) -> String {
    if ptr.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(ptr) }.to_string_lossy().into_owned()
}
