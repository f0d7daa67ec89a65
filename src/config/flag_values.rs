//! Values of flags, each parsed alone: sources, bounds, identity parts, selectors, tolerances, budgets.

use std::collections::BTreeMap;

use super::flags::wrong;
use super::pattern::Pattern;
use super::request::{Bound, RequestError, Source};
use super::resolve::check_broker;
use super::{Budgets, fault, scalar};
use crate::codec::{Condition, EventTime, Format, Framing, Mapping, Part, Select, Sign};
use crate::engine::Tolerance;
use crate::model::Path;

/// `kafka://broker[,broker]/topic`, `-`, or a path to `.avro`, `.jsonl`, `.ndjson`, each also `.gz` or `.zst`.
pub(super) fn source(flag: &str, text: &str) -> Result<Source, RequestError> {
    let forms = "kafka://BROKER[,BROKER]/TOPIC, -, or a path to .avro, .jsonl or .ndjson, each also .gz or .zst";
    if text == "-" {
        // What it is --format says.
        return Ok(Source::Lines(text.into()));
    }
    if let Some(rest) = text.strip_prefix("kafka://") {
        if rest.contains('@') {
            return Err(RequestError {
                what: format!("{flag}: a URL with user info is refused"),
                hint: Some("put the cluster into a config, the password under `secrets:`, and say -c FILE".to_owned()),
            });
        }
        let (brokers, topic) = rest.split_once('/').unwrap_or((rest, ""));
        if topic.is_empty() || topic.contains('/') {
            return Err(wrong(flag, text, forms));
        }
        let mut list = Vec::new();
        for broker in brokers.split(',') {
            check_broker(broker).map_err(|must| RequestError {
                what: format!("{flag} {text}: a broker {must}"),
                hint: None,
            })?;
            let has_port = broker.rsplit_once(':').is_some();
            list.push(if has_port {
                broker.to_owned()
            } else {
                format!("{broker}:9092")
            });
        }
        if let Err(why) = Pattern::of(topic) {
            return Err(RequestError {
                what: format!("{flag}: {topic} {why}"),
                hint: None,
            });
        }
        return Ok(Source::Kafka {
            brokers: list,
            topic: topic.to_owned(),
        });
    }
    if text.contains("://") {
        return Err(wrong(flag, text, forms));
    }
    let plain = text
        .strip_suffix(".gz")
        .or_else(|| text.strip_suffix(".zst"))
        .unwrap_or(text);
    let extension = std::path::Path::new(plain)
        .extension()
        .and_then(|extension| extension.to_str());
    match extension {
        Some("avro") => Ok(Source::Avro(text.into())),
        Some("jsonl" | "ndjson") => Ok(Source::Lines(text.into())),
        _ => Err(wrong(flag, text, forms)),
    }
}

/// `beginning`, `end`, an offset, `-N`, RFC 3339, `-1h`.
pub(super) fn bound(flag: &str, text: &str) -> Result<Bound, RequestError> {
    let parsed = match text {
        "beginning" => Some(Bound::Beginning),
        "end" => Some(Bound::End),
        _ => match text.strip_prefix('-') {
            Some(back) => match back.parse() {
                Ok(count) => Some(Bound::BeforeEnd(count)),
                Err(_) => scalar::duration(back).map(Bound::Ago),
            },
            None => match text.parse() {
                Ok(offset) => Some(Bound::Offset(offset)),
                Err(_) => text
                    .parse::<jiff::Timestamp>()
                    .ok()
                    .map(|time| Bound::Time(time.as_millisecond())),
            },
        },
    };
    parsed.ok_or_else(|| wrong(flag, text, "beginning, end, an offset, -N, an RFC 3339 time, or -1h"))
}

/// When something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Then, milliseconds since the epoch.
    At(i64),
    /// So many milliseconds from now.
    After(i64),
}

/// A day (to its end, in UTC), an RFC 3339 time, or a duration from now.
///
/// # Errors
/// None of these.
pub fn until(flag: &str, text: &str) -> Result<Until, RequestError> {
    let day = |text: &str| {
        let day = text.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
        let end = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(end.timestamp().as_millisecond())
    };
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok().map(|time| time.as_millisecond());
    let parsed = match scalar::duration(text) {
        Some(ms) => Some(Until::After(ms)),
        None => time(text).or_else(|| day(text)).map(Until::At),
    };
    parsed.ok_or_else(|| {
        wrong(
            flag,
            text,
            "a day such as 2027-01-31, an RFC 3339 time, or a duration such as 2h",
        )
    })
}

