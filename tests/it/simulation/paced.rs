//! A process's way to the database: the database's clock goes with the run's, and now and then a call takes its time, so that
//! other things happen in the middle of a transaction.

use std::sync::Arc;
use std::time::Duration;

use crosscheck::edge::store::{Argument, Database, Migration, Mode, Reply, Row, Store, Transaction};
use futures_util::future::BoxFuture;

use super::database::{Connection, Simulated};
use super::outside::Nature;

#[derive(Clone)]
pub struct Paced {
    nature: Arc<Nature>,
    database: Simulated,
    connection: Connection,
    /// Calls in a thousand that take their time.
    slow: u64,
}

impl Paced {
    pub fn new(nature: Arc<Nature>, database: Simulated, connection: Connection, slow: u64) -> Self {
        Self {
            nature,
            database,
            connection,
            slow,
        }
    }

    pub fn store(self) -> Store {
        Store::over(Arc::new(self))
    }

    async fn wait(&self) {
        if self.slow > 0 && self.nature.below(1_000) < self.slow {
            let ms = 1 + self.nature.below(60);
            tokio::time::sleep(Duration::from_millis(ms)).await; // waits for simulated time
        }
        self.database.set_clock(self.nature.time.now_ms());
    }
}

impl Database for Paced {
    fn begin(&self, mode: Mode) -> Reply<'_, Box<dyn Transaction>> {
        Box::pin(async move {
            self.wait().await;
            let inner = self.connection.begin(mode).await?;
            let way = self.clone();
            Ok(Box::new(Slow { inner, way }) as Box<dyn Transaction>)
        })
    }

    fn migrations(&self) -> &'static [Migration] {
        self.connection.migrations()
    }

    fn place(&self) -> &str {
        self.connection.place()
    }

    fn pause(&self, _time: Duration) -> BoxFuture<'static, ()> {
        // The jitter of the real pause is the one thing here that a seed does not decide.
        let ms = 5 + self.nature.below(100);
        Box::pin(tokio::time::sleep(Duration::from_millis(ms))) // waits for simulated time
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.connection.close()
    }
}

struct Slow {
    inner: Box<dyn Transaction>,
    way: Paced,
}

impl Transaction for Slow {
    fn now_ms(&mut self) -> Reply<'_, i64> {
        Box::pin(async move {
            self.way.wait().await;
            self.inner.now_ms().await
        })
    }

    fn execute(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'_, u64> {
        Box::pin(async move {
            self.way.wait().await;
            self.inner.execute(sql, arguments).await
        })
    }

    fn fetch(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'_, Vec<Row>> {
        Box::pin(async move {
            self.way.wait().await;
            self.inner.fetch(sql, arguments).await
        })
    }

    fn script(&mut self, sql: &'static str) -> Reply<'_, ()> {
        self.inner.script(sql)
    }

    fn rollback(self: Box<Self>) -> Reply<'static, ()> {
        self.inner.rollback()
    }

    fn commit(self: Box<Self>) -> Reply<'static, ()> {
        Box::pin(async move {
            let Slow { inner, way } = *self;
            way.wait().await;
            inner.commit().await
        })
    }
}
