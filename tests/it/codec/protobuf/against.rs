//! Random schemas and messages, each written in many ways, against the library's own dynamic messages.

use crosscheck::codec::Reducer;
use crosscheck::model::{Side, UndecodableReason};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use protox::prost::Message as _;
use protox::prost_reflect::{DynamicMessage, MessageDescriptor};

use super::super::build::{Numbers, hex, one};
use super::{field, long, messages, reducer_of, varint};

const SCALARS: [&str; 15] = [
    "int32", "int64", "uint32", "uint64", "sint32", "sint64", "bool", "fixed32", "fixed64", "sfixed32", "sfixed64",
    "float", "double", "string", "bytes",
];

/// A field of a random message.
#[derive(Clone)]
pub struct Slot {
    pub number: u64,
    /// A scalar's name, `E`, or the name of a message.
    pub kind: String,
    /// `one`, `optional`, `repeated`, `oneof`, `map`.
    pub label: &'static str,
}

/// Messages by their number: `M0`, `M1`, …
pub type Schema = Vec<Vec<Slot>>;

pub fn schema(dice: &mut Numbers) -> Schema {
    let messages = 1 + dice.below(3);
    let message = |dice: &mut Numbers| {
        let mut numbers: Vec<u64> = (0..1 + dice.below(8)).map(|_| 1 + dice.next() % 40).collect();
        if dice.below(4) == 0 {
            numbers.push(1_000 + dice.next() % 500_000_000);
        }
        numbers.sort_unstable();
        numbers.dedup();
        let slot = |number| {
            let kind = match dice.below(6) {
                0 => "E".to_owned(),
                1 => format!("M{}", dice.below(messages)),
                _ => SCALARS[dice.below(SCALARS.len())].to_owned(),
            };
            let label = ["one", "one", "optional", "repeated", "oneof", "map"][dice.below(6)];
            Slot { number, kind, label }
        };
        numbers.into_iter().map(slot).collect()
    };
    (0..messages).map(|_| message(dice)).collect()
}

/// The schema as text.
pub fn text(schema: &Schema) -> String {
    let mut out = "syntax = \"proto3\"; package t; enum E { Z = 0; A = 1; B = 7; }\n".to_owned();
    for (at, slots) in schema.iter().enumerate() {
        let line = |slot: &Slot| {
            let Slot { number, kind, label } = slot;
            match *label {
                "map" => format!("map<sint32, {kind}> f{number} = {number};"),
                "one" | "oneof" => format!("{kind} f{number} = {number};"),
                label => format!("{label} {kind} f{number} = {number};"),
            }
        };
        let (some, others): (Vec<&Slot>, Vec<&Slot>) = slots.iter().partition(|slot| slot.label == "oneof");
        let lines = |slots: Vec<&Slot>| slots.into_iter().map(line).collect::<Vec<_>>().join(" ");
        let oneof = if some.is_empty() {
            String::new()
        } else {
            format!("oneof o {{ {} }}", lines(some))
        };
        out += &format!("message M{at} {{ {oneof} {} }}\n", lines(others));
    }
    out
}

fn scalar(dice: &mut Numbers, kind: &str) -> (u8, Vec<u8>) {
    let value = match dice.below(4) {
        0 => 0,
        1 => dice.next() % 3,
        2 => dice.next() % 300,
        _ => dice.next(),
    };
    match kind {
        "fixed64" | "sfixed64" | "double" => (1, (value & !(0x7ff << 52)).to_le_bytes().to_vec()),
        "fixed32" | "sfixed32" | "float" => (5, (value & 0x807f_ffff).to_le_bytes()[..4].to_vec()),
        "string" | "bytes" => (2, "äbc".as_bytes()[..[0, 2, 3, 4][dice.below(4)]].to_vec()),
        "E" => (0, varint([0, 1, 7, 9][dice.below(4)])),
        _ => (0, varint(value)),
    }
}

/// The fields of a random message, each whole, those of one number in their order.
fn fields(dice: &mut Numbers, schema: &Schema, at: usize, depth: u32) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut chosen = false;
    for slot in &schema[at] {
        let value = |dice: &mut Numbers| match slot.kind.strip_prefix('M').map(|at| at.parse::<usize>().unwrap()) {
            Some(at) if depth < 4 => (2, fields(dice, schema, at, depth + 1).concat()),
            Some(_) => (2, Vec::new()),
            None => scalar(dice, &slot.kind),
        };
        let times = match slot.label {
            "repeated" | "map" => dice.below(4),
            "oneof" if chosen => 0,
            _ => dice.below(2),
        };
        chosen |= slot.label == "oneof" && times > 0;
        let mut part = Vec::new();
        for key in 0..times {
            let (wire, payload) = value(dice);
            part.extend(match slot.label {
                "map" => field(
                    slot.number,
                    2,
                    &[field(1, 0, &varint(key as u64)), field(2, wire, &payload)].concat(),
                ),
                _ => field(slot.number, wire, &payload),
            });
        }
        out.push(part);
    }
    out
}

