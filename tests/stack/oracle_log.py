"""What oracle.py reads, and how: the records of a log, their decoding under the contracts, and which of them belong to a side."""

import datetime
import io
import json
import re

import fastavro
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from oracle_avro import NULL, Unsupported, branch_of, canon, parse, plain, time_unit


class Record:
    """One record of a log and what is known of it."""

    __slots__ = ("side", "partition", "offset", "time", "identity", "sampled", "tree", "bad", "reason", "at", "raw")

    def __init__(self, side, partition, offset):
        self.side, self.partition, self.offset = side, partition, offset
        self.time = self.identity = self.sampled = self.tree = self.bad = self.reason = self.at = self.raw = None

    def order(self):
        return (self.time, self.side != "baseline", self.partition, self.offset)


class Undecodable(Exception):
    """With its reason."""


def at_path(value, type_, path):
    """The value at a path of plain names and the type that it has there."""
    for name in re.split(r"(?<!\\)\.", path):
        name = re.sub(r"\\(.)", r"\1", name)
        if type_.kind == "union":
            value, type_ = branch_of(value, type_)
        inner = next((t for field, t in type_.fields if field["name"] == name), None)
        if inner is None:
            return None, None
        value, type_ = value[name], inner
    if type_.kind == "union":
        value, type_ = branch_of(value, type_)
    return value, type_


def milliseconds(value, type_):
    """The event time that a field holds, rounded down; nothing where it holds none."""
    if value is None or type_ is None:
        return None
    if type_.logical == "date":
        return value * 86_400_000
    if type_.kind in ("int", "long"):
        unit = time_unit(type_.logical)
        if unit is None:
            return value
        return None if unit[0] == "time" else value * unit[1] // 1_000_000
    if type_.kind == "string":
        try:
            at = datetime.datetime.fromisoformat(value.replace("z", "Z"))
        except ValueError:
            return None
        since = at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) if at.tzinfo else None
        return since and since // datetime.timedelta(milliseconds=1)
    return None


def selector(select):
    """Whether a message belongs to a side; a header is the last of its name."""
    if set(select) - {"header", "partition"}:
        raise Unsupported("a select by schema")
    headers = {name: value.encode() for name, value in select.get("header", {}).items()}
    partitions = None
    if select.get("partition") is not None:
        partitions = set()
        for part in str(select["partition"]).split(","):
            first, _, last = part.partition("-")
            partitions |= set(range(int(first), int(last or first) + 1))

    def selected(message):
        if partitions is not None and message.partition() not in partitions:
            return False
        return not headers or headers.items() <= dict(message.headers() or ()).items()

    return selected


