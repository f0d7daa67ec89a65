//! No file is forgotten: each is declared by the module above it.

use std::collections::BTreeMap;

use super::{nothing, sources};

/// The file that must declare another one, and the name that it declares; `None` for a root.
fn parent(path: &str, roots: &[&str]) -> Option<(Vec<String>, String)> {
    if roots.contains(&path) {
        return None;
    }
    let (folder, file) = path.rsplit_once('/')?;
    let stem = file.trim_end_matches(".rs");
    let (above, name) = if stem == "mod" {
        folder.rsplit_once('/')?
    } else {
        (folder, stem)
    };
    let mut places = vec![format!("{above}/mod.rs"), format!("{above}.rs")];
    places.extend(
        roots
            .iter()
            .filter(|root| root.rsplit_once('/').map(|(folder, _)| folder) == Some(above))
            .map(|root| (*root).to_owned()),
    );
    Some((places, name.to_owned()))
}

fn forgotten(folder: &str, roots: &[&str]) -> Vec<String> {
    let files: BTreeMap<String, String> = sources(folder)
        .into_iter()
        .map(|source| (source.path, source.text))
        .collect();
    let mut found = Vec::new();
    for path in files.keys() {
        let Some((places, name)) = parent(path, roots) else {
            continue;
        };
        let declared = places
            .iter()
            .filter_map(|place| files.get(place))
            .flat_map(|text| text.lines())
            .any(|line| {
                let line = line
                    .trim_start()
                    .trim_start_matches("pub(super) ")
                    .trim_start_matches("pub(crate) ");
                line.trim_start_matches("pub ") == format!("mod {name};")
            });
        if !declared {
            found.push(format!("{path} is declared nowhere"));
        }
    }
    found
}

#[test]
fn no_test_file_is_forgotten() {
    nothing(
        &forgotten("tests/it", &["tests/it/main.rs"]),
        "every test file is declared",
    );
}

#[test]
fn no_source_file_is_forgotten() {
    nothing(
        &forgotten("src", &["src/lib.rs", "src/main.rs"]),
        "every source file is declared",
    );
}

#[test]
fn one_test_binary() {
    let found: Vec<String> = sources("tests")
        .into_iter()
        .map(|source| source.path)
        .filter(|path| path.matches('/').count() == 1)
        .collect();
    nothing(&found, "all tests are in the one binary tests/it/main.rs");
}