/// Other bytes of the same message: fields in another order, tags longer than needed, what counts for nothing in front.
fn other(dice: &mut Numbers, schema: &Schema, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut parts: Vec<(usize, Vec<u8>)> = parts.iter().cloned().enumerate().collect();
    for at in (1..parts.len()).rev() {
        parts.swap(at, dice.below(at + 1));
    }
    let mut out = Vec::new();
    for (at, part) in parts {
        let slot = &schema[0][at];
        let is_scalar = !slot.kind.starts_with('M');
        if matches!(slot.label, "one" | "optional") && is_scalar && !part.is_empty() && dice.below(2) == 0 {
            let (wire, payload) = scalar(dice, &slot.kind);
            out.extend(field(slot.number, wire, &payload));
        }
        if slot.label == "repeated"
            && is_scalar
            && !matches!(slot.kind.as_str(), "string" | "bytes")
            && dice.below(2) == 0
        {
            out.extend(field(slot.number, 2, &packed(&part, slot.number)));
            continue;
        }
        out.extend(longer(dice, &part));
    }
    out
}

/// The values of a field without their tags.
fn packed(part: &[u8], number: u64) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < part.len() {
        let tag = varint(number << 3).len();
        let wire = part[at] & 7;
        at += tag;
        let size = match wire {
            1 => 8,
            5 => 4,
            _ => 1 + part[at..].iter().take_while(|byte| **byte >= 0x80).count(),
        };
        out.extend_from_slice(&part[at..at + size]);
        at += size;
    }
    out
}

/// The first tag longer than it has to be.
fn longer(dice: &mut Numbers, part: &[u8]) -> Vec<u8> {
    let end = part.iter().take_while(|byte| **byte >= 0x80).count() + 1;
    if part.is_empty() || dice.below(2) == 0 {
        return part.to_vec();
    }
    let tag = part[..end]
        .iter()
        .rev()
        .fold(0, |tag, byte| tag << 7 | u64::from(byte & 0x7f));
    [long(tag, end + 1 + dice.below(3)), part[end..].to_vec()].concat()
}

struct Text(String);

impl FileResolver for Text {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        File::from_source(name, &self.0)
    }
}

pub fn descriptor(text: &str) -> MessageDescriptor {
    let mut resolver = ChainFileResolver::new();
    resolver.add(GoogleFileResolver::new());
    resolver.add(Text(text.to_owned()));
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    let pool = compiler.open_file("a.proto").unwrap().descriptor_pool();
    pool.get_message_by_name("t.M0").unwrap()
}

fn digest(reducer: &mut Reducer, bytes: &[u8]) -> Result<[u8; 16], UndecodableReason> {
    one(reducer, bytes).map(|found| found.digest.0)
}

#[test]
fn any_encoding_of_a_message_has_one_digest_and_another_message_has_another() {
    let mut dice = Numbers(7);
    let (mut decoded, mut changed, mut refused) = (0, 0, 0);
    for _ in 0..120 {
        let schema = schema(&mut dice);
        let text = text(&schema);
        let message = descriptor(&text);
        let mut reducer = reducer_of(Side::Baseline, messages(), &text, &text);
        let mut seen: Vec<(DynamicMessage, [u8; 16], Vec<u8>)> = Vec::new();
        for _ in 0..4 {
            let parts = fields(&mut dice, &schema, 0, 0);
            let whole = parts.concat();
            let first =
                digest(&mut reducer, &whole).unwrap_or_else(|reason| panic!("{text}{}: {reason:?}", hex(&whole)));
            for _ in 0..4 {
                let bytes = other(&mut dice, &schema, &parts);
                assert_eq!(
                    digest(&mut reducer, &bytes),
                    Ok(first),
                    "{text}{}\n{}",
                    hex(&whole),
                    hex(&bytes)
                );
                decoded += 1;
            }
            let mut all = vec![whole.clone()];
            for _ in 0..6 {
                let mut bytes = other(&mut dice, &schema, &parts);
                if !bytes.is_empty() {
                    let at = dice.below(bytes.len());
                    bytes[at] ^= 1 << dice.below(8);
                }
                all.push(bytes);
            }
            for bytes in all {
                let theirs = DynamicMessage::decode(message.clone(), bytes.as_slice());
                let ours = digest(&mut reducer, &bytes);
                let Ok(theirs) = theirs else { continue };
                // Written again: a list that is there and empty is told from one that is not there.
                let theirs = DynamicMessage::decode(message.clone(), theirs.encode_to_vec().as_slice()).unwrap();
                // The library takes some tags of a wrong wire type.
                let Ok(ours) = ours else {
                    refused += 1;
                    continue;
                };
                for (before, digest, other) in &seen {
                    if theirs != *before {
                        changed += 1;
                        assert_ne!(ours, *digest, "{text}{}\n{}", hex(&bytes), hex(other));
                    }
                }
                seen.push((theirs, ours, bytes));
            }
        }
    }
    assert!(
        decoded > 1_800 && changed > 8_000 && refused < 50,
        "{decoded} {changed} {refused}"
    );
}

#[test]
fn cut_and_longer_and_changed_bytes_never_panic() {
    let mut dice = Numbers(11);
    for _ in 0..60 {
        let schema = schema(&mut dice);
        let text = text(&schema);
        let mut reducer = reducer_of(Side::Baseline, messages(), &text, &text);
        let bytes = fields(&mut dice, &schema, 0, 0).concat();
        for end in 0..bytes.len() {
            let _ = digest(&mut reducer, &bytes[..end]);
            let mut flipped = bytes.clone();
            flipped[end] ^= 1 << dice.below(8);
            let _ = digest(&mut reducer, &flipped);
        }
        for tail in 0..=255 {
            let longer = [bytes.as_slice(), &[tail]].concat();
            // No tag of one byte is a whole field.
            assert!(digest(&mut reducer, &longer).is_err(), "{text}{}", hex(&longer));
        }
    }
}
