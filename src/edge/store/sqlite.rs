//! SQLite: one writer, a pool of readers, WAL, every commit on disk.

use std::path::Path;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Pool, Row as _, Sqlite, SqliteConnection, TypeInfo, ValueRef};

use super::StoreError;
use super::backend::{Argument, Database, Migration, Mode, Reply, Row, Transaction};
use super::driver::{answer, transaction};
use super::perform::pauses;

/// How long a writer waits for another process before it asks anew.
const BUSY: Duration = Duration::from_secs(2);
/// How long one waits for a connection of our own.
const TURN: Duration = Duration::from_secs(30);

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: include_str!("../../../migrations/sqlite/0001_store.sql"),
    },
    Migration {
        version: 2,
        sql: include_str!("../../../migrations/sqlite/0002_window_inputs.sql"),
    },
    Migration {
        version: 3,
        sql: include_str!("../../../migrations/sqlite/0003_profiles.sql"),
    },
];

pub(super) struct SqliteDatabase {
    writer: Pool<Sqlite>,
    readers: Pool<Sqlite>,
    place: String,
    warnings: Vec<String>,
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
        let mut first = connect(&options, &place)
            .await
            .map_err(|error| explain(error, options.get_filename()))?;
        let warnings = losses(&mut first, options.get_filename())
            .await
            .map_err(|error| StoreError::from_driver(error, &place, true))?;
        first.close().await.ok();
        let pool = |connections| PoolOptions::new().max_connections(connections).acquire_timeout(TURN);
        Ok(Self {
            writer: pool(1).connect_lazy_with(options.clone()),
            readers: pool(4).connect_lazy_with(options.pragma("query_only", "1")),
            place,
            warnings,
        })
    }
}

/// Connects, and turns a file that is new to WAL. That begins with a read, and a reader that becomes a writer is not kept
/// waiting where another has the file, as a second process that opens it has: it is told at once, and asks anew.
async fn connect(options: &SqliteConnectOptions, place: &str) -> Result<SqliteConnection, StoreError> {
    let mut pauses = pauses();
    loop {
        let error = match options.connect().await {
            Ok(connection) => return Ok(connection),
            Err(error) => StoreError::from_driver(error, place, true),
        };
        let Some(pause) = pauses.next().filter(|_| matches!(error, StoreError::Busy(_))) else {
            return Err(error);
        };
        tokio::time::sleep(pause).await;
    }
}

/// Where the file may forget what was committed. It is asked, not believed: a file system may not do what we set.
async fn losses(connection: &mut SqliteConnection, path: &Path) -> Result<Vec<String>, sqlx::Error> {
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut *connection)
        .await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(connection).await?;
    let mut warnings = Vec::new();
    if journal != "wal" || synchronous < 2 {
        warnings.push(format!(
            "the database may lose commits: its journal is {journal}, synchronous is {synchronous}"
        ));
    }
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let path = std::path::absolute(path).unwrap_or_default();
    if let Some(network) = network(&mounts, &path) {
        warnings.push(format!(
            "the database lies on a network file system ({network}): its locks and its journal need a local disk"
        ));
    }
    Ok(warnings)
}

/// The network file system that a path lies on, by the table of mounts.
fn network<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?)).filter(|(folder, _)| path.starts_with(folder))
    });
    // Of two at the same place the later one is on top.
    let (_, kind) = mounted.max_by_key(|(folder, _)| folder.len())?;
    let kinds = [
        "nfs",
        "cifs",
        "smb",
        "9p",
        "ceph",
        "lustre",
        "glusterfs",
        "fuse.sshfs",
        "fuse.glusterfs",
    ];
    kinds.iter().any(|network| kind.starts_with(network)).then_some(kind)
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
        // It answers from this very process, however slow the disk.
        Box::pin(SqliteTransaction::begin(pool, begin, Duration::MAX, &self.place))
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
            self.writer.close().await;
        })
    }
}

transaction!(
    SqliteTransaction,
    Sqlite,
    now: "SELECT CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER)",
    // BEGIN IMMEDIATE keeps all other writers out already.
    lock: "",
    integer: "INTEGER"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_found() {
        let mounts = "overlay / overlay rw 0 0\nfiler:/vol /data nfs4 rw 0 0\n/dev/sdb /data/local ext4 rw 0 0\n\
                      tmpfs /mnt tmpfs rw 0 0\n//nas/x /mnt cifs rw 0 0\n";
        for (path, expected) in [
            ("/data/a.db", Some("nfs4")),
            ("/data/local/a.db", None),
            ("/database/a.db", None),
            ("/mnt/a.db", Some("cifs")),
            ("/a.db", None),
        ] {
            assert_eq!(network(mounts, Path::new(path)), expected, "{path}");
        }
        assert_eq!(network("", Path::new("/a.db")), None);
    }
}
