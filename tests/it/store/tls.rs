//! PostgreSQL over TLS: the right authority is enough, and nothing else is.

use crosscheck::edge::store::{self, Settings, StoreError};

use super::bed::generation;
use super::{Bed, Kind};

/// Who signed, from where it is asked, how strictly; and whether it is let in.
const CASES: [(&str, &str, &str, bool); 8] = [
    ("ca.crt", "127.0.0.1", "verify-full", true),
    ("ca.crt", "localhost", "verify-full", true),
    // The certificate is for another address.
    ("ca.crt", "127.0.0.2", "verify-full", false),
    ("ca.crt", "127.0.0.2", "verify-ca", true),
    ("stranger.crt", "127.0.0.1", "verify-full", false),
    ("stranger.crt", "127.0.0.1", "verify-ca", false),
    // The system's authorities do not know it.
    ("", "127.0.0.1", "verify-full", false),
    ("missing.crt", "127.0.0.1", "verify-full", false),
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the stack: tests/stack/up --secure"]
async fn the_right_authority_and_nothing_else() {
    #[expect(clippy::disallowed_methods, reason = "names the certificates of the gate")]
    let folder = std::env::var("CROSSCHECK_TEST_TLS").expect("CROSSCHECK_TEST_TLS is set by tests/stack/up --secure");
    let (bed, _) = Bed::new(Kind::Postgres).await;
    for (authority, host, mode, let_in) in CASES {
        let url = bed.settings.url.replace("@127.0.0.1:", &format!("@{host}:"));
        let root = match authority {
            "" => String::new(),
            file => format!("&sslrootcert={folder}/{file}"),
        };
        let settings = Settings {
            url: format!("{url}?sslmode={mode}{root}"),
            ..bed.settings.clone()
        };
        let case = format!("{authority:?} {host} {mode}");
        match store::open(&settings).await {
            Ok(store) => {
                assert!(let_in, "{case} was let in");
                generation(&store).await;
                let encrypted = "SELECT DISTINCT CAST(ssl AS TEXT) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                    WHERE application_name = 'crosscheck' AND datname = current_database()";
                assert_eq!(bed.texts(encrypted).await, ["true"], "{case}");
                store.close().await;
            }
            Err(error) => {
                assert!(!let_in, "{case}: {error}");
                assert!(
                    matches!(error, StoreError::Unreachable { .. } | StoreError::Address(_)),
                    "{case}: {error}"
                );
            }
        }
    }
}
