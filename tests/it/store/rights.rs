//! What the worker's role may not do, as `migrations/postgres/roles.sql` grants it.

use crosscheck::edge::store::{self, Action, Command, Commit, StoreError};
use secrecy::SecretString;
use sqlx::{Connection, PgConnection};

use super::bed::{acquire, generation};
use super::{Bed, Kind, bad, checkpoint, finding, window};

const ROLES: &str = include_str!("../../../migrations/postgres/roles.sql");

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
async fn the_worker_works_and_cannot_rewrite() {
    let (bed, _) = Bed::new(Kind::Postgres).await;
    bed.sql(
        "DO $$ BEGIN CREATE ROLE crosscheck_worker LOGIN PASSWORD 'w'; EXCEPTION WHEN duplicate_object THEN NULL; END $$; \
         DO $$ BEGIN CREATE ROLE crosscheck_reader LOGIN PASSWORD 'r'; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    )
    .await;
    bed.sql(ROLES).await;
    let place = bed.settings.url.split_once('@').unwrap().1.to_owned();
    let mut settings = bed.settings.clone();
    settings.url = format!("postgres://crosscheck_worker@{place}");
    settings.password = Some(SecretString::from("w"));
    // Also with `migrate`: there is nothing to do.
    let worker = store::open(&settings).await.unwrap();
    let begun = generation(&worker).await;
    let lease = acquire(&worker, &begun, "a").await;
    for n in [1, 1, 2] {
        let (windows, bads, findings, checkpoint) = ([window(n)], [bad(n)], [finding(n, 1)], checkpoint(n));
        let commit = Commit {
            windows: &windows,
            bad: &bads,
            findings: &findings,
            contracts: &[],
            inputs: None,
            checkpoint: &checkpoint,
            state: None,
            verdict: None,
        };
        worker.commit(&lease, commit).await.unwrap();
    }
    let close = Command {
        release: begun.id.release.clone(),
        generation: None,
        action: Action::Close,
        reason: "r".to_owned(),
        actor: "a".to_owned(),
    };
    worker.record(close).await.unwrap();
    worker.renew(&lease).await.unwrap();
    worker.release(lease).await.unwrap();

    let mut connection = PgConnection::connect(&format!("postgres://crosscheck_worker:w@{place}"))
        .await
        .unwrap();
    for forbidden in [
        "UPDATE windows SET digest = ''",
        "DELETE FROM windows",
        "UPDATE window_inputs SET body = ''",
        "DELETE FROM window_inputs",
        "UPDATE bad_counts SET counts = ''",
        "DELETE FROM bad_counts",
        "UPDATE findings SET body = ''",
        "DELETE FROM findings",
        "UPDATE verdicts SET verdict = 'pass'",
        "DELETE FROM verdicts",
        "UPDATE commands SET actor = ''",
        "DELETE FROM commands",
        "UPDATE contracts SET digest = ''",
        "UPDATE generations SET settings = ''",
        "DELETE FROM generations",
        "UPDATE secrets SET value = ''",
        "DELETE FROM leases",
        "INSERT INTO schema_versions (version, at_ms) VALUES (4, 0)",
        "TRUNCATE windows",
        "DROP TABLE windows",
    ] {
        let refused = sqlx::raw_sql(forbidden).execute(&mut connection).await.unwrap_err();
        let code = refused
            .as_database_error()
            .and_then(|error| error.code())
            .unwrap_or_default()
            .into_owned();
        assert_eq!(code, "42501", "{forbidden}: {refused}");
    }

    settings.url = format!("postgres://crosscheck_reader@{place}");
    settings.password = Some(SecretString::from("r"));
    let reader = store::open(&settings).await.unwrap();
    assert_eq!(reader.releases(None).await.unwrap().len(), 1);
    let denied = reader.begin(super::bed::begin("x", "y")).await;
    assert!(matches!(denied, Err(StoreError::Denied(_))));
}
