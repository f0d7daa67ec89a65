//! The schema: versions, upwards only.

use std::sync::Arc;

use super::StoreError;
use super::backend::{Database, Migration, Mode, Reply, Transaction, arguments};
use super::perform::Job;

/// From which schema version to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Before; 0 is an empty database.
    pub from: i64,
    /// After.
    pub to: i64,
}

impl Migrated {
    pub(super) fn nothing(migrations: &[Migration]) -> Self {
        let to = newest(migrations);
        Self { from: to, to }
    }
}

/// Brings the schema up to date, all steps in one transaction.
pub(super) struct Migrate(pub Arc<dyn Database>);

impl Job for Migrate {
    const MODE: Mode = Mode::Write;
    type Done = Migrated;

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, Migrated> {
        Box::pin(async move {
            // Makes the table of versions and takes the lock; only then it is certain which version there is.
            let table = "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL)";
            transaction.script(table).await?;
            let from = found(transaction, self.0.as_ref()).await?;
            let mut to = from;
            let now = transaction.now_ms().await?;
            for migration in self.0.migrations().iter().filter(|migration| migration.version > from) {
                transaction.script(migration.sql).await?;
                let insert = "INSERT INTO schema_versions (version, at_ms) VALUES ($1, $2)";
                transaction.execute(insert, arguments![migration.version, now]).await?;
                to = migration.version;
            }
            Ok(Migrated { from, to })
        })
    }
}

/// Refuses a schema that is not the binary's.
pub(super) struct Check(pub Arc<dyn Database>);

impl Job for Check {
    const MODE: Mode = Mode::Read;
    type Done = ();

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, ()> {
        Box::pin(async move {
            let needed = newest(self.0.migrations());
            match found(transaction, self.0.as_ref()).await {
                Ok(found) if found == needed => Ok(()),
                Ok(found) | Err(StoreError::NotMigrated { found, .. }) => Err(StoreError::NotMigrated {
                    place: self.0.place().to_owned(),
                    found,
                    needed,
                }),
                Err(error) => Err(error),
            }
        })
    }
}

fn newest(migrations: &[Migration]) -> i64 {
    migrations.last().map_or(0, |migration| migration.version)
}

async fn found(transaction: &mut dyn Transaction, database: &dyn Database) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(coalesce(max(version), 0) AS BIGINT) FROM schema_versions";
    let rows = transaction.fetch(sql, Vec::new()).await?;
    let found = rows.first().map_or(Ok(0), |row| row.integer(0))?;
    let known = newest(database.migrations());
    if found > known {
        return Err(StoreError::Newer {
            place: database.place().to_owned(),
            found,
            known,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::{postgres, sqlite};

    /// Every file is built in, under the same number for both databases, counted from 1 without a gap.
    #[test]
    fn no_migration_is_forgotten() {
        for (folder, known) in [("sqlite", sqlite::MIGRATIONS), ("postgres", postgres::MIGRATIONS)] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("migrations")
                .join(folder);
            let files = std::fs::read_dir(path).unwrap().map(|file| file.unwrap().file_name());
            let mut numbers: Vec<i64> = files
                .filter_map(|name| name.to_str().and_then(|name| name.split('_').next()?.parse().ok()))
                .collect();
            numbers.sort_unstable();
            let versions: Vec<i64> = known.iter().map(|migration| migration.version).collect();
            assert_eq!(versions, numbers, "{folder}");
            assert!(versions.iter().copied().eq(1..=super::newest(known)), "{folder}");
        }
        assert_eq!(super::newest(sqlite::MIGRATIONS), super::newest(postgres::MIGRATIONS));
    }
}
