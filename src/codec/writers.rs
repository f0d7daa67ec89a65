//! Who wrote the records of a side, as a header of theirs says it: counts by its value, bounded.

use std::collections::BTreeMap;

use crate::model::{RecordBatch, RecordRef};

/// Values that are kept, those with the smallest hashes; the others are one.
const KEPT_MAX: usize = 256;
/// Values that are told, those with the most records.
const TOLD_MAX: usize = 16;
/// Characters of a value that is counted for itself.
const CHARS_MAX: usize = 64;
/// Bytes of a character, at most.
const CHAR_BYTES_MAX: usize = 4;

/// Records by who wrote them. What stands in it depends on the records alone, not on their order nor on who counted which: a
/// value that is kept in the end has one of the smallest hashes of every part, so it was kept there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writers {
    /// Selected records; those of dead letter logs are not among them.
    pub records: u64,
    /// Of these, where a header is named, those without it; a null and an empty value are none.
    pub none: u64,
    /// Of these, those whose value is not kept, or not printable text of at most 64 characters.
    other: u64,
    /// By the hash of the value.
    kept: BTreeMap<u64, (Box<str>, u64)>,
}

impl Writers {
    /// Counts records by the last of their headers of this name.
    pub(super) fn count<'a>(
        &mut self,
        name: &str,
        batch: &'a RecordBatch,
        records: impl Iterator<Item = &'a RecordRef>,
    ) {
        let mut last: Option<(&[u8], u64)> = None;
        for record in records {
            let named = batch.headers(record).filter(|(other, _)| *other == name.as_bytes());
            let value = named.last().and_then(|(_, value)| value);
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                self.none += 1;
                continue;
            };
            // Most often it is who wrote the record before.
            if let Some((_, hash)) = last.filter(|(same, _)| *same == value)
                && let Some((_, count)) = self.kept.get_mut(&hash)
            {
                *count += 1;
                continue;
            }
            match told(value) {
                Some(text) => {
                    let hash = hash(text);
                    last = Some((value, hash));
                    self.put(hash, text, 1);
                }
                None => self.other += 1,
            }
        }
    }

    /// Adds what another one counted.
    pub(super) fn add(&mut self, other: &Writers) {
        self.records += other.records;
        self.none += other.none;
        self.other += other.other;
        for (hash, (text, records)) in &other.kept {
            self.put(*hash, text, *records);
        }
    }

    fn put(&mut self, hash: u64, text: &str, records: u64) {
        if let Some((_, own)) = self.kept.get_mut(&hash) {
            *own += records;
            return;
        }
        self.kept.insert(hash, (text.into(), records));
        if self.kept.len() > KEPT_MAX
            && let Some((_, (_, lost))) = self.kept.pop_last()
        {
            self.other += lost;
        }
    }

    /// The values that wrote most, the first with the most records, at most 16; and the records of all others that have one.
    #[must_use]
    pub fn most(&self) -> (Vec<(&str, u64)>, u64) {
        let mut all: Vec<(&str, u64)> = self.kept.values().map(|(text, records)| (&**text, *records)).collect();
        all.sort_by_key(|(text, records)| (std::cmp::Reverse(*records), *text));
        let rest = all.split_off(all.len().min(TOLD_MAX));
        (all, self.other + rest.iter().map(|(_, records)| records).sum::<u64>())
    }
}

