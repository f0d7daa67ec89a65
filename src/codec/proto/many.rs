//! Repeated fields, packed or not, and maps.

use super::decode::Walk;
use super::layout::{Kind, Slot};
use super::scan::{BYTES, int};
use super::unknown::Unknown;
use crate::codec::canonical::{put_bytes, put_long};
use crate::model::UndecodableReason::{self, Malformed};

/// An entry of a map: its key among the keys, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    key: (usize, usize),
    payload: (usize, usize),
}

impl Walk<'_> {
    /// The values from `from` to `to` as an array of one block.
    pub(super) fn items(&mut self, slot: &Slot, (from, to): (usize, usize)) -> Result<(), UndecodableReason> {
        let mut count = 0;
        for at in from..to {
            let found = self.m.found[at];
            count += if found.packed {
                self.count(slot, found.payload)?
            } else {
                1
            };
        }
        self.put_count(count);
        for at in from..to {
            let found = self.m.found[at];
            match slot.message() {
                Some(message) => {
                    let first = self.m.spans.len();
                    self.m.spans.push(found.payload);
                    self.part(slot.kind, message, false, first)?;
                }
                None if found.packed => self.packed(slot, found.payload)?,
                None => self.scalar(slot.kind, false, found.payload)?,
            }
        }
        if count > 0 {
            self.out.push(0);
        }
        Ok(())
    }

    fn put_count(&mut self, count: usize) {
        put_long(self.out, i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// How many values are packed in a span. Those that a closed enum has not are unknown fields.
    fn count(&mut self, slot: &Slot, (start, end): (usize, usize)) -> Result<usize, UndecodableReason> {
        match slot.kind.wire() {
            0 => {}
            wire => {
                let size = if wire == 1 { 8 } else { 4 };
                let whole = (end - start) % size == 0;
                return if whole {
                    Ok((end - start) / size)
                } else {
                    Err(Malformed)
                };
            }
        }
        let (mut at, mut count) = (start, 0);
        while at < end {
            // A varint that goes on behind the span is no varint of the record's end.
            let next = self.varint_in(at, end)?.1;
            let held = match slot.kind {
                Kind::Enum(symbols) => self.is_value(symbols, (at, next))?,
                _ => true,
            };
            if held {
                count += 1;
            } else {
                self.m.unknown.push(Unknown::new(slot.number, 0, (at, next)));
            }
            at = next;
        }
        Ok(count)
    }

    fn varint_in(&self, at: usize, end: usize) -> Result<(u64, usize), UndecodableReason> {
        super::scan::varint(self.input, at, end)?.ok_or(Malformed)
    }

    fn packed(&mut self, slot: &Slot, (start, end): (usize, usize)) -> Result<(), UndecodableReason> {
        if matches!(slot.kind, Kind::Float | Kind::Double) {
            self.out.extend_from_slice(&self.input[start..end]);
            return Ok(());
        }
        let mut at = start;
        while at < end {
            let next = match slot.kind.wire() {
                0 => self.varint_in(at, end)?.1,
                1 => at + 8,
                _ => at + 4,
            };
            let skipped = match slot.kind {
                Kind::Enum(symbols) => !self.is_value(symbols, (at, next))?,
                _ => false,
            };
            if !skipped {
                self.scalar(slot.kind, false, (at, next))?;
            }
            at = next;
        }
        Ok(())
    }

    /// The entries from `from` to `to` as a map: of a key the last one, in the order of the keys. An entry with more than a
    /// key and a value that the schema knows is an unknown field of the message.
    pub(super) fn map(&mut self, slot: &Slot, entry: u32, (from, to): (usize, usize)) -> Result<(), UndecodableReason> {
        let layouts = self.layouts;
        let layout = &layouts.messages[entry as usize];
        let (keys, entries) = (self.m.keys.len(), self.m.entries.len());
        for at in from..to {
            let payload = self.m.found[at].payload;
            let (found, unknown) = (self.m.found.len(), self.m.unknown.len());
            self.scan(layout, payload, 0)?;
            if self.m.unknown.len() > unknown {
                self.m.unknown.truncate(unknown);
                self.m.unknown.push(Unknown::new(slot.number, BYTES, payload));
            } else {
                let start = self.m.keys.len();
                let mut written = self.m.found[found..].iter().filter(|found| found.place == 0);
                let key = written.next_back().map(|found| found.payload);
                self.put_key(layout.fields[0].kind, key)?;
                self.m.entries.push(Entry {
                    key: (start, self.m.keys.len()),
                    payload,
                });
            }
            self.m.found.truncate(found);
        }
        let (all, text) = (&mut self.m.entries, &self.m.keys);
        let key = |entry: &Entry| &text[entry.key.0..entry.key.1];
        all[entries..].sort_unstable_by(|a, b| key(a).cmp(key(b)).then(b.payload.0.cmp(&a.payload.0)));
        // Of one key the last stands first now.
        let mut kept = entries;
        for at in entries..all.len() {
            if kept == entries || key(&all[kept - 1]) != key(&all[at]) {
                all[kept] = all[at];
                kept += 1;
            }
        }
        all.truncate(kept);
        self.put_count(kept - entries);
        for at in entries..kept {
            let Entry {
                key: (start, end),
                payload,
            } = self.m.entries[at];
            put_bytes(self.out, &self.m.keys[start..end]);
            self.entry(slot, entry, payload)?;
        }
        if kept > entries {
            self.out.push(0);
        }
        self.m.entries.truncate(entries);
        self.m.keys.truncate(keys);
        Ok(())
    }

    /// The value of an entry.
    fn entry(&mut self, slot: &Slot, entry: u32, payload: (usize, usize)) -> Result<(), UndecodableReason> {
        let layouts = self.layouts;
        let found = self.m.found.len();
        self.scan(&layouts.messages[entry as usize], payload, 0)?;
        let values = self.m.found[found..].iter().filter(|found| found.place == 1);
        match slot.message() {
            Some(message) => {
                let first = self.m.spans.len();
                self.m.spans.extend(values.map(|found| found.payload));
                self.part(slot.kind, message, false, first)?;
            }
            None => match values.map(|found| found.payload).next_back() {
                Some(payload) => self.scalar(slot.kind, false, payload)?,
                None => super::build::put_zero(self.out, slot.kind, layouts),
            },
        }
        self.m.found.truncate(found);
        Ok(())
    }

    /// Appends a key as text: numbers in decimal, `true` and `false`.
    fn put_key(&mut self, kind: Kind, payload: Option<(usize, usize)>) -> Result<(), UndecodableReason> {
        let (start, end) = payload.unwrap_or_default();
        let bytes = &self.input[start..end];
        if kind == Kind::Text {
            self.m.keys.extend_from_slice(bytes);
            return Ok(());
        }
        let raw = match (payload, kind.wire()) {
            (None, _) => 0,
            (_, 0) => self.varint(start, end)?.0,
            (_, 1) => u64::from_le_bytes(bytes.try_into().map_err(|_| Malformed)?),
            _ => u64::from(u32::from_le_bytes(bytes.try_into().map_err(|_| Malformed)?)),
        };
        let text = match kind {
            Kind::Bool => (raw != 0).to_string(),
            Kind::Uint64 | Kind::Fixed64 => raw.to_string(),
            Kind::Uint32 | Kind::Fixed32 => int(raw).cast_unsigned().to_string(),
            Kind::Int64 | Kind::Sfixed64 => raw.cast_signed().to_string(),
            Kind::Sint64 => crate::codec::canonical::unzigzag(raw).to_string(),
            Kind::Sint32 => {
                let raw = u64::from(int(raw).cast_unsigned());
                crate::codec::canonical::unzigzag(raw).to_string()
            }
            _ => int(raw).to_string(),
        };
        self.m.keys.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
