//! What a seed decides before the first record: settings, and how often each fault happens.

use crosscheck::engine::{Named, Names, Range, Sample, Settings, Tolerance};
use crosscheck::model::PerSide;

use super::rng::Rng;

/// 2023-11-14, where event time begins in every world.
pub const EPOCH_MS: i64 = 1_700_000_000_000;

/// Where the worker begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Earliest,
    Now,
    /// A time, in milliseconds of event time.
    Time(i64),
}

/// Where the identity comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityFrom {
    Field,
    Key,
    /// Whole content.
    Nothing,
}

/// Chances are a record of a side, unless said otherwise.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Events that both pipelines process.
    pub events: u64,
    /// How long they go on, in event time and in simulated time.
    pub span_ms: i64,
    pub identity: IdentityFrom,
    /// The event time is the Kafka timestamp, else the field.
    pub time_is_timestamp: bool,
    /// The time field is no part of the comparison.
    pub ignore_time: bool,
    pub compare_key: bool,
    /// Only two of the schema ids are asked for.
    pub select: bool,
    /// Ids 1 and 2 mean each other's schema on the canary's side.
    pub swapped: bool,
    pub sides: PerSide<Side>,
    /// A second baseline, in a quarter of the worlds.
    pub control: Option<Control>,
    /// Chance that an event's id is an earlier one's.
    pub reuse: f64,
    /// Chance that an event lies at the edge of a window.
    pub at_edge: f64,
    pub mismatch: f64,
    pub missing: f64,
    pub extra: f64,
    /// Chance of an event that both sides write several times, with contents of a few, within a little more than grace.
    pub crowd: f64,
    /// Chance of an event that both sides write badly, in the same bytes.
    pub shared_bad: f64,
    /// A small content, so that records without identity meet by chance.
    pub narrow: bool,
}

/// A control, and how noisy it is.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    pub its: Side,
    /// Chance of a record that differs from the baseline's.
    pub own: f64,
    /// Chance that it shows what the canary shows.
    pub shared: f64,
}

/// What happens in one pipeline and its log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Side {
    pub partitions: u64,
    pub latency_ms: i64,
    pub disorder_ms: i64,
    pub late: f64,
    pub duplicate: f64,
    pub conflict: f64,
    pub undecodable: f64,
    pub untimely: f64,
    pub no_time: f64,
    /// Event times are off by up to this much.
    pub skew_ms: i64,
    /// And all of them by this much.
    pub offset_ms: i64,
    pub null_key: f64,
    pub tombstone: f64,
    pub deselected: f64,
    pub second: f64,
    pub third: f64,
    pub foreign_symbol: f64,
    pub transactions: bool,
    pub abort: f64,
    pub gap: f64,
    /// Events before this are not there: it starts later.
    pub starts_at_ms: Option<i64>,
    /// It stands between these times of the simulated clock, then goes on ten times as fast, or never.
    pub stall: Option<(i64, Option<i64>)>,
    /// A partition is silent between these times.
    pub silent: Option<(u64, i64, i64)>,
    /// One more partition from this time on.
    pub added_at_ms: Option<i64>,
    /// An undecided transaction in a partition from a time on, until a time or for ever.
    pub hanging: Option<(u64, i64, Option<i64>)>,
    pub retention_ms: Option<i64>,
    pub recreated_at_ms: Option<i64>,
    /// A partition loses this many records at its end.
    pub cut: Option<(u64, i64, u64)>,
}

/// Off in half of the worlds, else up to `max`, small more often than large.
fn rate(rng: &mut Rng, max: f64) -> f64 {
    if rng.chance(0.5) {
        return 0.0;
    }
    let part = rng.below(1_000) as f64 / 1_000.0;
    max * part * part
}

fn within(rng: &mut Rng, span_ms: i64) -> i64 {
    EPOCH_MS + rng.between(0, span_ms)
}

fn side(rng: &mut Rng, settings: &Settings, span_ms: i64) -> Side {
    let (lateness, grace) = (settings.lateness_ms.unwrap_or(0), settings.grace_ms.unwrap_or(0));
    let partitions = rng.pick(&[1, 1, 2, 3, 4, 6]);
    let start = within(rng, span_ms);
    let transactions = rng.chance(0.4);
    let sometimes = |rng: &mut Rng, p: f64| rng.chance(p);
    Side {
        partitions,
        latency_ms: rng.between(0, 400),
        disorder_ms: rng.pick(&[0, 0, lateness / 4, lateness, lateness + lateness / 4 + 1]),
        late: rate(rng, 0.05),
        duplicate: rate(rng, 0.05),
        conflict: rate(rng, 0.03),
        undecodable: rate(rng, 0.03),
        untimely: rate(rng, 0.03),
        no_time: rate(rng, 0.02),
        skew_ms: rng.pick(&[0, 0, 0, 1, grace / 2, grace, grace + grace / 2 + 1]),
        offset_ms: rng.pick(&[0, 0, 0, 0, grace / 2, -grace / 2, grace, 3 * grace]),
        null_key: rate(rng, 0.1),
        tombstone: rate(rng, 0.05),
        deselected: rate(rng, 0.2),
        second: rate(rng, 1.0),
        third: rate(rng, 0.02),
        foreign_symbol: rate(rng, 0.02),
        transactions,
        abort: if transactions { rate(rng, 0.3) } else { 0.0 },
        gap: rate(rng, 0.1),
        starts_at_ms: None,
        stall: sometimes(rng, 0.15).then(|| (start, rng.chance(0.8).then(|| start + rng.between(0, span_ms / 2)))),
        silent: sometimes(rng, 0.25).then(|| (rng.below(partitions), start, start + rng.between(0, span_ms))),
        added_at_ms: sometimes(rng, 0.08).then(|| within(rng, span_ms)),
        hanging: sometimes(rng, 0.08).then(|| {
            (
                rng.below(partitions),
                start,
                rng.chance(0.7).then(|| start + rng.between(0, span_ms / 3)),
            )
        }),
        retention_ms: sometimes(rng, 0.15).then(|| rng.between(span_ms / 20, span_ms)),
        recreated_at_ms: sometimes(rng, 0.03).then(|| within(rng, span_ms)),
        cut: sometimes(rng, 0.03).then(|| (rng.below(partitions), within(rng, span_ms), 1 + rng.below(20))),
    }
}

