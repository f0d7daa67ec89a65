//! How many records must be looked at before a thing can be seen at all (`docs/statistics.md` section 5).

/// Records after which at least one bad one is seen with probability `power`, where each is bad with `rate`:
/// ceil(ln(1 − power) / ln(1 − rate)). `None` where that is no number.
#[must_use]
pub fn n_see_one(rate: f64, power: f64) -> Option<u64> {
    if !(rate > 0.0 && rate <= 1.0 && (0.0..1.0).contains(&power)) {
        return None;
    }
    let records = (-power).ln_1p() / (-rate).ln_1p();
    // Rates and powers are written in decimals: what is a whole number but for the last bits is meant as one.
    let whole = records.round();
    let records = if (records - whole).abs() <= 1e-13 * whole {
        whole
    } else {
        records.ceil()
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and not below 0; a larger one than 2^64 saturates"
    )]
    Some(records as u64)
}

/// Probability that at least one of `affected` keys is in a sample of the share `fraction` of the keys: 1 − (1 − p)^m.
///
/// The sample is by key: with a fixed salt a key that is not in it is never seen, however long one waits.
#[must_use]
pub fn key_sampling_detection(fraction: f64, affected: u64) -> f64 {
    if affected == 0 || fraction.is_nan() {
        return 0.0;
    }
    -(affected as f64 * (-fraction.clamp(0.0, 1.0)).ln_1p()).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_stay_whole() {
        for (rate, power, expect) in [
            (0.5, 0.75, Some(2)),
            (0.9, 0.99, Some(2)),
            (0.1, 0.19, Some(2)),
            (1.0, 0.9, Some(0)),
            (0.2, 0.0, Some(0)),
            (0.0, 0.9, None),
            (0.1, 1.0, None),
            (f64::NAN, 0.9, None),
        ] {
            assert_eq!(n_see_one(rate, power), expect, "{rate} {power}");
        }
    }

    #[test]
    fn sampling() {
        assert_eq!(key_sampling_detection(0.1, 0), 0.0);
        assert_eq!(key_sampling_detection(1.0, 3), 1.0);
        assert_eq!(key_sampling_detection(f64::NAN, 3), 0.0);
        assert!((key_sampling_detection(0.5, 2) - 0.75).abs() < 1e-15);
    }
}
