//! Which identity would do better, measured on the sample: what is there in every record, once a side, and on both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::codec::{Part, Rendered};
use crate::model::{Path, PerSide, RecordBatch, Segment, Side, Value};

/// Places of a record that are looked at, at most.
const PLACES_MAX: usize = 64;
/// Places that are tried in pairs, at most.
const PAIRED_MAX: usize = 12;
/// How deep in records of records an identity is looked for.
const DEPTH_MAX: usize = 3;
/// What an identity must reach on the sample.
const UNIQUE_MIN: f64 = 0.99;
const THERE_MIN: f64 = 0.99;
/// The sample is of the ends of both logs, which need not be the same moment.
const MET_MIN: f64 = 0.5;

/// A value, hashed: what is held of a sample never holds a value.
type Hashed = u64;

/// What the records of one side have at each place; none where it is null or not there.
#[derive(Default)]
pub(super) struct Places {
    names: BTreeMap<String, (Part, usize)>,
    rows: Vec<Vec<Option<Hashed>>>,
}

/// How well an identity does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fit {
    /// Identities on both sides over those of the side that has less.
    met: f64,
    /// Identities over the records that have one, on the worse side.
    unique: f64,
    /// Records that have one over all, on the worse side.
    there: f64,
}

impl Fit {
    fn will_do(&self) -> bool {
        self.met >= MET_MIN && self.unique >= UNIQUE_MIN && self.there >= THERE_MIN
    }
}

impl Places {
    /// Takes a record in.
    pub(super) fn note(&mut self, batch: &RecordBatch, rendered: Option<&Rendered>) {
        let mut row = vec![None; self.names.len()];
        for record in &batch.records {
            if let Some(key) = batch.key(record) {
                self.put(&mut row, "key", || Part::Key, hashed(&key));
            }
            for (name, value) in batch.headers(record) {
                if let (Ok(name), Some(value)) = (std::str::from_utf8(name), value) {
                    let part = || Part::Header(name.to_owned());
                    self.put(&mut row, &format!("header:{name}"), part, hashed(&value));
                }
            }
        }
        if let Some(rendered) = rendered {
            self.leaves(&rendered.value, &Path::default(), 0, &mut row);
        }
        self.rows.push(row);
    }

    fn leaves(&mut self, value: &Value, path: &Path, depth: usize, row: &mut Vec<Option<Hashed>>) {
        let value = match value {
            Value::Branch(_, value) => value,
            value => value,
        };
        let hash = match value {
            Value::Record(fields) => {
                for (name, value) in fields.iter().filter(|_| depth < DEPTH_MAX) {
                    self.leaves(value, &path.with(Segment::Field(name.clone())), depth + 1, row);
                }
                return;
            }
            Value::Text(text) => hashed(text),
            Value::Integer(number) => hashed(number),
            Value::Bytes(bytes) => hashed(bytes),
            // Flags, floats and times name nothing, and arrays and maps are no one thing.
            _ => return,
        };
        self.put(row, &format!("field:{path}"), || Part::Field(path.clone()), hash);
    }

    fn put(&mut self, row: &mut Vec<Option<Hashed>>, name: &str, part: impl FnOnce() -> Part, hash: Hashed) {
        let next = self.names.len();
        let at = match self.names.get(name) {
            Some((_, at)) => *at,
            None if next < PLACES_MAX => {
                self.names.insert(name.to_owned(), (part(), next));
                next
            }
            None => return,
        };
        row.resize(row.len().max(at + 1), None);
        row[at] = Some(hash);
    }

    /// The identities by these places, of the records that have all of them.
    fn identities(&self, names: &[&String]) -> Vec<Hashed> {
        let places: Vec<Option<usize>> = names.iter().map(|name| Some(self.names.get(*name)?.1)).collect();
        let identity = |row: &Vec<Option<Hashed>>| {
            let parts: Option<Vec<Hashed>> = places.iter().map(|at| *row.get((*at)?)?).collect();
            Some(hashed(&parts?))
        };
        self.rows.iter().filter_map(identity).collect()
    }
}

