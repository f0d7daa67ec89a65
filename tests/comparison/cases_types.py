"""Cases by hand: every type against itself and against its neighbours, and unions.

Expectations were reasoned out from docs/canonical-form.md (section 3) and the page
on the surface, not taken from any program.
"""

import math

from build import (At, Cases, F, Raw, array, avro, decimal, enum, fixed, logical, mapping,
                   nested, nullable, record)

NAN = math.nan
ONE = "6ba7b8109dad11d180b400c04fd430c8"
UUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
COLOURS = enum("Colour", "RED", "GREEN", "BLUE")


def cases():
    out = Cases("type")
    same_type(out)
    texts(out)
    conversions(out)
    decimals(out)
    times(out)
    unions(out)
    named(out)
    return out.all


def same_type(out):
    one = out.one
    one("null equals null", ("null", None), ("null", None))
    one("true equals true", ("boolean", True), ("boolean", True))
    one("true against false", ("boolean", True), ("boolean", False), "value")
    one("int at both ends", ("int", 2**31 - 1), ("int", -(2**31)), "value")
    one("long beyond 2^53", ("long", 2**53), ("long", 2**53 + 1), "value")
    one("long equals at its end", ("long", 2**63 - 1), ("long", 2**63 - 1))
    one("float zero and minus zero", ("float", 0.0), ("float", -0.0), "value")
    one("double zero and minus zero", ("double", 0.0), ("double", -0.0), "value")
    one("double minus zero equals itself", ("double", -0.0), ("double", -0.0))
    one("double NaN equals NaN", ("double", NAN), ("double", NAN))
    one("double NaN of other bits", ("double", Raw("000000000000f87f")), ("double", Raw("010000000000f8ff")))
    one("float NaN of other bits", ("float", Raw("0000c07f")), ("float", Raw("0100c0ff")))
    one("double NaN against a number", ("double", NAN), ("double", 1.0), "value")
    one("infinities", ("double", math.inf), ("double", -math.inf), "value")
    one("doubles of one bit apart", ("double", 0.1 + 0.2), ("double", 0.3), "value")
    one("bytes equal", ("bytes", b"\0\xff"), ("bytes", b"\0\xff"))
    one("bytes with a zero behind", ("bytes", b"\0"), ("bytes", b"\0\0"), "value")
    one("text of two normal forms", ("string", "\u00e9"), ("string", "e\u0301"), "value")
    one("empty text against a blank", ("string", ""), ("string", " "), "value")
    one("empty text equals empty text", ("string", ""), ("string", ""))
    one("fixed equal", (fixed("K", 2), b"ab"), (fixed("K", 2), b"ab"))
    span, twelve = logical(fixed("Span", 12), "duration"), fixed("Span", 12)
    one("duration equal", (span, bytes(12)), (span, bytes(12)))
    one("duration differs", (span, bytes(12)), (span, bytes(11) + b"a"), "value")
    one("fixed of 12 into duration", (span, bytes(12)), (twelve, bytes(12)))
    one("duration into a decimal", (decimal(9, 0, twelve), 5), (span, bytes(11) + b"\5"), "type")
    one("fixed differ", (fixed("K", 2), b"ab"), (fixed("K", 2), b"ac"), "value")
    one("enum equal", (COLOURS, "RED"), (COLOURS, "RED"))
    one("enum differ", (COLOURS, "RED"), (COLOURS, "BLUE"), "value")
    one("date a day apart", (logical("int", "date"), 1), (logical("int", "date"), 2), "value")
    two = nested("Two", x="int", y="string")
    one("nested equal", (two, {"x": 1, "y": "a"}), (two, {"x": 1, "y": "a"}))
    sides = [avro(record(f=two), f=v) for v in ({"x": 1, "y": "a"}, {"x": 2, "y": "b"})]
    out.add("nested, both parts", *sides, [("f.x", "value"), ("f.y", "value")])
    deep = nested("A", b=nested("B", c=nested("C", d="int")))
    sides = [avro(record(a=deep), a={"b": {"c": {"d": v}}}) for v in (1, 2)]
    out.add("four deep", *sides, [("a.b.c.d", "value")])


