//! Event times: whole milliseconds since the epoch, rounded down.

use super::plan::Clock;
use super::schema::Unit;

/// The time of a count.
pub(super) fn of_count(clock: Clock, count: i64) -> Option<i64> {
    match clock {
        Clock::Days => count.checked_mul(86_400_000),
        Clock::Count(Unit::Millis) => Some(count),
        Clock::Count(Unit::Micros) => Some(count.div_euclid(1_000)),
        Clock::Count(Unit::Nanos) => Some(count.div_euclid(1_000_000)),
        Clock::Text => None,
    }
}

/// The time of a header: decimal milliseconds or RFC 3339.
pub(super) fn of_header(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()) {
        return text.parse().ok();
    }
    of_text(text)
}

/// The time of an RFC 3339 text.
pub(super) fn of_text(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        digits.iter().try_fold(0, |value, c| {
            c.is_ascii_digit().then(|| value * 10 + i64::from(c - b'0'))
        })
    };
    let is = |at: usize, any: &[u8]| bytes.get(at).is_some_and(|c| any.contains(c));
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let punctuated = is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":");
    // A leap second is taken for the first of the next minute.
    if !punctuated || !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    let (mut at, mut millis) = (19, 0);
    if is(at, b".") {
        at += 1;
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            if at < start + 3 {
                millis = millis * 10 + i64::from(bytes[at] - b'0');
            }
            at += 1;
        }
        (start + 1..=start + 2).for_each(|place| millis *= if at <= place { 10 } else { 1 });
        if at == start {
            return None;
        }
    }
    let offset = if is(at, b"Zz") && bytes.len() == at + 1 {
        0
    } else {
        let (hours, minutes) = (number(at + 1, at + 3)?, number(at + 4, at + 6)?);
        if !is(at, b"+-") || !is(at + 3, b":") || bytes.len() != at + 6 || hours > 23 || minutes > 59 {
            return None;
        }
        (hours * 60 + minutes) * if bytes[at] == b'-' { -1 } else { 1 }
    };
    // Days of the civil calendar, counted in eras of 400 years that begin in March.
    let march_year = if month <= 2 { year - 1 } else { year };
    let era = march_year.div_euclid(400);
    let of_era = march_year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(((days * 24 + hour) * 60 + minute - offset) * 60_000 + second * 1_000 + millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_text() {
        for (text, expect) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("1969-12-31T23:59:59.9999Z", Some(-1)),
            ("2024-02-29t12:00:00.5+01:00", Some(1_709_204_400_500)),
            ("2024-02-29 12:00:00.05-00:30", Some(1_709_209_800_050)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800_000)),
            ("0000-03-01T00:00:00Z", Some(-62_162_035_200_000)),
            ("2023-02-29T00:00:00Z", None),
            ("2024-02-29T12:00:00", None),
            ("2024-02-29T12:00:00.Z", None),
            ("2024-02-29T24:00:00Z", None),
            ("2024-02-29T12:00:00Z ", None),
            ("2024-02-29T12:00:00+0100", None),
            ("", None),
        ] {
            assert_eq!(of_text(text), expect, "{text}");
        }
        let days = |text: &str| of_text(text).map(|ms| ms / 86_400_000);
        assert_eq!(days("2000-03-01T00:00:00Z"), Some(11_017));
        assert_eq!(of_header(b"-12"), Some(-12));
        assert_eq!(of_header(b"12a"), None);
    }
}