fn hashed(value: &(impl Hash + ?Sized)) -> Hashed {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn fit(sides: &PerSide<Places>, names: &[&String]) -> Fit {
    let all = PerSide {
        baseline: sides.baseline.identities(names),
        canary: sides.canary.identities(names),
    };
    let distinct = PerSide {
        baseline: all.baseline.iter().collect::<BTreeSet<_>>(),
        canary: all.canary.iter().collect::<BTreeSet<_>>(),
    };
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let worse = |of: &dyn Fn(Side) -> f64| of(Side::Baseline).min(of(Side::Canary));
    let met = distinct.baseline.intersection(&distinct.canary).count();
    Fit {
        met: share(met, distinct.baseline.len().min(distinct.canary.len())),
        unique: worse(&|side| share(distinct.get(side).len(), all.get(side).len())),
        there: worse(&|side| share(all.get(side).len(), sides.get(side).rows.len())),
    }
}

/// The identity that does best: one place, or else two together; none where none will do.
pub(super) fn best(sides: &PerSide<Places>) -> Option<(Vec<Part>, Fit)> {
    let both = sides
        .baseline
        .names
        .keys()
        .filter(|name| sides.canary.names.contains_key(*name));
    let mut alone: Vec<(&String, Fit)> = both.map(|name| (name, fit(sides, &[name]))).collect();
    // Equal ones in the order of their names, the shallow before the deep.
    let depth = |name: &str| name.matches('.').count();
    alone.sort_by(|one, other| {
        let by = |fit: &Fit| fit.met + fit.unique + fit.there;
        by(&other.1)
            .total_cmp(&by(&one.1))
            .then(depth(one.0).cmp(&depth(other.0)))
    });
    let part = |name: &String| sides.baseline.names.get(name).map(|(part, _)| part.clone());
    if let Some((name, fit)) = alone.iter().find(|(_, fit)| fit.will_do()) {
        return Some((vec![part(name)?], *fit));
    }
    // A part of an identity is there in every record, and seen on both sides.
    let usable = alone
        .iter()
        .filter(|(_, fit)| fit.there >= THERE_MIN && fit.met >= MET_MIN);
    let usable: Vec<&String> = usable.map(|(name, _)| *name).take(PAIRED_MAX).collect();
    let pairs = usable
        .iter()
        .enumerate()
        .flat_map(|(at, one)| usable[at + 1..].iter().map(move |other| [*one, *other]));
    let mut pairs: Vec<([&String; 2], Fit)> = pairs.map(|pair| (pair, fit(sides, &pair))).collect();
    pairs.retain(|(_, fit)| fit.will_do());
    pairs.sort_by(|one, other| other.1.met.total_cmp(&one.1.met));
    let (names, fit) = pairs.first()?;
    Some((names.iter().filter_map(|name| part(name)).collect(), *fit))
}

/// How it is said: what to write, and why.
pub(super) fn told(parts: &[Part], fit: &Fit) -> (String, String) {
    let percent = |share: f64| format!("{:.1} %", (share * 1_000.0).floor() / 10.0);
    let text = format!(
        "on the sample the identity {} is there in {} of the records, unique in {}, and met by the other side in {}",
        parts.iter().map(short).collect::<Vec<_>>().join(" with "),
        percent(fit.there),
        percent(fit.unique),
        percent(fit.met)
    );
    let yaml: Vec<String> = parts.iter().map(yaml).collect();
    (text, format!("identity: {{parts: [{}]}}", yaml.join(", ")))
}

fn yaml(part: &Part) -> String {
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let scalar = |text: String| if plain(&text) { text } else { format!("{text:?}") };
    match part {
        Part::Key => "key".to_owned(),
        Part::KeyPath(path) => format!("{{key: {}}}", scalar(path.to_string())),
        Part::Header(name) => format!("{{header: {}}}", scalar(name.clone())),
        Part::Field(path) => format!("{{field: {}}}", scalar(path.to_string())),
    }
}

fn short(part: &Part) -> String {
    match part {
        Part::Key => "key".to_owned(),
        Part::KeyPath(path) => format!("key:{path}"),
        Part::Header(name) => format!("header:{name}"),
        Part::Field(path) => format!("field:{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A side of records with these fields; `-` is null.
    fn side(names: &[&str], rows: &[&[&str]]) -> Places {
        let mut places = Places::default();
        for row in rows {
            let fields = names.iter().zip(*row).map(|(name, value)| {
                let value = if *value == "-" {
                    Value::Null
                } else {
                    Value::Text((*value).to_owned())
                };
                ((*name).to_owned(), value)
            });
            let rendered = Rendered {
                key: None,
                value: Value::Record(fields.collect()),
                tombstone: false,
                when: Vec::new(),
                headers: Vec::new(),
            };
            places.note(&RecordBatch::default(), Some(&rendered));
        }
        places
    }

    fn proposed(names: &[&str], baseline: &[&[&str]], canary: &[&[&str]]) -> Option<String> {
        let sides = PerSide {
            baseline: side(names, baseline),
            canary: side(names, canary),
        };
        best(&sides).map(|(parts, fit)| told(&parts, &fit).1)
    }

    #[test]
    fn the_field_that_is_there_once_and_on_both_sides() {
        let names = ["status", "trace", "order_id"];
        let baseline: &[&[&str]] = &[&["a", "1", "x"], &["a", "2", "y"], &["a", "3", "z"]];
        let canary: &[&[&str]] = &[&["a", "7", "x"], &["a", "8", "y"], &["a", "9", "w"]];
        let told = proposed(&names, baseline, canary);
        assert_eq!(told.as_deref(), Some("identity: {parts: [{field: order_id}]}"));
    }

    #[test]
    fn two_together_where_one_is_not_enough() {
        let names = ["order", "line", "seen"];
        let baseline: &[&[&str]] = &[&["x", "1", "a"], &["x", "2", "b"], &["y", "1", "c"], &["y", "2", "d"]];
        let canary: &[&[&str]] = &[&["y", "1", "e"], &["y", "2", "f"], &["x", "1", "g"], &["x", "2", "h"]];
        let told = proposed(&names, baseline, canary);
        assert_eq!(
            told.as_deref(),
            Some("identity: {parts: [{field: line}, {field: order}]}")
        );
    }

    #[test]
    fn nothing_where_nothing_will_do() {
        let rows: &[&[&str]] = &[&["a", "-"], &["a", "1"], &["a", "2"]];
        assert_eq!(proposed(&["status", "id"], rows, rows), None);
        assert_eq!(proposed(&["id"], &[], &[]), None);
        assert_eq!(proposed(&["id"], &[&["1"], &["2"]], &[&["3"], &["4"]]), None);
    }

    #[test]
    fn the_sentence_has_no_value() {
        let rows: &[&[&str]] = &[&["secret-1"], &["secret-2"]];
        let sides = PerSide {
            baseline: side(&["id"], rows),
            canary: side(&["id"], rows),
        };
        let (parts, fit) = best(&sides).unwrap();
        let (text, hint) = told(&parts, &fit);
        assert_eq!(
            text,
            "on the sample the identity field:id is there in 100.0 % of the records, unique in 100.0 %, and met by the other side in 100.0 %"
        );
        assert_eq!(hint, "identity: {parts: [{field: id}]}");
    }
}
