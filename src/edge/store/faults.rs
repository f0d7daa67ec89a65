//! A database that fails at the n-th call, before or after it took effect, for every n; and callers that go away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use futures_util::future::BoxFuture;
use futures_util::poll;

use super::backend::{Argument, Database, Migration, Mode, Reply, Row, Transaction};
use super::perform::once;
use super::{Acquired, Begin, Commit, Generation, Lease, Settings, Store, StoreError, VerdictRow, lease};
use crate::engine::{Checkpoint, FinalWindow};
use crate::model::{Digest, Verdict, WindowCounts};

/// When to fail, and how.
struct Plan {
    calls: AtomicUsize,
    /// The call that fails, counted from 1; 0 is none.
    at: usize,
    /// Whether it takes effect all the same: an answer that was lost.
    after: bool,
    error: fn() -> StoreError,
}

impl Plan {
    /// What becomes of the next call: (does it take effect, its error).
    fn next(&self) -> (bool, Option<StoreError>) {
        let hit = self.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.at;
        (!hit || self.after, hit.then(self.error))
    }
}

struct Faulty {
    inner: Arc<dyn Database>,
    plan: Arc<Plan>,
}

struct FaultyTransaction {
    inner: Box<dyn Transaction>,
    plan: Arc<Plan>,
}

async fn through<T>(plan: &Plan, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let (happens, error) = plan.next();
    let done = if happens { Some(call.await) } else { None };
    match (error, done) {
        (Some(error), _) => Err(error),
        (None, Some(done)) => done,
        (None, None) => Err(StoreError::Task),
    }
}

impl Database for Faulty {
    fn begin(&self, mode: Mode) -> Reply<'_, Box<dyn Transaction>> {
        Box::pin(async move {
            let inner = through(&self.plan, self.inner.begin(mode)).await?;
            let plan = Arc::clone(&self.plan);
            Ok(Box::new(FaultyTransaction { inner, plan }) as Box<dyn Transaction>)
        })
    }

    fn migrations(&self) -> &'static [Migration] {
        self.inner.migrations()
    }

    fn place(&self) -> &str {
        self.inner.place()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

impl Transaction for FaultyTransaction {
    fn now_ms(&mut self) -> Reply<'_, i64> {
        Box::pin(through(&self.plan, self.inner.now_ms()))
    }

    fn execute(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'_, u64> {
        Box::pin(through(&self.plan, self.inner.execute(sql, arguments)))
    }

    fn fetch(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'_, Vec<Row>> {
        Box::pin(through(&self.plan, self.inner.fetch(sql, arguments)))
    }

    fn script(&mut self, sql: &'static str) -> Reply<'_, ()> {
        Box::pin(through(&self.plan, self.inner.script(sql)))
    }

    fn rollback(self: Box<Self>) -> Reply<'static, ()> {
        self.inner.rollback()
    }

    fn commit(self: Box<Self>) -> Reply<'static, ()> {
        Box::pin(async move { through(&self.plan, self.inner.commit()).await })
    }
}

async fn sqlite() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        url: format!("sqlite://{}", folder.path().join("store.db").display()),
        password: None,
        migrate: true,
    };
    let store = super::open(&settings).await.unwrap();
    (folder, store)
}

async fn work(store: &Store) -> (Generation, Lease) {
    let begin = Begin {
        release: "r".to_owned(),
        settings: "{}".to_owned(),
        settings_digest: "d".to_owned(),
        contracts: Vec::new(),
        reason: String::new(),
        actor: "a".to_owned(),
    };
    let generation = store.begin(begin).await.unwrap();
    match store.acquire(&generation.id, "s", "a").await.unwrap() {
        Acquired::Lease { lease, .. } => (generation, lease),
        held @ Acquired::HeldBy { .. } => panic!("{held:?}"),
    }
}

fn window(n: i64) -> FinalWindow {
    FinalWindow {
        start_ms: Some(n),
        end_ms: Some(n + 1),
        counts: WindowCounts::default(),
        edge: false,
        digest: Digest([1; 16]),
        candidates: Vec::new(),
        noise: Vec::new(),
        profile: None,
    }
}

async fn commit(store: &Store, lease: &Lease, n: i64) -> Result<(), StoreError> {
    let verdict = VerdictRow {
        verdict: Verdict::Pass,
        body: n.to_string(),
    };
    let commit = Commit {
        windows: &[window(n)],
        bad: &[],
        findings: &[],
        contracts: &[],
        inputs: None,
        checkpoint: &Checkpoint {
            frontier_ms: Some(n),
            ..Checkpoint::default()
        },
        state: None,
        verdict: Some(&verdict),
    };
    store.commit(lease, commit).await
}

