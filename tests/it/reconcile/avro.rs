//! Avro files from a line of text: `id string; v int = 0` and `[{"id": "a", "v": 1}]`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

/// A record type `Order` from `NAME TYPE [= DEFAULT]; …`, where a type is a word or JSON; anything that begins with a
/// brace is a schema already.
pub(super) fn schema(fields: &str) -> Json {
    if fields.starts_with('{') {
        return serde_json::from_str(fields).unwrap();
    }
    let field = |text: &str| {
        let (name, kind) = text.trim().split_once(' ').unwrap();
        let (kind, default) = match kind.split_once(" = ") {
            Some((kind, default)) => (kind, Some(default)),
            None => (kind, None),
        };
        let kind = serde_json::from_str(kind).unwrap_or_else(|_| json!(kind));
        let mut field = json!({"name": name, "type": kind});
        if let Some(default) = default {
            field["default"] = serde_json::from_str(default).unwrap();
        }
        field
    };
    let fields: Vec<Json> = fields.split(';').map(field).collect();
    json!({"type": "record", "name": "Order", "fields": fields})
}

/// A file of one block with these records.
pub(super) fn file(dir: &Path, name: &str, fields: &str, rows: &str) -> PathBuf {
    let schema = schema(fields);
    let rows: Vec<Json> = serde_json::from_str(rows).unwrap();
    let bytes: Vec<Vec<u8>> = rows.iter().map(|row| encoded(&schema, row)).collect();
    let count = i64::try_from(rows.len()).unwrap();
    let blocks = if count == 0 {
        Vec::new()
    } else {
        vec![(count, bytes.concat())]
    };
    container(dir, name, &schema, &blocks)
}

/// A file of blocks, each a count and its bytes.
pub(super) fn container(dir: &Path, name: &str, schema: &Json, blocks: &[(i64, Vec<u8>)]) -> PathBuf {
    let marker = [b'#'; 16];
    let mut bytes = b"Obj\x01".to_vec();
    put_long(&mut bytes, 1);
    put_bytes(&mut bytes, b"avro.schema");
    put_bytes(&mut bytes, schema.to_string().as_bytes());
    bytes.push(0);
    bytes.extend(marker);
    for (count, block) in blocks {
        put_long(&mut bytes, *count);
        put_bytes(&mut bytes, block);
        bytes.extend(marker);
    }
    let path = dir.join(format!("{name}.avro"));
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A record as Avro binary. Bytes are JSON text of characters below 256; a decimal's is its unscaled value.
pub(super) fn encoded(schema: &Json, value: &Json) -> Vec<u8> {
    let mut out = Vec::new();
    put(schema, value, &mut out).unwrap_or_else(|| panic!("{value} is no {schema}"));
    out
}

fn put(schema: &Json, value: &Json, out: &mut Vec<u8>) -> Option<()> {
    if let Json::Array(branches) = schema {
        for (index, branch) in branches.iter().enumerate() {
            let mut inner = Vec::new();
            if put(branch, value, &mut inner).is_some() {
                put_long(out, i64::try_from(index).ok()?);
                out.extend(inner);
                return Some(());
            }
        }
        return None;
    }
    let kind = schema["type"].as_str().or(schema.as_str())?;
    match (kind, value) {
        ("null", Json::Null) => {}
        ("boolean", Json::Bool(value)) => out.push(u8::from(*value)),
        ("int" | "long", Json::Number(number)) => put_long(out, number.as_i64()?),
        #[expect(clippy::cast_possible_truncation, reason = "a float of a test")]
        ("float", value) => out.extend((floating(value)? as f32).to_le_bytes()),
        ("double", value) => out.extend(floating(value)?.to_le_bytes()),
        ("bytes", Json::Number(unscaled)) => put_bytes(out, &unscaled.as_i64()?.to_be_bytes()),
        ("bytes", Json::String(text)) => {
            let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
            put_bytes(out, &bytes?);
        }
        ("string", Json::String(text)) => put_bytes(out, text.as_bytes()),
        ("enum", Json::String(symbol)) => {
            let index = schema["symbols"].as_array()?.iter().position(|other| other == symbol)?;
            put_long(out, i64::try_from(index).ok()?);
        }
        ("array", Json::Array(items)) => {
            for item in items {
                put_long(out, 1);
                put(&schema["items"], item, out)?;
            }
            out.push(0);
        }
        ("map", Json::Object(entries)) => {
            for (key, value) in entries {
                put_long(out, 1);
                put_bytes(out, key.as_bytes());
                put(&schema["values"], value, out)?;
            }
            out.push(0);
        }
        ("record", Json::Object(values)) => {
            for field in schema["fields"].as_array()? {
                put(&field["type"], values.get(field["name"].as_str()?)?, out)?;
            }
        }
        _ => return None,
    }
    Some(())
}

fn floating(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(word) => word.parse().ok(),
        _ => None,
    }
}

