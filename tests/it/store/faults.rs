//! Whatever the database says, at whatever call: everything is done once, or told as transient and done when asked again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crosscheck::edge::store::{
    Acquired, Action, Command, Commit, ContractRow, GenerationState, Mode, Read, Span, Store, StoreError, Stored,
    VerdictRow,
};
use crosscheck::model::{Digest, Verdict};

use super::bed::{acquire, begin, generation};
use super::{Bed, Kind, bad, checkpoint, finding, window};
use crate::simulation::database::{Fault, Simulated, Table, Trouble, Value, What};

/// Asks until it is done; what is told on the way is transient.
macro_rules! insist {
    ($ask:expr) => {{
        let mut asked = 0;
        loop {
            match $ask.await {
                Ok(done) => break done,
                Err(error) => assert!(error.is_transient(), "{error}"),
            }
            asked += 1;
            assert!(asked < 3, "one fault, told {asked} times");
        }
    }};
}

/// A life of a release, with everything that a store does.
async fn life(store: &Store) -> Stored {
    let contract = ContractRow {
        stream: "orders".to_owned(),
        type_name: "T".to_owned(),
        contract: "{}".to_owned(),
        digest: "c".to_owned(),
    };
    let generation = insist!(store.begin(begin("checkout-v42", "d1")));
    let Acquired::Lease { lease, .. } = insist!(store.acquire(&generation.id, "orders", "a")) else {
        panic!("nobody else is here");
    };
    let verdict = VerdictRow {
        verdict: Verdict::Pass,
        body: "{}".to_owned(),
    };
    for n in 0..2 {
        let commit = Commit {
            windows: &[window(n)],
            bad: &[bad(n)],
            findings: &[finding(n, 1)],
            contracts: std::slice::from_ref(&contract),
            inputs: Some("{}"),
            checkpoint: &checkpoint(n),
            state: Some("s"),
            verdict: Some(&verdict),
        };
        insist!(store.commit(&lease, commit));
    }
    insist!(store.renew(&lease));
    let command = Command {
        release: "checkout-v42".to_owned(),
        generation: None,
        action: Action::Close,
        reason: "r".to_owned(),
        actor: "a".to_owned(),
    };
    insist!(store.record(command.clone()));
    insist!(store.release(lease.clone()));
    let finish = Command {
        action: Action::Finish,
        ..command
    };
    insist!(store.record(finish.clone()));
    let mut stored = insist!(store.read(whole(&generation.id)));
    // It grows with every acquisition, answered or not.
    stored.leases.iter_mut().for_each(|lease| lease.epoch = 0);
    stored
}

fn whole(generation: &crosscheck::edge::store::GenerationId) -> Read {
    Read {
        generation: generation.clone(),
        stream: None,
        windows: Span::ALL,
        findings_max: 100,
        inputs: Span::ALL,
    }
}

#[tokio::test]
async fn every_code_at_every_call_of_a_life() {
    let healthy = Simulated::default();
    let expected = life(&healthy.connect().store()).await;
    assert_eq!((expected.windows.len(), expected.verdicts.len()), (2, 2));
    assert_eq!(expected.state, GenerationState::Closed);
    let calls = healthy.calls();
    assert!(calls > 60, "{calls}");
    let faults = Trouble::ALL.map(Fault::Fails);
    let mut reached = BTreeSet::new();
    for fault in faults.into_iter().chain([Fault::AnswerLost]) {
        for at in 1..=calls {
            let database = Simulated::default();
            database.fail_at(at, fault);
            let stored = life(&database.connect().store()).await;
            assert_eq!(stored, expected, "{fault:?} at call {at}");
            assert_eq!(database.reached().iter().map(|(_, count)| count).sum::<u64>(), 1);
            reached.extend(database.reached().into_iter().map(|(name, _)| name));
        }
    }
    assert_eq!(reached.len(), Trouble::ALL.len() + 3, "{reached:?}");
}

/// Ten times more, and then it is told.
#[tokio::test]
async fn a_database_that_is_always_busy_is_told() {
    for (trouble, tries) in [
        (Trouble::Serialisation, 11),
        (Trouble::Deadlock, 11),
        (Trouble::SqliteBusy, 11),
        (Trouble::Full, 1),
        (Trouble::ReadOnly, 1),
    ] {
        let (bed, store) = Bed::new(Kind::Simulated).await;
        let first = generation(&store).await;
        let lease = acquire(&store, &first, "a").await;
        let begun = Arc::new(AtomicUsize::new(0));
        let counted = begun.clone();
        bed.simulated.choose_faults(move |call| {
            counted.fetch_add(usize::from(call.what == What::Begin(Mode::Write)), Ordering::SeqCst);
            matches!(call.what, What::Statement(_)).then_some(Fault::Fails(trouble))
        });
        let told = store.renew(&lease).await.unwrap_err();
        assert!(told.is_transient(), "{told}");
        assert_eq!(begun.load(Ordering::SeqCst), tries, "{trouble:?}");
        bed.simulated.choose_faults(|_| None);
        store.renew(&lease).await.unwrap();
    }
}

/// Once a minute, from another connection: what is not there any more is told, and nothing before it is time.
#[tokio::test]
async fn what_was_stored_is_read_back() {
    let lost: fn(&mut Vec<Value>) = |row| row[7] = Value::Integer(0);
    let other: fn(&mut Vec<Value>) = |row| row[7] = Value::Text(std::sync::Arc::new(Digest([9; 16]).to_string()));
    for (table, edit) in [
        (Table::Leases, Some(lost)),
        (Table::Windows, Some(other)),
        (Table::Windows, None),
    ] {
        let (bed, store) = Bed::new(Kind::Simulated).await;
        let first = generation(&store).await;
        let lease = acquire(&store, &first, "a").await;
        let commit = Commit {
            windows: &[window(1)],
            bad: &[],
            findings: &[],
            contracts: &[],
            inputs: None,
            checkpoint: &checkpoint(1),
            state: None,
            verdict: None,
        };
        store.commit(&lease, commit).await.unwrap();
        if let Some(edit) = edit {
            bed.simulated.edit(table, edit).await;
        }
        let reads = Arc::new(AtomicUsize::new(0));
        let counted = reads.clone();
        bed.simulated.choose_faults(move |call| {
            counted.fetch_add(usize::from(call.what == What::Begin(Mode::Read)), Ordering::SeqCst);
            None
        });
        for ms in [0, 59_999] {
            bed.simulated.set_clock(ms);
            store.renew(&lease).await.unwrap();
        }
        assert_eq!(reads.load(Ordering::SeqCst), 0);
        bed.simulated.set_clock(60_000);
        match (table, edit, store.renew(&lease).await) {
            (Table::Leases, Some(_), Err(StoreError::Rewound(_))) | (Table::Windows, None, Ok(_)) => {}
            (Table::Windows, Some(_), Err(StoreError::Conflict { start_ms, .. })) => {
                assert_eq!(start_ms, Some(30_000));
            }
            (table, _, answer) => panic!("{table:?}: {answer:?}"),
        }
        bed.simulated.set_clock(61_000);
        if edit.is_none() {
            store.renew(&lease).await.unwrap();
            assert_eq!(reads.load(Ordering::SeqCst), 1);
        }
    }
}
