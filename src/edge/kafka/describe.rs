//! The identity of a topic: a topic that was deleted and made again has the same name and another id.
//!
//! The other of the two places with `unsafe`. A question is put to librdkafka's own client and answered through a queue
//! of ours, so that nobody waits for a broker that does not tell.
#![expect(unsafe_code, reason = "rdkafka 0.39 has no call that tells the id of a topic")]

use std::ffi::{CString, c_char};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings as rd;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::context::Context;

/// How long the broker may take, milliseconds.
const ANSWER_MS: i32 = 5_000;

/// Asks for the id of one topic.
pub(super) struct Ids {
    queue: NonNull<rd::rd_kafka_queue_t>,
    client: Arc<BaseConsumer<Context>>,
    topic: CString,
    under_way: bool,
    /// The newest answer.
    known: Option<String>,
    told: bool,
}

// SAFETY: librdkafka's queues may be used from any thread, and the pointer is used through this owner only.
unsafe impl Send for Ids {}

impl Ids {
    /// Asks nothing yet. `None` where librdkafka has no queue, or the name cannot be one.
    pub(super) fn of(client: Arc<BaseConsumer<Context>>, topic: &str) -> Option<Self> {
        let topic = CString::new(topic).ok()?;
        // SAFETY: the client lives in `client`, which is kept. The queue is new and ours, freed in `drop`.
        let queue = NonNull::new(unsafe { rd::rd_kafka_queue_new(client.client().native_ptr()) })?;
        Some(Self {
            queue,
            client,
            topic,
            under_way: false,
            known: None,
            told: false,
        })
    }

    /// The id, as far as it is known: puts a question unless one is under way, and waits at most `wait` for its answer.
    pub(super) fn ask(&mut self, wait: Duration) -> Option<String> {
        if !self.under_way {
            self.under_way = self.put();
        }
        if self.under_way
            && let Some(answer) = self.take(wait)
        {
            self.under_way = false;
            if answer.is_none() && !std::mem::replace(&mut self.told, true) {
                tracing::debug!(topic = ?self.topic, "the broker does not tell the id of the topic");
            }
            self.known = answer.or(self.known.take());
        }
        self.known.clone()
    }

    /// Puts the question. False where librdkafka refuses.
    fn put(&self) -> bool {
        let mut names = [self.topic.as_ptr()];
        let client = self.client.client().native_ptr();
        // SAFETY: client and queue are alive. Names and options are copied by the call, and freed here, once each.
        unsafe {
            let topics = rd::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
            let options =
                rd::rd_kafka_AdminOptions_new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
            let ready = !topics.is_null() && !options.is_null();
            if ready {
                rd::rd_kafka_AdminOptions_set_request_timeout(options, ANSWER_MS, ptr::null_mut::<c_char>(), 0);
                rd::rd_kafka_DescribeTopics(client, topics, options, self.queue.as_ptr());
            }
            if !options.is_null() {
                rd::rd_kafka_AdminOptions_destroy(options);
            }
            if !topics.is_null() {
                rd::rd_kafka_TopicCollection_destroy(topics);
            }
            ready
        }
    }

    /// The next answer: `Some(None)` where the broker answered and told no id.
    fn take(&self, wait: Duration) -> Option<Option<String>> {
        let wait = i32::try_from(wait.as_millis()).unwrap_or(ANSWER_MS);
        // SAFETY: the queue is alive; an event that comes out is ours, and freed at the end of this block. What is read
        // from it belongs to it, and only numbers leave the block.
        unsafe {
            let event = NonNull::new(rd::rd_kafka_queue_poll(self.queue.as_ptr(), wait))?;
            let id = read(event.as_ptr());
            rd::rd_kafka_event_destroy(event.as_ptr());
            Some(id)
        }
    }
}

/// The id in an answer.
///
/// # Safety
/// The event must be alive.
unsafe fn read(event: *mut rd::rd_kafka_event_t) -> Option<String> {
    // SAFETY: the event is alive, as the caller promises, and with it the result, its topics and their ids. The list has
    // as many entries as the call says, and only the first is read.
    unsafe {
        if rd::rd_kafka_event_error(event) != rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        let result = rd::rd_kafka_event_DescribeTopics_result(event);
        if result.is_null() {
            return None;
        }
        let mut count = 0_usize;
        let topics = rd::rd_kafka_DescribeTopics_result_topics(result, &mut count);
        if topics.is_null() || count == 0 {
            return None;
        }
        let topic = *topics;
        let error = rd::rd_kafka_TopicDescription_error(topic);
        if !error.is_null() && rd::rd_kafka_error_code(error) != rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        let id = rd::rd_kafka_TopicDescription_topic_id(topic);
        if id.is_null() {
            return None;
        }
        let (high, low) = (
            rd::rd_kafka_Uuid_most_significant_bits(id),
            rd::rd_kafka_Uuid_least_significant_bits(id),
        );
        // A broker of an older version has none.
        (high != 0 || low != 0).then(|| format!("{high:016x}{low:016x}"))
    }
}

impl Drop for Ids {
    fn drop(&mut self) {
        // SAFETY: our queue, freed once; the client is still alive. A question under way keeps what it needs.
        unsafe { rd::rd_kafka_queue_destroy(self.queue.as_ptr()) }
    }
}
