//! A value as text, for the paths that may be shown.

use num_bigint::BigInt;

use crate::model::{Value, hex, readable};

/// Bytes after which a text is cut.
const TEXT_MAX_BYTES: usize = 1024;

/// The text of a value: as it is where it is plain, JSON where it holds others; cut at 1 KiB.
#[must_use]
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Text(text) | Value::Symbol(text) => out.push_str(text),
        Value::Foreign { value, .. } | Value::Branch(_, value) => return self::text(value),
        value => write(value, &mut out),
    }
    if out.len() > TEXT_MAX_BYTES {
        out.truncate(out.floor_char_boundary(TEXT_MAX_BYTES));
        out.push('…');
    }
    out
}

fn write(value: &Value, out: &mut String) {
    if out.len() > TEXT_MAX_BYTES {
        return;
    }
    match value {
        Value::Absent | Value::Default(_) => out.push_str("absent"),
        Value::Null => out.push_str("null"),
        Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Integer(value) => out.push_str(&value.to_string()),
        Value::Floating { value, single } => out.push_str(&readable(*value, *single)),
        Value::Decimal { unscaled, scale } => out.push_str(&decimal(unscaled, *scale)),
        Value::Text(text) | Value::Symbol(text) => quoted(text, out),
        Value::Bytes(bytes) => {
            out.push_str("0x");
            out.push_str(&hex(bytes.get(..TEXT_MAX_BYTES).unwrap_or(bytes)));
        }
        Value::Array(items) => listed(out, ('[', ']'), items, write),
        Value::Map(entries) | Value::Record(entries) => listed(out, ('{', '}'), entries, |(name, value), out| {
            quoted(name, out);
            out.push_str(": ");
            write(value, out);
        }),
        Value::Foreign { value, .. } | Value::Branch(_, value) => write(value, out),
        Value::Temporal { count, unit, kind } => out.push_str(&temporal(*count, unit, kind)),
    }
}

fn listed<T>(out: &mut String, brackets: (char, char), items: &[T], mut each: impl FnMut(&T, &mut String)) {
    out.push(brackets.0);
    for (at, item) in items.iter().enumerate() {
        if out.len() > TEXT_MAX_BYTES {
            break;
        }
        if at > 0 {
            out.push_str(", ");
        }
        each(item, out);
    }
    out.push(brackets.1);
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn decimal(unscaled: &[u8], scale: i32) -> String {
    if unscaled.len() > TEXT_MAX_BYTES || scale.unsigned_abs() as usize > TEXT_MAX_BYTES {
        return format!("a decimal of {} bytes, scale {scale}", unscaled.len());
    }
    let digits = BigInt::from_signed_bytes_be(unscaled).to_string();
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits.as_str()), |rest| ("-", rest));
    let Ok(places @ 1..) = usize::try_from(scale) else {
        let zeros = if digits == "0" {
            0
        } else {
            scale.unsigned_abs() as usize
        };
        return format!("{sign}{digits}{}", "0".repeat(zeros));
    };
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    format!("{sign}{whole}.{fraction}")
}

fn temporal(count: i64, unit: &str, kind: &str) -> String {
    let nanoseconds = match unit {
        "d" => 86_400_000_000_000_i128,
        "ms" => 1_000_000,
        "us" => 1_000,
        _ => 1,
    };
    let total = i128::from(count) * nanoseconds;
    let moment = jiff::Timestamp::from_nanosecond(total).ok();
    let civil = moment.map(|moment| jiff::tz::Offset::UTC.to_datetime(moment));
    let written = match kind {
        "date" => civil.map(|civil| civil.date().to_string()),
        "time" if (0..86_400_000_000_000).contains(&total) => civil.map(|civil| civil.time().to_string()),
        "timestamp" => moment.map(|moment| moment.to_string()),
        "local-timestamp" => civil.map(|civil| civil.to_string()),
        _ => None,
    };
    written.unwrap_or_else(|| format!("{count} {unit}"))
}
