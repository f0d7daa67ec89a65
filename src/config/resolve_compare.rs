//! What equal means: the rules of comparison and the contract.

use super::contradict::{self, Contradiction};
use super::faults::Faults;
use super::file_stream::{Compare, Contract as FileContract, Mapping as FileMapping, Tolerance as FileTolerance, When};
use super::keypath::KeyPath;
use super::settings::{Contract, Ignore};
use super::text::PathText;
use crate::codec::{Condition, Conditional, Sign, Then};
use crate::model::{Path, Segment};
use crate::{codec, engine};

/// Tolerances that a record may have.
pub(super) const TOLERANCES_MAX: usize = 8;

/// The rules of the codec, and the tolerances of the engine in the order of the tolerant paths.
pub(super) fn compare(
    compare: &mut Compare,
    path: &KeyPath,
    faults: &mut Faults,
) -> (codec::Rules, Vec<engine::Tolerance>) {
    let list = path.key("tolerance");
    if compare.tolerance.len() > TOLERANCES_MAX {
        let what = format!(
            "has {} paths, at most {TOLERANCES_MAX} may be tolerant",
            compare.tolerance.len()
        );
        faults.push(&list, what, None);
    }
    let mut tolerant: Vec<Path> = Vec::new();
    let mut tolerances = Vec::new();
    let (mut conditional, mut tolerated) = (Vec::new(), Vec::new());
    for (i, entry) in compare.tolerance.iter().enumerate() {
        let at = list.index(i);
        if let Err(what) = check_tolerant(&entry.path.value, &tolerant) {
            faults.push(&at.key("path"), what, None);
        }
        match tolerance(entry) {
            Some(tolerance) => {
                if let Some(when) = condition(entry.when.as_ref(), &at, faults) {
                    let then = Then::Tolerance(tolerances.len());
                    tolerated.push(Conditional { when, then });
                }
                tolerant.push(entry.path.value.clone());
                tolerances.push(tolerance);
            }
            None => faults.push(&at, "must have exactly one of abs, rel, time".to_owned(), None),
        }
    }
    for (i, entry) in compare.ignore.iter().enumerate() {
        if let Some(when) = condition(entry.when.as_ref(), &path.key("ignore").index(i), faults) {
            let then = Then::Ignore(entry.path.value.clone());
            conditional.push(Conditional { when, then });
        }
    }
    for (i, entry) in compare.map.iter().enumerate() {
        if let Some(when) = condition(entry.when.as_ref(), &path.key("map").index(i), faults) {
            let then = Then::Map(mapping(entry));
            conditional.push(Conditional { when, then });
        }
    }
    conditional.extend(tolerated);
    let mut rename = Vec::new();
    for (from, to) in &compare.rename {
        match Path::parse(from) {
            Ok(from) => rename.push((from, to.value.clone())),
            Err(error) => faults.push(&path.key("rename").key(from), error.to_string(), None),
        }
    }
    let rules = codec::Rules {
        ignore: compare
            .ignore
            .iter()
            .filter(|ignore| ignore.when.is_none())
            .map(|ignore| ignore.path.value.clone())
            .collect(),
        only: paths(&compare.only),
        unordered: paths(&compare.unordered),
        map: compare
            .map
            .iter()
            .filter(|mapping| mapping.when.is_none())
            .map(mapping)
            .collect(),
        tolerant,
        rename,
        absent_equals_default: *compare.absent_equals_default.get_or_insert(false),
        compare_key: *compare.key.get_or_insert(true),
        headers: compare.headers.clone(),
        when: conditional,
    };
    for Contradiction { key, at, what, hint } in contradict::rules(&rules) {
        let list = path.key(key);
        let place = match key {
            "rename" => compare.rename.keys().nth(at).map(|from| list.key(from)),
            "tolerance" => {
                // Those that are no tolerance stand in the file too.
                let same = |entry: &FileTolerance| rules.tolerant.get(at) == Some(&entry.path.value);
                let entry = compare.tolerance.iter().position(same);
                entry.map(|entry| list.index(entry).key("path"))
            }
            "map" => {
                let always = compare.map.iter().enumerate().filter(|(_, entry)| entry.when.is_none());
                always.map(|(i, _)| list.index(i).key("path")).nth(at)
            }
            // One too many among those of several lists.
            "when" => Some(path.clone()),
            _ => Some(list.index(at)),
        };
        faults.push(&place.unwrap_or(list), what, Some(hint));
    }
    (rules, tolerances)
}

