//! A database in memory, behind the store's own trait: the real commit, lease, life and read run over it.
//!
//! It has transactions (read committed with row locks for writers, one snapshot for readers), a clock that the test sets, and
//! faults. It has no threads, no time and no randomness of its own: the same calls bring the same answers. What waits for a
//! lock is woken when the lock is free; whoever waits for a connection that is frozen or silent outlasts it, as PostgreSQL's
//! `idle_in_transaction_session_timeout` does.

mod faults;
mod server;
mod statements;
mod table;
mod tests;
mod transaction;

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use crosscheck::edge::store::{Database, Migration, Mode, Reply, Store, Transaction};
use futures_util::future::BoxFuture;

pub use faults::{Call, Fault, Trouble, What};
pub use server::Committed;
use server::Server;
pub use table::{Data, Table, Value};
use transaction::Link;

/// A database. Clones are one.
#[derive(Clone, Default)]
pub struct Simulated(Arc<Mutex<Server>>);

impl Simulated {
    fn lock(&self) -> MutexGuard<'_, Server> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects another process.
    pub fn connect(&self) -> Connection {
        let id = self.lock().connect();
        Connection {
            database: self.clone(),
            id,
        }
    }

    /// Sets the database's clock, milliseconds since the epoch.
    pub fn set_clock(&self, ms: i64) {
        self.lock().clock_ms = ms;
    }

    /// Decides what goes wrong from now on: it is asked before every call.
    pub fn choose_faults(&self, choose: impl FnMut(&Call) -> Option<Fault> + Send + 'static) {
        self.lock().faults.choose = Some(Box::new(choose));
    }

    /// One fault, at the n-th call from now; 1 is the next.
    pub fn fail_at(&self, n: u64, fault: Fault) {
        let at = self.calls() + n;
        self.choose_faults(move |call| (call.number == at).then_some(fault));
    }

    /// Calls so far, over all connections.
    pub fn calls(&self) -> u64 {
        self.lock().faults.calls
    }

    /// Faults that happened, by name.
    pub fn reached(&self) -> Vec<(&'static str, u64)> {
        let server = self.lock();
        server
            .faults
            .reached
            .iter()
            .map(|(name, count)| (*name, *count))
            .collect()
    }

    /// Sees every checkpoint once it is committed, before whoever asked for it is answered.
    pub fn on_commit(&self, seen: impl FnMut(&Committed<'_>) + Send + 'static) {
        self.lock().seen = Some(Box::new(seen));
    }

    /// Everything that is committed in a table, in the order of its key.
    pub fn rows(&self, table: Table) -> Vec<Data> {
        self.lock().tables[table as usize].committed().cloned().collect()
    }

    /// Behind the store's back: changes committed rows, once nobody has one of them locked, as an `UPDATE` waits.
    pub async fn edit(&self, table: Table, change: impl Fn(&mut Vec<Value>)) {
        poll_fn(|context| {
            let mut server = self.lock();
            if server.tables[table as usize].is_locked() {
                server.wakers.push(context.waker().clone());
                return Poll::Pending;
            }
            server.edit(table, &change);
            Poll::Ready(())
        })
        .await;
    }
}

/// The connections of one process. Clones are one.
#[derive(Clone)]
pub struct Connection {
    database: Simulated,
    /// Counted from 0 in the order in which they were made.
    pub id: usize,
}

impl Connection {
    /// The store over it.
    pub fn store(&self) -> Store {
        Store::over(Arc::new(self.clone()))
    }

    /// The process is dead: what it had under way is undone, and none of its calls is ever answered.
    pub fn kill(&self) {
        self.database.lock().kill(self.id);
    }

    /// The process, or its network, stands still: its calls wait, and keep their locks until somebody else wants them.
    pub fn freeze(&self, frozen: bool) {
        self.database.lock().freeze(self.id, frozen);
    }

    /// Whether a fault made it silent: whoever asked is to be killed.
    pub fn is_silent(&self) -> bool {
        self.database.lock().is_silent(self.id)
    }
}

impl Database for Connection {
    fn begin(&self, mode: Mode) -> Reply<'_, Box<dyn Transaction>> {
        let link = Link {
            database: self.database.clone(),
            connection: self.id,
            transaction: None,
        };
        transaction::begin(link, mode)
    }

    fn migrations(&self) -> &'static [Migration] {
        &[]
    }

    fn place(&self) -> &str {
        "simulation"
    }

    /// Everybody else has a turn; the clock is the test's.
    fn pause(&self, _time: Duration) -> BoxFuture<'static, ()> {
        let mut waited = false;
        Box::pin(std::future::poll_fn(move |context| {
            if std::mem::replace(&mut waited, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
