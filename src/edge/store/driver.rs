//! The part of a driver that is the same for both databases: bind, run, read columns.

/// Implements [`super::backend::Transaction`] for a connection of one driver. `$now` is its clock, `$lock` what keeps other
/// migrations out.
macro_rules! transaction {
    ($name:ident, $database:ty, $now:literal, $lock:literal, $integers:pat) => {
        impl $name {
            fn fault(&self, error: sqlx::Error) -> StoreError {
                StoreError::from_driver(error, &self.place, false)
            }

            async fn end(mut self: Box<Self>, sql: &'static str) -> Result<(), StoreError> {
                sqlx::raw_sql(sql)
                    .execute(&mut *self.connection)
                    .await
                    .map_err(|error| self.fault(error))?;
                self.finished = true;
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
                    let done = Self::query(sql, arguments).execute(&mut *self.connection).await;
                    done.map(|done| done.rows_affected())
                        .map_err(|error| self.fault(error))
                })
            }

            fn fetch(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Reply<'_, Vec<Row>> {
                Box::pin(async move {
                    let rows = Self::query(sql, arguments).fetch_all(&mut *self.connection).await;
                    rows.and_then(|rows| rows.iter().map(Self::row).collect())
                        .map_err(|error| self.fault(error))
                })
            }

            fn script(&mut self, sql: &'static str) -> Reply<'_, ()> {
                Box::pin(async move {
                    for sql in [$lock, sql] {
                        sqlx::raw_sql(sql)
                            .execute(&mut *self.connection)
                            .await
                            .map_err(|error| self.fault(error))?;
                    }
                    Ok(())
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
