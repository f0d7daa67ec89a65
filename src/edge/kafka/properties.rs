//! The names of librdkafka's properties: all that a consumer may set, those that are ours, those that are secret.

/// Properties that crosscheck sets itself, and why nobody else may.
pub(super) const RESERVED: [(&str, &str); 24] = [
    ("allow.auto.create.topics", "crosscheck never creates a topic"),
    ("auto.commit.enable", "positions live in the store, not in the group"),
    (
        "auto.commit.interval.ms",
        "positions live in the store, not in the group",
    ),
    (
        "auto.offset.reset",
        "an offset that is gone must be reported, not skipped",
    ),
    ("bootstrap.servers", "brokers are set by `brokers`"),
    ("check.crcs", "a flipped bit must be noticed"),
    ("enable.auto.commit", "positions live in the store, not in the group"),
    (
        "enable.auto.offset.store",
        "positions live in the store, not in the group",
    ),
    ("enable.partition.eof", "the end of a partition is evidence"),
    ("enabled_events", "it belongs to the program"),
    ("group.id", "partitions are assigned by hand"),
    ("group.instance.id", "partitions are assigned by hand"),
    ("group.protocol", "partitions are assigned by hand"),
    ("group.protocol.type", "partitions are assigned by hand"),
    ("group.remote.assignor", "partitions are assigned by hand"),
    ("isolation.level", "aborted transactions are not data"),
    ("log.queue", "it belongs to the program"),
    ("metadata.broker.list", "brokers are set by `brokers`"),
    ("offset.store.method", "positions live in the store, not in the group"),
    ("partition.assignment.strategy", "partitions are assigned by hand"),
    ("plugin.library.paths", "no foreign code is loaded"),
    ("statistics.interval.ms", "nobody reads them"),
    ("test.mock.num.brokers", "it is for tests"),
    ("transactional.id", "crosscheck never produces here"),
];

/// Properties whose values are secrets.
pub(super) const SECRET: [&str; 10] = [
    "sasl.oauthbearer.assertion.private.key.passphrase",
    "sasl.oauthbearer.assertion.private.key.pem",
    "sasl.oauthbearer.client.credentials.client.secret",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.config",
    "sasl.password",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
    "sasl.oauthbearer.extensions",
];

/// What `debug` may name: contexts that log no contents and no credentials.
pub(super) const DEBUG: [&str; 4] = ["broker", "cgrp", "topic", "fetch"];

/// What a user may set, for the nearest name to one that does not exist.
pub(super) const KNOWN: &[&str] = &[
    "api.version.request.timeout.ms",
    "broker.address.family",
    "broker.address.ttl",
    "client.dns.lookup",
    "client.id",
    "client.rack",
    "connections.max.idle.ms",
    "debug",
    "enable.metrics.push",
    "enable.sasl.oauthbearer.unsecure.jwt",
    "enable.ssl.certificate.verification",
    "fetch.error.backoff.ms",
    "fetch.max.bytes",
    "fetch.message.max.bytes",
    "fetch.min.bytes",
    "fetch.queue.backoff.ms",
    "fetch.wait.max.ms",
    "https.ca.location",
    "https.ca.pem",
    "log.connection.close",
    "log_level",
    "max.in.flight.requests.per.connection",
    "max.partition.fetch.bytes",
    "message.max.bytes",
    "metadata.max.age.ms",
    "metadata.recovery.rebootstrap.trigger.ms",
    "metadata.recovery.strategy",
    "queued.max.messages.kbytes",
    "queued.min.messages",
    "receive.message.max.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "retry.backoff.max.ms",
    "retry.backoff.ms",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.oauthbearer.client.credentials.client.id",
    "sasl.oauthbearer.client.credentials.client.secret",
    "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.extensions",
    "sasl.oauthbearer.grant.type",
    "sasl.oauthbearer.method",
    "sasl.oauthbearer.scope",
    "sasl.oauthbearer.token.endpoint.url",
    "sasl.password",
    "sasl.username",
    "security.protocol",
    "socket.connection.setup.timeout.ms",
    "socket.keepalive.enable",
    "socket.max.fails",
    "socket.nagle.disable",
    "socket.receive.buffer.bytes",
    "socket.send.buffer.bytes",
    "socket.timeout.ms",
    "ssl.ca.location",
    "ssl.ca.pem",
    "ssl.certificate.location",
    "ssl.certificate.pem",
    "ssl.cipher.suites",
    "ssl.crl.location",
    "ssl.curves.list",
    "ssl.endpoint.identification.algorithm",
    "ssl.engine.id",
    "ssl.engine.location",
    "ssl.key.location",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.providers",
    "ssl.sigalgs.list",
    "topic.metadata.refresh.interval.ms",
];

/// The property whose name is nearest, if one is near.
pub(super) fn nearest(key: &str) -> Option<&'static str> {
    nearest_of(key, KNOWN.iter().copied())
}

/// The nearest of some names, if one is near: more than four fifths alike.
pub(super) fn nearest_of<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::jaro_winkler(wanted, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
