//! What can go wrong with a database, and what to do about it.

/// Why the store did not do it. Holds no values of records, no statements and no passwords.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is none.
    #[error("no database address: {0}")]
    Address(String),
    /// Nobody answers.
    #[error("database {place} does not answer: {cause}")]
    Unreachable {
        /// Which, without user and password.
        place: String,
        /// Why.
        cause: String,
    },
    /// The connection broke in the middle; what was under way may or may not have happened.
    #[error("connection to the database was lost: {0}")]
    Lost(String),
    /// It does not let us in.
    #[error("database {place} refuses the user: {cause}")]
    Login {
        /// Which, without user and password.
        place: String,
        /// Its words.
        cause: String,
    },
    /// The server has no such database, or there is no such file.
    #[error("database {0} does not exist")]
    NoDatabase(String),
    /// The file or its folder cannot be written.
    #[error("database {place} cannot be written: {cause}")]
    Unwritable {
        /// Which.
        place: String,
        /// Why.
        cause: String,
    },
    /// The file is something else.
    #[error("{0} is not a SQLite database, or is damaged")]
    NotADatabase(String),
    /// The role lacks a right.
    #[error("database role lacks a right: {0}")]
    Denied(String),
    /// No room is left.
    #[error("database is full: {0}")]
    Full(String),
    /// A standby, or a transaction that may only read.
    #[error("database takes no writes now: {0}")]
    ReadOnly(String),
    /// Others hold what is needed.
    #[error("database is busy: {0}")]
    Busy(String),
    /// The schema is older than the binary.
    #[error("database {place} has schema version {found}, this crosscheck needs {needed}")]
    NotMigrated {
        /// Which.
        place: String,
        /// What it has; 0 is nothing at all.
        found: i64,
        /// What the binary needs.
        needed: i64,
    },
    /// The schema is newer than the binary.
    #[error("database {place} has schema version {found}, this crosscheck knows only {known}")]
    Newer {
        /// Which.
        place: String,
        /// What it has.
        found: i64,
        /// What the binary knows.
        known: i64,
    },
    /// Somebody else has taken the lease, or the generation has ended.
    #[error("lease on stream {stream} of {release} #{generation} was taken over")]
    Fenced {
        /// Whose.
        release: String,
        /// Which generation.
        generation: i64,
        /// Which stream.
        stream: String,
    },
    /// The database has fewer commits than it acknowledged.
    #[error("database has lost acknowledged commits of stream {0}")]
    Rewound(String),
    /// What is stored under this key differs.
    #[error(
        "stored {what} of stream {stream} differs from the one computed now{}",
        window(start_ms)
    )]
    Conflict {
        /// `window`, `bad counts` or `contract`.
        what: &'static str,
        /// Which stream.
        stream: String,
        /// Which window.
        start_ms: Option<i64>,
    },
    /// There is no such release, or no such generation.
    #[error("release {release} does not exist{}", generation.map(|g| format!(" in generation {g}")).unwrap_or_default())]
    UnknownRelease {
        /// Which.
        release: String,
        /// Which generation, if one was named.
        generation: Option<i64>,
    },
    /// The generation has ended.
    #[error("{release} #{generation} is closed")]
    Closed {
        /// Which.
        release: String,
        /// Which generation.
        generation: i64,
    },
    /// A row is not what was written.
    #[error("stored row is damaged: {0} expected")]
    Corrupt(&'static str),
    /// A number that no database column holds.
    #[error("{0} does not fit into 63 bits")]
    Range(&'static str),
    /// The database's own words.
    #[error("database error {code}: {message}")]
    Database {
        /// SQLSTATE, or SQLite's code.
        code: String,
        /// Its words.
        message: String,
    },
    /// The task that talks to the database died.
    #[error("database task ended early")]
    Task,
}

fn window(start_ms: &Option<i64>) -> String {
    start_ms.map(|ms| format!(" (window at {ms} ms)")).unwrap_or_default()
}

impl StoreError {
    /// True where waiting and asking again may help: nothing is wrong with what was asked.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        use StoreError as E;
        match self {
            E::Unreachable { .. } | E::Lost(_) | E::Full(_) | E::ReadOnly(_) | E::Busy(_) => true,
            E::Address(_)
            | E::Login { .. }
            | E::NoDatabase(_)
            | E::Unwritable { .. }
            | E::NotADatabase(_)
            | E::Denied(_)
            | E::NotMigrated { .. }
            | E::Newer { .. }
            | E::Fenced { .. }
            | E::Rewound(_)
            | E::Conflict { .. }
            | E::UnknownRelease { .. }
            | E::Closed { .. }
            | E::Corrupt(_)
            | E::Range(_)
            | E::Database { .. }
            | E::Task => false,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        use StoreError as E;
        match self {
            E::Address(_) => {
                "write sqlite://PATH or postgres://HOST:PORT/DATABASE; user and password stand under `auth:`"
            }
            E::Unreachable { .. } | E::Lost(_) => "check that the server runs, and host, port and sslmode of store.url",
            E::Login { .. } => "check the user and the password of store.auth",
            E::NoDatabase(_) => "create it, then run `crosscheck migrate`",
            E::Unwritable { .. } => "name a path in a folder that this user may write to, SQLite keeps files beside it",
            E::NotADatabase(_) => "name another path, or restore the file",
            E::Denied(_) => "grant the rights of migrations/postgres/roles.sql; `migrate` needs the owner's",
            E::Full(_) => "make room on the database's disk; nothing was lost, the work goes on by itself",
            E::ReadOnly(_) => "name the primary in store.url",
            E::Busy(_) => "end the other process that holds the database",
            E::NotMigrated { .. } => "run `crosscheck migrate`",
            E::Newer { .. } => "use the newer crosscheck that migrated it; there is no way back",
            E::Fenced { .. } => "another worker goes on with this release; stop this one",
            E::Rewound(_) => "restart the worker: it goes on from what is stored",
            E::Conflict { .. } => {
                "the logs, or the program, changed under the release: begin a new generation and report it"
            }
            E::UnknownRelease { .. } => "see `crosscheck release list`",
            E::Closed { .. } => "begin the next generation by starting a worker",
            E::Corrupt(_) => "restore the database: somebody edited it by hand",
            E::Range(_) | E::Task | E::Database { .. } => "this should not happen: report it",
        }
    }

    /// Worth the same transaction again, at once: it has not happened, or asking twice does no harm.
    pub(super) fn is_retried(&self) -> bool {
        matches!(self, StoreError::Busy(_) | StoreError::Lost(_))
    }

    /// From the driver, for a place without secrets.
    pub(super) fn from_driver(error: sqlx::Error, place: &str, connecting: bool) -> Self {
        let place = place.to_owned();
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default().into_owned();
                let message = error.message().to_owned();
                if code.len() == 5 {
                    Self::from_sqlstate(code, message, place, connecting)
                } else {
                    Self::from_sqlite(code, message, place)
                }
            }
            sqlx::Error::Configuration(error) => StoreError::Address(error.to_string()),
            sqlx::Error::InvalidArgument(text) => StoreError::Address(text),
            error if connecting => StoreError::Unreachable {
                cause: cause(&error),
                place,
            },
            error @ (sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::PoolClosed
            | sqlx::Error::PoolTimedOut) => StoreError::Lost(cause(&error)),
            _ => StoreError::Corrupt("another type"),
        }
    }

    /// From PostgreSQL's SQLSTATE and its words; `connecting` before a transaction has begun.
    #[must_use]
    pub fn from_sqlstate(code: String, cause: String, place: String, connecting: bool) -> Self {
        match code.as_str() {
            "28P01" | "28000" => StoreError::Login { place, cause },
            "3D000" => StoreError::NoDatabase(place),
            "42501" => StoreError::Denied(cause),
            "42P01" => StoreError::NotMigrated {
                place,
                found: 0,
                needed: 1,
            },
            "53100" => StoreError::Full(cause),
            "25006" => StoreError::ReadOnly(cause),
            // Serialisation, deadlock, a row that a concurrent transaction inserted first, lock and statement time-outs.
            "40001" | "40P01" | "23505" | "55P03" | "57014" => StoreError::Busy(cause),
            _ if connecting && (code.starts_with("53") || code.starts_with("57")) => {
                StoreError::Unreachable { place, cause }
            }
            _ if code.starts_with("08") || code.starts_with("57P") || code.starts_with("25P") => {
                StoreError::Lost(cause)
            }
            _ => StoreError::Database { code, message: cause },
        }
    }

    /// From SQLite's extended result code and its words.
    #[must_use]
    pub fn from_sqlite(code: String, cause: String, place: String) -> Self {
        match code.parse::<u32>().map(|code| code & 0xff) {
            // 15: lost the race for the journal's locks for seconds.
            Ok(5 | 6 | 15) => StoreError::Busy(cause),
            Ok(3 | 8 | 14 | 23) => StoreError::Unwritable { place, cause },
            Ok(13) => StoreError::Full(cause),
            Ok(11 | 26) => StoreError::NotADatabase(place),
            Ok(10) => StoreError::Lost(cause),
            Ok(1) if cause.starts_with("no such table") => StoreError::NotMigrated {
                place,
                found: 0,
                needed: 1,
            },
            _ => StoreError::Database { code, message: cause },
        }
    }
}

/// The words of a driver's error that are not its own frame.
fn cause(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Tls(error) => format!("TLS: {error}"),
        sqlx::Error::PoolTimedOut => "no connection in time".to_owned(),
        error => error.to_string(),
    }
}
