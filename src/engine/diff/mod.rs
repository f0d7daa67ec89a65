//! Two values field by field: where they differ and how. For findings only; equality itself is the digest's.

mod number;
mod same;
mod text;
mod walk;

pub use text::text;

use super::Tolerance;
use crate::model::{DifferenceKind, FieldDifference, Path, Segment, Value};
use walk::Walk;

/// The rules that change what counts as a difference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiffRules {
    /// Paths that are not compared, with everything below them.
    pub ignore: Vec<Path>,
    /// Paths whose numbers may be apart.
    pub tolerance: Vec<(Path, Tolerance)>,
    /// Arrays whose order does not count.
    pub unordered: Vec<Path>,
    /// The only paths whose values may be told: exactly these, not what is below them.
    pub show: Vec<Path>,
}

/// How two values of the contract's type differ, each path and kind once, in the order of the contract. `None` is a
/// tombstone.
#[must_use]
pub fn diff(baseline: Option<&Value>, canary: Option<&Value>, rules: &DiffRules) -> Vec<FieldDifference> {
    match (baseline, canary) {
        (Some(baseline), Some(canary)) => {
            let mut walk = Walk::new(rules);
            walk.values(baseline, canary);
            walk.found
        }
        (None, None) => Vec::new(),
        (baseline, canary) => {
            whole("$value", DifferenceKind::Null, (baseline, canary), rules).map_or_else(Vec::new, |found| vec![found])
        }
    }
}

/// How two keys (`$key`) or two headers (`$header.NAME`) differ, as a whole. `None` is null; a header that is not there
/// is [`Value::Absent`].
#[must_use]
pub fn diff_whole(
    name: &str,
    baseline: Option<&Value>,
    canary: Option<&Value>,
    rules: &DiffRules,
) -> Option<FieldDifference> {
    let null = Value::Null;
    // Only where arrays stand in any order; what is ignored below it is in neither value.
    let below = rules.unordered.iter().filter_map(|path| match path.0.split_first() {
        Some((Segment::Field(first), rest)) if first == name => Some(Path(rest.to_vec())),
        _ => None,
    });
    let everything = DiffRules {
        unordered: below.collect(),
        ..DiffRules::default()
    };
    let mut walk = Walk::new(&everything);
    walk.values(baseline.unwrap_or(&null), canary.unwrap_or(&null));
    let first = walk.found.into_iter().next()?;
    let kind = if first.path == ROOT {
        first.kind
    } else {
        DifferenceKind::Value
    };
    whole(name, kind, (baseline, canary), rules)
}

const ROOT: &str = "$value";

fn whole(
    name: &str,
    kind: DifferenceKind,
    values: (Option<&Value>, Option<&Value>),
    rules: &DiffRules,
) -> Option<FieldDifference> {
    if names(&rules.ignore, name) {
        return None;
    }
    let shown = names(&rules.show, name);
    let told = |value: Option<&Value>| shown.then(|| value.map_or_else(|| "null".to_owned(), text));
    Some(FieldDifference {
        path: name.to_owned(),
        kind,
        baseline: told(values.0),
        canary: told(values.1),
    })
}

/// True where one of the paths is this one. `{*}` is any member of a document too, whose members are fields.
fn holds(paths: &[Path], path: &Path) -> bool {
    let same = |(rule, step): (&Segment, &Segment)| {
        rule == step || matches!((rule, step), (Segment::Values, Segment::Field(_)))
    };
    paths
        .iter()
        .any(|rule| rule.0.len() == path.0.len() && rule.0.iter().zip(&path.0).all(same))
}

/// True where one of the paths is `name`, as it is written in a report: `$key`, `$value`, `$header.NAME`.
fn names(paths: &[Path], name: &str) -> bool {
    let plain = |path: &Path| {
        let mut written = String::new();
        for segment in &path.0 {
            let Segment::Field(field) = segment else { return None };
            if !written.is_empty() {
                written.push('.');
            }
            written.push_str(field);
        }
        Some(written)
    };
    paths.iter().any(|path| plain(path).as_deref() == Some(name))
}

#[cfg(test)]
mod tests;
