"""The second opinion: reads the topics by itself and prints the report that crosscheck must come to.

    oracle.py -c CONFIG [--stream NAME] [--inputs FILE] [--brokers B] > expected.json

Written from docs/canonical-form.md and the written rules of comparison, shares no code with crosscheck and works the
other way round: whole logs in memory, no watermark, no window until the end, sorts and nested loops. Quadratic where an
identity has many records; meant for a million records, not for more.

CONFIG is a worker's (YAML or JSON). FILE has what a worker's database holds besides the logs, because the logs cannot
tell it: {"contracts": {type: schema}, "checkpoint": {...}, "state": {...}, "left_out": [...], "generation": {...}}, the rows
`contracts`, `checkpoints.body` and `checkpoints.state`, the begins of the windows that a control was left out of, and of the row of
`generations` its names and its begin. Without it the topics are read to their ends, nothing is an edge, and the newest schema of
the baseline is the contract, as in a bounded run without a range.

Avro in Confluent framing, raw keys, `select` by header and partition, a control, a sample by an identity of texts, whole numbers,
booleans and symbols. What it does not know it refuses (tolerances, unordered arrays, renames, big-decimal, a union of two numbers,
aggregates), rather than be wrong about it.
"""

import argparse
import collections
import json
import math
import sys

import yaml

from oracle_avro import Unsupported, differences, parse
from oracle_control import Control
from oracle_log import Codec, Record, newest_contract, read
from oracle_rules import NEVER, classify, raises_of, settings_of, settle, share
from oracle_sample import sample_of

SIDES = ("baseline", "canary")


def empty_window():
    bad = lambda: {"duplicate": 0, "conflict": 0, "late": 0, "untimely": 0, "undecodable": {}}
    side = lambda: {**bad(), "excluded_edge": 0, "excluded_sample": 0, "excluded_noise": 0}
    return {"matched": 0, "mismatched": 0, "missing": 0, "extra": 0, "sides": {name: side() for name in SIDES}}


def report(config, stream, inputs, brokers):
    settings = settings_of(stream, inputs is None)
    window, grace, lateness = settings["window"], settings["grace"], settings["lateness"]
    checkpoint, state = (inputs["checkpoint"], inputs["state"]) if inputs else (None, None)
    codecs, logs, ranges, raises, known = {}, {}, {}, {}, {}
    sample = sample_of(config, stream, inputs and inputs["generation"])
    everybody = (*SIDES, "control") if stream.get("control") else SIDES
    for side in everybody:
        codecs[side] = Codec(config["registries"][stream[side]["registry"]]["url"], stream, side, known, sample)
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
    for side in everybody:
        sides[side] = {"read": 0, "late": 0, "untimely": 0, "undecodable": 0, "excluded": 0, "gaps": 0, "partitions": []}
        sides[side]["excluded_reasons"] = {"select": 0, "edge": 0, "sample": 0, "noise": 0}
        maxima[side] = NEVER
        for partition, log in sorted(logs[side].items()):
            decoded = []
            for message in log:
                record = Record(side, partition, message.offset())
                codecs[side].take(message, contracts, record)
                decoded.append((record, message.timestamp()[1]))
            maximum, first = classify(decoded, settings, raises.get((side, partition), ()))
            maxima[side] = max(maxima[side], maximum)
            # A control is apart: it has no part in where the evidence begins and ends.
            firsts += [first] if first is not None and side in SIDES else []
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
        end = min(maxima[side] for side in SIDES) - grace
    windows, unplaced = collections.defaultdict(empty_window), 0
    bad_windows = collections.defaultdict(collections.Counter)
    findings, fields = [], collections.Counter()
    outcomes = collections.Counter()

    def place(record):
        return {"partition": record.partition, "offset": record.offset} if record else None

    def found(outcome, at, baseline, canary, **more):
        stamp = {"start_ms": at // window * window if at > NEVER else None}
        findings.append({"outcome": outcome, **stamp, "baseline": place(baseline), "canary": place(canary), **more})

    def exclude(record, reason):
        sides[record.side]["excluded"] += 1
        sides[record.side]["excluded_reasons"][reason] += 1

    for record in records:
        if record.bad == "select":
            # No document says in which window; only how many there are is compared.
            exclude(record, "select")
            continue
        if not record.bad:
            continue
        sides[record.side][record.bad] += 1
        if record.side == "control":
            continue
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
    control = Control(window, begin, end, inputs and inputs.get("left_out")) if stream.get("control") else None
    for record in records:
        if record.bad:
            continue
        if record.sampled:
            paired[record.identity].append(record)
        elif record.side != "control":
            at = record.time // window * window
            reason = "sample" if begin <= at and record.time <= end else "edge"
            windows[at]["sides"][record.side][f"excluded_{reason}"] += 1
            exclude(record, reason)
    event = stream.get("identity", {}).get("names", "event") == "event"
    for group in paired.values():
        versus = lambda side: settle(
            [record for record in group if record.side in ("baseline", side)], grace, event, bool(codecs["baseline"].parts)
        )
        settled = versus("canary")
        noise = control.noise(settled, versus("control")) if control else ()
        for outcome, baseline, canary in settled:
            at = (baseline or canary).time
            counts = windows[at // window * window]
            if not begin <= at // window * window or at > end:
                for record in (baseline, canary):
                    if record:
                        counts["sides"][record.side]["excluded_edge"] += 1
                        exclude(record, "edge")
                continue
            if (baseline or canary) in noise:
                for record in (baseline, canary):
                    if record:
                        counts["sides"][record.side]["excluded_noise"] += 1
                        exclude(record, "noise")
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
    met = {}
    for side, lone in zip(SIDES, ("missing", "extra")):
        counted = told["matched"] + told["mismatched"] + told[lone] + told["duplicate"][side] + told["conflict"][side]
        reasons = sides[side]["excluded_reasons"]
        taken = counted + reasons["noise"]
        met[side] = taken / (taken + reasons["sample"]) if sample and taken + reasons["sample"] else None
        counted += sum(sides[side][name] for name in ("late", "untimely", "undecodable", "excluded"))
        assert counted == sides[side]["read"], f"the oracle loses records of the {side}"
    if control:
        for at, counts in windows.items():
            counts["control"] = control.counts(at)
    return {
        "stream": stream["name"],
        "evidence": None if begin == NEVER else {"from_ms": begin, "through_ms": end},
        "sampling": sample.rate if sample else 1,
        "sampled": met if sample else None,
        "sides": sides,
        "outcomes": told,
        "control": control and {"read": sides["control"]["read"], **control.total(windows)},
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
