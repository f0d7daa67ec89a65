//! Which distributions are looked at, and how the sides relate.

use super::faults::Faults;
use super::file_stream::{Mode, ProfileField, Stream as FileStream};
use super::keypath::KeyPath;
use super::resolve::fill;
use crate::codec;
use crate::engine::judge::{DISTINCT_FLOOR, DriftPolicy, FLOOR, NULL_FLOOR, ProfiledField};
use crate::model::{Path, Segment};

/// Paths that a stream may profile.
const FIELDS_MAX: usize = 16;

/// What a stream says of its distributions.
pub(super) struct Profiles {
    pub(super) drift: DriftPolicy,
    /// The profiled paths, in the order in which their values travel.
    pub(super) paths: Vec<Path>,
    /// What the traffic of an unpaired stream was split by.
    pub(super) unit: Option<Vec<codec::Part>>,
}

/// Reads it, and what cannot stand beside it.
pub(super) fn profiles(stream: &mut FileStream, path: &KeyPath, faults: &mut Faults) -> Profiles {
    let unpaired = *stream.mode.get_or_insert(Mode::Paired) == Mode::Unpaired;
    if unpaired {
        check_unpaired(stream, path, faults);
    } else {
        for (key, is_there) in [("unit", stream.unit.is_some()), ("share", stream.share.is_some())] {
            if is_there {
                let hint = Some("say `mode: unpaired` where the sides see different records".to_owned());
                faults.push(&path.key(key), "is for `mode: unpaired` only".to_owned(), hint);
            }
        }
    }
    let list = path.key("profile_fields");
    if stream.profile_fields.len() > FIELDS_MAX {
        let what = format!(
            "has {} paths, at most {FIELDS_MAX} may be profiled",
            stream.profile_fields.len()
        );
        faults.push(&list, what, None);
    }
    let mut paths: Vec<Path> = Vec::new();
    let mut fields = Vec::new();
    for (i, field) in stream.profile_fields.iter_mut().enumerate() {
        let at = list.index(i);
        if let Err(what) = check_path(&field.path.value, &paths) {
            faults.push(&at.key("path"), what, None);
        }
        paths.push(field.path.value.clone());
        fields.push(profiled(field, &at, faults));
    }
    let share = stream.share.as_ref().filter(|_| unpaired).map(|share| share.value);
    let unit = stream.unit.as_ref().filter(|_| unpaired);
    Profiles {
        drift: DriftPolicy {
            fields,
            unpaired,
            share: share.filter(|share| *share > 0.0 && *share < 1.0),
        },
        paths,
        unit: unit.map(|parts| parts.iter().map(codec::Part::from).collect()),
    }
}

fn check_unpaired(stream: &FileStream, path: &KeyPath, faults: &mut Faults) {
    let no_unit = stream.unit.as_ref().is_none_or(Vec::is_empty);
    let no_identity = stream
        .identity
        .as_ref()
        .is_none_or(|identity| identity.parts.is_empty());
    if no_unit && (stream.unit.is_some() || no_identity) {
        let hint = "such as `unit: [{field: customer_id}]`: what the traffic was split by";
        let what = "must name what the traffic was split by where `mode: unpaired`".to_owned();
        faults.push(&path.key("unit"), what, Some(hint.to_owned()));
    }
    if stream.profile_fields.is_empty() && stream.share.is_none() {
        let hint = Some("name paths under `profile_fields`, or the canary's `share` of the traffic".to_owned());
        faults.push(&path.key("mode"), "`unpaired` compares nothing here".to_owned(), hint);
    }
    if stream.sample.is_some() {
        let hint = Some("leave it out: a profile costs little a record".to_owned());
        faults.push(&path.key("sample"), "is not for `mode: unpaired`".to_owned(), hint);
    }
    if stream
        .share
        .as_ref()
        .is_some_and(|share| !(share.value > 0.0 && share.value < 1.0))
    {
        let hint = Some("the canary's share of the traffic, such as 0.05".to_owned());
        faults.push(&path.key("share"), "must be above 0 and below 1".to_owned(), hint);
    }
}

fn check_path(path: &Path, known: &[Path]) -> Result<(), String> {
    let many = |segment: &Segment| matches!(segment, Segment::Items | Segment::Values);
    if path.0.iter().any(many) {
        return Err("a profiled path must not have [*] or {*}".to_owned());
    }
    if path.0.is_empty() || matches!(path.0.first(), Some(Segment::Field(name)) if name.starts_with('$')) {
        return Err("must be a path in the value".to_owned());
    }
    if known.contains(path) {
        return Err(format!("`{path}` is profiled already"));
    }
    Ok(())
}

fn profiled(field: &mut ProfileField, at: &KeyPath, faults: &mut Faults) -> ProfiledField {
    let mut floor = |name: &str, slot: &mut _, text: &str, value: f64| {
        let floor = fill(slot, text, value);
        if floor <= 0.0 || floor > 0.5 {
            let hint = Some("a difference that is borne, such as 0.02".to_owned());
            faults.push(&at.key(name), "must be above 0 and at most 0.5".to_owned(), hint);
        }
        floor
    };
    ProfiledField {
        path: field.path.value.to_string(),
        floor: floor("floor", &mut field.floor, "0.02", FLOOR),
        null_floor: floor("null_floor", &mut field.null_floor, "0.005", NULL_FLOOR),
        distinct_floor: floor("distinct_floor", &mut field.distinct_floor, "0.05", DISTINCT_FLOOR),
        critical: *field.critical.get_or_insert(false),
    }
}
