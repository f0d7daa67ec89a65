//! `unwrap: debezium`: rows out of their envelopes of change data capture, as Debezium writes them, in Avro and in JSON.

use serde_json::{Value, json};

use super::avro::encoded;
use super::json_topics::{Registry, Row, World};
use super::reconcile;

/// As Debezium registers it: the row is defined in `before`, and `after` only names it.
fn envelope() -> Value {
    let row = json!({"type": "record", "name": "Value", "fields": [
        {"name": "id", "type": "string"}, {"name": "v", "type": "int"}, {"name": "seen_at", "type": "long"}]});
    let source = json!({"type": "record", "name": "Source", "namespace": "io.debezium.connector.postgresql", "fields": [
        {"name": "lsn", "type": ["null", "long"], "default": null}]});
    json!({"type": "record", "name": "Envelope", "namespace": "shop.public.orders", "fields": [
        {"name": "before", "type": ["null", row], "default": null},
        {"name": "after", "type": ["null", "Value"], "default": null},
        {"name": "source", "type": source},
        {"name": "op", "type": "string"},
        {"name": "ts_ms", "type": ["null", "long"], "default": null}]})
}

fn row_schema() -> Value {
    let mut row = envelope()["fields"][0]["type"][1].clone();
    row["namespace"] = json!("shop.public.orders");
    row
}

fn row(id: &str, v: i64) -> Value {
    json!({"id": id, "v": v, "seen_at": v * 7})
}

fn change(before: Option<&Value>, after: Option<&Value>, lsn: i64) -> Value {
    let op = match (before, after) {
        (None, _) => "c",
        (_, Some(_)) => "u",
        (_, None) => "d",
    };
    json!({"before": before, "after": after, "source": {"lsn": lsn}, "op": op, "ts_ms": lsn * 3})
}

fn framed(id: u8, bytes: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, id], bytes].concat()
}

/// The row's type is only named where it stands, so its parts are encoded one by one.
fn avro(change: &Value) -> Vec<u8> {
    let maybe = |row: &Value| match row {
        Value::Null => vec![0],
        row => [&[2], encoded(&row_schema(), row).as_slice()].concat(),
    };
    let of = |schema: Value, value: &Value| encoded(&schema, value);
    let parts = [
        maybe(&change["before"]),
        maybe(&change["after"]),
        vec![2],
        of(json!("long"), &change["source"]["lsn"]),
        of(json!("string"), &change["op"]),
        vec![2],
        of(json!("long"), &change["ts_ms"]),
    ];
    framed(1, &parts.concat())
}

