"""Cases by hand: tolerances, ignore, only, map, conditions, several rules at once.

Expectations were reasoned out from docs/comparison.md and docs/canonical-form.md
(section 3, *Rules*, and section 5), not taken from any program.
"""

import math

from build import (At, Cases, array, avro, decimal, enum, logical, mapping, nested, nullable, record)

NAN = math.nan


def near(text, path="f"):
    return ["--tolerance", path + "=" + text]


def cases():
    out = Cases("rules")
    absolute(out)
    relative(out)
    in_time(out)
    ignoring(out)
    only(out)
    mapping_words(out)
    conditions(out)
    conditions_of_types(out)
    together(out)
    return out.all


def absolute(out):
    one = out.one
    one("at the edge of a tolerance", ("double", 1.0), ("double", 1.25), None, near("0.25"))
    one("beyond the edge", ("double", 1.0), ("double", 1.26), "value", near("0.25"))
    one("a tenth and a hundredth are decimals", ("double", 0.1), ("double", 0.11), None, near("0.01"))
    one("0.1 + 0.2 is seventeen digits", ("double", 0.3), ("double", 0.1 + 0.2), None, near("0.00000000000000004"))
    one("0.1 + 0.2, a digit less", ("double", 0.3), ("double", 0.1 + 0.2), "value", near("0.00000000000000003"))
    one("float by its shortest text", ("float", 0.1), ("float", 0.2), None, near("0.1"))
    one("float into double is not 0.1 then", ("double", 0.1), ("float", 0.1), "value", near("0.000000001"))
    one("float into double within", ("double", 0.1), ("float", 0.1), None, near("0.00000001"))
    one("int at the edge", ("int", 5), ("int", 7), None, near("2"))
    one("int beyond the edge", ("int", 5), ("int", 8), "value", near("2"))
    one("ints at both ends", ("int", -(2**31)), ("int", 2**31 - 1), None, near("4294967295"))
    one("long beyond 2^53, exact", ("long", 2**53), ("long", 2**53 + 1), "value", near("0.5"))
    one("the canary's int in a long", ("long", 5), ("int", 7), None, near("2"))
    one("decimal at the edge", (decimal(9, 2), 500), (decimal(9, 2), 501), None, near("0.01"))
    one("decimal beyond the edge", (decimal(9, 2), 500), (decimal(9, 2), 502), "value", near("0.01"))
    one("decimal of another scale", (decimal(9, 3), 5000), (decimal(9, 2), 501), None, near("0.01"))
    one("minus zero is near zero", ("double", 0.0), ("double", -0.0), None, near("0.1"))
    one("NaN equals NaN", ("double", NAN), ("double", NAN), None, near("0.1"))
    one("NaN against a number", ("double", NAN), ("double", 1.0), "value", near("1000"))
    one("a number against NaN", ("float", 1.0), ("float", NAN), "value", near("1000"))
    one("two infinities", ("double", math.inf), ("double", -math.inf), "value", near("1000"))
    one("infinity equals infinity", ("double", math.inf), ("double", math.inf), None, near("1"))
    one("null is not covered", (nullable("int"), 0), (nullable("int"), None), "null", near("5"))
    one("null equals null", (nullable("int"), None), (nullable("int"), None), None, near("5"))
    one("in a nullable", (nullable("int"), 0), (nullable("int"), 5), None, near("5"))
    one("the type is not covered", ("int", 5), ("double", 5.0), "type", near("1"))
    one("another branch is not covered", (["int", "double", "null"], At(0, 5)), (["int", "double", "null"], At(1, 5.0)),
        "type", near("1"))
    base = avro(record(f="int"), f=1)
    out.add("absent is not covered", base, avro(record()), [("f", "absent")], near("5"))
    sides = [avro(record(g=nested("G", f="int")), g={"f": v}) for v in (1, 3)]
    out.add("in a nested record", *sides, [], near("2", "g.f"))
    out.add("in a nested record, beyond", *sides, [("g.f", "value")], near("1", "g.f"))


