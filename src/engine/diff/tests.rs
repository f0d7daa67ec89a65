//! Differences as a table.

use super::*;

mod rules;

fn int(value: i64) -> Value {
    Value::Integer(value)
}
fn double(value: f64) -> Value {
    Value::Floating { value, single: false }
}
fn float(value: f32) -> Value {
    Value::Floating {
        value: f64::from(value),
        single: true,
    }
}
fn decimal(unscaled: i16, scale: i32) -> Value {
    let bytes = unscaled.to_be_bytes();
    let minimal = i8::try_from(unscaled).map_or(bytes.to_vec(), |small| small.to_be_bytes().to_vec());
    Value::Decimal {
        unscaled: minimal,
        scale,
    }
}
fn s(text: &str) -> Value {
    Value::Text(text.to_owned())
}
fn symbol(text: &str) -> Value {
    Value::Symbol(text.to_owned())
}
fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}
fn list(items: &[Value]) -> Value {
    Value::Array(items.to_vec())
}
fn ints(items: &[i64]) -> Value {
    Value::Array(items.iter().copied().map(int).collect())
}
fn named(entries: &[(&str, Value)]) -> Vec<(String, Value)> {
    entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}
fn rec(fields: &[(&str, Value)]) -> Value {
    Value::Record(named(fields))
}
fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(named(entries))
}
fn a(value: Value) -> Value {
    rec(&[("a", value)])
}
fn branch(name: &str, value: Value) -> Value {
    Value::Branch(name.to_owned(), Box::new(value))
}
fn foreign(kind: &str, value: Value) -> Value {
    Value::Foreign {
        kind: kind.to_owned(),
        value: Box::new(value),
    }
}
fn time(count: i64, unit: &'static str, kind: &'static str) -> Value {
    Value::Temporal { count, unit, kind }
}
fn paths(paths: &[&str]) -> Vec<Path> {
    paths.iter().map(|path| Path::parse(path).unwrap()).collect()
}
fn none() -> DiffRules {
    DiffRules::default()
}
fn ignore(ignored: &[&str]) -> DiffRules {
    DiffRules {
        ignore: paths(ignored),
        ..none()
    }
}
fn unordered(of: &[&str]) -> DiffRules {
    DiffRules {
        unordered: paths(of),
        ..none()
    }
}
fn tolerance(path: &str, tolerance: Tolerance) -> DiffRules {
    DiffRules {
        tolerance: vec![(Path::parse(path).unwrap(), tolerance)],
        ..none()
    }
}
fn abs(text: &str) -> DiffRules {
    tolerance("a", Tolerance::Absolute(text.to_owned()))
}
fn rel(text: &str) -> DiffRules {
    tolerance("a", Tolerance::Relative(text.to_owned()))
}

fn told(found: &[FieldDifference]) -> String {
    let told: Vec<String> = found
        .iter()
        .map(|found| format!("{} {}", found.path, found.kind.as_str()))
        .collect();
    told.join(", ")
}

fn check(name: &str, baseline: &Value, canary: &Value, rules: &DiffRules, expect: &str) {
    assert_eq!(told(&diff(Some(baseline), Some(canary), rules)), expect, "{name}");
}

/// Both ways round: a difference has no direction.
fn both(name: &str, baseline: &Value, canary: &Value, expect: &str) {
    check(name, baseline, canary, &none(), expect);
    check(name, canary, baseline, &none(), expect);
}

