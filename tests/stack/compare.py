"""Compares a report of crosscheck (`-o json`) with the truth that scenario.py wrote.

    compare.py TRUTH REPORT            a bounded run over the whole topics: everything is equal
    compare.py TRUTH REPORT --edges    a worker: pairs at the edges are excluded, the faults are not
    compare.py TRUTH REPORT --counts   without the findings, where a report does not keep them all
    --findings STORED                  the findings of another report: a worker's own shows the latest only

Prints what was found, and ends with 1 when anything differs.
"""

import argparse
import collections
import json
import sys

SURPLUS = ("duplicate", "conflict")


def place(position):
    return (position["partition"], position["offset"]) if position else None


def fault_key(fault):
    """What a finding must say: the outcome, the positions that make it, the fields."""
    baseline = None if fault["outcome"] in SURPLUS else place(fault.get("baseline"))
    fields = tuple(sorted((f["path"], f["kind"]) for f in fault.get("fields") or []))
    if fault["outcome"] != "mismatched":
        fields = ()
    return (fault["outcome"], baseline, place(fault.get("canary")) if fault["outcome"] != "missing" else None, fields)


def differences(truth, stream, options):
    def differ(what, wanted, got):
        if wanted != got:
            yield f"{what}: wanted {wanted}, got {got}"

    outcomes = stream["outcomes"]
    for outcome, wanted in truth["outcomes"].items():
        if outcome == "matched" and options.edges:
            continue
        yield from differ(outcome, wanted, outcomes[outcome])
    for name, wanted in truth["sides"].items():
        side = stream["sides"][name]
        yield from differ(f"{name} read", wanted["read"], side["read"])
        yield from differ(f"{name} gaps", wanted["gaps"], side["gaps"])
        for reason in ("late", "untimely", "undecodable", "diverted"):
            yield from differ(f"{name} {reason}", wanted.get(reason, 0), side[reason])
        if not options.edges:
            yield from differ(f"{name} excluded", 0, side["excluded"])
        wanted = [{key: p[key] for key in ("partition", "from", "to")} for p in wanted["partitions"]]
        got = sorted(side["partitions"], key=lambda p: p["partition"])
        yield from differ(f"{name} partitions", wanted, [{key: p[key] for key in wanted[0]} for p in got])
        lone = outcomes["missing"] if name == "baseline" else outcomes["extra"]
        places = [outcomes["matched"], outcomes["mismatched"], lone, outcomes.get("profiled", 0)]
        places += [outcomes[outcome][name] for outcome in (*SURPLUS, "pending")]
        places += [side[reason] for reason in ("late", "untimely", "undecodable", "diverted", "excluded")]
        yield from differ(f"{name} conservation", side["read"], sum(places))

    def tally(fields):
        return {(f["path"], f["kind"]): f["count"] for f in fields if f["count"]}

    if not options.counts or not options.edges:
        yield from differ("fields", tally(truth["fields"]), tally(stream["fields"]))
    changes = [(c["path"], c["change"], c["breaking"]) for c in stream["schema_changes"]]
    yield from differ("schema changes", [(c["path"], c["change"], c["breaking"]) for c in truth["schema_changes"]], changes)

    if not options.counts:
        wanted = collections.Counter(fault_key(fault) for fault in truth["faults"])
        # Bad records are told by their number.
        told = [finding for finding in stream["findings"] if finding["outcome"] in truth["outcomes"]]
        got = collections.Counter(fault_key(finding) for finding in told)
        for key in sorted((wanted - got), key=str)[:10]:
            yield f"not found: {key}"
        for key in sorted((got - wanted), key=str)[:10]:
            yield f"found, never injected: {key}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth")
    parser.add_argument("report")
    parser.add_argument("--stream", help="its name; default: the only one")
    parser.add_argument("--edges", action="store_true")
    parser.add_argument("--counts", action="store_true")
    parser.add_argument("--findings", metavar="REPORT")
    options = parser.parse_args()
    with open(options.truth, encoding="utf-8") as file:
        truth = json.load(file)
    with open(options.report, encoding="utf-8") as file:
        report = json.load(file)
    streams = [s for s in report["streams"] if options.stream in (None, s["stream"])]
    if len(streams) != 1:
        sys.exit(f"compare: {len(streams)} streams, name one")
    (stream,) = streams
    if options.findings:
        with open(options.findings, encoding="utf-8") as file:
            (stored,) = (s for s in json.load(file)["streams"] if s["stream"] == stream["stream"])
        if stored["outcomes"] != stream["outcomes"]:
            sys.exit(f"compare: the reports count otherwise: {stored['outcomes']} and {stream['outcomes']}")
        stream["findings"] = stored["findings"]
    found = list(differences(truth, stream, options))
    for difference in found:
        print(f"compare: {difference}", file=sys.stderr)
    outcomes = stream["outcomes"]
    names = ("matched", "mismatched", "missing", "extra")
    counts = [f"{name} {outcomes[name]:,}" for name in names]
    counts += [f"{name} {outcomes[name]['canary']:,}" for name in SURPLUS]
    fields = [f"{f['path']} ({f['kind']}) {f['count']:,}" for f in stream["fields"] if f["count"]]
    print(f"verdict {report['verdict']}; {', '.join(counts)}")
    print(f"fields {', '.join(fields) or 'none'}; findings {len(stream['findings']):,}, at the injected offsets"
          if not found else f"{len(found)} differences from the truth")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
