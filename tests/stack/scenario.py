"""Writes a baseline and a canary with known faults to a real broker, and the truth to a file.

Two topics with different partition counts and partitioners (Java's murmur2, librdkafka's CRC32), two
versions of the schema (the canary moves to the second half-way; it adds a field with a default),
Confluent framing, and transactions of which a tenth is aborted, full of records that nobody may see.

The identity is the field `order_id` (the key has its bytes), the event time the field `created_at`. It
advances by a constant step with a jitter, ends about now, and no fault lies within 150 s of either end.
Every fault has an identity of its own, so by rule 6 of the design its outcome is certain:

  mismatched  baseline [A], canary [B]      one field differs: amount, status (value) or note (null)
  missing     baseline [A], canary []
  extra       baseline [],  canary [A]
  duplicate   baseline [A], canary [A, A]   the second is byte for byte the first, a little later
  conflict    baseline [A], canary [A, B]   B has the identity and the time of A and another amount

With --bad there are records that take no part in pairing besides, some of the canary alone and some of both:
bytes that cannot be decoded, an event time of a month ago, and one of five minutes ago.

The truth has the shape of the report of `crosscheck reconcile -o json` where both say the same.
"""

import argparse
import collections
import io
import json
import os
import random
import sys
import time
from decimal import Decimal

import fastavro
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

# No fault nearer than this to the first and the last event time, in milliseconds.
EDGE_MS = 150_000
# A duplicate or a conflict is sent this many records after the first.
RESEND_AFTER = 20
# Parts that --gate divides the records into.
GATES = 8

