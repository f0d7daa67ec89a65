"""Cases by hand: a record of the canary (once of the baseline) that cannot be read, and its reason.

Expectations were reasoned out from docs/canonical-form.md (sections 2 and 9), not
taken from any program. The `id` in front of what is wrong is intact.
"""

from build import Cases, Raw, array, avro, doc, enum, line, mapping, nested, nullable, record


def cases():
    out = Cases("unreadable")

    def add(name, kind, value, raw, reason, flags=()):
        base, canary = avro(record(f=kind), f=value), avro(record(f=kind), f=Raw(raw))
        out.add(name, base, canary, flags=flags, reason=reason)

    add("text that ends too early", "string", "abc", "0661", "truncated")
    add("a double that ends too early", "double", 1.0, "000000", "truncated")
    add("nothing of an int", "int", 1, "", "truncated")
    add("boolean 2", "boolean", True, "02", "malformed")
    add("an index outside the enum", enum("E", "A"), "A", "02", "malformed")
    add("a branch outside the union", nullable("int"), 1, "04", "malformed")
    add("a varint of eleven bytes", "long", 1, "8280808080808080808000", "malformed")
    add("a varint of more than 64 bits", "long", 1, "ffffffffffffffffff02", "malformed")
    add("an int of more than 32 bits", "int", 1, "8080808020", "malformed")
    add("a negative length", "string", "a", "01", "bounds")
    add("text that is no UTF-8", "string", "a", "02ff", "utf8")
    add("a key twice", mapping("int"), {"a": 1}, "0402610202610400", "duplicate_key")
    add("a key twice in two blocks", mapping("int"), {"a": 1}, "020261020202610400", "duplicate_key")
    add("a block that is not as long as it says", array("int"), [1], "0104020400", "malformed")
    add("more items than bytes", array("int"), [1], "c80102", "truncated")
    add("ignored, and no UTF-8", "string", "a", "02ff", "utf8", ["--ignore", "f"])
    base, more = avro(record(f="int"), f=1), avro(record(f="int"), trail="00", f=1)
    out.add("a byte too many", base, more, reason="trailing")
    out.add("a byte too many in the baseline", more, base, reason="trailing", side="baseline")
    outside = avro(record(f="int", g="string"), f=1, g=Raw("02ff"))
    out.add("no UTF-8 outside the contract", base, outside, reason="utf8")

    depth(out)
    fine = doc('"a":1')
    out.add("a name twice", fine, doc('"a":1,"a":1'), reason="duplicate_key")
    out.add("a name twice, escaped", fine, doc('"a":1,"\\u0061":2'), reason="duplicate_key")
    out.add("a name twice, ignored", fine, doc('"a":{"x":1,"x":1}'), flags=["--ignore", "a"], reason="duplicate_key")
    out.add("a name twice, outside the contract", fine, doc('"a":1,"b":[{"x":1,"x":1}]'), contract=record(a="int"),
            reason="duplicate_key")
    out.add("a document that ends too early", fine, line('{"id":"1","a":'), reason="truncated")
    out.add("two documents in a line", fine, line('{"id":"1","a":1} {}'), reason="trailing")
    out.add("a number with a zero in front", fine, doc('"a":01'), reason="malformed")
    out.add("NaN", fine, doc('"a":NaN'), reason="malformed")
    out.add("a comma too many", fine, line('{"id":"1","a":1,}'), reason="malformed")
    out.add("half a pair of surrogates", fine, doc('"a":"\\ud800x"'), reason="utf8")
    return out.all


def depth(out):
    """Records that stand in each other: 64 with the root, and one more. Documents too."""
    chain = nested("Node", n=nullable("Node"))

    def side(nodes):
        value = None
        for _ in range(nodes):
            value = {"n": value}
        return avro(record(f=nullable(chain)), f=value)

    out.add("64 deep is read", side(63), side(63), [])
    out.add("65 deep", side(63), side(64), reason="bounds")

    def lists(n):
        return doc('"a":' + "[" * n + "]" * n)

    out.add("a document 64 deep is read", lists(63), lists(63), [])
    out.add("a document 65 deep", lists(63), lists(64), reason="bounds")
