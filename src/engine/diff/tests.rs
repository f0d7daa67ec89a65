//! Differences as a table.

use super::*;

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

#[test]
fn rules() {
    let two = |left, right| rec(&[("a", left), ("b", right)]);
    let item = |id, at| rec(&[("id", int(id)), ("at", int(at))]);
    let items = |items: &[Value]| a(list(items));
    let cases: &[(&str, Value, Value, DiffRules, &str)] = &[
        (
            "ignored",
            two(int(1), int(1)),
            two(int(2), int(2)),
            ignore(&["a"]),
            "b value",
        ),
        ("ignored with all below", a(a(int(1))), a(a(int(2))), ignore(&["a"]), ""),
        (
            "ignored below",
            a(two(int(1), int(1))),
            a(two(int(2), int(2))),
            ignore(&["a.a"]),
            "a.b value",
        ),
        (
            "ignored though absent",
            two(int(1), int(1)),
            a(int(1)),
            ignore(&["b"]),
            "",
        ),
        (
            "ignored in items",
            items(&[item(1, 1)]),
            items(&[item(1, 2)]),
            ignore(&["a[*].at"]),
            "",
        ),
        (
            "order with ignored fields",
            items(&[item(1, 1), item(2, 1)]),
            items(&[item(2, 9), item(1, 9)]),
            ignore(&["a[*].at"]),
            "a order",
        ),
        (
            "ignored map values",
            a(map(&[("k", int(1))])),
            a(map(&[("k", int(2))])),
            ignore(&["a{*}"]),
            "",
        ),
        (
            "a name that only begins alike",
            rec(&[("ab", int(1))]),
            rec(&[("ab", int(2))]),
            ignore(&["a"]),
            "ab value",
        ),
        ("ignored root", int(1), int(2), ignore(&["$value"]), ""),
        (
            "unordered, the same",
            a(ints(&[1, 2])),
            a(ints(&[2, 1])),
            unordered(&["a"]),
            "",
        ),
        (
            "unordered, another",
            a(ints(&[1, 2])),
            a(ints(&[3, 1])),
            unordered(&["a"]),
            "a[*] value",
        ),
        (
            "unordered, another field",
            items(&[item(1, 1), item(2, 1)]),
            items(&[item(2, 1), item(3, 1)]),
            unordered(&["a"]),
            "a[*] value",
        ),
        (
            "unordered, another length",
            a(ints(&[1, 2])),
            a(ints(&[1])),
            unordered(&["a"]),
            "a length",
        ),
        ("within", a(double(1.00)), a(double(1.01)), abs("0.01"), ""),
        (
            "exactly, where doubles are not",
            a(double(0.1)),
            a(double(0.3)),
            abs("0.2"),
            "",
        ),
        ("beyond", a(double(1.00)), a(double(1.0101)), abs("0.01"), "a value"),
        (
            "of floats their shortest text",
            a(float(0.1)),
            a(float(0.3)),
            abs("0.2"),
            "",
        ),
        ("of ints", a(int(10)), a(int(12)), abs("2"), ""),
        (
            "of great ints",
            a(int(i64::MAX)),
            a(int(i64::MAX - 1)),
            abs("0.5"),
            "a value",
        ),
        (
            "of the extremes",
            a(int(i64::MIN)),
            a(int(i64::MAX)),
            abs("18446744073709551615"),
            "",
        ),
        ("of decimals", a(decimal(1000, 2)), a(decimal(1001, 2)), abs("0.01"), ""),
        (
            "of decimals, beyond",
            a(decimal(1000, 2)),
            a(decimal(1002, 2)),
            abs("0.01"),
            "a value",
        ),
        ("an exponent", a(double(1e300)), a(double(1e300)), abs("1e-300"), ""),
        ("relative", a(double(200.0)), a(double(198.0)), rel("0.01"), ""),
        (
            "relative to the baseline",
            a(double(198.0)),
            a(double(200.0)),
            rel("0.01"),
            "a value",
        ),
        (
            "relative to its absolute value",
            a(double(-200.0)),
            a(double(-202.0)),
            rel("0.01"),
            "",
        ),
        (
            "relative to zero",
            a(double(0.0)),
            a(double(0.000_1)),
            rel("0.5"),
            "a value",
        ),
        (
            "minus zero under tolerance",
            a(double(0.0)),
            a(double(-0.0)),
            rel("0.5"),
            "",
        ),
        (
            "NaN under tolerance",
            a(double(f64::NAN)),
            a(double(1.0)),
            abs("1e9"),
            "a value",
        ),
        (
            "infinity under tolerance",
            a(double(f64::INFINITY)),
            a(double(1.0)),
            abs("1e9"),
            "a value",
        ),
        ("not across null", a(double(0.0)), a(Value::Null), abs("1"), "a null"),
        ("not across types", a(double(0.0)), a(int(0)), abs("1"), "a type"),
        (
            "not across absent",
            a(double(0.0)),
            a(Value::Absent),
            abs("1"),
            "a absent",
        ),
        (
            "of times, in nanoseconds",
            a(time(1, "ms", "timestamp")),
            a(time(3, "ms", "timestamp")),
            abs("2000000"),
            "",
        ),
        (
            "of times, beyond",
            a(time(1, "ms", "timestamp")),
            a(time(4, "ms", "timestamp")),
            abs("2000000"),
            "a value",
        ),
        ("not of text", a(s("1")), a(s("2")), abs("5"), "a value"),
        (
            "through a branch",
            a(branch("double", double(1.0))),
            a(branch("double", double(2.0))),
            abs("1"),
            "",
        ),
        (
            "a tolerance of another path",
            rec(&[("b", int(1))]),
            rec(&[("b", int(2))]),
            abs("5"),
            "b value",
        ),
    ];
    for (name, left, right, rules, expect) in cases {
        check(name, left, right, rules, expect);
    }
}

