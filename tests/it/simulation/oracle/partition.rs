//! One partition from its start to where it was read: where each offset goes that pairing does not see (rules 8 to 10, 12).

use crosscheck::engine::Settings;
use crosscheck::model::{Position, Side, UndecodableReason};

use super::edges::Edges;
use super::{Comparison, Log, Read, Whole};
use crate::simulation::world::log::{Kind, Record};
use crate::simulation::world::sometimes::Sometimes;
use crate::simulation::world::truth::{Decoded, Truth};

/// A partition, sorted into places.
pub struct Walked<'a> {
    pub side: Side,
    pub read: u64,
    pub gaps: u64,
    /// Selected, decodable, timely, not late: what pairs.
    pub timely: Vec<Timely>,
    /// The same of identities that are not in the sample.
    pub unsampled: Vec<Timely>,
    /// What is counted where the running maximum stood, if there was one.
    pub apart: Vec<Apart<'a>>,
    /// The first event time that could be used and was not late, in the sample or not.
    pub first_ms: Option<i64>,
    /// Event times between which holes hide records.
    pub holes: Vec<Hidden>,
    /// The running maximum at the end.
    pub max_ms: Option<i64>,
    pub reached: Sometimes,
}

/// A record that pairs.
#[derive(Clone, Copy)]
pub struct Timely {
    pub position: Position,
    pub time_ms: i64,
    pub decoded: Decoded,
    /// It is not in the sample: what it decides does not count.
    pub beside: bool,
}

/// A record that does not.
pub struct Apart<'a> {
    pub position: Position,
    pub max_ms: Option<i64>,
    pub place: Place,
    pub record: &'a Record,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Deselected,
    Undecodable(UndecodableReason),
    Untimely(Decoded),
    Late,
}

/// A hole: the running maximum before it, and behind the first timely record after it.
#[derive(Clone, Copy)]
pub struct Hidden {
    pub before_ms: Option<i64>,
    pub after_ms: Option<i64>,
}

/// Walks the log of a partition. Holes that were met later are none yet.
pub fn walk<'a>(comparison: &Comparison, log: &Log<'a>, met_before_ms: i64) -> Walked<'a> {
    let read = log.read;
    let mut walked = Walked {
        side: read.side,
        read: 0,
        gaps: 0,
        timely: Vec::with_capacity(log.slots.len()),
        unsampled: Vec::new(),
        apart: Vec::new(),
        first_ms: None,
        holes: Vec::new(),
        max_ms: None,
        reached: Sometimes::default(),
    };
    let mut raises = read.raises.clone();
    raises.sort_unstable();
    let met = read
        .holes
        .iter()
        .filter(|hole| hole.met_at_ms.unwrap_or(i64::MIN) < met_before_ms);
    let mut holes: Vec<(u64, u64)> = met.map(|hole| (hole.from, hole.to)).collect();
    holes.sort_unstable();
    let (mut raises, mut holes) = (raises.into_iter().peekable(), holes.into_iter().peekable());
    // Holes whose upper end is not known yet: the offset where each ends, and its place in the list.
    let mut open: Vec<(u64, usize)> = Vec::new();
    let mut lost = read.from..read.from;
    let mut max_ms: Option<i64> = None;
    for slot in &log.slots {
        while let Some((_, value)) = raises.next_if(|(offset, _)| *offset <= slot.offset) {
            max_ms = max_ms.max(Some(value));
            walked.reached.reached("raised");
        }
        while let Some((from, to)) = holes.next_if(|(from, _)| *from <= slot.offset) {
            open.push((to, walked.holes.len()));
            walked.holes.push(Hidden {
                before_ms: max_ms,
                after_ms: None,
            });
            lost = from..to.max(lost.end);
            walked.reached.reached("hole");
        }
        let record = match &slot.kind {
            Kind::Record(record) if !lost.contains(&slot.offset) => record,
            _ => {
                walked.gaps += 1;
                continue;
            }
        };
        walked.read += 1;
        let position = Position {
            side: read.side,
            partition: read.partition,
            offset: slot.offset,
        };
        let place = match &record.truth {
            Truth::Deselected => Place::Deselected,
            Truth::Undecodable(reason) => Place::Undecodable(*reason),
            Truth::Decoded(decoded) => match usable(comparison.settings, read, slot.offset, record, decoded) {
                None => Place::Untimely(*decoded),
                Some(time_ms)
                    if max_ms.is_some_and(|max_ms| time_ms < max_ms.saturating_sub(comparison.lateness())) =>
                {
                    Place::Late
                }
                Some(time_ms) => {
                    max_ms = max_ms.max(Some(time_ms));
                    let timely = Timely {
                        position,
                        time_ms,
                        decoded: *decoded,
                        beside: read.beside.contains(&slot.offset),
                    };
                    walked.first_ms.get_or_insert(time_ms);
                    if read.unsampled.contains(&slot.offset) {
                        walked.unsampled.push(timely);
                    } else {
                        walked.timely.push(timely);
                    }
                    for (_, at) in open.extract_if(.., |(to, _)| *to <= slot.offset) {
                        walked.holes[at].after_ms = max_ms;
                    }
                    continue;
                }
            },
        };
        walked.apart.push(Apart {
            position,
            max_ms,
            place,
            record,
        });
    }
    // A hole may stand at the end, behind everything that was read.
    for _ in holes {
        walked.holes.push(Hidden {
            before_ms: max_ms,
            after_ms: None,
        });
    }
    walked.max_ms = raises.fold(max_ms, |max_ms, (_, value)| max_ms.max(Some(value)));
    walked
}

