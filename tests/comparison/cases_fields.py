"""Cases by hand: fields added, removed, renamed, reordered, aliased, with defaults.

Expectations were reasoned out from docs/canonical-form.md (section 3, *Fields* and
*Absent fields*) and docs/comparison.md, not taken from any program.
"""

from build import Cases, F, array, avro, decimal, enum, fixed, mapping, nested, nullable, record

AED = ["--absent-equals-default"]


def cases():
    out = Cases("fields")
    presence(out)
    names(out)
    renames(out)
    defaults(out)
    kinds_of_default(out)
    return out.all


def presence(out):
    ab, a = record(a="int", b="int"), record(a="int")
    out.add("reordered", avro(ab, a=1, b=2), avro(record(b="int", a="int"), a=1, b=2), [])
    out.add("reordered, not swapped", avro(ab, a=1, b=2), avro(record(b="int", a="int"), a=2, b=1),
            [("a", "value"), ("b", "value")])
    out.add("added", avro(a, a=1), avro(ab, a=1, b=2), [])
    out.add("removed", avro(ab, a=1, b=2), avro(a, a=1), [("b", "absent")])
    out.add("removed, and another differs", avro(ab, a=1, b=2), avro(a, a=3), [("a", "value"), ("b", "absent")])
    out.add("removed where it was null", avro(record(a=nullable("int")), a=None), avro(record()), [("a", "absent")])
    out.add("absent on both sides", avro(a, a=1), avro(a, a=1), [], contract=ab)
    out.add("absent in the baseline only", avro(a, a=1), avro(ab, a=1, b=2), [("b", "absent")], contract=ab)
    out.add("outside the contract on both sides", avro(ab, a=1, b=2), avro(ab, a=1, b=3), [], contract=a)
    out.add("removed and ignored", avro(ab, a=1, b=2), avro(a, a=1), [], ["--ignore", "b"])
    inner, less = nested("In", x="int", y="int"), nested("In", x="int")
    out.add("removed in a nested record", avro(record(f=inner), f={"x": 1, "y": 2}),
            avro(record(f=less), f={"x": 1}), [("f.y", "absent")])
    out.add("a nested record removed", avro(record(a="int", f=inner), a=1, f={"x": 1, "y": 2}),
            avro(a, a=1), [("f", "absent")])
    out.add("a nested record removed, its parent ignored", avro(record(g=nested("G", f=inner)), g={"f": {"x": 1, "y": 2}}),
            avro(record(g=nested("G", h="int")), g={"h": 1}), [], ["--ignore", "g"])
    out.add("absent on both sides in a nested record", avro(record(f=less), f={"x": 1}),
            avro(record(f=less), f={"x": 1}), [], contract=record(f=inner))
    out.add("absent on both sides below a union", avro(record(f=nullable(less)), f={"x": 1}),
            avro(record(f=nullable(less)), f={"x": 2}), [("f.x", "value")], contract=record(f=nullable(inner)))


def names(out):
    base = avro(record(total="int"), total=5)
    old = avro(record(sum=F("int", aliases=["total"])), sum=5)
    out.add("alias of the canary's field", base, old, [])
    out.add("alias of the contract's field", avro(record(total=F("int", aliases=["sum"])), total=5),
            avro(record(sum="int"), sum=5), [])
    out.add("alias, another value", base, avro(record(sum=F("int", aliases=["total"])), sum=6), [("total", "value")])
    out.add("the same name before an alias", base,
            avro(record(sum=F("int", aliases=["total"]), total="int"), sum=9, total=5), [])
    swapped = record(a=F("int", aliases=["b"]), b=F("int", aliases=["a"]))
    out.add("names swapped by aliases stay names", avro(record(a="int", b="int"), a=1, b=2), avro(swapped, a=1, b=2), [])
    out.add("two fields with one alias: the first", base,
            avro(record(x=F("int", aliases=["total"]), y=F("int", aliases=["total"])), x=5, y=6), [])
    out.add("a name of another case is another name", base, avro(record(Total="int"), Total=5), [("total", "absent")])
    out.add("an alias in both names a record's field", avro(record(f=nested("A", x=F("int", aliases=["y"]))), f={"x": 1}),
            avro(record(f=nested("A", y="int")), f={"y": 1}), [])


