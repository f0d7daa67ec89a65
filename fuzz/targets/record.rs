//! A record under two schemas as they are written, apart by zeros: `WRITER 0 CONTRACT 0 BYTES`. Begins with the vectors.

use crosscheck::codec::Schema;

use super::walk::check;
use crate::seeds;

pub fn run(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == 0);
    let (Some(writer), Some(contract), Some(record)) = (parts.next(), parts.next(), parts.next()) else {
        return;
    };
    let parse = |bytes: &[u8]| Schema::parse(std::str::from_utf8(bytes).ok()?).ok();
    if let (Some(writer), Some(contract)) = (parse(writer), parse(contract)) {
        check(&writer, &contract, record);
    }
}

pub fn seeds(write: &mut dyn FnMut(&[u8])) {
    for (writer, contract, record) in seeds::vectors() {
        write(&[writer.as_bytes(), &[0], contract.as_bytes(), &[0], &record].concat());
    }
}
