//! What is wrong with a config, as it is told.

use super::{changed, parse, parse_with};
use crosscheck::config::{Config, Purpose};

fn told(text: &str) -> String {
    match parse(text) {
        Ok(_) => "no fault".to_owned(),
        Err(faults) => format!("{faults}\n{}", faults.lines().join("\n")),
    }
}

#[test]
fn unknown_key() {
    insta::assert_snapshot!(told(&changed(&[("    lateness:", "    latenes:")])));
}

#[test]
fn wrong_type() {
    insta::assert_snapshot!(told(&changed(&[("    window: 30s", "    window: [30s]")])));
}

#[test]
fn bad_duration() {
    insta::assert_snapshot!(told(&changed(&[("    window: 30s", "    window: 30 seconds")])));
}

#[test]
fn several_at_once() {
    insta::assert_snapshot!(told(
        r#"release: checkout
clusters:
  main: {brokers: "kafka:9092", properties: {sasl.password: hunter2}}
registries:
  main: {url: "https://reader:hunter2@registry:8081"}
streams:
  - name: orders
    baseline: {cluster: mian, topic: orders}
    canary: {topic: orders.canary, regstry: main}
    control: {topic: orders.control}
    format: protobof
    identity: {parts: [{feild: order_id}, {header: a, field: b}]}
    event_time: none
    window: 0s
    grace: 5m
    limits: {held_max_bytes: lots, late_max: 2}
    compare:
      tolerance: [{path: "items[*].price", abs: 0.01}, {path: amount}, {path: total, rel: much}]
      unordered: [items]
      key: maybe
    budget: {mismatched: 0.9, missing: -1}
    sample: {rate: 0}
  - name: orders
    upstream: [order, orders]
    baseline: {topic: carts}
    canary: {topic: carts}
    event_time: timestamp
policy: {alpha: 0, silent: {then: explode}}
store: {url: "mysql://db/x"}
serve: {address: localhost, tls: {cert: a}}
retention: 30d
"#
    ));
}

#[test]
fn nothing_there() {
    insta::assert_snapshot!(told(""));
}

#[test]
fn not_yaml() {
    insta::assert_snapshot!(told("release: {name: x\nstreams: []\n"));
}

#[test]
fn twice() {
    insta::assert_snapshot!(told("release: {name: x}\nrelease: {name: y}\n"));
}

#[test]
fn names_that_do_not_exist() {
    insta::assert_snapshot!(told(&changed(&[(
        "{cluster: main, topic: orders.canary, registry: main}",
        "{cluster: man, topic: orders.canary, registry: other}"
    ),])));
}

#[test]
fn a_circle_upstream() {
    let second = "    upstream: [orders]\n    event_time: timestamp\n    identity: {parts: [key]}\n";
    let stream = format!(
        "  - name: carts\n    baseline: {{topic: carts}}\n    canary: {{topic: carts.canary}}\n{second}\npolicy:\n"
    );
    insta::assert_snapshot!(told(&changed(&[
        ("    owner: team-checkout\n", "    upstream: [carts]\n"),
        ("policy:\n", &stream),
    ])));
}

#[test]
fn stages_of_nothing() {
    let stages = "policy:\n  stages:\n    - {name: a, streams: [order]}\n    - {name: a, streams: [orders]}\n    \
                  - {name: b}\n    - {name: \"\", criticality: [informational, urgent]}\n";
    insta::assert_snapshot!(told(&changed(&[("policy:\n", stages)])));
}

#[test]
fn too_many_tolerances() {
    let paths: Vec<String> = (0..9).map(|i| format!("{{path: f{i}, abs: 1}}")).collect();
    insta::assert_snapshot!(told(&changed(&[(
        "      # tolerance: [{path: amount, abs: 0.01}]",
        &format!("      tolerance: [{}]", paths.join(", ")),
    )])));
}

#[test]
fn distributions() {
    let of = |more: &str| told(&changed(&[("    # show: [status]", more)]));
    let fields = "    profile_fields:\n      - {path: amount}\n      - {path: amount, floor: 0}\n      - {path: \"items[*].price\"}\n      \
                  - {path: $key, null_floor: 0.9, critical: perhaps}\n    unit: [key]\n    share: 0.05\n";
    let many: Vec<String> = (0..17).map(|i| format!("{{path: f{i}}}")).collect();
    let many = format!("    profile_fields: [{}]\n", many.join(", "));
    let unpaired = "    mode: unpaired\n    unit: []\n    share: 1.0\n    sample: {rate: 0.5}\n";
    let nothing = "    mode: unpaired\n    unit: [key]\n";
    insta::assert_snapshot!([fields, &many, unpaired, nothing].map(of).join("\n---\n"));
}

#[test]
fn critical_fields() {
    let of = |more: &str| told(&changed(&[("    # show: [status]", more)]));
    let fields = "    critical_fields:\n      - {path: amount, budget: 1e-5}\n      - {path: amount}\n      \
                  - {path: processed_at}\n      - {path: \"items[*].price\"}\n      - {path: $key, budget: 0}\n      \
                  - {path: total, budget: 0.6}\n      - {path: tiny, budget: 1e-13}\n      - {budget: 1e-4}\n      - {path: a, bugdet: 1e-4}\n";
    let many: Vec<String> = (0..9).map(|i| format!("{{path: f{i}}}")).collect();
    let many = format!("    critical_fields: [{}]\n", many.join(", "));
    let unpaired = "    mode: unpaired\n    unit: [key]\n    share: 0.5\n    critical_fields: [{path: amount}]\n";
    let conditional = "    critical_fields: [{path: items.price}]\n";
    let ignore = "      ignore:\n        - {path: items, reason: r, owner: o, when: {field: status, is: NEW}}\n";
    let conditional = told(&changed(&[
        ("    # show: [status]", conditional),
        ("      ignore:\n", ignore),
    ]));
    let only = changed(&[
        ("    # show: [status]", "    critical_fields: [{path: amount}]\n"),
        ("      # tolerance: [{path: amount, abs: 0.01}]", "      only: [total]"),
    ]);
    let told = [fields, &many, unpaired].map(of).join("\n---\n");
    insta::assert_snapshot!([told, conditional, self::told(&only)].join("\n---\n"));
}

