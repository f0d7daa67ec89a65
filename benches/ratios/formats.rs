//! Protobuf and JSON, against what one would write without this project: `DynamicMessage`, or `serde_json::Value`, canonical
//! bytes, BLAKE3 and one `HashMap`.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;

use crosscheck::codec::{EventTime, Field, Format, Framing, Part, Reducer, Rules, Schema, SchemaRef, Settings};
use crosscheck::model::{Path, RecordBatch, RecordRef, Side};
use protox::prost_reflect::{DynamicMessage, MapKey, MessageDescriptor, Value};
use serde_json::json;

use super::data::{Numbers, START_MS, put_long};
use super::plain::Counted;
use super::{REPETITIONS, SPAN_MS, each, interleaved, line, median, ours, timed};

const RECORDS: u64 = 100_000;
const BATCH: u64 = 500;
const PROTO: &str = r#"syntax = "proto3"; package shop;
message Order {
  string order_id = 1; int64 customer = 2; optional string email = 3; repeated Item items = 4; map<string, string> attributes = 5;
  Status status = 6; int64 event_time = 7; double total = 8; repeated int32 steps = 9; int64 processed_at = 10;
}
message Item { string sku = 1; int32 quantity = 2; double price = 3; }
enum Status { NEW = 0; PAID = 1; SENT = 2; DONE = 3; }"#;
const STATUS: [&str; 4] = ["NEW", "PAID", "SENT", "DONE"];

/// An order, as it is before it is written.
struct Order {
    id: String,
    customer: i64,
    email: Option<String>,
    items: Vec<(String, i64, f64)>,
    attributes: Vec<(String, String)>,
    status: usize,
    event_time: i64,
    total: f64,
    steps: Vec<i64>,
    processed_at: i64,
}

