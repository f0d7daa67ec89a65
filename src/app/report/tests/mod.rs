//! Snapshots of the faces of one report.

mod faces;
mod json;

use super::*;
use crate::engine::Candidate;
use crate::engine::judge::{Judgement, Reason};
use crate::model::{
    DifferenceKind, FieldDifference, Identity, Outcome, PerSide, Position, Side, UndecodableReason, Verdict,
    WindowCounts,
};

fn at(side: Side, offset: u64) -> Option<Position> {
    Some(Position {
        side,
        partition: 0,
        offset,
    })
}

fn counts() -> WindowCounts {
    let mut counts = WindowCounts {
        matched: 1_234_000,
        mismatched: 3,
        missing: 2,
        extra: 1,
        ..WindowCounts::default()
    };
    counts.sides.canary.duplicate = 4;
    counts.sides.canary.undecodable.insert(UndecodableReason::Truncated, 1);
    counts.sides.baseline.excluded_select = 5;
    counts.skew.record(-3);
    counts.skew.record(12);
    counts
}

fn side(read: u64) -> SideInput {
    SideInput {
        read,
        bytes: read * 100,
        gaps: 0,
        pending: 0,
        partitions: vec![PartitionRange {
            topic: None,
            partition: 0,
            from: 0,
            to: read,
        }],
    }
}

fn difference(path: &str, kind: DifferenceKind, shown: Option<(&str, &str)>) -> FieldDifference {
    FieldDifference {
        path: path.to_owned(),
        kind,
        baseline: shown.map(|(baseline, _)| baseline.to_owned()),
        canary: shown.map(|(_, canary)| canary.to_owned()),
    }
}

fn findings() -> Vec<Finding> {
    let candidate = |outcome, baseline, canary| Candidate {
        outcome,
        baseline,
        canary,
        identity: Some(Identity([7; 16])),
        time_ms: Some(1_767_225_600_123),
        reason: None,
        differing: crate::model::Differing::default(),
    };
    let window = Some(1_767_225_600_000);
    let mismatched = candidate(Outcome::Mismatched, at(Side::Baseline, 17), at(Side::Canary, 18));
    let missing = candidate(Outcome::Missing, at(Side::Baseline, 20), None);
    let undecodable = Candidate {
        identity: None,
        reason: Some(UndecodableReason::Truncated),
        ..candidate(Outcome::Undecodable, None, at(Side::Canary, 90))
    };
    vec![
        finding(
            &mismatched,
            window,
            vec![
                difference("amount", DifferenceKind::Value, None),
                difference("status", DifferenceKind::Value, Some(("paid|\u{1b}[31m", "`open`"))),
            ],
            None,
        ),
        finding(&missing, window, Vec::new(), Some("the record is gone".to_owned())),
        finding(&undecodable, None, Vec::new(), None),
    ]
}

fn report(interrupted: bool) -> Report {
    let fields = FieldCounts::from([
        (("amount".to_owned(), DifferenceKind::Value), 3),
        (("items[*].sku".to_owned(), DifferenceKind::Absent), 1),
    ]);
    let counts = counts();
    let orders = stream(StreamInput {
        stream: "orders",
        verdict: Verdict::Fail,
        coverage: 1.0,
        sampling: 1.0,
        counts: &counts,
        sides: PerSide {
            baseline: side(1_234_010),
            canary: side(1_234_009),
        },
        fields: &fields,
        schemas: vec![SchemaUse {
            side: Side::Baseline,
            id: None,
            digest: "ab12".to_owned(),
            records: 1_234_005,
        }],
        schema_changes: vec![SchemaChange {
            path: "note".to_owned(),
            change: "added".to_owned(),
            breaking: false,
        }],
        findings: findings(),
        topics: PerSide::default(),
    });
    let judgement = Judgement {
        verdict: Verdict::Fail,
        reasons: vec![Reason {
            stream: "orders".to_owned(),
            check: "mismatched".to_owned(),
            inconclusive: None,
            text: "mismatched: 3 of 1,234,006 compared (0.000243 %), over the budget of 0".to_owned(),
        }],
    };
    release("reconcile", 1, &judgement, vec![orders], interrupted)
}