/// The event time, if it can be used (rule 10).
pub fn usable(settings: &Settings, read: &Read, offset: u64, record: &Record, decoded: &Decoded) -> Option<i64> {
    let time_ms = decoded.time_ms?;
    if settings.time_is_timestamp {
        return (!read.untimely.contains(&offset)).then_some(time_ms);
    }
    let ahead_ms = time_ms.saturating_sub(record.timestamp_ms);
    let too_new = settings.skew_max_ms.is_some_and(|most| ahead_ms > most);
    let too_old = settings.age_max_ms.is_some_and(|most| -ahead_ms > most);
    (!too_new && !too_old).then_some(time_ms)
}

/// Counts who is not in the sample, each in the window of its own time: like surplus, at an edge where it stands at one.
pub fn count_unsampled(comparison: &Comparison, edges: &Edges, walked: &[Walked], whole: &mut Whole) {
    for timely in walked.iter().flat_map(|walked| &walked.unsampled) {
        let window = whole.windows.entry(comparison.window_of(timely.time_ms)).or_default();
        let counts = window.counts.sides.get_mut(timely.position.side);
        if edges.holds(timely.time_ms) {
            counts.excluded_edge += 1;
            whole.reached.reached("excluded (edge), not sampled");
        } else {
            counts.excluded_sample += 1;
            whole.reached.reached("excluded (sample)");
        }
    }
}

/// Counts what is not paired, in the window of the running maximum; without one in the oldest window that counts anything,
/// because none is final while a partition has no maximum. Gives the begin of that window.
pub fn count(comparison: &Comparison, walked: &[Walked], whole: &mut Whole) -> i64 {
    let maxima = walked
        .iter()
        .flat_map(|walked| &walked.apart)
        .filter_map(|apart| apart.max_ms);
    let counted = maxima.map(|max_ms| comparison.window_of(max_ms));
    let oldest = counted.chain(whole.windows.keys().copied()).min();
    let oldest = oldest.unwrap_or(comparison.window_of(0));
    for walked in walked {
        for apart in &walked.apart {
            let start_ms = apart.max_ms.map_or(oldest, |max_ms| comparison.window_of(max_ms));
            let window = whole.windows.entry(start_ms).or_default();
            let counts = window.counts.sides.get_mut(walked.side);
            let name = match apart.place {
                Place::Deselected => {
                    counts.excluded_select += 1;
                    "excluded (select)"
                }
                Place::Undecodable(reason) => {
                    *counts.undecodable.entry(reason).or_default() += 1;
                    "undecodable counted"
                }
                Place::Untimely(_) => {
                    counts.untimely += 1;
                    "untimely counted"
                }
                Place::Late => {
                    counts.late += 1;
                    "late counted"
                }
            };
            whole.reached.reached(name);
            if apart.max_ms.is_none() {
                whole.reached.reached("before any running maximum");
            }
        }
    }
    oldest
}