/// The same on both sides but for the order of the map and what is ignored; one of a thousand of the canary's is wrong.
fn order(number: u64, time_ms: i64, canary: bool) -> Order {
    let dice = &mut Numbers(number.wrapping_mul(0xd134_2543_de82_ef95));
    let cents = |value: i64| f64::from(i32::try_from(value).unwrap_or(0)) / 100.0;
    let count = 1 + dice.below(3);
    let mut attributes: Vec<(String, String)> = (0..4)
        .map(|at| (format!("attr-{at:02}"), format!("value{}", dice.below(1_000_000))))
        .collect();
    if canary {
        attributes.reverse();
    }
    Order {
        id: format!("order-{:016x}-{number:010}", dice.next()),
        customer: dice.below(10_000_000),
        email: (dice.below(10) < 7).then(|| format!("c{}@example.com", dice.below(100_000))),
        items: (0..count)
            .map(|_| {
                (
                    format!("SKU-{:08}", dice.below(100_000_000)),
                    dice.below(50),
                    cents(dice.below(1_000_000)),
                )
            })
            .collect(),
        attributes,
        status: usize::try_from(dice.below(4)).unwrap_or(0),
        event_time: time_ms,
        total: cents(dice.below(10_000_000) + i64::from(canary && number % 1_000 == 500)),
        steps: (0..4).map(|_| dice.below(1_000)).collect(),
        processed_at: time_ms + if canary { 700 } else { 500 },
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}

fn bytes(out: &mut Vec<u8>, number: u64, payload: &[u8]) {
    varint(out, number << 3 | 2);
    varint(out, u64::try_from(payload.len()).unwrap_or(0));
    out.extend_from_slice(payload);
}

fn long(out: &mut Vec<u8>, number: u64, value: i64) {
    if value != 0 {
        varint(out, number << 3);
        varint(out, value.cast_unsigned());
    }
}

fn double(out: &mut Vec<u8>, number: u64, value: f64) {
    varint(out, number << 3 | 1);
    out.extend(value.to_le_bytes());
}

/// As a generated encoder writes it.
fn protobuf(order: &Order) -> Vec<u8> {
    let mut out = Vec::new();
    bytes(&mut out, 1, order.id.as_bytes());
    long(&mut out, 2, order.customer);
    if let Some(email) = &order.email {
        bytes(&mut out, 3, email.as_bytes());
    }
    for (sku, quantity, price) in &order.items {
        let mut item = Vec::new();
        bytes(&mut item, 1, sku.as_bytes());
        long(&mut item, 2, *quantity);
        double(&mut item, 3, *price);
        bytes(&mut out, 4, &item);
    }
    for (key, value) in &order.attributes {
        let mut entry = Vec::new();
        bytes(&mut entry, 1, key.as_bytes());
        bytes(&mut entry, 2, value.as_bytes());
        bytes(&mut out, 5, &entry);
    }
    long(&mut out, 6, i64::try_from(order.status).unwrap_or(0));
    long(&mut out, 7, order.event_time);
    double(&mut out, 8, order.total);
    let mut steps = Vec::new();
    order
        .steps
        .iter()
        .for_each(|step| varint(&mut steps, step.cast_unsigned()));
    bytes(&mut out, 9, &steps);
    long(&mut out, 10, order.processed_at);
    out
}

fn document(order: &Order) -> Vec<u8> {
    let items: Vec<_> = order
        .items
        .iter()
        .map(|(sku, quantity, price)| json!({"sku": sku, "quantity": quantity, "price": price}))
        .collect();
    let attributes: BTreeMap<_, _> = order.attributes.iter().cloned().collect();
    let whole = json!({
        "order_id": order.id, "customer": order.customer, "email": order.email, "items": items, "attributes": attributes,
        "status": STATUS[order.status], "event_time": order.event_time, "total": order.total, "steps": order.steps,
        "processed_at": order.processed_at,
    });
    whole.to_string().into_bytes()
}

fn log(write: fn(&Order) -> Vec<u8>, canary: bool) -> Vec<RecordBatch> {
    let step = SPAN_MS / i64::try_from(RECORDS).unwrap_or(i64::MAX);
    let time = |number: u64| START_MS + i64::try_from(number).unwrap_or(0) * step;
    let batch = |first: u64| {
        let mut batch = RecordBatch::new(0);
        for number in first..first + BATCH {
            let value = Some(batch.push_bytes(&write(&order(number, time(number), canary))));
            batch.records.push(RecordRef {
                offset: number,
                timestamp_ms: Some(time(number)),
                key: None,
                value,
                headers: (0, 0),
            });
        }
        batch
    };
    (0..RECORDS / BATCH).map(|at| batch(at * BATCH)).collect()
}

/// Appends unambiguous bytes of a value: maps in the order of their keys.
fn put(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bool(value) => out.push(u8::from(*value)),
        Value::I32(value) | Value::EnumNumber(value) => put_long(out, i64::from(*value)),
        Value::I64(value) => put_long(out, *value),
        Value::U32(value) => put_long(out, i64::from(*value)),
        Value::U64(value) => out.extend(value.to_le_bytes()),
        Value::F32(value) => out.extend(value.to_le_bytes()),
        Value::F64(value) => out.extend(value.to_le_bytes()),
        Value::String(text) => put_text(out, text.as_bytes()),
        Value::Bytes(bytes) => put_text(out, bytes),
        Value::Message(message) => put_message(out, message, ""),
        Value::List(items) => {
            put_long(out, i64::try_from(items.len()).unwrap_or(0));
            items.iter().for_each(|item| put(out, item));
        }
        Value::Map(map) => {
            put_long(out, i64::try_from(map.len()).unwrap_or(0));
            let mut entries: Vec<(&MapKey, &Value)> = map.iter().collect();
            entries.sort_unstable_by(|a, b| a.0.as_str().cmp(&b.0.as_str()));
            for (key, value) in entries {
                put_text(out, key.as_str().unwrap_or_default().as_bytes());
                put(out, value);
            }
        }
    }
}

fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_long(out, i64::try_from(text.len()).unwrap_or(0));
    out.extend_from_slice(text);
}

fn put_message(out: &mut Vec<u8>, message: &DynamicMessage, ignored: &str) {
    for (field, value) in message.fields().filter(|(field, _)| field.name() != ignored) {
        put_long(out, i64::from(field.number()));
        put(out, value);
    }
    out.push(0);
}

/// What a side says of a record: its identity, and the bytes to be hashed.
type Read<'a> = &'a mut dyn FnMut(&[u8], &mut Vec<u8>) -> Result<String, Box<dyn Error>>;

/// Compares two logs whose batches come in this order.
fn plain(read: Read, turns: &[(bool, &RecordBatch)]) -> Result<Counted, Box<dyn Error>> {
    let mut waiting: HashMap<(bool, String), [u8; 32]> = HashMap::new();
    let (mut counted, mut bytes) = (Counted::default(), Vec::new());
    for (canary, batch) in turns {
        for record in &batch.records {
            bytes.clear();
            let order = read(batch.value(record).unwrap_or_default(), &mut bytes)?;
            let digest = *blake3::hash(&bytes).as_bytes();
            let key = (*canary, order);
            match waiting.remove(&key) {
                Some(other) if other == digest => counted.matched += 1,
                Some(_) => counted.mismatched += 1,
                None => {
                    waiting.insert((!canary, key.1), digest);
                }
            }
        }
    }
    Ok(counted)
}

