//! A floor knows only the floors below it; no edge knows another; codec and engine do not know each other.

use super::{Source, nothing, sources};

/// What each top module may name beside itself.
const FLOORS: [(&str, &[&str]); 7] = [
    ("model", &[]),
    ("codec", &["model"]),
    ("engine", &["model"]),
    ("edge", &["model", "codec", "engine"]),
    ("config", &["model", "codec", "engine", "edge"]),
    ("app", &["model", "codec", "engine", "edge", "config"]),
    ("cli", &["model", "codec", "engine", "edge", "config", "app"]),
];

/// Modules that a path may begin with: everything else behind `super` or `crate` is an item.
fn is_floor(name: &str) -> bool {
    FLOORS.iter().any(|(floor, _)| *floor == name)
}

/// The module of a file, as a path below the crate.
fn module(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

/// The code as one text, so that a `use` may go over several lines.
fn flat(source: &Source) -> String {
    source
        .code()
        .into_iter()
        .map(|(_, line)| line.trim())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Splits at commas that stand in no braces.
fn split(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (i, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The first two segments of every path in what follows `crate::`, groups opened.
fn paths(rest: &str) -> Vec<Vec<String>> {
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if let Some(group) = rest.strip_prefix('{') {
        let mut depth = 1;
        let end = group.char_indices().find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0
        });
        let inside = &group[..end.map_or(group.len(), |(i, _)| i)];
        return split(inside).into_iter().flat_map(paths).collect();
    }
    match rest[name.len()..].strip_prefix("::") {
        Some(below) => {
            let below = paths(below);
            let join = |path: Vec<String>| std::iter::once(name.clone()).chain(path.into_iter().take(1)).collect();
            if below.is_empty() {
                vec![vec![name]]
            } else {
                below.into_iter().map(join).collect()
            }
        }
        None if name.is_empty() => Vec::new(),
        None => vec![vec![name]],
    }
}

/// Everything of the crate that a file names, as paths below the crate.
fn named(source: &Source) -> Vec<Vec<String>> {
    let code = flat(source);
    let own = module(&source.path);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            found.extend(paths(&code[at + "crate::".len()..]));
        }
    }
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with("::") || code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let (mut rest, mut base) = (&code[at..], own.clone());
        while let Some(below) = rest.strip_prefix("super::") {
            rest = below;
            base.pop();
        }
        for path in paths(rest) {
            found.push(base.iter().cloned().chain(path).take(2).collect());
        }
    }
    found
}

#[test]
fn a_floor_knows_only_the_floors_below_it() {
    let mut found = Vec::new();
    for source in sources("src") {
        let own = module(&source.path);
        let Some((floor, below)) = FLOORS.iter().find(|(floor, _)| *floor == own[0]) else {
            assert!(
                ["lib", "main", "mutants"].contains(&own[0].as_str()),
                "{} is on no floor",
                source.path
            );
            continue;
        };
        for path in named(&source) {
            let name = path[0].as_str();
            if name != *floor && is_floor(name) && !below.contains(&name) {
                found.push(format!("{}: {} knows {}", source.path, floor, path.join("::")));
            }
        }
    }
    nothing(&found, "a floor knows only the floors below it");
}

#[test]
fn no_edge_knows_another() {
    let edges: Vec<String> = sources("src/edge")
        .iter()
        .filter_map(|source| module(&source.path).get(1).cloned())
        .collect();
    let mut found = Vec::new();
    for source in sources("src/edge") {
        let own = module(&source.path);
        if own.len() < 2 {
            continue;
        }
        for path in named(&source) {
            let other = path[0] == "edge" && path.len() == 2 && path[1] != own[1] && edges.contains(&path[1]);
            if other {
                found.push(format!("{} names {}", source.path, path.join("::")));
            }
        }
    }
    nothing(&found, "no edge knows another");
}

#[test]
fn paths_are_read() {
    let read = |path: &str, text: &str| {
        let source = Source {
            path: path.to_owned(),
            text: text.to_owned(),
            ..Source::default()
        };
        named(&source)
            .into_iter()
            .map(|path| path.join("::"))
            .collect::<Vec<_>>()
    };
    for (path, text, expected) in [
        (
            "src/app/a.rs",
            "use crate::model::{Path, Side};",
            &["model::Path", "model::Side"][..],
        ),
        (
            "src/app/a.rs",
            "use crate::{codec, engine::{self, X}};",
            &["codec", "engine::self", "engine::X"],
        ),
        (
            "src/app/a.rs",
            "use crate::edge::{\n    kafka,\n    store::Store,\n};",
            &["edge::kafka", "edge::store"],
        ),
        (
            "src/edge/kafka/a.rs",
            "use super::super::registry::Client;",
            &["edge::registry"],
        ),
        (
            "src/edge/kafka/mod.rs",
            "fn f(x: super::store::Store) {}",
            &["edge::store"],
        ),
        (
            "src/edge/kafka/a.rs",
            "let x = crate::engine::Engine::new();",
            &["engine::Engine"],
        ),
        (
            "src/edge/kafka/a.rs",
            "// crate::app::x\n#[cfg(test)]\nmod tests { use crate::app::y; }",
            &[],
        ),
    ] {
        assert_eq!(read(path, text), expected, "{text}");
    }
}
