//! The order of a hash map never shows in a result: the pure floors do not iterate over one.
//!
//! Where the order truly does not matter, the line above says `// any order: why`; a sort may stand right behind it.

use super::{Source, nothing, sources};

const WALKS: [&str; 10] = [
    ".iter()",
    ".iter_mut()",
    ".keys()",
    ".into_keys()",
    ".values()",
    ".values_mut()",
    ".into_values()",
    ".drain()",
    ".into_iter()",
    ".retain(",
];

/// Names that a file declares as hash maps or sets.
fn hashed(source: &Source) -> Vec<String> {
    let mut names = Vec::new();
    for (_, line) in source.code() {
        for kind in ["HashMap", "HashSet"] {
            let declared = line.split_once(kind).map(|(before, _)| before.trim_end());
            let before = declared.and_then(|before| {
                let plain = before
                    .trim_end_matches("std::collections::")
                    .trim_end()
                    .trim_end_matches("&mut")
                    .trim_end();
                let plain = plain.trim_end_matches('&').trim_end();
                plain.strip_suffix(':').or_else(|| plain.strip_suffix('='))
            });
            if let Some(before) = before {
                let name: String = before
                    .trim_end()
                    .chars()
                    .rev()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                names.push(name.chars().rev().collect());
            }
        }
    }
    names.retain(|name: &String| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    names
}

fn walks(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let alone = !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = &line[at + name.len()..];
        let owner = line[..at]
            .trim_end_matches("self.")
            .trim_end_matches("&mut ")
            .trim_end_matches('&');
        let looped = owner.trim_end().ends_with(" in") && rest.trim_start().starts_with('{');
        alone && (looped || WALKS.iter().any(|walk| rest.starts_with(walk)))
    })
}

fn found(source: &Source) -> Vec<String> {
    let names = hashed(source);
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (number, line) in source.code() {
        let excused = lines[..number - 1]
            .iter()
            .rev()
            .take(2)
            .any(|above| above.contains("// any order"))
            || lines[number..].iter().take(2).any(|below| below.contains(".sort"));
        for name in names.iter().filter(|name| walks(line, name)) {
            if !excused {
                found.push(format!("{}:{number}: walks over `{name}`", source.path));
            }
        }
    }
    found
}

#[test]
fn no_hash_map_order_in_a_result() {
    let mut all = Vec::new();
    for floor in ["src/model", "src/codec", "src/engine"] {
        all.extend(sources(floor).iter().flat_map(found));
    }
    nothing(
        &all,
        "a pure floor walks over a hash map; sort first, or say `// any order: why` above the line",
    );
}

#[test]
fn walks_are_seen() {
    for (text, count) in [
        (
            "struct A { seen: HashMap<u8, u8> }\nfn f(a: &A) { for x in &a.seen {} }",
            0,
        ),
        (
            "struct A { seen: HashMap<u8, u8> }\nfn f(&self) { for x in &self.seen { } }",
            1,
        ),
        ("let mut m: HashMap<u8, u8> = x;\nm.values().sum()", 1),
        ("let m = HashSet::new();\n// any order: a sum\nm.iter().sum()", 0),
        ("let m = HashMap::new();\nm.get(&1)", 0),
        ("let m: BTreeMap<u8, u8> = x;\nm.values().sum()", 0),
    ] {
        let source = Source {
            path: "x.rs".to_owned(),
            text: text.to_owned(),
            ..Source::default()
        };
        assert_eq!(found(&source).len(), count, "{text}");
    }
}
