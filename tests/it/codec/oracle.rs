//! Random schemas and values against apache-avro: two records are equal there if and only if their digests are equal,
//! whatever bytes they are written in.

use apache_avro::types::Value;
use crosscheck::model::Side;

use super::build::{Numbers, one, reducer, settings};
use super::drawn::{Shape, fields, shape, text, written};

/// Text that is equal where values are: zeros apart, NaN equal, maps in order.
fn normal(value: &Value) -> String {
    match value {
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| format!("{key:?}: {}", normal(value)))
                .collect();
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(normal).collect::<Vec<_>>().join(", ")),
        Value::Record(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{name}={}", normal(value)))
                .collect();
            format!("({})", fields.join(", "))
        }
        Value::Union(branch, value) => format!("{branch}({})", normal(value)),
        other => format!("{other:?}"),
    }
}

#[test]
fn equal_there_if_and_only_if_equal_here() {
    let (mut equal, mut different) = (0, 0);
    for seed in 0..400 {
        let mut numbers = Numbers(seed);
        let shape = Shape::Record(
            "Root".to_owned(),
            fields((0..3).map(|i| shape(&mut numbers, 3, &mut (i * 1000)))),
        );
        let schema = text(&shape);
        let parsed =
            apache_avro::Schema::parse_str(&schema).unwrap_or_else(|error| panic!("seed {seed}: {schema}: {error}"));
        let reader = apache_avro::reader::datum::GenericDatumReader::builder(&parsed)
            .build()
            .unwrap();
        let mut ours = reducer(Side::Baseline, settings(), &schema, &schema);
        let mut seen: Vec<(String, _)> = Vec::new();
        for round in 0..12 {
            let mut value = Numbers(seed * 7 + round / 2 % 5);
            let mut style = Numbers(seed * 1000 + round);
            let style = (round % 2 == 1).then_some(&mut style);
            let bytes = written(&shape, &mut value, style);
            let theirs = normal(&reader.read_value(&mut bytes.as_slice()).unwrap());
            let digest = one(&mut ours, &bytes)
                .unwrap_or_else(|reason| panic!("seed {seed}: {reason:?}: {schema}"))
                .digest;
            for (other, other_digest) in &seen {
                assert_eq!(
                    *other == theirs,
                    *other_digest == digest,
                    "seed {seed}, round {round}: {schema}"
                );
                if *other == theirs { equal += 1 } else { different += 1 }
            }
            seen.push((theirs, digest));
        }
    }
    assert!(equal > 2_000 && different > 2_000, "{equal} {different}");
}

#[test]
fn a_contract_of_the_same_types_changes_nothing() {
    for seed in 0..200 {
        let mut numbers = Numbers(seed + 9_000);
        let shape = Shape::Record("Root".to_owned(), fields([shape(&mut numbers, 3, &mut 0)]));
        let schema = text(&shape);
        let renamed = schema.replace("\"N", "\"other.N").replace("Root", "Else");
        let bytes = written(&shape, &mut Numbers(seed), None);
        let own = one(&mut reducer(Side::Baseline, settings(), &schema, &schema), &bytes).unwrap();
        let other = one(&mut reducer(Side::Canary, settings(), &renamed, &schema), &bytes).unwrap();
        assert_eq!(own.digest, other.digest, "seed {seed}: {schema}");
    }
}
