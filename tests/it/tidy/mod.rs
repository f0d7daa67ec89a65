//! Floors, sizes, banned calls.

mod banned;
mod floors;
mod order;
mod rooms;
mod shape;

use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path from the root, with `/`, and its text.
#[derive(Default)]
struct Source {
    path: String,
    text: String,
    /// True where the module above declares it for tests only.
    is_unit_test: bool,
}

impl Source {
    /// The text without comments and without unit tests, line by line.
    fn code(&self) -> Vec<(usize, &str)> {
        if self.is_unit_test {
            return Vec::new();
        }
        let end = self.text.find("\n#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        let lines = self.text[..end].lines().enumerate();
        let code = lines.filter(|(_, line)| !line.trim_start().starts_with("//"));
        code.map(|(i, line)| (i + 1, line)).collect()
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder of the repository, in the order of their paths.
fn sources(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join(folder), &mut files);
    files.sort();
    assert!(!files.is_empty(), "{folder} has no Rust file");
    let source = |file: PathBuf| Source {
        path: file.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"),
        text: fs::read_to_string(&file).unwrap(),
        is_unit_test: is_unit_test(&file),
    };
    files.into_iter().map(source).collect()
}

/// Whether `#[cfg(test)] mod NAME;` declares a file, or one above it in `src`.
fn is_unit_test(file: &Path) -> bool {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let (name, folder) = match (stem, file.parent()) {
        ("mod", Some(folder)) => (folder.file_name().unwrap().to_str().unwrap(), folder.parent().unwrap()),
        (stem, Some(folder)) => (stem, folder),
        _ => return false,
    };
    if !folder.starts_with(root().join("src")) {
        return false;
    }
    let above = [
        folder.join("mod.rs"),
        folder.join("lib.rs"),
        folder.with_extension("rs"),
    ];
    above
        .iter()
        .filter(|above| *above != file && above.is_file())
        .any(|above| {
            let text = fs::read_to_string(above).unwrap();
            text.contains(&format!("#[cfg(test)]\nmod {name};")) || is_unit_test(above)
        })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Fails with everything that was found.
fn nothing(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}
