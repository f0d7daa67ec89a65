//! Opening: what is refused, and in which words.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crosscheck::edge::store::{self, Migrated, Settings, StoreError};
use rstest::rstest;
use secrecy::SecretString;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use super::bed::postgres;
use super::{Bed, Kind};

fn settings(url: impl Into<String>, migrate: bool) -> Settings {
    Settings {
        url: url.into(),
        password: None,
        migrate,
    }
}

async fn refused(settings: &Settings) -> StoreError {
    store::open(settings).await.expect_err("must be refused")
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn versions(#[case] kind: Kind) {
    let bed = Bed::empty(kind).await;
    let strict = settings(bed.settings.url.clone(), false);
    let error = refused(&strict).await;
    assert!(
        matches!(
            error,
            StoreError::NotMigrated { found: 0, .. } | StoreError::NoDatabase(_)
        ),
        "{error}"
    );

    // Two at once: one does it, the other finds it done.
    let (one, two) = tokio::join!(store::migrate(&bed.settings), store::migrate(&bed.settings));
    let mut both = [one.unwrap(), two.unwrap()];
    both.sort_by_key(|migrated| migrated.from);
    assert_eq!(both, [Migrated { from: 0, to: 3 }, Migrated { from: 3, to: 3 }]);
    store::open(&strict).await.unwrap();

    bed.sql("INSERT INTO schema_versions (version, at_ms) VALUES (99, 0)")
        .await;
    for settings in [&strict, &bed.settings] {
        let error = refused(settings).await;
        let text = error.to_string();
        assert!(
            text.ends_with("has schema version 99, this crosscheck knows only 3"),
            "{text}"
        );
        assert!(error.hint().contains("newer crosscheck"));
    }
    assert!(matches!(
        store::migrate(&bed.settings).await,
        Err(StoreError::Newer { .. })
    ));

    bed.sql("DELETE FROM schema_versions").await;
    let error = refused(&strict).await;
    let text = error.to_string();
    assert!(
        text.ends_with("has schema version 0, this crosscheck needs 3"),
        "{text}"
    );
    assert!(error.hint().contains("crosscheck migrate"));
}

/// Turning a new file to WAL begins with a read, and SQLite lets no reader wait for the lock of a writer.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_that_another_has_locked_is_waited_for() {
    let bed = Bed::empty(Kind::Sqlite).await;
    let mut other = SqliteConnection::connect_with(
        &bed.settings
            .url
            .parse::<SqliteConnectOptions>()
            .unwrap()
            .create_if_missing(true),
    )
    .await
    .unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let url = bed.settings.clone();
    let migrating = tokio::spawn(async move { store::migrate(&url).await });
    tokio::time::sleep(Duration::from_millis(200)).await; // waits for an error that must not come
    assert!(!migrating.is_finished(), "it waits");
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(migrating.await.unwrap().unwrap(), Migrated { from: 0, to: 3 });
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_open_a_new_file_at_once_all_do() {
    for _ in 0..3 {
        let bed = Bed::empty(Kind::Sqlite).await;
        let all = (0..8).map(|_| {
            let settings = bed.settings.clone();
            tokio::spawn(async move { store::migrate(&settings).await })
        });
        let mut migrated = Vec::new();
        for one in all.collect::<Vec<_>>() {
            migrated.push(one.await.unwrap().unwrap());
        }
        assert_eq!(migrated.iter().filter(|one| one.from == 0).count(), 1, "{migrated:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses() {
    for url in [
        "",
        "mysql://x/y",
        "crosscheck.db",
        "sqlite::memory:",
        "sqlite://",
        "postgres://[",
        "sqlite://x?mode=zzz",
    ] {
        let error = refused(&settings(url, true)).await;
        assert!(matches!(error, StoreError::Address(_)), "{url}: {error}");
        assert!(error.hint().contains("sqlite://PATH"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unwritable_paths_say_where_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().display();
    std::fs::write(
        folder.path().join("text.db"),
        "this is no database, only a long enough text",
    )
    .unwrap();

    let error = refused(&settings(format!("sqlite://{root}/no/such.db"), true)).await;
    assert_eq!(
        error.to_string(),
        format!("database {root}/no/such.db cannot be written: folder {root}/no does not exist")
    );
    let error = refused(&settings(format!("sqlite://{root}"), true)).await;
    assert_eq!(
        error.to_string(),
        format!("database {root} cannot be written: it is a folder")
    );
    assert!(error.hint().contains("name a path"));
    let error = refused(&settings("sqlite:///proc/crosscheck.db", true)).await;
    assert!(matches!(error, StoreError::Unwritable { .. }), "{error}");
    let error = refused(&settings(format!("sqlite://{root}/text.db"), true)).await;
    assert_eq!(
        error.to_string(),
        format!("{root}/text.db is not a SQLite database, or is damaged")
    );
    let error = refused(&settings(format!("sqlite://{root}/missing.db"), false)).await;
    assert_eq!(error.to_string(), format!("database {root}/missing.db does not exist"));
    assert!(!folder.path().join("missing.db").exists());

    let made = folder.path().join("made.db");
    store::open(&settings(format!("sqlite://{}", made.display()), true))
        .await
        .unwrap();
    assert_eq!(
        made.metadata().unwrap().permissions().mode() & 0o777,
        0o600,
        "it holds a key"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = refused(&settings(format!("postgres://u@127.0.0.1:{port}/db"), true)).await;
    let StoreError::Unreachable { place, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*place, format!("db at 127.0.0.1:{port}"));
    assert!(error.is_transient());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
async fn a_server_that_refuses() {
    let url = postgres();
    let (user, rest) = url.split_once("://").unwrap().1.split_once('@').unwrap();
    let name = user.split(':').next().unwrap();
    let mut wrong = settings(format!("postgres://{name}@{rest}"), true);
    wrong.password = Some(SecretString::from("not-the-password"));
    let error = refused(&wrong).await;
    assert!(matches!(error, StoreError::Login { .. }), "{error}");
    for text in [error.to_string(), format!("{error:?}"), format!("{wrong:?}")] {
        assert!(!text.contains("not-the-password"), "{text}");
    }
    let missing = format!("{}/no_such_database", url.rsplit_once('/').unwrap().0);
    let error = refused(&settings(missing, true)).await;
    assert!(matches!(error, StoreError::NoDatabase(_)), "{error}");
    // A server that speaks TLS: see tls.rs.
    if std::env::var_os("CROSSCHECK_TEST_TLS").is_none() {
        let error = refused(&settings(format!("{url}?sslmode=require"), true)).await;
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    }
}
