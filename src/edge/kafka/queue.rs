//! The consumer's queue, read natively: rdkafka's own poll drops the offset of an end and the partition of an error.
//!
//! One of the two places with `unsafe`. The calls are librdkafka's public ones (`rdkafka.h`), each used as documented:
//! a queue and an event are owned, freed once, and never outlive the client, which the queue holds.
#![expect(
    unsafe_code,
    reason = "rdkafka 0.39 has no call that tells the offset of a partition's end or the partition of an error"
)]

use std::ffi::{CStr, c_char, c_void};
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
use crate::model::{Header, RecordBatch, RecordRef};

/// The queue of a consumer: records, ends, faults and log lines.
pub(super) struct Queue {
    ptr: NonNull<rd::rd_kafka_queue_t>,
    consumer: Arc<BaseConsumer<Context>>,
}

// SAFETY: librdkafka's queues may be used from any thread ("The library is completely thread safe"), and the pointer
// is used through this owner only.
unsafe impl Send for Queue {}

/// An event taken from the queue.
pub(super) struct Taken<'q> {
    ptr: NonNull<rd::rd_kafka_event_t>,
    queue: PhantomData<&'q Queue>,
}

/// What an event is.
pub(super) enum Kind<'e> {
    /// A record.
    Record(Message<'e>),
    /// The end of a partition: every offset below has been delivered or holds nothing for us.
    End {
        /// Which partition.
        partition: i32,
        /// Its end.
        offset: i64,
    },
    /// A fault.
    Fault(Fault),
    /// A log line or the like, already handed on.
    Other,
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

/// A record that librdkafka holds; valid as long as its event.
pub(super) struct Message<'e> {
    message: &'e rd::rd_kafka_message_t,
}

impl Queue {
    /// The queue of a consumer; `None` where librdkafka has none.
    pub(super) fn of(consumer: Arc<BaseConsumer<Context>>) -> Option<Self> {
        // SAFETY: the client lives in `consumer`, which is kept. The call gives a new reference, freed in `drop`.
        let ptr = NonNull::new(unsafe { rd::rd_kafka_queue_get_consumer(consumer.client().native_ptr()) })?;
        Some(Self { ptr, consumer })
    }

    /// Takes the next event, waiting for at most `wait`.
    pub(super) fn take(&self, wait: Duration) -> Option<Taken<'_>> {
        let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is alive; an event that comes out is ours to free.
        let ptr = NonNull::new(unsafe { rd::rd_kafka_queue_poll(self.ptr.as_ptr(), wait) })?;
        Some(Taken {
            ptr,
            queue: PhantomData,
        })
    }

    /// Says what an event is; log lines and faults go to the context too.
    pub(super) fn read<'e>(&self, event: &'e Taken<'_>) -> Kind<'e> {
        let raw = event.ptr.as_ptr();
        // SAFETY: the event is alive as long as `event` is borrowed.
        match unsafe { rd::rd_kafka_event_type(raw) } {
            rd::RD_KAFKA_EVENT_FETCH => {
                // SAFETY: a fetch event carries one message, which lives as long as the event.
                match unsafe { rd::rd_kafka_event_message_next(raw).as_ref() } {
                    Some(message) => Kind::Record(Message { message }),
                    None => Kind::Other,
                }
            }
            rd::RD_KAFKA_EVENT_ERROR => self.fault(event),
            rd::RD_KAFKA_EVENT_LOG => {
                self.log(event);
                Kind::Other
            }
            _ => Kind::Other,
        }
    }

    fn fault<'e>(&self, event: &Taken<'_>) -> Kind<'e> {
        let raw = event.ptr.as_ptr();
        // SAFETY: the event is alive. The text belongs to it and is copied. The partition is given to us and freed.
        let (error, reason, fatal, place) = unsafe {
            let error = rd::rd_kafka_event_error(raw);
            let reason = text(rd::rd_kafka_event_error_string(raw));
            let fatal = rd::rd_kafka_event_error_is_fatal(raw) != 0;
            let partition = rd::rd_kafka_event_topic_partition(raw);
            let place = partition.as_ref().map(|place| (place.partition, place.offset));
            if !partition.is_null() {
                rd::rd_kafka_topic_partition_destroy(partition);
            }
            (error, reason, fatal, place)
        };
        let code = RDKafkaErrorCode::from(error);
        if code == RDKafkaErrorCode::PartitionEOF {
            return match place {
                Some((partition, offset)) => Kind::End { partition, offset },
                None => Kind::Other,
            };
        }
        if place.is_none() {
            self.context().note(code, &reason);
        }
        Kind::Fault(Fault {
            code,
            reason,
            fatal,
            place,
        })
    }

    fn log(&self, event: &Taken<'_>) {
        let (mut facility, mut message, mut level) = (ptr::null::<c_char>(), ptr::null::<c_char>(), 0);
        // SAFETY: the event is alive, the texts belong to it and are copied before it is freed.
        let (failed, facility, message) = unsafe {
            let failed = rd::rd_kafka_event_log(event.ptr.as_ptr(), &mut facility, &mut message, &mut level);
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
        // SAFETY: our reference, freed once; the client is still alive.
        unsafe { rd::rd_kafka_queue_destroy(self.ptr.as_ptr()) }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        // SAFETY: our event, freed once; nothing borrowed from it is left.
        unsafe { rd::rd_kafka_event_destroy(self.ptr.as_ptr()) }
    }
}

impl Message<'_> {
    /// Which partition.
    pub(super) fn partition(&self) -> i32 {
        self.message.partition
    }

    /// Which offset.
    pub(super) fn offset(&self) -> i64 {
        self.message.offset
    }

    /// Copies the record behind a batch.
    pub(super) fn copy_into(&self, batch: &mut RecordBatch) {
        let message = self.message;
        // SAFETY: pointer and length are librdkafka's pair; they live as long as the message.
        let (key, value) = unsafe { (bytes(message.key, message.key_len), bytes(message.payload, message.len)) };
        let key = key.map(|bytes| batch.push_bytes(bytes));
        let value = value.map(|bytes| batch.push_bytes(bytes));
        let first = batch.headers.len();
        self.copy_headers(batch);
        let count = batch.headers.len() - first;
        batch.records.push(RecordRef {
            offset: u64::try_from(message.offset).unwrap_or(0),
            timestamp_ms: self.timestamp_ms(),
            key,
            value,
            headers: (u32::try_from(first).unwrap_or(0), u32::try_from(count).unwrap_or(0)),
        });
    }

    /// The record's time: its producer's or its broker's, whichever the topic keeps.
    fn timestamp_ms(&self) -> Option<i64> {
        let mut kind = rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive; the kind is ours.
        let time = unsafe { rd::rd_kafka_message_timestamp(self.message, &mut kind) };
        let known = kind != rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        (known && time != -1).then_some(time)
    }

    fn copy_headers(&self, batch: &mut RecordBatch) {
        let mut headers = ptr::null_mut::<rd::rd_kafka_headers_t>();
        // SAFETY: the message is alive; the list that comes out stays the message's.
        let found = unsafe { rd::rd_kafka_message_headers(self.message, &mut headers) };
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
