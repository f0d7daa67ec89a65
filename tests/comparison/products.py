"""Cases as products of pairs of values and rules. Their expectation is the reference's.

Written from the pages alone, without looking at the product. What the pages leave
open is left out here, or marked as a guess by the generator.
"""

import json
import math
from itertools import product

from build import (At, Cases, array, avro, decimal, enum, line, logical, mapping, nested,
                   nullable, record)


def cases():
    out = Cases("product")
    numbers(out)
    branches(out)
    tolerances(out)
    lists(out)
    whole_records(out)
    return out.all


def shown(kind):
    """A short name of a type, for the name of a case."""
    if isinstance(kind, list):
        return "[" + " ".join(map(shown, kind)) + "]"
    if isinstance(kind, str):
        return kind
    if kind.get("logicalType") == "decimal":
        return "decimal(%d,%d)" % (kind["precision"], kind["scale"])
    return kind.get("logicalType") or kind.get("name") or kind["type"]


def field(out, name, contract, base, canary, flags=()):
    sides = [avro(record(f=t), f=v) for t, v in (base, canary)]
    out.add(name, *sides, None, flags, record(f=contract) if contract else None)


def numbers(out):
    """Every number of a writer into every number of a contract."""
    millis = logical("long", "timestamp-millis")
    contracts = [
        ("int", 5), ("long", 5), ("float", 5.0), ("double", 5.0),
        (decimal(9, 2), 500), (decimal(4, 0), 5), (millis, 5), ("string", "5"),
    ]
    writers = [
        ("int", 5), ("int", -7), ("long", 5), ("long", 2**53 + 1), ("float", 5.0),
        ("double", 5.0), ("double", 0.1), ("double", math.nan), (decimal(9, 3), 5000),
        (millis, 5), ("boolean", True),
    ]
    for base, canary in product(contracts, writers):
        field(out, "%s %s into %s" % (shown(canary[0]), canary[1], shown(base[0])), None, base, canary)


def branches(out):
    """Values of writers into unions of the contract, against a first value."""
    inner = nested("Inner", x="int")
    contracts = [
        (nullable("int"), 5), (["int", "null"], None), (["null", "long", "string"], At(1, 5)),
        (["null", "double", "bytes"], At(1, 5.0)), (["string", inner], At(0, "5")),
    ]
    writers = [
        ("int", 5), ("long", 5), ("double", 5.0), ("string", "5"), ("null", None),
        (nullable("int"), 5), (nullable("int"), None), (["string", "int"], At(1, 5)),
        (["null", inner], {"x": 5}), ("boolean", True),
    ]
    for base, canary in product(contracts, writers):
        value = canary[1].value if isinstance(canary[1], At) else canary[1]
        name = "%s %s into %s" % (shown(canary[0]), json.dumps(value), shown(base[0]))
        field(out, name, None, base, canary)


def tolerances(out):
    """Pairs of numbers, and tolerances; of the infinities only absolute ones."""
    nan, inf = math.nan, math.inf
    doubles = [(0.0, -0.0), (0.0, 0.5), (1.0, 1.5), (1.5, 1.0), (-1.0, -1.5), (1.0, -1.0), (0.1, 0.6),
               (-200.0, -198.0), (nan, nan), (nan, 0.0), (1e300, -1e300)]
    for (a, b), size in product(doubles, ("0.5", "0.49", "1%", "50%")):
        field(out, "doubles %r and %r within %s" % (a, b, size), None, ("double", a), ("double", b),
              ["--tolerance", "f=" + size])
    for a, b in ((inf, inf), (inf, 1.0), (inf, -inf), (1.0, inf)):
        field(out, "doubles %r and %r within 5" % (a, b), None, ("double", a), ("double", b), ["--tolerance", "f=5"])
    pairs = [(None, None), (None, 0), (0, None), (100, 101), (100, 102), (-100, -101)]
    for (a, b), size in product(pairs, ("1", "1%")):
        field(out, "nullable %r and %r within %s" % (a, b, size), None, (nullable("long"), a), (nullable("long"), b),
              ["--tolerance", "f=" + size])


