//! Command lines and flags of the docs are those of the command.

use std::collections::BTreeSet;

use crosscheck::cli::command;

use super::blocks::{blocks, pages};

/// Words of a shell line; double quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What follows the program in a line that runs crosscheck.
fn arguments(line: &str) -> Option<&str> {
    let line = line.trim();
    line.strip_prefix("crosscheck ")
        .or_else(|| line.strip_prefix("cargo run --release -- "))
}

#[test]
fn every_command_line_is_understood() {
    let mut count = 0;
    for block in blocks().iter().filter(|block| block.language == "sh") {
        for line in block.text.lines() {
            let Some(arguments) = arguments(line) else { continue };
            let words = [vec!["crosscheck".to_owned()], words(arguments)].concat();
            if let Err(error) = command().try_get_matches_from(words) {
                panic!("{}: {line}\n{error}", block.at);
            }
            count += 1;
        }
    }
    assert!(count > 10, "{count}");
}

fn flags(command: &clap::Command, into: &mut BTreeSet<String>) {
    into.extend(
        command
            .get_arguments()
            .filter_map(|argument| argument.get_long())
            .map(str::to_owned),
    );
    for subcommand in command.get_subcommands() {
        flags(subcommand, into);
    }
}

#[test]
fn every_flag_that_is_named_exists() {
    let mut known = BTreeSet::from(["help".to_owned(), "version".to_owned()]);
    flags(&command(), &mut known);
    // Of cargo, and of the scripts of the stack.
    known.extend(
        [
            "release",
            "profile",
            "features",
            "nocapture",
            "all-targets",
            "check",
            "ignored",
            "show-output",
            "skip",
            "test",
            "lib",
            "dir",
            "secure",
            "kills",
            "corruptions",
            "seed",
            "bench",
            "config",
            "test-threads",
            "include-ignored",
            // Of `fuzz/run`, and of valgrind.
            "total",
            "replay",
            "error-exitcode",
            "suppressions",
            "leak-check",
        ]
        .map(str::to_owned),
    );
    for (page, text) in pages() {
        for (_, rest) in text.match_indices("--").map(|(at, _)| text.split_at(at + 2)) {
            let flag: String = rest
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                .collect();
            let is_flag = flag.starts_with(|c: char| c.is_ascii_lowercase());
            assert!(
                !is_flag || known.contains(&flag),
                "{page} names --{flag}, which does not exist"
            );
        }
    }
}
