//! A disk that is full: nothing is stored by halves, and the work goes on once there is room.

use std::path::Path;
use std::process::Command;

use crosscheck::edge::store::{Commit, StoreError};
use rstest::rstest;

use super::bed::{acquire, generation, postgres};
use super::{Bed, Kind, checkpoint, finding, plain, window};

/// A small file system of its own, gone with it.
struct Small(tempfile::TempDir);

impl Small {
    fn new(size: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=777"), "tmpfs"])
            .arg(folder.path())
            .status();
        assert!(mounted.unwrap().success(), "only root may mount");
        Self(folder)
    }

    /// Takes what is left of the room.
    fn fill(&self) -> std::path::PathBuf {
        let path = self.0.path().join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        while std::io::Write::write(&mut file, &[0; 4096]).is_ok_and(|written| written > 0) {}
        path
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0.path()).status().ok();
    }
}

#[rstest]
#[ignore = "needs root: mounts a small file system"]
#[case::sqlite(Kind::Sqlite)]
#[ignore = "needs root and PostgreSQL: set CROSSCHECK_TEST_POSTGRES"]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn is_waited_for(#[case] kind: Kind) {
    let small = Small::new(if kind == Kind::Sqlite { "4m" } else { "40m" });
    let place = small.0.path().join("db");
    std::fs::create_dir(&place).unwrap();
    let (bed, space) = room(kind, &place).await;
    let store = bed.open().await;
    let generation = generation(&store).await;
    let lease = acquire(&store, &generation, "a").await;
    let findings: Vec<_> = (0..2_000).map(|offset| finding(1, offset)).collect();
    let filler = small.fill();
    let mut stored = 0;
    let told = loop {
        let (windows, checkpoint) = ([window(stored)], checkpoint(stored));
        let commit = Commit {
            findings: &findings,
            ..plain(&windows, &checkpoint)
        };
        match store.commit(&lease, commit).await {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 50, "it is never full");
    };
    assert!(matches!(told, StoreError::Full(_)), "{told}");
    assert!(told.is_transient());
    let count = usize::try_from(stored).unwrap();
    assert_eq!(bed.windows().await.len(), count, "a part of a commit is stored");
    std::fs::remove_file(filler).unwrap();
    let (windows, checkpoint) = ([window(stored)], checkpoint(stored));
    let again = Commit {
        findings: &findings,
        ..plain(&windows, &checkpoint)
    };
    store.commit(&lease, again).await.unwrap();
    assert_eq!(bed.windows().await.len(), count + 1);
    store.close().await;
    drop(bed);
    if let Some(space) = space {
        administer(&format!("DROP TABLESPACE {space}")).await;
    }
}

async fn administer(sql: &str) {
    use sqlx::Connection;
    let mut connection = sqlx::PgConnection::connect(&postgres()).await.unwrap();
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

/// A database whose tables lie there, and its tablespace.
async fn room(kind: Kind, place: &Path) -> (Bed, Option<String>) {
    if kind == Kind::Sqlite {
        let folder = tempfile::tempdir_in(place).unwrap();
        return (Bed::at(kind, folder, "").await, None);
    }
    // The server's user is who owns its data.
    #[expect(clippy::disallowed_methods, reason = "names the PostgreSQL of the gate")]
    let data = std::env::var("CROSSCHECK_TEST_POSTGRES_DATA").unwrap();
    let owned = Command::new("chown")
        .arg(format!("--reference={data}"))
        .arg(place)
        .status();
    assert!(owned.unwrap().success());
    for above in place.ancestors().skip(1).take(2) {
        std::fs::set_permissions(above, std::os::unix::fs::PermissionsExt::from_mode(0o755)).ok();
    }
    let space = format!("s{}", uuid::Uuid::now_v7().simple());
    administer(&format!("CREATE TABLESPACE {space} LOCATION '{}'", place.display())).await;
    let bed = Bed::at(kind, tempfile::tempdir().unwrap(), &format!(" TABLESPACE {space}")).await;
    (bed, Some(space))
}
