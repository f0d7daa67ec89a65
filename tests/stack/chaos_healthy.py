"""Writes a healthy pair, fast: the same orders to two topics with two partitioners and partition counts, the canary's in
another order and from half-way on under a second schema, in transactions of which a tenth is aborted.

    chaos_healthy.py --baseline TOPIC --canary TOPIC --records N [--span SECONDS]

Orders are put together from encoded parts, so that millions take seconds. Prints what was written as JSON.
"""

import argparse
import io
import json
import os
import random
import time

import fastavro
import scenario
from confluent_kafka.schema_registry import SchemaRegistryClient

TAILS, BLOCK, SHUFFLED = 500, 10_000, 40


def zigzag(number):
    out, number = bytearray(), number << 1
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def tails(codec, dice):
    """The bytes of whole orders behind their first two fields."""
    found = []
    for _ in range(TAILS):
        order = scenario.make_order(0, 0, dice)
        body = io.BytesIO()
        fastavro.schemaless_writer(body, codec.parsed, {**order, "channel": "web"})
        found.append(body.getvalue()[len(zigzag(15)) + 15 + 1 :])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baseline", required=True)
    parser.add_argument("--canary", required=True)
    parser.add_argument("--records", type=int, required=True)
    parser.add_argument("--span", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.brokers, url = os.environ["CROSSCHECK_TEST_KAFKA"], os.environ["CROSSCHECK_TEST_REGISTRY"]
    registry, subjects = SchemaRegistryClient({"url": url, "timeout": 20}), [f"{options.baseline}-value", f"{options.canary}-value"]
    first = scenario.Codec(registry, subjects, scenario.FIELDS)
    second = scenario.Codec(registry, subjects[1:], [*scenario.FIELDS, scenario.ADDED])
    # One seed for both, so that the tails are the same orders.
    pools = {codec: tails(codec, random.Random(options.seed)) for codec in (first, second)}
    baseline = scenario.Side(options, "baseline", options.baseline, 6, "murmur2_random")
    canary = scenario.Side(options, "canary", options.canary, 4, "consistent_random")
    start = int((time.time() - options.span) * 1000)
    began, aborted, debt = time.monotonic(), 0, 0.0

    def write(side, numbers, codec, commit):
        pool, header, producer, topic = pools[codec], codec.header, side.producer, side.topic
        producer.begin_transaction()
        for number in numbers:
            # Disorder of up to a second each way, the same on both sides.
            at = start + int(number * options.span * 1000 / options.records) + number * 2_654_435_761 % 2001 - 1000
            key = b"order-%09d" % number
            value = b"%b\x1e%b%b%b" % (header, key, zigzag(at), pool[number % TAILS])
            while True:
                try:
                    producer.produce(topic, value, key)
                    break
                except BufferError:
                    producer.poll(0.05)
        if commit:
            producer.commit_transaction(120)
        else:
            producer.flush(120)
            producer.abort_transaction(120)

    for low in range(0, options.records, BLOCK):
        block = range(low, min(low + BLOCK, options.records))
        debt += 1 / 9
        if debt >= 1:
            debt, aborted = debt - 1, aborted + 1
            for side in (baseline, canary):
                write(side, block[:1000], first, False)
        write(baseline, block, first, True)
        turned = [n for at in range(0, len(block), SHUFFLED) for n in reversed(block[at : at + SHUFFLED])]
        write(canary, turned, second if low >= options.records // 2 else first, True)
    print(json.dumps({"records": options.records, "aborted": aborted, "seconds": round(time.monotonic() - began, 1)}))


if __name__ == "__main__":
    main()
