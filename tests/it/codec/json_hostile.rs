//! JSON against a slow reader of its own, and bytes that nobody should write.

use crosscheck::codec::Reducer;
use crosscheck::model::Side;

use super::build::{Numbers, hex, one, values};
use super::json::documents;
use super::second::python;

fn pick<'a>(dice: &mut Numbers, all: &[&'a str]) -> &'a str {
    all[dice.below(all.len())]
}

/// A document, written in one of many ways.
fn document(dice: &mut Numbers, depth: u32, out: &mut String) {
    out.push_str(pick(dice, &["", "", "", " ", "\n\t\r "]));
    match dice.below(if depth == 0 { 5 } else { 8 }) {
        0 => out.push_str(pick(dice, &["null", "true", "false"])),
        1 | 2 => {
            out.push_str(pick(dice, &["", "-"]));
            out.push_str(pick(
                dice,
                &[
                    "0",
                    "1",
                    "12",
                    "900",
                    "9007199254740993",
                    "123456789012345678901234567890",
                ],
            ));
            out.push_str(pick(
                dice,
                &["", ".0", ".5", ".050", ".00012", ".10000000000000000000000001"],
            ));
            out.push_str(pick(
                dice,
                &["", "", "e0", "E+2", "e-3", "e400", "e2147483647", "e2147483648"],
            ));
        }
        3 | 4 => text(dice, out),
        5 => {
            out.push('[');
            for i in 0..dice.below(5) {
                out.push_str(if i > 0 { "," } else { "" });
                document(dice, depth - 1, out);
            }
            out.push(']');
        }
        _ => {
            out.push('{');
            for i in 0..dice.below(7) {
                out.push_str(if i > 0 { "," } else { "" });
                text(dice, out);
                out.push_str(pick(dice, &[":", " : "]));
                document(dice, depth - 1, out);
            }
            out.push('}');
        }
    }
    out.push_str(pick(dice, &["", "", "", " ", "\n"]));
}

fn text(dice: &mut Numbers, out: &mut String) {
    const PIECES: [&str; 22] = [
        "a",
        "b",
        "id",
        "order_id",
        "customer",
        "customer_id",
        "long enough to be more than a word",
        "\\u0061",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\u{e9}",
        "\u{1f600}",
        "\\ud83d\\ude00",
        "\\ud83d",
        "\u{7f}",
        "\\u0000",
        "z",
        "0",
        " ",
        "\\u20AC",
    ];
    out.push('"');
    for _ in 0..dice.below(4) {
        out.push_str(pick(dice, &PIECES));
    }
    out.push('"');
}

fn cases() -> Vec<Vec<u8>> {
    let mut dice = Numbers(7);
    let mut all = Vec::new();
    for _ in 0..3_000 {
        let mut whole = String::new();
        document(&mut dice, 4, &mut whole);
        let bytes = whole.into_bytes();
        // And what a careless hand makes of it.
        let mut broken = bytes.clone();
        let at = dice.below(broken.len());
        match dice.below(4) {
            0 => broken.truncate(at),
            1 => broken[at] ^= 1 << dice.below(8),
            2 => drop(broken.remove(at)),
            _ => broken.insert(at, b"\",:{}[]0e-.\\ \xff\x00u"[dice.below(16)]),
        }
        all.extend([bytes, broken]);
    }
    all.extend((0..70).map(|depth| [vec![b'['; depth], vec![b']'; depth]].concat()));
    all
}

#[test]
fn agrees_with_a_second_reader() {
    let cases = cases();
    let input: String = cases.iter().map(|bytes| hex(bytes) + "\n").collect();
    let Some((true, output)) = python("document.py", &[], &input) else {
        return;
    };
    let mut reducer = Reducer::new(Side::Baseline, documents());
    let mut decoded = 0;
    assert_eq!(output.lines().count(), cases.len());
    for (bytes, expect) in cases.iter().zip(output.lines()) {
        let found = match reducer.canonical(&values(std::slice::from_ref(bytes)), 0) {
            // A record without a key ends with the byte that says so.
            Ok((mut canonical, tagged)) => {
                assert!(!tagged && canonical.pop() == Some(0));
                decoded += 1;
                hex(&canonical)
            }
            Err(_) => "!".to_owned(),
        };
        assert_eq!(found, expect, "{:?}", String::from_utf8_lossy(bytes));
    }
    assert!(decoded > 2_000, "{decoded} of {}", cases.len());
}

#[test]
fn no_cut_no_flip_and_no_byte_more_is_a_panic_or_the_whole() {
    let whole =
        r#"{"id":"a-1","n":[1,-2.50e3,{"x":null,"\u00e9":"\ud83d\ude00"}],"ok":true,"far":1e2147483647}"#.as_bytes();
    let mut reducer = Reducer::new(Side::Baseline, documents());
    let digest = one(&mut reducer, whole).unwrap().digest;
    for cut in 0..whole.len() {
        assert!(one(&mut reducer, &whole[..cut]).is_err(), "cut at {cut}");
        for byte in 0..=255 {
            let mut other = whole.to_vec();
            other[cut] = byte;
            drop(one(&mut reducer, &other));
        }
    }
    for byte in 0..=255u8 {
        let found = one(&mut reducer, &[whole, &[byte]].concat());
        let blank = b" \t\r\n".contains(&byte);
        assert_eq!(found.is_ok_and(|found| found.digest == digest), blank, "{byte}");
    }
}

#[test]
fn a_far_exponent_takes_no_memory_and_no_time() {
    let mut settings = documents();
    settings.rules.tolerant = vec![super::build::path("n")];
    settings.identity = vec![crosscheck::codec::Part::Field(super::build::path("n"))];
    let mut reducer = Reducer::new(Side::Baseline, settings);
    for text in ["{\"n\":1e999999999}", "{\"n\":-1e-999999999}"] {
        one(&mut reducer, text.as_bytes()).unwrap();
        reducer.value(&values(&[text.into()]), 0).unwrap();
    }
    let digits = format!("{{\"n\":{}}}", "7".repeat(1 << 20));
    one(&mut reducer, digits.as_bytes()).unwrap();
    reducer.value(&values(&[digits.into_bytes()]), 0).unwrap();
}
