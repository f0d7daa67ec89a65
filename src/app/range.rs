//! What `--from` and `--to` come to: offsets of each partition.

use anyhow::{Context, Result, bail};

use super::topic::Topic;
use super::trouble::trouble;
use crate::config::Bound;
use crate::edge::{files, kafka};
use crate::engine::{self, Range};

/// Read this much before the start of a range in time, beside lateness and grace: the index holds append times.
const SLACK_MS: i64 = 10 * 60 * 1000;

/// What is read of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which partition.
    pub partition: u32,
    /// First offset.
    pub from: u64,
    /// First offset that is not read.
    pub to: u64,
    /// An open transaction begins there: what lies behind it is not there yet.
    pub is_open: bool,
}

/// Resolves both bounds for a topic. A range of event time is read from a little before it, to the captured end; without
/// event time it is resolved by the broker's index, literally.
///
/// # Errors
/// The cluster does not answer, or a range that ends before it begins in some partition.
pub fn of_topic(reader: &dyn Topic, from: Bound, to: Bound, settings: &engine::Settings) -> Result<Vec<Span>> {
    let ends = reader.ends()?;
    let by_event_time = matches!(settings.range, Range::Time { .. });
    let margin = match (settings.lateness_ms, settings.grace_ms) {
        (Some(lateness), Some(grace)) if by_event_time => lateness.saturating_add(grace).saturating_add(SLACK_MS),
        _ => 0,
    };
    let starts = match from {
        Bound::Time(ms) => Some(reader.offsets_at(ms.saturating_sub(margin))?),
        _ => None,
    };
    let stops = match to {
        Bound::Time(ms) if !by_event_time => Some(reader.offsets_at(ms)?),
        _ => None,
    };
    let found = |table: &Option<Vec<(u32, Option<u64>)>>, partition: u32, end: u64| {
        let row = table
            .as_ref()
            .and_then(|rows| rows.iter().find(|(id, _)| *id == partition));
        row.and_then(|(_, offset)| *offset).unwrap_or(end)
    };
    let mut spans = Vec::with_capacity(ends.len());
    for end in ends {
        let kafka::Ends {
            partition,
            low,
            last_stable,
            high,
        } = end;
        let literal = |bound: Bound, table| match bound {
            Bound::Beginning => low,
            Bound::End => last_stable,
            Bound::Offset(offset) => offset.clamp(low, last_stable.max(low)),
            Bound::BeforeEnd(n) => last_stable.saturating_sub(n).max(low),
            Bound::Time(_) | Bound::Ago(_) => found(table, partition, last_stable).clamp(low, last_stable.max(low)),
        };
        let (from_offset, to_offset) = (literal(from, &starts), literal(to, &stops));
        if from_offset > to_offset {
            let what = format!(
                "--from lies after --to: they resolve to the offsets {from_offset} and {to_offset} in partition {partition} of {}",
                reader.name()
            );
            let hint = "swap them; the range is half-open: --to is the first that no longer belongs to it";
            return Err(trouble(what, hint));
        }
        spans.push(Span {
            partition,
            from: from_offset,
            to: to_offset,
            is_open: last_stable < high
                && match to {
                    Bound::Offset(offset) => offset > last_stable,
                    _ => to_offset == last_stable,
                },
        });
    }
    Ok(spans)
}

/// Resolves both bounds for a file: record numbers; the end is told by reading, unless a bound is counted from there.
///
/// # Errors
/// A bound that a file does not know, or a range that ends before it begins.
pub fn of_file(
    (input, kind): (&files::Input, files::Kind),
    from: Bound,
    to: Bound,
    settings: &engine::Settings,
) -> Result<(u64, Option<u64>)> {
    let by_event_time = matches!(settings.range, Range::Time { .. });
    let counted = |bound| matches!(bound, Bound::BeforeEnd(_));
    let end = if counted(from) || counted(to) || from == Bound::End {
        Some(files::count(input, kind)?)
    } else {
        None
    };
    let literal = |flag, bound| match (bound, end) {
        (Bound::Beginning, _) => Ok(0),
        (Bound::Offset(offset), end) => Ok(end.map_or(offset, |end| offset.min(end))),
        (Bound::End, Some(end)) => Ok(end),
        (Bound::BeforeEnd(n), Some(end)) => Ok(end.saturating_sub(n)),
        _ => Err(unknown(flag)),
    };
    let from = match from {
        Bound::Time(_) if by_event_time => 0,
        from => literal("--from", from)?,
    };
    let to = match to {
        Bound::End => None,
        Bound::Time(_) if by_event_time => None,
        to => Some(literal("--to", to)?),
    };
    if let Some(to) = to
        && from > to
    {
        bail!(
            "--from resolves to record {from} and --to to {to} in {}",
            input.path().display()
        );
    }
    Ok((from, to))
}

fn unknown(flag: &'static str) -> anyhow::Error {
    trouble(
        format!("{flag}: a file has no broker's index to resolve it with"),
        "use beginning, end, a record number, -N, or a time together with --event-time field:PATH",
    )
}

/// Where a worker begins to read a topic.
///
/// # Errors
/// The cluster does not answer.
pub fn start_of_topic(
    reader: &dyn Topic,
    start: crate::config::Start,
    settings: &engine::Settings,
) -> Result<Vec<(u32, u64)>> {
    let ends = reader.ends().context("capture the start offsets")?;
    Ok(match start {
        crate::config::Start::Now => ends.iter().map(|end| (end.partition, end.last_stable)).collect(),
        crate::config::Start::Earliest => ends.iter().map(|end| (end.partition, end.low)).collect(),
        crate::config::Start::At(ms) => {
            let margin = settings.lateness_ms.unwrap_or(0) + settings.grace_ms.unwrap_or(0) + SLACK_MS;
            let found = reader.offsets_at(ms.saturating_sub(margin))?;
            let end_of = |partition| {
                ends.iter()
                    .find(|end| end.partition == partition)
                    .map_or(0, |end| end.last_stable)
            };
            found
                .into_iter()
                .map(|(partition, offset)| (partition, offset.unwrap_or_else(|| end_of(partition))))
                .collect()
        }
    })
}
