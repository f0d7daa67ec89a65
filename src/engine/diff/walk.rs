//! The walk down two value trees.

use std::collections::BTreeSet;

use super::{DiffRules, ROOT, holds, names, number, same, text};
use crate::model::{DifferenceKind, FieldDifference, Path, Segment, Value};

/// Differences of one pair that are told: more than a schema has fields, and fewer than a document may have members.
const FOUND_MAX: usize = 4_096;

/// A walk, and what it found.
pub(super) struct Walk<'a> {
    rules: &'a DiffRules,
    path: Path,
    seen: BTreeSet<(String, DifferenceKind)>,
    /// What it found, in order.
    pub found: Vec<FieldDifference>,
}

/// What a value is under the names of branches and foreign types.
fn bare(value: &Value) -> &Value {
    match value {
        Value::Branch(_, inner) | Value::Foreign { value: inner, .. } => bare(inner),
        value => value,
    }
}

impl<'a> Walk<'a> {
    pub fn new(rules: &'a DiffRules) -> Self {
        Self {
            rules,
            path: Path::default(),
            seen: BTreeSet::new(),
            found: Vec::new(),
        }
    }

    fn ignored(&self) -> bool {
        let path = &self.path;
        self.rules.ignore.contains(path) || (path.0.is_empty() && names(&self.rules.ignore, ROOT))
    }

    fn report(&mut self, kind: DifferenceKind, baseline: &Value, canary: &Value) {
        if self.found.len() >= FOUND_MAX {
            return;
        }
        let root = self.path.0.is_empty();
        let path = if root { ROOT.to_owned() } else { self.path.to_string() };
        if !self.seen.insert((path.clone(), kind)) {
            return;
        }
        let shown = self.rules.show.contains(&self.path) || (root && names(&self.rules.show, ROOT));
        self.found.push(FieldDifference {
            path,
            kind,
            baseline: shown.then(|| text(baseline)),
            canary: shown.then(|| text(canary)),
        });
    }

    fn below(&mut self, segment: Segment, baseline: &Value, canary: &Value) {
        self.path.0.push(segment);
        self.values(baseline, canary);
        self.path.0.pop();
    }

    /// Compares two values at the path.
    pub fn values(&mut self, baseline: &Value, canary: &Value) {
        if self.ignored() {
            return;
        }
        let differ = match (baseline, canary) {
            (Value::Absent, Value::Absent) | (Value::Default(_), Value::Default(_)) => None,
            (Value::Default(default), canary) => self.default(default, canary),
            (baseline, Value::Default(default)) => self.default(baseline, default),
            (Value::Absent, _) | (_, Value::Absent) => Some(DifferenceKind::Absent),
            _ => match (bare(baseline), bare(canary)) {
                (Value::Null, Value::Null) => None,
                (Value::Null, _) | (_, Value::Null) => Some(DifferenceKind::Null),
                _ => self.present(baseline, canary),
            },
        };
        if let Some(kind) = differ {
            self.report(kind, baseline, canary);
        }
    }

    /// One side lacks the field: `absent`, unless the other has its default.
    fn default(&self, baseline: &Value, canary: &Value) -> Option<DifferenceKind> {
        let mut apart = Walk::new(self.rules);
        apart.path = self.path.clone();
        apart.values(baseline, canary);
        (!apart.found.is_empty()).then_some(DifferenceKind::Absent)
    }

