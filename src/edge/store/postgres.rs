//! PostgreSQL: a pool, time-outs on the server, TLS as `sslmode` of the address says.

use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, Pool, Postgres, Row as _, TypeInfo, ValueRef};

use super::StoreError;
use super::backend::{Argument, Database, Migration, Mode, Reply, Row, Transaction};
use super::driver::{answer, transaction};

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long to wait for an answer, reading and writing: longer than the server lets a statement run.
const ANSWER: [Duration; 2] = [Duration::from_secs(40), Duration::from_secs(15)];

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: include_str!("../../../migrations/postgres/0001_store.sql"),
    },
    Migration {
        version: 2,
        sql: include_str!("../../../migrations/postgres/0002_window_inputs.sql"),
    },
    Migration {
        version: 3,
        sql: include_str!("../../../migrations/postgres/0003_profiles.sql"),
    },
];

pub(super) struct PostgresDatabase {
    writers: Pool<Postgres>,
    /// Apart, so that nobody reads through a connection that wrote what it reads.
    readers: Pool<Postgres>,
    place: String,
    warnings: Vec<String>,
}

impl PostgresDatabase {
    /// Connects once, so that a wrong address, user or password is known at the start.
    pub async fn open(url: &str, password: Option<&SecretString>) -> Result<Self, StoreError> {
        let mut options: PgConnectOptions = url
            .parse()
            .map_err(|_| StoreError::Address("the PostgreSQL address cannot be parsed".to_owned()))?;
        if let Some(password) = password {
            options = options.password(password.expose_secret());
        }
        let options = options.application_name("crosscheck").disable_statement_logging();
        let place = match options.get_socket() {
            Some(socket) => format!("{} ({})", options.get_database().unwrap_or("?"), socket.display()),
            None => format!(
                "{} at {}:{}",
                options.get_database().unwrap_or_else(|| options.get_username()),
                options.get_host(),
                options.get_port()
            ),
        };
        // No transaction is open yet: giving up on a connection under construction is safe.
        let mut first = match tokio::time::timeout(CONNECT, options.connect()).await {
            Ok(first) => first.map_err(|error| StoreError::from_driver(error, &place, true))?,
            Err(_) => {
                return Err(StoreError::Unreachable {
                    place,
                    cause: format!("no answer in {} s", CONNECT.as_secs()),
                });
            }
        };
        let warnings = losses(&mut first, &place).await?;
        first.close().await.ok();
        let pool = || {
            PoolOptions::new()
                .max_connections(4)
                .acquire_timeout(CONNECT)
                .connect_lazy_with(options.clone())
        };
        Ok(Self {
            writers: pool(),
            readers: pool(),
            place,
            warnings,
        })
    }
}

/// Where the server may forget what it acknowledged. Results stay whole; the newest of them may be computed again.
async fn losses(connection: &mut PgConnection, place: &str) -> Result<Vec<String>, StoreError> {
    let sql =
        "SELECT name FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit') AND setting = 'off' ORDER BY name";
    let settings: Vec<String> = answer(CONNECT, place, sqlx::query_scalar(sql).fetch_all(connection)).await?;
    let warn = |setting| format!("the database may lose commits that it acknowledged: {setting} is off");
    Ok(settings.into_iter().map(warn).collect())
}

impl Database for PostgresDatabase {
    fn begin(&self, mode: Mode) -> Reply<'_, Box<dyn Transaction>> {
        let [reading, writing] = ANSWER;
        let (pool, limit, begin) = match mode {
            Mode::Read => (
                &self.readers,
                reading,
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '30s'; \
                 SET LOCAL idle_in_transaction_session_timeout = '60s'",
            ),
            // Not `READ WRITE`: a standby would refuse that with a code that says nothing of a standby.
            Mode::Write => (
                &self.writers,
                writing,
                "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '10s'; \
                 SET LOCAL lock_timeout = '8s'; SET LOCAL idle_in_transaction_session_timeout = '60s'",
            ),
        };
        Box::pin(PostgresTransaction::begin(pool, begin, limit, &self.place))
    }

    fn migrations(&self) -> &'static [Migration] {
        MIGRATIONS
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.readers.close().await;
            self.writers.close().await;
        })
    }
}

transaction!(
    PostgresTransaction,
    Postgres,
    now: "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)",
    // Any number will do, as long as nobody else in the database takes it: "crosschk" in ASCII.
    lock: "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(7165066918868150379)",
    integer: "INT8"
);
