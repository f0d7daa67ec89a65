//! `tests/vectors/protobuf.json`: messages that Google's own library wrote and read, with the plain form that
//! `tests/canonical/protobuf.py` made of what it read.

use serde_json::Value;

use super::super::build::{hex, unhex};
use super::canonical;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/protobuf.json");

#[test]
fn messages_of_another_library_have_the_form_that_another_program_makes_of_them() {
    let all: Value = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    let all = all.as_array().unwrap();
    assert!(all.len() >= 100, "{}", all.len());
    let mut messages = 0;
    for case in all {
        let schema = case["schema"].as_str().unwrap();
        for message in case["messages"].as_array().unwrap() {
            let text = |key: &str| message[key].as_str().unwrap();
            let (found, tagged) = canonical(schema, &unhex(text("value")));
            assert!(!tagged);
            assert_eq!(hex(&found), text("canonical"), "{schema}\n{}", text("value"));
            messages += 1;
        }
    }
    assert!(messages >= 500, "{messages}");
}