def texts(out):
    one = out.one
    one("string into bytes", ("bytes", b"\xc3\xa9"), ("string", "\u00e9"))
    one("bytes into string", ("string", "\u00e9"), ("bytes", b"\xc3\xa9"))
    one("bytes into string, another text", ("string", "a"), ("bytes", b"b"), "value")
    one("bytes that are no text", ("string", "a"), ("bytes", b"\xff"), "type")
    one("string into int", ("int", 1), ("string", "1"), "type")
    one("boolean into int", ("int", 1), ("boolean", True), "type")
    one("fixed into bytes", ("bytes", b"ab"), (fixed("K", 2), b"ab"), "type")
    one("bytes into fixed", (fixed("K", 2), b"ab"), ("bytes", b"ab"), "type")
    one("fixed of another size", (fixed("K", 2), b"ab"), (fixed("K", 3), b"abc"), "type")
    one("fixed of another name", (fixed("K", 2), b"ab"), (fixed("L", 2), b"ab"))
    one("enum into string", ("string", "RED"), (COLOURS, "RED"), "type")
    one("string into enum", (COLOURS, "RED"), ("string", "RED"), "type")
    text_uuid, fixed_uuid = logical("string", "uuid"), logical(fixed("U", 16), "uuid")
    raw = bytes.fromhex(ONE)
    one("uuid text into text", ("string", UUID), (text_uuid, UUID))
    one("fixed without annotation into text", ("string", UUID), (fixed("V", 16), raw), "type")
    one("text into fixed without annotation", (fixed("V", 16), raw), ("string", UUID), "type")
    one("uuid of the right length that is none", (fixed_uuid, raw), ("string", "g" + UUID[1:]), "type")
    one("uuid text keeps its case", (text_uuid, UUID), (text_uuid, UUID.upper()), "value")
    one("uuid fixed into text", ("string", UUID), (fixed_uuid, raw))
    one("uuid fixed into uuid text", (text_uuid, UUID), (fixed_uuid, raw))
    one("uuid text into uuid fixed", (fixed_uuid, raw), (text_uuid, UUID))
    one("text of upper case into uuid fixed", (fixed_uuid, raw), ("string", UUID.upper()), "type")
    one("fixed without annotation into uuid", (fixed_uuid, raw), (fixed("V", 16), raw))


def conversions(out):
    one = out.one
    one("int into long", ("long", 5), ("int", 5))
    one("long into int that fits", ("int", 5), ("long", 5))
    one("long into int that does not fit", ("int", 5), ("long", 2**31), "type")
    one("long into int at its lower end", ("int", -(2**31)), ("long", -(2**31)))
    one("long into int at its upper end", ("int", 2**31 - 1), ("long", 2**31 - 1))
    one("long into int below its end", ("int", 5), ("long", -(2**31) - 1), "type")
    one("long into int, another number", ("int", 5), ("long", 6), "value")
    one("int into double", ("double", 5.0), ("int", 5))
    one("int into float", ("float", 16777216.0), ("int", 16777216))
    one("int that no float holds", ("float", 16777216.0), ("int", 16777217), "type")
    one("long that no double holds", ("double", 2.0**53), ("long", 2**53 + 1), "type")
    one("long of 2^53 into double", ("double", 2.0**53), ("long", 2**53))
    one("double into long", ("long", 5), ("double", 5.0), "type")
    one("float into int", ("int", 5), ("float", 5.0), "type")
    one("float into double", ("double", 0.5), ("float", 0.5))
    one("float into double, not the same number", ("double", 0.1), ("float", 0.1), "value")
    one("double into float that holds it", ("float", 0.5), ("double", 0.5))
    one("double into float that does not", ("float", 0.1), ("double", 0.1), "type")
    one("double NaN into float", ("float", NAN), ("double", NAN))
    one("float NaN into double", ("double", NAN), ("float", NAN))
    one("double minus zero into float", ("float", 0.0), ("double", -0.0), "value")
    one("int zero into double is plus zero", ("double", -0.0), ("int", 0), "value")
    one("double beyond float", ("float", 1.0), ("double", 1e300), "type")


