//! The document form as a value tree. For findings only.

use super::document::{ARRAY, END, FALSE, IGNORED, NULL, NUMBER, OBJECT, TEXT, TRUE};
use super::number;
use crate::codec::canonical::Reader;
use crate::model::Value;

/// The most digits that are shown as a number: they cost their square.
const DIGITS_MAX: usize = 4096;

/// Renders a whole document.
pub(super) fn document(bytes: &[u8]) -> Option<Value> {
    if bytes.is_empty() {
        return Some(Value::Null);
    }
    value(&mut Reader(bytes))
}

/// Renders what no contract holds, with the word for its type.
pub(in crate::codec) fn foreign(bytes: &[u8]) -> Option<Value> {
    let kind = match *bytes.first()? {
        ARRAY => "json array",
        OBJECT => "json object",
        _ => "json number",
    };
    Some(Value::Foreign {
        kind: kind.to_owned(),
        value: Box::new(document(bytes)?),
    })
}

fn value(reader: &mut Reader) -> Option<Value> {
    Some(match reader.byte()? {
        NULL | IGNORED => Value::Null,
        FALSE => Value::Boolean(false),
        TRUE => Value::Boolean(true),
        TEXT => Value::Text(text(reader)?),
        NUMBER => {
            let rest = reader.0;
            let digits = number::read(reader)?;
            match number::exact(digits, DIGITS_MAX) {
                Some((unscaled, scale)) => Value::Decimal { unscaled, scale },
                None => {
                    let written = &rest[..rest.len() - reader.0.len()];
                    Value::Foreign {
                        kind: "json number".to_owned(),
                        value: Box::new(Value::Bytes(written.to_vec())),
                    }
                }
            }
        }
        ARRAY => {
            let mut items = Vec::new();
            while reader.0.first()? != &END {
                items.push(value(reader)?);
            }
            reader.byte()?;
            Value::Array(items)
        }
        OBJECT => {
            let mut members = Vec::new();
            while reader.byte()? == TEXT {
                members.push((text(reader)?, value(reader)?));
            }
            Value::Record(members)
        }
        _ => return None,
    })
}

fn text(reader: &mut Reader) -> Option<String> {
    String::from_utf8(reader.bytes()?.to_vec()).ok()
}