/// Whether a part of the identities is compared: drawn by itself, so that it moves nothing else of a seed.
pub fn sample(seed: u64) -> Sample {
    let mut rng = Rng::new(seed ^ 0x7361_6d70_6c65);
    let rate = rng.pick(&[1.0, 1.0, 1.0, 1.0, 0.1, 0.5, 0.9]);
    Sample::of(rate)
}

/// The rate that a process is started with: in some seeds another one each time. Drawn by itself, too.
pub fn rate_of_start(seed: u64, start: u64, usual: f64) -> f64 {
    if !Rng::new(seed ^ 0x7261_7465).chance(0.15) {
        return usual;
    }
    Rng::new(seed ^ (start << 32) ^ 0x0073_7461_7274).pick(&[usual, 1.0, 0.8, 0.5, 0.2])
}

/// Whether there is a control, and what goes wrong with it: drawn by itself, so that it moves nothing else of a seed. Its log
/// keeps what it has: what a worker does where it does not is `engine::control`'s.
pub fn control(seed: u64, settings: &Settings, span_ms: i64) -> Option<Control> {
    let mut rng = Rng::new(seed ^ 0x0063_6f6e_7472_6f6c);
    // What our clock finds untimely in a control that is behind is read once and stored nowhere: the oracle could not know it.
    if !rng.chance(0.25) || settings.time_is_timestamp {
        return None;
    }
    let mut its = side(&mut rng, settings, span_ms);
    (its.retention_ms, its.recreated_at_ms, its.cut) = (None, None, None);
    its.offset_ms = rng.pick(&[0, 0, 0, its.offset_ms]);
    its.starts_at_ms = rng.chance(0.2).then(|| within(&mut rng, span_ms / 2));
    Some(Control {
        its,
        own: rng.pick(&[0.0, 0.01, 0.1]),
        shared: rng.pick(&[0.0, 0.5, 0.9]),
    })
}

/// The settings of the comparison, without the range.
pub fn settings(rng: &mut Rng) -> Settings {
    let window_ms = rng.pick(&[1_000, 5_000, 10_000, 30_000]);
    let lateness_ms = rng.pick(&[0, 1, 500, 2_000, window_ms, 2 * window_ms]);
    let grace_ms = rng.pick(&[0, 1, 501, 2_000, window_ms, window_ms / 3]);
    let tolerance = match rng.below(6) {
        0 => vec![Tolerance::Absolute(rng.pick(&["0", "1", "2.5"]).to_owned())],
        1 => vec![Tolerance::Relative(rng.pick(&["0.01", "0.1"]).to_owned())],
        _ => Vec::new(),
    };
    Settings {
        window_ms: Some(window_ms),
        lateness_ms: Some(lateness_ms),
        grace_ms: Some(grace_ms),
        skew_max_ms: Some(rng.pick(&[60_000, 600_000])),
        age_max_ms: Some(rng.pick(&[3_600_000, 604_800_000])),
        time_is_timestamp: rng.chance(0.3),
        names: if rng.chance(0.2) { Names::Entity } else { Names::Event },
        has_identity: true,
        tolerances: tolerance,
        range: Range::Everything,
        sample: Sample::default(),
        control: false,
        profile: None,
        named: Named::default(),
        latest: false,
        findings_max: rng.pick(&[3, 100]),
        held_max_bytes: 256 << 20,
    }
}

/// The plan of a seed, under its settings.
pub fn plan(rng: &mut Rng, settings: &Settings) -> Plan {
    let window_ms = settings.window_ms.unwrap_or(30_000);
    let span_ms = window_ms * rng.between(4, 60);
    let events = match rng.below(20) {
        0 => rng.below(5),
        1..=13 => rng.below(900),
        14..=18 => rng.below(400),
        _ => 900 + rng.below(1_000),
    };
    let baseline = side(rng, settings, span_ms);
    let mut canary = side(rng, settings, span_ms);
    canary.starts_at_ms = rng.chance(0.2).then(|| within(rng, span_ms / 2));
    let compare_key = rng.chance(0.2);
    Plan {
        events,
        span_ms,
        identity: if !settings.has_identity {
            IdentityFrom::Nothing
        } else if rng.chance(0.4) {
            IdentityFrom::Key
        } else {
            IdentityFrom::Field
        },
        time_is_timestamp: settings.time_is_timestamp,
        ignore_time: rng.chance(0.7),
        compare_key,
        select: rng.chance(0.2),
        swapped: rng.chance(0.3),
        reuse: rate(rng, 0.2),
        at_edge: rate(rng, 0.5),
        mismatch: rate(rng, 0.1),
        missing: rate(rng, 0.1),
        extra: rate(rng, 0.1),
        crowd: rate(rng, 0.2),
        shared_bad: rate(rng, 0.05),
        narrow: rng.chance(0.3),
        sides: PerSide { baseline, canary },
        control: None,
    }
}
