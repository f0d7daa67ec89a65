//! A record as a value tree of the contract's type, from its tagged canonical bytes. For findings only.

use super::canonical::{ABSENT, FILLED, FOREIGN, HELD, Reader, SYMBOL, uuid_text};
use super::digest::first_half;
use super::marks::{Asked, At};
use super::plan::{Of, Plan, Ref};
use super::schema::{Kind, Logical, Node, NodeId, Schema, Unit};
use super::walk::big;
use crate::model::{Segment, Value};

/// Renders what a plan made to show yields in the tagged form.
pub(super) fn tagged(plan: &Plan, writer: &Schema, contract: &Schema, asked: &Asked, bytes: &[u8]) -> Option<Value> {
    let render = Render {
        plan,
        writer,
        contract,
        asked,
    };
    let root = Ref {
        of: Of::Contract,
        id: contract.root,
    };
    render.value(&mut Reader(bytes), root, asked.marks.root(), true)
}

struct Render<'a> {
    plan: &'a Plan,
    writer: &'a Schema,
    contract: &'a Schema,
    asked: &'a Asked,
}

impl Render<'_> {
    fn node(&self, r: Ref) -> &Node {
        match r.of {
            Of::Writer => self.writer.node(r.id),
            Of::Contract => self.contract.node(r.id),
        }
    }

    fn value(&self, reader: &mut Reader, r: Ref, at: At, tagged: bool) -> Option<Value> {
        if self.asked.marks.get(at).is_some_and(|marks| marks.ignored) {
            return Some(Value::Null);
        }
        if tagged {
            match reader.byte()? {
                HELD => {}
                ABSENT => return Some(Value::Absent),
                FILLED => return Some(Value::Default(Box::new(self.value(reader, r, at, true)?))),
                SYMBOL => return Some(Value::Symbol(text(reader.bytes()?)?)),
                FOREIGN => return self.foreign(reader),
                _ => return None,
            }
        }
        let below = |id: NodeId| Ref { id, ..r };
        let node = self.node(r);
        Some(match &node.kind {
            Kind::Union(branches) => {
                let branch = below(*branches.get(usize::try_from(reader.long()?).ok()?)?);
                let value = self.value(reader, branch, at, tagged)?;
                let null = |id: &&NodeId| matches!(self.node(below(**id)).kind, Kind::Null);
                let chosen = self.node(branch);
                if matches!(chosen.kind, Kind::Null) || branches.len() - branches.iter().filter(null).count() < 2 {
                    value
                } else {
                    Value::Branch(chosen.name().to_owned(), Box::new(value))
                }
            }
            Kind::Record { fields, .. } => {
                let mut values = Vec::with_capacity(fields.len());
                for field in fields {
                    let at = self.asked.marks.field(at, &field.name);
                    if !self.asked.marks.get(at).is_some_and(|marks| marks.ignored) {
                        values.push((field.name.clone(), self.value(reader, below(field.node), at, tagged)?));
                    }
                }
                Value::Record(values)
            }
            Kind::Array(items) => {
                let at = self.asked.marks.child(at, &Segment::Items);
                let count = self.count(reader)?;
                let items = (0..count)
                    .map(|_| self.value(reader, below(*items), at, tagged))
                    .collect::<Option<_>>()?;
                self.end(reader, count)?;
                Value::Array(items)
            }
            Kind::Map(values) => {
                let at = self.asked.marks.child(at, &Segment::Values);
                let count = self.count(reader)?;
                let mut entries = Vec::new();
                for _ in 0..count {
                    let key = text(reader.bytes()?)?;
                    entries.push((key, self.value(reader, below(*values), at, tagged)?));
                }
                self.end(reader, count)?;
                Value::Map(entries)
            }
            _ => leaf(node, r.of == Of::Writer, reader)?,
        })
    }

    fn count(&self, reader: &mut Reader) -> Option<usize> {
        reader.size()
    }

    fn end(&self, reader: &mut Reader, count: usize) -> Option<()> {
        if count > 0 {
            (reader.byte()? == 0).then_some(())
        } else {
            Some(())
        }
    }

    fn foreign(&self, reader: &mut Reader) -> Option<Value> {
        let digest = reader.take(16)?;
        let length = u32::from_le_bytes(reader.array()?);
        let bytes = reader.take(usize::try_from(length).ok()?)?;
        if let Some(value) = of_document(digest, bytes) {
            return Some(value);
        }
        let mut inner = Reader(bytes);
        let foreign = self
            .plan
            .foreigns
            .iter()
            .find(|foreign| foreign.type_digest == digest)?;
        let value = self.value(&mut inner, foreign.node, None, false)?;
        let node = self.node(foreign.node);
        Some(match value {
            Value::Null => Value::Null,
            value => Value::Foreign {
                kind: kind(node),
                value: Box::new(value),
            },
        })
    }
}

