//! Which rules applied: to the records of a schema that has their paths, of documents to those that have them.

use std::collections::BTreeSet;

use super::settings::{Conditional, Rules, Sign, Then};

/// A rule of comparison: its kind, and its place in the list of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A path that is not compared.
    Ignore(usize),
    /// A path that alone is compared.
    Only(usize),
    /// A path under tolerance.
    Tolerance(usize),
    /// An array in any order.
    Unordered(usize),
    /// Values that count as others.
    Map(usize),
    /// A name of the canary.
    Rename(usize),
    /// Absent fields as their default.
    Defaults,
    /// A rule with a condition.
    When(usize),
}

/// Rules that applied.
pub type Applied = BTreeSet<Rule>;

impl Rules {
    /// Every rule that a record may show to have applied, each as its key in a config says it. What is said of the key as a
    /// whole and of headers is none.
    #[must_use]
    pub fn named(&self) -> Vec<(Rule, String)> {
        let mut all: Vec<(Rule, String)> = Vec::new();
        for (word, rule, paths) in [
            ("ignore", Rule::Ignore as fn(usize) -> Rule, &self.ignore),
            ("only", Rule::Only, &self.only),
            ("tolerance", Rule::Tolerance, &self.tolerant),
            ("unordered", Rule::Unordered, &self.unordered),
        ] {
            let special = |text: &str| text == "$key" || text == "$value" || text.starts_with("$header");
            let texts = paths.iter().map(ToString::to_string).enumerate();
            let conditional = |at: usize| rule(at) == Rule::Tolerance(at) && self.has_condition(at);
            let named = texts.filter(|(at, text)| !special(text) && !conditional(*at));
            all.extend(named.map(|(at, text)| (rule(at), format!("{word} {text}"))));
        }
        let maps = self.map.iter().enumerate();
        all.extend(maps.map(|(at, mapping)| (Rule::Map(at), format!("map {}", mapping.path))));
        let renames = self.rename.iter().enumerate();
        all.extend(renames.map(|(at, (from, to))| (Rule::Rename(at), format!("rename {from}: {to}"))));
        for (at, Conditional { when, then }) in self.when.iter().enumerate() {
            let (word, path) = match then {
                Then::Ignore(path) => ("ignore", path.to_string()),
                Then::Map(mapping) => ("map", mapping.path.to_string()),
                Then::Tolerance(place) => (
                    "tolerance",
                    self.tolerant.get(*place).map(ToString::to_string).unwrap_or_default(),
                ),
            };
            let of = match &when.of {
                Sign::Header(name) => format!("header {name}"),
                Sign::Field(path) => format!("field {path}"),
            };
            all.push((Rule::When(at), format!("{word} {path} when {of} is {}", when.is)));
        }
        if self.absent_equals_default {
            all.push((Rule::Defaults, "absent_equals_default".to_owned()));
        }
        all
    }

    /// True where a tolerance holds for some records only.
    fn has_condition(&self, place: usize) -> bool {
        self.when.iter().any(|rule| rule.then == Then::Tolerance(place))
    }
}