#[test]
fn as_a_table() {
    let look = Look {
        colour: false,
        notes: vec!["baseline: --from -1h is 2026-01-01T00:00:00Z".to_owned()],
    };
    insta::assert_snapshot!(table(&report(false), &look), @r#"
 stream                   read    matched  mismatched  missing  extra  duplicates  conflicts  undecodable  coverage  verdict
 orders  1,234,010 / 1,234,009  1,234,000           3        2      1       0 / 4          0        0 / 1     100 %  fail
 (two figures are baseline / canary)

verdict of reconcile: fail
  orders: mismatched: 3 of 1,234,006 compared (0.000243 %), over the budget of 0

orders
  baseline: read 0:[0, 1234010), not selected 5
  canary: read 0:[0, 1234009), undecodable (truncated) 1
  schema: note added

  differing fields
    amount        value   3
    items[*].sku  absent  1

  findings (partition:offset)
    outcome      window                baseline  canary  what
    mismatched   2026-01-01T00:00:00Z  0:17      0:18    amount value, status value (paid|\u{1b}[31m -> `open`)
    missing      2026-01-01T00:00:00Z  0:20      -       the record is gone
    undecodable  -                     -         0:90    truncated

baseline: --from -1h is 2026-01-01T00:00:00Z
"#);
}

#[test]
fn as_markdown() {
    insta::assert_snapshot!(markdown(&report(false), &["nothing was <b>missed</b>".to_owned()]), @r#"
### ❌ crosscheck: `reconcile` fail

- `orders`: mismatched: 3 of 1,234,006 compared (0.000243 %), over the budget of 0

| stream | read | matched | mismatched | missing | extra | duplicates | conflicts | undecodable | coverage | verdict |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|
| `orders` | 1,234,010 / 1,234,009 | 1,234,000 | 3 | 2 | 1 | 0 / 4 | 0 | 0 / 1 | 100 % | fail |

Two figures are baseline / canary.

Differing fields of `orders`:

| field | kind | pairs |
|---|---|--:|
| `amount` | value | 3 |
| `items[*].sku` | absent | 1 |

Schema changes of `orders`:

- `note` added

<details>
<summary>3 of 3 findings kept of orders</summary>

| outcome | window | baseline | canary | what |
|---|---|---|---|---|
| mismatched | 2026-01-01T00:00:00Z | 0:17 | 0:18 | `amount value, status value (paid\|\u{1b}[31m -> 'open')` |
| missing | 2026-01-01T00:00:00Z | 0:20 | - | `the record is gone` |
| undecodable | - | - | 0:90 | `truncated` |

Positions are partition:offset.

</details>

- nothing was &lt;b&gt;missed&lt;/b&gt;
"#);
}

#[test]
fn exit_codes() {
    let cases = [
        (Verdict::Pass, InconclusiveAs::Itself, 0),
        (Verdict::Fail, InconclusiveAs::Itself, 1),
        (Verdict::Inconclusive, InconclusiveAs::Itself, 3),
        (Verdict::Inconclusive, InconclusiveAs::Pass, 0),
        (Verdict::Inconclusive, InconclusiveAs::Fail, 1),
        (Verdict::Fail, InconclusiveAs::Pass, 1),
    ];
    for (verdict, inconclusive, expect) in cases {
        assert_eq!(exit_code(verdict, inconclusive), expect);
    }
    let interrupted = report(true);
    assert_eq!(interrupted.verdict, Verdict::Inconclusive);
    assert_eq!(interrupted.exit_code(InconclusiveAs::Pass), 130);
}

#[test]
fn colour_only_where_it_is_asked_for() {
    let coloured = table(
        &report(false),
        &Look {
            colour: true,
            notes: Vec::new(),
        },
    );
    assert!(coloured.contains("\u{1b}[1;31mfail\u{1b}[0m"));
    assert!(!table(&report(false), &Look::default()).contains('\u{1b}'));
}
