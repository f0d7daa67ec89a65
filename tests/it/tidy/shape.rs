//! The shape of files: short, and each says first what it is for.

use super::{nothing, sources};

/// A file has at most this many lines, and the median file of `src` about 150.
const LINES_MAX: usize = 500;
const LINES_MEDIAN_MAX: usize = 200;

#[test]
fn no_file_is_long() {
    let mut found = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            found.push(format!("{}: {lines} lines", source.path));
        }
    }
    nothing(&found, "a file has at most 500 lines");
}

#[test]
fn most_files_are_short() {
    let mut lines: Vec<usize> = sources("src")
        .iter()
        .map(|source| source.text.lines().count())
        .collect();
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!(median <= LINES_MEDIAN_MAX, "the median file of src has {median} lines");
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let mut found = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        if !source.text.starts_with("//! ") {
            found.push(source.path);
        }
    }
    nothing(&found, "the first line of a file is `//! …`");
}
