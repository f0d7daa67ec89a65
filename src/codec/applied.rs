//! Which rules applied: to the records of a schema that has their paths, of documents to those that have them.

use std::collections::BTreeSet;

use super::settings::Rules;

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
            let named = texts.filter(|(_, text)| !special(text));
            all.extend(named.map(|(at, text)| (rule(at), format!("{word} {text}"))));
        }
        let maps = self.map.iter().enumerate();
        all.extend(maps.map(|(at, mapping)| (Rule::Map(at), format!("map {}", mapping.path))));
        let renames = self.rename.iter().enumerate();
        all.extend(renames.map(|(at, (from, to))| (Rule::Rename(at), format!("rename {from}: {to}"))));
        if self.absent_equals_default {
            all.push((Rule::Defaults, "absent_equals_default".to_owned()));
        }
        all
    }
}
