//! Rules that contradict each other, as far as they tell themselves: each with what to do.

use crate::codec::{CONDITIONS_MAX, Condition, Mapping, Part, Rules, Then};
use crate::model::{Path, Segment};

/// A rule that cannot stand beside another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contradiction {
    /// The key of `compare` that it stands under.
    pub key: &'static str,
    /// Its place there.
    pub at: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: String,
}

/// Every one among the rules of a side.
pub(super) fn rules(rules: &Rules) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for (at, path) in rules.only.iter().enumerate() {
        if is_special(path, "$header") {
            let what = format!("`{path}` is a header");
            found.push(of(
                "only",
                at,
                what,
                "name the header in compare.headers: those are compared beside these paths",
            ));
        } else if let Some(ignored) = rules.ignore.iter().find(|ignored| covers(ignored, path)) {
            let what = format!("`{path}` is compared by `only` and left out by the ignore of `{ignored}`");
            found.push(of("only", at, what, "take one of the two out"));
        }
    }
    for (key, paths) in [
        ("tolerance", rules.tolerant.iter().collect::<Vec<_>>()),
        ("unordered", rules.unordered.iter().collect()),
        ("map", rules.map.iter().map(|mapping| &mapping.path).collect()),
    ] {
        for (at, path) in paths.iter().enumerate() {
            if let Some(what) = left_out(rules, path) {
                found.push(of(key, at, what, "take one of the two out"));
            } else if is_special(path, "$header") {
                let what = format!("`{path}` is a header, which is compared as bytes");
                found.push(of(key, at, what, "leave it out"));
            } else if key != "tolerance" && paths[..at].contains(path) {
                let what = format!("`{path}` stands here twice");
                found.push(of(key, at, what, "say all of it in one place"));
            }
        }
    }
    found.extend(maps(rules));
    found.extend(conditional(rules));
    for (at, (from, to)) in rules.rename.iter().enumerate() {
        let other = rules.rename[..at]
            .iter()
            .find(|(other, target)| other == from && target != to);
        if let Some((_, other)) = other {
            let what = format!("`{from}` is renamed to `{other}` already");
            found.push(of(
                "rename",
                at,
                what,
                "a name of the canary has one name in the contract",
            ));
        }
    }
    found
}

fn maps(rules: &Rules) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for (at, Mapping { path, values }) in rules.map.iter().enumerate() {
        if rules.tolerant.contains(path) {
            let what = format!("`{path}` has a tolerance, which its values would be under");
            found.push(of("map", at, what, "take the tolerance or the map out"));
        }
        let chain = values.iter().find_map(|(from, to)| {
            let next = values.get(to).filter(|next| *next != to)?;
            Some((from, to, next))
        });
        if let Some((from, to, next)) = chain {
            let what = format!("`{from}` counts as `{to}`, and `{to}` as `{next}`");
            found.push(of(
                "map",
                at,
                what,
                "a value is mapped once: say what each comes to in the end",
            ));
        }
        if values.is_empty() {
            found.push(of(
                "map",
                at,
                format!("`{path}` maps nothing"),
                "say values: {FROM: TO}",
            ));
        }
    }
    found
}

/// Rules that hold for some records only.
fn conditional(rules: &Rules) -> Vec<Contradiction> {
    let mut conditions: Vec<&Condition> = rules.when.iter().map(|rule| &rule.when).collect();
    conditions.sort();
    conditions.dedup();
    let mut found = Vec::new();
    if conditions.len() > CONDITIONS_MAX {
        let what = format!(
            "the rules have {} conditions, at most {CONDITIONS_MAX} are looked at",
            conditions.len()
        );
        found.push(of("when", 0, what, "several rules may have the same condition"));
    }
    for (at, rule) in rules.when.iter().enumerate() {
        let path = match &rule.then {
            Then::Ignore(path) => path,
            Then::Map(mapping) => &mapping.path,
            Then::Tolerance(_) => continue,
        };
        if let Some(what) = left_out(rules, path) {
            found.push(of("when", at, what, "take one of the two out"));
        } else if is_special(path, "$header") || path == &Path::default().field("$key") {
            let what = format!("`{path}` cannot have a condition");
            found.push(of("when", at, what, "conditions are for what stands in a value or key"));
        }
    }
    found
}

