//! The checks that a stream has by its settings.

use super::faults::Faults;
use super::file_stream::{CriticalField, Mode, Stream as FileStream};
use super::keypath::KeyPath;
use super::request::{ReconcileRequest, RequestError};
use super::resolve::fill;
use crate::codec::{Rules, Then};
use crate::engine;
use crate::engine::judge::NamedCheck;
use crate::engine::stats::{BUDGET_MAX, BUDGET_MIN};
use crate::model::{Differing, Path, Segment};

/// What a critical field bears unless something else is said (`docs/statistics.md` section 3).
const FIELD_BUDGET: f64 = 1e-3;

/// What a stream says of them.
#[derive(Default)]
pub(super) struct Named {
    pub(super) checks: Vec<NamedCheck>,
    pub(super) engine: engine::Named,
    /// Paths of the critical fields, in the order in which their values travel.
    pub(super) critical: Vec<Path>,
}

/// Reads them, and what cannot stand beside them.
pub(super) fn named(stream: &mut FileStream, (rules, path): (&Rules, &KeyPath), faults: &mut Faults) -> Named {
    let mut named = Named::default();
    let list = path.key("critical_fields");
    let fields = stream.critical_fields.len();
    if fields > Differing::FIELDS_MAX {
        let what = format!("has {fields} paths, at most {} may be critical", Differing::FIELDS_MAX);
        faults.push(&list, what, None);
    }
    if fields > 0 && stream.mode == Some(Mode::Unpaired) {
        let hint =
            "profile_fields compares the distributions of a path; `critical: true` there lets it fail the stream";
        let what = "needs pairs, and `mode: unpaired` has none".to_owned();
        faults.push(&list, what, Some(hint.to_owned()));
    }
    for (i, field) in stream.critical_fields.iter_mut().enumerate() {
        let (at, of) = (list.index(i), field.path.value.clone());
        if let Err((what, hint)) = check_path(&of, rules, &named.critical) {
            faults.push(&at.key("path"), what, Some(hint.to_owned()));
        }
        let place = u16::try_from(i).unwrap_or(u16::MAX);
        let budget = budget(field, &at, faults);
        named.checks.push(NamedCheck::field(place, &of.to_string(), budget));
        named.engine.critical.push(tolerance(rules, &of));
        named.critical.push(of);
    }
    named
}

/// The same once flags have changed the rules of a bounded run.
///
/// # Errors
/// A flag that leaves a critical field out.
pub(super) fn under_flags(request: &mut ReconcileRequest) -> Result<(), RequestError> {
    let codec = &request.sides.baseline.codec;
    for path in &codec.critical {
        check_path(path, &codec.rules, &[]).map_err(|(what, hint)| RequestError {
            what: format!("the config's critical_fields: {what}"),
            hint: Some(hint.to_owned()),
        })?;
    }
    let critical = codec.critical.iter().map(|path| tolerance(&codec.rules, path));
    request.engine.named.critical = critical.collect();
    Ok(())
}

/// The place of the tolerance of a path.
fn tolerance(rules: &Rules, path: &Path) -> Option<usize> {
    rules.tolerant.iter().position(|tolerant| tolerant == path)
}

fn budget(field: &mut CriticalField, at: &KeyPath, faults: &mut Faults) -> f64 {
    let budget = fill(&mut field.budget, "1e-3", FIELD_BUDGET);
    let at = at.key("budget");
    if budget > BUDGET_MAX {
        let hint = Some("a budget is a rate, such as 1e-4 or 0.01%".to_owned());
        faults.push(&at, format!("must be at most {BUDGET_MAX}"), hint);
    } else if budget < BUDGET_MIN {
        let hint = "a budget of 0 is proved pair by pair, by reading again, and of the pairs that differ only some are: \
                    `budget: {mismatched: 0}` bears no difference at all";
        faults.push(&at, format!("must be at least {BUDGET_MIN:e}"), Some(hint.to_owned()));
    }
    budget
}

/// True for a path that stands at another one or below it.
fn is_in(path: &Path, of: &Path) -> bool {
    path.0.starts_with(&of.0)
}

fn check_path(path: &Path, rules: &Rules, known: &[Path]) -> Result<(), (String, &'static str)> {
    let many = |segment: &Segment| matches!(segment, Segment::Items | Segment::Values);
    if path.0.iter().any(many) {
        let hint = "name the array or map itself: it differs where anything in it does";
        return Err(("a critical path must not have [*] or {*}".to_owned(), hint));
    }
    if path.0.is_empty() || matches!(path.0.first(), Some(Segment::Field(name)) if name.starts_with('$')) {
        return Err((
            "must be a path in the value".to_owned(),
            "such as `amount` or `total.net`",
        ));
    }
    if known.contains(path) {
        return Err((format!("`{path}` stands here twice"), "say all of it in one place"));
    }
    let conditional = rules.when.iter().filter_map(|rule| match &rule.then {
        Then::Ignore(path) => Some(path),
        Then::Tolerance(_) | Then::Map(_) => None,
    });
    if let Some(ignored) = rules
        .ignore
        .iter()
        .chain(conditional)
        .find(|ignored| is_in(path, ignored))
    {
        let what = format!("`{path}` is left out by the ignore of `{ignored}`");
        return Err((what, "take one of the two out"));
    }
    if !rules.only.is_empty() && !rules.only.iter().any(|only| is_in(path, only)) {
        return Err((
            format!("`{path}` is not among the paths of `only`"),
            "name it there, too",
        ));
    }
    Ok(())
}