/// A path.
pub(super) fn path(flag: &str, text: &str) -> Result<Path, RequestError> {
    Path::parse(text).map_err(|error| RequestError {
        what: format!("{flag} {text}: {error}"),
        hint: Some("PATH: dots, [*] for array items, {*} for map values, a backslash escapes".to_owned()),
    })
}

/// `key`, `key:PATH`, `header:NAME`, `field:PATH`.
pub(super) fn part(text: &str) -> Result<Part, RequestError> {
    let flag = "--identity";
    match text.split_once(':') {
        None if text == "key" => Ok(Part::Key),
        Some(("key", rest)) => Ok(Part::KeyPath(path(flag, rest)?)),
        Some(("header", name)) if !name.is_empty() => Ok(Part::Header(name.to_owned())),
        Some(("field", rest)) => Ok(Part::Field(path(flag, rest)?)),
        _ => Err(wrong(flag, text, "key, key:PATH, header:NAME or field:PATH")),
    }
}

/// `timestamp`, `field:PATH`, `header:NAME`, `none`.
pub(super) fn event_time(text: &str) -> Result<EventTime, RequestError> {
    let flag = "--event-time";
    match text.split_once(':') {
        None if text == "timestamp" => Ok(EventTime::Timestamp),
        None if text == "none" => Ok(EventTime::None),
        Some(("field", rest)) => Ok(EventTime::Field(path(flag, rest)?)),
        Some(("header", name)) if !name.is_empty() => Ok(EventTime::Header(name.to_owned())),
        _ => Err(wrong(flag, text, "timestamp, field:PATH, header:NAME or none")),
    }
}

/// Adds `header:NAME=VALUE`, `partition:0-3` or `schema:ID`.
pub(super) fn select(select: &mut Select, text: &str) -> Result<(), RequestError> {
    let bad = || wrong("--select", text, "header:NAME=VALUE, partition:0-3 or schema:ID");
    match text.split_once(':').ok_or_else(bad)? {
        ("header", pair) => {
            let (name, value) = pair.split_once('=').ok_or_else(bad)?;
            select.headers.push((name.to_owned(), value.to_owned()));
        }
        ("partition", ranges) => select.partitions.extend(scalar::partitions(ranges).ok_or_else(bad)?),
        ("schema", ids) => select.schemas.extend(scalar::ids(ids).ok_or_else(bad)?),
        _ => return Err(bad()),
    }
    Ok(())
}

/// `avro`, `json`, `protobuf`, `raw`.
pub(super) fn format(flag: &str, text: &str) -> Result<Format, RequestError> {
    match text {
        "avro" => Ok(Format::Avro),
        "raw" => Ok(Format::Raw),
        "json" => Ok(Format::Json),
        "protobuf" => Ok(Format::Protobuf),
        _ => Err(wrong(flag, text, "avro, json, protobuf or raw")),
    }
}

/// `confluent`, `header`, `single-object`, `none`.
pub(super) fn framing(flag: &str, text: &str) -> Result<Framing, RequestError> {
    match text {
        "confluent" => Ok(Framing::Confluent),
        "header" => Ok(Framing::Header),
        "single-object" => Ok(Framing::SingleObject),
        "none" => Ok(Framing::None),
        _ => Err(wrong(flag, text, "confluent, header, single-object or none")),
    }
}

/// `PATH=0.01`, `PATH=1%`, `PATH=5ms`.
pub(super) fn tolerance(text: &str) -> Result<(Path, Tolerance), RequestError> {
    let flag = "--tolerance";
    let bad = || wrong(flag, text, "PATH=0.01, PATH=1% or PATH=5ms");
    let (at, amount) = text.rsplit_once('=').ok_or_else(bad)?;
    let at = path(flag, at)?;
    let tolerance = if amount.ends_with('%') {
        scalar::relative(amount).map(Tolerance::Relative)
    } else {
        scalar::decimal(amount)
            .or_else(|| scalar::time_difference(amount))
            .map(Tolerance::Absolute)
    };
    Ok((at, tolerance.ok_or_else(bad)?))
}

