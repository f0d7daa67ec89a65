//! A compacted topic on a real broker: the worker refuses it, `check` finds it.

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;

use crate::cli::bad_input::Program;

fn topic(brokers: &str, name: &str, policy: &str) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
    let topic = NewTopic::new(name, 1, TopicReplication::Fixed(1)).set("cleanup.policy", policy);
    let made = admin.create_topics([&topic], &AdminOptions::new());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let made = runtime.block_on(made).unwrap();
    assert!(made.iter().all(Result::is_ok), "{made:?}");
}

#[test]
#[ignore = "needs the stack: tests/stack/up"]
#[expect(clippy::disallowed_methods, reason = "the stack tells where it is by variables")]
fn is_refused_by_run_and_found_by_check() {
    let brokers = std::env::var("CROSSCHECK_TEST_KAFKA").unwrap();
    let prefix = format!("compacted.{}", uuid::Uuid::now_v7());
    topic(&brokers, &format!("{prefix}.b"), "delete");
    topic(&brokers, &format!("{prefix}.c"), "compact");
    let program = Program::new();
    program.write(
        "c.yaml",
        format!(
            "release: {{name: r}}\n\
             clusters: {{main: {{brokers: [\"{brokers}\"]}}}}\n\
             streams:\n  - name: orders\n    format: raw\n    framing: none\n    \
             baseline: {{topic: {prefix}.b}}\n    canary: {{topic: {prefix}.c}}\n    \
             identity: {{parts: [key]}}\n    event_time: timestamp\n\
             store: {{url: \"sqlite://cc.db\"}}\n\
             serve: {{address: \"127.0.0.1:0\"}}\n"
        ),
    );
    let ran = program.run("run -q -c c.yaml");
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.log);
    assert!(
        ran.log.contains(&format!("canary topic {prefix}.c is compacted")),
        "{}",
        ran.log
    );
    assert!(ran.log.contains("hint: set min.compaction.lag.ms"), "{}", ran.log);
    let found = program.run("check -c c.yaml");
    assert_eq!(found.code, Some(1), "{}", found.log);
    assert!(found.out.contains("BAD   orders: canary topic"), "{}", found.out);
}
