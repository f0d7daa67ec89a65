"""Cases by hand: JSON documents as they stand, under a contract, and against Avro.

Expectations were reasoned out from docs/canonical-form.md (section 9) and
docs/comparison.md, not taken from any program.
"""

from build import (At, Cases, F, array, avro, decimal, doc, enum, fixed, line, logical, mapping, nested,
                   nullable, record)


def cases():
    out = Cases("json")
    numbers(out)
    documents(out)
    document_rules(out)
    contract(out)
    contract_fields(out)
    mixed(out)
    return out.all


def numbers(out):
    json = out.json
    json("1 and 1.0", "1", "1.0")
    json("1 and 1e0", "1", "1e0")
    json("100 and 1E+2", "100", "1E+2")
    json("0.001 and 1e-3", "0.001", "1e-3")
    json("0 and -0", "0", "-0")
    json("0 and 0e99", "0", "0e99")
    json("exact beyond 2^53", "9007199254740993", "9007199254740992", "value")
    json("exact in the twentieth digit", "0.10000000000000000001", "0.1", "value")
    json("exact beyond a double", "1e400", "1e401", "value")
    json("the same beyond a double", "1e400", "10e399")
    json("the sign", "5", "-5", "value")


def documents(out):
    json = out.json
    json("null", "null", "null")
    json("null against false", "null", "false", "null")
    json("true against false", "true", "false", "value")
    json("true against 1", "true", "1", "type")
    json("1 against text", "1", '"1"', "type")
    json("null against text", "null", '"null"', "null")
    json("a list against an object", "[]", "{}", "type")
    json("an object against text", "{}", '""', "type")
    json("escapes", '"a/\\u00e9"', '"\\u0061\\/\u00e9"')
    json("an escaped pair of surrogates", '"\\ud83d\\ude00"', '"\U0001F600"')
    json("text differs", '"a"', '"A"', "value")
    out.add("the order of members", line('{"id":"1","a":1,"b":2}'), line('{"b":2,"id":"1","a":1}'), [])
    out.add("white space", line('{"id":"1","a":[1,2]}'), line(' { "id" : "1",\t"a": [ 1 , 2 ] } '), [])
    out.add("escapes in a name", line('{"id":"1","a":1}'), line('{"id":"1","\\u0061":1}'), [])
    out.add("a member more", doc('"a":1'), doc('"a":1,"b":2'), [("b", "absent")])
    out.add("a member less", doc('"a":1,"b":2'), doc('"a":1'), [("b", "absent")])
    out.add("null is not absent", doc('"b":null'), doc(""), [("b", "absent")])
    out.add("a member of another name", doc('"a":1'), doc('"A":1'), [("A", "absent"), ("a", "absent")])
    json("a member of a member", '{"x":{"y":1}}', '{"x":{"y":2}}', "value", path="f.x.y")
    json("a member less, below", '{"x":1,"y":2}', '{"x":1}', "absent", path="f.y")
    json("an empty object", '{"x":1}', "{}", "absent", path="f.x")
    json("a longer list", "[1]", "[1,2]", "length")
    json("another order", "[1,2]", "[2,1]", "order")
    json("an item differs", "[1,2]", "[1,3]", "value", path="f[*]")
    json("the type of an item", "[1,2]", '[1,"2"]', "type", path="f[*]")
    json("items equal as numbers", "[1,2]", "[1.0,2e0]")
    json("objects in another order", '[{"k":1},{"k":2}]', '[{"k":2},{"k":1}]', "order")
    out.add("kinds at one path", doc('"f":[1,null,"a"]'), doc('"f":[2,3,4]'),
            [("f[*]", "null"), ("f[*]", "type"), ("f[*]", "value")])
    json("a member less in an item", '[{"k":1,"n":1}]', '[{"k":1}]', "absent", path="f[*].n")
    out.add("a name with a dot", doc('"a.b":1'), doc('"a.b":2'), [("a\\.b", "value")])
    out.add("a name with brackets", doc('"a[*]":1'), doc('"a[*]":2'), [("a\\[*\\]", "value")])


