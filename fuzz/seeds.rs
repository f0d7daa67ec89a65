//! Inputs to begin with, from the vectors and the sample files of the project.

use std::path::Path;

use serde_json::Value;

/// Where the project is.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The vectors: writer, contract, bytes.
pub fn vectors() -> Vec<(String, String, Vec<u8>)> {
    let text = std::fs::read_to_string(format!("{ROOT}/tests/vectors/values.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let field = |case: &Value, name: &str| case[name].as_str().map(str::to_owned);
    all.iter()
        .filter_map(|case| {
            Some((
                field(case, "writer")?,
                field(case, "contract")?,
                unhex(case["value"].as_str()?),
            ))
        })
        .collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len() / 2).map(|at| digit(2 * at)).collect()
}

/// All files of a folder of the project.
pub fn files(folder: &str) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}