def relative(out):
    one = out.one
    one("a percent at the edge", ("double", 100.0), ("double", 101.0), None, near("1%"))
    one("a percent below", ("double", 100.0), ("double", 99.0), None, near("1%"))
    one("a percent, beyond", ("double", 100.0), ("double", 101.01), "value", near("1%"))
    one("a percent of the baseline, not of the canary", ("double", 99.0), ("double", 100.0), "value", near("1%"))
    one("a percent of the greater baseline", ("double", 101.0), ("double", 100.0), None, near("1%"))
    one("a percent of a negative baseline", ("double", -100.0), ("double", -101.0), None, near("1%"))
    one("a percent of a negative baseline, beyond", ("int", -100), ("int", -102), "value", near("1%"))
    one("a percent of zero is zero", ("int", 0), ("int", 1), "value", near("1%"))
    one("zero equals zero", ("double", 0.0), ("double", -0.0), None, near("1%"))
    one("a percent of a decimal", (decimal(9, 2), 10000), (decimal(9, 2), 10100), None, near("1%"))
    one("a percent of a decimal, a cent beyond", (decimal(9, 2), 10000), (decimal(9, 2), 10101), "value", near("1%"))
    one("half a percent", ("long", 1000), ("long", 1005), None, near("0.5%"))
    one("a percent and null", (nullable("int"), None), (nullable("int"), 0), "null", near("1%"))
    one("a percent and the sign", ("double", 1.0), ("double", -1.0), "value", near("100%"))
    one("two hundred percent and the sign", ("double", 1.0), ("double", -1.0), None, near("200%"))


def in_time(out):
    one = out.one
    millis, micros = logical("long", "timestamp-millis"), logical("long", "timestamp-micros")
    one("5 ms at the edge", (millis, 1000), (millis, 1005), None, near("5ms"))
    one("5 ms, beyond", (millis, 1000), (millis, 1006), "value", near("5ms"))
    one("5 ms back", (millis, 1000), (millis, 995), None, near("5ms"))
    one("5 ms in micros", (micros, 1000000), (micros, 1005000), None, near("5ms"))
    one("5 ms in micros, a micro beyond", (micros, 1000000), (micros, 1005001), "value", near("5ms"))
    one("a second", (millis, 1000), (millis, 2000), None, near("1s"))
    one("a second between units", (millis, 1000), (micros, 2000000), None, near("1s"))
    one("a second, beyond", (millis, 1000), (millis, 2001), "value", near("1s"))
    one("a day of dates", (logical("int", "date"), 1), (logical("int", "date"), 2), None, near("24h"))
    one("a time of day", (logical("int", "time-millis"), 1000), (logical("int", "time-millis"), 1006), "value", near("5ms"))
    one("a nullable time", (nullable(millis), 1000), (nullable(millis), 1005), None, near("5ms"))
    one("a time against null", (nullable(millis), 1000), (nullable(millis), None), "null", near("5ms"))


def ignoring(out):
    one = out.one
    item = nested("Item", k="string", n="int")
    rows = array(item)
    one("ignored", ("int", 1), ("int", 2), None, ["--ignore", "f"])
    one("ignored null", (nullable("int"), 1), (nullable("int"), None), None, ["--ignore", "f"])
    one("ignored type", ("int", 1), ("string", "x"), None, ["--ignore", "f"])
    two = record(f="int", g="int")
    out.add("another than the ignored", avro(two, f=1, g=1), avro(two, f=2, g=2), [("g", "value")], ["--ignore", "f"])
    one("in items", (rows, [{"k": "a", "n": 1}]), (rows, [{"k": "a", "n": 2}]), None, ["--ignore", "f[*].n"])
    one("in items, another", (rows, [{"k": "a", "n": 1}]), (rows, [{"k": "b", "n": 2}]), "value",
        ["--ignore", "f[*].n"], path="f[*].k")
    one("the count of ignored items", (array("int"), [1]), (array("int"), [1, 2]), "length", ["--ignore", "f[*]"])
    one("ignored items", (array("int"), [1, 2]), (array("int"), [3, 4]), None, ["--ignore", "f[*]"])
    one("ignored values of a map", (mapping("int"), {"a": 1}), (mapping("int"), {"a": 2}), None, ["--ignore", "f{*}"])
    one("the keys of ignored values", (mapping("int"), {"a": 1}), (mapping("int"), {"b": 1}), "length", ["--ignore", "f{*}"])
    one("below a map", (mapping(item), {"x": {"k": "a", "n": 1}}), (mapping(item), {"x": {"k": "a", "n": 2}}), None,
        ["--ignore", "f{*}.n"])
    one("below a union", (nullable(item), {"k": "a", "n": 1}), (nullable(item), {"k": "a", "n": 2}), None,
        ["--ignore", "f.n"])
    one("the order of what is left", (rows, [{"k": "a", "n": 1}, {"k": "b", "n": 2}]),
        (rows, [{"k": "b", "n": 8}, {"k": "a", "n": 9}]), "order", ["--ignore", "f[*].n"])
    one("a whole record", (item, {"k": "a", "n": 1}), (item, {"k": "b", "n": 2}), None, ["--ignore", "f"])


