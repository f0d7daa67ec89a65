//! The JSON Schema of the report, which other tests hold every report against.

use std::sync::LazyLock;

use serde_json::Value;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");

static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
});

/// Panics where a report is not as its schema says.
pub(crate) fn is_valid(report: &Value) {
    let wrong: Vec<String> = VALIDATOR
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schema_in_the_docs_is_the_reports() {
    let schema = format!("{:#}\n", crosscheck::app::report::schema());
    if std::fs::read_to_string(FILE).is_ok_and(|stands| stands == schema) {
        return;
    }
    let fresh = concat!(env!("CARGO_TARGET_TMPDIR"), "/report.schema.json");
    std::fs::write(fresh, schema).unwrap();
    panic!("docs/report.schema.json is not the report's schema: cp {fresh} docs/");
}

#[test]
fn what_is_no_report_is_not_valid() {
    for wrong in [
        r#"{}"#,
        r#"{"schema_version":1,"release":"r","generation":1,"verdict":"maybe","reasons":[],"interrupted":false,"streams":[]}"#,
        r#"{"schema_version":1,"release":"r","generation":1,"verdict":"pass","reasons":[],"interrupted":false,"streams":[{}]}"#,
    ] {
        assert!(!VALIDATOR.is_valid(&serde_json::from_str(wrong).unwrap()), "{wrong}");
    }
    is_valid(
        &serde_json::from_str(
            r#"{"schema_version":1,"release":"r","generation":1,"verdict":"pass","reasons":[],"interrupted":false,"streams":[]}"#,
        )
        .unwrap(),
    );
}