def document_rules(out):
    json = out.json
    json("ignored", "1", '"x"', None, ["--ignore", "f"])
    out.add("ignored and absent", doc('"f":1'), doc(""), [], ["--ignore", "f"])
    out.add("ignored by an escaped path", doc('"a.b":1'), doc('"a.b":2'), [], ["--ignore", "a\\.b"])
    json("ignored in items", '[{"k":1,"n":1}]', '[{"k":1}]', None, ["--ignore", "f[*].n"])
    json("the count of ignored items", "[1]", "[2,3]", "length", ["--ignore", "f[*]"])
    json("every member of an object", '{"a":1}', '{"b":2}', None, ["--ignore", "f{*}"])
    json("a member of every member", '{"a":{"n":1}}', '{"a":{"n":2}}', None, ["--ignore", "f{*}.n"])
    json("only", '{"a":1,"b":1}', '{"a":1,"b":2}', None, ["--only", "f.a"])
    out.add("only the identity", doc('"f":1'), doc('"g":1'), [], ["--only", "id"])
    json("tolerance at the edge", "0.1", "0.11", None, ["--tolerance", "f=0.01"])
    json("tolerance, beyond", "0.1", "0.111", "value", ["--tolerance", "f=0.01"])
    json("tolerance beyond 2^53", "9007199254740993", "9007199254740992", "value", ["--tolerance", "f=0.5"])
    json("tolerance and text", "1", '"1"', "type", ["--tolerance", "f=5"])
    json("tolerance and null", "1", "null", "null", ["--tolerance", "f=5"])
    json("a percent", "-200", "-202", None, ["--tolerance", "f=1%"])
    json("unordered", "[1,2]", "[2,1.0]", None, ["--unordered", "f"])
    json("unordered, below", '[{"t":[1,2]}]', '[{"t":[2,1]}]', None, ["--unordered", "f[*].t"])
    json("unordered, not equally often", "[1,1,2]", "[1,2,2]", "value", ["--unordered", "f"], path="f[*]")
    json("unordered, more", "[1,1]", "[1]", "length", ["--unordered", "f"])
    json("mapped text", '"US"', '"USA"', None, ["--map", "f=US:USA"])
    json("mapped number", "1.0", "2", None, ["--map", "f=1:2"])
    json("mapped to zero", "0", "1", None, ["--map", "f=1:0"])
    json("mapped word", "true", "false", None, ["--map", "f=true:false"])
    json("a mapped number is no text", '"2"', "1", "type", ["--map", "f=1:2"])
    out.add("renamed", doc('"customer":1'), doc('"cust":1'), [], ["--rename", "cust=customer"])
    out.add("renamed below", doc('"f":{"name":1}'), doc('"f":{"nm":2}'), [("f.name", "value")], ["--rename", "nm=name"])
    out.add("renamed by its path", doc('"f":{"name":1},"nm":3'), doc('"f":{"nm":1},"nm":3'), [],
            ["--rename", "f.nm=f.name"])
    out.add("two members of one name then", doc('"customer":1'), doc('"customer":1,"cust":1'),
            flags=["--rename", "cust=customer"], reason="duplicate_key")
    out.add("when both meet it", doc('"kind":"b","f":1'), doc('"kind":"b","f":2'), [], ["--ignore", "f when field:kind=b"])
    out.add("when none meets it", doc('"kind":"c","f":1'), doc('"kind":"c","f":2'), [("f", "value")],
            ["--ignore", "f when field:kind=b"])
    for name, text, word, fields in (
        ("a number", "5.0", "5", []), ("another number", "6", "5", [("f", "value")]), ("true", "true", "true", []),
        ("null", "null", "null", [("f", "value")]), ("text of a number", '"5"', "5", []),
    ):
        sides = [doc('"c":%s,"f":%d' % (text, f)) for f in (1, 2)]
        out.add("when it is " + name, *sides, fields, ["--ignore", "f when field:c=" + word])


