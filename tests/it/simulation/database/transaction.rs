//! A call on its way to the database: faults, silence, waiting for a lock.

use std::future::poll_fn;
use std::task::Poll;

use crosscheck::edge::store::{Argument, Mode, Reply, Row, StoreError, Transaction};

use super::Simulated;
use super::faults::{Fault, Trouble, What, error};
use super::server::Server;
use super::statements::{Done, Stop};
use super::table::Value;

/// Whose call, and in which transaction.
#[derive(Clone)]
pub struct Link {
    pub database: Simulated,
    pub connection: usize,
    pub transaction: Option<u64>,
}

/// Makes a call: what it does is `work`, which runs again where a lock stopped it.
fn call<'a, T: 'a>(
    link: Link,
    what: What,
    mut work: impl FnMut(&mut Server) -> Result<T, Stop> + Send + 'a,
) -> Reply<'a, T> {
    // Chosen once, at the first try; `None` inside is no fault.
    let mut chosen: Option<Option<Fault>> = None;
    Box::pin(poll_fn(move |context| {
        let Link {
            database,
            connection,
            transaction,
        } = &link;
        let mut server = database.lock();
        if !server.answers(*connection) {
            server.wakers.push(context.waker().clone());
            return Poll::Pending;
        }
        let fault = *chosen.get_or_insert_with(|| server.faults.next(*connection, what));
        match (fault, what) {
            (Some(Fault::Fails(trouble)), _) => {
                server.undo(*transaction);
                return Poll::Ready(Err(failed(trouble, what)));
            }
            // Nobody knows of the transaction, so it is undone at once.
            (Some(Fault::AnswerLost), What::Begin(_)) => {
                return Poll::Ready(Err(failed(Trouble::Lost, what)));
            }
            (Some(Fault::Silence), _) | (Some(Fault::SilenceAfter), What::Begin(_)) => {
                server.silence(*connection);
                server.wakers.push(context.waker().clone());
                return Poll::Pending;
            }
            (None | Some(Fault::AnswerLost | Fault::SilenceAfter), _) => {}
        }
        if transaction.is_some_and(|id| !server.is_open(id)) {
            // The server ended it meanwhile.
            return Poll::Ready(Err(error("25P03", false)));
        }
        let done = loop {
            match work(&mut server) {
                Ok(done) => break done,
                Err(Stop::Locked(owner)) if server.outlasts(owner) => {}
                Err(Stop::Locked(owner)) => {
                    if server.waits(*transaction, owner) {
                        server.undo(*transaction);
                        return Poll::Ready(Err(Trouble::Deadlock.error()));
                    }
                    server.wakers.push(context.waker().clone());
                    return Poll::Pending;
                }
                Err(Stop::Fails(code)) => {
                    server.undo(*transaction);
                    return Poll::Ready(Err(error(code, false)));
                }
            }
        };
        match fault {
            Some(Fault::AnswerLost) => {
                server.undo(*transaction);
                Poll::Ready(Err(Trouble::Lost.error()))
            }
            Some(Fault::SilenceAfter) => {
                server.silence(*connection);
                Poll::Pending
            }
            _ => Poll::Ready(Ok(done)),
        }
    }))
}

/// Before a transaction has begun nobody answers; later the connection is lost.
fn failed(trouble: Trouble, what: What) -> StoreError {
    match (trouble, what) {
        (Trouble::Lost, What::Begin(_)) => StoreError::Unreachable {
            place: "simulation".to_owned(),
            cause: "simulated".to_owned(),
        },
        (Trouble::Shutdown, What::Begin(_)) => error("57P03", true),
        _ => trouble.error(),
    }
}

/// An open transaction. Dropped, it is undone.
struct Open {
    link: Link,
    id: u64,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.link.database.lock().undo(Some(self.id));
    }
}

/// Begins a transaction.
pub fn begin(link: Link, mode: Mode) -> Reply<'static, Box<dyn Transaction>> {
    Box::pin(async move {
        let connection = link.connection;
        let begin = move |server: &mut Server| Ok(server.begin(connection, mode));
        let id = call(link.clone(), What::Begin(mode), begin).await?;
        let link = Link {
            transaction: Some(id),
            ..link
        };
        Ok(Box::new(Open { link, id }) as Box<dyn Transaction>)
    })
}

impl Open {
    fn run(&self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'static, Done> {
        let values: Vec<Value> = arguments.into_iter().map(Value::from).collect();
        let id = self.id;
        call(self.link.clone(), What::Statement(sql), move |server| {
            server.run(id, sql, &values)
        })
    }
}

impl Transaction for Open {
    fn now_ms(&mut self) -> Reply<'_, i64> {
        call(self.link.clone(), What::Now, |server| Ok(server.clock_ms))
    }

    fn execute(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'_, u64> {
        let run = self.run(sql, arguments);
        Box::pin(async {
            match run.await? {
                Done::Touched(count) => Ok(count),
                Done::Rows(_) => panic!("a query was executed"),
            }
        })
    }

    fn fetch(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'_, Vec<Row>> {
        let run = self.run(sql, arguments);
        Box::pin(async {
            match run.await? {
                Done::Rows(rows) => Ok(rows
                    .into_iter()
                    .map(|row| Row(row.into_iter().map(Argument::from).collect()))
                    .collect()),
                Done::Touched(_) => panic!("a statement was asked for rows"),
            }
        })
    }

    fn script(&mut self, _sql: &'static str) -> Reply<'_, ()> {
        panic!("the simulated database has its schema already")
    }

    fn rollback(self: Box<Self>) -> Reply<'static, ()> {
        Box::pin(async move {
            let id = self.id;
            let undo = move |server: &mut Server| {
                server.undo(Some(id));
                Ok(())
            };
            call(self.link.clone(), What::Rollback, undo).await
        })
    }

    fn commit(self: Box<Self>) -> Reply<'static, ()> {
        Box::pin(async move {
            let id = self.id;
            let commit = move |server: &mut Server| {
                server.commit(id);
                Ok(())
            };
            call(self.link.clone(), What::Commit, commit).await
        })
    }
}