/// A part of a document that no type holds: what Avro has too, as its type there.
fn of_document(digest: &[u8], bytes: &[u8]) -> Option<Value> {
    let is = |name: &[u8]| digest == first_half(blake3::hash(name).as_bytes());
    let own = |kind: &str, value| Value::Foreign {
        kind: kind.to_owned(),
        value: Box::new(value),
    };
    if is(b"\"json\"") {
        super::json::show_foreign(bytes)
    } else if is(b"\"null\"") {
        Some(Value::Null)
    } else if is(b"\"boolean\"") {
        Some(own("boolean", Value::Boolean(bytes == [1])))
    } else if is(b"\"string\"") {
        Some(own("string", Value::Text(text(Reader(bytes).bytes()?)?)))
    } else {
        None
    }
}

/// What a type is called in front of a user.
fn kind(node: &Node) -> String {
    match node.logical {
        Some(Logical::Decimal { scale, .. }) => format!("decimal(scale {scale})"),
        Some(logical) => logical.word().to_owned(),
        None => node.name().to_owned(),
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Millis => "ms",
        Unit::Micros => "us",
        Unit::Nanos => "ns",
    }
}

fn leaf(node: &Node, own: bool, reader: &mut Reader) -> Option<Value> {
    let temporal = |count, unit, kind| Value::Temporal { count, unit, kind };
    Some(match (&node.kind, node.logical) {
        (_, Some(Logical::Decimal { scale, .. })) => Value::Decimal {
            unscaled: reader.bytes()?.to_vec(),
            scale: i32::try_from(scale).ok()?,
        },
        (_, Some(Logical::BigDecimal)) if !own => {
            let (unscaled, scale) = big(reader.bytes()?)?;
            Value::Decimal {
                unscaled: unscaled.to_vec(),
                scale: i32::try_from(scale).ok()?,
            }
        }
        (Kind::Null, _) => Value::Null,
        (Kind::Boolean, _) => Value::Boolean(reader.byte()? == 1),
        (Kind::Int | Kind::Long, logical) => {
            let count = reader.long()?;
            match logical {
                Some(Logical::Date) => temporal(count, "d", "date"),
                Some(Logical::Time(of)) => temporal(count, unit(of), "time"),
                Some(Logical::Timestamp(of)) => temporal(count, unit(of), "timestamp"),
                Some(Logical::LocalTimestamp(of)) => temporal(count, unit(of), "local-timestamp"),
                _ => Value::Integer(count),
            }
        }
        (Kind::Float, _) => Value::Floating {
            value: f64::from(f32::from_le_bytes(reader.array()?)),
            single: true,
        },
        (Kind::Double, _) => Value::Floating {
            value: f64::from_le_bytes(reader.array()?),
            single: false,
        },
        (Kind::Bytes, _) => Value::Bytes(reader.bytes()?.to_vec()),
        (Kind::Text, _) => Value::Text(text(reader.bytes()?)?),
        (Kind::Fixed { .. }, Some(Logical::Uuid)) => Value::Text(text(&uuid_text(&reader.array()?))?),
        (Kind::Fixed { size, .. }, _) => Value::Bytes(reader.take(*size)?.to_vec()),
        (Kind::Enum { symbols, .. }, _) => Value::Symbol(symbols.get(usize::try_from(reader.long()?).ok()?)?.clone()),
        _ => return None,
    })
}