/// What stands before ` when `, and the condition behind it: `header:NAME=VALUE` or `field:PATH=VALUE`.
pub(super) fn when<'a>(flag: &str, text: &'a str) -> Result<(&'a str, Option<Condition>), RequestError> {
    let Some((rule, condition)) = text.rsplit_once(" when ") else {
        return Ok((text, None));
    };
    let bad = || wrong(flag, text, "RULE when header:NAME=VALUE, or RULE when field:PATH=VALUE");
    let (of, is) = condition.split_once('=').ok_or_else(bad)?;
    let of = match of.split_once(':').ok_or_else(bad)? {
        ("header", name) if !name.is_empty() => Sign::Header(name.to_owned()),
        ("field", at) => Sign::Field(path(flag, at)?),
        _ => return Err(bad()),
    };
    let is = is.to_owned();
    Ok((rule, Some(Condition { of, is })))
}

/// True for `PATH=5ms`.
pub(super) fn is_time_tolerance(text: &str) -> bool {
    text.rsplit_once('=')
        .is_some_and(|(_, amount)| amount.ends_with(|last: char| last.is_ascii_alphabetic()))
}

/// Adds `PATH=FROM:TO`.
pub(super) fn map(maps: &mut Vec<Mapping>, text: &str) -> Result<(), RequestError> {
    let flag = "--map";
    let bad = || wrong(flag, text, "PATH=FROM:TO");
    let (at, pair) = text.split_once('=').ok_or_else(bad)?;
    let (from, to) = pair.split_once(':').ok_or_else(bad)?;
    let path = path(flag, at)?;
    let place = match maps.iter().position(|mapping| mapping.path == path) {
        Some(place) => place,
        None => {
            let values = BTreeMap::new();
            maps.push(Mapping { path, values });
            maps.len() - 1
        }
    };
    match maps[place].values.insert(from.to_owned(), to.to_owned()) {
        Some(other) if other != to => Err(RequestError {
            what: format!("{flag} {text}: `{from}` counts as `{other}` already"),
            hint: Some("say it once".to_owned()),
        }),
        _ => Ok(()),
    }
}

/// `CANARY_NAME=CONTRACT_NAME`.
pub(super) fn rename(text: &str) -> Result<(Path, Path), RequestError> {
    let flag = "--rename";
    let (from, to) = text
        .split_once('=')
        .ok_or_else(|| wrong(flag, text, "CANARY_NAME=CONTRACT_NAME"))?;
    Ok((path(flag, from)?, path(flag, to)?))
}

/// `RATE`, which is for mismatched, missing, extra and duplicate, or `CHECK=RATE`.
pub(super) fn budget(budgets: &mut Budgets, text: &str) -> Result<(), RequestError> {
    let flag = "--budget";
    let (check, rate) = text.split_once('=').unwrap_or(("", text));
    let rate = scalar::rate(rate)
        .filter(|rate| *rate <= 1.0)
        .ok_or_else(|| wrong(flag, text, "a rate of at most 1, such as 1e-4 or 0.01%, or CHECK=RATE"))?;
    let Budgets {
        mismatched,
        missing,
        extra,
        duplicate,
        conflict,
        undecodable,
        untimely,
        diverted,
    } = budgets;
    let mut checks = [
        ("mismatched", mismatched),
        ("missing", missing),
        ("extra", extra),
        ("duplicate", duplicate),
        ("conflict", conflict),
        ("undecodable", undecodable),
        ("untimely", untimely),
        ("diverted", diverted),
    ];
    if check.is_empty() {
        checks.iter_mut().take(4).for_each(|(_, slot)| **slot = rate);
        return Ok(());
    }
    match checks.iter_mut().find(|(name, _)| *name == check) {
        Some((_, slot)) => **slot = rate,
        None => {
            return Err(RequestError {
                what: format!("{flag} {text}: there is no check `{check}`"),
                hint: fault::nearest_hint(check, checks.iter().map(|(name, _)| *name)),
            });
        }
    }
    Ok(())
}

/// A duration.
pub(super) fn duration(flag: &str, text: &str) -> Result<i64, RequestError> {
    scalar::duration(text).ok_or_else(|| wrong(flag, text, "a duration such as 500ms, 30s, 5m or 7d"))
}

/// A number of bytes.
pub(super) fn size(flag: &str, text: &str) -> Result<u64, RequestError> {
    scalar::size(text).ok_or_else(|| wrong(flag, text, "a size such as 256MiB or 1GiB"))
}

/// A fraction.
pub(super) fn rate(flag: &str, text: &str) -> Result<f64, RequestError> {
    scalar::rate(text)
        .filter(|rate| *rate <= 1.0)
        .ok_or_else(|| wrong(flag, text, "a rate such as 1e-3, 0.01 or 1%"))
}
