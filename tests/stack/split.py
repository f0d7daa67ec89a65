"""Writes split traffic to a real broker: of every user all records are the baseline's, or the canary's (one in five).

    split.py BROKERS PREFIX

Topics are PREFIX.SIDE. The side `healthy` is like `baseline`; `drifted` is the same until a third of the time has passed, and from
then on a quarter of its amounts are three times what they would be. The first line of standard output is what is to come, as
JSON; for each line of standard input the next part is written, and `written` is printed.
"""

import json
import random
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

SPAN_S, RATE, PARTS, SHARE, USERS = 5400, 40, 6, 0.2, 5000
COUNT = SPAN_S * RATE

brokers, prefix = sys.argv[1:]
start_ms = (int(time.time()) - SPAN_S - 3600) // 60 * 60_000
dice = random.Random(11)
canary = {user for user in range(USERS) if dice.random() < SHARE}
written = {"baseline": 0, "healthy": 0, "drifted": 0}


def records(number):
    user = dice.randrange(USERS)
    amount = round(dice.lognormvariate(4, 1), 2)
    moved = dice.random() < 0.25 and number > COUNT // 3
    record = {"user": f"u-{user}", "at": start_ms + number * 1000 // RATE, "status": dice.choice(["new", "sent", "paid"])}
    if user not in canary:
        yield "baseline", {**record, "amount": amount}
        return
    yield "healthy", {**record, "amount": amount}
    yield "drifted", {**record, "amount": round(amount * 3, 2) if moved else amount}


admin = AdminClient({"bootstrap.servers": brokers})
for future in admin.create_topics([NewTopic(f"{prefix}.{side}", 2, 1) for side in written]).values():
    future.result()
producer = Producer({"bootstrap.servers": brokers, "linger.ms": 20, "compression.type": "lz4"})
print(json.dumps({"count": COUNT, "windows": SPAN_S // 30, "parts": PARTS, "share": SHARE}), flush=True)
for part in range(PARTS):
    if not sys.stdin.readline():
        sys.exit(0)
    for number in range(part * COUNT // PARTS, (part + 1) * COUNT // PARTS):
        for side, record in records(number):
            written[side] += 1
            while True:
                try:
                    producer.produce(f"{prefix}.{side}", json.dumps(record), partition=number % 2)
                    break
                except BufferError:
                    producer.poll(0.1)
        producer.poll(0)
    if producer.flush(60) != 0:
        sys.exit("split: the broker does not take the records")
    print("written", flush=True)