fn reducer(side: Side, format: Format) -> Result<Reducer, Box<dyn Error>> {
    let path = |text: &str| Path::parse(text).map_err(|_| "not a path");
    let settings = Settings {
        format,
        framing: Framing::None,
        identity: vec![Part::Field(path("order_id")?)],
        event_time: EventTime::Field(path("event_time")?),
        rules: Rules {
            ignore: vec![path("processed_at")?],
            ..Rules::default()
        },
        ..Settings::default()
    };
    let mut reducer = Reducer::new(side, settings);
    if format == Format::Protobuf {
        let schema = Schema::protobuf(PROTO, &[])?;
        reducer.add_schema(Field::Value, SchemaRef::Fixed, schema.clone());
        reducer.set_sole_contract(Field::Value, schema);
    }
    Ok(reducer)
}

fn compared(
    name: &str,
    format: Format,
    target: f64,
    write: fn(&Order) -> Vec<u8>,
    read: Read,
) -> Result<(), Box<dyn Error>> {
    let [baseline, canary] = [false, true].map(|canary| log(write, canary));
    let turns = interleaved(&baseline, &canary, baseline.len() / 4);
    let mut lanes = ours::Lanes::of(reducer(Side::Baseline, format)?, reducer(Side::Canary, format)?);
    let (mut ratios, mut times) = (Vec::new(), [(); 2].map(|()| Vec::new()));
    for _ in 0..REPETITIONS {
        let (plain, plain_time) = timed(|| plain(read, &turns))?;
        let (ours, our_time) = timed(|| lanes.compare(&turns))?;
        if plain != ours || ours.mismatched != RECORDS / 1_000 {
            return Err(format!("the paths disagree: {plain:?}, {ours:?}").into());
        }
        ratios.push(plain_time.as_secs_f64() / our_time.as_secs_f64());
        times[0].push(each(plain_time, 2 * RECORDS));
        times[1].push(each(our_time, 2 * RECORDS));
    }
    let [plain, ours] = &mut times;
    line(&format!("{name}: plain path"), median(plain), " ns", None, true)?;
    line(&format!("{name}: ours"), median(ours), " ns", None, true)?;
    line(
        &format!("{name}: times as fast"),
        median(&mut ratios),
        "x",
        Some(target),
        true,
    )?;
    Ok(())
}

struct Text;

impl protox::file::FileResolver for Text {
    fn open_file(&self, name: &str) -> Result<protox::file::File, protox::Error> {
        protox::file::File::from_source(name, PROTO)
    }
}

fn descriptor() -> Result<MessageDescriptor, Box<dyn Error>> {
    let mut compiler = protox::Compiler::with_file_resolver(Text);
    let pool = compiler.open_file("order.proto")?.descriptor_pool();
    Ok(pool.get_message_by_name("shop.Order").ok_or("no such message")?)
}

/// Protobuf messages.
pub fn of_protobuf() -> Result<(), Box<dyn Error>> {
    let descriptor = descriptor()?;
    let mut read = |record: &[u8], out: &mut Vec<u8>| -> Result<String, Box<dyn Error>> {
        let message = DynamicMessage::decode(descriptor.clone(), record)?;
        put_message(out, &message, "processed_at");
        let order = message.get_field_by_name("order_id").ok_or("no order")?;
        Ok(order.as_str().unwrap_or_default().to_owned())
    };
    compared("protobuf", Format::Protobuf, 1.5, protobuf, &mut read)
}

/// JSON documents.
pub fn of_json() -> Result<(), Box<dyn Error>> {
    let mut read = |record: &[u8], out: &mut Vec<u8>| -> Result<String, Box<dyn Error>> {
        let mut value: serde_json::Value = serde_json::from_slice(record)?;
        let members = value.as_object_mut().ok_or("not an object")?;
        members.remove("processed_at");
        let order = members["order_id"].as_str().unwrap_or_default().to_owned();
        serde_json::to_writer(out, &value)?;
        Ok(order)
    };
    compared("json", Format::Json, 5.0, document, &mut read)
}
