//! Every cut of a valid record, and every byte appended to one, is another outcome; the same value in other bytes is not.

use crosscheck::model::{Side, UndecodableReason};

use super::build::{one, reducer, settings, unhex};
use super::table::rows;

#[test]
fn no_cut_and_no_byte_more_equals_the_whole() {
    for row in rows().filter(|row| !row.expect.starts_with('!') && row.rules.is_empty()) {
        let whole = unhex(row.bytes);
        let mut reducer = reducer(Side::Baseline, settings(), row.writer, row.contract);
        let digest = one(&mut reducer, &whole).unwrap().digest;
        for cut in 0..whole.len() {
            let found = one(&mut reducer, &whole[..cut]);
            assert!(found.is_err(), "{} cut at {cut}", row.name);
        }
        for byte in 0..=255 {
            let longer = [whole.as_slice(), &[byte]].concat();
            assert_eq!(
                one(&mut reducer, &longer),
                Err(UndecodableReason::Trailing),
                "{} and {byte}",
                row.name
            );
        }
        assert_eq!(one(&mut reducer, &whole).unwrap().digest, digest, "{}", row.name);
    }
}

#[test]
fn no_changed_byte_is_a_panic() {
    for row in rows() {
        let whole = unhex(row.bytes);
        let mut reducer = reducer(Side::Canary, settings(), row.writer, row.contract);
        for at in 0..whole.len() {
            for byte in 0..=255 {
                let mut other = whole.clone();
                other[at] = byte;
                let _ = one(&mut reducer, &other);
            }
        }
    }
}
