//! A proxy between the store and PostgreSQL that cuts the connection at every message: results are there once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crosscheck::edge::store::{self, Commit, Lease, Store, StoreError};
use rstest::rstest;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::bed::{acquire, generation};
use super::{Bed, Kind, checkpoint, finding, plain, window};

/// What the proxy does with messages.
#[derive(Default)]
struct Rule {
    seen: AtomicUsize,
    /// The message that is not passed on: all connections end there. 0 is none.
    cut_at: AtomicUsize,
    /// Nothing is passed on any more, and nobody is told.
    swallow: std::sync::atomic::AtomicBool,
}

struct Proxy {
    rule: Arc<Rule>,
    url: String,
}

/// Passes messages on, in one direction. A message begins with a byte for its kind (not the very first of a client), then
/// its length.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut bare: bool,
    rule: &Rule,
    cut: &watch::Sender<()>,
) -> std::io::Result<()> {
    loop {
        let mut head = vec![0; if bare { 4 } else { 5 }];
        from.read_exact(&mut head).await?;
        let length = u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap());
        let mut body = vec![0; usize::try_from(length).unwrap() - 4];
        from.read_exact(&mut body).await?;
        bare = false;
        if rule.swallow.load(Ordering::SeqCst) {
            continue;
        }
        if rule.seen.fetch_add(1, Ordering::SeqCst) + 1 == rule.cut_at.load(Ordering::SeqCst) {
            cut.send_replace(());
            return Ok(());
        }
        to.write_all(&[head, body].concat()).await?;
    }
}

impl Proxy {
    async fn before(url: &str) -> Self {
        let (login, rest) = url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let rule = Arc::new(Rule::default());
        let (server, shared) = (server.to_owned(), rule.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(upstream) = TcpStream::connect(&server).await else {
                    continue;
                };
                let rule = shared.clone();
                tokio::spawn(async move {
                    let ((read, write), (from, to)) = (client.into_split(), upstream.into_split());
                    let (cut, mut is_cut) = watch::channel(());
                    tokio::select! {
                        _ = pass(read, to, true, &rule, &cut) => {}
                        _ = pass(from, write, false, &rule, &cut) => {}
                        _ = is_cut.changed() => {}
                    }
                });
            }
        });
        Self {
            rule,
            url: format!("{login}@{here}/{database}?sslmode=disable"),
        }
    }
}

/// A database that is reached through a proxy only, and a lease on it.
async fn behind_a_proxy() -> (Bed, Proxy, Store, Lease) {
    let (bed, _direct) = Bed::new(Kind::Postgres).await;
    let proxy = Proxy::before(&bed.settings.url).await;
    let mut settings = bed.settings.clone();
    settings.url.clone_from(&proxy.url);
    let store = store::open(&settings).await.unwrap();
    let generation = generation(&store).await;
    let lease = acquire(&store, &generation, "a").await;
    (bed, proxy, store, lease)
}

async fn commit(store: &Store, lease: &Lease, n: i64) -> Result<(), StoreError> {
    let (windows, checkpoint) = ([window(n)], checkpoint(n));
    let commit = Commit {
        findings: &[finding(n, 1), finding(n, 2)],
        ..plain(&windows, &checkpoint)
    };
    store.commit(lease, commit).await
}

#[rstest]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case(100)]
#[ignore = "needs PostgreSQL and minutes: set CROSSCHECK_TEST_POSTGRES"]
#[case::by_hand(1_000)]
#[tokio::test(flavor = "multi_thread")]
async fn at_every_message_of_a_commit(#[case] commits: i64) {
    let (bed, proxy, store, lease) = behind_a_proxy().await;
    let (mut at, mut cuts, mut told) = (0, 0, 0);
    for n in 0..commits {
        at += 1;
        proxy.rule.seen.store(0, Ordering::SeqCst);
        proxy.rule.cut_at.store(at, Ordering::SeqCst);
        let mut asked = 0;
        while let Err(error) = commit(&store, &lease, n).await {
            assert!(error.is_transient(), "{error}");
            told += 1;
            asked += 1;
            assert!(asked < 3, "one cut, told {asked} times: {error}");
        }
        if proxy.rule.seen.load(Ordering::SeqCst) < at {
            assert!(at > 30, "a commit has more messages than {at}");
            at = 0;
        } else {
            cuts += 1;
        }
    }
    println!("{cuts} cuts, {told} told");
    assert!(cuts > commits * 9 / 10, "{cuts}");
    assert_eq!(i64::try_from(bed.windows().await.len()).unwrap(), commits);
    let stored = bed.texts("SELECT CAST(commits AS TEXT) FROM leases").await;
    assert_eq!(stored, [commits.to_string()]);
    let stored = bed.texts("SELECT CAST(count(*) AS TEXT) FROM findings").await;
    assert_eq!(stored, [(commits * 2).to_string()]);
}

/// A peer that vanishes without a word is told in time, and the next connection goes on.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
async fn half_open_is_told_and_gone_on_from() {
    let (bed, proxy, store, lease) = behind_a_proxy().await;
    commit(&store, &lease, 1).await.unwrap();
    proxy.rule.swallow.store(true, Ordering::SeqCst);
    let told = tokio::time::timeout(std::time::Duration::from_secs(30), commit(&store, &lease, 2)).await;
    let told = told.expect("it must not hang").unwrap_err();
    assert!(told.is_transient(), "{told}");
    assert!(matches!(told, StoreError::Unreachable { .. }), "{told}");
    proxy.rule.swallow.store(false, Ordering::SeqCst);
    commit(&store, &lease, 2).await.unwrap();
    assert_eq!(bed.windows().await.len(), 2);
}
