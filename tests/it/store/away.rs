//! PostgreSQL goes away, comes back, becomes a standby; and what it may forget is said at the start.

use crosscheck::edge::store::{self, Lease, Store, StoreError};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::bed::{acquire, generation, postgres};
use super::{Bed, Kind, checkpoint, plain, window};

async fn commit(store: &Store, lease: &Lease, n: i64) -> Result<(), StoreError> {
    store.commit(lease, plain(&[window(n)], &checkpoint(n))).await
}

/// As the administrator, in the server's own database.
async fn administer(bed: &Bed, sql: &str) {
    let name = bed.settings.url.rsplit_once('/').unwrap().1;
    let mut connection = PgConnection::connect(&postgres()).await.unwrap();
    let sql = AssertSqlSafe(sql.replace("DATABASE_NAME", name));
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'DATABASE_NAME'";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
async fn a_server_that_ends_every_connection_is_gone_on_with() {
    let (bed, store) = Bed::new(Kind::Postgres).await;
    let generation = generation(&store).await;
    let lease = acquire(&store, &generation, "a").await;
    for n in 0..30 {
        administer(&bed, CUT).await;
        commit(&store, &lease, n).await.unwrap();
    }
    assert_eq!(bed.windows().await.len(), 30);
}

/// It takes no writes: nothing is stored, the same may be asked for again, and the primary is found by a new connection.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
async fn a_server_that_takes_no_writes_is_waited_for() {
    let (bed, store) = Bed::new(Kind::Postgres).await;
    let generation = generation(&store).await;
    let lease = acquire(&store, &generation, "a").await;
    commit(&store, &lease, 1).await.unwrap();
    administer(
        &bed,
        "ALTER DATABASE DATABASE_NAME SET default_transaction_read_only = on",
    )
    .await;
    administer(&bed, CUT).await;
    for _ in 0..3 {
        let told = commit(&store, &lease, 2).await.unwrap_err();
        assert!(matches!(told, StoreError::ReadOnly(_)), "{told}");
        assert!(told.is_transient());
        assert_eq!(
            (bed.windows().await.len(), bed.frontiers().await),
            (1, vec!["60000".to_owned()])
        );
    }
    administer(&bed, "ALTER DATABASE DATABASE_NAME RESET default_transaction_read_only").await;
    commit(&store, &lease, 2).await.unwrap();
    assert_eq!(bed.windows().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
async fn what_may_be_forgotten_is_said() {
    let (bed, store) = Bed::new(Kind::Postgres).await;
    // The stack's server runs without fsync.
    let fsync = "the database may lose commits that it acknowledged: fsync is off";
    assert_eq!(store.warnings(), [fsync]);
    administer(&bed, "ALTER DATABASE DATABASE_NAME SET synchronous_commit = off").await;
    let second = store::open(&bed.settings).await.unwrap();
    assert_eq!(
        second.warnings(),
        [fsync, &fsync.replace("fsync", "synchronous_commit")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_sqlite_forgets_nothing() {
    let (_bed, store) = Bed::new(Kind::Sqlite).await;
    assert_eq!(store.warnings(), [""; 0]);
}
