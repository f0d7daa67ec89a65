//! What is read back from the database or from another of us as JSON: `KIND TEXT`. What is read is written and read again
//! as the same.

use crosscheck::app::report::Report;
use crosscheck::app::worker::{KnownSchema, State, Stored, UnknownSchema};
use crosscheck::edge::store::FindingBody;
use crosscheck::engine::Checkpoint;
use crosscheck::model::WindowCounts;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub fn run(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match kind % 8 {
        0 => round::<Checkpoint>(text),
        1 => round::<Stored>(text),
        2 => round::<Report>(text),
        3 => round::<KnownSchema>(text),
        4 => round::<UnknownSchema>(text),
        5 => round::<FindingBody>(text),
        6 => round::<WindowCounts>(text),
        _ => round::<State>(text),
    }
}

fn round<T: Serialize + DeserializeOwned>(text: &str) {
    let Ok(read) = serde_json::from_str::<T>(text) else {
        return;
    };
    let written = serde_json::to_string(&read).unwrap();
    let again: T = serde_json::from_str(&written).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
}

pub fn seeds(write: &mut dyn FnMut(&[u8])) {
    let checkpoint = serde_json::to_string(&Checkpoint::default()).unwrap();
    let counts = serde_json::to_string(&WindowCounts::default()).unwrap();
    let partition = r#"{"side":"baseline","partition":0,"from":0,"resume":1,"max_ms":5,"first_ms":1,"read":1,"bytes":1,"gaps":0,"position":9,"raised":[[3,4]],"untimely_by_clock":[1],"idle_since_ms":null}"#;
    for (kind, text) in [
        (0, checkpoint.as_str()),
        (
            0,
            &checkpoint.replace("\"partitions\":[]", &format!("\"partitions\":[{partition}]")),
        ),
        (6, &counts),
    ] {
        write(&[&[kind], text.as_bytes()].concat());
    }
    (0..8).for_each(|kind| write(&[&[kind], b"{}".as_slice()].concat()));
}