def contract(out):
    def json(name, kind_of_f, base, canary, kind=None, flags=(), **more):
        out.json("contract, " + name, base, canary, kind, flags, contract=kind_of_f, **more)

    json("int", "int", "5", "5.0")
    json("int against a half", "int", "5", "5.5", "type")
    json("int that does not fit", "int", "5", "3000000000", "type")
    json("int against text", "int", "5", '"5"', "type")
    json("long beyond 2^53", "long", "9007199254740993", "9007199254740992", "value")
    json("long at its upper end", "long", "9223372036854775807", "9223372036854775807.0")
    json("long beyond its upper end", "long", "9223372036854775807", "9223372036854775808", "type")
    json("long at its lower end", "long", "-9223372036854775808", "-9223372036854775808e0")
    json("int against a whole number with an exponent", "int", "1000", "1e3")
    json("double", "double", "0.1", "1e-1")
    json("double, the shortest text", "double", "0.1", "0.10000000000000001", "type")
    json("double beyond 2^53", "double", "9007199254740992", "9007199254740993", "type")
    json("double out of range", "double", "1", "1e400", "type")
    json("double minus zero", "double", "0", "-0", "value")
    json("int minus zero", "int", "0", "-0")
    json("float", "float", "0.1", "1e-1")
    json("float against the double of it", "float", "0.1", "0.10000000149011612", "type")
    json("decimal", decimal(9, 2), "5.00", "5")
    json("decimal of a finer scale", decimal(9, 2), "5.00", "5.001", "type")
    json("decimal of too many digits", decimal(4, 2), "99.99", "100", "type")
    json("bytes", "bytes", '"\\u00e9"', '"\u00e9"')
    json("fixed holds no text", fixed("K", 1), '"a"', "1", "type", guess=True)
    json("uuid on fixed", logical(fixed("U", 16), "uuid"), '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"',
         '"6ba7b810-9dad-11d1-80b4-00c04fd430c9"', "value")
    json("uuid on fixed against a number", logical(fixed("U", 16), "uuid"), '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"',
         "1", "type")
    json("uuid on fixed in upper case", logical(fixed("U", 16), "uuid"), '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"',
         '"6BA7B810-9DAD-11D1-80B4-00C04FD430C8"', "type")
    colours = enum("Colour", "RED", "GREEN")
    json("enum", colours, '"RED"', '"GREEN"', "value")
    json("enum, a symbol outside", colours, '"RED"', '"PINK"', "value")
    json("enum against a number", colours, '"RED"', "0", "type")
    json("enum mapped", colours, '"RED"', '"rouge"', None, ["--map", "f=rouge:RED"])
    json("map of another key", mapping("int"), '{"a":1}', '{"b":1}', "length")
    json("map's value", mapping("int"), '{"a":1}', '{"a":2}', "value", path="f{*}")
    json("array", array("int"), "[1,2]", "[2,1]", "order")
    json("array against an object", array("int"), "[]", "{}", "type")
    json("nullable", nullable("int"), "1", "null", "null")
    json("nullable, the value", nullable("int"), "1", "1.0")
    json("the first branch that holds it", ["null", "int", "double"], "1", "1.5", "type")
    json("two numbers of one branch", ["null", "int", "double"], "0.5", "1.5", "value")
    json("Avro's encoding of unions is an object", ["null", "string"], '"a"', '{"string":"a"}', "type")
    json("timestamp", logical("long", "timestamp-millis"), "1000", "1005", None, ["--tolerance", "f=5ms"])
    json("timestamp against text", logical("long", "timestamp-millis"), "1000", '"1970-01-01T00:00:01Z"', "type")
    json("tolerance", decimal(9, 2), "5", "5.01", None, ["--tolerance", "f=0.01"])


