//! Clients of the world, from the config's settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::config::Config;
use crate::edge::registry::{self, Registry};
use crate::edge::store;

/// A registry, not asked yet.
///
/// # Errors
/// An address that cannot be one, or authorities that cannot be read.
pub fn registry(settings: &registry::Settings) -> Result<Arc<Registry>> {
    Ok(Arc::new(Registry::new(settings).context("set up the registry")?))
}

/// All registries of a config, by name.
///
/// # Errors
/// As [`registry`].
pub fn registries(config: &Config) -> Result<BTreeMap<String, Arc<Registry>>> {
    config
        .registries
        .iter()
        .map(|(name, settings)| Ok((name.clone(), registry(settings)?)))
        .collect()
}

/// The database. A SQLite file is made and brought up to date by whoever opens it; a server's schema is `migrate`'s.
#[must_use]
pub fn store(settings: &store::Settings) -> store::Settings {
    store::Settings {
        migrate: settings.url.starts_with("sqlite:"),
        ..settings.clone()
    }
}