def renames(out):
    base = avro(record(customer="string", n="int"), customer="a", n=1)
    canary = record(cust="string", n="int")
    rule = ["--rename", "cust=customer"]
    out.add("renamed", base, avro(canary, cust="a", n=1), [], rule)
    out.add("renamed, another value", base, avro(canary, cust="b", n=1), [("customer", "value")], rule)
    out.add("renamed without the rule", base, avro(canary, cust="a", n=1), [("customer", "absent")])
    both = record(cust="string", customer="string", n="int")
    out.add("a rename before the same name", base, avro(both, cust="a", customer="z", n=1), [], rule)
    out.add("renames are the canary's only", avro(both, cust="q", customer="a", n=1),
            avro(canary, cust="a", n=1), [("cust", "absent")], rule)
    deep = avro(record(f=nested("F", name="string")), f={"name": "a"})
    short = avro(record(f=nested("F", nm="string")), f={"nm": "a"})
    out.add("a name alone, anywhere", deep, short, [], ["--rename", "nm=name"])
    out.add("a whole path", deep, short, [], ["--rename", "f.nm=f.name"])
    moved = avro(record(g=nested("F", nm="string")), g={"nm": "a"})
    out.add("a path in the writer's names", deep, moved, [], ["--rename", "g=f", "--rename", "g.nm=f.name"])
    rows = avro(record(f=array(nested("F", name="string"))), f=[{"name": "a"}])
    other = avro(record(f=array(nested("F", nm="string"))), f=[{"nm": "b"}])
    out.add("a name alone in items", rows, other, [("f[*].name", "value")], ["--rename", "nm=name"])
    out.add("renamed and ignored", base, avro(canary, cust="z", n=1), [], rule + ["--ignore", "customer"])
    out.add("renamed and converted", avro(record(total="long"), total=5), avro(record(sum="int"), sum=5), [],
            ["--rename", "sum=total"])
    swap = ["--rename", "a=b", "--rename", "b=a"]
    out.add("two renames that swap", avro(record(a="int", b="int"), a=1, b=2),
            avro(record(a="int", b="int"), a=2, b=1), [], swap)


def defaults(out):
    seven = record(a="int", b=F("int", default=7))
    lacking = record(a="int")
    out.add("default that is equal", avro(seven, a=1, b=7), avro(lacking, a=1), [], AED)
    out.add("default without the rule", avro(seven, a=1, b=7), avro(lacking, a=1), [("b", "absent")])
    out.add("default that differs", avro(seven, a=1, b=8), avro(lacking, a=1), [("b", "value")], AED, guess=True)
    out.add("no default", avro(record(a="int", b="int"), a=1, b=0), avro(lacking, a=1), [("b", "absent")], AED)
    out.add("the default of the contract, not of the canary", avro(seven, a=1, b=7), avro(lacking, a=1), [], AED,
            contract=seven)
    out.add("a default against a default", avro(lacking, a=1), avro(lacking, a=1), [], AED, contract=seven)
    out.add("the baseline lacks it", avro(lacking, a=1), avro(seven, a=1, b=7), [], AED, contract=seven)
    null = record(a="int", b=F(nullable("int"), default=None))
    out.add("null default", avro(null, a=1, b=None), avro(lacking, a=1), [], AED)
    out.add("null default against zero", avro(null, a=1, b=0), avro(lacking, a=1), [("b", "null")], AED, guess=True)
    out.add("null without a default", avro(record(a="int", b=nullable("int")), a=1, b=None), avro(lacking, a=1),
            [("b", "absent")], AED)
    seven_or_null = record(a="int", b=F(["int", "null"], default=7))
    out.add("default of the first branch", avro(seven_or_null, a=1, b=7), avro(lacking, a=1), [], AED)
    full = nested("In", x="int", y=F("int", default=2))
    whole = record(a="int", f=F(full, default={"x": 1}))
    out.add("default of a record, filled by its field's", avro(whole, a=1, f={"x": 1, "y": 2}), avro(lacking, a=1), [], AED)
    ignoring = AED + ["--ignore", "f.y"]
    out.add("rules hold in a default", avro(whole, a=1, f={"x": 1, "y": 5}), avro(lacking, a=1), [], ignoring)
    rows = record(a="int", f=F(array(nullable("int")), default=[None]))
    out.add("default of an array", avro(rows, a=1, f=[None]), avro(lacking, a=1), [], AED)
    word = record(a="int", f=F("string", default="x"))
    out.add("a default is mapped too", avro(word, a=1, f="y"), avro(lacking, a=1), [], AED + ["--map", "f=x:y"])
    near = record(a="int", f=F("double", default=1.5))
    out.add("a default within a tolerance", avro(near, a=1, f=1.6), avro(lacking, a=1), [],
            AED + ["--tolerance", "f=0.1"])


def kinds_of_default(out):
    kinds = [
        ("boolean", "boolean", True, True),
        ("int", "int", 1, 1),
        ("long", "long", -(2**63), -(2**63)),
        ("float", "float", 0.1, 0.1),
        ("double from a whole number", "double", 5, 5.0),
        ("string", "string", "\u00e9", "\u00e9"),
        ("bytes", "bytes", "\u00ff", b"\xff"),
        ("fixed", fixed("K", 2), "\u0000\u00ff", b"\0\xff"),
        ("enum", enum("E", "A", "B"), "B", "B"),
        ("decimal", decimal(9, 2), "\u0001\u00f4", 500),
        ("empty array", array("int"), [], []),
        ("map", mapping("int"), {"k": 1}, {"k": 1}),
    ]
    for name, kind, default, value in kinds:
        base = avro(record(f=F(kind, default=default)), f=value)
        out.add("default, " + name, base, avro(record()), [], AED)
