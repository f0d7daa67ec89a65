//! What must not depend on a rule, and reasons in the order of the bytes.

use crosscheck::model::{Side, UndecodableReason};

use super::build::{one, path, reducer, settings, unhex, with_identity};
use super::table::{INT_PART, TEXT_PART};

#[test]
fn an_identity_is_the_same_whether_it_is_compared() {
    let identity = |ignore: &[&str]| {
        let mut settings = with_identity(&["field:g.e"]);
        settings.rules.ignore = ignore.iter().map(|text| path(text)).collect();
        let found = one(
            &mut reducer(Side::Baseline, settings, TEXT_PART, INT_PART),
            &unhex("0266"),
        )
        .unwrap();
        assert!(!found.by_content);
        found.identity
    };
    let compared = identity(&[]);
    for ignore in ["g", "g.e"] {
        assert_eq!(identity(&[ignore]), compared, "{ignore}");
    }
}

/// The keys of a map stand in the record while a default inside it is read and stops.
#[test]
fn a_default_beyond_the_budget_stands_behind_a_key_twice() {
    let writer = r#"{"type":"map","values":{"type":"record","name":"V","fields":[]}}"#;
    let default = "x".repeat(5_000);
    let contract = format!(
        r#"{{"type":"map","values":{{"type":"record","name":"V","fields":[{{"name":"z","type":"string","default":"{default}"}}]}}}}"#
    );
    for (step, reason) in [(0, UndecodableReason::DuplicateKey), (1, UndecodableReason::Bounds)] {
        let mut settings = settings();
        settings.rules.absent_equals_default = true;
        let mut value = vec![120];
        value.extend((0..60u8).flat_map(|i| [2, b'!' + step * i]));
        value.push(0);
        let found = one(&mut reducer(Side::Baseline, settings, writer, &contract), &value);
        assert_eq!(found.unwrap_err(), reason);
    }
}

/// A part of the identity in a record of the tagged form is walked twice and pays once, as it stands in the record once.
#[test]
fn a_part_of_the_identity_pays_once() {
    let nulls = r#"{"type":"array","items":"null"}"#;
    let of = |other: &str| {
        format!(
            r#"{{"type":"record","name":"R","fields":[{{"name":"h","type":{nulls}}},{{"name":"o","type":{other}}}]}}"#
        )
    };
    let settings = with_identity(&["field:h"]);
    let mut reducer = reducer(Side::Baseline, settings, &of("\"boolean\""), &of("\"int\""));
    // 100,000 nulls pay for most of the budget; the boolean is no int.
    one(&mut reducer, &unhex("c09a0c 00 01")).unwrap();
}
