//! What the canary does wrong, and to which orders: a function of the order's number and time.

use super::orders::{Book, Order, SPAN_MS};

/// Share of the event time, in percent, at either end of which nothing goes wrong: edges are not evidence.
const CALM_PERCENT: i64 = 15;
/// About this many orders are dropped, however many there are.
const DROPPED: u64 = 28;
/// About this many orders are sent twice.
const TWICE: u64 = 21;
/// The currency that the canary rounds down.
const MISROUNDED: &str = "CHF";

/// What happens to an order on its way through the canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its total is rounded down; that may or may not be wrong.
    Misrounded,
    /// It is never sent.
    Dropped,
    /// It is sent two times.
    Twice,
}

/// Whether faults are injected, and where.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    book: Book,
    healthy: bool,
}

impl Faults {
    /// Faults in a book of orders; none in a healthy demo.
    #[must_use]
    pub fn new(book: Book, healthy: bool) -> Self {
        Self { book, healthy }
    }

    /// What is to happen to an order, at most one thing.
    #[must_use]
    pub fn of(&self, number: u64, order: &Order) -> Option<Fault> {
        let calm = SPAN_MS / 100 * CALM_PERCENT;
        let age = order.created_at.saturating_sub(self.book.start_ms);
        if self.healthy || !(calm..SPAN_MS - calm).contains(&age) {
            return None;
        }
        if order.currency == MISROUNDED {
            return Some(Fault::Misrounded);
        }
        if number % self.book.share(DROPPED) == 7 {
            return Some(Fault::Dropped);
        }
        (number % self.book.share(TWICE) == 11).then_some(Fault::Twice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_some_of_each_and_not_too_many() {
        for records in [2_000, 3_000, 20_000, 123_457] {
            let book = Book { start_ms: 0, records };
            let faults = Faults::new(book, false);
            let count = |fault| {
                let of = |number: &u64| faults.of(*number, &book.order(*number)) == Some(fault);
                (0..records).filter(of).count()
            };
            let counts = [Fault::Misrounded, Fault::Dropped, Fault::Twice].map(count);
            assert!(
                counts.iter().all(|count| (10..100).contains(count)),
                "{records}: {counts:?}"
            );
            let healthy = Faults::new(book, true);
            assert!((0..records).all(|number| healthy.of(number, &book.order(number)).is_none()));
        }
    }
}
