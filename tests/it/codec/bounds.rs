//! Small inputs that ask for much, in one table: each ends with its reason and takes next to no memory.

use std::time::Duration;

use crosscheck::codec::Schema;
use crosscheck::model::UndecodableReason::{self, Bounds, DuplicateKey, Malformed, Truncated, Utf8};
use crosscheck::model::{RecordBatch, Side};

use super::build::{one, reducer, settings, unhex};
use super::memory::peak_of;

/// Beyond what stood before: what a record of any kind may make us allocate, its plan counted.
pub const RECORD_BYTES_MAX: usize = 8 << 20;

/// One of them.
pub struct Bomb {
    pub name: &'static str,
    pub schema: String,
    pub bytes: Vec<u8>,
    pub reason: UndecodableReason,
}

/// A varint of so many bytes.
fn endless(bytes: usize) -> Vec<u8> {
    vec![0xff; bytes]
}

const NULLS: &str = r#"{"type":"array","items":"null"}"#;
const NULL_AND_TEXT: &str = r#"{"type":"record","name":"N","fields":[
    {"name":"n","type":{"type":"array","items":"null"}},{"name":"t","type":"string"}]}"#;
const INTS: &str = r#"{"type":"array","items":"int"}"#;
const TEXTS: &str = r#"{"type":"array","items":"string"}"#;
const EMPTY: &str = r#"{"type":"array","items":{"type":"record","name":"E","fields":[]}}"#;
const ZERO: &str = r#"{"type":"array","items":{"type":"fixed","name":"Z","size":0}}"#;
const NESTED: &str = r#"{"type":"array","items":{"type":"array","items":"null"}}"#;
const MAP: &str = r#"{"type":"map","values":"null"}"#;
const MAPS: &str = r#"{"type":"map","values":{"type":"map","values":"int"}}"#;
const LIST: &str = r#"{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}"#;
const TREE: &str = r#"{"type":"record","name":"T","fields":[{"name":"c","type":{"type":"array","items":"T"}}]}"#;
const FOREST: &str = r#"{"type":"record","name":"M","fields":[{"name":"c","type":{"type":"map","values":"M"}}]}"#;
const ITSELF: &str = r#"{"type":"record","name":"S","fields":[{"name":"a","type":"S"},{"name":"b","type":"S"}]}"#;
const UNION: &str = r#"["null","int","string"]"#;
const ENUM: &str = r#"{"type":"enum","name":"E","symbols":["A","B"]}"#;
const MIB: &str = r#"{"type":"fixed","name":"F","size":1048576}"#;
const DECIMAL: &str = r#"{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}"#;
const FIXED_DECIMAL: &str =
    r#"{"type":"fixed","name":"D","size":1048576,"logicalType":"decimal","precision":10,"scale":2}"#;
const BIG_DECIMAL: &str = r#"{"type":"bytes","logicalType":"big-decimal"}"#;

