//! What the differences of baseline and control propose. No value leaves: only paths, kinds and how many records.

use std::collections::BTreeMap;

use crate::engine::Tolerance;
use crate::engine::diff::DiffRules;
use crate::model::{DifferenceKind, FieldDifference, Path, Segment};

/// Rules of tolerance that a stream may have.
const TOLERANCES_MAX: usize = 8;
/// A number that is apart by more than this share is no rounding.
const RELATIVE_MAX: f64 = 0.01;

/// What is proposed for a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// It is not compared.
    Ignore,
    /// It may be apart by this share of the baseline's, as a percentage.
    Relative(String),
    /// Its order does not count.
    Unordered,
}

/// A proposal and its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Where.
    pub path: Path,
    /// What.
    pub rule: Rule,
    /// How it differs, and in how many pairs.
    pub kinds: BTreeMap<DifferenceKind, u64>,
}

/// How a path differs.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    kinds: BTreeMap<DifferenceKind, u64>,
    /// Largest share of the baseline's number that two numbers are apart, while all are numbers with a fraction.
    apart: Option<f64>,
    /// Some value is no such number.
    other: bool,
}

/// How the paths of some pairs differ.
#[derive(Clone, Debug, Default)]
pub struct Noise(pub BTreeMap<String, Seen>);

impl Noise {
    /// A difference of a pair.
    pub fn count(&mut self, difference: &FieldDifference) {
        let seen = self.0.entry(difference.path.clone()).or_default();
        *seen.kinds.entry(difference.kind).or_default() += 1;
    }

    /// The values of a difference: they are looked at, and nothing is kept of them.
    pub fn weigh(&mut self, difference: &FieldDifference) {
        let Some(seen) = self.0.get_mut(&difference.path) else {
            return;
        };
        let pair = difference.baseline.as_deref().zip(difference.canary.as_deref());
        match pair.and_then(|(baseline, control)| apart(baseline, control)) {
            Some(apart) => seen.apart = Some(seen.apart.unwrap_or(0.0).max(apart)),
            None => seen.other = true,
        }
    }

    /// Paths whose values may be numbers that are apart.
    #[must_use]
    pub fn to_weigh(&self) -> Vec<Path> {
        let plain = |path: &Path| path.0.iter().all(|segment| matches!(segment, Segment::Field(_)));
        let valued = self
            .0
            .iter()
            .filter(|(_, seen)| seen.kinds.keys().eq([&DifferenceKind::Value]));
        let paths = valued.filter(|(path, _)| !path.starts_with('$'));
        paths
            .filter_map(|(path, _)| Path::parse(path).ok())
            .filter(plain)
            .collect()
    }

    /// What it proposes beside what there is; nothing for what no rule can take out (a whole value that is not there).
    #[must_use]
    pub fn propose(&self, rules: &DiffRules) -> Vec<Proposal> {
        let mut free = TOLERANCES_MAX.saturating_sub(rules.tolerance.len());
        let mut proposals: Vec<Proposal> = Vec::new();
        for (name, seen) in &self.0 {
            let Ok(mut path) = Path::parse(name) else { continue };
            if name == "$value" {
                continue;
            }
            let mut rule = Rule::Ignore;
            if seen.kinds.keys().eq([&DifferenceKind::Order]) {
                rule = Rule::Unordered;
            } else if let Some(share) = seen
                .apart
                .filter(|share| !seen.other && *share <= RELATIVE_MAX && free > 0)
            {
                free -= 1;
                rule = Rule::Relative(percent(share));
            } else if let Some((Segment::Items, array)) = path.0.split_last()
                && rules.unordered.iter().any(|own| own.0 == array)
            {
                // The items themselves differ, in whatever order.
                path = Path(array.to_vec());
            }
            if proposals.iter().all(|known| known.path != path) {
                let kinds = seen.kinds.clone();
                proposals.push(Proposal { path, rule, kinds });
            }
        }
        proposals
    }
}

/// By which share of the baseline's number the control's is apart, where both are finite numbers and one has a fraction: a
/// whole number is a count or a clock, and no rounding makes it differ.
fn apart(baseline: &str, control: &str) -> Option<f64> {
    let whole = |text: &str| !text.contains(['.', 'e', 'E']);
    if whole(baseline) && whole(control) {
        return None;
    }
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let (baseline, control) = (number(baseline)?, number(control)?);
    let share = (baseline - control).abs() / baseline.abs();
    share.is_finite().then_some(share)
}

