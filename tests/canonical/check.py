"""Replays vectors: python3 tests/canonical/check.py tests/vectors/*.json; exits with 1 on a disagreement.

A path of `-` is JSON lines from the standard input."""

import json
import os
import sys
from fractions import Fraction

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record  # noqa: E402

sys.set_int_max_str_digits(0)


def bytes_of(x):
    return None if x is None else bytes.fromhex(x)


def reduce(case):
    plan = record.Plan(case["writer"], case["contract"], case.get("rules", {}), case.get("key_writer"), case.get("key_contract"))
    headers = [(n, bytes_of(v)) for n, v in case.get("headers", [])]
    return plan.reduce(bytes_of(case["value"]), bytes_of(case.get("key")), headers)


def comparable(expect):
    """Numbers under tolerance compare as numbers."""
    out = dict(expect)
    if "tolerant" in out:
        out["tolerant"] = [_number(x) for x in out["tolerant"]]
    return out


def _number(x):
    if isinstance(x, dict) and "Decimal" in x:
        d = x["Decimal"]
        n = Fraction(int.from_bytes(bytes(d["unscaled"]), "big", signed=True)) / Fraction(10) ** d["scale"]
        return n.numerator, n.denominator
    if isinstance(x, dict) and "Infinite" in x:
        return "-Infinite" if x["Infinite"]["negative"] else "Infinite"
    return x


def read(path):
    if path == "-":
        return [json.loads(line) for line in sys.stdin.buffer]
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main(paths):
    cases = wrong = 0
    for path in paths:
        for case in read(path):
            cases += 1
            got, expect = reduce(case), comparable(case["expect"])
            if got != expect:
                wrong += 1
                inputs = {k: v for k, v in case.items() if k not in ("name", "expect")}
                print(f"{path}: {case['name']}\n  vector: {expect}\n  python: {got}\n  of: {json.dumps(inputs)}")
    print(f"{cases} vectors, {wrong} disagree")
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
