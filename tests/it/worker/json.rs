//! Topics of JSON: `check` says whether they can be compared, and `run` compares them.

use crate::cli::bad_input::Program;
use crate::cli::bad_input::log::{Answering, Cluster};

fn cluster() -> Cluster {
    let cluster = Cluster::new();
    for second in 0..40 {
        let v = if second == 5 { 9 } else { second };
        let baseline = format!("{{\"order_id\":\"o-{second}\",\"v\":{second}.0,\"at\":\"a\"}}");
        let canary = format!("{{\"at\":\"b\",\"v\":{v},\"order_id\":\"o-{second}\"}}");
        cluster.send("orders", baseline.as_bytes(), second);
        cluster.send("orders.canary", canary.as_bytes(), second);
    }
    cluster.flush();
    cluster
}

const RULES: &str = "    compare: {ignore: [{path: at, owner: o, reason: clock}], key: false}\n";

#[test]
fn a_worker_follows_topics_of_json() {
    let (registry, cluster) = (Answering::registry(), cluster());
    let program = Program::new();
    let more = format!("    format: json\n{RULES}");
    program.write("r.yaml", cluster.config(&registry.url, &more));
    let checked = program.run("check -c r.yaml");
    assert!(
        checked.out.contains("40 of 40 sampled identities stand on both sides"),
        "{}{}",
        checked.out,
        checked.log
    );
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    let report = worker.until(&address, "/api/v1/releases/r/report", |report| {
        let report = report.replace([' ', '\n'], "");
        report.contains("\"path\":\"v\",\"kind\":\"value\"")
    });
    assert!(!report.contains("\"path\":\"at\""), "{report}");
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn check_says_what_bytes_look_like_in_another_format() {
    let (registry, cluster) = (Answering::registry(), cluster());
    let program = Program::new();
    program.write("r.yaml", cluster.config(&registry.url, RULES));
    let checked = program.run("check -c r.yaml");
    assert_eq!(checked.code, Some(1));
    assert!(
        checked.out.contains("these look like JSON: format json?"),
        "{}",
        checked.out
    );
}

#[test]
fn check_proposes_an_identity_that_does_better() {
    let (registry, cluster) = (Answering::registry(), cluster());
    let program = Program::new();
    // `v` is another one in one record, and `at` is the same in all records of a side.
    for (bad, expect) in [("at", true), ("nothing", true), ("order_id", false)] {
        let config = cluster.config(&registry.url, &format!("    format: json\n{RULES}"));
        program.write(
            "r.yaml",
            config
                .replace("{field: order_id}", &format!("{{field: {bad}}}"))
                .replace(RULES, "    compare: {key: false}\n"),
        );
        let checked = program.run("check -c r.yaml");
        let proposal = "on the sample the identity field:order_id is there in 100.0 % of the records, unique in 100.0 %, and \
                        met by the other side in 100.0 %";
        let told = checked.out.contains(proposal) && checked.out.contains("identity: {parts: [{field: order_id}]}");
        assert_eq!(told, expect, "{bad}: {}{}", checked.out, checked.log);
        assert!(!checked.out.contains("o-7"), "{}", checked.out);
    }
}

#[test]
fn formats_that_differ_need_a_contract() {
    let program = Program::new();
    let cluster = Cluster::new();
    let config = cluster.config("http://localhost:1", "    framing: confluent\n");
    let config = config.replace(
        "canary: {topic: orders.canary}",
        "canary: {topic: orders.canary, format: json, framing: none}",
    );
    program.write("r.yaml", &config);
    let told = program.run("check --offline -c r.yaml");
    assert_eq!(told.code, Some(2));
    assert!(told.log.contains("need a contract"), "{}", told.log);
}

#[test]
fn rules_that_expired_and_rules_that_apply_to_nothing_are_told() {
    let (registry, cluster) = (Answering::registry(), cluster());
    let program = Program::new();
    let rules = RULES.replace("[{", "[{path: nope, owner: team-a, until: 2020-01-31}, {");
    program.write(
        "r.yaml",
        cluster.config(&registry.url, &format!("    format: json\n{rules}")),
    );
    let checked = program.run("check -c r.yaml");
    for said in [
        "BAD   orders: the ignore of nope expired on 2020-01-31; team-a owns it",
        "warn  orders: the rule `ignore nope` applied to no record of the sample",
    ] {
        assert!(checked.out.contains(said), "{}{}", checked.out, checked.log);
    }
    assert_eq!(checked.code, Some(1));
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    worker.until(&address, "/api/v1/releases/r/report", |report| {
        report.contains("orders: the rule `ignore nope` applied to no record since this worker started")
            && report.contains("orders: the ignore of nope expired on 2020-01-31; team-a owns it")
            && !report.contains("`ignore at`")
    });
    worker.until(&address, "/metrics", |metrics| {
        metrics.contains("crosscheck_rules_expired{stream=\"orders\"} 1")
    });
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("the ignore of nope expired on 2020-01-31"), "{log}");
}
