//! A thousand secrets in values, identities, keys of maps and a schema's default: none stands in any output of any shape.

use std::fmt::Write as _;

/// In every text that is planted.
const SECRET: &str = "zq9secret";

const CONTRACT: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"id","type":"string"},{"name":"at","type":"long"},{"name":"v","type":"string"},
    {"name":"m","type":{"type":"map","values":"string"}},{"name":"n","type":["null","long"]},
    {"name":"d","type":"string","default":"zq9secret-default"},{"name":"open","type":"string"}]}"#;

fn line(number: usize, v: &str, key: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"{SECRET}-{number}","at":{},"v":"{SECRET}-{v}-{number}","m":{{"{SECRET}-{key}-{number}":"{SECRET}"}},{rest}"open":"{v}"}}"#,
        1_700_000_000_000_usize + number * 1_000
    )
}

/// Both sides, one of each kind of difference in turns.
fn sides() -> [String; 2] {
    let (mut baseline, mut canary) = (String::new(), String::new());
    for number in 0..1_000 {
        let plain = line(number, "v", "k", r#""n":1,"#);
        let (left, right) = match number % 10 {
            0 => (plain, line(number, "w", "k", r#""n":1,"#)),
            1 => (plain, line(number, "v", "other", r#""n":1,"#)),
            2 => (plain, line(number, "v", "k", r#""n":null,"#)),
            3 => (plain, line(number, "v", "k", &format!(r#""n":"{SECRET}-type","#))),
            4 => (plain, line(number, "v", "k", &format!(r#""n":1,"d":"{SECRET}-d","#))),
            5 => (plain, String::new()),
            6 => (String::new(), plain),
            7 => (
                plain.clone(),
                format!("{plain}\n{}", line(number, "again", "k", r#""n":1,"#)),
            ),
            8 => (plain, format!(r#"{{"id":"{SECRET}-{number}","v":"{SECRET}"#)),
            _ => (plain, format!("{SECRET} is no JSON at all {number}")),
        };
        for (side, text) in [(&mut baseline, left), (&mut canary, right)] {
            if !text.is_empty() {
                let _ = writeln!(side, "{text}");
            }
        }
    }
    [baseline, canary]
}

#[test]
fn none_of_a_thousand_stands_in_any_shape_of_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let [baseline, canary] = sides();
    for (name, text) in [
        ("b.jsonl", &baseline),
        ("c.jsonl", &canary),
        ("contract.avsc", &CONTRACT.to_owned()),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    assert!(baseline.matches(SECRET).count() + canary.matches(SECRET).count() > 5_000);
    let path = |name: &str| folder.path().join(name).display().to_string();
    for shape in ["table", "json", "ndjson", "markdown", "html", "junit"] {
        let all = [
            "crosscheck",
            "reconcile",
            "--baseline",
            &path("b.jsonl"),
            "--canary",
            &path("c.jsonl"),
            "--contract",
            &path("contract.avsc"),
            "--identity",
            "field:id",
            "--event-time",
            "field:at",
            "--show",
            "open",
            "--absent-equals-default",
            "--findings-max",
            "2000",
            "-vv",
            "-o",
            shape,
        ];
        let (mut out, mut log) = (Vec::new(), Vec::new());
        let exit = crosscheck::cli::start(all.iter().map(Into::into), &mut out, &mut log);
        assert_eq!(exit as u8, 1, "{}", String::from_utf8_lossy(&log));
        let told = String::from_utf8(out).unwrap() + &String::from_utf8(log).unwrap();
        assert!(!told.contains(SECRET), "{shape}");
        assert!(told.contains("mismatched"), "{shape}: the differences are told");
    }
}
