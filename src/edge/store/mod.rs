//! Where results live: SQLite (embedded, the default) or PostgreSQL, behind one store.
//!
//! Every operation is one transaction, run by a task of its own: whoever stops waiting for it cancels nothing, and no
//! connection is ever left inside a transaction. A transaction that could not have its way (busy, deadlock, a lost
//! connection) is run again: each of them may happen twice and still counts once.
//!
//! What is written once above [`backend`] is the same, statement by statement, in both databases.

mod backend;
mod commit;
mod driver;
mod error;
#[cfg(test)]
mod faults;
mod inputs;
mod lease;
mod life;
mod migrate;
mod perform;
mod postgres;
mod read;
mod readback;
mod rows;
mod sqlite;

use std::sync::Arc;

use secrecy::SecretString;

pub use backend::{Argument, Database, Migration, Mode, Reply, Row, Transaction};
pub use commit::Commit;
pub use error::StoreError;
pub use inputs::InputsRow;
pub use lease::{Acquired, LEASE_MS, Lease, Resume};
pub use life::{Action, Begin, Command, Generation, Recorded};
pub use migrate::Migrated;
pub use read::{Read, Span, Stored};
pub use rows::{
    BadRow, CommandRow, ContractRow, FindingBody, FindingRow, FindingsKey, GenerationId, GenerationState, LeaseRow,
    ReleaseRow, StateRow, StoredVerdict, VerdictRow, WindowRow,
};

/// Which database.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite://PATH` or `postgres://USER@HOST:PORT/DATABASE?sslmode=…`.
    pub url: String,
    /// The password, which never stands in the address.
    pub password: Option<SecretString>,
    /// Whether `open` brings the schema up to date (and makes a SQLite file that is missing) instead of refusing.
    pub migrate: bool,
}

/// An open database whose schema is the one that this binary knows.
#[derive(Clone)]
pub struct Store {
    database: Arc<dyn Database>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

/// Opens a database.
///
/// # Errors
/// It cannot be reached or written, its schema is newer than the binary, or older and `migrate` is not set.
pub async fn open(settings: &Settings) -> Result<Store, StoreError> {
    let store = Store {
        database: connect(settings, settings.migrate).await?,
    };
    match perform::perform(&store.database, migrate::Check(store.database.clone())).await {
        Err(StoreError::NotMigrated { .. }) if settings.migrate => {
            perform::perform(&store.database, migrate::Migrate(store.database.clone())).await?;
        }
        checked => checked?,
    }
    Ok(store)
}

/// Brings the schema up to date. Two at once wait for each other.
///
/// # Errors
/// It cannot be reached or written, the role may not, or the schema is newer than the binary.
pub async fn migrate(settings: &Settings) -> Result<Migrated, StoreError> {
    let database = connect(settings, true).await?;
    // Asked first, because a role that only works may not create anything.
    let migrated = match perform::perform(&database, migrate::Check(database.clone())).await {
        Ok(()) => Ok(Migrated::nothing(database.migrations())),
        Err(StoreError::NotMigrated { .. }) => perform::perform(&database, migrate::Migrate(database.clone())).await,
        Err(error) => Err(error),
    };
    database.close().await;
    migrated
}

async fn connect(settings: &Settings, create: bool) -> Result<Arc<dyn Database>, StoreError> {
    let Settings { url, password, .. } = settings;
    let database: Arc<dyn Database> = match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Arc::new(sqlite::SqliteDatabase::open(url, create).await?),
        Some("postgres" | "postgresql") => Arc::new(postgres::PostgresDatabase::open(url, password.as_ref()).await?),
        _ => return Err(StoreError::Address("neither sqlite:// nor postgres://".to_owned())),
    };
    for warning in database.warnings() {
        tracing::warn!(database = database.place(), "{warning}");
    }
    Ok(database)
}

/// At most eight things that a store does.
impl Store {
    /// Resumes the generation of a release that has not ended and has the same settings, or begins the next one (and ends
    /// the one before, whose workers are fenced).
    ///
    /// # Errors
    /// The database does not do it.
    pub async fn begin(&self, begin: Begin) -> Result<Generation, StoreError> {
        perform::perform(&self.database, life::BeginJob::new(begin)?).await
    }

    /// Generations of one release, or of all, the newest of a release first.
    ///
    /// # Errors
    /// The database does not do it.
    pub async fn releases(&self, release: Option<&str>) -> Result<Vec<ReleaseRow>, StoreError> {
        perform::perform(&self.database, read::Releases(release.map(str::to_owned))).await
    }

    /// All commands on a generation, the newest last.
    ///
    /// # Errors
    /// The database does not do it.
    pub async fn commands(&self, generation: &GenerationId) -> Result<Vec<CommandRow>, StoreError> {
        perform::perform(&self.database, read::Commands(generation.clone())).await
    }

    /// Records a command on a release, with what it changes.
    ///
    /// # Errors
    /// There is no such generation, or it is closed; or the database does not do it.
    pub async fn record(&self, command: Command) -> Result<Recorded, StoreError> {
        perform::perform(&self.database, life::RecordJob::new(command)).await
    }

    /// Takes the lease on a stream of a generation, if nobody holds it.
    ///
    /// # Errors
    /// The generation is closed or unknown; or the database does not do it.
    pub async fn acquire(&self, generation: &GenerationId, stream: &str, owner: &str) -> Result<Acquired, StoreError> {
        perform::perform(&self.database, lease::AcquireJob::new(generation, stream, owner)).await
    }

    /// Holds a lease for five more seconds, and says what became of its generation. Once a minute it also reads back what
    /// was stored last.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where another worker has it, [`StoreError::Rewound`] where what was stored is not there any
    /// more; or the database does not do it.
    pub async fn renew(&self, lease: &Lease) -> Result<GenerationState, StoreError> {
        let (state, now) = perform::perform(&self.database, lease::RenewJob(Arc::clone(&lease.key))).await?;
        if let Some(job) = readback::ReadBackJob::due(&lease.key, now) {
            perform::perform(&self.database, job).await?;
        }
        Ok(state)
    }

    /// Gives a lease back, so that the next worker need not wait. One that is taken over already is left alone.
    ///
    /// # Errors
    /// The database does not do it.
    pub async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        perform::perform(&self.database, lease::ReleaseJob(lease.key)).await
    }

    /// Stores final windows and where to go on after them: all of it, or nothing. Asked again with the same, it does nothing.
    /// Who stops waiting does not learn whether it happened; commits of one lease happen in the order of their asking.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where another worker has the lease, [`StoreError::Conflict`] where other results are stored
    /// already; or the database does not do it. After a transient error the same commit may be asked for again.
    pub async fn commit(&self, lease: &Lease, commit: Commit<'_>) -> Result<(), StoreError> {
        let job = commit::CommitJob::new(lease, &commit).await?;
        perform::perform(&self.database, job).await.map(|_| ())
    }

    /// What is stored of a generation, in one snapshot.
    ///
    /// # Errors
    /// There is no such generation; or the database does not do it.
    pub async fn read(&self, read: Read) -> Result<Stored, StoreError> {
        perform::perform(&self.database, read::ReadJob(read)).await
    }
}

impl Store {
    /// What is wrong with the database although it works.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        self.database.warnings()
    }

    /// The store over a database that is open and has the schema already.
    #[must_use]
    pub fn over(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// Ends all connections.
    pub async fn close(self) {
        self.database.close().await;
    }
}