fn rows<'a>(values: &'a [(&'a str, Vec<u8>)]) -> Vec<Row<'a>> {
    values
        .iter()
        .map(|(key, value)| (*key, Some(value.as_slice())))
        .collect()
}

fn registry() -> Registry {
    let known = [(1, envelope()), (2, row_schema())];
    Registry::knows(&known.map(|(id, schema)| (id, json!({"schema": schema.to_string()}))))
}

#[test]
fn of_avro_the_row_is_compared_and_a_deletion_is_a_tombstone() {
    let (world, registry) = (World::new(), registry());
    let (a, b, c) = (row("a", 1), row("b", 1), row("c", 1));
    let mut other = row("b", 2);
    other["seen_at"] = json!(5);
    let baseline = [
        ("a", avro(&change(None, Some(&a), 1))),
        ("b", avro(&change(None, Some(&b), 2))),
        ("c", avro(&change(None, Some(&c), 3))),
        ("c", avro(&change(Some(&c), None, 4))),
    ];
    let mut trailing = avro(&change(None, Some(&a), 99));
    trailing.push(7);
    // Other places in the log of the database, and one row that is none of an envelope.
    let mut canary = vec![
        ("a", avro(&change(None, Some(&a), 91))),
        ("b", avro(&change(Some(&a), Some(&other), 92))),
        ("c", avro(&change(None, Some(&c), 93))),
        ("d", trailing),
        ("e", framed(2, &encoded(&row_schema(), &a))),
    ];
    world.produce("b", &rows(&baseline));
    world.produce("c", &rows(&canary));
    let flags = format!(
        "--unwrap debezium --identity key --ignore seen_at --registry {}",
        registry.url
    );
    let told = world.reconcile(&flags);
    assert_eq!(
        told.gist(),
        "1 matched 2 mismatched 1 conflict 1/0 | v value 1",
        "{}",
        told.log
    );
    let reasons = &told.side("canary")["undecodable_reasons"];
    assert_eq!(
        (&reasons["trailing"], &reasons["framing"]),
        (&json!(1), &json!(1)),
        "{reasons}"
    );

    // The deletion, and the newest of each.
    canary.truncate(3);
    canary.push(("c", avro(&change(Some(&c), None, 94))));
    canary[1] = ("b", avro(&change(Some(&other), Some(&b), 95)));
    let world = World::new();
    world.produce("b", &rows(&baseline));
    world.produce("c", &rows(&canary));
    assert_eq!(world.reconcile(&flags).gist(), "0 matched 4");
    let told = world.reconcile(&format!("{flags} --mode latest"));
    assert_eq!(told.gist(), "0 matched 2", "{}", told.log);
    let excluded = &told.side("canary")["excluded_reasons"];
    assert_eq!(
        (&excluded["superseded"], &excluded["tombstone"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn rows_that_were_unwrapped_before_are_the_same_rows() {
    let (world, registry) = (World::new(), registry());
    let a = row("a", 1);
    world.produce("b", &rows(&[("a", avro(&change(None, Some(&a), 1)))]));
    world.produce("c", &rows(&[("a", framed(2, &encoded(&row_schema(), &a)))]));
    let told = world.reconcile(&format!(
        "--unwrap baseline=debezium --identity field:id --registry {}",
        registry.url
    ));
    assert_eq!(told.gist(), "0 matched 1", "{}", told.log);
}

#[test]
fn of_json_bare_and_beside_its_schema() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, lines: &[String]| {
        let path = dir.path().join(name);
        std::fs::write(&path, lines.join("\n")).unwrap();
        path.display().to_string()
    };
    let (a, b) = (row("a", 1), row("b", 1));
    let baseline = [
        change(None, Some(&a), 1).to_string(),
        change(None, Some(&b), 2).to_string(),
    ];
    let payload = |change: Value| json!({"schema": {"type": "struct"}, "payload": change}).to_string();
    let canary = [
        payload(change(None, Some(&row("b", 9)), 7)),
        payload(change(Some(&b), Some(&a), 8)),
        "{\"op\":\"c\"}".to_owned(),
        "{\"after\":null,\"\\u0061fter\":null}".to_owned(),
        "{\"after\":{\"id\":\"x\"}} 1".to_owned(),
        "{\"after\":{\"id\":1,\"id\":2}}".to_owned(),
        "{\"after\":{\"id\":1},\"op\":1,\"op\":1}".to_owned(),
        "{\"before\":[{\"x\":1,\"x\":1}],\"after\":{\"id\":1}}".to_owned(),
        "[1]".to_owned(),
    ];
    let (baseline, canary) = (file("b.jsonl", &baseline), file("c.jsonl", &canary));
    let run = |flags: &str| {
        let mut all = vec!["--baseline", &baseline, "--canary", &canary, "--identity", "field:id"];
        all.extend(flags.split_whitespace());
        reconcile(&all)
    };
    let told = run("--unwrap debezium");
    assert_eq!(
        told.gist(),
        "1 matched 1 mismatched 1 | seen_at value 1 | v value 1",
        "{}",
        told.log
    );
    let reasons = &told.side("canary")["undecodable_reasons"];
    let counts = ["framing", "duplicate_key", "trailing"].map(|reason| reasons[reason].clone());
    assert_eq!(counts, [json!(2), json!(4), json!(1)], "{reasons}");
    for (flags, wrong) in [
        ("--unwrap maxwell", "must be debezium"),
        ("--unwrap debezium --format raw", "--format"),
    ] {
        let told = run(flags);
        assert_eq!(told.exit, 2, "{flags}");
        assert!(told.log.contains(wrong), "{flags}: {}", told.log);
    }
}
