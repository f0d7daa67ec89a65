//! The shortest text of a float or double.

/// The same as people write it: `0.00125`, `-4e22`, `0.0`.
#[must_use]
pub fn readable(value: f64, single: bool) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let mut buffer = ryu::Buffer::new();
    written(&mut buffer, value, single).to_owned()
}

/// Of a number that is finite.
fn written(buffer: &mut ryu::Buffer, value: f64, single: bool) -> &str {
    #[expect(clippy::cast_possible_truncation, reason = "it was widened from a float")]
    if single {
        buffer.format_finite(value as f32)
    } else {
        buffer.format_finite(value)
    }
}

/// The shortest decimal text that reads back as the number, in exponent form without zeros at its ends: `1.25e-3`, `-4e22`, `0e0`.
/// Of the shortest it is the nearest, and of two as near the one whose last digit is even: as JavaScript, Python, Go and Java
/// write it, and what Rust's own text is not. A `single` was widened from a float, and its text is the float's.
#[must_use]
pub fn shortest(value: f64, single: bool) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let mut buffer = ryu::Buffer::new();
    let text = written(&mut buffer, value, single);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    let digits = digits.trim_matches('0');
    let Some((first, rest)) = digits.split_at_checked(1) else {
        return format!("{sign}0e0");
    };
    let signed = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let exponent = exponent.parse().unwrap_or(0_i64) + signed(whole.len()) - signed(zeros) - 1;
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}e{exponent}")
}

#[cfg(test)]
mod tests {
    use super::shortest;

    #[test]
    fn is_that_of_rust_but_for_the_tie() {
        for value in [
            0.0,
            -0.0,
            1.0,
            -1.5,
            0.1,
            1e22,
            1e21,
            123_456.789,
            5e-324,
            f64::MAX,
            100.0,
            1e-7,
            2.5e15,
        ] {
            assert_eq!(shortest(value, false), format!("{value:e}"));
        }
        for value in [0.1_f32, 16_777_216.0, f32::MIN_POSITIVE, 3.4e38, 1e-45] {
            assert_eq!(shortest(f64::from(value), true), format!("{value:e}"));
        }
        // Halfway between .562 and .563, which both read back.
        assert_eq!(shortest(15_071_188_281_736.562, false), "1.5071188281736562e13");
        assert_eq!(shortest(838_869_893_975.281_2, false), "8.388698939752812e11");
        assert_eq!(shortest(f64::NAN, false), "NaN");
    }

    #[test]
    fn reads_back() {
        let mut state = 7_u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = f64::from_bits(state);
            if value.is_finite() {
                let text = shortest(value, false);
                assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
                assert_eq!(text.len(), format!("{value:e}").len(), "{text}");
            }
        }
    }
}
