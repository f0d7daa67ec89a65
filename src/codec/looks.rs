//! What bytes look like that are not in the format that was named: one sentence, of the first bytes alone.

use super::settings::{Format, Framing, Settings};

/// What a value looks like that cannot be decoded; none where nothing is to be said.
#[must_use]
pub fn looks(settings: &Settings, value: &[u8]) -> Option<&'static str> {
    let (format, framing) = (settings.format, settings.framing);
    let binary = matches!(format, Format::Avro | Format::Protobuf);
    let text = |bytes: &[u8]| {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        matches!(first, Some(b'{' | b'[')) && std::str::from_utf8(bytes).is_ok()
    };
    match value {
        [] => Some("these have no byte: is a tombstone meant?"),
        [0x1f, 0x8b, ..] => Some("these start like gzip: does the producer compress values itself?"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("these start like zstd: does the producer compress values itself?"),
        [b'O', b'b', b'j', 1, ..] => Some("these start like an Avro file: is a whole file in one record?"),
        [0xc3, 0x01, rest @ ..] if rest.len() >= 8 && framing != Framing::SingleObject => {
            Some("these start with 0xC3 0x01 and a fingerprint: format avro, framing single-object?")
        }
        [0, _, _, _, _, rest @ ..] if text(rest) && framing == Framing::Confluent && binary => {
            Some("behind a schema id these look like JSON: format json?")
        }
        [0, _, _, _, _, rest @ ..] if text(rest) && framing != Framing::Confluent => {
            Some("these start with 0x00 and a schema id: format json, framing confluent?")
        }
        [0, _, _, _, _, _, ..] if framing != Framing::Confluent => {
            Some("these start with 0x00 and a schema id: framing confluent?")
        }
        whole if text(whole) && binary => Some("these look like JSON: format json?"),
        whole if text(whole) && framing == Framing::Confluent => {
            Some("these look like JSON without a schema id: framing none?")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_to_try() {
        let of = |format, framing, value: &[u8]| {
            let settings = Settings {
                format,
                framing,
                ..Settings::default()
            };
            looks(&settings, value).unwrap_or_default()
        };
        use Format::{Avro, Json};
        use Framing::{Confluent, None, SingleObject};
        for (format, framing, value, expect) in [
            (Json, None, &b"\0\0\0\0\x07{}"[..], "format json, framing confluent?"),
            (Json, None, b"\0\0\0\0\x07\x02\x04", "schema id: framing confluent?"),
            (
                Avro,
                SingleObject,
                b"\0\0\0\0\x07\x02\x04",
                "schema id: framing confluent?",
            ),
            (Avro, Confluent, b" {\"a\":1}", "format json?"),
            (Avro, Confluent, b"\0\0\0\0\x07[1]", "format json?"),
            (Json, Confluent, b"{\"a\":1}", "framing none?"),
            (Avro, Confluent, b"\xc3\x0112345678x", "single-object?"),
            (Json, None, b"\x1f\x8b\x08", "compress values itself?"),
            (Json, None, b"", "tombstone"),
            (Json, None, b"{\"a\":", ""),
            (Avro, Confluent, b"\0\0\0\0\x07\x02", ""),
        ] {
            let found = of(format, framing, value);
            assert!(
                found.ends_with(expect) || found.contains(expect) && !expect.is_empty(),
                "{found}: {expect}"
            );
            assert_eq!(found.is_empty(), expect.is_empty(), "{found}");
        }
    }
}
