//! Values that may not be held by the contract's type.

use super::{Stop, Walk};
use crate::codec::canonical::{Reader, SYMBOL, float_bytes, minimal, put_bytes, put_long, text_uuid, unzigzag};
use crate::codec::decimal;
use crate::codec::plan::{Decimal, DecimalSource, DecimalTarget, Op};
use crate::model::UndecodableReason::Malformed;

impl Walk<'_> {
    pub(super) fn convert<const T: bool>(&mut self, op: &Op) -> Result<(), Stop> {
        let start = self.pos;
        match *op {
            Op::LongToInt(foreign) => {
                let raw = self.raw()?;
                if raw > u64::from(u32::MAX) {
                    return self.foreign::<T>(start, foreign);
                }
                if T {
                    self.held(start);
                }
                self.settle(start, raw);
            }
            Op::NumberToFloat { long, foreign } => {
                let number = self.number(long)?;
                let Some(value) = to_float(number) else {
                    return self.foreign::<T>(start, foreign);
                };
                self.replaced::<T>(start);
                self.s.out.extend(value.to_le_bytes());
            }
            Op::NumberToDouble { long, foreign } => {
                let number = self.number(long)?;
                let Some(value) = to_double(number) else {
                    return self.foreign::<T>(start, foreign);
                };
                self.replaced::<T>(start);
                self.s.out.extend(value.to_le_bytes());
            }
            Op::DoubleToFloat(foreign) => {
                let value = f64::from_le_bytes(self.array()?);
                let Some(value) = narrow(value) else {
                    return self.foreign::<T>(start, foreign);
                };
                self.replaced::<T>(start);
                self.s.out.extend(float_bytes(value));
            }
            Op::BytesToText(foreign) => {
                let (raw, length) = self.length()?;
                let end_of_length = self.pos;
                if std::str::from_utf8(self.take(length)?).is_err() {
                    return self.foreign::<T>(start, foreign);
                }
                if T {
                    self.held(start);
                }
                let end = std::mem::replace(&mut self.pos, end_of_length);
                self.settle(start, raw);
                self.pos = end;
            }
            Op::TextToUuid(foreign) => {
                let Some(uuid) = text_uuid(self.peek_text()?.as_bytes()) else {
                    return self.foreign::<T>(start, foreign);
                };
                self.replaced::<T>(start);
                self.s.out.extend(uuid);
            }
            Op::Rescale(rescale) => {
                let rescale = self.plan.rescales[rescale as usize];
                let number = self.number(!rescale.from_int)?;
                let value = number
                    .checked_mul(rescale.multiply)
                    .filter(|value| value % rescale.divide == 0);
                let value = value.map(|value| value / rescale.divide);
                let Some(value) = value.filter(|value| !rescale.to_int || i32::try_from(*value).is_ok()) else {
                    return self.foreign::<T>(start, rescale.foreign);
                };
                self.replaced::<T>(start);
                put_long(&mut self.s.out, value);
            }
            Op::Decimal(decimal) => {
                let plan = self.plan;
                return self.decimal::<T>(&plan.decimals[decimal as usize]);
            }
            Op::EnumMap(map) => return self.symbol::<T>(map),
            _ => {}
        }
        Ok(())
    }

    fn number(&mut self, long: bool) -> Result<i64, Stop> {
        Ok(unzigzag(if long { self.raw()? } else { self.int()? }))
    }

    fn symbol<const T: bool>(&mut self, map: u32) -> Result<(), Stop> {
        let start = self.pos;
        let plan = self.plan;
        let map = &plan.enums[map as usize];
        let raw = self.int()?;
        let place = usize::try_from(raw >> 1)
            .ok()
            .filter(|place| raw & 1 == 0 && *place < map.indexes.len());
        let place = place.ok_or(Stop::Bad(Malformed))?;
        match map.indexes[place] {
            Some(index) => {
                self.replaced::<T>(start);
                put_long(&mut self.s.out, i64::from(index));
            }
            None if T => {
                let symbol = map.symbols[place].as_bytes();
                // It may be as long as a schema, and takes a byte here.
                self.spend(symbol.len() / 2)?;
                self.cut(start);
                self.s.out.push(SYMBOL);
                put_bytes(&mut self.s.out, symbol);
            }
            None => return Err(Stop::NotHeld),
        }
        Ok(())
    }

    fn decimal<const T: bool>(&mut self, spec: &Decimal) -> Result<(), Stop> {
        let start = self.pos;
        let number;
        let unscaled: &[u8] = match spec.source {
            DecimalSource::Bytes | DecimalSource::Big => {
                let (_, length) = self.length()?;
                self.take(length)?
            }
            DecimalSource::Fixed(size) => self.take(size as usize)?,
            DecimalSource::Int | DecimalSource::Long => {
                number = self.number(spec.source == DecimalSource::Long)?.to_be_bytes();
                &number
            }
        };
        let (unscaled, scale) = if spec.source == DecimalSource::Big {
            match big(unscaled) {
                Some(parts) => parts,
                None => return self.foreign::<T>(start, spec.foreign),
            }
        } else {
            (unscaled, i64::from(spec.scale))
        };
        match spec.target {
            DecimalTarget::Scaled {
                scale: to,
                precision,
                safe,
            } => {
                if scale == i64::from(to) {
                    let shortest = minimal(unscaled);
                    if shortest.len() > safe && !decimal::has_digits(shortest, precision) {
                        return self.foreign::<T>(start, spec.foreign);
                    }
                    return self.put_decimal::<T>(start, spec.source, unscaled, shortest);
                }
                let value = decimal::rescale(unscaled, scale, i64::from(to));
                match value.filter(|value| decimal::has_digits(value, precision)) {
                    Some(value) => {
                        self.replaced::<T>(start);
                        put_bytes(&mut self.s.out, &value);
                        Ok(())
                    }
                    None => self.foreign::<T>(start, spec.foreign),
                }
            }
            DecimalTarget::Own => self.put_decimal::<T>(start, spec.source, unscaled, minimal(unscaled)),
            DecimalTarget::Big => {
                let Some((unscaled, scale)) = decimal::normal(unscaled, scale) else {
                    return self.foreign::<T>(start, spec.foreign);
                };
                self.replaced::<T>(start);
                let mut inner = Vec::with_capacity(unscaled.len() + 12);
                put_bytes(&mut inner, &unscaled);
                put_long(&mut inner, scale);
                put_bytes(&mut self.s.out, &inner);
                Ok(())
            }
        }
    }

    /// The number without bytes that repeat the sign; as it stands where there are none and the length is minimal too.
    fn put_decimal<const T: bool>(
        &mut self,
        start: usize,
        source: DecimalSource,
        unscaled: &[u8],
        shortest: &[u8],
    ) -> Result<(), Stop> {
        let as_is = source == DecimalSource::Bytes && shortest.len() == unscaled.len() && {
            let prefix = self.pos - start - unscaled.len();
            prefix == 1 || self.input[start + prefix - 1] != 0
        };
        if as_is {
            if T {
                self.held(start);
            }
        } else {
            self.replaced::<T>(start);
            put_bytes(&mut self.s.out, shortest);
        }
        Ok(())
    }
}

/// Unscaled value and scale of a big decimal.
pub(in crate::codec) fn big(bytes: &[u8]) -> Option<(&[u8], i64)> {
    let mut reader = Reader(bytes);
    let unscaled = reader.bytes()?;
    let scale = reader.long()?;
    reader.0.is_empty().then_some((unscaled, scale))
}

#[expect(clippy::cast_possible_truncation, reason = "the way back shows whether it was exact")]
fn to_float(number: i64) -> Option<f32> {
    let value = number as f32;
    (value as i128 == i128::from(number)).then_some(value)
}

#[expect(clippy::cast_possible_truncation, reason = "the way back shows whether it was exact")]
fn to_double(number: i64) -> Option<f64> {
    let value = number as f64;
    (value as i128 == i128::from(number)).then_some(value)
}

#[expect(clippy::cast_possible_truncation, reason = "the way back shows whether it was exact")]
fn narrow(value: f64) -> Option<f32> {
    let narrow = value as f32;
    (value.is_nan() || f64::from(narrow).to_bits() == value.to_bits()).then_some(narrow)
}
