//! What happened in a run, as one number: the same seed gives the same one.

/// A running hash (FNV-1a) of everything that was done and seen; told line by line where somebody looks.
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
        for byte in at_ms.to_le_bytes().iter().chain(what.as_bytes()) {
            self.byte(*byte);
        }
        for number in numbers {
            number.to_le_bytes().into_iter().for_each(|byte| self.byte(byte));
        }
        if self.told {
            println!("{at_ms} {what} {numbers:?}");
        }
    }

    fn byte(&mut self, byte: u8) {
        self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }

    pub fn hash(&self) -> u64 {
        self.hash
    }
}
