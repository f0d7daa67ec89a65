//! The part of a driver that is the same for both databases: begin, bind, run, read columns, end.

use std::time::Duration;

use super::StoreError;

/// Waits for the database's answer. A peer that went away without a word would keep us waiting for ever.
pub(super) async fn answer<T>(
    limit: Duration,
    place: &str,
    call: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, call).await {
        Ok(done) => done.map_err(|error| StoreError::from_driver(error, place, false)),
        // Not asked again at once: whoever waits has waited long enough to be told.
        Err(_) => Err(StoreError::Unreachable {
            place: place.to_owned(),
            cause: format!("no answer in {} s", limit.as_secs()),
        }),
    }
}

/// A transaction of one driver, and [`super::backend::Transaction`] for it. `now` is its clock, `lock` what keeps other
/// migrations out, `integer` its name for a whole number.
macro_rules! transaction {
    ($name:ident, $database:ty, now: $now:literal, lock: $lock:literal, integer: $integers:pat) => {
        struct $name {
            connection: sqlx::pool::PoolConnection<$database>,
            /// It is over, and the connection may be used again.
            finished: bool,
            /// The server has become one that takes no writes: the next connection may reach the one that does.
            outdated: bool,
            /// How long it waits for an answer.
            limit: Duration,
            place: String,
        }

        impl $name {
            async fn begin(
                pool: &sqlx::Pool<$database>,
                begin: &'static str,
                limit: Duration,
                place: &str,
            ) -> Result<Box<dyn Transaction>, StoreError> {
                let connection = pool
                    .acquire()
                    .await
                    .map_err(|error| StoreError::from_driver(error, place, true))?;
                let mut transaction = Self {
                    connection,
                    finished: false,
                    outdated: false,
                    limit,
                    place: place.to_owned(),
                };
                transaction.raw(begin).await?;
                Ok(Box::new(transaction))
            }

            /// The answer to a call, which may say that the server takes no writes any more.
            fn told<T>(&mut self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
                self.outdated |= matches!(answer, Err(StoreError::ReadOnly(_)));
                answer
            }

            async fn raw(&mut self, sql: &'static str) -> Result<(), StoreError> {
                let run = sqlx::raw_sql(sql).execute(&mut *self.connection);
                let done = answer(self.limit, &self.place, run).await;
                self.told(done.map(|_| ()))
            }

            async fn end(mut self: Box<Self>, sql: &'static str) -> Result<(), StoreError> {
                self.raw(sql).await?;
                self.finished = !self.outdated;
                Ok(())
            }

            fn query(
                sql: &'static str,
                arguments: Vec<Argument>,
            ) -> sqlx::query::Query<'static, $database, <$database as sqlx::Database>::Arguments> {
                arguments
                    .into_iter()
                    .fold(sqlx::query(sql), |query, argument| match argument {
                        Argument::Integer(value) => query.bind(value),
                        Argument::Text(value) => query.bind(value),
                    })
            }

            fn row(row: &<$database as sqlx::Database>::Row) -> Result<Row, sqlx::Error> {
                (0..row.len())
                    .map(|column| {
                        let kind = row.try_get_raw(column)?.type_info().into_owned();
                        Ok(match kind.name() {
                            $integers => Argument::Integer(row.try_get(column)?),
                            _ => Argument::Text(row.try_get(column)?),
                        })
                    })
                    .collect::<Result<Vec<_>, sqlx::Error>>()
                    .map(Row)
            }
        }

        impl Transaction for $name {
            fn now_ms(&mut self) -> Reply<'_, i64> {
                Box::pin(async move {
                    let rows = self.fetch($now, Vec::new()).await?;
                    rows.first().ok_or(StoreError::Corrupt("a time"))?.integer(0)
                })
            }

            fn execute(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'_, u64> {
                Box::pin(async move {
                    let run = Self::query(sql, arguments).execute(&mut *self.connection);
                    let done = answer(self.limit, &self.place, run).await;
                    self.told(done.map(|done| done.rows_affected()))
                })
            }

            fn fetch(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'_, Vec<Row>> {
                Box::pin(async move {
                    let run = Self::query(sql, arguments).fetch_all(&mut *self.connection);
                    let rows = answer(self.limit, &self.place, async {
                        run.await.and_then(|rows| rows.iter().map(Self::row).collect())
                    })
                    .await;
                    self.told(rows)
                })
            }

            fn script(&mut self, sql: &'static str) -> Reply<'_, ()> {
                Box::pin(async move {
                    self.raw($lock).await?;
                    // What it does to the tables takes its time.
                    self.limit = Duration::MAX;
                    self.raw(sql).await
                })
            }

            fn rollback(self: Box<Self>) -> Reply<'static, ()> {
                Box::pin(self.end("ROLLBACK"))
            }

            fn commit(self: Box<Self>) -> Reply<'static, ()> {
                Box::pin(self.end("COMMIT"))
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // A connection that may still be inside a transaction would swallow the writes of its next borrower.
                if !self.finished {
                    self.connection.close_on_drop();
                }
            }
        }
    };
}
pub(super) use transaction;
