//! The database and the registries of a config: do they answer, do they let us in?

use std::path::Path;

use tokio::runtime::Handle;

use super::print::Found;
use crate::app::world;
use crate::config::Config;
use crate::edge::store::{self, StoreError};

/// The database. A SQLite file that is not there yet is the worker's to make.
pub(super) fn store(config: &Config, handle: &Handle) -> Vec<Found> {
    let settings = store::Settings {
        migrate: false,
        ..config.store.clone()
    };
    let file = settings.url.strip_prefix("sqlite://").map(|rest| {
        let path = rest.split_once('?').map_or(rest, |(path, _)| path);
        Path::new(path)
    });
    if let Some(file) = file.filter(|file| !file.exists()) {
        return vec![missing_file(file)];
    }
    handle.block_on(async {
        match store::open(&settings).await {
            Ok(store) => {
                store.close().await;
                vec![Found::ok("store", "answers, and its schema is this binary's")]
            }
            Err(error @ StoreError::NotMigrated { .. }) => {
                vec![Found::bad(
                    "store",
                    error.to_string(),
                    "run `crosscheck migrate -c FILE`",
                )]
            }
            Err(error) => {
                let hint = error.hint().to_owned();
                vec![Found::error("store", &error.into(), Some(hint))]
            }
        }
    })
}

/// A SQLite file that is not there yet is the worker's to make, where its folder lets it.
fn missing_file(file: &Path) -> Found {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let facts = std::fs::metadata(folder);
    let why = match facts {
        Ok(facts) if !facts.is_dir() => "is not a folder",
        Ok(facts) if facts.permissions().readonly() => "cannot be written to",
        Ok(_) => return Found::ok("store", "the SQLite file is not there yet; the worker makes it"),
        Err(_) => "does not exist, or cannot be entered",
    };
    Found::bad(
        "store",
        format!("database {} cannot be made: {} {why}", file.display(), folder.display()),
        "name a path in a folder that this user may write to, SQLite keeps files beside it",
    )
}

/// The registries.
pub(super) fn registries(config: &Config, handle: &Handle) -> Vec<Found> {
    let mut found = Vec::new();
    for (name, settings) in &config.registries {
        let what = format!("registry {name}");
        let answer = world::registry(settings).and_then(|registry| Ok(handle.block_on(registry.ping())?));
        found.push(match answer {
            Ok(()) => Found::ok(&what, "answers"),
            Err(error) => {
                let hint = error
                    .chain()
                    .find_map(|cause| cause.downcast_ref::<crate::edge::registry::RegistryError>()?.hint());
                Found::error(&what, &error, hint.map(str::to_owned))
            }
        });
    }
    found
}