#[test]
fn tombstones_keys_and_headers() {
    let value = a(int(1));
    assert_eq!(told(&diff(Some(&value), None, &none())), "$value null");
    assert_eq!(told(&diff(None, Some(&value), &none())), "$value null");
    assert_eq!(told(&diff(None, None, &none())), "");
    let whole = |left: Option<&Value>, right: Option<&Value>| {
        diff_whole("$key", left, right, &none()).map(|found| found.kind.as_str())
    };
    assert_eq!(whole(Some(&value), Some(&value)), None);
    assert_eq!(whole(Some(&value), Some(&a(int(2)))), Some("value"));
    assert_eq!(whole(Some(&value), Some(&s("x"))), Some("type"));
    assert_eq!(whole(None, Some(&s("x"))), Some("null"));
    assert_eq!(whole(None, None), None);
    assert_eq!(whole(Some(&Value::Absent), None), Some("absent"));
    let rules = ignore(&["$header.trace"]);
    assert_eq!(diff_whole("$header.trace", Some(&s("x")), Some(&s("y")), &rules), None);
    assert!(diff_whole("$header.other", Some(&s("x")), Some(&s("y")), &rules).is_some());
}

#[test]
fn values_only_where_they_may_be_shown() {
    let record = |amount: Value, secret: &str| rec(&[("amount", amount), ("secret", s(secret))]);
    let rules = DiffRules {
        show: paths(&["amount"]),
        ..none()
    };
    let found = diff(
        Some(&record(decimal(-1250, 2), "x")),
        Some(&record(decimal(7, 2), "y")),
        &rules,
    );
    let values: Vec<_> = found
        .iter()
        .map(|found| (found.baseline.as_deref(), found.canary.as_deref()))
        .collect();
    assert_eq!(values, [(Some("-12.50"), Some("0.07")), (None, None)]);
    let found = diff(
        Some(&a(rec(&[("b", int(1))]))),
        Some(&a(rec(&[("b", int(2))]))),
        &DiffRules {
            show: paths(&["a"]),
            ..none()
        },
    );
    assert_eq!(found[0].baseline, None, "what is below a shown path is not shown");
}

#[test]
fn texts() {
    let cases: &[(Value, &str)] = &[
        (Value::Null, "null"),
        (Value::Absent, "absent"),
        (Value::Boolean(true), "true"),
        (int(-7), "-7"),
        (double(0.1), "0.1"),
        (float(0.1), "0.1"),
        (double(1.0), "1.0"),
        (decimal(5, 0), "5"),
        (decimal(5, 3), "0.005"),
        (decimal(-5, -2), "-500"),
        (s("plain \"text\""), "plain \"text\""),
        (bytes(&[0, 255]), "0x00ff"),
        (list(&[s("a\"b"), Value::Null]), "[\"a\\\"b\", null]"),
        (map(&[("k", int(1)), ("l", int(2))]), "{\"k\": 1, \"l\": 2}"),
        (time(0, "d", "date"), "1970-01-01"),
        (time(1_500, "ms", "timestamp"), "1970-01-01T00:00:01.5Z"),
        (time(1_500, "ms", "time"), "00:00:01.5"),
        (time(-1, "us", "local-timestamp"), "1969-12-31T23:59:59.999999"),
        (time(i64::MAX, "ms", "timestamp"), "9223372036854775807 ms"),
        (branch("A", foreign("string", s("x"))), "x"),
    ];
    for (value, expect) in cases {
        assert_eq!(text(value), *expect);
    }
    assert_eq!(text(&s(&"ü".repeat(2000))).len(), 1024 + '…'.len_utf8());
}
