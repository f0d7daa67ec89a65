//! A database of its own for every test, and things to put into it.

use crosscheck::edge::store::{self, Acquired, Begin, FindingBody, FindingRow, Generation, Lease, Settings, Store};
use crosscheck::engine::{Checkpoint, FinalWindow, SettledBad};
use crosscheck::model::{BadCounts, Digest, Outcome, UndecodableReason, WindowCounts};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

pub struct Bed {
    pub settings: Settings,
    kind: Kind,
    /// SQLite's, gone with the bed.
    _folder: TempDir,
    /// PostgreSQL's: where to drop which database.
    dropped: Option<(String, String)>,
}

#[expect(clippy::disallowed_methods, reason = "names the PostgreSQL of the gate")]
pub fn postgres() -> String {
    std::env::var("CROSSCHECK_TEST_POSTGRES")
        .expect("CROSSCHECK_TEST_POSTGRES is the address of a superuser's database")
}

impl Bed {
    /// An empty database.
    pub async fn empty(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (url, dropped) = match kind {
            Kind::Sqlite => (format!("sqlite://{}", folder.path().join("store.db").display()), None),
            Kind::Postgres => {
                let server = postgres();
                let name = format!("t{}", uuid::Uuid::now_v7().simple());
                let mut connection = PgConnection::connect(&server).await.unwrap();
                let create = AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"));
                sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
                let base = server.rsplit_once('/').unwrap().0;
                (format!("{base}/{name}"), Some((server, name)))
            }
        };
        let settings = Settings {
            url,
            password: None,
            migrate: true,
        };
        Self {
            settings,
            kind,
            _folder: folder,
            dropped,
        }
    }

    /// A database with a schema, and the store in it.
    pub async fn new(kind: Kind) -> (Self, Store) {
        let bed = Self::empty(kind).await;
        let store = bed.open().await;
        (bed, store)
    }

    /// Another process, as it were.
    pub async fn open(&self) -> Store {
        store::open(&self.settings).await.unwrap()
    }

    /// Behind the store's back: statements.
    pub async fn sql(&self, sql: &'static str) {
        match self.kind {
            Kind::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.settings.url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.settings.url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            }
        }
    }

    /// Behind the store's back: rows of one text each.
    pub async fn texts(&self, sql: &'static str) -> Vec<String> {
        match self.kind {
            Kind::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.settings.url).await.unwrap();
                let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.settings.url).await.unwrap();
                let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// The windows, byte for byte.
    pub async fn windows(&self) -> Vec<String> {
        self.texts(
            "SELECT release || '|' || CAST(generation AS TEXT) || '|' || stream || '|' || CAST(start_ms AS TEXT) || '|' || \
             coalesce(CAST(end_ms AS TEXT), 'null') || '|' || CAST(edge AS TEXT) || '|' || counts || '|' || digest \
             FROM windows ORDER BY release, generation, stream, start_ms",
        )
        .await
    }

    /// Lets the leases run out.
    pub async fn expire(&self) {
        self.sql("UPDATE leases SET expires_ms = 0").await;
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let Some((server, name)) = self.dropped.take() else {
            return;
        };
        let dropping = async move {
            let mut connection = PgConnection::connect(&server).await?;
            let drop = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
            sqlx::raw_sql(drop).execute(&mut connection).await
        };
        let runtime = || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
        };
        std::thread::spawn(move || runtime().block_on(dropping))
            .join()
            .unwrap()
            .ok();
    }
}

pub fn begin(release: &str, digest: &str) -> Begin {
    Begin {
        release: release.to_owned(),
        settings: r#"{"window":"30s"}"#.to_owned(),
        settings_digest: digest.to_owned(),
        contracts: Vec::new(),
        reason: String::new(),
        actor: "worker-1".to_owned(),
    }
}

pub async fn generation(store: &Store) -> Generation {
    store.begin(begin("checkout-v42", "d1")).await.unwrap()
}

pub async fn acquire(store: &Store, generation: &Generation, owner: &str) -> Lease {
    match store.acquire(&generation.id, "orders", owner).await.unwrap() {
        Acquired::Lease { lease, .. } => lease,
        held @ Acquired::HeldBy { .. } => panic!("{held:?}"),
    }
}

/// The n-th window.
pub fn window(n: i64) -> FinalWindow {
    let mut counts = WindowCounts {
        matched: 100,
        mismatched: u64::try_from(n).unwrap(),
        ..WindowCounts::default()
    };
    let reasons = [
        UndecodableReason::Trailing,
        UndecodableReason::Bounds,
        UndecodableReason::DuplicateKey,
    ];
    counts.sides.canary.undecodable = reasons.into_iter().map(|reason| (reason, 7)).collect();
    for skew in [-5000, 3, n] {
        counts.skew.record(skew);
    }
    FinalWindow {
        start_ms: Some(n * 30_000),
        end_ms: Some((n + 1) * 30_000),
        counts,
        edge: n == 0,
        digest: Digest([u8::try_from(n % 251).unwrap(); 16]),
        candidates: Vec::new(),
    }
}

pub fn bad(n: i64) -> SettledBad {
    SettledBad {
        start_ms: Some(n * 30_000),
        counts: BadCounts {
            undecodable_judged: 3,
            ..BadCounts::default()
        },
    }
}

pub fn finding(n: i64, offset: u64) -> FindingRow {
    FindingRow {
        stream: "orders".to_owned(),
        start_ms: Some(n * 30_000),
        outcome: Outcome::Mismatched,
        baseline: Some((3, offset)),
        canary: None,
        identity: Some("00ff".to_owned()),
        body: FindingBody::default(),
    }
}

/// After the n-th window.
pub fn checkpoint(n: i64) -> Checkpoint {
    Checkpoint {
        frontier_ms: Some((n + 1) * 30_000),
        ..Checkpoint::default()
    }
}
