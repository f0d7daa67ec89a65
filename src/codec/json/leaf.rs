//! Values without parts as the contract's type.

use super::Walk;
use crate::codec::canonical::{SYMBOL, put_bytes, put_long, text_uuid};
use crate::codec::mapping::Table;
use crate::codec::schema::{Kind, Logical, Node};
use crate::model::UndecodableReason;

impl Walk<'_> {
    /// Takes the value that is next and appends it as the type, which takes such values; false where the type does not hold
    /// this one. A symbol counts as what the table says.
    pub(super) fn leaf(&mut self, node: &Node, table: Option<&Table>) -> Result<bool, UndecodableReason> {
        match (&node.kind, node.logical) {
            (Kind::Null, _) => self.scan.word(b"null")?,
            (Kind::Boolean, _) => {
                let value = self.scan.boolean()?;
                self.s.out.push(u8::from(value));
            }
            (_, Some(Logical::Decimal { precision, scale })) => {
                let Some(unscaled) = self.scan.number()?.digits().at_scale(scale, precision) else {
                    return Ok(false);
                };
                put_bytes(&mut self.s.out, &unscaled);
            }
            (_, Some(Logical::BigDecimal)) => {
                let Some((unscaled, scale)) = self.scan.number()?.digits().normal() else {
                    return Ok(false);
                };
                let mut inner = Vec::with_capacity(unscaled.len() + 12);
                put_bytes(&mut inner, &unscaled);
                put_long(&mut inner, scale);
                put_bytes(&mut self.s.out, &inner);
            }
            (Kind::Int | Kind::Long, _) => {
                let int = matches!(node.kind, Kind::Int);
                let number = self.scan.number()?.digits().to_long();
                let Some(number) = number.filter(|number| !int || i32::try_from(*number).is_ok()) else {
                    return Ok(false);
                };
                put_long(&mut self.s.out, number);
            }
            (Kind::Float, _) => {
                let Some(value) = self.scan.number()?.to_float() else {
                    return Ok(false);
                };
                self.s.out.extend(value.to_le_bytes());
            }
            (Kind::Double, _) => {
                let Some(value) = self.scan.number()?.to_double() else {
                    return Ok(false);
                };
                self.s.out.extend(value.to_le_bytes());
            }
            (Kind::Text | Kind::Bytes, _) => {
                let text = self.scan.text()?;
                self.put_text(text)?;
            }
            (Kind::Fixed { .. }, _) => {
                let text = self.peek_text()?;
                self.scan.text()?;
                let Some(uuid) = text_uuid(text.as_bytes()) else {
                    return Ok(false);
                };
                self.s.out.extend(uuid);
            }
            (Kind::Enum { symbols, .. }, _) => {
                let text = self.peek_text()?;
                self.scan.text()?;
                let counts_as = table.map_or(text.as_str(), |table| table.symbol(&text));
                self.m.mapped = counts_as != text;
                let Some(index) = symbols.iter().position(|symbol| *symbol == counts_as) else {
                    return Ok(false);
                };
                put_long(&mut self.s.out, i64::try_from(index).unwrap_or(i64::MAX));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A symbol that the contract does not have.
    pub(super) fn symbol(&mut self, table: Option<&Table>) -> Result<(), UndecodableReason> {
        self.s.out.push(SYMBOL);
        let symbol = self.peek_text()?;
        self.scan.text()?;
        let counts_as = table.map_or(symbol.as_str(), |table| table.symbol(&symbol));
        let at = self.s.out.len();
        put_bytes(&mut self.s.out, counts_as.as_bytes());
        if table.is_some() {
            self.pay(at)?;
        }
        Ok(())
    }
}
