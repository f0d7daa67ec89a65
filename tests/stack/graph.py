"""Writes six hours of three dependent streams to a real broker, in parts: carts, orders made from carts, mails made from orders.

    graph.py BROKERS PREFIX

Topics are PREFIX.STREAM.SIDE. The sides `healthy` and `broken` differ from `baseline` in bursts of natural noise, half of what
a budget of `budget` bears; `broken` differs besides in ten times the budget from the middle on, in the carts and in everything
that is made from them. The first line of standard output is what is to come, as JSON; for each line of standard input the
next part is written, and `written` is printed.
"""

import json
import random
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

STREAMS = {"carts": [], "orders": ["carts"], "mails": ["orders"]}
SIDES = ("baseline", "healthy", "broken")
SPAN_S, RATE, BUDGET, PARTS = 6 * 3600, 5, 2e-3, 24
# Records of a burst, and how long it lasts.
BURST, BURST_S = 20, 60
COUNT = SPAN_S * RATE

brokers, prefix = sys.argv[1:]
start_ms = (int(time.time()) - SPAN_S - 3600) // 60 * 60_000
dice = random.Random(7)


def noise():
    found = set()
    while len(found) < COUNT * BUDGET / 2:
        begin = dice.randrange(COUNT - BURST_S * RATE)
        found |= {begin + dice.randrange(BURST_S * RATE) for _ in range(BURST)}
    return found


natural = {stream: noise() for stream in STREAMS}
regression = {number for number in range(COUNT // 2, COUNT) if dice.random() < 10 * BUDGET}


def topic(stream, side):
    return f"{prefix}.{stream}.{side}"


def value(stream, side, number):
    wrong = (side != "baseline" and number in natural[stream]) or (side == "broken" and number in regression)
    return json.dumps({"id": f"{stream}-{number}", "at": start_ms + number * 1000 // RATE, "v": number % 97 + wrong})


topics = [NewTopic(topic(stream, side), 2, 1) for stream in STREAMS for side in SIDES]
admin = AdminClient({"bootstrap.servers": brokers})
for future in admin.create_topics(topics).values():
    future.result()
producer = Producer({"bootstrap.servers": brokers, "linger.ms": 20, "compression.type": "lz4"})
print(json.dumps({"streams": STREAMS, "count": COUNT, "hours": SPAN_S // 3600, "budget": BUDGET, "parts": PARTS}), flush=True)
for part in range(PARTS):
    if not sys.stdin.readline():
        sys.exit(0)
    for number in range(part * COUNT // PARTS, (part + 1) * COUNT // PARTS):
        for stream in STREAMS:
            for side in SIDES:
                record = value(stream, side, number)
                while True:
                    try:
                        producer.produce(topic(stream, side), record, partition=number % 2)
                        break
                    except BufferError:
                        producer.poll(0.1)
        producer.poll(0)
    if producer.flush(60) != 0:
        sys.exit("graph: the broker does not take the records")
    print("written", flush=True)
