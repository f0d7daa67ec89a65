"""Makes cases.json: the cases by hand, then the products. Deterministic.

Written from the pages alone, without looking at the product. The expectation of a
case by hand stands with it and is held against the reference; that of a product is
the reference's. A case that rests on a guess has `"guess": true`.

    python3 tests/comparison/generate.py
"""

import json
import pathlib
import sys

import cases_fields
import cases_json
import cases_parts
import cases_rules
import cases_types
import cases_unreadable
import products
from reference import judge

BY_HAND = (cases_types, cases_parts, cases_fields, cases_rules, cases_json, cases_unreadable)
TARGET = pathlib.Path(__file__).with_name("cases.json")


def main():
    wrong = 0
    out = []
    for case in [c for module in BY_HAND for c in module.cases()]:
        got, guesses = judge(case)
        if got != case["expect"]:
            wrong += 1
            print(case["name"], "\n  by hand  ", case["expect"], "\n  reference", got)
        if guesses and not case.get("guess"):
            wrong += 1
            print(case["name"], "\n  is a guess:", ", ".join(sorted(guesses)))
        out.append(case)
    by_hand = len(out)
    for case in products.cases():
        case["expect"], guesses = judge(case)
        if guesses:
            case["guess"] = True
        out.append(case)
    names = [case["name"] for case in out]
    for name in sorted({name for name in names if names.count(name) > 1}):
        wrong += 1
        print("two cases of one name:", name)
    if wrong:
        return 1
    TARGET.write_text("[\n" + ",\n".join(map(written, out)) + "\n]\n", encoding="utf-8")
    guesses = sum("guess" in case for case in out)
    print(f"{by_hand} by hand, {len(out) - by_hand} products, {guesses} of them guesses")
    return 0


def written(case):
    """A case as a few lines: one for each member."""
    lines = (json.dumps(key) + ": " + json.dumps(value) for key, value in case.items())
    return "{" + ",\n ".join(lines) + "}"


if __name__ == "__main__":
    sys.exit(main())
