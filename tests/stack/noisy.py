"""Writes a baseline, and on one topic more that they share a control and two canaries, to a real broker.

    noisy.py BROKERS REGISTRY PREFIX

The topics are PREFIX (its last partition belongs to nobody) and PREFIX.shared, whose records belong to the `pipeline` that the last of
their headers of that name says. Every pipeline but the baseline is noisy by itself in one of 200 records: another status, no record, or
one too many; the time of one in eight is up to four seconds off. One of 500 orders is noisy in all of them at once. Nothing else is
wrong with `healthy`; `faulty` besides loses, invents and repeats records and contradicts some, and from the middle on has one amount in
20 wrong. The baseline repeats some, and has records that cannot be decoded or have no use of their time; the canaries have those, too,
and `faulty` now and then twice. The control has such records of its own; in the second part it is silent, and what it had to say then
comes with the third.

The first line of standard output says how much is to come; for each line of standard input the next part is written, and `written` is
printed; in the end comes what `reconcile` must come to, by pipeline, as JSON.
"""

import collections
import json
import random
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient

from scenario import FIELDS, Codec, bad_record, broken, make_order

SPAN_S, RATE, PARTS = 2400, 4, 4
COUNT = SPAN_S * RATE
CANARIES = ("healthy", "faulty")
BASELINE_PARTITIONS, SHARED_PARTITIONS = 3, 4
# What all pipelines show at once: what the canaries do, and what the control does, with an order.
TOGETHER = (("mismatched", "mismatched"), ("missing", "missing"), ("missing", "mismatched"), ("extra", "extra"), ("extra", "far"))

brokers, registry, prefix = sys.argv[1:]
dice = random.Random(15)
start_ms = (int(time.time()) - SPAN_S - 600) // 60 * 60_000
codec = Codec(SchemaRegistryClient({"url": registry, "timeout": 20}), [f"{prefix}-value", f"{prefix}.shared-value"], FIELDS)
admin = AdminClient({"bootstrap.servers": brokers})
topics = {prefix: BASELINE_PARTITIONS + 1, f"{prefix}.shared": SHARED_PARTITIONS}
for future in admin.create_topics([NewTopic(topic, number, 1) for topic, number in topics.items()]).values():
    future.result()
producer = Producer({"bootstrap.servers": brokers, "linger.ms": 20, "compression.type": "lz4"})
failed = []


def send(topic, partition, key, value, pipeline=None):
    while True:
        try:
            headers = [("pipeline", b"nobody"), ("pipeline", pipeline.encode())] if pipeline else None
            told = lambda error, _: failed.append(error) if error else None
            producer.produce(topic, value, key, partition, headers=headers, on_delivery=told)
            return
        except BufferError:
            producer.poll(0.1)


def chance():
    """What one pipeline does to an order by itself."""
    if dice.random() >= 0.005:
        return None
    return dice.choice(["mismatched"] * 8 + ["missing", "extra"])


def fault(number):
    """What a faulty canary does to it besides."""
    if number > COUNT // 2 and dice.random() < 0.05:
        return "amount"
    return dice.choices([None, "missing", "extra", "duplicate", "conflict"], [9930, 20, 20, 20, 10])[0]


def written_by(pipeline, what, order, told, shared):
    """The records of one pipeline in place of the baseline's order, which it has as `order`: its clock is now and then behind."""
    if what == "missing":
        return []
    if what in ("mismatched", "amount"):
        return [{**order, "status": f"{order['status']}-{pipeline}"} if what == "mismatched" else broken(order, "amount")]
    if what == "duplicate":
        return [order, order]
    if what == "conflict":
        return [order, broken(order, "amount")]
    if what in ("extra", "far"):
        # Too far off to be in the same window now and then, so that it excuses nothing.
        name = "together" if shared else pipeline
        at = told["created_at"] + (20_000 if what == "far" else 0)
        return [order, {**told, "order_id": f"{name}-{told['order_id']}", "created_at": at}]
    return [order]


