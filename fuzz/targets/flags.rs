//! Values of the flags of a bounded run, and paths: `LETTER VALUE`, a line each.

use crosscheck::config::{ReconcileFlags, request_from};
use crosscheck::model::Path;

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut flags = ReconcileFlags {
        baseline: Some("a.avro".to_owned()),
        canary: Some("b.avro".to_owned()),
        ..ReconcileFlags::default()
    };
    for line in text.lines() {
        let mut letters = line.chars();
        let Some(letter) = letters.next() else { continue };
        let value = letters.as_str().to_owned();
        if let Ok(path) = Path::parse(&value) {
            assert_eq!(
                Path::parse(&path.to_string()),
                Ok(path),
                "a path as it is written is the same path"
            );
        }
        match letter {
            'b' => flags.baseline = Some(value),
            'c' => flags.canary = Some(value),
            'i' => flags.identity.push(value),
            'n' => flags.names = Some(value),
            'g' => flags.ignore.push(value),
            'o' => flags.only.push(value),
            'u' => flags.unordered.push(value),
            'm' => flags.map.push(value),
            't' => flags.tolerance.push(value),
            'r' => flags.rename.push(value),
            's' => flags.select.push(value),
            'f' => flags.format.push(value),
            'F' => flags.framing.push(value),
            'R' => flags.registry.push(value),
            'e' => flags.event_time.push(value),
            '<' => flags.from.push(value),
            '>' => flags.to.push(value),
            'X' => flags.properties.push(value),
            'w' => flags.window = Some(value),
            'l' => flags.lateness = Some(value),
            'G' => flags.grace = Some(value),
            'h' => flags.held_max_bytes = Some(value),
            'B' => flags.budget.push(value),
            'C' => flags.contract = Some(value),
            'S' => flags.show.push(value),
            _ => {}
        }
    }
    if let Err(error) = request_from(&flags, None) {
        assert!(!error.to_string().is_empty());
    }
}

pub fn seeds(write: &mut dyn FnMut(&[u8])) {
    write(b"ifield:order.id\nefield:time\nl1m\nG30s\nw30s\ngprocessed_at\ntprice=0.01\n");
    write(b"bkafka://a:9092,b/orders\nckafka://c/orders\nikey\netimestamp\n<beginning\n>-1h\nFbaseline=confluent\nRhttp://r:8081\n");
    write(b"sheader:h=v\nspartition:0-3\nsschema:1,2\nBmismatched=1e-4\nB0.01%\nh256MiB\nra=b\nnentity\nXcanary=security.protocol=ssl\n");
    write(b"ometa.id\noamount\nuitems[*].tags\nmcountry=US:USA\ngnote when header:source=batch\ntamount=1 when field:c=JPY\n");
    write(b"t a.b=1%\nt a=5ms\nSa\\.b[*].c{*}\n<2024-01-01T00:00:00Z\n>100\nCs:1\n");
}
