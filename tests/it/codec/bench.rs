//! How long a record takes: printed, not asserted. Run it in an optimised build.

use crosscheck::codec::Settings;
use crosscheck::model::Side;

use super::build::{Numbers, reduce, reducer, values, with_identity};

const SMALL: &str = r#"{"type":"record","name":"OrderEvent","namespace":"spike","fields":[
 {"name":"order_id","type":"string"},{"name":"customer_id","type":"long"},{"name":"sku","type":"string"},
 {"name":"quantity","type":"int"},{"name":"price","type":"double"},
 {"name":"currency","type":{"type":"enum","name":"Ccy","symbols":["USD","EUR","GBP","JPY"]}},
 {"name":"event_time","type":{"type":"long","logicalType":"timestamp-millis"}},
 {"name":"processed_at","type":{"type":"long","logicalType":"timestamp-millis"}}]}"#;

fn put_long(out: &mut Vec<u8>, value: i64) {
    let mut raw = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while raw >= 0x80 {
        out.push(u8::try_from(raw & 0x7f).unwrap() | 0x80);
        raw >>= 7;
    }
    out.push(u8::try_from(raw).unwrap());
}

fn small(numbers: &mut Numbers) -> Vec<u8> {
    let mut out = Vec::new();
    let text = |out: &mut Vec<u8>, text: String| {
        put_long(out, i64::try_from(text.len()).unwrap());
        out.extend(text.as_bytes());
    };
    text(&mut out, format!("order-{:016x}", numbers.next()));
    put_long(&mut out, i64::try_from(numbers.below(10_000_000)).unwrap());
    text(&mut out, format!("SKU-{:08}", numbers.below(100_000_000)));
    put_long(&mut out, i64::try_from(numbers.below(100)).unwrap());
    out.extend((numbers.below(1_000_000) as f64 / 100.0).to_le_bytes());
    put_long(&mut out, i64::try_from(numbers.below(4)).unwrap());
    put_long(&mut out, 1_700_000_000_000);
    put_long(&mut out, 1_700_000_000_500);
    out
}

#[test]
#[ignore = "a measurement; run it in an optimised build"]
fn by_hand_small_records() {
    let mut numbers = Numbers(7);
    let batch = values(&(0..500).map(|_| small(&mut numbers)).collect::<Vec<_>>());
    // What the hashes alone cost on this machine now, to read the rest by: one of 128 bytes, one of 64.
    for length in [128, 64] {
        let bytes = vec![7; length];
        let mut best = u128::MAX;
        for _ in 0..4_000 {
            #[expect(clippy::disallowed_methods, reason = "a measurement")]
            let start = std::time::Instant::now();
            for _ in 0..500 {
                std::hint::black_box(blake3::keyed_hash(&[1; 32], std::hint::black_box(&bytes)));
            }
            best = best.min(start.elapsed().as_nanos() / 500);
        }
        println!("one keyed hash of {length} bytes: {best} ns");
    }
    for (name, identity, time) in [
        ("content", false, false),
        ("identity", true, false),
        ("identity and time", true, true),
    ] {
        for ignore in [false, true] {
            let mut settings = if identity {
                with_identity(&["field:order_id"])
            } else {
                Settings {
                    ..super::build::settings()
                }
            };
            if time {
                settings.event_time = super::build::with_time("event_time").event_time;
            }
            if ignore {
                settings.rules.ignore.push(super::build::path("processed_at"));
            }
            let mut reducer = reducer(Side::Baseline, settings, SMALL, SMALL);
            let mut best = u128::MAX;
            for _ in 0..4_000 {
                #[expect(clippy::disallowed_methods, reason = "a measurement")]
                let start = std::time::Instant::now();
                let out = reduce(&mut reducer, &batch);
                best = best.min(start.elapsed().as_nanos() / out.len() as u128);
            }
            println!(
                "{name}, ignore {ignore}: {best} ns a record of {} bytes",
                batch.arena.len() / 500
            );
        }
    }
}
