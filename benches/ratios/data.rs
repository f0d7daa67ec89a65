//! Records of the three shapes, made from a seed, and logs of them.

use std::fmt::Write as _;

use crosscheck::model::{RecordBatch, RecordRef};

/// A shape of records: 73, about 290 and about 2,000 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Small,
    Medium,
    Large,
}

impl Shape {
    pub const ALL: [Shape; 3] = [Shape::Small, Shape::Medium, Shape::Large];

    pub fn name(self) -> &'static str {
        match self {
            Shape::Small => "small",
            Shape::Medium => "medium",
            Shape::Large => "large",
        }
    }

    pub fn schema(self) -> &'static str {
        match self {
            Shape::Small => include_str!("../data/small.avsc"),
            Shape::Medium => include_str!("../data/medium.avsc"),
            Shape::Large => include_str!("../data/large.avsc"),
        }
    }

    /// What differs between any two pipelines.
    pub fn ignored(self) -> &'static [&'static str] {
        match self {
            Shape::Small => &["processed_at"],
            Shape::Medium | Shape::Large => &["processed_at", "trace_id"],
        }
    }
}

/// The next of a sequence of numbers (splitmix64).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: i64) -> i64 {
        (self.next() >> 1).cast_signed().rem_euclid(bound)
    }
}

/// Writes Avro binary.
struct Out<'a> {
    bytes: &'a mut Vec<u8>,
    text: String,
}

impl Out<'_> {
    fn long(&mut self, value: i64) {
        put_long(self.bytes, value);
    }

    fn text(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.clear();
        // A string takes all.
        let _ = self.text.write_fmt(text);
        put_long(self.bytes, i64::try_from(self.text.len()).unwrap_or(0));
        self.bytes.extend_from_slice(self.text.as_bytes());
    }

    fn double(&mut self, value: i64) {
        self.bytes
            .extend((f64::from(i32::try_from(value).unwrap_or(0)) / 100.0).to_le_bytes());
    }

    fn decimal(&mut self, value: i64) {
        let bytes = value.to_be_bytes();
        let keep = if value < 1 << 15 { 2 } else { 4 };
        self.long(i64::try_from(keep).unwrap_or(0));
        self.bytes.extend_from_slice(&bytes[8 - keep..]);
    }
}

pub fn put_long(out: &mut Vec<u8>, value: i64) {
    let mut raw = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while raw >= 0x80 {
        out.push(u8::try_from(raw & 0x7f).unwrap_or(0) | 0x80);
        raw >>= 7;
    }
    out.push(u8::try_from(raw).unwrap_or(0));
}

/// When the first record happens, milliseconds.
pub const START_MS: i64 = 1_700_000_000_000;

