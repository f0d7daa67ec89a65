//! `--from` and `--to` over a file, in each of their forms.

use super::avro::{compare, rows};

const FIELDS: &str = "id string; v int";

fn check(flags: &str, expect: &str, from: u64, to: u64) {
    let all = rows(10);
    let told = compare((FIELDS, &all), (FIELDS, &all), &format!("--identity field:id {flags}"));
    assert_eq!(told.gist(), expect, "{flags}");
    for side in ["baseline", "canary"] {
        let range = &told.side(side)["partitions"][0];
        assert_eq!((&range["from"], &range["to"]), (&from.into(), &to.into()), "{flags}");
    }
    let uses = told.stream()["schemas"].as_array().unwrap();
    assert!(
        uses.iter().all(|of| of["records"] == to - from && of["id"].is_null()),
        "{flags}: {uses:?}"
    );
}

#[test]
fn bounds() {
    check("", "0 matched 10", 0, 10);
    check("--from beginning --to end", "0 matched 10", 0, 10);
    check("--from 5", "0 matched 5", 5, 10);
    check("--to 5", "0 matched 5", 0, 5);
    check("--to 50", "0 matched 10", 0, 10);
    check("--from -3", "0 matched 3", 7, 10);
    check("--to -3", "0 matched 7", 0, 7);
    check("--from -5 --to -3", "0 matched 2", 5, 7);
    check("--from -30", "0 matched 10", 0, 10);
    check("--from 4 --to -3", "0 matched 3", 4, 7);
    check("--from 5 --to 5", "3", 5, 5);
    check("--from end", "3", 10, 10);
    check("--to beginning", "3", 0, 0);
}

#[test]
fn bounds_that_cannot_be() {
    let all = rows(10);
    for flags in [
        "--from 6 --to 5",
        "--from 9 --to -3",
        "--from end --to -1",
        "--from -1h",
        "--from 2026-01-01T00:00:00Z",
    ] {
        let told = compare((FIELDS, &all), (FIELDS, &all), flags);
        assert!(
            told.exit == 2 && told.report.is_null() && told.log.contains("--from"),
            "{flags}: {}",
            told.log
        );
    }
}

#[test]
fn each_side_may_have_its_own() {
    let all = rows(10);
    let told = compare((FIELDS, &all), (FIELDS, &all), "--identity field:id --from baseline=5");
    assert_eq!(told.gist(), "1 matched 5 extra 5");
}