/// A value that a report may carry: text of which a terminal obeys nothing, and that is short.
fn told(value: &[u8]) -> Option<&str> {
    if value.len() > CHARS_MAX * CHAR_BYTES_MAX {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?;
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    (text.chars().count() <= CHARS_MAX && !text.chars().any(hidden)).then_some(text)
}

/// The first eight bytes of the BLAKE3 of a value.
fn hash(text: &str) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Header;

    /// Records with these values of `producer`, each beside another header.
    fn batch(values: &[Option<&[u8]>]) -> RecordBatch {
        let mut batch = RecordBatch::new(0);
        for (offset, value) in (0..).zip(values) {
            batch.push_value(offset, b"x");
            let first = u32::try_from(batch.headers.len()).unwrap();
            let (other, secret) = (batch.push_bytes(b"trace"), batch.push_bytes(b"secret"));
            batch.headers.push(Header {
                name: other,
                value: Some(secret),
            });
            if let Some(value) = value {
                let (name, value) = (batch.push_bytes(b"producer"), batch.push_bytes(value));
                batch.headers.push(Header {
                    name,
                    value: Some(value),
                });
            }
            let count = u32::try_from(batch.headers.len()).unwrap() - first;
            batch.records.last_mut().unwrap().headers = (first, count);
        }
        batch
    }

    fn counted(values: &[Option<&[u8]>]) -> Writers {
        let batch = batch(values);
        let mut writers = Writers::default();
        writers.count("producer", &batch, batch.records.iter());
        writers
    }

    #[test]
    fn what_is_no_short_text_is_other_and_what_is_not_there_is_none() {
        let (longest, longer) = ("\u{e4}".repeat(64), "a".repeat(65));
        let endless = vec![b'a'; 1 << 20];
        let writers = counted(&[
            Some(b"v2"),
            Some(b"v1"),
            None,
            Some(b""),
            Some(b"v2"),
            Some(longest.as_bytes()),
            Some(longer.as_bytes()),
            Some(&endless),
            Some(b"\xff\xfe"),
            Some(b"v2\x1b[31m"),
            Some("v2\u{202e}".as_bytes()),
            Some(b"two\nlines"),
        ]);
        assert_eq!(
            writers.most(),
            (vec![("v2", 2), ("v1", 1), (longest.as_str(), 1)], 6),
            "{writers:?}"
        );
        assert_eq!(writers.none, 2);
    }

    #[test]
    fn the_last_header_of_the_name_counts_and_a_null_is_none() {
        let mut batch = batch(&[Some(b"first"), Some(b"first")]);
        let (name, value) = (batch.push_bytes(b"producer"), batch.push_bytes(b"last"));
        for (at, value) in [Some(value), None].into_iter().enumerate() {
            let first = batch.headers.len();
            let (from, count) = batch.records[at].headers;
            batch.headers.extend_from_within(from as usize..(from + count) as usize);
            batch.headers.push(Header { name, value });
            batch.records[at].headers = (u32::try_from(first).unwrap(), count + 1);
        }
        let mut writers = Writers::default();
        writers.count("producer", &batch, batch.records.iter());
        assert_eq!((writers.most(), writers.none), ((vec![("last", 1)], 0), 1));
        let mut nobody = Writers::default();
        nobody.count("Producer", &batch, batch.records.iter());
        assert_eq!((nobody.most().0.len(), nobody.none), (0, 2));
    }

    #[test]
    fn those_with_the_most_records_are_told() {
        let names: Vec<String> = (0..20).map(|number| format!("v{number:02}")).collect();
        let values: Vec<Option<&[u8]>> = (0..20)
            .flat_map(|number| std::iter::repeat_n(Some(names[number].as_bytes()), number + 1))
            .collect();
        let writers = counted(&values);
        let (told, other) = writers.most();
        assert_eq!((told.len(), other), (TOLD_MAX, 1 + 2 + 3 + 4));
        assert_eq!((told[0], told[15]), (("v19", 20), ("v04", 5)));
    }

    /// A header that is another one in every record holds no more than a few, and who counted which does not show.
    #[test]
    fn however_many_there_are_and_whoever_counts_them() {
        let names: Vec<String> = (0..2_000).map(|number| format!("trace-{}", number % 700)).collect();
        let values: Vec<Option<&[u8]>> = names.iter().map(|name| Some(name.as_bytes())).collect();
        let whole = counted(&values);
        assert_eq!(whole.kept.len(), KEPT_MAX);
        let (told, other) = whole.most();
        let of_told: u64 = told.iter().map(|(_, records)| records).sum();
        assert_eq!((told.len(), of_told + other), (TOLD_MAX, 2_000));
        for size in [1, 7, 300, 1_999] {
            let mut parts: Vec<Writers> = values.chunks(size).map(counted).collect();
            let mut sum = Writers::default();
            parts.iter().for_each(|part| sum.add(part));
            assert_eq!(sum, whole, "in pieces of {size}");
            parts.reverse();
            let mut back = Writers::default();
            parts.iter().for_each(|part| back.add(part));
            assert_eq!(back, whole, "in pieces of {size}, from the end");
        }
    }
}
