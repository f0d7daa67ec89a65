//! What a database must be able to do. Everything else about the store is written once, above it.
//!
//! Two are real; a third, in the tests, is simulated: it runs the same store code without a clock and without a disk.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::StoreError;

/// What a call to the database brings.
pub type Reply<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Whether a transaction changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One snapshot, no locks.
    Read,
    /// The writer's.
    Write,
}

/// A database.
pub trait Database: Send + Sync {
    /// Begins a transaction.
    fn begin(&self, mode: Mode) -> Reply<'_, Box<dyn Transaction>>;

    /// Migrations that this binary knows, oldest first, from version 1.
    fn migrations(&self) -> &'static [Migration];

    /// Which database, without user and password.
    fn place(&self) -> &str;

    /// What is wrong with it although it works: where it may forget what it acknowledged.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// Lets some time pass before a transaction is run again.
    fn pause(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    /// Ends all connections.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// A transaction. Dropped without `commit`, it never happened, and its connection is not used again.
pub trait Transaction: Send {
    /// The database's clock, milliseconds since the epoch.
    fn now_ms(&mut self) -> Reply<'_, i64>;

    /// Runs a statement and says how many rows it touched.
    fn execute(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'_, u64>;

    /// Runs a query.
    fn fetch(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'_, Vec<Row>>;

    /// Runs a script of statements without arguments, after taking the lock that keeps other migrations out.
    fn script(&mut self, sql: &'static str) -> Reply<'_, ()>;

    /// Undoes it and gives the connection back.
    fn rollback(self: Box<Self>) -> Reply<'static, ()>;

    /// Makes it durable.
    fn commit(self: Box<Self>) -> Reply<'static, ()>;
}

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Counted from 1.
    pub version: i64,
    /// What to run.
    pub sql: &'static str,
}

/// A bound argument. No `Debug`: it may be a secret.
#[derive(Clone, PartialEq)]
pub enum Argument {
    /// A whole number.
    Integer(Option<i64>),
    /// A text.
    Text(Option<String>),
}

impl From<i64> for Argument {
    fn from(value: i64) -> Self {
        Argument::Integer(Some(value))
    }
}

impl From<Option<i64>> for Argument {
    fn from(value: Option<i64>) -> Self {
        Argument::Integer(value)
    }
}

impl From<&str> for Argument {
    fn from(value: &str) -> Self {
        Argument::Text(Some(value.to_owned()))
    }
}

impl From<&String> for Argument {
    fn from(value: &String) -> Self {
        Argument::Text(Some(value.clone()))
    }
}

impl From<&Option<String>> for Argument {
    fn from(value: &Option<String>) -> Self {
        Argument::Text(value.clone())
    }
}

/// The arguments of a statement, in order.
macro_rules! arguments {
    ($($value:expr),* $(,)?) => { vec![$(crate::edge::store::backend::Argument::from($value)),*] };
}
pub(super) use arguments;

/// A row of a result: its columns in order.
#[derive(Clone, PartialEq)]
pub struct Row(pub Vec<Argument>);

impl Row {
    /// A whole number, or null.
    ///
    /// # Errors
    /// The column is not there, or holds something else.
    pub fn integer_or_null(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(column) {
            Some(Argument::Integer(value)) => Ok(*value),
            Some(Argument::Text(None)) => Ok(None),
            _ => Err(StoreError::Corrupt("a number")),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// The column is not there, or holds something else.
    pub fn integer(&self, column: usize) -> Result<i64, StoreError> {
        self.integer_or_null(column)?.ok_or(StoreError::Corrupt("a number"))
    }

    /// A text, or null.
    ///
    /// # Errors
    /// The column is not there, or holds something else.
    pub fn text_or_null(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.0.get(column) {
            Some(Argument::Text(value)) => Ok(value.as_deref()),
            Some(Argument::Integer(None)) => Ok(None),
            _ => Err(StoreError::Corrupt("a text")),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// The column is not there, or holds something else.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.text_or_null(column)?.ok_or(StoreError::Corrupt("a text"))
    }

    /// A JSON document.
    ///
    /// # Errors
    /// The column is not there, or holds something else.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: usize, what: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(self.text(column)?).map_err(|_| StoreError::Corrupt(what))
    }
}
