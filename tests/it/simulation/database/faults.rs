//! What can go wrong with a call, and how often it did.

use std::collections::BTreeMap;

use crosscheck::edge::store::{Mode, StoreError};

/// The database's reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    Serialisation,
    Deadlock,
    Unique,
    LockTimeout,
    /// The connection breaks, and with it the transaction.
    Lost,
    /// The server goes down.
    Shutdown,
    /// A standby, or a primary that has just become one.
    ReadOnly,
    Full,
    SqliteBusy,
    SqliteFull,
}

impl Trouble {
    pub const ALL: [Trouble; 10] = [
        Trouble::Serialisation,
        Trouble::Deadlock,
        Trouble::Unique,
        Trouble::LockTimeout,
        Trouble::Lost,
        Trouble::Shutdown,
        Trouble::ReadOnly,
        Trouble::Full,
        Trouble::SqliteBusy,
        Trouble::SqliteFull,
    ];

    /// SQLSTATE, or SQLite's extended code.
    fn code(self) -> &'static str {
        match self {
            Trouble::Serialisation => "40001",
            Trouble::Deadlock => "40P01",
            Trouble::Unique => "23505",
            Trouble::LockTimeout => "55P03",
            Trouble::Lost => "08006",
            Trouble::Shutdown => "57P01",
            Trouble::ReadOnly => "25006",
            Trouble::Full => "53100",
            Trouble::SqliteBusy => "261",
            Trouble::SqliteFull => "13",
        }
    }

    /// By the store's own reading of the code.
    pub fn error(self) -> StoreError {
        error(self.code(), false)
    }
}

/// The error behind a code.
pub fn error(code: &str, connecting: bool) -> StoreError {
    let (cause, place) = ("simulated".to_owned(), "simulation".to_owned());
    if code.len() == 5 {
        StoreError::from_sqlstate(code.to_owned(), cause, place, connecting)
    } else {
        StoreError::from_sqlite(code.to_owned(), cause, place)
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It does not happen, and says why. The transaction is undone.
    Fails(Trouble),
    /// It happens, but the connection breaks before the answer: at a commit the results are stored.
    AnswerLost,
    /// It does not happen and never answers, nor does any later call of the connection: whoever asked is killed there.
    Silence,
    /// The same, but it happens.
    SilenceAfter,
}

impl Fault {
    /// Its name, for the counters.
    pub fn name(self, at: What) -> &'static str {
        match (self, at) {
            (Fault::Fails(Trouble::Lost), What::Commit) => "database: commit lost, not done",
            (Fault::AnswerLost, What::Commit) => "database: commit done, answer lost",
            (Fault::AnswerLost, _) => "database: answer lost",
            (Fault::Silence, _) => "database: killed before a call",
            (Fault::SilenceAfter, _) => "database: killed after a call",
            (Fault::Fails(Trouble::Serialisation), _) => "database: 40001",
            (Fault::Fails(Trouble::Deadlock), _) => "database: 40P01",
            (Fault::Fails(Trouble::Unique), _) => "database: 23505",
            (Fault::Fails(Trouble::LockTimeout), _) => "database: 55P03",
            (Fault::Fails(Trouble::Lost), _) => "database: connection lost",
            (Fault::Fails(Trouble::Shutdown), _) => "database: 57P01",
            (Fault::Fails(Trouble::ReadOnly), _) => "database: 25006",
            (Fault::Fails(Trouble::Full), _) => "database: 53100",
            (Fault::Fails(Trouble::SqliteBusy), _) => "database: SQLITE_BUSY",
            (Fault::Fails(Trouble::SqliteFull), _) => "database: SQLITE_FULL",
        }
    }
}

/// Which call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Begin(Mode),
    Now,
    Statement(&'static str),
    Rollback,
    Commit,
}

/// A call that is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Counted from 1, over all connections.
    pub number: u64,
    /// Whose: the connections are counted from 0 in the order in which they were made.
    pub connection: usize,
    pub what: What,
}

type Chooser = Box<dyn FnMut(&Call) -> Option<Fault> + Send>;

/// Who decides what goes wrong.
#[derive(Default)]
pub struct Faults {
    pub calls: u64,
    pub reached: BTreeMap<&'static str, u64>,
    pub choose: Option<Chooser>,
}

impl Faults {
    /// What becomes of the next call.
    pub fn next(&mut self, connection: usize, what: What) -> Option<Fault> {
        self.calls += 1;
        let call = Call {
            number: self.calls,
            connection,
            what,
        };
        let fault = self.choose.as_mut()?(&call)?;
        *self.reached.entry(fault.name(what)).or_default() += 1;
        Some(fault)
    }
}
