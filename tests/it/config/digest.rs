//! What begins a new generation, and what does not.

use super::{changed, parse};

#[test]
fn what_changes_the_digest() {
    let digest = |changes: &[(&str, &str)]| match parse(&changed(changes)) {
        Ok(config) => config.digest(),
        Err(faults) => panic!("{}", faults.lines().join("\n")),
    };
    let before = digest(&[]);
    for (from, to) in [
        ("window: 30s", "window: 60s"),
        ("grace: 30s", "grace: 31s"),
        ("topic: orders,", "topic: orders2,"),
        ("mismatched: 1e-4", "mismatched: 1e-3"),
        ("path: processed_at", "path: processed_on"),
        ("names: event ", "names: entity "),
        ("alpha: 0.01", "alpha: 0.02"),
        ("start: now", "start: earliest"),
        ("    # show: [status]", "    profile_fields: [{path: amount}]"),
        ("    # show: [status]", "    critical_fields: [{path: amount}]"),
        ("    # show: [status]", "    latency: {slower_than: 5s}"),
        ("    # show: [status]", "    aggregates: [{name: orders, count: true}]"),
        (
            "    # show: [status]",
            "    mode: unpaired\n    unit: [key]\n    share: 0.5",
        ),
        (
            "registry: main}   # select",
            "registry: main, dead_letter: [{topic: dlq}]}   # select",
        ),
        // It weighs in what is needed to fail.
        ("criticality: critical ", "criticality: standard "),
    ] {
        assert_ne!(digest(&[(from, to)]), before, "{to}");
    }
    let profiled = |field: &str| {
        digest(&[(
            "    # show: [status]",
            &format!("    profile_fields: [{{path: amount{field}}}]"),
        )])
    };
    assert_eq!(profiled(""), profiled(", floor: 2%, critical: false"));
    assert_ne!(profiled(""), profiled(", floor: 3%"));
    assert_ne!(profiled(""), profiled(", critical: true"));
    let critical = |field: &str| {
        let more = format!("    critical_fields: [{{path: amount{field}}}]");
        digest(&[("    # show: [status]", &more)])
    };
    assert_eq!(critical(""), critical(", budget: 0.1%"));
    assert_ne!(critical(""), critical(", budget: 1e-4"));
    for (from, to) in [
        ("window: 30s", "window: 30000ms"),
        ("kafka:9092", "kafka2:9092"),
        ("https://registry:8081", "https://registry2:8081"),
        ("owner: team-checkout", "owner: other"),
        ("held_max_bytes: 256MiB", "held_max_bytes: 1GiB"),
        ("mismatched: 1e-4", "mismatched: 0.01%"),
        ("    # show: [status]", "    show: [status]"),
        // Another rate is an input, from a window on.
        ("    # show: [status]", "    sample: {rate: 0.5}"),
        // It is counted, and not compared.
        ("    # show: [status]", "    producer: {header: version}"),
        ("checkout-v42", "checkout-v43"),
        ("127.0.0.1:9600", "0.0.0.0:9601"),
    ] {
        assert_eq!(digest(&[(from, to)]), before, "{to}");
    }
}
