"""Compares what a worker's database holds with what oracle.py expects of the same logs. For the scripts of seen.d and for
`chaos`: a store is anything with `rows(sql)`, which gives every row as text with `|` between its columns.
"""

import base64
import collections
import json
import subprocess

SURPLUS = ("duplicate", "conflict")
UNTOLD = ("skew", "start_ms", "edge", "excluded_select")


def inputs(store, release):
    """What the logs cannot tell."""
    of = f"WHERE release = '{release}' AND generation = (SELECT max(generation) FROM generations WHERE release = '{release}')"
    contracts = {}
    for row in store.rows(f"SELECT type_name, contract FROM contracts {of}"):
        name, _, text = row.partition("|")
        contracts[name] = json.loads(text)
    (checkpoint,) = store.rows(f"SELECT body FROM checkpoints {of}")
    (state,) = store.rows(f"SELECT state FROM checkpoints {of}")
    (row,) = store.rows(f"SELECT generation, started_ms FROM generations {of}")
    generation = {"release": release, **dict(zip(("generation", "started_ms"), map(int, row.split("|"))))}
    given = {"contracts": contracts, "checkpoint": json.loads(checkpoint), "state": json.loads(state), "generation": generation}
    return {**given, **decided(store, of, given["checkpoint"])}, of


def decided(store, of, last):
    """What the worker decided on its way: at which maxima idle partitions woke, whom the control was left out of.

    A checkpoint forgets what lies before it, so each row that windows were stored with is asked; raises go into `last`. Not all that
    leaves a control out of a window is an input: it may have fallen behind before. So the window's own row says it, and must where
    the input does."""
    own = {(p["side"], p["partition"]): p["raised"] for p in last["partitions"]}
    left_out, silent = set(), set()
    for row in store.rows(f"SELECT start_ms, end_ms, counts FROM windows {of}"):
        start, end, counts = row.split("|", 2)
        if (json.loads(counts).get("control") or {}).get("left_out"):
            left_out.add((int(start), int(end)))
    for row in store.rows(f"SELECT body FROM window_inputs {of}"):
        unpacked = subprocess.run(["zstd", "-dc"], input=base64.b64decode(row), capture_output=True, check=True)
        checkpoint = json.loads(unpacked.stdout)["checkpoint"]
        for p in checkpoint["partitions"]:
            raised = own[p["side"], p["partition"]]
            raised += [entry for entry in p["raised"] if entry not in raised]
        silent.update((checkpoint.get("control") or {}).get("left_out", ()))
    if silent - {end for _, end in left_out}:
        raise RuntimeError(f"the control took part in windows that it was left out of, those to {silent - {end for _, end in left_out}}")
    return {"left_out": sorted(start for start, _ in left_out)}


def expected(python, oracle, path, given, folder, brokers=None):
    """The oracle's report on a worker's logs and inputs; without inputs that of a bounded run."""
    command = [python, "-B", oracle, "-c", path, *(["--brokers", brokers] if brokers else [])]
    if given:
        file = folder / "oracle.inputs.json"
        file.write_text(json.dumps(given))
        command += ["--inputs", file]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0 or "oracle:" in done.stderr:
        raise RuntimeError(f"the oracle ended with {done.returncode}: {done.stderr[-2000:]}")
    (folder / "oracle.json").write_text(done.stdout)
    (stream,) = json.loads(done.stdout)["streams"]
    return stream


def bare(counts):
    """Counts without zeros, and without what the oracle does not tell, so that an empty window is equal to none. In which
    window a record counts that is not selected is not written down: see `select` of `differences`."""
    if not isinstance(counts, dict):
        return counts
    left = {key: bare(value) for key, value in counts.items() if key not in UNTOLD}
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
        select = collections.Counter()
        for row in store.rows(f"SELECT start_ms, counts FROM {table} {of} ORDER BY 1"):
            at, _, counts = row.partition("|")
            if int(at) in got:
                wrong.append(f"{table}: {at} twice")
            got[int(at)] = bare(json.loads(counts))
            for side, own in json.loads(counts).get("sides", {}).items():
                select[side] += own["excluded_select"]
        wanted = {window["start_ms"]: bare(window) for window in windows}
        for at in sorted(set(got) | set(wanted)):
            if got.get(at, {}) != wanted.get(at, {}):
                wrong.append(f"{table} {at}: expected {wanted.get(at)}, stored {got.get(at)}")
        for side in select:
            asked = want["sides"][side]["excluded_reasons"]["select"]
            if select[side] != asked:
                wrong.append(f"{table}: select of the {side}: expected {asked}, stored {select[side]}")
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


def reported(want, stream):
    """Every way in which a bounded run's report of a stream is not what the oracle expects."""
    wrong = []

    def compare(what, wanted, got):
        if isinstance(wanted, dict):
            for key, inner in wanted.items():
                compare(f"{what} {key}", inner, (got or {}).get(key))
        elif wanted != got:
            wrong.append(f"{what}: expected {wanted}, reported {got}")

    for name in ("outcomes", "control", "sampling", "sampled"):
        compare(name, want[name], stream.get(name))
    for side in ("baseline", "canary"):
        own = [told["sides"][side] for told in (want, stream)]
        ends = [sorted((p["partition"], p["from"], p["to"]) for p in told["partitions"]) for told in own]
        compare(side, *({**told, "partitions": places} for told, places in zip(own, ends)))
    fields = lambda told: sorted((f["path"], f["kind"], f["count"]) for f in told)
    compare("fields", fields(want["fields"]), fields(stream["fields"]))

    def found(findings):
        place = lambda at: at and (at["partition"], at["offset"])
        told = (f for f in findings if f["outcome"] not in ("undecodable", "untimely", "late"))
        return collections.Counter(spot(f["outcome"], place(f["baseline"]), place(f["canary"])) for f in told)

    wanted, got = found(want["findings"]), found(stream["findings"])
    wrong += [f"not found: {key}" for key in sorted(wanted - got, key=str)]
    wrong += [f"found, not expected: {key}" for key in sorted(got - wanted, key=str)]
    return wrong, sum(got.values())
