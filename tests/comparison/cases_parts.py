"""Cases by hand: arrays, maps, multisets, and odd encodings of them.

Expectations were reasoned out from docs/canonical-form.md (sections 2 and 3) and the
page on the surface, not taken from any program.
"""

from build import Cases, F, Raw, array, avro, enum, mapping, nested, nullable, record

INTS, TEXTS = array("int"), array("string")
ITEM = nested("Item", k="string", n="int")


def items(*pairs):
    return [{"k": k, "n": n} for k, n in pairs]


def cases():
    out = Cases("parts")
    arrays(out)
    multisets(out)
    maps(out)
    encodings(out)
    fields_in_items(out)
    return out.all


def arrays(out):
    one = out.one
    one("equal", (INTS, [1, 2]), (INTS, [1, 2]))
    one("both empty", (INTS, []), (INTS, []))
    one("longer", (INTS, [1, 2]), (INTS, [1, 2, 3]), "length")
    one("empty against one", (INTS, []), (INTS, [1]), "length")
    one("another order", (INTS, [1, 2, 3]), (INTS, [3, 1, 2]), "order")
    one("one item differs", (INTS, [1, 2]), (INTS, [1, 3]), "value", path="f[*]")
    one("the same items not equally often", (INTS, [1, 1, 2]), (INTS, [1, 2, 2]), "value", path="f[*]")
    one("an equal item twice, in order", (INTS, [1, 1]), (INTS, [1, 1]))
    one("items converted", (array("long"), [1, 2]), (INTS, [1, 2]))
    one("items converted, another order", (array("long"), [1, 2]), (INTS, [2, 1]), "order")
    one("one item not held", (INTS, [1]), (array("long"), [2**40]), "type", path="f[*]")
    of_null = array(nullable("int"))
    one("null in an item", (of_null, [1, None]), (of_null, [1, 2]), "null", path="f[*]")
    one("nulls in another order", (of_null, [1, None]), (of_null, [None, 1]), "order")
    sides = [avro(record(f=of_null), f=v) for v in ([1, None, 3], [1, 2, 4])]
    out.add("two kinds at one path", *sides, [("f[*]", "null"), ("f[*]", "value")])
    rows = array(ITEM)
    one("records differ below", (rows, items(("a", 1))), (rows, items(("a", 2))), "value", path="f[*].n")
    one("records in another order", (rows, items(("a", 1), ("b", 2))), (rows, items(("b", 2), ("a", 1))), "order")
    moved = items(("a", 1), ("b", 2)), items(("b", 2), ("a", 3))
    sides = [avro(record(f=rows), f=v) for v in moved]
    out.add("moved and changed is by index", *sides, [("f[*].k", "value"), ("f[*].n", "value")])
    grid = array(INTS)
    one("order in an inner array", (grid, [[1, 2], [3]]), (grid, [[2, 1], [3]]), "order", path="f[*]")
    one("order of the outer array", (grid, [[1, 2], [3]]), (grid, [[3], [1, 2]]), "order")
    one("length of an inner array", (grid, [[1, 2]]), (grid, [[1]]), "length", path="f[*]")
    one("an item two deep", (grid, [[1, 2]]), (grid, [[1, 4]]), "value", path="f[*][*]")
    one("null array", (nullable(INTS), []), (nullable(INTS), None), "null")


def multisets(out):
    one = out.one
    loose = ["--unordered", "f"]
    one("another order does not count", (INTS, [1, 2, 3]), (INTS, [3, 1, 2]), None, loose)
    one("not equally often", (INTS, [1, 1, 2]), (INTS, [1, 2, 2]), "value", loose, path="f[*]")
    one("the counts differ", (INTS, [1, 1]), (INTS, [1]), "length", loose)
    one("one differs", (INTS, [1, 2]), (INTS, [2, 5]), "value", loose, path="f[*]")
    rows = array(ITEM)
    one("records", (rows, items(("a", 1), ("b", 2))), (rows, items(("b", 2), ("a", 1))), None, loose)
    one("records that differ", (rows, items(("a", 1))), (rows, items(("a", 2))), "value", loose, path="f[*]")
    off = loose + ["--ignore", "f[*].n"]
    one("what is ignored does not tell items apart", (rows, items(("a", 1), ("b", 2))),
        (rows, items(("b", 8), ("a", 9))), None, off)
    grid, inner = array(INTS), ["--unordered", "f[*]"]
    one("the inner arrays only", (grid, [[1, 2], [3]]), (grid, [[2, 1], [3]]), None, inner)
    one("the inner arrays only, outer moved", (grid, [[1, 2], [3]]), (grid, [[3], [2, 1]]), "order", inner)
    one("both", (grid, [[1, 2], [3]]), (grid, [[3], [2, 1]]), None, loose + inner)
    one("the outer array only", (grid, [[1, 2], [3]]), (grid, [[3], [2, 1]]), "value", loose, path="f[*]")
    tagged = array(nested("T", tags=TEXTS))
    apart = [{"tags": ["a", "b"]}, {"tags": []}], [{"tags": []}, {"tags": ["b", "a"]}]
    both = loose + ["--unordered", "f[*].tags"]
    one("in items too", (tagged, apart[0]), (tagged, apart[1]), None, both)
    one("in a map", (mapping(INTS), {"a": [1, 2]}), (mapping(INTS), {"a": [2, 1]}), None, ["--unordered", "f{*}"])
    one("in a nullable", (nullable(INTS), [1, 2]), (nullable(INTS), [2, 1]), None, loose)
    one("without the rule in a map", (mapping(INTS), {"a": [1, 2]}), (mapping(INTS), {"a": [2, 1]}),
        "order", path="f{*}")
    one("mapped items meet", (TEXTS, ["a", "x"]), (TEXTS, ["y", "a"]), None, loose + ["--map", "f[*]=x:y"])


