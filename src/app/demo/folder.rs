//! A directory of the demo's own, gone with it.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use uuid::Uuid;

use crate::config;

/// A directory that is removed when it is dropped, unless it is kept.
pub struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    /// Makes one that only this user may enter.
    ///
    /// # Errors
    /// The directory for temporary files cannot be written.
    pub fn make(keep: bool) -> Result<Self> {
        let path = config::temporary_directory().join(format!("crosscheck-demo-{}", Uuid::now_v7().simple()));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("make the directory {}", path.display()))?;
        Ok(Self { path, keep })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed is left to the system, as any temporary file.
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_gone_unless_kept() {
        for keep in [false, true] {
            let folder = Folder::make(keep).unwrap();
            let path = folder.path().to_owned();
            std::fs::write(path.join("x"), "x").unwrap();
            drop(folder);
            assert_eq!(path.exists(), keep);
            std::fs::remove_dir_all(path).ok();
        }
    }
}
