//! Which value without parts becomes which, and how.

use super::{Compiler, Step, TooLarge, index};
use crate::codec::applied::Rule;
use crate::codec::decimal;
use crate::codec::plan::{Decimal, DecimalSource, DecimalTarget, EnumMap, Op, Rescale};
use crate::codec::schema::{Kind, Logical, Node, Unit};

/// How a value is converted, before its place in the plan's tables is known.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// One operation that cannot fail.
    Plain(Op2),
    LongToInt,
    ToFloat {
        long: bool,
    },
    ToDouble {
        long: bool,
    },
    DoubleToFloat,
    BytesToText,
    TextToUuid,
    Rescale {
        multiply: i64,
        divide: i64,
    },
    Decimal(DecimalSource, u32),
    Enum,
}

/// The operations that cannot fail.
#[derive(Clone, Copy, PartialEq)]
enum Op2 {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Fixed(usize),
    FloatToDouble,
    UuidToText,
}

/// True where some value of the one type can be a value of the other.
pub(super) fn fits(from: &Node, to: &Node) -> bool {
    matches!(
        (&from.kind, &to.kind),
        (Kind::Record { .. }, Kind::Record { .. }) | (Kind::Array(_), Kind::Array(_)) | (Kind::Map(_), Kind::Map(_))
    ) || way(from, to).is_some()
}

fn nanos(unit: Unit) -> i64 {
    match unit {
        Unit::Millis => 1_000_000,
        Unit::Micros => 1_000,
        Unit::Nanos => 1,
    }
}

/// Another unit of the same kind of time.
fn units(from: Logical, to: Logical) -> Option<Way> {
    let (from, to) = match (from, to) {
        (Logical::Time(from), Logical::Time(to))
        | (Logical::Timestamp(from), Logical::Timestamp(to))
        | (Logical::LocalTimestamp(from), Logical::LocalTimestamp(to)) => (nanos(from), nanos(to)),
        _ => return None,
    };
    let (multiply, divide) = if from >= to { (from / to, 1) } else { (1, to / from) };
    Some(Way::Rescale { multiply, divide })
}

fn is_decimal(logical: Option<Logical>) -> bool {
    matches!(logical, Some(Logical::Decimal { .. } | Logical::BigDecimal))
}

/// How the writer has a decimal, with its scale.
fn decimal_source(node: &Node) -> Option<Way> {
    match (&node.kind, node.logical) {
        (Kind::Bytes, Some(Logical::BigDecimal)) => Some(Way::Decimal(DecimalSource::Big, 0)),
        (Kind::Bytes, Some(Logical::Decimal { scale, .. })) => Some(Way::Decimal(DecimalSource::Bytes, scale)),
        (Kind::Fixed { size, .. }, Some(Logical::Decimal { scale, .. })) => {
            Some(Way::Decimal(DecimalSource::Fixed(u32::try_from(*size).ok()?), scale))
        }
        _ => None,
    }
}

fn way(from: &Node, to: &Node) -> Option<Way> {
    use Kind::{Boolean, Bytes, Double, Enum, Fixed, Float, Int, Long, Null, Text};
    if is_decimal(to.logical) {
        return to_decimal(from, to);
    }
    if let (Some(a), Some(b)) = (from.logical, to.logical)
        && a != b
    {
        return units(a, b);
    }
    let plain = |op| Some(Way::Plain(op));
    match (&from.kind, &to.kind) {
        (Null, Null) => plain(Op2::Null),
        (Boolean, Boolean) => plain(Op2::Boolean),
        (Int, Int | Long) => plain(Op2::Int),
        (Long, Long) => plain(Op2::Long),
        (Float, Float) => plain(Op2::Float),
        (Double, Double) => plain(Op2::Double),
        (Bytes, Bytes) => plain(Op2::Bytes),
        (Text, Text) => plain(Op2::Text),
        (Fixed { size: a, .. }, Fixed { size: b, .. }) if a == b => plain(Op2::Fixed(*a)),
        (Enum { .. }, Enum { .. }) => Some(Way::Enum),
        (Long, Int) => Some(Way::LongToInt),
        (Int, Float) => Some(Way::ToFloat { long: false }),
        (Long, Float) => Some(Way::ToFloat { long: true }),
        (Int, Double) => Some(Way::ToDouble { long: false }),
        (Long, Double) => Some(Way::ToDouble { long: true }),
        (Float, Double) => plain(Op2::FloatToDouble),
        (Double, Float) => Some(Way::DoubleToFloat),
        (Text, Bytes) => plain(Op2::Text),
        (Bytes, Text) if !is_decimal(from.logical) => Some(Way::BytesToText),
        (Fixed { .. }, Text) if from.logical == Some(Logical::Uuid) => plain(Op2::UuidToText),
        (Text, Fixed { .. }) if to.logical == Some(Logical::Uuid) => Some(Way::TextToUuid),
        _ => None,
    }
}