def lists(out):
    """Pairs of lists, under rules of their items."""
    pairs = [([], []), ([], [1]), ([1], [2]), ([1, 2], [2, 1]), ([1, 1, 2], [1, 2, 2]), ([1, 2, 3], [3, 2, 1]),
             ([1, 2], [1, 3]), ([1, 2, 2], [2, 1]), ([7, 2], [2, 1])]
    rules = {"as they stand": [], "unordered": ["--unordered", "f"], "ignored": ["--ignore", "f[*]"],
             "mapped": ["--map", "f[*]=1:7"], "mapped and unordered": ["--unordered", "f", "--map", "f[*]=1:7"]}
    for (a, b), (name, flags) in product(pairs, rules.items()):
        field(out, "%s and %s, %s" % (a, b, name), None, (array("int"), a), (array("int"), b), flags)


ROW = nested("Row", k="string", n="long", tags=array("string"))
STATE = enum("State", "OPEN", "SHUT")
WHOLE = record(amount="double", note=nullable("string"), rows=array(ROW), stock=mapping("long"), state=STATE,
               who=nested("Who", name="string", age="int"))
FIRST = {
    "amount": 10.5, "note": "n", "state": "OPEN", "stock": {"a": 1, "b": 2}, "who": {"name": "x", "age": 4},
    "rows": [{"k": "p", "n": 1, "tags": ["s", "t"]}, {"k": "q", "n": 2, "tags": []}],
}
CHANGES = {
    "nothing": {},
    "amount by a little": {"amount": 10.75},
    "amount by much": {"amount": 20.5},
    "note null": {"note": None},
    "state": {"state": "SHUT"},
    "another key": {"stock": {"a": 1, "c": 2}},
    "a stock and a name": {"stock": {"a": 9, "b": 2}, "who": {"name": "y", "age": 4}},
    "rows turned": {"rows": FIRST["rows"][::-1]},
    "rows turned and n": {"rows": [{**row, "n": 8} for row in FIRST["rows"][::-1]]},
    "tags turned": {"rows": [{**FIRST["rows"][0], "tags": ["t", "s"]}, FIRST["rows"][1]]},
    "a row less": {"rows": FIRST["rows"][:1]},
}
RULES = {
    "no rule": [],
    "ignore": ["--ignore", "rows[*].n", "--ignore", "stock{*}", "--ignore", "note"],
    "only": ["--only", "rows[*].k", "--only", "amount"],
    "tolerance": ["--tolerance", "amount=0.25"],
    "unordered": ["--unordered", "rows", "--unordered", "rows[*].tags"],
    "map": ["--map", "state=SHUT:OPEN", "--map", "stock{*}=9:1", "--map", "who.name=y:x"],
    "all": ["--ignore", "rows[*].n", "--tolerance", "amount=2.5%", "--unordered", "rows", "--unordered",
            "rows[*].tags", "--map", "state=SHUT:OPEN", "--map", "who.name=y:x"],
}


def whole_records(out):
    """One pair of records, written in four ways, under the same rules."""
    ways = {
        "avro": (as_avro, as_avro, None),
        "json": (as_json, as_json, None),
        "json under a contract": (as_json, as_json, WHOLE),
        "avro against json": (as_avro, as_json, WHOLE),
    }
    for (change, changed), (rule, flags), (way, sides) in product(CHANGES.items(), RULES.items(), ways.items()):
        baseline, canary, contract = sides
        both = baseline(FIRST), canary({**FIRST, **changed})
        out.add("%s, %s, %s" % (change, rule, way), *both, None, flags, contract)


def as_avro(values):
    return avro(WHOLE, **values)


def as_json(values):
    return line(json.dumps({"id": "1", **values}))
