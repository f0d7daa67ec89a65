//! PostgreSQL: a pool, time-outs on the server, TLS as `sslmode` of the address says.

use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, Pool, Postgres, Row as _, TypeInfo, ValueRef};

use super::StoreError;
use super::backend::{Argument, Database, Migration, Mode, Reply, Row, Transaction};
use super::driver::transaction;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: include_str!("../../../migrations/postgres/0001_store.sql"),
    },
    Migration {
        version: 2,
        sql: include_str!("../../../migrations/postgres/0002_window_inputs.sql"),
    },
];

pub(super) struct PostgresDatabase {
    pool: Pool<Postgres>,
    place: String,
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
        warn_of_loss(&mut first, &place).await;
        first.close().await.ok();
        let pool = PoolOptions::new()
            .max_connections(8)
            .acquire_timeout(CONNECT)
            .connect_lazy_with(options);
        Ok(Self { pool, place })
    }
}

/// Says so where the server may forget what it acknowledged. Results stay whole; the newest of them may be computed again.
async fn warn_of_loss(connection: &mut PgConnection, place: &str) {
    let sql =
        "SELECT name FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit') AND setting = 'off' ORDER BY name";
    let settings: Vec<String> = sqlx::query_scalar(sql).fetch_all(connection).await.unwrap_or_default();
    for setting in settings {
        tracing::warn!(
            database = place,
            setting,
            "database may lose acknowledged commits: the setting is off"
        );
    }
}

impl Database for PostgresDatabase {
    fn begin(&self, mode: Mode) -> Reply<'_, Box<dyn Transaction>> {
        let begin = match mode {
            Mode::Read => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '30s'; \
                 SET LOCAL idle_in_transaction_session_timeout = '60s'"
            }
            Mode::Write => {
                "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = '30s'; \
                 SET LOCAL lock_timeout = '10s'; SET LOCAL idle_in_transaction_session_timeout = '60s'"
            }
        };
        Box::pin(async move {
            let connection = self
                .pool
                .acquire()
                .await
                .map_err(|error| StoreError::from_driver(error, &self.place, true))?;
            let mut transaction = PostgresTransaction {
                connection,
                finished: false,
                place: self.place.clone(),
            };
            sqlx::raw_sql(begin)
                .execute(&mut *transaction.connection)
                .await
                .map_err(|error| transaction.fault(error))?;
            Ok(Box::new(transaction) as Box<dyn Transaction>)
        })
    }

    fn migrations(&self) -> &'static [Migration] {
        MIGRATIONS
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool.close())
    }
}

struct PostgresTransaction {
    connection: PoolConnection<Postgres>,
    finished: bool,
    place: String,
}

transaction!(
    PostgresTransaction,
    Postgres,
    "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)",
    // Any number will do, as long as nobody else in the database takes it: "crosschk" in ASCII.
    "SELECT pg_advisory_xact_lock(7165066918868150379)",
    "INT8"
);