#[test]
fn latency() {
    let of = |more: &str| told(&changed(&[("    # show: [status]", more)]));
    let wrong = "    latency: {slower_than: 0s, budget: 0, slow: 1}\n";
    let empty = "    latency: {budget: 0.9}\n";
    let unpaired = "    mode: unpaired\n    unit: [key]\n    share: 0.5\n    latency: {slower_than: 5s}\n";
    let timestamp = changed(&[
        ("    # show: [status]", "    latency: {slower_than: 5s}\n"),
        ("    event_time: {field: created_at}", "    event_time: timestamp"),
    ]);
    let none = timestamp.replace("event_time: timestamp", "event_time: none");
    let none = parse_with(&none, &[], Purpose::Bounded).unwrap_err();
    let told = [wrong, empty, unpaired].map(of).join("\n---\n");
    insta::assert_snapshot!([told, self::told(&timestamp), none.lines().join("\n")].join("\n---\n"));
}

#[test]
fn aggregates() {
    let of = |more: &str| told(&changed(&[("    # show: [status]", more)]));
    let wrong = "    aggregates:\n      - {name: revenue, group: [currency], sum: amount, tolerance: {rel: 0.001}}\n      \
                 - {name: revenue, sum: amount, count: true}\n      - {name: \"\", count: false}\n      - {name: none}\n      \
                 - {name: items, sum: \"items[*].price\", budget: 0}\n      - {name: key, distinct: $key, tolerance: {abs: 1, rel: 1%}}\n      \
                 - {name: wide, count: true, group: [a, b, c, d, \"e[*]\"]}\n      - {name: text, min: amount, tolerance: {abs: much}}\n";
    let many: Vec<String> = (0..9).map(|i| format!("{{name: f{i}, count: true}}")).collect();
    let many = format!("    aggregates: [{}]\n", many.join(", "));
    let unpaired = "    mode: unpaired\n    unit: [key]\n    share: 0.5\n    aggregates: [{name: a, count: true}]\n";
    insta::assert_snapshot!([wrong, &many, unpaired].map(of).join("\n---\n"));
}

#[test]
fn producer() {
    let of = |more: &str| told(&changed(&[("    # show: [status]", more)]));
    let wrong = [
        "    producer: {header: \" \"}\n",
        "    producer: {heder: version}\n",
        "    producer: {}\n",
        "    producer: version\n",
        "    producer: {header: version, field: version}\n",
    ];
    insta::assert_snapshot!(wrong.map(of).join("\n---\n"));
}

#[test]
fn ahead_max_must_cover_lateness_and_grace() {
    insta::assert_snapshot!(told(&changed(&[("ahead_max: 5m", "ahead_max: 80s")])));
}

#[test]
fn event_time_is_needed_by_the_worker_only() {
    let text = changed(&[("    event_time: {field: created_at}", "")]);
    insta::assert_snapshot!(told(&text));
    let config = parse_with(&text, &[], Purpose::Bounded).unwrap();
    assert_eq!(config.streams[0].engine.window_ms, None);
}

#[test]
fn secrets() {
    let text = changed(&[(
        "    brokers: [\"kafka:9092\"]\n",
        "    brokers: [\"kafka:9092\"]\n    secrets: {sasl.password: {env: KAFKA_PASSWORD}, ssl.key.password: {file: /nowhere/key}, ssl.key.pem: hunter2}\n",
    )]);
    let told = told(&text);
    assert!(!told.contains("hunter2"));
    insta::assert_snapshot!(told);
    let text = text.replace(", ssl.key.password: {file: /nowhere/key}, ssl.key.pem: hunter2", "");
    let config = parse_with(&text, &[("KAFKA_PASSWORD", "hunter2")], Purpose::Worker).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    parse_with(&text, &[], Purpose::WorkerOffline).unwrap();
}

#[test]
fn a_variable_is_named_where_it_is_wrong() {
    let text = changed(&[]);
    let faults = parse_with(&text, &[("CROSSCHECK_POLICY_MIN_DURATION", "soon")], Purpose::Worker).unwrap_err();
    insta::assert_snapshot!(faults.lines().join("\n"));
}

#[test]
fn a_file_that_is_not_there() {
    let path = std::path::Path::new("no/such/crosscheck.yaml");
    let faults = Config::load(path, &std::collections::BTreeMap::new()).unwrap_err();
    insta::assert_snapshot!(faults.lines().join("\n"));
}

#[test]
fn dead_letters() {
    let canary = "    canary: {cluster: main, topic: orders.canary, registry: main}";
    let letters = "    canary: {topic: orders.canary, dead_letter: [{topic: orders.canary}, {topic: dlq, cluster: mian}, {topic: dlq}, {topic: dlq}, {topc: x}]}\n    \
                   control: {topic: orders.control, dead_letter: [{topic: dlq.control}]}";
    let text = changed(&[(canary, letters)]);
    assert!(text.contains("dlq.control"), "{text}");
    insta::assert_snapshot!(told(&text));
}
