//! Results: once, whole, or not at all.

use std::task::Poll;

use crosscheck::edge::store::{
    Acquired, Commit, ContractRow, InputsRow, Read, Resume, Span, Store, StoreError, Stored, VerdictRow,
};
use crosscheck::engine::{Checkpoint, FinalWindow};
use crosscheck::model::{Digest, Verdict};
use futures_util::poll;
use rstest::rstest;

use super::bed::{acquire, generation};
use super::{Bed, Kind, bad, checkpoint, finding, plain, window};

async fn read(store: &Store) -> Stored {
    let generation = generation(store).await.id;
    let read = Read {
        generation,
        stream: None,
        windows: Span::ALL,
        findings_max: 1_000,
        inputs: Span::ALL,
    };
    store.read(read).await.unwrap()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn everything_comes_back(#[case] kind: Kind) {
    let (_bed, store) = Bed::new(kind).await;
    let generation = generation(&store).await;
    let lease = acquire(&store, &generation, "a").await;
    let contract = ContractRow {
        stream: "orders".to_owned(),
        type_name: "shop.Order".to_owned(),
        contract: r#"{"type":"record"}"#.to_owned(),
        digest: "c1".to_owned(),
    };
    let untimed = FinalWindow {
        start_ms: None,
        end_ms: None,
        ..window(7)
    };
    let verdict = VerdictRow {
        verdict: Verdict::Fail,
        body: r#"{"reasons":[]}"#.to_owned(),
    };
    let commit = Commit {
        windows: &[untimed.clone(), window(1)],
        bad: &[bad(1)],
        findings: &[finding(1, 8), finding(1, 7)],
        contracts: std::slice::from_ref(&contract),
        inputs: Some(r#"{"partitions":[]}"#),
        checkpoint: &checkpoint(1),
        state: Some("judge's"),
        verdict: Some(&verdict),
    };
    store.commit(&lease, commit).await.unwrap();

    let stored = read(&store).await;
    let starts: Vec<_> = stored.windows.iter().map(|row| (row.start_ms, row.end_ms)).collect();
    assert_eq!(starts, [(None, None), (Some(30_000), Some(60_000))]);
    assert_eq!(stored.windows[1].counts, window(1).counts);
    assert_eq!(stored.windows[1].profile.as_ref(), window(1).profile.as_deref());
    assert_eq!(stored.windows[0].profile.as_ref(), window(7).profile.as_deref());
    assert_eq!(stored.windows[1].digest, window(1).digest.to_string());
    assert_eq!(
        (stored.bad[0].start_ms, stored.bad[0].counts),
        (Some(30_000), bad(1).counts)
    );
    assert_eq!(stored.findings, [finding(1, 7), finding(1, 8)]);
    assert_eq!(stored.contracts, [contract]);
    let inputs = InputsRow {
        stream: "orders".to_owned(),
        frontier_ms: 60_000,
        body: r#"{"partitions":[]}"#.to_owned(),
    };
    assert_eq!(stored.inputs, [inputs]);
    assert_eq!(stored.verdicts[0].verdict, Verdict::Fail);
    let lease_row = &stored.leases[0];
    assert_eq!((lease_row.commits, lease_row.frontier_ms), (1, Some(60_000)));
    assert!(lease_row.expires_in_ms > 3_000);
    let newest = store
        .releases(Some("checkout-v42"))
        .await
        .unwrap()
        .remove(0)
        .verdict
        .unwrap();
    assert_eq!((newest.sequence, newest.verdict), (1, Verdict::Fail));

    let page = Read {
        generation: generation.id.clone(),
        stream: Some("orders".to_owned()),
        windows: Span {
            after_ms: Some(0),
            limit: 1,
        },
        findings_max: 1,
        inputs: Span::NONE,
    };
    let page = store.read(page).await.unwrap();
    assert_eq!(
        (page.windows.len(), page.windows[0].start_ms, page.findings.len()),
        (1, Some(30_000), 1)
    );

    store.release(lease).await.unwrap();
    let Acquired::Lease { resume, lease, .. } = store.acquire(&generation.id, "orders", "b").await.unwrap() else {
        panic!("given back, and still held");
    };
    let resumed = Resume {
        checkpoint: checkpoint(1),
        state: Some("judge's".to_owned()),
    };
    assert_eq!((lease.epoch(), *resume.unwrap()), (2, resumed));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn twice_is_once_and_another_digest_is_a_conflict(#[case] kind: Kind) {
    let (bed, store) = Bed::new(kind).await;
    let generation = generation(&store).await;
    let first = acquire(&store, &generation, "a").await;
    store.commit(&first, plain(&[window(1)], &checkpoint(1))).await.unwrap();
    store.commit(&first, plain(&[window(1)], &checkpoint(1))).await.unwrap();
    assert_eq!(bed.windows().await.len(), 1);

    let other = FinalWindow {
        digest: Digest([9; 16]),
        ..window(1)
    };
    let conflict = store.commit(&first, plain(&[window(2), other], &checkpoint(2))).await;
    let Err(StoreError::Conflict { start_ms, .. }) = conflict else {
        panic!("{conflict:?}");
    };
    assert_eq!(start_ms, Some(30_000));
    assert_eq!(bed.windows().await.len(), 1, "a part of a refused commit is stored");
    // Nothing of it happened, so the same lease goes on.
    store.commit(&first, plain(&[window(2)], &checkpoint(2))).await.unwrap();
    assert_eq!(bed.windows().await.len(), 2);

    let contract = |digest: &str| ContractRow {
        stream: String::new(),
        type_name: "T".to_owned(),
        contract: "{}".to_owned(),
        digest: digest.to_owned(),
    };
    let nothing = Checkpoint::default();
    for (digest, agrees) in [("1", true), ("1", true), ("2", false)] {
        let contracts = [contract(digest)];
        let commit = Commit {
            contracts: &contracts,
            ..plain(&[], &nothing)
        };
        assert_eq!(store.commit(&first, commit).await.is_ok(), agrees);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_stops_waiting_loses_a_write(#[case] kind: Kind) {
    let (bed, store) = Bed::new(kind).await;
    let generation = generation(&store).await;
    let lease = acquire(&store, &generation, "a").await;
    let windows: Vec<_> = (0..200).map(window).collect();
    for turn in 0..25 {
        // Each may be stored, or be refused a turn because nobody waits for it any more.
        for n in 0..7 {
            let n = turn * 8 + n;
            let checkpoint = checkpoint(n);
            let known = &windows[..=usize::try_from(n).unwrap()];
            let mut future = Box::pin(store.commit(&lease, plain(known, &checkpoint)));
            for _ in 0..=turn % 7 {
                if let Poll::Ready(done) = poll!(&mut future) {
                    done.unwrap();
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // The next borrower of whatever connection was left behind.
        let n = turn * 8 + 7;
        let checkpoint = checkpoint(n);
        let known = &windows[..=usize::try_from(n).unwrap()];
        store.commit(&lease, plain(known, &checkpoint)).await.unwrap();
        assert_eq!(bed.windows().await.len(), known.len());
        let frontier = bed.frontiers().await;
        assert_eq!(frontier, [((n + 1) * 30_000).to_string()]);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_commits(#[case] kind: Kind) {
    let (bed, store) = Bed::new(kind).await;
    let generation = generation(&store).await;
    let lease = acquire(&store, &generation, "a").await;
    for n in 0..1_000 {
        let findings = [finding(n, 1), finding(n, 2)];
        let (windows, checkpoint) = ([window(n)], checkpoint(n));
        let commit = Commit {
            findings: &findings,
            ..plain(&windows, &checkpoint)
        };
        store.commit(&lease, commit).await.unwrap();
    }
    assert_eq!(bed.windows().await.len(), 1_000);
    let mut read = Read {
        generation: generation.id.clone(),
        stream: None,
        windows: Span {
            after_ms: None,
            limit: 300,
        },
        findings_max: 0,
        inputs: Span::NONE,
    };
    let mut seen = 0;
    loop {
        let page = store.read(read.clone()).await.unwrap();
        seen += page.windows.len();
        match page.windows.last() {
            Some(last) => read.windows.after_ms = last.start_ms,
            None => break,
        }
    }
    assert_eq!(seen, 1_000);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_lost_is_told(#[case] kind: Kind) {
    let (bed, store) = Bed::new(kind).await;
    let generation = generation(&store).await;
    let lease = acquire(&store, &generation, "a").await;
    store.commit(&lease, plain(&[window(1)], &checkpoint(1))).await.unwrap();
    bed.rewind().await;
    let lost = store.commit(&lease, plain(&[window(2)], &checkpoint(2))).await;
    assert!(matches!(lost, Err(StoreError::Rewound(_))), "{lost:?}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn names_are_bound_never_pasted(#[case] kind: Kind) {
    let (bed, store) = Bed::new(kind).await;
    let evil = "'; DROP TABLE windows; --\u{1F600}$1?%";
    let generation = store.begin(super::bed::begin(evil, evil)).await.unwrap();
    let Acquired::Lease { lease, .. } = store.acquire(&generation.id, evil, evil).await.unwrap() else {
        panic!("nobody else is here");
    };
    store.commit(&lease, plain(&[window(1)], &checkpoint(1))).await.unwrap();
    assert!(bed.windows().await[0].starts_with(evil));
    assert_eq!(store.releases(Some(evil)).await.unwrap()[0].id.release, evil);
}