/// At least twice this share, as a percentage with one digit: 1, 2 or 5.
fn percent(share: f64) -> String {
    // Below it is no difference that a double shows.
    let needed = (share * 200.0).max(1e-12);
    let mut digits = 0_usize;
    let mut unit = 1.0;
    while unit > needed && digits < 12 {
        (unit, digits) = (unit / 10.0, digits + 1);
    }
    let value = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * unit);
    let value = value.into_iter().find(|value| *value >= needed).unwrap_or(10.0 * unit);
    let text = format!("{value:.digits$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text}%")
}

impl Proposal {
    /// Adds it to the rules of a second look.
    pub fn apply(&self, rules: &mut DiffRules) {
        match &self.rule {
            Rule::Ignore => rules.ignore.push(self.path.clone()),
            Rule::Relative(share) => {
                let tolerance = Tolerance::Relative(fraction(share));
                rules.tolerance.push((self.path.clone(), tolerance));
            }
            Rule::Unordered => rules.unordered.push(self.path.clone()),
        }
    }

    /// `value in 9,990 pairs, null in 3`.
    #[must_use]
    pub fn evidence(&self, grouped: impl Fn(u64) -> String) -> String {
        let kinds = self
            .kinds
            .iter()
            .map(|(kind, count)| format!("{} in {}", kind.as_str(), grouped(*count)));
        format!("{} pairs", kinds.collect::<Vec<_>>().join(", "))
    }
}

/// A percentage as an exact fraction.
pub fn fraction(percent: &str) -> String {
    crate::config::relative(percent).unwrap_or_else(|| "0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(path: &str, kind: DifferenceKind, values: Option<(&str, &str)>) -> FieldDifference {
        FieldDifference {
            path: path.to_owned(),
            kind,
            baseline: values.map(|(baseline, _)| baseline.to_owned()),
            canary: values.map(|(_, control)| control.to_owned()),
        }
    }

    fn proposed(differences: &[FieldDifference]) -> Vec<(String, Rule)> {
        let mut noise = Noise::default();
        differences.iter().for_each(|difference| noise.count(difference));
        let weighed = noise.to_weigh();
        let valued = differences
            .iter()
            .filter(|difference| weighed.iter().any(|path| path.to_string() == difference.path));
        valued.for_each(|difference| noise.weigh(difference));
        let proposals = noise.propose(&DiffRules::default());
        proposals
            .into_iter()
            .map(|proposal| (proposal.path.to_string(), proposal.rule))
            .collect()
    }

    #[test]
    fn each_kind_of_noise_has_its_rule() {
        use DifferenceKind::{Null, Order, Value};
        for (differences, path, rule) in [
            (
                vec![difference("at", Value, Some(("1700000000001", "1700000000002")))],
                "at",
                Rule::Ignore,
            ),
            (
                vec![difference("sum", Value, Some(("1000.1", "1000.1000000001")))],
                "sum",
                Rule::Relative("0.00000000002%".into()),
            ),
            (
                vec![difference("sum", Value, Some(("1.5", "2.5")))],
                "sum",
                Rule::Ignore,
            ),
            (
                vec![difference("sum", Value, Some(("0.0", "1e-9")))],
                "sum",
                Rule::Ignore,
            ),
            (vec![difference("tags", Order, None)], "tags", Rule::Unordered),
            (
                vec![
                    difference("a", Value, Some(("1.5", "1.50001"))),
                    difference("a", Null, None),
                ],
                "a",
                Rule::Ignore,
            ),
            (vec![difference("$key", Value, None)], "$key", Rule::Ignore),
            (
                vec![difference("items[*].at", Value, None)],
                "items[*].at",
                Rule::Ignore,
            ),
        ] {
            assert_eq!(proposed(&differences), [(path.to_owned(), rule)], "{differences:?}");
        }
        assert!(proposed(&[difference("$value", Null, None)]).is_empty());
    }

    #[test]
    fn a_share_is_rounded_up_to_one_digit() {
        for (share, text) in [
            (0.01, "2%"),
            (0.004, "1%"),
            (1e-6, "0.0002%"),
            (3e-9, "0.000001%"),
            (0.0, "0.000000000001%"),
        ] {
            assert_eq!(percent(share), text);
        }
        assert_eq!(fraction("0.0002%"), "0.000002");
    }
}
