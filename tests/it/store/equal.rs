//! The windows are the same, byte for byte, in all databases, disturbed or not.

use crosscheck::edge::store::{Acquired, Commit};
use rstest::rstest;

use super::bed::{acquire, generation};
use super::{Bed, Kind, checkpoint, window};

/// Commits 30 windows; a disturbed worker is killed again and again, before and after it was answered.
async fn work(kind: Kind, disturbed: bool) -> Vec<String> {
    let (bed, mut store) = Bed::new(kind).await;
    let first = generation(&store).await;
    let mut lease = acquire(&store, &first, "0").await;
    let mut n = 0;
    while n < 30 {
        let (windows, checkpoint) = ([window(n)], checkpoint(n));
        let commit = Commit {
            windows: &windows,
            bad: &[],
            findings: &[],
            contracts: &[],
            inputs: None,
            checkpoint: &checkpoint,
            state: None,
            verdict: None,
        };
        if disturbed && n % 3 == 0 {
            // Killed while it waits: what was asked for may or may not have happened.
            drop(tokio::time::timeout(std::time::Duration::ZERO, store.commit(&lease, commit)).await);
        } else {
            store.commit(&lease, commit).await.unwrap();
        }
        n += 1;
        if disturbed && n % 4 == 1 {
            store = bed.open().await;
            let generation = generation(&store).await;
            let resume;
            (lease, resume) = loop {
                // Again, where the commit that nobody waited for has just renewed it.
                bed.expire().await;
                if let Acquired::Lease { lease, resume, .. } =
                    store.acquire(&generation.id, "orders", "1").await.unwrap()
                {
                    break (lease, resume);
                }
            };
            n = resume
                .and_then(|resume| resume.checkpoint.frontier_ms)
                .map_or(0, |frontier| frontier / 30_000);
        }
    }
    bed.windows().await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_crashes() {
    let undisturbed = work(Kind::Sqlite, false).await;
    assert_eq!(undisturbed.len(), 30);
    assert_eq!(work(Kind::Sqlite, true).await, undisturbed);
    for disturbed in [false, true] {
        assert_eq!(work(Kind::Simulated, disturbed).await, undisturbed);
    }
}

#[rstest]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case(false)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case(true)]
#[tokio::test(flavor = "multi_thread")]
async fn in_both_databases(#[case] disturbed: bool) {
    assert_eq!(work(Kind::Postgres, disturbed).await, work(Kind::Sqlite, false).await);
}
