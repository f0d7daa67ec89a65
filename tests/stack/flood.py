"""Writes orders to two topics by the hundred thousand, piece by piece, for what is seen only with millions of them.

A JSON object on a line of standard input says what to write, and a line on standard output that it is written:

  {"side": "canary", "from": 0, "to": 100000, "rate": 5000, "only": [3], "but": []}

Order N is the same on both sides: the identity `order-N`, the event time start + N x step, and a partition by its
number. Of every --every orders the canary lacks one and has another amount in another (0: no faults).
"""

import argparse
import json
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

SCHEMA = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "fields": [
        {"name": "order_id", "type": "string"},
        {"name": "created_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "amount", "type": "long"},
        {"name": "status", "type": "string"},
    ],
}
# Which of --every orders are faulty on the canary.
MISMATCHED, MISSING = 7, 11
BATCH = 500


def varint(number):
    """A long as Avro writes it."""
    rest = (number << 1) ^ (number >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def text(data):
    return varint(len(data)) + data


def partition_of(number, partitions):
    return (number * 2_654_435_761 % 2**32 >> 8) % partitions


def write(producer, topic, partitions, header, options, order):
    first, last, rate = order["from"], order["to"], order.get("rate")
    only, but = order.get("only"), order.get("but") or []
    faulty = order["side"] == "canary" and options.every
    amounts = [varint(amount) + text(b"paid") for amount in range(1000)]
    wrong = varint(123_456_789) + text(b"paid")
    began, sent = time.monotonic(), 0
    for number in range(first, last):
        partition = partition_of(number, partitions)
        if (only is not None and partition not in only) or partition in but:
            continue
        rest = amounts[number % 1000]
        if faulty:
            which = number % options.every
            if which == MISSING:
                continue
            if which == MISMATCHED:
                rest = wrong
        identity = b"order-%010d" % number
        at = options.start + number * options.step_us // 1000
        producer.produce(topic, value=header + text(identity) + varint(at) + rest, key=identity, partition=partition)
        sent += 1
        if sent % BATCH == 0:
            producer.poll(0)
            if rate:
                time.sleep(max(began + sent / rate - time.monotonic(), 0))
            while len(producer) > 200_000:
                producer.poll(0.05)
    if producer.flush(120):
        raise RuntimeError("the broker does not take the records")
    return sent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--registry", required=True)
    for side, partitions in (("baseline", 6), ("canary", 4)):
        parser.add_argument(f"--{side}", required=True, help="topic; it is created")
        parser.add_argument(f"--{side}-partitions", type=int, default=partitions)
    parser.add_argument("--start", type=int, required=True, help="event time of order 0, milliseconds")
    parser.add_argument("--step-us", type=int, default=1000, help="event time from one order to the next, microseconds")
    parser.add_argument("--every", type=int, default=0, help="orders of which one is missing and one differs")
    options = parser.parse_args()
    registry = SchemaRegistryClient({"url": options.registry, "timeout": 20})
    admin = AdminClient({"bootstrap.servers": options.brokers})
    sides = {}
    for side in ("baseline", "canary"):
        topic, partitions = getattr(options, side), getattr(options, f"{side}_partitions")
        for future in admin.create_topics([NewTopic(topic, partitions, 1)], request_timeout=30).values():
            future.result()
        schema = registry.register_schema(f"{topic}-value", Schema(json.dumps(SCHEMA), "AVRO"))
        sides[side] = (topic, partitions, b"\0" + schema.to_bytes(4, "big"))
    failed = []
    producer = Producer(
        {
            "bootstrap.servers": options.brokers,
            "enable.idempotence": True,
            "compression.type": "lz4",
            "linger.ms": 20,
            "queue.buffering.max.messages": 1_000_000,
            "delivery.report.only.error": True,
            "on_delivery": lambda error, _: error is None or failed.append(str(error)),
        }
    )
    print("the topics exist", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        sent = write(producer, *sides[order["side"]], options, order)
        if failed:
            sys.exit(f"flood: {len(failed)} records were not delivered: {failed[0]}")
        print(sent, flush=True)


if __name__ == "__main__":
    main()