/// Windows, verdicts, commits of the lease, commands.
async fn counts(store: &Store, generation: &Generation) -> [i64; 4] {
    let read = super::Read {
        generation: generation.id.clone(),
        stream: None,
        windows: super::Span::ALL,
        findings_max: 0,
        inputs: super::Span::NONE,
    };
    let stored = store.read(read).await.unwrap();
    let lens = [stored.windows.len(), stored.verdicts.len()].map(|len| i64::try_from(len).unwrap());
    let commands = i64::try_from(stored.commands.len()).unwrap();
    [
        lens[0],
        lens[1],
        stored.leases.first().map_or(0, |lease| lease.commits),
        commands,
    ]
}

/// Everything once, whatever fails and whether or not it took effect.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_at_every_call() {
    let lost: fn() -> StoreError = || StoreError::Lost("cut".to_owned());
    let busy: fn() -> StoreError = || StoreError::Busy("40001".to_owned());
    for (error, after) in [(lost, false), (lost, true), (busy, false)] {
        let mut at = 0;
        loop {
            at += 1;
            let (_folder, healthy) = sqlite().await;
            let plan = Arc::new(Plan {
                calls: AtomicUsize::new(0),
                at,
                after,
                error,
            });
            let inner = Arc::clone(&healthy.database);
            let faulty = Store {
                database: Arc::new(Faulty {
                    inner,
                    plan: Arc::clone(&plan),
                }),
            };
            let (generation, lease) = work(&faulty).await;
            for n in 0..3 {
                commit(&faulty, &lease, n).await.unwrap();
            }
            assert_eq!(
                counts(&healthy, &generation).await,
                [3, 3, 3, 1],
                "failed at call {at}, after: {after}"
            );
            faulty.release(lease).await.unwrap();
            if plan.calls.load(Ordering::SeqCst) < at {
                assert!(at > 20, "nothing was tried");
                break;
            }
        }
    }
}

/// What cannot be helped by asking again is told, and asking again later works.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stays_away() {
    let (_folder, healthy) = sqlite().await;
    let (generation, lease) = work(&healthy).await;
    for (at, after) in (1..9).flat_map(|at| [(at, false), (at, true)]) {
        let plan = Arc::new(Plan {
            calls: AtomicUsize::new(0),
            at,
            after,
            error: || StoreError::Full("53100".to_owned()),
        });
        let inner = Arc::clone(&healthy.database);
        let faulty = Store {
            database: Arc::new(Faulty { inner, plan }),
        };
        let n = i64::try_from(at).unwrap() * 2 + i64::from(after);
        let full = commit(&faulty, &lease, n).await.unwrap_err();
        assert!(full.is_transient(), "{full}");
        commit(&healthy, &lease, n).await.unwrap();
    }
    assert_eq!(counts(&healthy, &generation).await[..2], [16, 16]);
}

/// Dropped inside the driver itself, after each poll: the next borrower's writes are kept.
async fn cancelled(store: Store) {
    let (generation, lease) = work(&store).await;
    let mut n = 0;
    for polls in 0..60 {
        let job = lease::RenewJob(Arc::clone(&lease.key));
        let mut future = Box::pin(once(&*store.database, &job));
        for _ in 0..polls {
            if let Poll::Ready(done) = poll!(&mut future) {
                done.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(future);
        commit(&store, &lease, n).await.unwrap();
        n += 1;
        assert_eq!(counts(&store, &generation).await[..3], [n, n, n]);
    }
}

#[tokio::test]
async fn cancelled_in_sqlite() {
    let (_folder, store) = sqlite().await;
    cancelled(store).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
async fn cancelled_in_postgres() {
    #[expect(clippy::disallowed_methods, reason = "names the PostgreSQL of the gate")]
    let server = std::env::var("CROSSCHECK_TEST_POSTGRES").unwrap();
    let name = format!("c{}", uuid::Uuid::now_v7().simple());
    let sql = |sql: String| {
        let server = server.clone();
        async move {
            let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&server)
                .await
                .unwrap();
            let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
            sql.execute(&mut connection).await.unwrap();
        }
    };
    sql(format!("CREATE DATABASE {name}")).await;
    let settings = Settings {
        url: format!("{}/{name}", server.rsplit_once('/').unwrap().0),
        password: None,
        migrate: true,
    };
    cancelled(super::open(&settings).await.unwrap()).await;
    sql(format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

#[test]
fn retried_is_transient() {
    for error in [StoreError::Lost(String::new()), StoreError::Busy(String::new())] {
        assert!(error.is_retried() && error.is_transient());
    }
}
