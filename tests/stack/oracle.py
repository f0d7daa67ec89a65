"""The second opinion: reads both topics by itself and prints the report that crosscheck must come to.

    oracle.py -c CONFIG [--stream NAME] [--inputs FILE] [--brokers B] > expected.json

Written from docs/canonical-form.md and the written rules of comparison, shares no code with crosscheck and works the
other way round: whole logs in memory, no watermark, no window until the end, sorts and nested loops. Quadratic where an
identity has many records; meant for a million records, not for more.

CONFIG is a worker's (YAML or JSON). FILE has what a worker's database holds besides the logs, because the logs cannot
tell it: {"contracts": {type: schema}, "checkpoint": {...}, "state": {...}}, the rows `contracts`, `checkpoints.body` and
`checkpoints.state`. Without it both topics are read to their ends, nothing is an edge, and the newest schema of the
baseline is the contract, as in a bounded run without a range.

Avro in Confluent framing, raw keys. What it does not know it refuses (tolerances, unordered arrays, renames, big-decimal,
a union of two numbers), rather than be wrong about it.
"""

import argparse
import collections
import datetime
import io
import json
import math
import os
import re
import sys

import fastavro
import yaml
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from oracle_avro import NULL, Unsupported, branch_of, canon, differences, parse, plain, time_unit

SIDES = ("baseline", "canary")
NEVER = -math.inf


class Record:
    """One record of a log and what is known of it."""

    __slots__ = ("side", "partition", "offset", "time", "identity", "tree", "bad", "reason", "at", "raw")

    def __init__(self, side, partition, offset):
        self.side, self.partition, self.offset = side, partition, offset
        self.time = self.identity = self.tree = self.bad = self.reason = self.at = self.raw = None

    def order(self):
        return (self.time, SIDES.index(self.side), self.partition, self.offset)


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


class Codec:
    """Decodes one side's records under the contracts."""

    def __init__(self, registry, stream, side):
        self.client, self.cache = SchemaRegistryClient({"url": registry}), {}
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
        if stream[side].get("select") or stream.get("sample", {}).get("rate", 1) != 1 or stream.get("control"):
            raise Unsupported("select, sample, control")
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

    def decode(self, message, contracts, record):
        """Fills in identity, event time and tree."""
        key, value = message.key(), message.value()
        record.raw = (key, value)
        parts = [("bytes", key) if key is not None else NULL] if self.with_key else []
        if value is None:
            raise Unsupported("a tombstone")
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
        contract = contracts[writer.name]
        tree = canon(decoded, writer, contract, "", self.ignored)
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


# --- reading ----------------------------------------------------------------------------------------------------------


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
            if message.offset() < log[-1].offset() - 99:
                continue
            try:
                writer, _, text = codec.framed(message.value())
            except Undecodable:
                continue
            place = (message.timestamp()[1], partition, message.offset())
            if writer.name not in found or place > found[writer.name][0]:
                found[writer.name] = (place, text)
    return {name: text for name, (_, text) in found.items()}


# --- the rules --------------------------------------------------------------------------------------------------------


def classify(log, settings, raises):
    """Late, untimely and undecodable are told apart by the log of one partition alone; gives its running maximum."""
    maximum, first, raises = NEVER, None, sorted(raises)
    for record, timestamp in log:
        while raises and raises[0][0] <= record.offset:
            maximum = max(maximum, raises.pop(0)[1])
        record.at = maximum
        if record.bad:
            continue
        ahead = NEVER if record.time is None else record.time - timestamp
        if record.time is None or ahead > settings["skew_max"] or -ahead > settings["age_max"]:
            record.bad = "untimely"
        elif record.time < maximum - settings["lateness"]:
            record.bad = "late"
        else:
            first = record.time if first is None else first
            maximum = max(maximum, record.time)
    return maximum, first


def settle(records, grace, event, has_identity):
    """The outcomes of one identity: (outcome, baseline or None, canary or None), by rule 6 to the letter."""
    waiting, settled, out = sorted(records, key=Record.order), [], []
    while waiting:
        r = waiting[0]
        near = [x for x in waiting if x.time <= r.time + grace]
        others = [x for x in near if x.side != r.side]

        def has_equal(x):
            return any(y.side != x.side and y.tree == x.tree for y in near)

        def repeats(x):
            return has_identity and any(
                y.side == x.side and y.tree == x.tree and abs(y.time - x.time) <= grace for y in settled
            )

        partner = next((x for x in others if x.tree == r.tree), None)
        outcome = "matched" if partner else None
        if not outcome and repeats(r):
            outcome = "duplicate"
        if not outcome:
            partner = next(
                (x for x in others if 2 * (x.time - r.time) <= grace and not has_equal(x) and not repeats(x)), None
            )
            outcome = "mismatched" if partner else None
        if not outcome:
            own = [x for x in settled if x.side == r.side and abs(x.time - r.time) <= grace]
            own += [x for x in near if x is not r and x.side == r.side and has_equal(x)]
            if event and has_identity and any(x.tree != r.tree for x in own):
                outcome = "conflict"
            else:
                outcome = "missing" if r.side == "baseline" else "extra"
        pair = {x.side: x for x in (r, partner) if x}
        for x in pair.values():
            waiting.remove(x)
            settled.append(x)
        out.append((outcome, pair.get("baseline"), pair.get("canary")))
    return out