/// The table.
pub fn bombs() -> Vec<Bomb> {
    let mut doubling = r#"{"name":"f0","type":{"type":"record","name":"R0","fields":[]}}"#.to_owned();
    for i in 1..40 {
        let below = i - 1;
        doubling += &format!(
            r#",{{"name":"f{i}","type":{{"type":"record","name":"R{i}","fields":[{{"name":"a","type":"R{below}"}},{{"name":"b","type":"R{below}"}}]}}}}"#
        );
    }
    let doubling = format!(r#"{{"type":"record","name":"Root","fields":[{doubling}]}}"#);
    let array_of = |levels: usize, items: &str| {
        let open = r#"{"type":"array","items":"#.repeat(levels);
        format!("{open}{items}{}", "}".repeat(levels))
    };
    let hex: [(&'static str, &str, &str, UndecodableReason); 44] = [
        ("500 million nulls", NULLS, "8094ebdc03 00", Bounds),
        ("2 billion nulls", NULLS, "feffffff0f 00", Bounds),
        (
            "nulls, the least of all counts",
            NULLS,
            "ffffffffffffffffff01 00",
            Bounds,
        ),
        ("nulls, the greatest count", NULLS, "feffffffffffffffff01 00", Bounds),
        ("500 million nulls with a size", NULLS, "ff93ebdc03 00 00", Bounds),
        ("nulls with a size of 2 billion", NULLS, "01 feffffff0f", Truncated),
        ("nulls with a size below zero", NULLS, "01 01", Bounds),
        (
            "nulls with the least of all sizes",
            NULLS,
            "01 ffffffffffffffffff01",
            Bounds,
        ),
        ("500 million empty records", EMPTY, "8094ebdc03 00", Bounds),
        ("500 million of no bytes", ZERO, "8094ebdc03 00", Bounds),
        ("500 million nulls in an array", NESTED, "02 8094ebdc03 00 00", Bounds),
        ("500 million empty arrays", NESTED, "8094ebdc03", Truncated),
        ("ints, the least of all counts", INTS, "ffffffffffffffffff01", Bounds),
        ("ints, a count of 2 billion", INTS, "feffffff0f", Truncated),
        ("ints, minus 2 billion", INTS, "fdffffff0f 00", Truncated),
        ("texts, a count of 2 billion", TEXTS, "feffffff0f 00", Truncated),
        ("texts, the greatest count", TEXTS, "feffffffffffffffff01", Bounds),
        ("a text of 2 billion", TEXTS, "02 feffffff0f", Truncated),
        ("a text of minus one", TEXTS, "02 01", Bounds),
        (
            "a text of the least of all lengths",
            TEXTS,
            "02 ffffffffffffffffff01",
            Bounds,
        ),
        (
            "a block of texts that is too long",
            TEXTS,
            "01 feffffffffffffffff01",
            Bounds,
        ),
        ("a map of 2 billion", MAP, "feffffff0f", Truncated),
        ("a map, the least of all counts", MAP, "ffffffffffffffffff01", Bounds),
        ("a key of the greatest length", MAP, "02 feffffffffffffffff01", Bounds),
        ("a key below zero", MAP, "02 01", Bounds),
        ("a key that is no text", MAP, "02 02 ff 00", Utf8),
        ("a map in a map of 2 billion", MAPS, "02 00 feffffff0f", Truncated),
        ("bytes of 2 billion", "\"bytes\"", "feffffff0f", Truncated),
        (
            "bytes of the greatest length",
            "\"bytes\"",
            "feffffffffffffffff01",
            Bounds,
        ),
        (
            "bytes of the least of all lengths",
            "\"bytes\"",
            "ffffffffffffffffff01",
            Bounds,
        ),
        ("a string of 2 billion", "\"string\"", "feffffff0f", Truncated),
        ("a string of minus one", "\"string\"", "01", Bounds),
        ("an int of 33 bits", "\"int\"", "8080808020", Malformed),
        ("an int of ten bytes", "\"int\"", "ffffffffffffffffff01", Malformed),
        ("a union's branch that is none", UNION, "06", Malformed),
        ("a union's branch below zero", UNION, "01", Malformed),
        ("a union's greatest branch", UNION, "feffffffffffffffff01", Malformed),
        ("a symbol that is none", ENUM, "04", Malformed),
        ("the least of all symbols", ENUM, "ffffffffffffffffff01", Malformed),
        ("a fixed of a mebibyte that is not there", MIB, "00", Truncated),
        ("a decimal of 2 billion bytes", DECIMAL, "feffffff0f", Truncated),
        ("a fixed decimal that is not there", FIXED_DECIMAL, "00", Truncated),
        ("a big decimal of 2 billion bytes", BIG_DECIMAL, "feffffff0f", Truncated),
        ("records that double without bytes", &doubling, "", Bounds),
    ];
    let mut all: Vec<Bomb> = hex
        .into_iter()
        .map(|(name, schema, hex, reason)| Bomb {
            name,
            schema: schema.to_owned(),
            bytes: unhex(hex),
            reason,
        })
        .collect();
    let mut add = |name, schema: &str, bytes: Vec<u8>, reason| {
        all.push(Bomb {
            name,
            schema: schema.to_owned(),
            bytes,
            reason,
        });
    };
    add("a long of eleven bytes", "\"long\"", endless(11), Malformed);
    add(
        "a long of a hundred thousand bytes",
        "\"long\"",
        endless(100_000),
        Malformed,
    );
    add("a count of eleven bytes", NULLS, endless(11), Malformed);
    add("a length of eleven bytes", "\"string\"", endless(11), Malformed);
    add("a list of a hundred thousand", LIST, vec![2; 100_000], Bounds);
    add("a list one too deep", LIST, [vec![2; 64], vec![0]].concat(), Bounds);
    add("a tree of a hundred thousand", TREE, vec![2; 100_000], Bounds);
    add("maps in maps", FOREST, [2, 0].repeat(50_000), Bounds);
    add("a record in itself", ITSELF, Vec::new(), Bounds);
    add(
        "sixty levels of arrays and two billion",
        &array_of(60, "\"null\""),
        [vec![2; 59], unhex("feffffff0f"), vec![0; 60]].concat(),
        Bounds,
    );
    // A thousand nulls for every byte: each array is modest, all of them are not.
    let modest = [unhex("d00f"), vec![0]].concat();
    add(
        "a hundred thousand arrays of a thousand nulls",
        NESTED,
        [unhex("c09a0c"), modest.repeat(100_000), vec![0]].concat(),
        Bounds,
    );
    add(
        "nulls in a million blocks",
        NULLS,
        [unhex("d00f").repeat(100_000), vec![0]].concat(),
        Bounds,
    );
    // What is modest altogether, and no text.
    add(
        "a million nulls in a record of 128 KiB",
        NULL_AND_TEXT,
        [unhex("80897a 00 808010"), vec![0xff; 131_072]].concat(),
        Utf8,
    );
    add(
        "one key a hundred thousand times",
        MAP,
        [unhex("c09a0c"), [2, b'k'].repeat(100_000), vec![0]].concat(),
        DuplicateKey,
    );
    add(
        "one key in a hundred thousand blocks",
        MAP,
        [[2, 2, b'k'].repeat(100_000), vec![0]].concat(),
        DuplicateKey,
    );
    add(
        "a mebibyte of text that is none",
        "\"string\"",
        [unhex("80808001"), vec![0xff; 1 << 20]].concat(),
        Utf8,
    );
    all
}

/// Reduces one bomb; its batch stands before.
fn reduced(bomb: &Bomb) -> (Result<(), UndecodableReason>, usize) {
    let batch: RecordBatch = super::build::values(std::slice::from_ref(&bomb.bytes));
    peak_of(|| {
        let mut reducer = reducer(Side::Baseline, settings(), &bomb.schema, &bomb.schema);
        let mut out = super::build::reduce(&mut reducer, &batch);
        match out.remove(0).body {
            crosscheck::model::Reduction::Undecodable(reason, _) => Err(reason),
            _ => Ok(()),
        }
    })
}

#[test]
fn every_bomb_ends_with_its_reason_and_little_memory() {
    let all = bombs();
    assert!(all.len() >= 50, "{}", all.len());
    let mut wrong = Vec::new();
    for bomb in &all {
        let (said, peak) = reduced(bomb);
        if said != Err(bomb.reason) || peak > RECORD_BYTES_MAX {
            wrong.push(format!("{}: {said:?} and {peak} bytes", bomb.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a record may take, plan and all, however long it is: ten milliseconds; without optimisation a good deal more. How
/// many operations it takes is held apart, in `codec::walk::bounds`, where no machine is too slow.
pub const TIME_MAX: Duration = Duration::from_millis(if cfg!(debug_assertions) { 200 } else { 10 });

/// Time that this thread has had a core, which others on the machine do not disturb; nothing where the system does not tell.
pub fn on_core() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

#[test]
fn every_bomb_ends_in_ten_milliseconds() {
    let mut wrong = Vec::new();
    for bomb in bombs() {
        let best = (0..5).map(|_| {
            let began = on_core();
            let _ = reduced(&bomb);
            on_core().saturating_sub(began)
        });
        let best = best.min().unwrap();
        if best > TIME_MAX {
            wrong.push(format!("{}: {best:?}", bomb.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Schemas that ask for much, and what they may take: a text at the limit is kept as a tree first.
fn schemas() -> Vec<(&'static str, String, usize)> {
    let mib = 1 << 20;
    let nested = |open: &str, levels: usize| format!("{}\"int\"{}", open.repeat(levels), "}".repeat(levels));
    let fields = |count: usize, field: &dyn Fn(usize) -> String| {
        let all: Vec<String> = (0..count).map(field).collect();
        format!(r#"{{"type":"record","name":"Root","fields":[{}]}}"#, all.join(","))
    };
    let nest = |i: usize| format!(r#"{{"name":"f{i}","type":{{"type":"record","name":"R{i}","fields":[]}}}}"#);
    vec![
        (
            "more text than a schema may have",
            format!("\"{}\"", "x".repeat(2 * mib)),
            8 * mib,
        ),
        ("brackets to the limit", "[".repeat(mib), 8 * mib),
        ("braces to the limit", r#"{"a":"#.repeat(mib / 5), 8 * mib),
        (
            "ten thousand levels of arrays",
            nested(r#"{"type":"array","items":"#, 10_000),
            8 * mib,
        ),
        (
            "a hundred levels of arrays",
            nested(r#"{"type":"array","items":"#, 100),
            8 * mib,
        ),
        (
            "a fixed of a terabyte",
            r#"{"type":"fixed","name":"F","size":1000000000000}"#.to_owned(),
            8 * mib,
        ),
        (
            "a fixed of more than u64",
            r#"{"type":"fixed","name":"F","size":1e30}"#.to_owned(),
            8 * mib,
        ),
        (
            "a fixed below zero",
            r#"{"type":"fixed","name":"F","size":-1}"#.to_owned(),
            8 * mib,
        ),
        (
            "a union of ten thousand nulls",
            format!("[{}]", vec!["\"null\""; 10_000].join(",")),
            8 * mib,
        ),
        (
            "a name that nothing defines",
            fields(10_000, &|i| format!(r#"{{"name":"f{i}","type":"N{i}"}}"#)),
            32 * mib,
        ),
        ("one name ten thousand times", fields(10_000, &|_| nest(0)), 32 * mib),
        (
            "half a million numbers",
            format!("[{}1]", "1,".repeat(mib / 2 - 2)),
            64 * mib,
        ),
    ]
}

#[test]
fn every_schema_is_refused_or_taken_in_bounds() {
    let mut wrong = Vec::new();
    for (name, text, limit) in schemas() {
        let (parsed, peak) = peak_of(|| Schema::parse(&text).map(drop));
        if parsed.is_ok() || peak > limit {
            wrong.push(format!("{name}: {parsed:?} and {peak} bytes"));
        }
    }
    // Ten thousand nested types in a chain of references are no bomb: they are a large schema.
    let nest = |i: usize| {
        let below = i - 1;
        format!(
            r#",{{"name":"f{i}","type":["null",{{"type":"record","name":"R{i}","fields":[{{"name":"a","type":["null","R{below}"]}}]}}]}}"#
        )
    };
    let first = r#"{"name":"f0","type":{"type":"record","name":"R0","fields":[{"name":"v","type":"int"}]}}"#;
    let all: String = (1..10_000).map(nest).collect();
    let text = format!(r#"{{"type":"record","name":"Root","fields":[{first}{all}]}}"#);
    let (parsed, peak) = peak_of(|| Schema::parse(&text).map(drop));
    if text.len() > 1 << 20 {
        assert!(parsed.is_err() && peak < 8 << 20, "{peak}");
    } else {
        assert!(peak < 64 << 20, "{peak}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `cargo test --release --test it codec::bounds::by_hand -- --ignored --nocapture`
#[test]
#[ignore = "by hand: measures"]
fn by_hand_time_of_each() {
    let micros = |work: &mut dyn FnMut()| {
        let runs = (0..5).map(|_| {
            let began = tokio::time::Instant::now();
            work();
            began.elapsed().as_micros()
        });
        runs.min().unwrap_or(0)
    };
    println!("{:>8} {:>10}  bomb", "us", "bytes");
    for bomb in bombs() {
        let peak = reduced(&bomb).1;
        println!("{:>8} {peak:>10}  {}", micros(&mut || _ = reduced(&bomb)), bomb.name);
    }
    for (name, text, _) in schemas() {
        let (_, peak) = peak_of(|| Schema::parse(&text).map(drop));
        let time = micros(&mut || drop(Schema::parse(&text)));
        println!("{time:>8} {peak:>10}  schema: {name}");
    }
    // What fits is decoded, to compare.
    let mut plain = reducer(Side::Baseline, settings(), "\"string\"", "\"string\"");
    let text = [unhex("80808001"), vec![b'x'; 1 << 20]].concat();
    let time = micros(&mut || drop(one(&mut plain, &text)));
    println!("{time:>8} {:>10}  a mebibyte of text, decoded", "");
}
