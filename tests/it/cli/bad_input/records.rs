//! Records that cannot be decoded are counted by reason and stop nothing.

use super::Program;
use super::log::{Answering, Cluster, ID, framed, long, order, sized};

/// A record that is wrong, the reason, and how many of it are written.
fn bad() -> Vec<(Vec<u8>, &'static str, u64)> {
    let good = order("o1", 1, "note", "tag");
    let tail = good.len() - 2;
    let with = |at: usize, byte: u8| {
        let mut body = good.clone();
        body[at] = byte;
        framed(ID, &body)
    };
    let map = |keys: [&str; 2]| {
        let entries = keys.map(|key| [sized(key.as_bytes()), sized(b"v")].concat()).concat();
        let body = [
            sized(b"o"),
            long(1),
            sized(b"n"),
            long(2),
            entries,
            long(0),
            vec![1],
            long(0),
        ];
        framed(ID, &body.concat())
    };
    vec![
        (b"no frame at all".to_vec(), "framing", 1),
        (vec![0, 0, 0], "framing", 2),
        (framed(ID, &good[..good.len() - 1]), "truncated", 3),
        (framed(ID, b""), "truncated", 1),
        (framed(ID, &[&good[..], b"x"].concat()), "trailing", 5),
        (framed(9, &good), "schema", 6),
        (framed(10, &good), "schema", 1),
        // A boolean of 2, a symbol that the enum does not have.
        (with(tail, 2), "malformed", 7),
        (with(tail + 1, 8), "malformed", 1),
        // A text of a negative length.
        (framed(ID, &long(-5)), "bounds", 8),
        (framed(ID, &[sized(&[0xff, 0xfe]), long(1)].concat()), "utf8", 9),
        (map(["k", "k"]), "duplicate_key", 10),
    ]
}

#[test]
fn are_counted_by_reason() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let mut wanted = std::collections::BTreeMap::new();
    let bad = bad();
    for i in 0..50 {
        for topic in ["orders", "orders.canary"] {
            cluster.send(topic, &framed(ID, &order(&format!("o{i}"), i, "note", "tag")), i);
        }
        if let Some((bytes, reason, count)) = bad.get(usize::try_from(i).unwrap()) {
            *wanted.entry(*reason).or_insert(0) += count;
            (0..*count).for_each(|_| cluster.send("orders.canary", bytes, i));
        }
    }
    cluster.flush();
    let program = Program::new();
    let line = format!(
        "reconcile {} --registry {} --identity field:order_id -o json",
        cluster.sources(),
        registry.url
    );
    let ran = program.run(&line);
    assert_eq!(ran.code, Some(1), "{}{}", ran.log, ran.out);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let stream = &report["streams"][0];
    let reasons: std::collections::BTreeMap<&str, u64> = stream["sides"]["canary"]["undecodable_reasons"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(reason, count)| Some((reason.as_str(), count.as_u64()?)))
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(reasons, wanted);
    let all: u64 = wanted.values().sum();
    assert_eq!(stream["sides"]["canary"]["undecodable"], all);
    assert_eq!(stream["sides"]["canary"]["read"], all + 50);
    assert_eq!(stream["sides"]["baseline"]["undecodable"], 0);
    let outcomes = &stream["outcomes"];
    assert_eq!(
        (&outcomes["matched"], &outcomes["missing"], &outcomes["extra"]),
        (&50.into(), &0.into(), &0.into()),
        "{outcomes}"
    );
    // Each unknown schema is told once.
    for id in [9, 10] {
        let told = format!("\"schema\":\"id {id}\"");
        assert_eq!(ran.log.matches(&told).count(), 1, "{}", ran.log);
    }
}