def only(out):
    inner = nested("In", x="int", y="int")
    kinds = record(a="int", f=inner, r=array("In"))
    one = {"a": 1, "f": {"x": 1, "y": 1}, "r": [{"x": 1, "y": 1}]}
    two = {"a": 2, "f": {"x": 1, "y": 2}, "r": [{"x": 1, "y": 2}]}

    def add(name, fields, *flags):
        out.add("only " + name, avro(kinds, **one), avro(kinds, **two), fields, flags)

    add("one field", [("a", "value")], "--only", "a")
    add("the identity", [], "--only", "id")
    add("below a record", [], "--only", "f.x")
    add("below a record, what differs", [("f.y", "value")], "--only", "f.y")
    add("in items", [], "--only", "r[*].x")
    add("in items, what differs", [("r[*].y", "value")], "--only", "r[*].y")
    add("a whole record", [("f.y", "value")], "--only", "f")
    add("two paths", [("a", "value"), ("f.y", "value")], "--only", "a", "--only", "f.y")
    add("a record but for a part", [], "--only", "f", "--ignore", "f.y")
    add("a whole array", [("r[*].y", "value")], "--only", "r")
    longer = {**one, "r": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]}
    out.add("only in items, the count still counts", avro(kinds, **one), avro(kinds, **longer), [("r", "length")],
            ["--only", "r[*].x"])
    out.add("only, and what is absent elsewhere", avro(kinds, **one), avro(record(a="int"), a=1), [], ["--only", "a"])


def mapping_words(out):
    one = out.one
    country = enum("Country", "US", "USA", "GBR")
    us = ["--map", "f=US:USA"]
    one("mapped text", ("string", "USA"), ("string", "US"), None, us)
    one("mapped on both sides", ("string", "US"), ("string", "US"), None, us)
    one("mapped in the baseline", ("string", "US"), ("string", "USA"), None, us)
    one("a word that is not mapped", ("string", "USA"), ("string", "us"), "value", us)
    one("mapped symbol", (country, "USA"), (country, "US"), None, us)
    renamed = enum("Country", "US", "UK")
    contract = enum("Country", "USA", "GBR")
    one("the writer's symbol is mapped before it is looked for", (contract, "USA"), (renamed, "US"), None, us)
    one("a symbol that is not mapped", (contract, "GBR"), (renamed, "UK"), "value", us)
    one("two pairs", (contract, "GBR"), (renamed, "UK"), None, us + ["--map", "f=UK:GBR"])
    one("mapped to a symbol outside the contract", (country, "US"), (enum("Country", "X"), "X"), None,
        ["--map", "f=US:X"])
    one("mapped int", ("int", 2), ("int", 1), None, ["--map", "f=1:2"])
    one("mapped int, another", ("int", 3), ("int", 1), "value", ["--map", "f=1:2"])
    one("mapped long from an int", ("long", 2), ("int", 1), None, ["--map", "f=1:2"])
    one("mapped to a negative number", ("long", -1), ("long", 0), None, ["--map", "f=0:-1"])
    one("mapped boolean", ("boolean", True), ("boolean", False), None, ["--map", "f=false:true"])
    one("mapped in a nullable", (nullable("string"), "USA"), (nullable("string"), "US"), None, us)
    one("null is not mapped", (nullable("string"), "USA"), (nullable("string"), None), "null", us)
    one("mapped items", (array("string"), ["USA", "x"]), (array("string"), ["US", "x"]), None, ["--map", "f[*]=US:USA"])
    one("mapped values of a map", (mapping("string"), {"a": "USA"}), (mapping("string"), {"a": "US"}), None,
        ["--map", "f{*}=US:USA"])


def conditions(out):
    kinds = record(kind="string", v="int", note="int", n="double")
    one = {"kind": "batch", "v": 2, "note": 1, "n": 1.0}

    def add(name, changes, fields, *flags, both=(), **more):
        base = {**one, **dict(both)}
        out.add("when " + name, avro(kinds, **base), avro(kinds, **{**base, **changes}), fields, flags, **more)

    batch = "note when field:kind=batch"
    add("both records meet it", {"note": 2}, [], "--ignore", batch)
    add("none meets it", {"note": 2}, [("note", "value")], "--ignore", batch, both={"kind": "live"})
    add("another field is not ignored", {"n": 2.0}, [("n", "value")], "--ignore", batch)
    add("one record meets it, else equal", {"kind": "live"}, [("kind", "value")], "--ignore", batch)
    add("a whole number", {"note": 2}, [], "--ignore", "note when field:v=2")
    add("a whole number, another", {"note": 2}, [("note", "value")], "--ignore", "note when field:v=3")
    add("a tolerance, both", {"n": 1.5}, [], "--tolerance", "n=0.5 when field:kind=batch")
    add("a tolerance, none", {"n": 1.5}, [("n", "value")], "--tolerance", "n=0.5 when field:kind=live")
    add("a map, both", {"note": 2}, [], "--map", "note=1:2 when field:kind=batch")
    add("a map, none", {"note": 2}, [("note", "value")], "--map", "note=1:2 when field:kind=live")
    add("a map of one record only", {"kind": "live", "note": 2}, [("kind", "value")],
        "--map", "note=1:2 when field:kind=batch")
    add("one record meets it, and the note differs", {"kind": "live", "note": 2}, [("kind", "value")],
        "--ignore", batch, guess=True)
    add("two rules with one condition", {"note": 2, "n": 5.0}, [], "--ignore", batch, "--ignore",
        "n when field:kind=batch")
    add("one of two conditions at a path", {"note": 2}, [], "--ignore", batch, "--ignore", "note when field:v=9")
    add("the path of the condition mapped: as it was written", {"kind": "b", "note": 2}, [("kind", "value")],
        "--ignore", batch, "--map", "kind=b:batch", guess=True)