def decimals(out):
    one = out.one
    one("decimal equal", (decimal(9, 2), 500), (decimal(9, 2), 500))
    one("decimal a cent apart", (decimal(9, 2), 500), (decimal(9, 2), 501), "value")
    one("decimal of another scale", (decimal(9, 2), 500), (decimal(9, 3), 5000))
    one("decimal of a finer scale, not whole", (decimal(9, 2), 500), (decimal(9, 3), 5001), "type")
    one("decimal of a coarser scale", (decimal(9, 3), 5000), (decimal(9, 1), 50))
    one("decimal of too many digits", (decimal(3, 0), 999), (decimal(9, 0), 1000), "type")
    one("decimal on fixed", (decimal(9, 2), 500), (decimal(9, 2, fixed("D", 8)), 500))
    one("decimal on two fixed", (decimal(9, 2, fixed("D", 8)), -5), (decimal(9, 2, fixed("E", 4)), -5))
    one("decimal with zeros in front", (decimal(9, 2), Raw("020a")), (decimal(9, 2), Raw("0600000a")))
    one("negative decimal with ones in front", (decimal(9, 2), Raw("02ff")), (decimal(9, 2), Raw("04ffff")))
    one("decimal of no bytes is zero", (decimal(9, 2), Raw("0200")), (decimal(9, 2), Raw("00")))
    one("int into decimal", (decimal(9, 2), 500), ("int", 5))
    one("long into decimal with too many digits", (decimal(4, 2), 500), ("long", 100), "type")
    one("double into decimal", (decimal(9, 2), 500), ("double", 5.0), "type")
    one("bytes into decimal are unscaled", (decimal(9, 2), 500), ("bytes", b"\x01\xf4"))
    one("decimal into bytes", ("bytes", b"\x01\xf4"), (decimal(9, 2), 500))
    one("decimal into long", ("long", 5), (decimal(9, 0), 5), "type")
    one("decimal into text", ("string", "5"), (decimal(9, 0), 5), "type")
    four = decimal(9, 2, fixed("D", 4))
    one("fixed into a decimal on fixed", (four, 500), (fixed("E", 4), b"\0\0\x01\xf4"))
    one("fixed of another size into one", (four, 500), (fixed("E", 5), b"\0\0\0\x01\xf4"), "type")
    one("decimal of as many digits as there may be", (decimal(3, 0), 999), (decimal(9, 0), 999))
    one("date into decimal", (decimal(9, 0), 5), (logical("int", "date"), 5), "type")


def times(out):
    one = out.one
    date, of_day = logical("int", "date"), logical("int", "time-millis")
    millis, micros = logical("long", "timestamp-millis"), logical("long", "timestamp-micros")
    local = logical("long", "local-timestamp-millis")
    one("millis into micros", (micros, 5000), (millis, 5))
    one("micros into millis", (millis, 5), (micros, 5000))
    one("micros that are no whole millis", (millis, 5), (micros, 5001), "type")
    one("nanos into micros", (micros, 5), (logical("long", "timestamp-nanos"), 5000))
    one("millis that no micros hold", (micros, 0), (millis, 2**62), "type")
    one("annotation added to a long", ("long", 5), (millis, 5))
    one("annotation taken from a long", (millis, 5), ("long", 5))
    one("int into a timestamp", (millis, 5), ("int", 5))
    one("date into int", ("int", 5), (date, 5))
    one("date into long", ("long", 5), (date, 5))
    one("date into timestamp", (millis, 86400000), (date, 1), "type")
    one("date into time of day", (of_day, 5), (date, 5), "type")
    one("time of day into finer unit", (logical("long", "time-micros"), 5000), (of_day, 5))
    one("time of day too late for an int", (of_day, 5), (logical("long", "time-micros"), 2**31 * 1000), "type")
    one("local into instant", (millis, 5), (local, 5), "type")
    one("timestamp into double", ("double", 5.0), (millis, 5))
    one("annotation on the wrong type is none", ("long", 5), (logical("long", "date"), 5))