    /// Compares two values that are there. What is below them is reported on the way.
    fn present(&mut self, baseline: &Value, canary: &Value) -> Option<DifferenceKind> {
        let value_if = |differ: bool| differ.then_some(DifferenceKind::Value);
        match (baseline, canary) {
            (Value::Branch(left, inner_left), Value::Branch(right, inner_right)) if left == right => {
                self.values(inner_left, inner_right);
                None
            }
            (
                Value::Foreign {
                    kind: left,
                    value: inner_left,
                },
                Value::Foreign {
                    kind: right,
                    value: inner_right,
                },
            ) if left == right => {
                self.values(inner_left, inner_right);
                None
            }
            // A symbol that the contract does not have is another value, not another type.
            (Value::Foreign { .. }, _) | (_, Value::Foreign { .. })
                if matches!((bare(baseline), bare(canary)), (Value::Symbol(_), Value::Symbol(_))) =>
            {
                Some(DifferenceKind::Value)
            }
            (Value::Record(left), Value::Record(right)) => {
                self.records(left, right);
                None
            }
            (Value::Array(left), Value::Array(right)) => self.arrays(left, right),
            (Value::Map(left), Value::Map(right)) => self.maps(left, right),
            (Value::Boolean(left), Value::Boolean(right)) => value_if(left != right),
            (Value::Text(left), Value::Text(right)) | (Value::Symbol(left), Value::Symbol(right)) => {
                value_if(left != right)
            }
            (Value::Bytes(left), Value::Bytes(right)) => value_if(left != right),
            (left, right) => match same::number(left, right) {
                None => Some(DifferenceKind::Type),
                Some(equal) => value_if(!equal && !self.tolerated(left, right)),
            },
        }
    }

    fn tolerated(&self, baseline: &Value, canary: &Value) -> bool {
        let rule = self.rules.tolerance.iter().find(|(path, _)| *path == self.path);
        rule.is_some_and(|(_, tolerance)| {
            let (Some(baseline), Some(canary)) = (number::of(baseline), number::of(canary)) else {
                return false;
            };
            number::within(tolerance, baseline, canary)
        })
    }

    fn records(&mut self, baseline: &[(String, Value)], canary: &[(String, Value)]) {
        // Those of a document are sorted, and may be many.
        let sorted = |fields: &[(String, Value)]| fields.len() > 32 && fields.is_sorted_by(|(a, _), (b, _)| a < b);
        let sorted = sorted(baseline) && sorted(canary);
        let find = |fields: &'_ [(String, Value)], at: usize, name: &str| -> Option<usize> {
            let here = fields.get(at).is_some_and(|(field, _)| field == name);
            if here {
                Some(at)
            } else if sorted {
                fields.binary_search_by(|(field, _)| field.as_str().cmp(name)).ok()
            } else {
                fields.iter().position(|(field, _)| field == name)
            }
        };
        for (at, (name, value)) in baseline.iter().enumerate() {
            let other = find(canary, at, name).map_or(&Value::Absent, |at| &canary[at].1);
            self.below(Segment::Field(name.clone()), value, other);
        }
        for (at, (name, value)) in canary.iter().enumerate() {
            if find(baseline, at, name).is_none() {
                self.below(Segment::Field(name.clone()), &Value::Absent, value);
            }
        }
    }

    fn arrays(&mut self, baseline: &[Value], canary: &[Value]) -> Option<DifferenceKind> {
        if baseline.len() != canary.len() {
            return Some(DifferenceKind::Length);
        }
        let unordered = holds(&self.rules.unordered, &self.path);
        // Apart, since what the items show does not count where they are only in another order.
        let mut items = Walk::new(self.rules);
        items.path = self.path.with(Segment::Items);
        for (left, right) in baseline.iter().zip(canary) {
            items.values(left, right);
        }
        if items.found.is_empty() {
            return None;
        }
        if same::multiset(baseline, canary, &mut items.path, self.rules) {
            return (!unordered).then_some(DifferenceKind::Order);
        }
        if unordered {
            let differing = baseline.iter().zip(canary).find(|(left, right)| left != right);
            if let Some((left, right)) = differing {
                items.found.clear();
                items.seen.clear();
                items.report(DifferenceKind::Value, left, right);
            }
        }
        for found in items.found {
            if self.seen.insert((found.path.clone(), found.kind)) {
                self.found.push(found);
            }
        }
        None
    }

    fn maps(&mut self, baseline: &[(String, Value)], canary: &[(String, Value)]) -> Option<DifferenceKind> {
        let mut keys_differ = baseline.len() != canary.len();
        self.path.0.push(Segment::Values);
        for (key, value) in baseline {
            match canary.binary_search_by(|(other, _)| other.as_bytes().cmp(key.as_bytes())) {
                Ok(at) => self.values(value, &canary[at].1),
                Err(_) => keys_differ = true,
            }
        }
        self.path.0.pop();
        keys_differ.then_some(DifferenceKind::Length)
    }
}
