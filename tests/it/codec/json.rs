//! JSON without a contract: which documents are equal, which are bad and why, and what the rules yield of them.

use crosscheck::codec::{EventTime, Format, Framing, Part, Reducer, Settings};
use crosscheck::engine::diff::{DiffRules, diff};
use crosscheck::model::{Fingerprint, Side, TolerantKind, UndecodableReason};

use super::build::{batch, one, path, settings, values};

pub fn documents() -> Settings {
    Settings {
        format: Format::Json,
        framing: Framing::None,
        ..settings()
    }
}

fn read(text: &str) -> Result<Fingerprint, UndecodableReason> {
    one(&mut Reducer::new(Side::Baseline, documents()), text.as_bytes())
}

fn by(settings: &Settings, text: &str) -> Fingerprint {
    one(&mut Reducer::new(Side::Canary, settings.clone()), text.as_bytes()).unwrap()
}

#[test]
fn the_same_value_in_other_bytes_is_equal() {
    for group in [
        &["1", "1.0", "1e0", "10e-1", "0.1E1", " 1 ", "1.000e+00"][..],
        &["0", "-0", "0.0", "-0.0e5", "0e10"],
        &["-120", "-1.2e2", "-12E1", "-0.012e4"],
        &["1e400", "10e399", "0.1e401"],
        &["1e2147483647", "10e2147483646"],
        &["\"a/b\"", "\"\\u0061\\/b\"", "\t\"a\\u002fb\"\r\n"],
        &["\"\u{1f600}\"", "\"\\ud83d\\ude00\"", "\"\\uD83D\\uDE00\""],
        &[
            r#"{"a":1,"b":[true,null]}"#,
            r#"{ "b" : [ true , null ] , "\u0061" : 1.0 }"#,
        ],
        &[
            r#"{"aaaaaaaab":1,"aaaaaaaaa":2,"":3}"#,
            r#"{"":3,"aaaaaaaaa":2,"aaaaaaaab":1}"#,
        ],
        &["[]", " [ ] "],
        &["{}", "{\n}"],
    ] {
        let first = read(group[0]).unwrap().digest;
        for text in group {
            assert_eq!(read(text).unwrap().digest, first, "{text}");
        }
    }
}

#[test]
fn other_values_are_never_equal() {
    let all = [
        "null",
        "false",
        "true",
        "0",
        "1",
        "-1",
        "10",
        "0.1",
        "1e999",
        "\"\"",
        "\"0\"",
        "\"null\"",
        "\"a\"",
        "\"A\"",
        "[]",
        "[[]]",
        "[[],[]]",
        "[null]",
        "[0]",
        "[0,0]",
        "[1,0]",
        "[0,1]",
        "[\"\"]",
        "{}",
        "[{}]",
        "{\"\":null}",
        "{\"\":{}}",
        "{\"\":[]}",
        "{\"a\":null}",
        "{\"a\":0}",
        "{\"a\":\"0\"}",
        "{\"b\":0}",
        "{\"a\":0,\"b\":0}",
        "{\"a\":{\"b\":0}}",
        "{\"a\":{},\"b\":0}",
        "9007199254740993",
        "9007199254740992",
        "1e2147483647",
        "1e-2147483647",
        "0.30000000000000004",
        "0.3",
        "\"e\u{301}\"",
        "\"\u{e9}\"",
        "\"\\u0000\"",
        "\"\\\\u0000\"",
    ];
    let digests: Vec<_> = all.iter().map(|text| read(text).unwrap().digest).collect();
    for (i, left) in digests.iter().enumerate() {
        for (j, right) in digests.iter().enumerate() {
            assert_eq!(i == j, left == right, "{} and {}", all[i], all[j]);
        }
    }
}

