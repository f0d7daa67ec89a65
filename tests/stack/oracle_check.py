"""Compares what a worker's database holds with what oracle.py expects of the same logs. For the scripts of seen.d and for
`chaos`: a store is anything with `rows(sql)`, which gives every row as text with `|` between its columns.
"""

import collections
import json
import subprocess

SURPLUS = ("duplicate", "conflict")


def inputs(store, release):
    """What the logs cannot tell."""
    of = f"WHERE release = '{release}' AND generation = (SELECT max(generation) FROM generations WHERE release = '{release}')"
    contracts = {}
    for row in store.rows(f"SELECT type_name, contract FROM contracts {of}"):
        name, _, text = row.partition("|")
        contracts[name] = json.loads(text)
    (checkpoint,) = store.rows(f"SELECT body FROM checkpoints {of}")
    (state,) = store.rows(f"SELECT state FROM checkpoints {of}")
    return {"contracts": contracts, "checkpoint": json.loads(checkpoint), "state": json.loads(state)}, of


def expected(python, oracle, path, given, folder, brokers=None):
    """The oracle's report on a worker's logs and inputs."""
    file = folder / "oracle.inputs.json"
    file.write_text(json.dumps(given))
    command = [python, "-B", oracle, "-c", path, "--inputs", file, *(["--brokers", brokers] if brokers else [])]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0 or "oracle:" in done.stderr:
        raise RuntimeError(f"the oracle ended with {done.returncode}: {done.stderr[-2000:]}")
    (folder / "oracle.json").write_text(done.stdout)
    (stream,) = json.loads(done.stdout)["streams"]
    return stream


def bare(counts):
    """Counts without zeros, and without what the oracle does not tell, so that an empty window is equal to none."""
    if not isinstance(counts, dict):
        return counts
    left = {key: bare(value) for key, value in counts.items() if key not in ("skew", "start_ms", "edge")}
    return {key: value for key, value in left.items() if value not in (0, {}, None)}


def spot(outcome, baseline, canary):
    """A finding by its outcome and the positions that make it; of a surplus its own."""
    if outcome in SURPLUS and baseline and canary:
        baseline = None
    return outcome, baseline, canary


def differences(want, store, of):
    """Every way in which the stored rows are not what the oracle expects, and how many rows were compared."""
    wrong, compared = [], {}
    for table, windows in (("windows", want["windows"]), ("bad_counts", want["bad_windows"])):
        got = {}
        for row in store.rows(f"SELECT start_ms, counts FROM {table} {of} ORDER BY 1"):
            at, _, counts = row.partition("|")
            if int(at) in got:
                wrong.append(f"{table}: {at} twice")
            got[int(at)] = bare(json.loads(counts))
        wanted = {window["start_ms"]: bare(window) for window in windows}
        for at in sorted(set(got) | set(wanted)):
            if got.get(at, {}) != wanted.get(at, {}):
                wrong.append(f"{table} {at}: expected {wanted.get(at)}, stored {got.get(at)}")
        compared[table] = len(got)

    found = collections.Counter()
    columns = "start_ms, outcome, baseline_partition, baseline_offset, canary_partition, canary_offset, body"
    for row in store.rows(f"SELECT {columns} FROM findings {of}"):
        at, outcome, *places, body = row.split("|", 6)
        if outcome in ("undecodable", "untimely", "late"):
            continue
        numbers = list(map(int, places))
        sides = [tuple(pair) if pair[0] >= 0 else None for pair in (numbers[:2], numbers[2:])]
        fields = json.loads(body)["fields"] if outcome == "mismatched" else []
        found[int(at), *spot(outcome, *sides), tuple(sorted((f["path"], f["kind"]) for f in fields))] += 1
    wanted = collections.Counter()
    for finding in want["findings"]:
        sides = [finding[side] and (finding[side]["partition"], finding[side]["offset"]) for side in ("baseline", "canary")]
        fields = tuple(sorted((f["path"], f["kind"]) for f in finding["fields"]))
        wanted[finding["start_ms"], *spot(finding["outcome"], *sides), fields] += 1
    wrong += [f"not found: {key}" for key in sorted(wanted - found, key=str)]
    wrong += [f"found, not expected: {key}" for key in sorted(found - wanted, key=str)]
    compared["findings"] = sum(found.values())
    return wrong, compared