/// One record: the same for both sides but for what is ignored and the order of the map. One of a thousand canary
/// records is wrong.
pub fn put_record(bytes: &mut Vec<u8>, shape: Shape, number: u64, time_ms: i64, canary: bool) {
    let numbers = &mut Numbers(number.wrapping_mul(0xd134_2543_de82_ef95));
    let wrong = i64::from(canary && number % 1_000 == 500);
    let text = String::new();
    let out = &mut Out { bytes, text };
    let order = numbers.next();
    out.text(format_args!("order-{order:016x}-{number:010}"));
    if shape == Shape::Small {
        out.long(numbers.below(10_000_000));
        out.text(format_args!("SKU-{:08}", numbers.below(100_000_000)));
        out.long(numbers.below(100));
        out.double(numbers.below(1_000_000) + wrong);
        out.long(numbers.below(4));
        out.long(time_ms);
        out.long(time_ms + if canary { 700 } else { 500 });
        return;
    }
    let large = shape == Shape::Large;
    out.long(numbers.below(10_000_000));
    out.text(format_args!("Customer Number {}", numbers.below(100_000)));
    if optional(out, numbers) {
        out.text(format_args!("c{}@example.com", numbers.below(100_000)));
    }
    out.text(format_args!("{} Long Street", numbers.below(1_000)));
    out.text(format_args!("City{}", numbers.below(500)));
    out.text(format_args!("{:05}", numbers.below(99_999)));
    out.text(format_args!("DE"));
    let items = if large { 12 } else { 1 + numbers.below(3) };
    out.long(items);
    for _ in 0..items {
        out.text(format_args!("SKU-{:08}", numbers.below(100_000_000)));
        out.long(numbers.below(50));
        out.decimal(numbers.below(1_000_000) + 200);
        if optional(out, numbers) {
            out.double(numbers.below(100));
        }
        if large {
            out.long(2);
            out.text(format_args!("opt-{}", numbers.below(1_000)));
            out.text(format_args!("gift-wrap-{}", numbers.below(10)));
            out.long(0);
        }
    }
    out.long(0);
    let entries = if large { 12 } else { 4 };
    let first = if canary {
        numbers.below(entries)
    } else {
        numbers.below(entries) + 1
    };
    let value = numbers.below(1_000_000);
    out.long(entries);
    for entry in 0..entries {
        let entry = (entry * 5 + first) % entries;
        out.text(format_args!("attr-{entry:02}"));
        out.text(format_args!("value{}", value + entry));
    }
    out.long(0);
    out.decimal(numbers.below(10_000_000) + wrong + 200);
    if optional(out, numbers) {
        out.text(format_args!("COUPON{}", numbers.below(100)));
    }
    out.long(numbers.below(5));
    out.long(time_ms * 1_000 + numbers.below(1_000));
    if optional(out, numbers) {
        out.long(19_000 + numbers.below(1_000));
    }
    if large {
        out.long(12);
        for step in 0..12 {
            out.long((time_ms - step * 60_000) * 1_000);
            out.text(format_args!("actor-{}", numbers.below(1_000)));
            out.long(numbers.below(4));
            if optional(out, numbers) {
                out.text(format_args!("note {}", numbers.below(10_000)));
            }
        }
        out.long(0);
        out.long(16);
        (0..16).for_each(|_| out.double(numbers.below(100_000)));
        out.long(0);
        let words = numbers.below(1_000);
        out.text(format_args!(
            "{}{words}",
            "A rather long description of an order. ".repeat(8)
        ));
        out.long(8);
        (0..8).for_each(|tag| out.text(format_args!("tag-{tag}-{}", numbers.below(100))));
        out.long(0);
    }
    let pipeline = if canary { 1 } else { 0 };
    out.long(time_ms * 1_000 + 500 + pipeline * 200);
    out.text(format_args!("{order:016x}{pipeline:016x}"));
}

fn optional(out: &mut Out<'_>, numbers: &mut Numbers) -> bool {
    let some = numbers.below(3) > 0;
    out.long(i64::from(some));
    some
}

/// One side's log: batches of a thousand records, `step_ms` apart or with several a millisecond.
pub fn log(shape: Shape, count: u64, span_ms: i64, canary: bool) -> Vec<RecordBatch> {
    batches(
        shape,
        (0..count).map(|number| (number, time_of(number, count, span_ms), canary)),
    )
}

/// The same with all that can go wrong: on both sides some records are not there, there twice, or far too old; the canary
/// writes some as they should be and once more wrong.
pub fn troubled(shape: Shape, count: u64, span_ms: i64, canary: bool) -> Vec<RecordBatch> {
    let (lost, twice) = if canary { (701, 503) } else { (907, 1_009) };
    let records = (0..count).flat_map(|number| {
        let time_ms = time_of(number, count, span_ms);
        let plain = (number, time_ms, canary);
        let all = [
            (number % lost != 1).then_some(plain),
            (number % twice == 2).then_some(plain),
            (canary && number % 3_000 == 500).then_some((number, time_ms, false)),
            (number % 1_511 == 3).then_some((number, time_ms - 100_000, canary)),
        ];
        all.into_iter().flatten()
    });
    batches(shape, records)
}

/// Records by number, time, and whether they are as the canary writes them.
fn batches(shape: Shape, records: impl Iterator<Item = (u64, i64, bool)>) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    let mut batch = RecordBatch::new(0);
    for (offset, (number, time_ms, canary)) in (0..).zip(records) {
        let start = batch.arena.len();
        put_record(&mut batch.arena, shape, number, time_ms, canary);
        let end = batch.arena.len();
        batch.records.push(RecordRef {
            offset,
            timestamp_ms: Some(time_ms),
            key: None,
            value: Some(crosscheck::model::Bytes { start, end }),
            headers: (0, 0),
        });
        if batch.records.len() == 1_000 {
            batches.push(std::mem::replace(&mut batch, RecordBatch::new(0)));
        }
    }
    batches.push(batch);
    batches
}

/// When a record of a log happens.
pub fn time_of(number: u64, count: u64, span_ms: i64) -> i64 {
    let share = u128::from(number) * u128::from(span_ms.unsigned_abs()) / u128::from(count.max(1));
    START_MS + i64::try_from(share).unwrap_or(0)
}