def conditions_of_types(out):
    """What a condition may look at: one value on both sides, and `f` that differs."""
    state = enum("State", "A", "B")

    def add(name, kind, value, word, met, contract_kind=None):
        sides = [avro(record(c=kind, f="int"), c=value, f=f) for f in (1, 2)]
        contract = record(c=contract_kind, f="int") if contract_kind else None
        out.add("when it is " + name, *sides, [] if met else [("f", "value")],
                ["--ignore", "f when field:c=" + word], contract)

    add("a symbol", state, "B", "B", True)
    add("another symbol", state, "A", "B", False)
    add("a symbol outside the contract", enum("State", "A", "B", "C"), "C", "C", False, state)
    add("true", "boolean", True, "true", True)
    add("false", "boolean", False, "false", True)
    add("true for false", "boolean", False, "true", False)
    add("a long", "long", -5, "-5", True)
    add("a nullable text", nullable("string"), "x", "x", True)
    add("null", nullable("string"), None, "null", False)
    add("the empty text", "string", "", "x", False)
    add("text of a number", "string", "5", "5", True)
    add("an int of the contract, written as a long", "long", 5, "5", True, "int")
    inner = nested("In", k="string")
    sides = [avro(record(c=inner, f="int"), c={"k": "x"}, f=f) for f in (1, 2)]
    out.add("when a part of a record is it", *sides, [], ["--ignore", "f when field:c.k=x"])


def together(out):
    item = nested("Item", k="string", n="int", tags=array("string"))
    kinds = record(amount=decimal(9, 2), at=logical("long", "timestamp-millis"), rows=array(item), country="string")

    def values(amount, at, country, *rows):
        out_rows = [{"k": k, "n": n, "tags": list(t)} for k, n, t in rows]
        return avro(kinds, amount=amount, at=at, country=country, rows=out_rows)

    flags = ["--tolerance", "amount=0.01", "--ignore", "at", "--unordered", "rows", "--unordered", "rows[*].tags",
             "--ignore", "rows[*].n", "--map", "country=US:USA"]
    base = values(500, 1, "US", ("a", 1, "xy"), ("b", 2, ""))
    out.add("six rules, equal", base, values(501, 9, "USA", ("b", 7, ""), ("a", 8, "yx")), [], flags)
    out.add("six rules, the amount", base, values(502, 9, "USA", ("b", 7, ""), ("a", 8, "yx")), [("amount", "value")], flags)
    out.add("six rules, all else", base, values(500, 9, "UK", ("b", 7, "x"), ("a", 8, "yx")),
            [("country", "value"), ("rows[*]", "value")], flags)
    two = ["--tolerance", "amount=0.01", "--tolerance", "at=5ms"]
    rows = ("a", 1, "xy")
    out.add("two tolerances, one beyond", values(500, 1, "US", rows), values(501, 7, "US", rows), [("at", "value")], two)
    out.add("two tolerances, both beyond", values(500, 1, "US", rows), values(502, 7, "US", rows),
            [("amount", "value"), ("at", "value")], two)
    only = ["--only", "rows[*].k", "--unordered", "rows"]
    out.add("only and unordered", base, values(1, 2, "X", ("b", 7, "q"), ("a", 8, "z")), [], only)
    renamed = record(total=decimal(9, 2), at=logical("long", "timestamp-millis"), rows=array(item), country="string")
    side = avro(renamed, total=501, at=1, rows=[], country="US")
    out.add("renamed and within a tolerance", values(500, 1, "US"), side, [],
            ["--rename", "total=amount", "--tolerance", "amount=0.01"])
