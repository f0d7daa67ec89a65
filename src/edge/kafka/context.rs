//! What librdkafka says beside the records: its log lines, and the reasons of failed connections.

use std::sync::{Mutex, PoisonError};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError as NativeError, RDKafkaErrorCode};

/// A fault of a connection, as the client tells it.
#[derive(Clone)]
pub(super) struct Fault {
    /// Its code.
    pub(super) code: RDKafkaErrorCode,
    /// Its reason, in librdkafka's words.
    pub(super) reason: String,
}

impl Fault {
    /// True where waiting does not help.
    pub(super) fn lasts(&self) -> bool {
        self.code == RDKafkaErrorCode::Authentication || self.is_tls()
    }

    /// True where no secure connection comes about: some of these librdkafka calls a broken transport. With TLS 1.3 a
    /// broker refuses a client's certificate only after the handshake, by an alert.
    pub(super) fn is_tls(&self) -> bool {
        let tells = ["SSL handshake failed", "SSL alert number"];
        self.code == RDKafkaErrorCode::SSL || tells.iter().any(|words| self.reason.contains(words))
    }

    /// True where nobody listens.
    pub(super) fn is_refusal(&self) -> bool {
        self.reason.contains("Connection refused")
    }
}

/// Remembers the last fault, the lasting ones before the others.
#[derive(Default)]
pub(super) struct Context {
    fault: Mutex<Option<Fault>>,
}

impl Context {
    /// Notes a fault.
    pub(super) fn note(&self, code: RDKafkaErrorCode, reason: &str) {
        let mut last = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = Fault {
            code,
            reason: plain(reason),
        };
        let keeps = last.as_ref().is_some_and(|old| {
            // "all brokers are down" says less than why.
            (old.lasts() && !fault.lasts()) || fault.code == RDKafkaErrorCode::AllBrokersDown
        });
        if !keeps {
            *last = Some(fault);
        }
    }

    /// The last fault.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The reason without the name of librdkafka's thread before it, and without how long and how often behind it.
fn plain(reason: &str) -> String {
    let text = reason.split_once("]: ").map_or(reason, |(_, rest)| rest);
    let text = text.split_once(" (after ").map_or(text, |(rest, _)| rest);
    text.trim().to_owned()
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Debug => tracing::trace!(target: "librdkafka", facility, message),
            _ => tracing::debug!(target: "librdkafka", facility, message),
        }
    }

    fn error(&self, error: NativeError, reason: &str) {
        if let Some(code) = error.rdkafka_error_code() {
            self.note(code, reason);
        }
        tracing::debug!(target: "librdkafka", reason, "connection fault");
    }
}

impl ConsumerContext for Context {}