truth = {pipeline: collections.Counter() for pipeline in CANARIES}


def tell(pipeline, mine, controls, order, shared):
    """Counts what must come of an order between baseline, canary and control."""
    counts, differs = truth[pipeline], ("mismatched", "missing", "amount")
    if mine in differs:
        noise = controls in differs
        counts["both" if noise else "mismatched" if mine == "amount" else mine] += 1
    elif mine == "extra":
        window = lambda at: at // 30_000
        at = order["created_at"]
        excused = shared and (controls == "extra" or controls == "far" and window(at) == window(at + 20_000))
        counts["both" if excused else "extra"] += 1
    elif mine:
        counts[mine] += 1


def records(number):
    """What the baseline has of an order, (key, value), and what the others have, (pipeline, key, value)."""
    exact = start_ms + number * 1000 // RATE
    order = make_order(number, exact + dice.randint(-1000, 1000), dice)
    plain = codec.encode(order)
    shared = TOGETHER[number % len(TOGETHER)] if dice.random() < 0.002 else None
    does = {"control": shared[1] if shared else chance()}
    for pipeline in CANARIES:
        does[pipeline] = shared[0] if shared else chance()
    if not does["faulty"]:
        does["faulty"] = fault(number)
    for pipeline in CANARIES:
        tell(pipeline, does[pipeline], does["control"], order, shared)
    # What the control does beside it is its own affair.
    if not does["control"] and dice.random() < 0.001:
        does["control"] = "duplicate"
    rows = []
    for pipeline, what in does.items():
        # No more than a mismatched pair may be apart: half of the grace.
        skewed = {**order, "created_at": order["created_at"] + dice.randrange(4000)} if dice.random() < 0.125 else order
        for row in written_by(pipeline, what, skewed, order, shared):
            rows.append((pipeline, row["order_id"].encode(), plain if row is order else codec.encode(row)))
        if dice.random() < 0.0005:
            rows.append((pipeline, *bad_record("late", order, codec)))
    if dice.random() < 0.001:
        rows.append(("control", *bad_record(dice.choice(["undecodable", "untimely"]), order, codec)))
    if dice.random() < 0.01:
        rows.append(("nobody", b"x", b"no record at all"))
    own = [(order["order_id"].encode(), plain)]
    if dice.random() < 0.002:
        bad = bad_record(dice.choice(["undecodable", "untimely"]), order, codec)
        own.append(bad)
        rows += [(pipeline, *bad) for pipeline in CANARIES]
        # The second is nobody's but its own.
        rows += [("faulty", *bad)] if dice.random() < 0.5 else []
    if "duplicate" not in (does["healthy"], does["faulty"]) and dice.random() < 0.002:
        own.append(own[0])
    return own, order, rows


print(json.dumps({"windows": SPAN_S // 30, "parts": PARTS}), flush=True)
held = []
for part in range(PARTS):
    if not sys.stdin.readline():
        sys.exit(0)
    if part == 2:
        for row in held:
            send(f"{prefix}.shared", *row)
    for number in range(part * COUNT // PARTS, (part + 1) * COUNT // PARTS):
        own, order, rows = records(number)
        for row in own:
            send(prefix, number % BASELINE_PARTITIONS, *row)
        if number % 50 == 0:
            send(prefix, BASELINE_PARTITIONS, own[0][0], codec.encode(broken(order, "amount")))
        for pipeline, key, value in rows:
            row = (number % SHARED_PARTITIONS, key, value, pipeline)
            if part == 1 and pipeline == "control":
                held.append(row)
            else:
                send(f"{prefix}.shared", *row)
        producer.poll(0)
    if producer.flush(60) != 0 or failed:
        sys.exit(f"noisy: the broker does not take the records: {failed[:1]}")
    print("written", flush=True)
print(json.dumps(truth), flush=True)