def share(baseline, canary, reach):
    """Which of the canary's bad records the baseline has too: each takes the oldest that is not taken."""
    place = lambda record: (record.at, record.partition, record.offset)
    free = sorted(baseline, key=place)
    for record in sorted(canary, key=place):
        known = next((x for x in free if x.raw == record.raw and x.at <= record.at + reach), None)
        if known:
            free.remove(known)
        yield record, known


def empty_window():
    side = lambda: {"duplicate": 0, "conflict": 0, "late": 0, "untimely": 0, "undecodable": {}, "excluded_edge": 0}
    return {"matched": 0, "mismatched": 0, "missing": 0, "extra": 0, "sides": {name: side() for name in SIDES}}


DURATION = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def duration(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", str(text)).groups()
    return int(number) * DURATION[unit]


def settings_of(stream, bounded):
    limits = stream.get("limits", {})
    given = {"window": duration(stream.get("window", "30s"))}
    for name, default in (("lateness", "1m"), ("grace", "30s")):
        given[name] = math.inf if bounded and name not in stream else duration(stream.get(name, default))
    for name, default in (("skew_max", "10m"), ("age_max", "7d")):
        given[name] = math.inf if bounded and name not in limits else duration(limits.get(name, default))
    return given


def raises_of(partition):
    """Idle partitions follow the others; where one woke, and at what value, only the database knows."""
    return [tuple(entry.values()) if isinstance(entry, dict) else tuple(entry) for entry in partition["raised"]]


def report(config, stream, inputs, brokers):
    settings = settings_of(stream, inputs is None)
    window, grace, lateness = settings["window"], settings["grace"], settings["lateness"]
    checkpoint, state = (inputs["checkpoint"], inputs["state"]) if inputs else (None, None)
    codecs, logs, ranges, raises = {}, {}, {}, {}
    for side in SIDES:
        codecs[side] = Codec(config["registries"][stream[side]["registry"]]["url"], stream, side)
        wanted = None
        if inputs:
            begins = {p["partition"]: p["from"] for p in checkpoint["partitions"] if p["side"] == side}
            wanted = {partition: (begins[partition], end) for partition, end in state["ends"][side]}
            raises.update({(side, p["partition"]): raises_of(p) for p in checkpoint["partitions"] if p["side"] == side})
        servers = brokers or ",".join(config["clusters"][stream[side]["cluster"]]["brokers"])
        logs[side], ranges[side] = read(servers, stream[side]["topic"], wanted)
    texts = inputs["contracts"] if inputs else newest_contract(codecs["baseline"], logs["baseline"])
    contracts = {name: parse(text, {}) for name, text in texts.items()}

    sides, records, maxima, firsts = {}, [], {}, []
    for side in SIDES:
        sides[side] = {"read": 0, "late": 0, "untimely": 0, "undecodable": 0, "excluded": 0, "gaps": 0, "partitions": []}
        maxima[side] = NEVER
        for partition, log in sorted(logs[side].items()):
            decoded = []
            for message in log:
                record = Record(side, partition, message.offset())
                try:
                    codecs[side].decode(message, contracts, record)
                    record.raw = record.raw if record.tree is None else (record.identity, record.tree)
                except Undecodable as bad:
                    record.bad, record.reason = "undecodable", str(bad)
                decoded.append((record, message.timestamp()[1]))
            maximum, first = classify(decoded, settings, raises.get((side, partition), ()))
            maxima[side] = max(maxima[side], maximum)
            firsts += [first] if first is not None else []
            records += [record for record, _ in decoded]
            begin, end = ranges[side][partition]
            sides[side]["read"] += len(log)
            sides[side]["gaps"] += end - begin - len(log)
            sides[side]["partitions"].append({"partition": partition, "from": begin, "to": end})

    # Rule 13: where the evidence begins, and at the close where it ends.
    begin, end = NEVER, math.inf
    if inputs:
        start = max(firsts)
        if checkpoint["start_ms"] != start:
            print(f"oracle: S is {start} by the logs and {checkpoint['start_ms']} as stored", file=sys.stderr)
            start = checkpoint["start_ms"]
        begin = -(-(start + lateness + grace) // window) * window
        end = min(maxima.values()) - grace
    windows, unplaced = collections.defaultdict(empty_window), 0
    bad_windows = collections.defaultdict(collections.Counter)
    findings, fields = [], collections.Counter()
    outcomes = collections.Counter()

    def place(record):
        return {"partition": record.partition, "offset": record.offset} if record else None

    def found(outcome, at, baseline, canary, **more):
        stamp = {"start_ms": at // window * window if at > NEVER else None}
        findings.append({"outcome": outcome, **stamp, "baseline": place(baseline), "canary": place(canary), **more})

    for record in records:
        if not record.bad:
            continue
        sides[record.side][record.bad] += 1
        if record.at == NEVER:
            unplaced += 1
            continue
        counts = windows[record.at // window * window]["sides"][record.side]
        if record.bad == "undecodable":
            counts["undecodable"][record.reason] = counts["undecodable"].get(record.reason, 0) + 1
        else:
            counts[record.bad] += 1
    for kind in ("undecodable", "untimely"):
        both = [[record for record in records if record.bad == kind and record.side == side] for side in SIDES]
        for record, known in share(*both, 5 * grace if grace < math.inf else math.inf):
            if record.at == NEVER:
                continue
            at = record.at // window * window
            bad_windows[at][f"{kind}_{'shared' if known else 'judged'}"] += 1

    paired = collections.defaultdict(list)
    for record in records:
        if not record.bad:
            paired[record.identity].append(record)
    event = stream.get("identity", {}).get("names", "event") == "event"
    for identity, group in paired.items():
        for outcome, baseline, canary in settle(group, grace, event, bool(codecs["baseline"].parts)):
            at = (baseline or canary).time
            counts = windows[at // window * window]
            if not begin <= at // window * window or at > end:
                for record in (baseline, canary):
                    if record:
                        counts["sides"][record.side]["excluded_edge"] += 1
                        sides[record.side]["excluded"] += 1
                continue
            lone = baseline or canary
            if outcome in ("duplicate", "conflict"):
                counts["sides"][lone.side][outcome] += 1
                outcomes[outcome, lone.side] += 1
            else:
                counts[outcome] += 1
                outcomes[outcome] += 1
            if outcome == "mismatched":
                names = ("", "$key")
                differ = set().union(*(differences(*x, name) for *x, name in zip(baseline.tree, canary.tree, names)))
                differ = sorted((path or "$value", kind) for path, kind in differ)
                fields.update(differ)
                found(outcome, at, baseline, canary, fields=[{"path": path, "kind": kind} for path, kind in differ])
            elif outcome != "matched":
                found(outcome, at, baseline, canary, fields=[])

    told = {name: outcomes[name] for name in ("matched", "mismatched", "missing", "extra")}
    for name in ("duplicate", "conflict"):
        told[name] = {side: outcomes[name, side] for side in SIDES}
    for side, lone in zip(SIDES, ("missing", "extra")):
        counted = told["matched"] + told["mismatched"] + told[lone] + told["duplicate"][side] + told["conflict"][side]
        counted += sum(sides[side][name] for name in ("late", "untimely", "undecodable", "excluded"))
        assert counted == sides[side]["read"], f"the oracle loses records of the {side}"
    return {
        "stream": stream["name"],
        "evidence": None if begin == NEVER else {"from_ms": begin, "through_ms": end},
        "sides": sides,
        "outcomes": told,
        "fields": [{"path": path, "kind": kind, "count": count} for (path, kind), count in sorted(fields.items())],
        "unplaced": unplaced,
        "windows": [{"start_ms": at, **windows[at]} for at in sorted(windows)],
        "bad_windows": [{"start_ms": at, **bad_windows[at]} for at in sorted(bad_windows)],
        "findings": sorted(findings, key=lambda f: (f["start_ms"], f["outcome"], str(f["baseline"]), str(f["canary"]))),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-c", "--config", required=True)
    parser.add_argument("--stream", help="its name; default: the only one")
    parser.add_argument("--inputs", help="what a worker's database holds besides the logs")
    parser.add_argument("--brokers", help="instead of the config's, where those are a proxy")
    options = parser.parse_args()
    with open(options.config, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    streams = [s for s in config["streams"] if options.stream in (None, s["name"])]
    if len(streams) != 1:
        sys.exit(f"oracle: {len(streams)} streams, name one")
    inputs = None
    if options.inputs:
        with open(options.inputs, encoding="utf-8") as file:
            inputs = json.load(file)
    try:
        told = report(config, streams[0], inputs, options.brokers)
    except Unsupported as what:
        sys.exit(f"oracle: not known to the oracle: {what}")
    json.dump({"streams": [told]}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
