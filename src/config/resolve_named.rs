//! The checks that a stream has by its settings.

use super::faults::Faults;
use super::file_stream::{Mode, Stream as FileStream};
use super::keypath::KeyPath;
use super::request::{ReconcileRequest, RequestError, Source};
use super::resolve::fill;
use super::resolve_aggregate::aggregates;
use super::settings::StreamSide;
use super::text::Rate;
use crate::codec::{EventTime, Rules, Then};
use crate::engine;
use crate::engine::judge::NamedCheck;
use crate::engine::stats::{BUDGET_MAX, BUDGET_MIN};
use crate::model::{Differing, Path, Segment, Sides};

/// What a critical field, or the latency, bears unless something else is said (`docs/statistics.md` section 3).
const BUDGET: f64 = 1e-3;
/// Why the latency has no budget of 0, and what to do.
const LATENCY_NOT_0: &str = "a slow pair is mostly one that matches, and of those nothing is kept that could be read again to prove a budget \
                             of 0: say a small one, such as 1e-6";
/// Where a time is the one of the log, or there is none, nothing says how long a record took.
const TIME_HINT: &str = "say where the event says its own time: `event_time: {field: created_at}`, or a header";

/// What a stream says of them.
#[derive(Default)]
pub(super) struct Named {
    pub(super) checks: Vec<NamedCheck>,
    pub(super) engine: engine::Named,
    /// Paths of the critical fields, in the order in which their values travel.
    pub(super) critical: Vec<Path>,
    /// Paths that aggregates are computed of, in the order in which their values travel.
    pub(super) measured: Vec<Path>,
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
        let budget = budget(&mut field.budget, &at, None, faults);
        if budget == 0.0 {
            named.engine.strict.push(i);
        }
        named.checks.push(NamedCheck::field(place, &of.to_string(), budget));
        named.engine.critical.push(tolerance(rules, &of));
        named.critical.push(of);
    }
    latency(stream, path, &mut named, faults);
    aggregates(stream, path, &mut named, faults);
    named
}

/// The header that says who wrote a record.
pub(super) fn producer(stream: &FileStream, path: &KeyPath, faults: &mut Faults) -> Option<String> {
    let header = &stream.producer.as_ref()?.header;
    if header.trim().is_empty() {
        let hint = Some("the name of a header whose values reports may carry, such as `producer`".to_owned());
        faults.push(
            &path.key("producer").key("header"),
            "must not be empty".to_owned(),
            hint,
        );
    }
    Some(header.clone())
}

fn latency(stream: &mut FileStream, path: &KeyPath, named: &mut Named, faults: &mut Faults) {
    let Some(latency) = &mut stream.latency else { return };
    let at = path.key("latency");
    if latency.slower_than.value == 0 {
        let hint = Some("how long a record may take, such as 5s".to_owned());
        faults.push(&at.key("slower_than"), "must be above 0".to_owned(), hint);
    }
    let refused = match stream.mode {
        Some(Mode::Unpaired) => Some("needs pairs, and `mode: unpaired` has none"),
        Some(Mode::Latest) => Some("`mode: latest` compares what stands in the end, not when it came"),
        Some(Mode::Paired) | None => None,
    };
    if let Some(what) = refused {
        faults.push(
            &at,
            what.to_owned(),
            Some("leave it out, or say `mode: paired`".to_owned()),
        );
    }
    let budget = budget(&mut latency.budget, &at, Some(LATENCY_NOT_0), faults);
    named.checks.push(NamedCheck::latency(budget));
    named.engine.slower_than_ms = Some(latency.slower_than.value);
}

/// What takes the latency its meaning: an event time that is the log's own, or none.
pub(super) fn check_time(stream: &FileStream, sides: &Sides<StreamSide>, path: &KeyPath, faults: &mut Faults) {
    let times = [&sides.baseline.codec.event_time, &sides.canary.codec.event_time];
    if let (Some(_), Some(what)) = (&stream.latency, times.into_iter().find_map(timeless)) {
        faults.push(&path.key("latency"), what.to_owned(), Some(TIME_HINT.to_owned()));
    }
}

/// Why a time does not say how long a record took.
fn timeless(time: &EventTime) -> Option<&'static str> {
    match time {
        EventTime::Timestamp => {
            Some("is the Kafka timestamp less the event time, and with `event_time: timestamp` these are one")
        }
        EventTime::None => {
            Some("is the Kafka timestamp less the event time, and with `event_time: none` there is none")
        }
        EventTime::Field(_) | EventTime::Header(_) => None,
    }
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
    if request.engine.named.slower_than_ms.is_some() {
        let pair = [&request.sides.baseline, &request.sides.canary];
        let files = pair.iter().any(|side| !matches!(side.source, Source::Kafka { .. }));
        let file = files.then_some("is the Kafka timestamp less the event time, and a file has no such timestamp");
        let times = pair.iter().find_map(|side| timeless(&side.codec.event_time));
        let what = file.or(times).or(request
            .engine
            .latest
            .then_some("is not for the newest of each identity"));
        if let Some(what) = what {
            return Err(RequestError {
                what: format!("the config's latency: {what}"),
                hint: Some("take `latency` out of the config of this run".to_owned()),
            });
        }
    }
    if request.engine.latest && !request.engine.named.aggregates.is_empty() {
        return Err(RequestError {
            what:
                "the config's aggregates: are over all records, and here only the newest of each identity are compared"
                    .to_owned(),
            hint: Some("take `aggregates` out of the config of this run".to_owned()),
        });
    }
    let critical = codec.critical.iter().map(|path| tolerance(&codec.rules, path));
    request.engine.named.critical = critical.collect();
    Ok(())
}

/// The place of the tolerance of a path.
fn tolerance(rules: &Rules, path: &Path) -> Option<usize> {
    rules.tolerant.iter().position(|tolerant| tolerant == path)
}

/// A budget. What cannot be read again to prove a budget of 0 says so in `not_0`, with what to do.
pub(super) fn budget(budget: &mut Option<Rate>, at: &KeyPath, not_0: Option<&str>, faults: &mut Faults) -> f64 {
    let budget = fill(budget, "1e-3", BUDGET);
    let at = at.key("budget");
    if budget > BUDGET_MAX {
        let hint = Some("a budget is a rate, such as 1e-4 or 0.01%".to_owned());
        faults.push(&at, format!("must be at most {BUDGET_MAX}"), hint);
    } else if budget < BUDGET_MIN {
        let (what, hint) = match not_0 {
            Some(hint) => (format!("must be at least {BUDGET_MIN:e}"), hint),
            None if budget == 0.0 => return budget,
            None => (
                format!("must be 0, or at least {BUDGET_MIN:e}"),
                "say 0: then one pair that differs there fails",
            ),
        };
        faults.push(&at, what, Some(hint.to_owned()));
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