/// Which records an entry holds for; none where it holds for all.
fn condition(when: Option<&When>, entry: &KeyPath, faults: &mut Faults) -> Option<Condition> {
    let when = when?;
    let of = match (&when.header, &when.field) {
        (Some(name), None) => Sign::Header(name.clone()),
        (None, Some(path)) => Sign::Field(path.value.clone()),
        _ => {
            let what = "must have exactly one of header, field".to_owned();
            faults.push(&entry.key("when"), what, None);
            return None;
        }
    };
    let is = when.is.clone();
    Some(Condition { of, is })
}

fn paths(paths: &[PathText]) -> Vec<Path> {
    paths.iter().map(|path| path.value.clone()).collect()
}

fn mapping(mapping: &FileMapping) -> codec::Mapping {
    codec::Mapping {
        path: mapping.path.value.clone(),
        values: mapping.values.clone(),
    }
}

/// That a path may be tolerant beside those that are already.
pub(super) fn check_tolerant(path: &Path, known: &[Path]) -> Result<(), String> {
    if path
        .0
        .iter()
        .any(|segment| matches!(segment, Segment::Items | Segment::Values))
    {
        return Err("a tolerant path must not have [*] or {*}".to_owned());
    }
    if known.contains(path) {
        return Err(format!("`{path}` is tolerant already"));
    }
    Ok(())
}

fn tolerance(entry: &FileTolerance) -> Option<engine::Tolerance> {
    match (&entry.abs, &entry.rel, &entry.time) {
        (Some(abs), None, None) => Some(engine::Tolerance::Absolute(abs.value.clone())),
        (None, Some(rel), None) => Some(engine::Tolerance::Relative(rel.value.clone())),
        (None, None, Some(time)) => Some(engine::Tolerance::Absolute(time.value.clone())),
        _ => None,
    }
}

/// Paths whose tolerance is a time: only a time can be so.
pub(super) fn times(compare: &Compare) -> Vec<Path> {
    let timed = compare.tolerance.iter().filter(|entry| entry.time.is_some());
    timed.map(|entry| entry.path.value.clone()).collect()
}

/// What is not compared, with who asked for it.
pub(super) fn ignores(compare: &Compare) -> Vec<Ignore> {
    let ignore = |entry: &super::file_stream::Ignore| Ignore {
        path: entry.path.value.clone(),
        owner: entry.owner.clone(),
        reason: entry.reason.clone(),
        until: entry.until.as_ref().map(|day| day.value),
    };
    compare.ignore.iter().map(ignore).collect()
}

/// The contract that a stream names.
pub(super) fn contract(contract: Option<&FileContract>, path: &KeyPath, faults: &mut Faults) -> Option<Contract> {
    match contract? {
        FileContract::File(file) => Some(Contract::File(file.into())),
        FileContract::Subject(text) => {
            let subject = subject(text);
            if subject.is_none() {
                let hint = Some("such as orders-value:3".to_owned());
                faults.push(&path.key("subject"), "must be SUBJECT:VERSION".to_owned(), hint);
            }
            subject
        }
    }
}

/// `SUBJECT:VERSION`.
pub(super) fn subject(text: &str) -> Option<Contract> {
    let (name, version) = text.rsplit_once(':')?;
    let version = version.parse().ok().filter(|version| *version > 0)?;
    (!name.is_empty()).then(|| Contract::Subject {
        name: name.to_owned(),
        version,
    })
}