def contract_fields(out):
    ab = record(a="int", b="int")
    out.add("contract, a member outside", doc('"a":1,"b":2,"c":3'), doc('"a":1,"b":2'), [], contract=ab)
    out.add("contract, a member less", doc('"a":1,"b":2'), doc('"a":1'), [("b", "absent")], contract=ab)
    out.add("contract, a member less on both", doc('"a":1'), doc('"a":1'), [], contract=ab)
    nulls = record(a="int", b=nullable("int"))
    out.add("contract, null is not absent", doc('"a":1,"b":null'), doc('"a":1'), [("b", "absent")], contract=nulls)
    out.add("contract, null for an int", doc('"a":1,"b":2'), doc('"a":1,"b":null'), [("b", "null")], contract=ab, guess=True)
    seven = record(a="int", b=F("int", default=7))
    out.add("contract, a default", doc('"a":1,"b":7'), doc('"a":1'), [], ["--absent-equals-default"], seven)
    out.add("contract, an alias", doc('"a":1'), doc('"z":1'), [], contract=record(a=F("int", aliases=["z"])))
    out.add("contract, renamed", doc('"a":1'), doc('"z":2'), [("a", "value")], ["--rename", "z=a"], record(a="int"))
    inner = nested("In", x="int", y="int")
    out.add("contract, a member less in an item", doc('"f":[{"x":1,"y":2}]'), doc('"f":[{"x":1}]'),
            [("f[*].y", "absent")], contract=record(f=array(inner)))
    out.add("contract, unordered", doc('"f":[{"x":1,"y":2},{"x":3,"y":4}]'), doc('"f":[{"y":4,"x":3},{"y":2,"x":1}]'),
            [], ["--unordered", "f"], record(f=array(inner)))
    out.add("contract, only", doc('"a":1,"b":2'), doc('"a":1'), [], ["--only", "a"], ab)


def mixed(out):
    mixed = out.mixed
    mixed("avro int", "int", 5, "5.0")
    mixed("avro int, another", "int", 5, "6", "value")
    mixed("avro int against text", "int", 5, '"5"', "type")
    mixed("avro long beyond 2^53", "long", 2**53 + 1, "9007199254740993")
    mixed("avro double", "double", 0.1, "0.1")
    mixed("avro double minus zero", "double", -0.0, "-0")
    mixed("avro float", "float", 0.1, "0.1")
    mixed("avro decimal", decimal(9, 2), 500, "5")
    mixed("avro decimal, more digits", decimal(9, 2), 500, "5.001", "type")
    mixed("avro bytes", "bytes", b"\xc3\xa9", '"\u00e9"')
    mixed("avro string", "string", "\u00e9", '"\\u00e9"')
    mixed("avro enum", enum("E", "A", "B"), "B", '"B"')
    mixed("avro date", logical("int", "date"), 5, "5")
    mixed("avro date against text", logical("int", "date"), 5, '"1970-01-06"', "type")
    mixed("avro uuid", logical("string", "uuid"), "a", '"a"')
    mixed("avro nullable", nullable("int"), None, "null")
    mixed("avro nullable, a value", nullable("int"), 5, "5")
    mixed("avro nullable, null against a value", nullable("int"), None, "5", "null")
    mixed("avro union of several", ["null", "int", "string"], At(2, "5"), "5", "type")
    mixed("avro array", array("int"), [1, 2], "[1,2]")
    mixed("avro map", mapping("int"), {"b": 1, "a": 2}, '{"a":2,"b":1}')
    mixed("avro record", nested("In", x="int"), {"x": 1}, '{"x":1,"z":3}')
    mixed("avro array, order", array("int"), [1, 2], "[2,1]", "order")
    mixed("avro array, unordered", array("int"), [1, 2], "[2,1]", None, ["--unordered", "f"])
    mixed("avro double, tolerance", "double", 0.1, "0.11", None, ["--tolerance", "f=0.01"])
    mixed("avro time, tolerance", logical("long", "timestamp-millis"), 1000, "1006", "value", ["--tolerance", "f=5ms"])
    base = record(f="long", g="int")
    out.add("a document against an avro int", doc('"f":5,"g":1'), avro(record(f="int", g="int"), f=5, g=1), [],
            contract=base)
    out.add("a document that lacks a field", avro(base, f=5, g=1), doc('"f":5'), [("g", "absent")], contract=base)
    out.add("renamed in a document", avro(base, f=5, g=1), doc('"ff":5,"g":1'), [], ["--rename", "ff=f"], base)