def maps(out):
    one, ints = out.one, mapping("int")
    one("maps equal", (ints, {"a": 1}), (ints, {"a": 1}))
    one("map of another order of entries", (ints, {"a": 1, "b": 2}), (ints, {"b": 2, "a": 1}))
    one("one value differs", (ints, {"a": 1, "b": 2}), (ints, {"a": 1, "b": 3}), "value", path="f{*}")
    one("one key more", (ints, {"a": 1}), (ints, {"a": 1, "b": 2}), "length")
    one("another key", (ints, {"a": 1}), (ints, {"b": 1}), "length")
    one("keys of another case", (ints, {"a": 1}), (ints, {"A": 1}), "length")
    one("the empty key is a key", (ints, {"": 1}), (ints, {}), "length")
    sides = [avro(record(f=ints), f=v) for v in ({"a": 1, "b": 2}, {"a": 9, "c": 2})]
    out.add("other keys, and a common value", *sides, [("f", "length"), ("f{*}", "value")])
    of_null = mapping(nullable("int"))
    one("null is not a missing key", (of_null, {"a": None}), (of_null, {}), "length")
    one("null value", (of_null, {"a": None}), (of_null, {"a": 1}), "null", path="f{*}")
    rows = mapping(ITEM)
    one("records in a map", (rows, {"x": {"k": "a", "n": 1}}), (rows, {"x": {"k": "a", "n": 2}}),
        "value", path="f{*}.n")
    lists = mapping(INTS)
    one("arrays in a map", (lists, {"a": [1]}), (lists, {"a": [1, 2]}), "length", path="f{*}")
    one("values converted", (mapping("double"), {"a": 1.0}), (ints, {"a": 1}))


def encodings(out):
    one = out.one
    one("two blocks", (INTS, [1, 2]), (INTS, Raw("0202" + "0204" + "00")))
    one("a negative count with its size", (INTS, [1, 2]), (INTS, Raw("0304" + "0204" + "00")))
    one("both kinds of blocks", (INTS, [1, 2, 3]), (INTS, Raw("0102" + "02" + "04" + "0406" + "00")))
    one("a varint that is longer than needed", ("int", 1), ("int", Raw("8280808000")))
    one("a long of ten bytes", ("long", 1), ("long", Raw("82808080808080808000")))
    one("a length that is longer than needed", ("string", "a"), ("string", Raw("828000" + "61")))
    one("a branch's index that is longer than needed", (nullable("int"), 1), (nullable("int"), Raw("8200" + "02")))
    one("a symbol's index that is longer than needed", (enum("E", "A", "B"), "B"), (enum("E", "A", "B"), Raw("8200")))
    ints = mapping("int")
    one("a map in two blocks", (ints, {"a": 1, "b": 2}), (ints, Raw("02026204" + "02026102" + "00")))
    one("a map with a size", (ints, {"a": 1}), (ints, Raw("0106" + "026102" + "00")))
    one("two blocks of another order", (INTS, [1, 2]), (INTS, Raw("0204" + "0202" + "00")), "order")
    nothing = array("null")
    one("items without bytes in two blocks", (nothing, [None, None]), (nothing, Raw("0202" + "00")))
    one("items without bytes, one more", (nothing, [None, None]), (nothing, [None] * 3), "length")


def fields_in_items(out):
    short = nested("Item", k="string")
    with_default = nested("Item", k="string", n=F("int", default=0))
    values = [{"k": "a"}]
    base = avro(record(f=array(ITEM)), f=items(("a", 0)))
    lacking = avro(record(f=array(short)), f=values)
    out.add("a field lacks in items", base, lacking, [("f[*].n", "absent")])
    out.add("no items, nothing lacks", avro(record(f=array(ITEM)), f=[]), avro(record(f=array(short)), f=[]), [])
    base = avro(record(f=array(with_default)), f=items(("a", 0)))
    out.add("a default in items", base, lacking, [], ["--absent-equals-default"])
    out.add("a default in items without the rule", base, lacking, [("f[*].n", "absent")])
    base = avro(record(f=mapping(ITEM)), f={"x": {"k": "a", "n": 0}})
    lacking = avro(record(f=mapping(short)), f={"x": {"k": "a"}})
    out.add("a field lacks in a map", base, lacking, [("f{*}.n", "absent")])
    both = avro(record(f=array(short)), f=values)
    out.add("a field lacks in items on both sides", both, both, [], contract=record(f=array(ITEM)))
    base = avro(record(f=nullable(ITEM)), f={"k": "a", "n": 1})
    lacking = avro(record(f=nullable(short)), f={"k": "a"})
    out.add("a field lacks below a union", base, lacking, [("f.n", "absent")])
    base = avro(record(f=nullable(ITEM)), f=None)
    lacking = avro(record(f=nullable(short)), f=None)
    out.add("null on both sides lacks nothing", base, lacking, [])