FIELDS = [
    {"name": "order_id", "type": "string"},
    {"name": "created_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "customer_id", "type": "long"},
    {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
    {"name": "currency", "type": {"type": "enum", "name": "Currency", "symbols": ["EUR", "USD", "GBP"]}},
    {"name": "status", "type": "string"},
    {"name": "note", "type": ["null", "string"], "default": None},
    {
        "name": "items",
        "type": {
            "type": "array",
            "items": {
                "type": "record",
                "name": "Item",
                "fields": [{"name": "sku", "type": "string"}, {"name": "quantity", "type": "int"}],
            },
        },
    },
]
ADDED = {"name": "channel", "type": "string", "default": "web"}


def schema(fields):
    return {"type": "record", "name": "Order", "namespace": "shop", "fields": fields}


class Codec:
    """Encodes under one registered version, in Confluent's framing."""

    def __init__(self, registry, subjects, fields):
        text = json.dumps(schema(fields))
        ids = {registry.register_schema(subject, Schema(text, "AVRO")) for subject in subjects}
        assert len(ids) == 1, "one registry gives one schema one id"
        (self.id,) = ids
        self.header = b"\0" + self.id.to_bytes(4, "big")
        self.parsed = fastavro.parse_schema(json.loads(text))

    def encode(self, order):
        out = io.BytesIO()
        out.write(self.header)
        fastavro.schemaless_writer(out, self.parsed, order)
        return out.getvalue()


class Side:
    """One topic, written in transactions."""

    def __init__(self, options, name, topic, partitions, partitioner):
        self.name, self.topic = name, topic
        self.read = collections.Counter()
        self.failed = []
        self.transactions = {"committed": 0, "aborted": 0}
        admin = AdminClient({"bootstrap.servers": options.brokers})
        for future in admin.create_topics([NewTopic(topic, partitions, 1)], request_timeout=30).values():
            future.result()
        self.producer = Producer(
            {
                "bootstrap.servers": options.brokers,
                "transactional.id": f"scenario-{topic}",
                "partitioner": partitioner,
                "compression.type": "lz4",
                "linger.ms": 5,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self.producer.init_transactions(60)

    def send(self, key, value, place=None):
        def delivered(error, message):
            if error is not None:
                self.failed.append(str(error))
                return
            self.read[message.partition()] += 1
            if place is not None:
                place[self.name] = {"partition": message.partition(), "offset": message.offset()}

        self.producer.produce(self.topic, key=key, value=value, on_delivery=delivered)
        self.producer.poll(0)

    def commit(self, records):
        """(key, value, place) of each record, in one transaction that is committed."""
        self.producer.begin_transaction()
        for key, value, place in records:
            self.send(key, value, place)
        self.producer.commit_transaction(60)
        self.transactions["committed"] += 1

    def abort(self, records):
        """(key, value) of each record, written to the log and then aborted."""
        self.producer.begin_transaction()
        for key, value in records:
            self.producer.produce(self.topic, key=key, value=value)
        if self.producer.flush(60) != 0:
            raise RuntimeError("the broker does not take the aborted records")
        self.producer.abort_transaction(60)
        self.transactions["aborted"] += 1

    def summary(self, options):
        if self.failed:
            raise RuntimeError(f"{len(self.failed)} records were not delivered: {self.failed[0]}")
        consumer = Consumer({"bootstrap.servers": options.brokers, "group.id": "scenario"})
        partitions = []
        for partition in sorted(consumer.list_topics(self.topic, 30).topics[self.topic].partitions):
            low, high = consumer.get_watermark_offsets(TopicPartition(self.topic, partition), timeout=30)
            partitions.append({"partition": partition, "from": low, "to": high, "read": self.read[partition]})
        consumer.close()
        read = sum(self.read.values())
        return {
            "topic": self.topic,
            "read": read,
            "gaps": sum(p["to"] - p["from"] for p in partitions) - read,
            "partitions": partitions,
            "transactions": self.transactions,
        }


def split(options):
    """How many faults of each kind, and of the mismatches how many in each field."""
    if options.healthy:
        return {}, {}
    scale = options.records / 200_000
    kinds = {"mismatched": 500, "missing": 300, "extra": 200, "duplicate": 100, "conflict": 50}
    kinds = {kind: max(round(number * scale), 10) for kind, number in kinds.items()}
    note = max(kinds["mismatched"] // 10, 1)
    status = kinds["mismatched"] * 3 // 10
    return kinds, {"amount": kinds["mismatched"] - status - note, "status": status, "note": note}


def make_order(number, created_at, dice):
    return {
        "order_id": f"order-{number:09d}",
        "created_at": created_at,
        "customer_id": dice.randrange(1, 50_000),
        "amount": Decimal(dice.randrange(100, 1_000_000)) / 100,
        "currency": dice.choice(["EUR", "USD", "GBP"]),
        "status": dice.choice(["placed", "paid", "shipped"]),
        "note": f"leave at door {dice.randrange(1000)}" if dice.random() < 0.5 else None,
        "items": [
            {"sku": f"sku-{dice.randrange(10_000):05d}", "quantity": dice.randrange(1, 9)}
            for _ in range(dice.randrange(1, 4))
        ],
    }


def broken(order, field):
    """The order with one field as a faulty canary writes it."""
    wrong = dict(order)
    if field == "amount":
        wrong["amount"] = order["amount"] + Decimal("1.00")
    elif field == "status":
        wrong["status"] = order["status"].upper()
    else:
        wrong["note"] = None
    return wrong


BAD = ("undecodable", "untimely", "late")
DAY_MS = 86_400_000


def bad_record(kind, order, codec):
    """(key, value) of a record beside an order that cannot be decoded, or whose event time is of no use."""
    behind = {"undecodable": 0, "untimely": 30 * DAY_MS, "late": 300_000}[kind]
    wrong = {**order, "order_id": f"{kind}-{order['order_id']}", "created_at": order["created_at"] - behind}
    value = codec.encode(wrong)
    return wrong["order_id"].encode(), value[:-3] if kind == "undecodable" else value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    env = os.environ.get
    parser.add_argument("--brokers", default=env("CROSSCHECK_TEST_KAFKA"), help="default: $CROSSCHECK_TEST_KAFKA")
    parser.add_argument("--registry", default=env("CROSSCHECK_TEST_REGISTRY"), help="default: $CROSSCHECK_TEST_REGISTRY")
    parser.add_argument("--baseline", default="orders", help="topic of the baseline; it is created")
    parser.add_argument("--canary", default="orders.canary", help="topic of the canary; it is created")
    parser.add_argument("--baseline-partitions", type=int, default=6)
    parser.add_argument("--canary-partitions", type=int, default=4)
    parser.add_argument("--records", type=int, default=200_000, help="orders of the baseline")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--span", type=float, default=3600, help="seconds of event time from first to last")
    parser.add_argument("--start", type=int, help="first event time in milliseconds; default: so that the last is now")
    parser.add_argument("--jitter-ms", type=int, default=1000, help="disorder of event times, each way")
    parser.add_argument("--pace", type=float, default=0, help="seconds of our clock to spread the production over")
    parser.add_argument("--gate", action="store_true", help=f"every 1/{GATES} waits for a line on standard input")
    parser.add_argument("--healthy", action="store_true", help="no faults")
    parser.add_argument("--bad", type=int, default=0, help="bad records of each kind")
    parser.add_argument("--transactions", type=int, default=400, help="that are committed on a side, at most")
    parser.add_argument("--abort-share", type=float, default=0.1, help="transactions that are aborted")
    parser.add_argument("--truth", required=True, help="file for the truth; it appears when all is written")
    options = parser.parse_args()
    if not options.brokers or not options.registry:
        parser.error("--brokers and --registry, or the environment of tests/stack/up")
    span_ms = int(options.span * 1000)
    if not options.healthy and span_ms < 4 * EDGE_MS:
        parser.error(f"--span must be at least {4 * EDGE_MS // 1000} to keep the faults from the edges")

    dice = random.Random(options.seed)
    minute = 60_000
    start = options.start
    if start is None:
        start = (int((time.time() + options.pace) * 1000) - span_ms) // minute * minute
    end = start + span_ms

    registry = SchemaRegistryClient({"url": options.registry, "timeout": 20})
    subjects = [f"{options.baseline}-value", f"{options.canary}-value"]
    first = Codec(registry, subjects, FIELDS)
    second = Codec(registry, subjects[1:], [*FIELDS, ADDED])

    times = []
    for number in range(options.records):
        exact = start + number * span_ms // max(options.records - 1, 1)
        times.append(min(max(exact + dice.randint(-options.jitter_ms, options.jitter_ms), start), end))
    # The clock fields of the ends are exact, so that the span is what was asked for.
    times[0], times[-1] = start, end
    orders = [make_order(number, at, dice) for number, at in enumerate(times)]

    kinds, fields = split(options)
    eligible = [n for n, at in enumerate(times) if start + EDGE_MS <= at <= end - EDGE_MS]
    chosen = dice.sample(eligible, sum(kinds.values()))
    faults, plan = [], {}
    for kind, number in kinds.items():
        named = [f for f, share in fields.items() for _ in range(share)] if kind == "mismatched" else [None] * number
        for field in named:
            at = chosen.pop()
            fault = {"outcome": kind, "event_time": times[at], "places": {}}
            if kind == "extra":
                # An order of its own beside the chosen one, which stays as it is.
                fault["identity"] = f"extra-{at:09d}"
            else:
                fault["identity"] = orders[at]["order_id"]
            if field is not None:
                fault["fields"] = [{"path": field, "kind": "null" if field == "note" else "value"}]
                if field == "note":
                    orders[at]["note"] = orders[at]["note"] or "ring twice"
            faults.append(fault)
            plan[at] = fault

    chosen = dice.sample([at for at in eligible if at not in plan], options.bad * len(BAD))
    beside = {at: (BAD[index % len(BAD)], index % 2 == 0) for index, at in enumerate(chosen)}

    baseline = Side(options, "baseline", options.baseline, options.baseline_partitions, "murmur2_random")
    canary = Side(options, "canary", options.canary, options.canary_partitions, "consistent_random")

    if options.gate:
        print("scenario: the topics exist", flush=True)
    size = max(options.records // options.transactions, 50)
    chunks = [range(at, min(at + size, options.records)) for at in range(0, options.records, size)]
    debt = 0.0
    began = time.monotonic()
    opened = 0
    waiting = collections.deque()  # (due at record, key, value, place) of what the canary sends again
    for index, chunk in enumerate(chunks):
        if options.gate and index * GATES >= opened * len(chunks):
            if not sys.stdin.readline():
                sys.exit("scenario: standard input ended at the gate")
            opened += 1
        paced = time.monotonic()
        left, right = [], []
        for number in chunk:
            while waiting and waiting[0][0] <= number:
                right.append(waiting.popleft()[1:])
            order = orders[number]
            key = order["order_id"].encode()
            late_half = number >= options.records // 2
            codec = second if late_half else first
            written = {**order, "channel": dice.choice(["web", "app"])} if late_half else order
            fault = plan.get(number)
            kind = fault["outcome"] if fault else None
            if number in beside:
                bad, shared = beside[number]
                key_and_value = bad_record(bad, order, first)
                right.append((*key_and_value, None))
                if shared:
                    left.append((*key_and_value, None))
            places = fault["places"] if fault else None
            left.append((key, first.encode(order), places if kind in ("mismatched", "missing") else None))
            if kind == "missing":
                continue
            if kind == "mismatched":
                right.append((key, codec.encode(broken(written, fault["fields"][0]["path"])), places))
                continue
            value = codec.encode(written)
            right.append((key, value, None))
            if kind == "extra":
                other = {**written, "order_id": fault["identity"]}
                right.append((other["order_id"].encode(), codec.encode(other), places))
            elif kind == "duplicate":
                waiting.append((number + RESEND_AFTER, key, value, places))
            elif kind == "conflict":
                waiting.append((number + RESEND_AFTER, key, codec.encode(broken(written, "amount")), places))
        if index == len(chunks) - 1:
            right.extend(again[1:] for again in waiting)

        # Aborted attempts at this very chunk come first: wrong amounts under right identities, and ghosts.
        debt += options.abort_share / (1 - options.abort_share)
        while debt >= 1:
            debt -= 1
            for side in (baseline, canary):
                attempt = []
                for number in chunk[: max(size // 4, 10)]:
                    wrong = broken(orders[number], "amount")
                    attempt.append((wrong["order_id"].encode(), first.encode(wrong)))
                    ghost = {**wrong, "order_id": f"ghost-{number:09d}"}
                    attempt.append((ghost["order_id"].encode(), first.encode(ghost)))
                side.abort(attempt)
        baseline.commit(left)
        canary.commit(right)
        if options.pace:
            time.sleep(max(paced + options.pace / len(chunks) - time.monotonic(), 0))

    sides = {side.name: side.summary(options) for side in (baseline, canary)}
    for fault in faults:
        fault.update(fault.pop("places"))
    for bad in BAD:
        alone = [shared for kind, shared in beside.values() if kind == bad]
        sides["baseline"][bad], sides["canary"][bad] = sum(alone), len(alone)
    number_of = collections.Counter(fault["outcome"] for fault in faults)
    by_field = collections.Counter((f["path"], f["kind"]) for fault in faults for f in fault.get("fields", []))
    truth = {
        "records": options.records,
        "seed": options.seed,
        "event_time": {"start": start, "end": end},
        "schemas": {"first": first.id, "second": second.id},
        "schema_changes": [{"path": ADDED["name"], "change": "added", "breaking": False}],
        "sides": sides,
        "outcomes": {
            "matched": options.records - number_of["mismatched"] - number_of["missing"],
            "mismatched": number_of["mismatched"],
            "missing": number_of["missing"],
            "extra": number_of["extra"],
            "duplicate": {"baseline": 0, "canary": number_of["duplicate"]},
            "conflict": {"baseline": 0, "canary": number_of["conflict"]},
        },
        "fields": [{"path": path, "kind": kind, "count": count} for (path, kind), count in sorted(by_field.items())],
        "faults": sorted(faults, key=lambda fault: (fault["event_time"], fault["identity"])),
    }
    partial = f"{options.truth}.partial"
    with open(partial, "w", encoding="utf-8") as out:
        json.dump(truth, out, indent=1)
        out.write("\n")
    os.replace(partial, options.truth)
    print(
        f"scenario: {sides['baseline']['read']} + {sides['canary']['read']} records, "
        f"{len(faults)} faults, {time.monotonic() - began:.1f} s",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