pub(super) fn put_long(out: &mut Vec<u8>, value: i64) {
    let mut raw = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while raw >= 0x80 {
        out.push(u8::try_from(raw & 0x7f).unwrap() | 0x80);
        raw >>= 7;
    }
    out.push(u8::try_from(raw).unwrap());
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_long(out, i64::try_from(bytes.len()).unwrap());
    out.extend_from_slice(bytes);
}

/// `[{"id": "0", "v": 1}, …]`, so many.
pub(super) fn rows(count: usize) -> String {
    let mut text = String::from("[");
    for id in 0..count {
        let comma = if id > 0 { ", " } else { "" };
        let _ = write!(text, "{comma}{{\"id\": \"{id}\", \"v\": 1}}");
    }
    text + "]"
}

/// Runs over two files: (fields, rows) of each side, flags with spaces between.
pub(super) fn compare(baseline: (&str, &str), canary: (&str, &str), flags: &str) -> super::Told {
    let dir = tempfile::tempdir().unwrap();
    let baseline = file(dir.path(), "baseline", baseline.0, baseline.1);
    let canary = file(dir.path(), "canary", canary.0, canary.1);
    compare_files(&baseline, &canary, flags)
}

/// Runs over two files that are there.
pub(super) fn compare_files(baseline: &Path, canary: &Path, flags: &str) -> super::Told {
    let (baseline, canary) = (baseline.to_str().unwrap(), canary.to_str().unwrap());
    let mut arguments = vec!["--baseline", baseline, "--canary", canary];
    arguments.extend(flags.split_whitespace());
    super::reconcile(&arguments)
}

/// The contract is newer than both sides: what both lack is equal, though one side's schema has a union above it, or is none.
#[test]
fn what_both_sides_lack_of_a_newer_contract_is_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    let inner = serde_json::json!({"type": "record", "name": "In", "fields": [{"name": "x", "type": "int"}]});
    let of = |kind: Json| serde_json::json!({"type": "record", "name": "R", "fields": [{"name": "id", "type": "string"}, {"name": "a", "type": kind}]});
    let mut newer = inner.clone();
    newer["fields"]
        .as_array_mut()
        .unwrap()
        .push(serde_json::json!({"name": "y", "type": "int"}));
    let contract = dir.path().join("contract.avsc");
    std::fs::write(&contract, of(newer).to_string()).unwrap();
    let (id, x) = ([2, b'1'], [10]);
    let baseline = container(
        dir.path(),
        "baseline",
        &of(inner.clone()),
        &[(1, [id.as_slice(), &x].concat())],
    );
    let nullable = of(serde_json::json!(["null", inner]));
    let canary = container(
        dir.path(),
        "canary",
        &nullable,
        &[(1, [id.as_slice(), &[2], &x].concat())],
    );
    let lines = dir.path().join("canary.jsonl");
    std::fs::write(&lines, "{\"id\":\"1\",\"a\":{\"x\":5}}\n").unwrap();
    let other = dir.path().join("other.jsonl");
    std::fs::write(&other, "{\"id\":\"1\",\"a\":{\"x\":5,\"y\":0}}\n").unwrap();
    let flags = format!("--identity field:id --contract {}", contract.display());
    let gist = |baseline: &Path, canary: &Path| {
        let gist = compare_files(baseline, canary, &flags).gist();
        gist.split(" |").next().unwrap().to_owned()
    };
    for (one, two) in [
        (&baseline, &canary),
        (&canary, &baseline),
        (&baseline, &lines),
        (&lines, &canary),
        (&canary, &lines),
    ] {
        assert_eq!(gist(one, two), "0 matched 1", "{} {}", one.display(), two.display());
    }
    assert_eq!(gist(&baseline, &other), "1 mismatched 1");
    let null = container(dir.path(), "null", &nullable, &[(1, [id.as_slice(), &[0]].concat())]);
    assert_eq!(gist(&baseline, &null), "1 mismatched 1");
    assert_eq!(gist(&null, &null), "0 matched 1");
}
