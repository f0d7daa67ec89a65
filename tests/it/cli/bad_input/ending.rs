//! SIGTERM: the last transaction is finished, the exit is 0 and in time, whenever it comes; a second one does not wait.

use std::time::Duration;

use sqlx::{Connection, SqliteConnection};

use super::Program;
use super::lease::{finals, send};
use super::log::{Answering, Cluster};

/// What SIGTERM may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Another process that holds the database, for as long as it lives.
pub(super) struct Holder {
    runtime: tokio::runtime::Runtime,
    connection: SqliteConnection,
}

impl Holder {
    pub(super) fn of(program: &Program) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let url = format!("sqlite://{}", program.path("cc.db").display());
        let connection = runtime.block_on(async {
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            let begin = sqlx::raw_sql("BEGIN IMMEDIATE");
            begin.execute(&mut connection).await.unwrap();
            connection
        });
        Self { runtime, connection }
    }

    pub(super) fn release(self) {
        let Self {
            runtime,
            mut connection,
        } = self;
        runtime.block_on(async { sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.unwrap() });
    }
}

fn windows(program: &Program) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = format!("sqlite://{}", program.path("cc.db").display());
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let sql = "SELECT start_ms || ' ' || counts || ' ' || digest FROM windows ORDER BY start_ms";
        sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
    })
}

/// Ended again and again, at moments that differ: nothing is lost and nothing is there twice.
#[test]
fn at_any_moment_nothing_is_lost() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    program.write("r.yaml", cluster.config(&registry.url, ""));
    let mut sent = 0;
    for moment in 0..12_u64 {
        send(&cluster, sent..sent + 5);
        sent += 5;
        let mut worker = program.start("run -c r.yaml");
        // Not a wait for something, but the moment itself: before, while and after it starts.
        let heard = worker.lines.recv_timeout(Duration::from_millis(moment * 60));
        worker.log.extend(heard.ok());
        let (code, took, log) = worker.terminate_within(LIMIT);
        assert!(
            code == Some(0) || (moment == 0 && code.is_none()),
            "{code:?} after {took:?} at {moment}: {log}"
        );
    }
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    // Every second is a window of one pair; the last ones wait for the grace.
    let rows = |program: &Program| windows(program).len();
    worker.until(&address, "/readyz", |_| rows(&program) >= 55);
    let (code, _, log) = worker.terminate_within(LIMIT);
    assert_eq!(code, Some(0), "{log}");
    let stored = windows(&program);
    let whole = stored.iter().filter(|row| row.contains("\"matched\":1,")).count();
    assert!(whole + 3 >= stored.len(), "windows without their pair: {stored:#?}");
}

/// Before anything works: the database does not even answer.
#[test]
fn while_it_starts() {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let store = format!("postgres://{}/db", mute.local_addr().unwrap());
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let config = cluster.config(&registry.url, "").replace("sqlite://cc.db", &store);
    program.write("r.yaml", config);
    let worker = program.start("run -c r.yaml");
    let (client, _) = mute.accept().unwrap();
    let (code, took, log) = worker.terminate_within(LIMIT);
    assert_eq!(code, Some(0), "{log}");
    assert!(took < Duration::from_secs(5), "{took:?}: {log}");
    drop(client);
}

/// The last transaction cannot be had: it is waited for, but not for ever; a second signal does not wait.
#[test]
fn while_the_database_is_held() {
    for twice in [false, true] {
        let (registry, cluster) = (Answering::registry(), Cluster::new());
        let program = Program::new();
        program.write("r.yaml", cluster.config(&registry.url, ""));
        let mut worker = program.start("run -c r.yaml");
        let address = worker.address();
        send(&cluster, 0..10);
        worker.until(&address, "/metrics", |metrics| finals(metrics) >= 3);
        let holder = Holder::of(&program);
        send(&cluster, 10..30);
        let read = "crosscheck_records_read_total{stream=\"orders\",side=\"canary\"} ";
        worker.until(&address, "/metrics", |metrics| {
            let number = metrics
                .split_once(read)
                .map_or("0", |(_, rest)| rest.lines().next().unwrap());
            number.trim().parse::<u64>().unwrap() >= 14
        });
        if twice {
            worker.signal();
            // Two that come at once are one: it has heard the first when it serves no more.
            worker.until(&address, "/livez", str::is_empty);
        }
        let (code, took, log) = worker.terminate_within(LIMIT);
        assert_eq!(code, Some(0), "{log}");
        if twice {
            assert!(log.contains("were not stored in time"), "{log}");
            assert!(took < Duration::from_secs(4), "{took:?}: {log}");
        }
        let before = windows(&program);
        holder.release();
        let mut heir = program.start("run -c r.yaml");
        let address = heir.address();
        heir.until(&address, "/readyz", |_| windows(&program).len() >= 25);
        assert_eq!(windows(&program)[..before.len()], before[..]);
        assert_eq!(heir.terminate_within(LIMIT).0, Some(0));
    }
}