class Codec:
    """Decodes one side's records under the contracts."""

    def __init__(self, registry, stream, side, known, sample):
        # What was decoded already, by any side.
        self.known = known.setdefault(registry, {})
        self.client, self.cache = SchemaRegistryClient({"url": registry, "timeout": 20}), {}
        key = stream.get("key", {})
        compare = stream.get("compare", {})
        if stream.get("format", "avro") != "avro" or stream.get("framing", "confluent") != "confluent":
            raise Unsupported("a format other than Avro in Confluent framing")
        if key.get("format", "raw") != "raw" or key.get("framing", "none") != "none":
            raise Unsupported("a key that is not raw")
        for name in ("tolerance", "unordered", "rename", "absent_equals_default", "headers", "only", "map"):
            if compare.get(name):
                raise Unsupported(name)
        if any("when" in rule for rule in compare.get("ignore", ())):
            raise Unsupported("when")
        for name in ("aggregates", "critical_fields", "dead_letter", "latency", "profile_fields", "unwrap"):
            if stream.get(name) or stream[side].get(name):
                raise Unsupported(name)
        if stream.get("mode", "paired") != "paired":
            raise Unsupported("a mode other than paired")
        self.sample = sample
        self.selected = selector(stream[side].get("select") or {})
        self.ignored = {rule["path"] for rule in compare.get("ignore", ())}
        self.parts = stream.get("identity", {}).get("parts", [])
        self.event_time = stream.get("event_time", "timestamp")
        whole = any("key" in part for part in self.parts)
        self.with_key = (compare.get("key", True) or not self.parts) and not whole and "$key" not in self.ignored

    def schema(self, number):
        if number not in self.cache:
            try:
                text = json.loads(self.client.get_schema(number).schema_str)
            except SchemaRegistryError:
                raise Undecodable("schema") from None
            self.cache[number] = (parse(text, {}), fastavro.parse_schema(plain(text)), text)
        return self.cache[number]

    def framed(self, value):
        if len(value) < 5 or value[0] != 0:
            raise Undecodable("framing")
        return self.schema(int.from_bytes(value[1:5], "big"))

    def take(self, message, contracts, record):
        """Fills in what the record is, or why it takes no part."""
        if not self.selected(message):
            record.bad = "select"
            return
        try:
            self.decode(message, contracts, record)
            record.raw = (record.identity, record.tree)
        except Undecodable as bad:
            record.bad, record.reason = "undecodable", str(bad)

    def value(self, value, contracts):
        """(writer, decoded value, tree); of the same bytes, under the same registry, the same."""
        if value in self.known:
            return self.known[value]
        writer, library, _ = self.framed(value)
        body = io.BytesIO(value[5:])
        try:
            decoded = fastavro.schemaless_reader(body, library, return_record_name=True, return_record_name_override=True)
        except EOFError:
            raise Undecodable("truncated") from None
        except UnicodeDecodeError:
            raise Undecodable("utf8") from None
        except (ValueError, IndexError, OverflowError):
            raise Undecodable("malformed") from None
        if body.read(1):
            raise Undecodable("trailing")
        tree = canon(decoded, writer, contracts[writer.name], "", self.ignored)
        self.known[value] = (writer, decoded, tree)
        return self.known[value]

    def decode(self, message, contracts, record):
        """Fills in identity, event time, tree, and whether it is in the sample."""
        key, value = message.key(), message.value()
        record.raw = (key, value)
        parts = [("bytes", key) if key is not None else NULL] if self.with_key else []
        if value is None:
            raise Unsupported("a tombstone")
        writer, decoded, tree = self.value(value, contracts)
        contract = contracts[writer.name]
        record.tree = (tree, *parts)
        identity = []
        for part in self.parts:
            if "key" in part:
                identity.append(None if key is None else ("bytes", key))
                continue
            got, got_type = at_path(decoded, writer, part["field"])
            _, wanted = type_at(contract, part["field"])
            identity.append(None if got is None else canon(got, got_type, wanted, "", ()))
        # A null part, or none at all: the content is the identity.
        record.identity = ("content", record.tree) if not identity or None in identity else tuple(identity)
        record.sampled = self.sample is None or self.sample.takes(record.identity)
        if self.event_time == "timestamp":
            record.time = message.timestamp()[1]
        elif self.event_time != "none":
            record.time = milliseconds(*at_path(decoded, writer, self.event_time["field"]))
        else:
            record.time = 0


def type_at(type_, path):
    """The contract's type at a path; of a nullable the other branch."""
    for name in re.split(r"(?<!\\)\.", path):
        type_ = next(t for field, t in type_.fields if field["name"] == re.sub(r"\\(.)", r"\1", name))
        if type_.kind == "union":
            type_ = next(branch for branch in type_.branches if branch.kind != "null")
    return path, type_



def read(brokers, topic, ranges):
    """Every committed record of the ranges {partition: (from, to)}, in the order of each partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "oracle",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "check.crcs": True,
        }
    )
    if ranges is None:
        ranges = {}
        for partition in consumer.list_topics(topic, 30).topics[topic].partitions:
            ranges[partition] = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
    left = {partition for partition, (begin, end) in ranges.items() if begin < end}
    consumer.assign([TopicPartition(topic, partition, ranges[partition][0]) for partition in left])
    logs = {partition: [] for partition in ranges}
    while left:
        for message in consumer.consume(10_000, 0.5):
            if message.error():
                # The end of a log as it is now lies at or behind the end that was asked for.
                if message.error().code() != KafkaError._PARTITION_EOF:
                    raise RuntimeError(f"{topic}: {message.error()}")
                left.discard(message.partition())
            elif message.offset() < ranges[message.partition()][1]:
                logs[message.partition()].append(message)
            else:
                left.discard(message.partition())
    consumer.close()
    return logs, ranges


def newest_contract(codec, logs):
    """The contracts by the newest record of each type among the last 100 offsets of every partition."""
    found = {}
    for partition, log in sorted(logs.items()):
        for message in log:
            if message.offset() < log[-1].offset() - 99 or not codec.selected(message):
                continue
            try:
                writer, _, text = codec.framed(message.value())
            except Undecodable:
                continue
            place = (message.timestamp()[1], partition, message.offset())
            if writer.name not in found or place > found[writer.name][0]:
                found[writer.name] = (place, text)
    return {name: text for name, (_, text) in found.items()}
