//! One worker a stream; a zombie writes nothing.

use crosscheck::edge::store::{Acquired, Commit, GenerationState, StoreError};
use rstest::rstest;

use super::bed::{acquire, generation};
use super::{Bed, Kind, checkpoint, window};

macro_rules! commit {
    ($n:expr) => {
        Commit {
            windows: &[window($n)],
            bad: &[],
            findings: &[],
            contracts: &[],
            inputs: None,
            checkpoint: &checkpoint($n),
            state: None,
            verdict: None,
        }
    };
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_is_fenced(#[case] kind: Kind) {
    let (bed, store) = Bed::new(kind).await;
    let second = bed.open().await;
    let generation = generation(&store).await;
    let zombie = acquire(&store, &generation, "a").await;
    store.commit(&zombie, commit!(1)).await.unwrap();

    let Acquired::HeldBy { owner, expires_in_ms } = second.acquire(&generation.id, "orders", "b").await.unwrap() else {
        panic!("two have the lease");
    };
    assert_eq!(owner, "a");
    assert!((1..=5_000).contains(&expires_in_ms), "{expires_in_ms}");
    assert_eq!(store.renew(&zombie).await.unwrap(), GenerationState::Open);

    bed.expire().await;
    let heir = acquire(&second, &generation, "b").await;
    assert_eq!((zombie.epoch(), heir.epoch()), (1, 2));
    for n in [1, 2] {
        let fenced = store.commit(&zombie, commit!(n)).await;
        assert!(matches!(fenced, Err(StoreError::Fenced { .. })), "{fenced:?}");
    }
    assert!(matches!(store.renew(&zombie).await, Err(StoreError::Fenced { .. })));
    assert_eq!(bed.windows().await.len(), 1);
    // Gives back nothing that is not its own.
    store.release(zombie).await.unwrap();
    second.commit(&heir, commit!(2)).await.unwrap();
    assert_eq!(bed.windows().await.len(), 2);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_late_owner_without_an_heir_goes_on(#[case] kind: Kind) {
    let (bed, store) = Bed::new(kind).await;
    let generation = generation(&store).await;
    let lease = acquire(&store, &generation, "a").await;
    bed.expire().await;
    store.commit(&lease, commit!(1)).await.unwrap();
    let held = bed.open().await.acquire(&generation.id, "orders", "b").await.unwrap();
    assert!(matches!(held, Acquired::HeldBy { .. }), "{held:?}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_gets_it(#[case] kind: Kind) {
    let (bed, _) = Bed::new(kind).await;
    let racing = (0..8).map(|n| {
        let opener = bed.opener();
        tokio::spawn(async move {
            let store = opener.open().await;
            let generation = generation(&store).await;
            let acquired = store.acquire(&generation.id, "orders", &n.to_string()).await.unwrap();
            let won = matches!(acquired, Acquired::Lease { .. });
            store.close().await;
            (generation.id.generation, generation.resumed, won)
        })
    });
    let raced = futures_util::future::join_all(racing).await;
    let raced: Vec<_> = raced.into_iter().map(Result::unwrap).collect();
    assert!(raced.iter().all(|(generation, _, _)| *generation == 1), "{raced:?}");
    assert_eq!(raced.iter().filter(|(_, resumed, _)| !resumed).count(), 1, "{raced:?}");
    assert_eq!(raced.iter().filter(|(_, _, won)| *won).count(), 1, "{raced:?}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn two_workers_on_two_streams_do_not_meet(#[case] kind: Kind) {
    let (bed, store) = Bed::new(kind).await;
    let generation = generation(&store).await;
    let working = ["orders", "payments"].map(|stream| {
        let (opener, id) = (bed.opener(), generation.id.clone());
        tokio::spawn(async move {
            let store = opener.open().await;
            let Acquired::Lease { lease, .. } = store.acquire(&id, stream, stream).await.unwrap() else {
                panic!("the other's stream");
            };
            let verdict = crosscheck::edge::store::VerdictRow {
                verdict: crosscheck::model::Verdict::Inconclusive,
                body: "{}".to_owned(),
            };
            for n in 0..100 {
                let verdict = Some(&verdict);
                store.commit(&lease, Commit { verdict, ..commit!(n) }).await.unwrap();
                store.renew(&lease).await.unwrap();
            }
            store.close().await;
        })
    });
    for worker in working {
        worker.await.unwrap();
    }
    assert_eq!(bed.windows().await.len(), 200);
    let verdicts = bed.verdicts().await;
    assert_eq!(verdicts.len(), 200);
}
