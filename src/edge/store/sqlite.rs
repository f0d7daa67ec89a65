//! SQLite: one writer, a pool of readers, WAL, every commit on disk.

use std::path::Path;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Pool, Row as _, Sqlite, TypeInfo, ValueRef};

use super::StoreError;
use super::backend::{Argument, Database, Migration, Mode, Reply, Row, Transaction};
use super::driver::transaction;

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(10);

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: include_str!("../../../migrations/sqlite/0001_store.sql"),
    },
    Migration {
        version: 2,
        sql: include_str!("../../../migrations/sqlite/0002_window_inputs.sql"),
    },
];

pub(super) struct SqliteDatabase {
    writer: Pool<Sqlite>,
    readers: Pool<Sqlite>,
    place: String,
}

impl SqliteDatabase {
    /// Opens a file; `create` makes it where it is missing.
    pub async fn open(url: &str, create: bool) -> Result<Self, StoreError> {
        let options: SqliteConnectOptions = url.parse().map_err(|error| StoreError::from_driver(error, url, true))?;
        let place = options.get_filename().display().to_string();
        if place.is_empty() || url.contains(":memory:") || url.contains("mode=memory") {
            return Err(StoreError::Address("SQLite needs a path".to_owned()));
        }
        if !create && !options.get_filename().exists() {
            return Err(StoreError::NoDatabase(place));
        }
        if create {
            private(options.get_filename());
        }
        let options = options
            .create_if_missing(create)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        // Once by hand, because a pool would hide why it cannot connect.
        let first = options
            .connect()
            .await
            .map_err(|error| explain(StoreError::from_driver(error, &place, true), options.get_filename()))?;
        first.close().await.ok();
        let pool = |connections| {
            PoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(BUSY * 3)
        };
        Ok(Self {
            writer: pool(1).connect_lazy_with(options.clone()),
            readers: pool(4).connect_lazy_with(options.pragma("query_only", "1")),
            place,
        })
    }
}

/// Makes a file that is missing readable for its owner only: it holds the key of the findings. Where that fails, SQLite
/// will say why.
fn private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).ok();
}

/// SQLite only says that it cannot open a file; the folder often tells why.
fn explain(error: StoreError, path: &Path) -> StoreError {
    match error {
        StoreError::Unwritable { place, cause } => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let cause = match folder {
                Some(folder) if !folder.exists() => format!("folder {} does not exist", folder.display()),
                _ if path.is_dir() => "it is a folder".to_owned(),
                _ => cause,
            };
            StoreError::Unwritable { place, cause }
        }
        error => error,
    }
}

impl Database for SqliteDatabase {
    fn begin(&self, mode: Mode) -> Reply<'_, Box<dyn Transaction>> {
        let (pool, begin) = match mode {
            Mode::Read => (&self.readers, "BEGIN"),
            // Taken at once: a reader that becomes a writer later may find that it cannot.
            Mode::Write => (&self.writer, "BEGIN IMMEDIATE"),
        };
        Box::pin(async move {
            let connection = pool
                .acquire()
                .await
                .map_err(|error| StoreError::from_driver(error, &self.place, true))?;
            let mut transaction = SqliteTransaction {
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
        Box::pin(async move {
            self.readers.close().await;
            self.writer.close().await;
        })
    }
}

struct SqliteTransaction {
    connection: PoolConnection<Sqlite>,
    finished: bool,
    place: String,
}

transaction!(
    SqliteTransaction,
    Sqlite,
    "SELECT CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER)",
    // BEGIN IMMEDIATE keeps all other writers out already.
    "",
    "INTEGER"
);
