//! Primitive encoders and readers of the canonical form, and the bytes that mark its tagged parts.

/// In the tagged form: the value follows as the contract's type.
pub(super) const HELD: u8 = 0;
/// In the tagged form: a field of the contract that the writer's schema lacks.
pub(super) const ABSENT: u8 = 1;
/// In the tagged form: a value of a type that the contract cannot hold.
pub(super) const FOREIGN: u8 = 2;
/// In the tagged form: an enum symbol outside the contract.
pub(super) const SYMBOL: u8 = 3;
/// Where a record is shown, before the default of a field that the writer's schema lacks; never in a digest.
pub(super) const FILLED: u8 = 4;

/// The one NaN of a float.
pub(super) const NAN32: [u8; 4] = 0x7fc0_0000_u32.to_le_bytes();
/// The one NaN of a double.
pub(super) const NAN64: [u8; 8] = 0x7ff8_0000_0000_0000_u64.to_le_bytes();

/// Appends a base-128 varint.
pub(super) fn put_raw(out: &mut Vec<u8>, mut raw: u64) {
    while raw >= 0x80 {
        out.push((raw & 0x7f) as u8 | 0x80);
        raw >>= 7;
    }
    out.push((raw & 0x7f) as u8);
}

/// Appends an Avro int or long: zigzag, base 128, minimal.
pub(super) fn put_long(out: &mut Vec<u8>, value: i64) {
    put_raw(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// Appends Avro bytes or text.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_long(out, i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    out.extend_from_slice(bytes);
}

pub(super) fn unzigzag(raw: u64) -> i64 {
    (raw >> 1).cast_signed() ^ -(raw & 1).cast_signed()
}

/// Float bytes with the one NaN.
pub(super) fn float_bytes(value: f32) -> [u8; 4] {
    if value.is_nan() { NAN32 } else { value.to_le_bytes() }
}

/// Double bytes with the one NaN.
pub(super) fn double_bytes(value: f64) -> [u8; 8] {
    if value.is_nan() { NAN64 } else { value.to_le_bytes() }
}

/// A reader of bytes that are canonical already. `None` where they are not what was expected, which cannot be.
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub fn long(&mut self) -> Option<i64> {
        let mut raw = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                return None;
            }
            raw |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(unzigzag(raw));
            }
        }
        None
    }

    pub fn size(&mut self) -> Option<usize> {
        usize::try_from(self.long()?).ok()
    }

    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let size = self.size()?;
        self.take(size)
    }
}

/// The two's complement without bytes that only repeat the sign; never empty.
pub(super) fn minimal(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [first, second, ..] = rest {
        if (*first == 0 && *second < 0x80) || (*first == 0xff && *second >= 0x80) {
            rest = &rest[1..];
        } else {
            break;
        }
    }
    if rest.is_empty() { &[0] } else { rest }
}

/// The text of a UUID: lower case, with hyphens.
pub(super) fn uuid_text(bytes: &[u8; 16]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = b"0123456789abcdef"[usize::from(byte >> 4)];
        text[at + 1] = b"0123456789abcdef"[usize::from(byte & 15)];
        at += 2;
    }
    text
}

/// The UUID of a text in exactly that form.
pub(super) fn text_uuid(text: &[u8]) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.try_into().ok()?;
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 16];
    let mut at = 0;
    for (i, byte) in bytes.iter_mut().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            if text[at] != b'-' {
                return None;
            }
            at += 1;
        }
        *byte = digit(text[at])? << 4 | digit(text[at + 1])?;
        at += 2;
    }
    Some(bytes)
}
