//! What a consumer would compute of each window.

use super::faults::Faults;
use super::file_named::{Aggregate as FileAggregate, Borne};
use super::file_stream::{Mode, Stream as FileStream};
use super::keypath::KeyPath;
use super::resolve_named::{Named, budget};
use crate::engine::judge::NamedCheck;
use crate::engine::{Aggregate, Measure, Tolerance};
use crate::model::{Path, Segment};

/// Aggregates of a stream.
const AGGREGATES_MAX: usize = 8;
/// Paths that a group is made of.
const GROUP_MAX: usize = 4;
/// Why an aggregate has no budget of 0, and what to do.
const NOT_0: &str = "a group is made of all records of its window, too many to read again to prove a budget of 0: say a small one, such as \
                     1e-6";
const ONE: &str = "say exactly one of `count: true`, `sum: PATH`, `min: PATH`, `max: PATH` and `distinct: PATH`";

/// Reads them, and what cannot stand beside them.
pub(super) fn aggregates(stream: &mut FileStream, path: &KeyPath, named: &mut Named, faults: &mut Faults) {
    let list = path.key("aggregates");
    let many = stream.aggregates.len();
    if many > AGGREGATES_MAX {
        faults.push(
            &list,
            format!("has {many} aggregates, at most {AGGREGATES_MAX} are computed"),
            None,
        );
    }
    let refused = match stream.mode {
        Some(Mode::Unpaired) => {
            Some("compares what both sides have of the same records, and `mode: unpaired` has none")
        }
        Some(Mode::Latest) => Some("is over all records of a window, and `mode: latest` compares the newest only"),
        Some(Mode::Paired) | None => None,
    };
    if let (Some(what), true) = (refused, many > 0) {
        let hint = "leave it out, or say `mode: paired`";
        faults.push(&list, what.to_owned(), Some(hint.to_owned()));
    }
    let mut names: Vec<String> = Vec::new();
    for (i, aggregate) in stream.aggregates.iter_mut().enumerate() {
        let at = list.index(i);
        let name = aggregate.name.clone();
        if name.trim().is_empty() || names.contains(&name) {
            let what = if name.trim().is_empty() {
                "must not be empty".to_owned()
            } else {
                format!("there is another aggregate `{name}`")
            };
            faults.push(&at.key("name"), what, None);
        }
        let place = u16::try_from(i).unwrap_or(u16::MAX);
        let budget = budget(&mut aggregate.budget, &at, Some(NOT_0), faults);
        named.checks.push(NamedCheck::aggregate(place, &name, budget));
        names.push(name);
        if let Some(resolved) = one(aggregate, &at, &mut named.measured, faults) {
            named.engine.aggregates.push(resolved);
        }
    }
}

fn one(file: &FileAggregate, at: &KeyPath, known: &mut Vec<Path>, faults: &mut Faults) -> Option<Aggregate> {
    if file.group.len() > GROUP_MAX {
        let what = format!("has {} paths, at most {GROUP_MAX} make a group", file.group.len());
        faults.push(&at.key("group"), what, None);
    }
    let mut place = |path: &Path, at: &KeyPath, faults: &mut Faults| {
        check_path(path, at, faults);
        known.iter().position(|other| other == path).unwrap_or_else(|| {
            known.push(path.clone());
            known.len() - 1
        })
    };
    let groups = file.group.iter().enumerate();
    let group = groups
        .map(|(i, path)| place(&path.value, &at.key("group").index(i), faults))
        .collect();
    let of_path = [
        ("sum", &file.sum, Measure::Sum as fn(usize) -> Measure),
        ("min", &file.min, Measure::Min),
        ("max", &file.max, Measure::Max),
        ("distinct", &file.distinct, Measure::Distinct),
    ];
    let mut measures: Vec<Measure> = Vec::new();
    match file.count {
        Some(true) => measures.push(Measure::Count),
        Some(false) => faults.push(&at.key("count"), "must be true".to_owned(), Some(ONE.to_owned())),
        None => {}
    }
    for (key, path, measure) in of_path {
        if let Some(path) = path {
            measures.push(measure(place(&path.value, &at.key(key), faults)));
        }
    }
    let [of] = measures.as_slice() else {
        if file.count != Some(false) {
            faults.push(at, format!("computes {} things", measures.len()), Some(ONE.to_owned()));
        }
        return None;
    };
    Some(Aggregate {
        group,
        of: *of,
        tolerance: tolerance(file.tolerance.as_ref(), &at.key("tolerance"), faults),
    })
}

fn tolerance(borne: Option<&Borne>, at: &KeyPath, faults: &mut Faults) -> Option<Tolerance> {
    let Borne { abs, rel } = borne?;
    match (abs, rel) {
        (Some(abs), None) => Some(Tolerance::Absolute(abs.value.clone())),
        (None, Some(rel)) => Some(Tolerance::Relative(rel.value.clone())),
        _ => {
            faults.push(at, "must have exactly one of abs and rel".to_owned(), None);
            None
        }
    }
}

fn check_path(path: &Path, at: &KeyPath, faults: &mut Faults) {
    let many = |segment: &Segment| matches!(segment, Segment::Items | Segment::Values);
    if path.0.iter().any(many) {
        faults.push(at, "a path of an aggregate must not have [*] or {*}".to_owned(), None);
    } else if path.0.is_empty() || matches!(path.0.first(), Some(Segment::Field(name)) if name.starts_with('$')) {
        faults.push(at, "must be a path in the value".to_owned(), None);
    }
}