#[test]
fn what_is_wrong_has_a_reason() {
    use UndecodableReason::{Bounds, DuplicateKey, Malformed, Trailing, Truncated, Utf8};
    let deep = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    for (text, expect) in [
        (&b""[..], Truncated),
        (b"  ", Truncated),
        (b"nul", Truncated),
        (b"nulL", Malformed),
        (b"truex", Trailing),
        (b"NaN", Malformed),
        (b"Infinity", Malformed),
        (b"+1", Malformed),
        (b"01", Trailing),
        (b"-", Truncated),
        (b"-a", Malformed),
        (b"1.", Truncated),
        (b"1.e3", Malformed),
        (b".5", Malformed),
        (b"1e", Truncated),
        (b"1e+", Truncated),
        (b"0x1", Trailing),
        (b"1 2", Trailing),
        (b"1,", Trailing),
        (b"{} {}", Trailing),
        (b"1\xff", Trailing),
        (b"1e2147483648", Bounds),
        (b"1e999999999999999999999999", Bounds),
        (b"-0e-99999999999", Bounds),
        (b"\"a", Truncated),
        (b"\"a\x01\"", Malformed),
        (b"\"a\nb\"", Malformed),
        (b"\"\\x\"", Malformed),
        (b"\"\\u12g4\"", Malformed),
        (b"\"\\u12\"", Malformed),
        (b"\"\\ud800\"", Utf8),
        (b"\"\\ud800\\n\"", Utf8),
        (b"\"\\ud800\\ud800\"", Utf8),
        (b"\"\\udc00\"", Utf8),
        (b"\"\xff\"", Utf8),
        (b"\"\xed\xa0\x80\"", Utf8),
        (b"\"\xc3", Truncated),
        (b"\"\xc3\"", Utf8),
        (b"x\"\xff\"", Malformed),
        (b"\xef\xbb\xbf1", Malformed),
        (b"'a'", Malformed),
        (b"[1,]", Malformed),
        (b"[,1]", Malformed),
        (b"[1 2]", Malformed),
        (b"[1", Truncated),
        (b"{\"a\":1,}", Malformed),
        (b"{a:1}", Malformed),
        (b"{\"a\" 1}", Malformed),
        (b"{\"a\":}", Malformed),
        (b"{1:1}", Malformed),
        (b"{\"a\":1]", Malformed),
        (b"{\"a\":1,\"a\":1}", DuplicateKey),
        (b"{\"a\":1,\"b\":2,\"\\u0061\":1}", DuplicateKey),
        (b"[{\"x\":{\"\":1,\"\":2}}]", DuplicateKey),
        (b"{\"aaaaaaaaa\":1,\"b\":1,\"aaaaaaaaa\":1}", DuplicateKey),
        (b"// a\n1", Malformed),
        (&deep(65), Bounds),
        (&deep(100_000), Bounds),
    ] {
        let found = one(&mut Reducer::new(Side::Baseline, documents()), text);
        let shown = String::from_utf8_lossy(&text[..text.len().min(80)]).into_owned();
        assert_eq!(found.err(), Some(expect), "{shown}");
    }
    one(&mut Reducer::new(Side::Baseline, documents()), &deep(64)).unwrap();
}

