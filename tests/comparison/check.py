"""Runs the reference on every case of cases.json and says where they differ.

Written from the pages alone, without looking at the product.

    python3 tests/comparison/check.py
"""

import json
import pathlib
import sys

from reference import compare


def main():
    path = pathlib.Path(__file__).with_name("cases.json")
    cases = json.loads(path.read_text(encoding="utf-8"))
    wrong = 0
    for case in cases:
        got = compare(case)
        if got != case["expect"]:
            wrong += 1
            print(f"{case['name']}\n  expected  {case['expect']}\n  reference {got}")
    print(f"{wrong} of {len(cases)} cases differ" if wrong else f"{len(cases)} cases agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
