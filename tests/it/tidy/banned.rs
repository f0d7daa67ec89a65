//! Calls that a floor must not make, and words that nobody leaves behind.

use super::{nothing, sources};

/// What the pure floors must not name: clock, I/O, randomness, tasks, locks, logging, environment.
const IMPURE: [&str; 21] = [
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "Utc::now",
    "tokio::",
    "rand::",
    "Uuid::",
    "std::env",
    "std::fs",
    "std::io::std",
    "std::net",
    "std::thread",
    "std::process",
    "std::sync::Mutex",
    "RwLock",
    "println!",
    "eprintln!",
    "tracing::",
    "log::",
    "sleep(",
];

#[test]
fn the_pure_floors_are_pure() {
    let mut found = Vec::new();
    for floor in ["src/model", "src/codec", "src/engine"] {
        for source in sources(floor) {
            for (number, line) in source.code() {
                for word in IMPURE.iter().filter(|word| names(line, word)) {
                    found.push(format!("{}:{number}: {word}", source.path));
                }
            }
        }
    }
    nothing(
        &found,
        "model, codec and engine have no clock, I/O, randomness, tasks, locks, logging or environment",
    );
}

/// Whether a line names a word that does not continue another one: `rand::` is not in `operand::`.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[test]
fn only_config_reads_the_environment() {
    let allowed = ["src/config/env.rs", "src/cli/mod.rs"];
    let mut found = Vec::new();
    for source in sources("src")
        .iter()
        .filter(|source| !allowed.contains(&source.path.as_str()))
    {
        for (number, line) in source.code() {
            if ["std::env::", "env::var", "env::args"]
                .iter()
                .any(|word| names(line, word))
            {
                found.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    nothing(&found, "only config reads the environment, and cli the arguments");
}

#[test]
fn one_clock() {
    let mut found = Vec::new();
    for source in sources("src").iter().filter(|source| source.path != "src/app/clock.rs") {
        for (number, line) in source.code() {
            for word in ["SystemTime::now", "Timestamp::now", "Zoned::now"]
                .iter()
                .filter(|word| names(line, word))
            {
                found.push(format!("{}:{number}: {word}", source.path));
            }
        }
    }
    nothing(&found, "the one wall clock is app/clock.rs");
}

#[test]
fn nothing_is_left_behind() {
    // Put together here, so that this file does not hold them.
    let words: Vec<String> = [
        ("todo", "!("),
        ("dbg", "!("),
        ("unimplemented", "!("),
        ("FIX", "ME"),
        ("XX", "X "),
        ("#[all", "ow("),
    ]
    .iter()
    .map(|(a, b)| format!("{a}{b}"))
    .collect();
    let mut found = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        for (number, line) in source.text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(word.as_str())) {
                found.push(format!("{}:{}: {word}", source.path, number + 1));
            }
        }
    }
    nothing(&found, "nothing is left behind");
}

#[test]
fn tests_do_not_sleep() {
    let word = format!("{}(", "sleep");
    let mut found = Vec::new();
    for source in sources("tests") {
        // A string that names it is no call: this file, and the impure words above.
        if source.path.starts_with("tests/it/tidy/") {
            continue;
        }
        for (number, line) in source.code() {
            // Retrying a real service is waiting for it; such a line says so.
            if names(line, &word) && !line.contains("// waits for") {
                found.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    nothing(
        &found,
        "tests await events; a line that must wait ends in `// waits for …`",
    );
}
