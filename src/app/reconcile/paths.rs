//! Every path that a rule names stands in some schema, else the run says so before it reads a record.

use std::sync::Arc;

use anyhow::Result;

use crate::app::book::{Book, Fact};
use crate::app::trouble::trouble;
use crate::codec::{EventTime, Field, Part, Schema};
use crate::config::ReconcileRequest;
use crate::model::{Path, Segment, Side};

/// Checks them all.
///
/// # Errors
/// The first path that no known schema has, with the one that reads most like it.
pub fn check(request: &ReconcileRequest, book: &Book) -> Result<()> {
    let schemas = of_values(book);
    if schemas.is_empty() {
        return Ok(());
    }
    for (flag, path) in named(request) {
        if special(&path) || schemas.iter().any(|schema| schema.at(&path).is_some()) {
            continue;
        }
        return Err(nowhere(flag, &path, &schemas));
    }
    for (name, _) in &request.sides.canary.codec.rules.rename {
        // By its whole path or by the last name.
        let last = |path: &Path| path.0.last() == name.0.last();
        let stands = |schema: &Arc<Schema>| match name.0.len() {
            1 => schema.paths().iter().any(last),
            _ => schema.at(name).is_some(),
        };
        if !schemas.iter().any(stands) {
            return Err(nowhere("--rename", name, &schemas));
        }
    }
    Ok(())
}

fn nowhere(flag: &str, path: &Path, schemas: &[Arc<Schema>]) -> anyhow::Error {
    let nearest = schemas.iter().find_map(|schema| schema.nearest(path));
    let hint = nearest.map_or_else(
        || "the schemas have no path like it".to_owned(),
        |nearest| format!("did you mean `{nearest}`?"),
    );
    trouble(format!("{flag} names the path `{path}`, which no schema has"), hint)
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

/// Every path with the flag that names it.
fn named(request: &ReconcileRequest) -> Vec<(&'static str, Path)> {
    let mut paths: Vec<(&'static str, Path)> = Vec::new();
    for side in Side::PAIR {
        let codec = &request.sides.get(side).codec;
        let rules = &codec.rules;
        paths.extend(rules.ignore.iter().map(|path| ("--ignore", path.clone())));
        paths.extend(rules.tolerant.iter().map(|path| ("--tolerance", path.clone())));
        paths.extend(rules.rename.iter().map(|(_, contract)| ("--rename", contract.clone())));
        paths.extend(codec.identity.iter().filter_map(|part| match part {
            Part::Field(path) => Some(("--identity", path.clone())),
            Part::Key | Part::KeyPath(_) | Part::Header(_) => None,
        }));
        if let EventTime::Field(path) = &codec.event_time {
            paths.push(("--event-time", path.clone()));
        }
    }
    paths.extend(request.show.iter().map(|path| ("--show", path.clone())));
    paths
}
