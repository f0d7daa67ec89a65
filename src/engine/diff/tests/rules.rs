//! Differences under rules, of whole records, and what may be shown, as tables.

use super::*;

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
            "of times, in milliseconds",
            a(time(1, "ms", "timestamp")),
            a(time(3, "ms", "timestamp")),
            abs("2"),
            "",
        ),
        (
            "of times, beyond",
            a(time(1, "ms", "timestamp")),
            a(time(4, "ms", "timestamp")),
            abs("2"),
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
