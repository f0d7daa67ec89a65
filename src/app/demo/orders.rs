//! The orders: which ones there are is a function of their number, so that every pipeline can be told wrong or right.

use serde::{Deserialize, Serialize};

/// How much event time the orders cover.
pub const SPAN_MS: i64 = 20 * 60 * 1000;
/// Orders are created up to this much out of order.
const JITTER_MS: u64 = 2_000;
/// About this many orders are paid in the new currency, however many there are.
const FRANCS: u64 = 128;

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its identity.
    pub order_id: String,
    /// When, in milliseconds since the epoch.
    pub created_at: i64,
    /// Whose.
    pub customer_id: i64,
    /// Where it goes to.
    pub country: String,
    /// What it is paid in.
    pub currency: String,
    /// What was ordered.
    pub lines: Vec<Line>,
}

impl Order {
    /// Its number, which its name tells.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.order_id.strip_prefix("o-")?.parse().ok()
    }
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What.
    pub sku: String,
    /// How many.
    pub quantity: i32,
    /// For how much each, in hundredths of the currency.
    pub price_minor: i64,
}

/// All orders of a demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Book {
    /// Event time of the first.
    pub start_ms: i64,
    /// How many.
    pub records: u64,
}

impl Book {
    /// The order of a number. The same number gives the same order, always.
    #[must_use]
    pub fn order(&self, number: u64) -> Order {
        let dice = mix(number);
        let (country, currency) = if number % self.share(FRANCS) == 3 {
            ("CH", "CHF")
        } else {
            pick(dice, &PLACES)
        };
        let lines = (0..1 + (dice >> 8) % 3).map(|line| {
            let dice = mix(dice.wrapping_add(line));
            Line {
                sku: format!("sku-{:04}", dice % 2_000),
                quantity: small(1 + (dice >> 16) % 4),
                price_minor: i64::from(small(199 + (dice >> 24) % 20_000)),
            }
        });
        Order {
            order_id: format!("o-{number:08}"),
            created_at: self.created_at(number, dice),
            customer_id: i64::from(small(10_000 + (dice >> 12) % 50_000)),
            country: country.to_owned(),
            currency: currency.to_owned(),
            lines: lines.collect(),
        }
    }

    /// Every how many orders something happens that happens about `times` in all.
    #[must_use]
    pub fn share(&self, times: u64) -> u64 {
        (self.records / times).max(1)
    }

    fn created_at(&self, number: u64, dice: u64) -> i64 {
        let span = SPAN_MS.unsigned_abs().saturating_sub(JITTER_MS);
        let even = u128::from(span) * u128::from(number) / u128::from(self.records.max(1));
        let offset = u64::try_from(even)
            .unwrap_or(span)
            .saturating_add((dice >> 32) % JITTER_MS);
        self.start_ms.saturating_add_unsigned(offset)
    }
}

const PLACES: [(&str, &str); 8] = [
    ("DE", "EUR"),
    ("FR", "EUR"),
    ("NL", "EUR"),
    ("US", "USD"),
    ("US", "USD"),
    ("CA", "USD"),
    ("GB", "GBP"),
    ("JP", "USD"),
];

fn pick<T: Copy>(dice: u64, from: &[T; 8]) -> T {
    let index = usize::try_from(dice % 8).unwrap_or(0);
    from[index]
}

fn small(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Spreads a number over 64 bits (SplitMix64).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_stay_in_their_span_and_nearly_in_order() {
        let book = Book {
            start_ms: 1_000_000,
            records: 3_000,
        };
        let mut newest = 0;
        for number in 0..book.records {
            let order = book.order(number);
            assert_eq!(order, book.order(number));
            let age = order.created_at - book.start_ms;
            assert!((0..SPAN_MS).contains(&age), "{number}: {age}");
            assert!(newest - order.created_at < 2_000, "{number}");
            newest = newest.max(order.created_at);
        }
    }
}