#[test]
fn rules_leave_out_what_they_name() {
    let mut ignoring = documents();
    let rules = &mut ignoring.rules;
    rules.ignore = ["at", "in.by", "items[*].seen", "tags{*}.x", "list[*]"]
        .map(path)
        .to_vec();
    let whole =
        r#"{"id":1,"at":5,"in":{"by":"x","of":2},"items":[{"n":1,"seen":2}],"tags":{"p":{"x":1,"y":2}},"list":[1]}"#;
    let other = r#"{"in":{"of":2},"id":1,"tags":{"p":{"y":2}},"items":[{"n":1,"seen":9}],"list":["z"]}"#;
    assert_eq!(by(&ignoring, whole).digest, by(&ignoring, other).digest);
    for differs in [
        r#"{"in":{"of":3},"id":1,"tags":{"p":{"y":2}},"items":[{"n":1}],"list":["z"]}"#,
        r#"{"in":{"of":2},"id":1,"tags":{"p":{"y":2}},"items":[{"n":1},{}],"list":["z"]}"#,
        r#"{"in":{"of":2},"id":1,"tags":{"q":{"y":2}},"items":[{"n":1}],"list":["z"]}"#,
        r#"{"in":{"of":2},"id":1,"tags":{"p":{"y":2}},"items":[{"n":1}],"list":[]}"#,
    ] {
        assert_ne!(by(&ignoring, whole).digest, by(&ignoring, differs).digest, "{differs}");
    }
    // What is ignored must be a document all the same.
    let twice = one(&mut Reducer::new(Side::Canary, ignoring), br#"{"at":{"a":1,"a":2}}"#);
    assert_eq!(twice.err(), Some(UndecodableReason::DuplicateKey));
}

#[test]
fn a_path_of_map_values_holds_for_a_field_that_is_named_too() {
    let mut settings = documents();
    settings.identity = vec![Part::Field(path("m.a.id"))];
    settings.rules.ignore = vec![path("m{*}.at")];
    settings.rules.tolerant = vec![path("m.a.n")];
    let one = by(&settings, r#"{"m":{"a":{"id":"k","at":1,"n":1}}}"#);
    let two = by(&settings, r#"{"m":{"a":{"id":"k","at":2,"n":2}}}"#);
    assert_eq!((one.identity, one.digest), (two.identity, two.digest));
    assert!(!one.by_content);
}

#[test]
fn identities_are_of_values() {
    let mut settings = documents();
    settings.identity = vec![Part::Field(path("id"))];
    let of = |text: &str| by(&settings, &format!("{{\"id\":{text},\"n\":{}}}", text.len()));
    assert_eq!(of("1").identity, of("1.0").identity);
    assert_eq!(of("12.5").identity, of("1.25e1").identity);
    let all = [
        "1",
        "2",
        "\"1\"",
        "true",
        "1.5",
        "[1]",
        "{\"a\":1}",
        "1e400",
        "1e401",
        "\"\"",
    ];
    for (i, left) in all.iter().enumerate() {
        for (j, right) in all.iter().enumerate() {
            assert_eq!(i == j, of(left).identity == of(right).identity, "{left} and {right}");
        }
    }
    assert!(of("null").by_content);
    assert!(by(&settings, "{}").by_content);
    // A raw key and a key of JSON text name the same.
    let keyed = |format, key: &[u8]| {
        let settings = Settings {
            identity: vec![Part::Key],
            key_format: format,
            ..documents()
        };
        let mut reducer = Reducer::new(Side::Baseline, settings);
        let mut out = Vec::new();
        reducer.reduce(&batch(&[(Some(key), Some(b"1"))]), 0, &mut out);
        match &out[0].body {
            crosscheck::model::Reduction::Decoded(found) => Ok(found.identity),
            crosscheck::model::Reduction::Undecodable(reason, _) => Err(*reason),
            crosscheck::model::Reduction::Deselected | crosscheck::model::Reduction::Diverted(_) => panic!("selected"),
        }
    };
    assert_eq!(keyed(Format::Raw, b"k"), keyed(Format::Json, b"\"k\""));
    assert_eq!(keyed(Format::Json, b"\"k"), Err(UndecodableReason::Identity));
}

#[test]
fn event_times_are_text_or_milliseconds() {
    let mut settings = documents();
    settings.event_time = EventTime::Field(path("at.t"));
    for (text, expect) in [
        ("1700000000000", Some(1_700_000_000_000)),
        ("1.7e12", Some(1_700_000_000_000)),
        ("\"2023-11-14T22:13:20Z\"", Some(1_700_000_000_000)),
        ("\"1700000000000\"", None),
        ("1.5", None),
        ("1e99", None),
        ("null", None),
        ("[1]", None),
    ] {
        assert_eq!(
            by(&settings, &format!("{{\"at\":{{\"t\":{text}}}}}")).time_ms,
            expect,
            "{text}"
        );
    }
    assert_eq!(by(&settings, "{\"at\":7}").time_ms, None);
}

#[test]
fn tolerant_numbers_travel_and_their_kind_stays() {
    let mut settings = documents();
    settings.rules.tolerant = vec![path("n")];
    let of = |text: &str| by(&settings, &format!("{{\"n\":{text}}}"));
    assert_eq!(of("1").digest, of("2.5").digest);
    let tolerant = of("-12.50").tolerant.unwrap();
    let expect = TolerantKind::Decimal {
        unscaled: vec![0x83],
        scale: 1,
    };
    assert_eq!(tolerant[0].0, expect);
    for other in ["null", "\"1\"", "[1]"] {
        assert_ne!(of("1").digest, of(other).digest, "{other}");
        assert_eq!(of(other).tolerant.unwrap()[0].0, TolerantKind::Nothing);
    }
    assert_ne!(of("1").digest, by(&settings, "{}").digest);
    // Beyond the bound it is compared as it is.
    let long = "7".repeat(400);
    assert_ne!(of("1").digest, of(&long).digest);
    assert_ne!(of(&long).digest, of(&format!("{long}7")).digest);
}

#[test]
fn renames_give_the_contracts_names() {
    let mut settings = documents();
    settings.rules.rename = vec![(path("customer"), path("customer_id")), (path("in.x"), path("in.y"))];
    let baseline = read(r#"{"in":{"y":1},"customer_id":7,"x":2}"#).unwrap().digest;
    assert_eq!(by(&settings, r#"{"customer":7,"in":{"x":1},"x":2}"#).digest, baseline);
    let both = one(
        &mut Reducer::new(Side::Canary, settings),
        br#"{"customer":7,"customer_id":7}"#,
    );
    assert_eq!(both.err(), Some(UndecodableReason::DuplicateKey));
}

#[test]
fn differences_have_paths_and_kinds() {
    for (left, right, expect) in [
        ("1", "2", "$value value"),
        ("1", "\"1\"", "$value type"),
        (r#"{"a":1}"#, r#"{"a":2}"#, "a value"),
        (r#"{"a":1}"#, r#"{"a":1.5}"#, "a value"),
        (r#"{"a":1e400}"#, r#"{"a":1}"#, "a value"),
        (r#"{"a":1}"#, r#"{"a":"1"}"#, "a type"),
        (r#"{"a":1}"#, r#"{"a":null}"#, "a null"),
        (r#"{"a":1}"#, "{}", "a absent"),
        (r#"{"a":null}"#, "{}", "a absent"),
        (r#"{"a":{}}"#, r#"{"a":[]}"#, "a type"),
        (r#"{"a":[1,2]}"#, r#"{"a":[1]}"#, "a length"),
        (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, "a order"),
        (r#"{"a":[{"b":1}]}"#, r#"{"a":[{"b":2}]}"#, "a[*].b value"),
        (r#"{"a":{"b.c":true}}"#, r#"{"a":{"b.c":false}}"#, r"a.b\.c value"),
        (
            r#"{"b":1,"a":{"x":1,"y":2}}"#,
            r#"{"a":{"y":3,"z":1},"b":2}"#,
            "a.x absent, a.y value, a.z absent, b value",
        ),
        (r#"{"b":1,"a":2}"#, r#"{"a":2.0,"b":1e0}"#, ""),
    ] {
        let mut reducer = Reducer::new(Side::Baseline, documents());
        let batch = values(&[left.into(), right.into()]);
        let (left_value, right_value) = (reducer.value(&batch, 0).unwrap(), reducer.value(&batch, 1).unwrap());
        let found = diff(Some(&left_value.value), Some(&right_value.value), &DiffRules::default());
        let found: Vec<String> = found
            .iter()
            .map(|difference| format!("{} {}", difference.path, difference.kind.as_str()))
            .collect();
        assert_eq!(found.join(", "), expect, "{left} and {right}");
    }
}

#[test]
fn a_document_of_many_members_is_compared_in_no_square_of_time() {
    let members = |from: usize| {
        let all: Vec<String> = (from..from + 100_000).map(|i| format!("\"{i:07}\":1")).collect();
        format!("{{{}}}", all.join(","))
    };
    let mut reducer = Reducer::new(Side::Baseline, documents());
    let batch = values(&[members(0).into(), members(100_000).into()]);
    let (left, right) = (reducer.value(&batch, 0).unwrap(), reducer.value(&batch, 1).unwrap());
    assert!(!diff(Some(&left.value), Some(&right.value), &DiffRules::default()).is_empty());
}
