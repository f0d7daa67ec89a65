//! 300,000 orders as a shop has them, the canary's with faults of every kind: each is found, by its field, its kind and its
//! number, and nothing else.

mod orders;

use std::collections::BTreeMap;

use super::avro::{compare_files, container};
use orders::{Fault, Order};

const RECORDS: u64 = 300_000;
/// Records of a block.
const BLOCK: usize = 500;
const SEED: u64 = 20_261_130;
/// What differs by nature: the clock of the writer, the order of the tags, the last digits of a sum.
const RULES: &str =
    "--identity field:order_id --ignore updated_at --unordered tags --tolerance score=0.000001 --findings-max 5";

#[derive(Default)]
struct Log {
    blocks: Vec<(i64, Vec<u8>)>,
}

impl Log {
    fn push(&mut self, order: &Order) {
        if self
            .blocks
            .last()
            .is_none_or(|(count, _)| usize::try_from(*count).unwrap() == BLOCK)
        {
            self.blocks.push((0, Vec::new()));
        }
        let (count, block) = self.blocks.last_mut().unwrap();
        *count += 1;
        order.put(block);
    }
}

/// What a report has to say: outcomes, and differing fields by path and kind.
#[derive(Default)]
struct Expected {
    outcomes: BTreeMap<&'static str, u64>,
    fields: BTreeMap<(&'static str, &'static str), u64>,
}

#[test]
fn every_injected_fault_is_told_by_field_and_count() {
    let (mut baseline, mut canary, mut expected) = (Log::default(), Log::default(), Expected::default());
    let mut late = Vec::new();
    for number in 0..RECORDS {
        let order = Order::new(SEED, number);
        baseline.push(&order);
        let mut written = order.rewritten(number);
        let fault = Fault::of(SEED, number);
        let outcome = match fault {
            None => "matched",
            Some(Fault::Lost) => "missing",
            Some(Fault::Twice) => "duplicate",
            Some(Fault::Contradicted) => "conflict",
            Some(Fault::Made) => "extra",
            Some(fault) => {
                let (path, kind) = fault.spoil(&mut written);
                *expected.fields.entry((path, kind)).or_default() += 1;
                "mismatched"
            }
        };
        *expected.outcomes.entry(outcome).or_default() += 1;
        match fault {
            Some(Fault::Lost) => continue,
            Some(Fault::Twice | Fault::Contradicted | Fault::Made) => {
                *expected.outcomes.entry("matched").or_default() += 1
            }
            _ => {}
        }
        canary.push(&written);
        match fault {
            Some(Fault::Twice) => late.push(written),
            Some(Fault::Contradicted) => {
                written.amount += 100;
                late.push(written);
            }
            Some(Fault::Made) => {
                written.order_id.push_str("-made");
                late.push(written);
            }
            _ => {}
        }
    }
    late.iter().for_each(|order| canary.push(order));

    let dir = tempfile::tempdir().unwrap();
    let schema = serde_json::from_str(orders::SCHEMA).unwrap();
    let baseline = container(dir.path(), "baseline", &schema, &baseline.blocks);
    let canary = container(dir.path(), "canary", &schema, &canary.blocks);
    let told = compare_files(&baseline, &canary, RULES);
    assert!(told.gist().starts_with("1 "), "{}", told.log);
    let outcomes = &told.stream()["outcomes"];
    for (outcome, count) in &expected.outcomes {
        assert!(*count > 100, "{outcome} {count}");
        let found = match *outcome {
            "duplicate" | "conflict" => &outcomes[outcome]["canary"],
            outcome => &outcomes[outcome],
        };
        assert_eq!(found.as_u64(), Some(*count), "{outcome}: {outcomes}");
    }
    for outcome in ["duplicate", "conflict"] {
        assert_eq!(outcomes[outcome]["baseline"], 0);
    }
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let fields = told.stream()["fields"].as_array().unwrap();
    let found: BTreeMap<(String, String), u64> = fields
        .iter()
        .map(|field| {
            (
                (text(&field["path"]), text(&field["kind"])),
                field["count"].as_u64().unwrap(),
            )
        })
        .collect();
    let wanted = expected.fields.iter();
    let wanted: BTreeMap<(String, String), u64> = wanted
        .map(|((path, kind), count)| (((*path).to_owned(), (*kind).to_owned()), *count))
        .collect();
    assert_eq!(found, wanted);
    assert_eq!(
        wanted.len(),
        Fault::FIELDS,
        "a fault that was never injected proves nothing"
    );
}