/// Parts of an identity that stand in what is not compared, by their places, with what is wrong.
pub(super) fn identity<'a>(rules: &'a Rules, parts: &'a [Part]) -> impl Iterator<Item = (usize, String)> + 'a {
    parts.iter().enumerate().filter_map(|(at, part)| {
        let path = match part {
            Part::Field(path) => path.clone(),
            Part::KeyPath(path) => Path([Path::default().field("$key").0, path.0.clone()].concat()),
            Part::Key | Part::Header(_) => return None,
        };
        let some = rules.when.iter().filter_map(|rule| match &rule.then {
            Then::Ignore(path) => Some(path),
            Then::Map(_) | Then::Tolerance(_) => None,
        });
        let ignored = rules.ignore.iter().chain(some).find(|ignored| covers(ignored, &path))?;
        Some((
            at,
            format!("`{path}` is a part of the identity inside the ignored `{ignored}`"),
        ))
    })
}

/// What to do about those.
pub(super) const IDENTITY_HINT: &str =
    "take the ignore out, or ignore only what stands beside it: records that pair agree in their identity anyway";

/// Why nothing is compared at a path.
fn left_out(rules: &Rules, path: &Path) -> Option<String> {
    if let Some(ignored) = rules.ignore.iter().find(|ignored| covers(ignored, path)) {
        return Some(format!("`{path}` is not compared: `{ignored}` is ignored"));
    }
    let only = &rules.only;
    let compared = only.is_empty() || only.iter().any(|only| covers(only, path) || covers(path, only));
    (!compared).then(|| format!("`{path}` is not compared: it is not among the paths of `only`"))
}

/// True where what stands at `path` stands at `rule` or below it.
fn covers(rule: &Path, path: &Path) -> bool {
    let same = |(rule, step): (&Segment, &Segment)| {
        rule == step || matches!((rule, step), (Segment::Values, Segment::Field(_)))
    };
    rule.0.len() <= path.0.len() && rule.0.iter().zip(&path.0).all(same)
}

fn is_special(path: &Path, name: &str) -> bool {
    matches!(path.0.first(), Some(Segment::Field(first)) if first == name)
}

fn of(key: &'static str, at: usize, what: String, hint: &str) -> Contradiction {
    Contradiction {
        key,
        at,
        what,
        hint: hint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    fn paths(texts: &[&str]) -> Vec<Path> {
        texts.iter().map(|text| path(text)).collect()
    }

    fn map(at: &str, values: &[(&str, &str)]) -> Mapping {
        let pair = |(from, to): &(&str, &str)| ((*from).to_owned(), (*to).to_owned());
        Mapping {
            path: path(at),
            values: values.iter().map(pair).collect(),
        }
    }

    /// `key[place]: what is wrong`, one a line.
    fn told(given: &Rules) -> String {
        let line = |Contradiction { key, at, what, .. }: Contradiction| format!("{key}[{at}]: {what}");
        rules(given).into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_contradiction_is_told_with_its_place() {
        let given = Rules {
            ignore: paths(&["meta", "items[*].note"]),
            only: paths(&["meta.id", "amount", "country", "items", "$header.x"]),
            tolerant: paths(&["amount", "other"]),
            unordered: paths(&["items", "items", "meta.tags"]),
            map: vec![
                map("country", &[("A", "B"), ("B", "C")]),
                map("amount", &[("1", "2")]),
                map("items[*].note", &[("a", "b")]),
            ],
            rename: vec![(path("a"), path("b")), (path("a"), path("c"))],
            ..Rules::default()
        };
        insta::assert_snapshot!(told(&given));
    }

    #[test]
    fn rules_beside_each_other_are_none() {
        let given = Rules {
            ignore: paths(&["items[*].note"]),
            only: paths(&["items", "country", "m{*}.x"]),
            unordered: paths(&["items", "items[*].tags"]),
            tolerant: paths(&["country"]),
            map: vec![map("m{*}.x", &[("A", "B"), ("C", "B"), ("B", "B")])],
            rename: vec![(path("a"), path("b")), (path("c"), path("b"))],
            ..Rules::default()
        };
        assert_eq!(told(&given), "");
    }

    #[test]
    fn an_identity_inside_what_is_ignored() {
        let given = Rules {
            ignore: paths(&["meta", "$key.note"]),
            ..Rules::default()
        };
        let parts = [
            Part::Field(path("id")),
            Part::Field(path("meta.id")),
            Part::KeyPath(path("note")),
            Part::KeyPath(path("meta")),
            Part::Key,
        ];
        let found: Vec<usize> = identity(&given, &parts).map(|(at, _)| at).collect();
        assert_eq!(found, [1, 2]);
    }
}
