"""scenario.py for a broker that is killed while it is written to: the same records, faults and truth, but what a dead
broker interrupts is taken up again, and the pace is a clock's that a file can stop.

    chaos_write.py --corruptions N --seconds S --pace FILE [the options of scenario.py]

A transaction of which it is not known whether it was committed is asked again until it is; one that has to be given up
is aborted and written anew, and only what was committed counts in the truth. Of the aborted transactions a third is
empty, and so is one committed now and then. The records are spread over S seconds, which stand still while a broker is
down; FILE holds the share of them that may be written by now, and once that is over 1 nothing waits. A line on standard
output says that the topics exist.
"""

import argparse
import sys
import time

import scenario
from confluent_kafka import KafkaError, KafkaException

PATIENCE = 300
SHARES = {"mismatched": 0.45, "missing": 0.25, "extra": 0.15, "duplicate": 0.10, "conflict": 0.05}
OURS = argparse.Namespace()


class Side(scenario.Side):
    """One topic, whatever happens to its broker."""

    def __init__(self, options, *rest):
        super().__init__(options, *rest)
        self.chunks, self.retried, self.redone, self.empty = 0, 0, 0, 0
        self.due = time.monotonic()
        OURS.sides.append(self)
        if len(OURS.sides) == 2:
            print("chaos_write: the topics exist", flush=True)

    def insist(self, call):
        """True once the call is through; False where the transaction has to be aborted."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                call()
                return True
            except KafkaException as error:
                what = error.args[0]
                if what.txn_requires_abort():
                    return False
                if what.fatal() or time.monotonic() > deadline:
                    raise
                if not (what.retriable() or what.code() == KafkaError._TIMED_OUT):
                    raise
                self.retried += 1

    def give_up(self):
        if not self.insist(lambda: self.producer.abort_transaction(30)):
            raise RuntimeError(f"{self.topic}: a transaction cannot be aborted")

    def attempt(self, records, commit):
        """One transaction; False where it came to nothing."""
        if not self.insist(self.producer.begin_transaction):
            return False
        seen = []
        for key, value, place in records:
            def delivered(error, message, place=place):
                seen.append((error, message and (message.partition(), message.offset()), place))

            while True:
                try:
                    self.producer.produce(self.topic, key=key, value=value, on_delivery=delivered)
                    break
                except BufferError:
                    self.producer.poll(0.1)
                except KafkaException:
                    return False
            self.producer.poll(0)
        if not commit:
            # The records must be in the log before they are given up.
            deadline = time.monotonic() + PATIENCE
            while self.producer.flush(5) and time.monotonic() < deadline:
                pass
            self.give_up()
            return True
        if not self.insist(lambda: self.producer.commit_transaction(30)):
            return False
        self.producer.poll(0)
        if len(seen) != len(records) or any(error for error, _, _ in seen):
            raise RuntimeError(f"{self.topic}: {len(records)} committed, {len(seen)} reported")
        for _, (partition, offset), place in seen:
            self.read[partition] += 1
            if place is not None:
                place[self.name] = {"partition": partition, "offset": offset}
        return True

    def commit(self, records):
        self.chunks += 1
        step = OURS.seconds / OURS.chunks
        now = time.monotonic()
        # What an outage took is not caught up.
        self.due = self.due + step if now < self.due + 3 * step else now
        while (share := allowed()) <= 1 and (time.monotonic() < self.due or self.chunks > share * OURS.chunks):
            time.sleep(0.02)  # the pace itself
        if self.chunks % 20 == 0:
            self.empty += self.attempt([], True)
        while not self.attempt(records, True):
            self.redone += 1
            self.give_up()
        self.transactions["committed"] += 1

    def abort(self, records):
        if self.transactions["aborted"] % 3 == 2:
            records = []
        if not self.attempt([(key, value, None) for key, value in records], False):
            self.give_up()
        self.transactions["aborted"] += 1

    def summary(self, options):
        found = super().summary(options)
        found["transactions"] |= {"empty": self.empty, "redone": self.redone, "asked again": self.retried}
        return found


def allowed():
    """The share of the records that may be written by now."""
    with open(OURS.pace, encoding="utf-8") as file:
        return float(file.read() or 0)


def split(options):
    """The corruptions that were asked for, in their shares."""
    kinds = {kind: max(round(OURS.corruptions * share), 1) for kind, share in SHARES.items()}
    kinds["mismatched"] += OURS.corruptions - sum(kinds.values())
    note, status = kinds["mismatched"] // 10, kinds["mismatched"] * 3 // 10
    return kinds, {"amount": kinds["mismatched"] - status - note, "status": status, "note": note}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corruptions", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True, help="our clock, from the first record to the last")
    parser.add_argument("--pace", required=True, help="a file with the share that may be written by now")
    known, rest = parser.parse_known_args(namespace=OURS)
    find = argparse.ArgumentParser(add_help=False)
    find.add_argument("--records", type=int, required=True)
    find.add_argument("--transactions", type=int, required=True)
    found = find.parse_known_args(rest)[0]
    known.sides, known.chunks = [], -(-found.records // max(found.records // found.transactions, 50))
    scenario.Side, scenario.split = Side, split
    sys.argv[1:] = rest
    scenario.main()


if __name__ == "__main__":
    main()