#[test]
fn plain_values() {
    let nan = f64::from_bits(0x7ff8_0000_0000_0001);
    let cases: &[(&str, Value, Value, &str)] = &[
        ("equal ints", int(1), int(1), ""),
        ("other int", int(1), int(2), "a value"),
        ("equal booleans", Value::Boolean(true), Value::Boolean(true), ""),
        ("other boolean", Value::Boolean(true), Value::Boolean(false), "a value"),
        ("equal text", s("x"), s("x"), ""),
        ("other text", s("x"), s("y"), "a value"),
        ("empty text is not null", s(""), Value::Null, "a null"),
        ("case counts", s("x"), s("X"), "a value"),
        ("other bytes", bytes(b"x"), bytes(b"y"), "a value"),
        ("text is not bytes", s("x"), bytes(b"x"), "a type"),
        ("text is not a symbol", s("x"), symbol("x"), "a type"),
        ("other symbol", symbol("x"), symbol("y"), "a value"),
        (
            "a symbol outside the contract",
            symbol("x"),
            foreign("enum", symbol("z")),
            "a value",
        ),
        ("int is not double", int(1), double(1.0), "a type"),
        ("float is not double", float(1.0), double(1.0), "a type"),
        ("int is not a boolean", int(1), Value::Boolean(true), "a type"),
        ("NaN equals NaN", double(f64::NAN), double(nan), ""),
        ("NaN is not a number", double(f64::NAN), double(0.0), "a value"),
        ("minus zero", double(0.0), double(-0.0), "a value"),
        (
            "infinities",
            double(f64::INFINITY),
            double(f64::NEG_INFINITY),
            "a value",
        ),
        ("equal decimals", decimal(100, 2), decimal(100, 2), ""),
        ("other decimals", decimal(100, 2), decimal(101, 2), "a value"),
        (
            "equal times",
            time(1, "ms", "timestamp"),
            time(1, "ms", "timestamp"),
            "",
        ),
        (
            "other times",
            time(1, "ms", "timestamp"),
            time(2, "ms", "timestamp"),
            "a value",
        ),
        (
            "a time is not a local time",
            time(1, "ms", "timestamp"),
            time(1, "ms", "local-timestamp"),
            "a type",
        ),
        ("a date is not an int", time(1, "d", "date"), int(1), "a type"),
        ("null and null", Value::Null, Value::Null, ""),
        ("null and a value", Value::Null, int(0), "a null"),
        ("absent and absent", Value::Absent, Value::Absent, ""),
        ("absent and a value", Value::Absent, int(0), "a absent"),
        ("absent is not null", Value::Absent, Value::Null, "a absent"),
        ("a foreign type", int(1), foreign("string", s("1")), "a type"),
        (
            "the same foreign type",
            foreign("string", s("1")),
            foreign("string", s("1")),
            "",
        ),
        (
            "the same foreign type, another value",
            foreign("string", s("1")),
            foreign("string", s("2")),
            "a value",
        ),
        (
            "other foreign types",
            foreign("string", s("1")),
            foreign("bytes", bytes(b"1")),
            "a type",
        ),
        (
            "a null where there may be none",
            int(1),
            foreign("null", Value::Null),
            "a null",
        ),
        ("the same branch", branch("A", int(1)), branch("A", int(1)), ""),
        (
            "the same branch, another value",
            branch("A", int(1)),
            branch("A", int(2)),
            "a value",
        ),
        ("another branch", branch("A", int(1)), branch("B", int(1)), "a type"),
        (
            "a branch of null",
            branch("A", int(1)),
            branch("null", Value::Null),
            "a null",
        ),
        ("record or text", rec(&[]), s("x"), "a type"),
        ("array or map", list(&[]), map(&[]), "a type"),
    ];
    for (name, left, right, expect) in cases {
        both(name, &a(left.clone()), &a(right.clone()), expect);
    }
}

