//! Schemas as registries and files give them, with others that they refer to behind zeros. What is parsed is parsed again
//! from what it says of itself, as the same.

use crosscheck::codec::Schema;

use crate::seeds;

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parts = text.split('\0');
    let Some(first) = parts.next() else { return };
    let references: Vec<String> = parts.map(str::to_owned).collect();
    if let Ok(schema) = Schema::parse_with_references(first, &references) {
        let Ok(again) = Schema::parse(schema.json()) else {
            panic!("what it says of itself is no schema");
        };
        assert_eq!(schema.digest(), again.digest());
        assert_eq!(schema.fingerprint64(), again.fingerprint64());
        assert_eq!(schema.name(), again.name());
    }
}

pub fn seeds(write: &mut dyn FnMut(&[u8])) {
    for (writer, contract, _) in seeds::vectors() {
        write(writer.as_bytes());
        if contract != writer {
            write(contract.as_bytes());
        }
    }
    seeds::files("benches/data").iter().for_each(|bytes| write(bytes));
    write(b"{\"type\":\"array\",\"items\":\"a.B\"}\0{\"type\":\"enum\",\"name\":\"a.B\",\"symbols\":[\"S\"]}");
}
