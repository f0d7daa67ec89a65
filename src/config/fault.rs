//! What is wrong with a config: every fault at once, each with its place and what to do.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line and column from 1; `None` for the file as a whole, or a value from the environment.
    pub at: Option<(usize, usize)>,
    /// The key, such as `streams[0].limits.ahead_max`; empty for the whole file. Or the name of a variable.
    pub key: String,
    /// What is wrong: one lower-case fragment.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Everything that is wrong with a config, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults {
    /// The file, as it was named.
    pub file: String,
    /// At least one fault.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, faults } = self;
        match faults.len() {
            1 => write!(f, "one fault in {file}"),
            count => write!(f, "{count} faults in {file}"),
        }
    }
}

impl std::error::Error for ConfigFaults {}

impl ConfigFaults {
    /// One line a fault, a hint below it where there is one.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for Fault { at, key, what, hint } in &self.faults {
            let place = match at {
                Some((line, column)) => format!("{}:{line}:{column}: ", self.file),
                None if key.is_empty() => format!("{}: ", self.file),
                None => String::new(),
            };
            let key = if key.is_empty() {
                String::new()
            } else {
                format!("{key}: ")
            };
            lines.push(format!("{place}{key}{what}"));
            if let Some(hint) = hint {
                lines.push(format!("  hint: {hint}"));
            }
        }
        lines
    }
}

/// The name among `known` that is nearest to a wrong one, if one is near.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= (name.chars().count().max(wrong.chars().count()) / 3).max(1))
        .min()
        .map(|(_, name)| name)
}

/// A hint that names the nearest known name, else all of them if they are few.
#[must_use]
pub fn nearest_hint<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.dedup();
    match nearest(wrong, known.iter().copied()) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if known.is_empty() => None,
        None if known.len() <= 12 => Some(format!("known here: {}", known.join(", "))),
        None => None,
    }
}
