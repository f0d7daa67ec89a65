//! Windows of a worker that was killed, computed again: equal, tampered with, expired.

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::cli::bad_input::Program;
use crate::cli::bad_input::lease::finals;
use crate::cli::bad_input::log::{Answering, Cluster, ID, framed, order};

/// Makes a config of the address of a registry.
type Written<'a> = dyn Fn(&Cluster, &str) -> String + 'a;

/// A release that is closed: its topics and its database.
pub(crate) struct Closed {
    pub(crate) cluster: Cluster,
    pub(crate) program: Program,
    /// The last report of the worker.
    pub(crate) report: serde_json::Value,
}

/// Orders of both sides, with something wrong every few seconds.
fn send(cluster: &Cluster, seconds: std::ops::Range<i64>) {
    for second in seconds {
        let id = format!("o{second}");
        let fine = framed(ID, &order(&id, second, "n", "t"));
        let wrong = framed(ID, &order(&id, -1, "n", "t"));
        cluster.send("orders", &fine, second);
        match second % 10 {
            1 => cluster.send("orders.canary", &wrong, second),
            2 => {}
            3 => {
                cluster.send("orders.canary", &fine, second);
                cluster.send("orders.canary", &fine, second);
            }
            4 => cluster.send("orders.canary", &fine[..9], second),
            5 if second > 10 => cluster.send("orders.canary", &fine, second - 8),
            6 => {
                cluster.send("orders.canary", &framed(ID, &order("x", 0, "n", "t")), second);
                cluster.send("orders.canary", &fine, second);
            }
            _ => cluster.send("orders.canary", &fine, second),
        }
    }
    cluster.flush();
}

impl Closed {
    /// Two workers, the first of which is killed, under a config with this in its stream.
    pub(crate) fn new(more: &str, send: impl Fn(&Cluster, std::ops::Range<i64>)) -> Self {
        Self::of(|cluster, registry| cluster.config(registry, more), send)
    }

    /// The same under another config, which is made of the address of a registry.
    pub(crate) fn of(config: impl Fn(&Cluster, &str) -> String, send: impl Fn(&Cluster, std::ops::Range<i64>)) -> Self {
        Self::in_turn([&config, &config], send)
    }

    /// The same where the second worker has another config than the first.
    pub(crate) fn in_turn(configs: [&Written<'_>; 2], send: impl Fn(&Cluster, std::ops::Range<i64>)) -> Self {
        let (registry, cluster) = (Answering::registry(), Cluster::new());
        let program = Program::new();
        program.write("r.yaml", configs[0](&cluster, &registry.url));
        send(&cluster, 0..20);
        let mut first = program.start("run -c r.yaml");
        let address = first.address();
        first.until(&address, "/metrics", |metrics| finals(metrics) >= 10);
        first.kill();
        send(&cluster, 20..45);
        program.write("r.yaml", configs[1](&cluster, &registry.url));
        let mut second = program.start("run -c r.yaml");
        let address = second.address();
        second.until(&address, "/metrics", |metrics| finals(metrics) >= 20);
        program.run("release close -c r.yaml --reason done");
        second.says("closed: everything is read and stored");
        let report = second.until(&address, "/api/v1/releases/r/report", |_| true);
        let (code, log) = second.terminate();
        assert_eq!(code, Some(0), "{log}");
        // The registry is gone by now: what was known is stored.
        let (_, report) = report.split_once("\r\n\r\n").unwrap();
        Self {
            report: serde_json::from_str(report).unwrap(),
            cluster,
            program,
        }
    }

    /// The answer with its exit code, and what was said beside it.
    fn replay(&self, flags: &str) -> (String, Option<i32>, String) {
        let line = format!("replay -c r.yaml --release r {flags}");
        let ran = self.program.run(line.trim_end());
        let told = format!(
            "$ crosscheck {}\n{}exit {:?}\n",
            line.trim_end(),
            ran.out,
            ran.code.unwrap()
        );
        (told, ran.code, ran.log)
    }

    fn sql(&self, sql: &str) {
        let url = format!("sqlite://{}", self.program.path("cc.db").display());
        let done = async {
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut connection)
                .await
                .unwrap()
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        assert!(runtime.block_on(done).rows_affected() > 0, "{sql}");
    }
}

#[test]
fn equal_then_tampered_with_then_expired() {
    let closed = Closed::new("", send);
    let (told, code, log) = closed.replay("");
    assert_eq!((code, log.as_str()), (Some(0), ""), "{told}");
    insta::assert_snapshot!("equal", told);
    let (told, code, log) = closed.replay("--window 2023-11-14T22:13:41.5Z -o json");
    assert_eq!((code, log.as_str()), (Some(0), ""), "{told}");
    insta::assert_snapshot!("one_window", told);

    let one = closed
        .program
        .told("replay -c r.yaml --release r --window 2030-01-01T00:00:00Z", &[]);
    let other = closed.program.told("replay -c r.yaml --release r --stream carts", &[]);
    closed.program.write(
        "loose.yaml",
        closed
            .cluster
            .config("http://127.0.0.1:1", "    budget: {mismatched: 0.5}\n"),
    );
    let settings = closed.program.told("replay -c loose.yaml --release r", &[]);
    insta::assert_snapshot!("trouble", format!("{one}\n{other}\n{settings}"));

    closed.sql("UPDATE windows SET digest = '00' WHERE start_ms = 1700000011000");
    closed.sql(
        "UPDATE windows SET counts = replace(counts, '\"matched\":1', '\"matched\":2') WHERE start_ms = 1700000018000",
    );
    closed.sql("DELETE FROM windows WHERE start_ms = 1700000020000");
    let (told, code, log) = closed.replay("");
    assert_eq!((code, log.as_str()), (Some(1), ""), "{told}");
    insta::assert_snapshot!("tampered", told);
    let (told, code, _) = closed.replay("--window 2023-11-14T22:13:31Z -o json");
    assert_eq!(code, Some(1));
    insta::assert_snapshot!("tampered_window", told);
    closed.sql("DELETE FROM window_inputs WHERE frontier_ms = (SELECT min(frontier_ms) FROM window_inputs)");
    let (told, code, _) = closed.replay("--window 2023-11-14T22:13:22Z");
    assert_eq!(code, Some(3));
    insta::assert_snapshot!("without_inputs", told);

    // The broker in the process keeps 5 MiB of a partition.
    let large = framed(ID, &order("large", 0, &"n".repeat(500_000), "t"));
    (100..120).for_each(|second| closed.cluster.send("orders.canary", &large, second));
    closed.cluster.flush();
    let (told, code, _) = closed.replay("--window 2023-11-14T22:13:42Z");
    assert_eq!(code, Some(3));
    let (before, rest) = told.split_once("took offsets ").unwrap();
    let after = rest.split_once(" of ").unwrap().1;
    insta::assert_snapshot!("expired", format!("{before}took offsets FROM to TO of {after}"));
    assert_eq!(
        closed.replay("--inconclusive pass --window 2023-11-14T22:13:42Z").1,
        Some(0)
    );
}
