//! The pages and their fenced blocks.

use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block: where it stands, what it is, what it says.
#[derive(Debug)]
pub struct Block {
    pub at: String,
    pub language: String,
    pub text: String,
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// README and all pages below `docs`: (path from the root, text).
pub fn pages() -> Vec<(String, String)> {
    let mut paths = vec![root().join("README.md")];
    collect(&root().join("docs"), &mut paths);
    paths.sort();
    let page = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        (name, fs::read_to_string(&path).unwrap())
    };
    paths.into_iter().map(page).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
}

/// All fenced blocks of all pages.
pub fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for (name, text) in pages() {
        let mut open: Option<Block> = None;
        for (number, line) in text.lines().enumerate() {
            match (&mut open, line.trim_start().strip_prefix("```")) {
                (None, Some(language)) => {
                    open = Some(Block {
                        at: format!("{name}:{}", number + 1),
                        language: language.trim().to_owned(),
                        text: String::new(),
                    });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(block), None) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{name}: a block is not closed");
    }
    blocks
}

#[test]
fn every_block_says_what_it_is() {
    let blocks = blocks();
    assert!(blocks.len() > 10, "{blocks:?}");
    for block in blocks {
        let known = ["sh", "yaml", "text", "json", "rust", "python"].contains(&block.language.as_str());
        assert!(known, "{}: language {:?} of a block", block.at, block.language);
    }
}

#[test]
fn every_yaml_block_is_yaml() {
    for block in blocks().iter().filter(|block| block.language == "yaml") {
        for document in block.text.split("\n---\n") {
            let parsed: Result<serde_json::Value, _> = serde_saphyr::from_str(document);
            assert!(
                parsed.is_ok_and(|value| value.is_object()),
                "{}: not a mapping",
                block.at
            );
        }
    }
}
