//! Every path that a rule names stands in some schema, else the run says so before it reads a record.

use std::sync::Arc;

use anyhow::Result;

use crate::app::book::{Book, Fact};
use crate::app::trouble::trouble;
use crate::codec::{EventTime, Field, Format, Part, PathKind, Rules, Schema, Settings, Sign, Then};
use crate::engine::{Aggregate, Measure};
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
    let word = if named == Named::ByFlags {
        "--rename"
    } else {
        "compare.rename"
    };
    // Documents have no schema that could have the name.
    let documents = sides.canary.format == Format::Json;
    for (canary, contract) in &sides.canary.rules.rename {
        for name in [Some(contract), Some(canary).filter(|_| !documents)]
            .into_iter()
            .flatten()
        {
            if !schemas.iter().any(|schema| stands(schema, name)) {
                return Err(nowhere(word, name, &schemas));
            }
        }
    }
    Ok(())
}

/// True where a schema has a name: by its whole path, or one that stands alone anywhere.
fn stands(schema: &Schema, name: &Path) -> bool {
    match name.0.len() {
        1 => schema.paths().iter().any(|path| path.0.last() == name.0.last()),
        _ => schema.at(name).is_some(),
    }
}

/// A tolerance is for numbers, and one with a unit of time for times; an order is an array's; what is mapped is text, an
/// enum, a whole number or a boolean.
///
/// # Errors
/// The first path of a rule that no known schema has as what the rule is for.
pub fn check_kinds(rules: &Rules, times: &[Path], named: Named, book: &Book) -> Result<()> {
    let schemas = of_values(book);
    let refuse = |flag: &'static str, path: &Path, what: &str, hints: [&'static str; 2]| {
        let (word, hint) = match named {
            Named::ByFlags => (format!("--{flag}"), hints[0]),
            Named::ByConfig => (format!("compare.{flag}"), hints[1]),
        };
        Err(trouble(
            format!("{word} names the path `{path}`, which is not {what}"),
            hint,
        ))
    };
    // Where several types have the path, one of them is enough.
    let none_fits = |path: &Path, fits: &dyn Fn(&Schema, PathKind) -> bool| {
        let there = || schemas.iter().filter_map(|schema| Some((schema, schema.at(path)?)));
        there().next().is_some() && !there().any(|(schema, kind)| fits(schema, kind))
    };
    for path in &rules.tolerant {
        let in_time = times.contains(path);
        let fits = |_: &Schema, kind| match kind {
            PathKind::Time | PathKind::Other => true,
            PathKind::Number => !in_time,
            PathKind::Array | PathKind::Map | PathKind::Record | PathKind::Text => false,
        };
        if none_fits(path, &fits) {
            let what = if in_time { "a time" } else { "a number" };
            let hints = [
                "PATH=0.01 or PATH=1% for numbers, PATH=5ms for times; --ignore PATH leaves it out",
                "abs or rel for numbers, time for times; compare.ignore leaves it out",
            ];
            return refuse("tolerance", path, what, hints);
        }
    }
    for path in &rules.unordered {
        if none_fits(path, &|_, kind| matches!(kind, PathKind::Array | PathKind::Other)) {
            let hints = ["name the array itself, without [*]"; 2];
            return refuse("unordered", path, "an array", hints);
        }
    }
    let words = "text, an enum, a whole number or a boolean";
    let some = rules.when.iter().filter_map(|rule| match &rule.then {
        Then::Map(mapping) => Some(mapping),
        Then::Ignore(_) | Then::Tolerance(_) => None,
    });
    for mapping in rules.map.iter().chain(some) {
        if none_fits(&mapping.path, &|schema, _| schema.is_mappable(&mapping.path)) {
            let hints = [
                "--tolerance is for numbers and times; --ignore PATH leaves it out",
                "compare.tolerance is for numbers and times; compare.ignore leaves it out",
            ];
            return refuse("map", &mapping.path, words, hints);
        }
    }
    for rule in &rules.when {
        if let Sign::Field(path) = &rule.when.of
            && none_fits(path, &|schema, _| schema.is_mappable(path))
        {
            return Err(trouble(
                format!("when names the path `{path}`, which is not {words}"),
                "name a field that is, or a header",
            ));
        }
    }
    Ok(())
}

/// What aggregates add up or put in order is a number or a time.
///
/// # Errors
/// The first path that every known schema has as something else.
pub fn check_aggregates(aggregates: &[Aggregate], paths: &[Path], book: &Book) -> Result<()> {
    let schemas = of_values(book);
    for aggregate in aggregates {
        let (word, at) = match aggregate.of {
            Measure::Sum(at) => ("sum", at),
            Measure::Min(at) => ("min", at),
            Measure::Max(at) => ("max", at),
            Measure::Count | Measure::Distinct(_) => continue,
        };
        let Some(path) = paths.get(at) else { continue };
        let mut kinds = schemas.iter().filter_map(|schema| schema.at(path)).peekable();
        let fits = |kind| matches!(kind, PathKind::Number | PathKind::Time | PathKind::Other);
        if kinds.peek().is_some() && !kinds.any(fits) {
            let what = format!("aggregates: {word} names the path `{path}`, which is not a number");
            return Err(trouble(
                what,
                "sum, min and max are for numbers and times; distinct counts values of any type",
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
    let schemas = book.since(0).into_iter().filter_map(schema);
    // A document may have any path.
    schemas.filter(|schema| !schema.is_document()).collect()
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
        let named =
            |word: &'static str, list: &[Path]| -> Vec<_> { list.iter().map(|path| (word, path.clone())).collect() };
        paths.extend(named(word("--ignore", "compare.ignore"), &rules.ignore));
        paths.extend(named(word("--only", "compare.only"), &rules.only));
        paths.extend(named(word("--tolerance", "compare.tolerance"), &rules.tolerant));
        paths.extend(named(word("--unordered", "compare.unordered"), &rules.unordered));
        let mapped = rules.map.iter().map(|mapping| mapping.path.clone());
        paths.extend(mapped.map(|path| (word("--map", "compare.map"), path)));
        for rule in &rules.when {
            if let Sign::Field(path) = &rule.when.of {
                paths.push(("when", path.clone()));
            }
            paths.extend(match &rule.then {
                Then::Ignore(path) => Some((word("--ignore", "compare.ignore"), path.clone())),
                Then::Map(mapping) => Some((word("--map", "compare.map"), mapping.path.clone())),
                Then::Tolerance(_) => None,
            });
        }
        paths.extend(codec.identity.iter().filter_map(|part| match part {
            Part::Field(path) => Some((word("--identity", "identity"), path.clone())),
            Part::Key | Part::KeyPath(_) | Part::Header(_) => None,
        }));
        paths.extend(named("profile_fields", &codec.profile));
        paths.extend(named("critical_fields", &codec.critical));
        paths.extend(named("aggregates", &codec.measured));
        if let EventTime::Field(path) = &codec.event_time {
            paths.push((word("--event-time", "event_time"), path.clone()));
        }
    }
    paths.extend(show.iter().map(|path| (word("--show", "show"), path.clone())));
    paths
}
