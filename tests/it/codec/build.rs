//! Small things to build records, schemas and reducers with.

use crosscheck::codec::{EventTime, Field, Framing, Part, Progress, Reducer, Schema, SchemaRef, Settings};
use crosscheck::model::{Entry, Fingerprint, Path, RecordBatch, RecordRef, Reduction, Side, UndecodableReason};

pub fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Bare names are schemas too.
pub fn schema(text: &str) -> std::sync::Arc<Schema> {
    Schema::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Unframed values and raw keys.
pub fn settings() -> Settings {
    Settings {
        framing: Framing::None,
        key_format: crosscheck::codec::Format::Raw,
        key_framing: Framing::None,
        ..Settings::default()
    }
}

pub fn reducer(side: Side, settings: Settings, writer: &str, contract: &str) -> Reducer {
    let mut reducer = Reducer::new(side, settings);
    reducer.add_schema(Field::Value, SchemaRef::Fixed, schema(writer));
    reducer.set_sole_contract(Field::Value, schema(contract));
    reducer
}

/// Key and value of a record.
pub type Halves<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

pub fn batch(records: &[Halves]) -> RecordBatch {
    let mut batch = RecordBatch::new(0);
    for (offset, (key, value)) in records.iter().enumerate() {
        let key = key.map(|bytes| batch.push_bytes(bytes));
        let value = value.map(|bytes| batch.push_bytes(bytes));
        batch.records.push(RecordRef {
            offset: offset as u64,
            timestamp_ms: Some(1_000),
            key,
            value,
            headers: (0, 0),
        });
    }
    batch
}

pub fn values(values: &[Vec<u8>]) -> RecordBatch {
    batch(
        &values
            .iter()
            .map(|value| (None, Some(value.as_slice())))
            .collect::<Vec<_>>(),
    )
}

pub fn reduce(reducer: &mut Reducer, batch: &RecordBatch) -> Vec<Entry> {
    let mut out = Vec::new();
    assert!(matches!(reducer.reduce(batch, 0, &mut out), Progress::Done));
    out
}

pub fn one(reducer: &mut Reducer, value: &[u8]) -> Result<Fingerprint, UndecodableReason> {
    each(reducer, &[value.to_vec()]).remove(0)
}

/// What becomes of each value, reduced in one batch.
pub fn each(reducer: &mut Reducer, bytes: &[Vec<u8>]) -> Vec<Result<Fingerprint, UndecodableReason>> {
    let became = |entry: Entry| match entry.body {
        Reduction::Decoded(fingerprint) => Ok(fingerprint),
        Reduction::Undecodable(reason, _) => Err(reason),
        Reduction::Deselected | Reduction::Diverted(_) => panic!("deselected"),
    };
    reduce(reducer, &values(bytes)).into_iter().map(became).collect()
}

pub fn with_identity(parts: &[&str]) -> Settings {
    let part = |text: &&str| match text.split_once(':') {
        Some(("field", rest)) => Part::Field(path(rest)),
        Some(("key", rest)) => Part::KeyPath(path(rest)),
        Some(("header", rest)) => Part::Header(rest.to_owned()),
        _ => Part::Key,
    };
    Settings {
        identity: parts.iter().map(part).collect(),
        ..settings()
    }
}

pub fn with_time(field: &str) -> Settings {
    Settings {
        event_time: EventTime::Field(path(field)),
        ..settings()
    }
}

/// A small generator of our own: the same numbers everywhere.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}