#[test]
fn what_holds_others() {
    let item = |sku: &str, count| rec(&[("sku", s(sku)), ("n", int(count))]);
    let cases: &[(&str, Value, Value, &str)] = &[
        (
            "nested",
            a(rec(&[("b", a(int(1)))])),
            a(rec(&[("b", a(int(2)))])),
            "a.b.a value",
        ),
        (
            "two fields",
            rec(&[("a", int(1)), ("b", int(1))]),
            rec(&[("a", int(2)), ("b", Value::Null)]),
            "a value, b null",
        ),
        (
            "fields by name",
            rec(&[("a", int(1)), ("b", int(2))]),
            rec(&[("b", int(2)), ("a", int(1))]),
            "",
        ),
        (
            "a dot in a name",
            rec(&[("a.b", int(1))]),
            rec(&[("a.b", int(2))]),
            "a\\.b value",
        ),
        ("another length", a(ints(&[1, 2])), a(ints(&[1])), "a length"),
        (
            "another length, nothing below",
            a(list(&[item("x", 1)])),
            a(list(&[item("y", 1), item("x", 1)])),
            "a length",
        ),
        ("empty arrays", a(ints(&[])), a(ints(&[])), ""),
        ("an empty array is not null", a(ints(&[])), a(Value::Null), "a null"),
        ("another order", a(ints(&[1, 2, 3])), a(ints(&[3, 1, 2])), "a order"),
        (
            "another multiset",
            a(ints(&[1, 1, 2])),
            a(ints(&[1, 2, 2])),
            "a[*] value",
        ),
        ("one item", a(ints(&[1, 2, 3])), a(ints(&[1, 5, 3])), "a[*] value"),
        ("each path once", a(ints(&[1, 2, 3])), a(ints(&[4, 5, 6])), "a[*] value"),
        (
            "each kind",
            a(list(&[int(1), int(2)])),
            a(list(&[int(2), Value::Null])),
            "a[*] value, a[*] null",
        ),
        (
            "fields of items",
            a(list(&[item("x", 1), item("y", 2)])),
            a(list(&[item("x", 1), item("z", 3)])),
            "a[*].sku value, a[*].n value",
        ),
        (
            "items in another order",
            a(list(&[item("x", 1), item("y", 2)])),
            a(list(&[item("y", 2), item("x", 1)])),
            "a order",
        ),
        (
            "arrays of arrays",
            a(list(&[ints(&[1, 2]), ints(&[3])])),
            a(list(&[ints(&[2, 1]), ints(&[4])])),
            "a[*] order, a[*][*] value",
        ),
        (
            "lengths of inner arrays",
            a(list(&[ints(&[1]), ints(&[3])])),
            a(list(&[ints(&[1, 1]), ints(&[3])])),
            "a[*] length",
        ),
        ("equal maps", a(map(&[("k", int(1))])), a(map(&[("k", int(1))])), ""),
        (
            "a value of a map",
            a(map(&[("k", int(1)), ("l", int(1))])),
            a(map(&[("k", int(2)), ("l", int(2))])),
            "a{*} value",
        ),
        (
            "another key",
            a(map(&[("k", int(1))])),
            a(map(&[("l", int(1))])),
            "a length",
        ),
        (
            "one key more",
            a(map(&[("k", int(1))])),
            a(map(&[("k", int(1)), ("l", int(1))])),
            "a length",
        ),
        (
            "one key more and a value",
            a(map(&[("k", int(1))])),
            a(map(&[("k", int(2)), ("l", int(1))])),
            "a{*} value, a length",
        ),
        (
            "a null in a map is a key",
            a(map(&[("k", Value::Null)])),
            a(map(&[])),
            "a length",
        ),
        (
            "through a branch",
            a(branch("R", rec(&[("b", int(1))]))),
            a(branch("R", rec(&[("b", int(2))]))),
            "a.b value",
        ),
        (
            "a field of one side only",
            rec(&[("a", int(1))]),
            rec(&[("a", int(1)), ("b", int(1))]),
            "b absent",
        ),
        ("a root that is no record", int(1), int(2), "$value value"),
        ("a root of another type", int(1), s("1"), "$value type"),
        ("a root array", ints(&[1]), ints(&[2]), "[*] value"),
        ("the length of a root array", ints(&[1]), ints(&[]), "$value length"),
        ("a root map", map(&[("k", int(1))]), map(&[("k", int(2))]), "{*} value"),
        (
            "a root union of records",
            branch("A", rec(&[("b", int(1))])),
            branch("B", rec(&[("b", int(1))])),
            "$value type",
        ),
    ];
    for (name, left, right, expect) in cases {
        both(name, left, right, expect);
    }
}
