//! Every path that a rule names stands in some schema, else the run says so before it reads a record.

use std::sync::Arc;

use anyhow::Result;

use crate::app::book::{Book, Fact};
use crate::app::trouble::trouble;
use crate::codec::{EventTime, Field, Part, Schema, Settings};
use crate::model::{Path, PerSide, Segment, Side};

/// Who names the paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Flags of the command line.
    ByFlags,
    /// Keys of a config.
    ByConfig,
}

/// Checks every path of the rules of both sides and of `show`.
///
/// # Errors
/// The first path that no known schema has, with the one that reads most like it.
pub fn check(sides: PerSide<&Settings>, show: &[Path], named: Named, book: &Book) -> Result<()> {
    let schemas = of_values(book);
    if schemas.is_empty() {
        return Ok(());
    }
    for (word, path) in all(sides, show, named) {
        if special(&path) || schemas.iter().any(|schema| schema.at(&path).is_some()) {
            continue;
        }
        return Err(nowhere(word, &path, &schemas));
    }
    for (name, _) in &sides.canary.rules.rename {
        // By its whole path or by the last name.
        let last = |path: &Path| path.0.last() == name.0.last();
        let stands = |schema: &Arc<Schema>| match name.0.len() {
            1 => schema.paths().iter().any(last),
            _ => schema.at(name).is_some(),
        };
        if !schemas.iter().any(stands) {
            return Err(nowhere(
                if named == Named::ByFlags {
                    "--rename"
                } else {
                    "compare.rename"
                },
                name,
                &schemas,
            ));
        }
    }
    Ok(())
}

/// True where a writer schema of the side's values is known.
#[must_use]
pub fn knows_writers(book: &Book, side: Side) -> bool {
    book.since(0)
        .iter()
        .any(|fact| matches!(fact, Fact::Schema(of, Field::Value, ..) if *of == side))
}

fn nowhere(word: &str, path: &Path, schemas: &[Arc<Schema>]) -> anyhow::Error {
    let nearest = schemas.iter().find_map(|schema| schema.nearest(path));
    let hint = nearest.map_or_else(
        || "the schemas have no path like it".to_owned(),
        |nearest| format!("did you mean `{nearest}`?"),
    );
    trouble(format!("{word} names the path `{path}`, which no schema has"), hint)
}

fn of_values(book: &Book) -> Vec<Arc<Schema>> {
    let schema = |fact| match fact {
        Fact::Schema(_, Field::Value, _, schema)
        | Fact::Contract(Field::Value, schema)
        | Fact::SoleContract(Field::Value, schema) => Some(schema),
        _ => None,
    };
    book.since(0).into_iter().filter_map(schema).collect()
}

/// `$key`, `$value` and `$header.NAME` are no paths of a schema.
fn special(path: &Path) -> bool {
    matches!(path.0.first(), Some(Segment::Field(name)) if name.starts_with('$'))
}

/// Every path with the word that names it.
fn all(sides: PerSide<&Settings>, show: &[Path], named: Named) -> Vec<(&'static str, Path)> {
    let word = |flag, key| if named == Named::ByFlags { flag } else { key };
    let mut paths: Vec<(&'static str, Path)> = Vec::new();
    for side in Side::PAIR {
        let codec = sides.get(side);
        let rules = &codec.rules;
        paths.extend(
            rules
                .ignore
                .iter()
                .map(|path| (word("--ignore", "compare.ignore"), path.clone())),
        );
        paths.extend(
            rules
                .tolerant
                .iter()
                .map(|path| (word("--tolerance", "compare.tolerance"), path.clone())),
        );
        paths.extend(
            rules
                .rename
                .iter()
                .map(|(_, contract)| (word("--rename", "compare.rename"), contract.clone())),
        );
        paths.extend(codec.identity.iter().filter_map(|part| match part {
            Part::Field(path) => Some((word("--identity", "identity"), path.clone())),
            Part::Key | Part::KeyPath(_) | Part::Header(_) => None,
        }));
        if let EventTime::Field(path) = &codec.event_time {
            paths.push((word("--event-time", "event_time"), path.clone()));
        }
    }
    paths.extend(show.iter().map(|path| (word("--show", "show"), path.clone())));
    paths
}
