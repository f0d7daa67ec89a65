//! Durations, sizes, rates and exact decimals as people write them.

/// Units of durations, in milliseconds, largest first.
const UNITS: [(&str, i64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Units of time tolerances: seconds of a unit, and the power of ten that makes milliseconds of these.
const TIME_UNITS: [(&str, u128, i32); 7] = [
    ("ns", 1, -6),
    ("us", 1, -3),
    ("ms", 1, 0),
    ("s", 1, 3),
    ("m", 60, 3),
    ("h", 3_600, 3),
    ("d", 86_400, 3),
];

/// Milliseconds of `30s`, `1m`, `1h30m`, `500ms`, `7d`; `0` needs no unit.
pub(super) fn duration(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (_, factor) = UNITS.into_iter().find(|(unit, _)| *unit == &rest[..letters])?;
        total = total.checked_add(count.checked_mul(factor)?)?;
        rest = &rest[letters..];
    }
    (!text.is_empty()).then_some(total)
}

/// A duration as it would be written: `90s` is `1m30s`.
#[must_use]
pub fn written_duration(ms: i64) -> String {
    if ms <= 0 {
        return format!("{ms}ms");
    }
    let mut rest = ms;
    let mut text = String::new();
    for (unit, factor) in UNITS {
        let count = rest / factor;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
            rest -= count * factor;
        }
    }
    text
}

/// Bytes of `256MiB`, `64KiB`, `1GiB`, `500MB`, `4096`.
pub(super) fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let count: u64 = text[..digits].parse().ok()?;
    let factor: u64 = match text[digits..].trim_start() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    count.checked_mul(factor)
}

/// A fraction: `1e-4`, `0.01`, `1%`.
pub(super) fn rate(text: &str) -> Option<f64> {
    let exact = match text.strip_suffix('%') {
        Some(percent) => shifted(&decimal(percent)?, -2)?,
        None => decimal(text)?,
    };
    let value: f64 = exact.parse().ok()?;
    (value.is_finite() && value >= 0.0).then_some(value)
}

/// An exact decimal without sign and exponent: `1e-2` is `0.01`, `.5` is `0.5`.
pub(super) fn decimal(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    place_point(
        &format!("{whole}{fraction}"),
        i32::try_from(whole.len()).ok()?.checked_add(exponent)?,
    )
}

/// A decimal times a power of ten.
fn shifted(exact: &str, by: i32) -> Option<String> {
    let (whole, fraction) = exact.split_once('.').unwrap_or((exact, ""));
    place_point(
        &format!("{whole}{fraction}"),
        i32::try_from(whole.len()).ok()?.checked_add(by)?,
    )
}

/// The point behind so many digits, zeros where they are needed and nowhere else.
fn place_point(digits: &str, point: i32) -> Option<String> {
    // No number that anybody means has more places.
    if !(-60..=60).contains(&point) || digits.len() > 60 {
        return None;
    }
    let (whole, fraction) = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => (format!("{digits}{}", "0".repeat(point - digits.len())), String::new()),
        Ok(point) => (digits[..point].to_owned(), digits[point..].to_owned()),
        Err(_) => {
            let zeros = usize::try_from(point.unsigned_abs()).ok()?;
            (String::new(), format!("{}{digits}", "0".repeat(zeros)))
        }
    };
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    Some(match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    })
}

/// A fraction of a value as an exact decimal: `1%` and `0.01` are both `0.01`.
#[must_use]
pub fn relative(text: &str) -> Option<String> {
    match text.strip_suffix('%') {
        Some(percent) => shifted(&decimal(percent)?, -2),
        None => decimal(text),
    }
}

/// A difference in time as a decimal of milliseconds, in which times travel: `5us` is `0.005`.
pub(super) fn time_difference(text: &str) -> Option<String> {
    let letters = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (_, factor, places) = TIME_UNITS.into_iter().find(|(unit, _, _)| *unit == &text[letters..])?;
    let count = decimal(&text[..letters])?;
    if factor == 1 {
        return shifted(&count, places);
    }
    // Whole minutes, hours and days only: nobody tolerates half a day.
    let count: u128 = count.parse().ok()?;
    shifted(&count.checked_mul(factor)?.to_string(), places)
}

/// Inclusive ranges of partitions: `0-3,7`.
pub(super) fn partitions(text: &str) -> Option<Vec<(u32, u32)>> {
    text.split(',')
        .map(|range| {
            let (first, last) = range.trim().split_once('-').unwrap_or((range.trim(), range.trim()));
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some((first, last))
        })
        .collect()
}

/// Schema ids: `17` or `17,18`.
pub(super) fn ids(text: &str) -> Option<Vec<u32>> {
    text.split(',').map(|id| id.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{decimal, duration, partitions, rate, relative, size, time_difference, written_duration};

    #[test]
    fn durations() {
        for (text, ms) in [
            ("30s", Some(30_000)),
            ("1m", Some(60_000)),
            ("7d", Some(604_800_000)),
            ("1h30m", Some(5_400_000)),
            ("500ms", Some(500)),
            ("0", Some(0)),
            ("0s", Some(0)),
            ("", None),
            ("30", None),
            ("30 s", None),
            ("-5s", None),
            ("1.5h", None),
            ("9999999999999d", None),
            ("5parsecs", None),
        ] {
            assert_eq!(duration(text), ms, "{text}");
        }
        for ms in [1, 999, 1_000, 90_000, 5_400_000, 604_800_000] {
            assert_eq!(duration(&written_duration(ms)), Some(ms));
        }
    }

    #[test]
    fn sizes_and_rates() {
        for (text, bytes) in [
            ("256MiB", Some(256 << 20)),
            ("1GB", Some(1_000_000_000)),
            ("4096", Some(4096)),
            ("1 GiB", Some(1 << 30)),
            ("MiB", None),
            ("1XB", None),
            ("99999999999TiB", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
        for (text, value) in [
            ("1e-4", Some(1e-4)),
            ("0.01", Some(0.01)),
            ("1%", Some(0.01)),
            ("0", Some(0.0)),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("1e999", None),
        ] {
            assert_eq!(rate(text), value, "{text}");
        }
    }

    #[test]
    fn exact_decimals() {
        for (text, exact) in [
            ("0.01", Some("0.01")),
            ("1e-2", Some("0.01")),
            (".5", Some("0.5")),
            ("5.", Some("5")),
            ("007.500", Some("7.5")),
            ("1e3", Some("1000")),
            ("12.34e1", Some("123.4")),
            ("0", Some("0")),
            ("-1", None),
            ("", None),
            (".", None),
            ("1e", None),
        ] {
            assert_eq!(decimal(text).as_deref(), exact, "{text}");
        }
        assert_eq!(relative("1%").as_deref(), Some("0.01"));
        assert_eq!(relative("0.5%").as_deref(), Some("0.005"));
        assert_eq!(relative("100%").as_deref(), Some("1"));
        for (text, millis) in [
            ("5ms", Some("5")),
            ("1.5us", Some("0.0015")),
            ("1ns", Some("0.000001")),
            ("2s", Some("2000")),
            ("1m", Some("60000")),
            ("5", None),
            ("ms", None),
        ] {
            assert_eq!(time_difference(text).as_deref(), millis, "{text}");
        }
    }

    #[test]
    fn partition_ranges() {
        assert_eq!(partitions("0-3,7"), Some(vec![(0, 3), (7, 7)]));
        assert_eq!(partitions("3-0"), None);
        assert_eq!(partitions("x"), None);
    }
}