def unions(out):
    one = out.one
    mn, nm = nullable("int"), ["int", "null"]
    one("null equals null in a union", (mn, None), (mn, None))
    one("null against a value", (mn, None), (mn, 0), "null")
    one("a value against null", (mn, 0), (mn, None), "null")
    one("the other order of branches", (mn, 5), (nm, 5))
    one("the other order of branches, null", (mn, None), (nm, None))
    one("the other order, null against zero", (nm, None), (mn, 0), "null")
    one("a bare value into a nullable", (mn, 5), ("int", 5))
    one("a nullable into a bare value", ("int", 5), (mn, 5))
    one("a nullable into a bare value, another", ("int", 5), (mn, 6), "value")
    one("int into a nullable long", (nullable("long"), 5), (mn, 5))
    one("empty text against null", (nullable("string"), ""), (nullable("string"), None), "null")
    several = ["null", "int", "string"]
    one("several, the same branch", (several, At(2, "1")), (several, At(2, "1")))
    one("several, another branch", (several, At(1, 1)), (several, At(2, "1")), "type")
    one("several, null", (several, At(2, "1")), (several, None), "null")
    one("several, in another order", (several, At(2, "a")), (["string", "int"], At(0, "a")))
    one("int and long are two branches", (["int", "long"], At(0, 5)), (["int", "long"], At(1, 5)), "type")
    one("float finds the only branch", (["string", "double"], At(1, 0.5)), ("float", 0.5))
    one("int finds two branches and goes into none", (["long", "double"], At(0, 5)), ("int", 5), "type")
    one("by name, not by value", (["int", "long"], At(0, 5)), ("long", 5), "type")
    one("text into the only branch of bytes", (["null", "bytes"], b"a"), ("string", "a"))
    one("null into null where the other has a value", (["null", "bytes"], b"a"), ("null", None), "null")
    inner = nested("Inner", x="int")
    other = nested("Other", x="int")
    both = [inner, other]
    one("two records, the same", (both, At(0, {"x": 1})), (both, At(0, {"x": 1})))
    one("two records, the other", (both, At(0, {"x": 1})), (both, At(1, {"x": 1})), "type")
    third = nested("Third", x="int")
    one("a record of a third name goes into none", (both, At(0, {"x": 1})), (third, {"x": 1}), "type")
    one("the only record of a union", (nullable(inner), {"x": 1}), (nullable(third), {"x": 1}))
    one("below a union", (nullable(inner), {"x": 1}), (nullable(inner), {"x": 2}), "value", path="f.x")
    one("null record", (nullable(inner), {"x": 1}), (nullable(inner), None), "null")
    moved = {**inner, "namespace": "a.b"}
    one("the last name is enough", (both, At(0, {"x": 1})), (moved, {"x": 1}))
    known = {**third, "aliases": ["Other"]}
    one("an alias chooses the branch", (both, At(1, {"x": 1})), (known, {"x": 1}))
    one("the branch of a name that is not first", (both, At(1, {"x": 1})), (other, {"x": 1}))


def named(out):
    one = out.one
    more = enum("Colour", "GREEN", "RED", "BLUE", "PINK")
    one("enum of another order", (COLOURS, "RED"), (more, "RED"))
    one("a symbol outside the contract", (COLOURS, "RED"), (more, "PINK"), "value")
    one("the same symbol outside it twice", (more, "PINK"), (more, "PINK"), contract=COLOURS)
    two = enum("Colour", "PINK", "GREY")
    one("two symbols outside it", (two, "PINK"), (two, "GREY"), "value", contract=COLOURS)
    fallback = {**COLOURS, "default": "RED"}
    one("a default symbol takes no other's place", (fallback, "RED"), (more, "PINK"), "value")
    one("enum of another name", (COLOURS, "RED"), (enum("Color", "RED"), "RED"))
    one("record into map", (mapping("int"), {"x": 1}), (nested("M", x="int"), {"x": 1}), "type")
    one("map into record", (nested("M", x="int"), {"x": 1}), (mapping("int"), {"x": 1}), "type")
    one("a value into an array of it", (array("int"), [1]), ("int", 1), "type")
    one("record of another name", (nested("M", x="int"), {"x": 1}), (nested("N", x="int"), {"x": 1}))
    text = [(("string", "a"), ("string", "a"), None), (("string", "a"), ("string", "b"), "type")]
    for base, canary, kind in text:
        how = "differ" if kind else "the same"
        one("text for an int on both sides, " + how, base, canary, kind, contract="int", guess=True)
    one("null for an int on one side", (nullable("int"), 5), (nullable("int"), None), "null",
        contract="int", guess=True)
    empty = F("int", default=0)
    sides = avro(record(f=empty), f=0), avro(record(f="int"), f=0)
    out.add("a default in the schema changes no value", *sides, [])