fn to_decimal(from: &Node, to: &Node) -> Option<Way> {
    if let Some(way) = decimal_source(from) {
        return Some(way);
    }
    if from.logical.is_some() {
        return None;
    }
    match (&from.kind, &to.kind, to.logical?) {
        (Kind::Int, ..) => Some(Way::Decimal(DecimalSource::Int, 0)),
        (Kind::Long, ..) => Some(Way::Decimal(DecimalSource::Long, 0)),
        // The annotation is new, the bytes are what they were.
        (Kind::Bytes, Kind::Bytes, Logical::BigDecimal) => Some(Way::Decimal(DecimalSource::Big, 0)),
        (Kind::Bytes, Kind::Bytes, Logical::Decimal { scale, .. }) => Some(Way::Decimal(DecimalSource::Bytes, scale)),
        (Kind::Fixed { size: a, .. }, Kind::Fixed { size: b, .. }, Logical::Decimal { scale, .. }) if a == b => {
            Some(Way::Decimal(DecimalSource::Fixed(u32::try_from(*a).ok()?), scale))
        }
        _ => None,
    }
}

impl Compiler<'_> {
    /// The operation of a value without parts; none where the contract cannot hold it.
    pub(super) fn leaf(&mut self, step: Step) -> Result<Option<Op>, TooLarge> {
        let (from, to) = (self.node(step.from), self.node(step.to));
        let Some(way) = way(from, to) else {
            return Ok(None);
        };
        Ok(Some(match way {
            Way::Plain(op) => match op {
                Op2::Null => Op::Null,
                Op2::Boolean => Op::Boolean,
                Op2::Int => Op::Int,
                Op2::Long => Op::Long,
                Op2::Float => Op::Float,
                Op2::Double => Op::Double,
                Op2::Bytes => Op::Bytes,
                Op2::Text => Op::Text,
                Op2::Fixed(size) => Op::Fixed(index(size)?),
                Op2::FloatToDouble => Op::FloatToDouble,
                Op2::UuidToText => Op::UuidToText,
            },
            Way::LongToInt => Op::LongToInt(self.foreign(step.from)?),
            Way::ToFloat { long } => Op::NumberToFloat {
                long,
                foreign: self.foreign(step.from)?,
            },
            Way::ToDouble { long } => Op::NumberToDouble {
                long,
                foreign: self.foreign(step.from)?,
            },
            Way::DoubleToFloat => Op::DoubleToFloat(self.foreign(step.from)?),
            Way::BytesToText => Op::BytesToText(self.foreign(step.from)?),
            Way::TextToUuid => Op::TextToUuid(self.foreign(step.from)?),
            Way::Rescale { multiply, divide } => {
                let rescale = Rescale {
                    from_int: matches!(from.kind, Kind::Int),
                    to_int: matches!(to.kind, Kind::Int),
                    multiply,
                    divide,
                    foreign: self.foreign(step.from)?,
                };
                self.plan.rescales.push(rescale);
                Op::Rescale(index(self.plan.rescales.len() - 1)?)
            }
            Way::Decimal(source, scale) => self.decimal(step, source, scale, to.logical)?,
            Way::Enum => self.enumeration(step)?,
        }))
    }

    fn decimal(
        &mut self,
        step: Step,
        source: DecimalSource,
        scale: u32,
        logical: Option<Logical>,
    ) -> Result<Op, TooLarge> {
        if step.own && source == DecimalSource::Big {
            return Ok(Op::Bytes);
        }
        let target = match logical {
            _ if step.own => DecimalTarget::Own,
            Some(Logical::Decimal { precision, scale }) => DecimalTarget::Scaled {
                scale,
                precision,
                safe: decimal::safe_bytes(precision),
            },
            _ => DecimalTarget::Big,
        };
        // What is walked for itself is held always: it needs no place to go.
        let foreign = if step.own { u32::MAX } else { self.foreign(step.from)? };
        self.plan.decimals.push(Decimal {
            source,
            scale,
            target,
            foreign,
        });
        Ok(Op::Decimal(index(self.plan.decimals.len() - 1)?))
    }

    fn enumeration(&mut self, step: Step) -> Result<Op, TooLarge> {
        let (Kind::Enum { symbols, .. }, Kind::Enum { symbols: known, .. }) =
            (&self.node(step.from).kind, &self.node(step.to).kind)
        else {
            return Err(TooLarge);
        };
        let mapped: Vec<String> = match self.table(step) {
            Some((rule, table)) => {
                let mapped: Vec<String> = symbols.iter().map(|symbol| table.symbol(symbol).to_owned()).collect();
                if mapped != *symbols {
                    self.plan.applied.insert(Rule::Map(rule));
                }
                mapped
            }
            None => symbols.clone(),
        };
        if mapped == *known || mutant!(EnumByIndex) {
            return Ok(Op::Enum(index(symbols.len())?));
        }
        let places: std::collections::BTreeMap<_, _> = known.iter().zip(0u32..).collect();
        self.plan.enums.push(EnumMap {
            indexes: mapped.iter().map(|symbol| places.get(symbol).copied()).collect(),
            symbols: mapped,
        });
        Ok(Op::EnumMap(index(self.plan.enums.len() - 1)?))
    }
}
