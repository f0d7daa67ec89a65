//! The bytes of a state that is stored with the window it used: small, and the same number to the last bit.
//!
//! JSON would round the accounts, and a verdict after a restart would not be the one before. Whole numbers are LEB128
//! (dwarfstd.org, DWARF 5 section 7.6), real ones their eight bytes.

use super::Fault;

pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub fn new(format: u8) -> Self {
        Writer(vec![format])
    }

    pub fn whole(mut self, mut number: u128) -> Self {
        loop {
            let low = (number & 0x7f) as u8;
            number >>= 7;
            if number == 0 {
                self.0.push(low);
                return self;
            }
            self.0.push(low | 0x80);
        }
    }

    pub fn real(mut self, number: f64) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    pub fn reals(self, numbers: &[f64]) -> Self {
        numbers.iter().fold(self, |writer, number| writer.real(*number))
    }

    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// # Errors
    /// Where the bytes are of another format.
    pub fn new(bytes: &'a [u8], format: u8) -> Result<Self, Fault> {
        match bytes.split_first() {
            Some((first, rest)) if *first == format => Ok(Reader(rest)),
            _ => Err(Fault::State),
        }
    }

    pub fn wide(&mut self) -> Result<u128, Fault> {
        let mut number = 0_u128;
        for shift in (0..128).step_by(7) {
            let (first, rest) = self.0.split_first().ok_or(Fault::State)?;
            self.0 = rest;
            let bits = u128::from(first & 0x7f);
            if bits << shift >> shift != bits {
                return Err(Fault::State);
            }
            number |= bits << shift;
            if first & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Fault::State)
    }

    pub fn whole(&mut self) -> Result<u64, Fault> {
        u64::try_from(self.wide()?).map_err(|_| Fault::State)
    }

    /// A number that is not NaN.
    pub fn real(&mut self) -> Result<f64, Fault> {
        let (bytes, rest) = self.0.split_first_chunk::<8>().ok_or(Fault::State)?;
        self.0 = rest;
        let number = f64::from_le_bytes(*bytes);
        if number.is_nan() { Err(Fault::State) } else { Ok(number) }
    }

    pub fn reals(&mut self, count: usize) -> Result<Vec<f64>, Fault> {
        (0..count).map(|_| self.real()).collect()
    }

    /// # Errors
    /// Where bytes are left.
    pub fn end(self) -> Result<(), Fault> {
        if self.0.is_empty() { Ok(()) } else { Err(Fault::State) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let wholes = [0, 1, 127, 128, u128::from(u64::MAX), u128::MAX];
        let reals = [0.0, -0.0, f64::NEG_INFINITY, f64::MIN_POSITIVE, 0.1];
        let bytes = wholes
            .iter()
            .fold(Writer::new(7), |writer, number| writer.whole(*number))
            .reals(&reals)
            .done();
        let mut reader = Reader::new(&bytes, 7).unwrap();
        for number in wholes {
            assert_eq!(reader.wide().unwrap(), number);
        }
        for (got, expect) in reader.reals(reals.len()).unwrap().iter().zip(reals) {
            assert_eq!(got.to_bits(), expect.to_bits());
        }
        reader.end().unwrap();
    }

    #[test]
    fn other_bytes_are_refused() {
        assert!(Reader::new(&[], 1).is_err());
        assert!(Reader::new(&[2], 1).is_err());
        assert!(Reader::new(&[1], 1).unwrap().whole().is_err());
        assert!(Reader::new(&[1, 0x80], 1).unwrap().whole().is_err());
        // More than 128 bits, and more than 64 where 64 are meant.
        assert!(
            Reader::new(&[&[1][..], &[0xff; 19]].concat(), 1)
                .unwrap()
                .wide()
                .is_err()
        );
        assert!(
            Reader::new(&[&[1][..], &[0xff; 10], &[1]].concat(), 1)
                .unwrap()
                .whole()
                .is_err()
        );
        let nan = Writer::new(1).real(f64::NAN).done();
        assert!(Reader::new(&nan, 1).unwrap().real().is_err());
        assert!(Reader::new(&[1, 5], 1).unwrap().end().is_err());
    }
}
