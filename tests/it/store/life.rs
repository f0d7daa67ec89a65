//! Generations: which one a worker works on, and who said so.

use crosscheck::edge::store::{Acquired, Action, Command, GenerationState, Read, Span, Store, StoreError};
use crosscheck::model::Verdict;
use rstest::rstest;

use super::bed::{acquire, begin, generation};
use super::{Bed, Kind};

fn command(action: Action) -> Command {
    Command {
        release: "checkout-v42".to_owned(),
        generation: None,
        action,
        reason: "because".to_owned(),
        actor: "ops".to_owned(),
    }
}

async fn actions(store: &Store, generation: i64) -> Vec<String> {
    let generation = crosscheck::edge::store::GenerationId {
        release: "checkout-v42".to_owned(),
        generation,
    };
    let read = Read {
        generation,
        stream: None,
        windows: Span::NONE,
        findings_max: 0,
        inputs: Span::NONE,
    };
    let commands = store.read(read).await.unwrap().commands;
    commands.into_iter().map(|command| command.action).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn resumed_or_the_next(#[case] kind: Kind) {
    let (bed, store) = Bed::new(kind).await;
    let first = generation(&store).await;
    assert_eq!((first.id.generation, first.resumed), (1, false));
    let again = generation(&bed.open().await).await;
    assert_eq!(
        (again.id.generation, again.resumed, again.started_ms),
        (1, true, first.started_ms)
    );
    assert!(first.findings_key == again.findings_key);

    // Other comparison settings: the next one, and whoever works on the old one is fenced.
    let lease = acquire(&store, &first, "a").await;
    let second = store.begin(begin("checkout-v42", "d2")).await.unwrap();
    assert_eq!((second.id.generation, second.resumed), (2, false));
    assert!(matches!(store.renew(&lease).await, Err(StoreError::Fenced { .. })));
    let ended = store.acquire(&first.id, "orders", "a").await;
    assert!(matches!(ended, Err(StoreError::Closed { .. })), "{ended:?}");
    assert!(second.findings_key == first.findings_key);

    let other = store.begin(begin("another", "d1")).await.unwrap();
    assert_eq!(other.id.generation, 1);
    let states: Vec<_> = store
        .releases(None)
        .await
        .unwrap()
        .into_iter()
        .map(|row| (row.id.to_string(), row.state))
        .collect();
    let expected = [
        ("another #1", GenerationState::Open),
        ("checkout-v42 #2", GenerationState::Open),
        ("checkout-v42 #1", GenerationState::Closed),
    ];
    assert_eq!(states, expected.map(|(id, state)| (id.to_owned(), state)));
    assert_eq!(actions(&store, 1).await, ["begin", "supersede"]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn close_reaches_the_worker_and_ends_the_generation(#[case] kind: Kind) {
    let (_bed, store) = Bed::new(kind).await;
    let first = generation(&store).await;
    let lease = acquire(&store, &first, "a").await;
    let closed = store.record(command(Action::Close)).await.unwrap();
    assert_eq!((closed.id.generation, closed.state), (1, GenerationState::Closing));
    assert_eq!(store.renew(&lease).await.unwrap(), GenerationState::Closing);
    store.record(command(Action::Close)).await.unwrap();
    // A restart in between goes on closing.
    store.release(lease).await.unwrap();
    let resumed = generation(&store).await;
    assert_eq!((resumed.id.generation, resumed.state), (1, GenerationState::Closing));
    let acquired = store.acquire(&first.id, "orders", "a").await.unwrap();
    let Acquired::Lease { state, .. } = acquired else {
        panic!("{acquired:?}");
    };
    assert_eq!(state, GenerationState::Closing);

    store.record(command(Action::Finish)).await.unwrap();
    let row = store.releases(Some("checkout-v42")).await.unwrap().remove(0);
    assert_eq!(row.state, GenerationState::Closed);
    assert!(row.started_ms <= row.closing_ms.unwrap() && row.closing_ms <= row.closed_ms);
    let late = store.record(command(Action::Close)).await;
    assert!(matches!(late, Err(StoreError::Closed { .. })), "{late:?}");
    let next = generation(&store).await;
    assert_eq!((next.id.generation, next.resumed), (2, false));
    store.record(command(Action::Start)).await.unwrap();
    assert_eq!(generation(&store).await.id.generation, 3);
    store.record(command(Action::Override(Verdict::Pass))).await.unwrap();
    assert_eq!(actions(&store, 1).await, ["begin", "close", "close", "finish"]);
    store.record(command(Action::Mute("what".to_owned()))).await.unwrap();
    store.record(command(Action::Lift)).await.unwrap();
    assert_eq!(actions(&store, 3).await, ["begin", "override", "mute", "lift"]);
    let third = generation(&store).await.id;
    let told = store.commands(&third).await.unwrap();
    let told: Vec<(&str, &str)> = told
        .iter()
        .map(|row| (row.action.as_str(), row.detail.as_str()))
        .collect();
    assert_eq!(told[1..], [("override", "pass"), ("mute", "what"), ("lift", "")]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::simulated(Kind::Simulated)]
#[ignore = "needs PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn unknown_releases(#[case] kind: Kind) {
    let (_bed, store) = Bed::new(kind).await;
    let unknown = store.record(command(Action::Close)).await.unwrap_err();
    assert_eq!(unknown.to_string(), "release checkout-v42 does not exist");
    let mut first = generation(&store).await.id;
    first.generation = 9;
    let unknown = store.acquire(&first, "orders", "a").await.unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "release checkout-v42 does not exist in generation 9"
    );
    assert!(store.releases(Some("nobody")).await.unwrap().is_empty());
}
