//! What happened in a run, as one number: the same seed gives the same one.

/// A running hash of everything that was done and seen; told line by line where somebody looks.
pub struct Trace {
    hash: u64,
    told: bool,
}

impl Trace {
    pub fn new(told: bool) -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            told,
        }
    }

    pub fn note(&mut self, at_ms: i64, what: &str, numbers: &[i64]) {
        self.word(at_ms.cast_unsigned());
        what.bytes().for_each(|byte| self.word(u64::from(byte)));
        numbers.iter().for_each(|number| self.word(number.cast_unsigned()));
        if self.told {
            println!("{at_ms} {what} {numbers:?}");
        }
    }

    fn word(&mut self, word: u64) {
        let product = (self.hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // A multiplication alone carries upwards only.
        self.hash = product ^ (product >> 29);
    }

    pub fn hash(&self) -> u64 {
        self.hash
    }
}
