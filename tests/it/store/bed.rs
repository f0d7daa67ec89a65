//! A database of its own for every test, and things to put into it.

use crosscheck::edge::store::{
    self, Acquired, Begin, Commit, FindingBody, FindingRow, Generation, Lease, Settings, Store,
};
use crosscheck::engine::{Checkpoint, FinalWindow, SettledBad};
use crosscheck::model::{
    Arm, BadCounts, Digest, FieldProfile, Outcome, Split, UndecodableReason, WindowCounts, WindowProfile,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;

use crate::simulation::database::{Simulated, Table, Value};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Sqlite,
    Postgres,
    /// In memory: the simulator's.
    Simulated,
}

pub struct Bed {
    pub settings: Settings,
    kind: Kind,
    /// Its database, where that is the simulated one.
    pub simulated: Simulated,
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

/// Opens a bed's database.
#[derive(Clone)]
pub enum Opener {
    Settings(Settings),
    Simulated(Simulated),
}

impl Opener {
    pub async fn open(&self) -> Store {
        match self {
            Opener::Settings(settings) => store::open(settings).await.unwrap(),
            Opener::Simulated(database) => database.connect().store(),
        }
    }
}

impl Bed {
    /// An empty database.
    pub async fn empty(kind: Kind) -> Self {
        Self::at(kind, tempfile::tempdir().unwrap(), "").await
    }

    /// An empty database: a file in this folder, or a database of the server with these options.
    pub async fn at(kind: Kind, folder: TempDir, options: &str) -> Self {
        let (url, dropped) = match kind {
            Kind::Sqlite => (format!("sqlite://{}", folder.path().join("store.db").display()), None),
            Kind::Simulated => (String::new(), None),
            Kind::Postgres => {
                let server = postgres();
                let name = format!("t{}", uuid::Uuid::now_v7().simple());
                let mut connection = PgConnection::connect(&server).await.unwrap();
                let create = AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0{options}"));
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
            simulated: Simulated::default(),
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
        self.opener().open().await
    }

    /// What opens it, to be sent elsewhere.
    pub fn opener(&self) -> Opener {
        match self.kind {
            Kind::Simulated => Opener::Simulated(self.simulated.clone()),
            Kind::Sqlite | Kind::Postgres => Opener::Settings(self.settings.clone()),
        }
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
            Kind::Simulated => panic!("no SQL here"),
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
            Kind::Simulated => panic!("no SQL here"),
        }
    }

    /// The windows, byte for byte.
    pub async fn windows(&self) -> Vec<String> {
        if self.kind == Kind::Simulated {
            return self.columns(Table::Windows, &[0, 1, 2, 3, 4, 5, 6, 7]);
        }
        self.texts(
            "SELECT release || '|' || CAST(generation AS TEXT) || '|' || stream || '|' || CAST(start_ms AS TEXT) || '|' || \
             coalesce(CAST(end_ms AS TEXT), 'null') || '|' || CAST(edge AS TEXT) || '|' || counts || '|' || digest \
             FROM windows ORDER BY release, generation, stream, start_ms",
        )
        .await
    }

    /// The frontiers of the leases.
    pub async fn frontiers(&self) -> Vec<String> {
        if self.kind == Kind::Simulated {
            return self.columns(Table::Leases, &[8]);
        }
        self.texts("SELECT CAST(frontier_ms AS TEXT) FROM leases").await
    }

    /// The numbers of the verdicts.
    pub async fn verdicts(&self) -> Vec<String> {
        if self.kind == Kind::Simulated {
            return self.columns(Table::Verdicts, &[2]);
        }
        self.texts("SELECT CAST(sequence AS TEXT) FROM verdicts").await
    }

    fn columns(&self, table: Table, columns: &[usize]) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::Null => "null".to_owned(),
            Value::Integer(value) => value.to_string(),
            Value::Text(value) => value.to_string(),
        };
        let row = |row: &Vec<Value>| columns.iter().map(|column| text(&row[*column])).collect::<Vec<_>>();
        let rows = self.simulated.rows(table);
        rows.iter().map(|data| row(data).join("|")).collect()
    }

    /// Lets the leases run out.
    pub async fn expire(&self) {
        if self.kind == Kind::Simulated {
            return self
                .simulated
                .edit(Table::Leases, |row| row[6] = Value::Integer(0))
                .await;
        }
        self.sql("UPDATE leases SET expires_ms = 0").await;
    }

    /// Loses commits that were acknowledged.
    pub async fn rewind(&self) {
        if self.kind == Kind::Simulated {
            return self
                .simulated
                .edit(Table::Leases, |row| row[7] = Value::Integer(0))
                .await;
        }
        self.sql("UPDATE leases SET commits = 0").await;
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

/// What the n-th window has at a profiled path.
fn profile(n: i64) -> WindowProfile {
    let mut field = FieldProfile {
        nulls: 3,
        ..FieldProfile::default()
    };
    for value in 0..u32::try_from(n % 700).unwrap() {
        field.numbers.add(value);
        field.categories.add(value.wrapping_mul(0x9e37_79b9));
    }
    WindowProfile {
        canary: Arm {
            records: 9,
            fields: vec![field],
        },
        split: (n % 3 == 0).then(Split::default),
        ..WindowProfile::default()
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
        noise: Vec::new(),
        profile: (n % 2 == 1).then(|| Box::new(profile(n))),
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
        body: FindingBody {
            critical: vec!["amount".to_owned(), "total.net".to_owned()],
            ..FindingBody::default()
        },
    }
}

/// Windows and the place to go on from, and nothing beside.
pub fn plain<'a>(windows: &'a [FinalWindow], checkpoint: &'a Checkpoint) -> Commit<'a> {
    Commit {
        windows,
        bad: &[],
        findings: &[],
        contracts: &[],
        inputs: None,
        checkpoint,
        state: None,
        verdict: None,
    }
}

/// After the n-th window.
pub fn checkpoint(n: i64) -> Checkpoint {
    Checkpoint {
        frontier_ms: Some((n + 1) * 30_000),
        ..Checkpoint::default()
    }
}
