//! The report for scripts.

use super::*;

#[test]
fn as_json() {
    insta::assert_snapshot!(report(false).json().unwrap(), @r#"
{
  "schema_version": 1,
  "release": "reconcile",
  "generation": 1,
  "verdict": "fail",
  "reasons": [
    {
      "stream": "orders",
      "check": "mismatched",
      "text": "mismatched: 3 of 1,234,006 compared (0.000243 %), over the budget of 0"
    }
  ],
  "interrupted": false,
  "streams": [
    {
      "stream": "orders",
      "verdict": "fail",
      "coverage": 1.0,
      "sampling": 1.0,
      "skew_ms": {
        "p1": -3,
        "p50": -3,
        "p99": 12
      },
      "sides": {
        "baseline": {
          "read": 1234010,
          "bytes": 123401000,
          "late": 0,
          "untimely": 0,
          "undecodable": 0,
          "undecodable_reasons": {
            "truncated": 0,
            "trailing": 0,
            "malformed": 0,
            "bounds": 0,
            "framing": 0,
            "schema": 0,
            "utf8": 0,
            "duplicate_key": 0,
            "identity": 0
          },
          "diverted": 0,
          "excluded": 5,
          "excluded_reasons": {
            "select": 5,
            "sample": 0,
            "edge": 0,
            "noise": 0
          },
          "gaps": 0,
          "partitions": [
            {
              "partition": 0,
              "from": 0,
              "to": 1234010
            }
          ]
        },
        "canary": {
          "read": 1234009,
          "bytes": 123400900,
          "late": 0,
          "untimely": 0,
          "undecodable": 1,
          "undecodable_reasons": {
            "truncated": 1,
            "trailing": 0,
            "malformed": 0,
            "bounds": 0,
            "framing": 0,
            "schema": 0,
            "utf8": 0,
            "duplicate_key": 0,
            "identity": 0
          },
          "diverted": 0,
          "excluded": 0,
          "excluded_reasons": {
            "select": 0,
            "sample": 0,
            "edge": 0,
            "noise": 0
          },
          "gaps": 0,
          "partitions": [
            {
              "partition": 0,
              "from": 0,
              "to": 1234009
            }
          ]
        }
      },
      "outcomes": {
        "matched": 1234000,
        "mismatched": 3,
        "missing": 2,
        "extra": 1,
        "profiled": 0,
        "duplicate": {
          "baseline": 0,
          "canary": 4
        },
        "conflict": {
          "baseline": 0,
          "canary": 0
        },
        "pending": {
          "baseline": 0,
          "canary": 0
        }
      },
      "fields": [
        {
          "path": "amount",
          "kind": "value",
          "count": 3
        },
        {
          "path": "items[*].sku",
          "kind": "absent",
          "count": 1
        }
      ],
      "schemas": [
        {
          "side": "baseline",
          "id": null,
          "digest": "ab12",
          "records": 1234005
        }
      ],
      "schema_changes": [
        {
          "path": "note",
          "change": "added",
          "breaking": false
        }
      ],
      "drift": [],
      "findings": [
        {
          "outcome": "mismatched",
          "identity": "07070707070707070707070707070707",
          "window": "2026-01-01T00:00:00Z",
          "baseline": {
            "partition": 0,
            "offset": 17
          },
          "canary": {
            "partition": 0,
            "offset": 18
          },
          "fields": [
            {
              "path": "amount",
              "kind": "value"
            },
            {
              "path": "status",
              "kind": "value",
              "baseline": "paid|\u001b[31m",
              "canary": "`open`"
            }
          ]
        },
        {
          "outcome": "missing",
          "identity": "07070707070707070707070707070707",
          "window": "2026-01-01T00:00:00Z",
          "baseline": {
            "partition": 0,
            "offset": 20
          },
          "canary": null,
          "fields": [],
          "note": "the record is gone"
        },
        {
          "outcome": "undecodable",
          "identity": null,
          "window": null,
          "baseline": null,
          "canary": {
            "partition": 0,
            "offset": 90
          },
          "fields": [],
          "reason": "truncated"
        }
      ]
    }
  ]
}
"#);
}

#[test]
fn json_reads_back() {
    let report = report(true);
    let read: Report = serde_json::from_str(&report.json().unwrap()).unwrap();
    assert_eq!(read, report);
}

#[test]
fn every_key_of_the_contract_is_there() {
    let empty = stream(StreamInput {
        stream: "orders",
        verdict: Verdict::Inconclusive,
        coverage: 0.0,
        sampling: 1.0,
        counts: &WindowCounts::default(),
        sides: PerSide::default(),
        fields: &FieldCounts::new(),
        schemas: Vec::new(),
        schema_changes: Vec::new(),
        findings: Vec::new(),
        topics: PerSide::default(),
    });
    let keys = |value: &serde_json::Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let value = serde_json::to_value(&empty).unwrap();
    let has = |value: &serde_json::Value, wanted: &[&str]| {
        let mut wanted: Vec<String> = wanted.iter().map(|key| (*key).to_owned()).collect();
        wanted.sort();
        let mut found = keys(value);
        found.sort();
        assert_eq!(found, wanted);
    };
    has(
        &value,
        &[
            "stream",
            "verdict",
            "coverage",
            "sampling",
            "skew_ms",
            "sides",
            "outcomes",
            "fields",
            "schemas",
            "schema_changes",
            "drift",
            "findings",
        ],
    );
    has(&value["skew_ms"], &["p1", "p50", "p99"]);
    has(
        &value["sides"]["canary"],
        &[
            "read",
            "bytes",
            "late",
            "untimely",
            "undecodable",
            "undecodable_reasons",
            "diverted",
            "excluded",
            "excluded_reasons",
            "gaps",
            "partitions",
        ],
    );
    assert_eq!(
        keys(&value["sides"]["canary"]["undecodable_reasons"]).len(),
        UndecodableReason::ALL.len()
    );
    has(
        &value["sides"]["canary"]["excluded_reasons"],
        &["select", "sample", "edge", "noise"],
    );
    has(
        &value["outcomes"],
        &[
            "matched",
            "mismatched",
            "missing",
            "extra",
            "profiled",
            "duplicate",
            "conflict",
            "pending",
        ],
    );
}
