//! What every command says that changes something: on which release, why, and who.

use super::boundary::Order;

/// Which generation of which release.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Known {
    /// Which release, rather than the config's
    #[arg(long, value_name = "NAME")]
    pub(super) release: Option<String>,
    /// Which generation, rather than the newest
    #[arg(long, value_name = "N")]
    pub(super) generation: Option<u32>,
}

/// Why, and who.
#[derive(Debug, clap::Args)]
pub(super) struct Said {
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = said)]
    reason: String,
    /// Who, for the record, rather than this host and process
    #[arg(long, value_name = "NAME", value_parser = said)]
    by: Option<String>,
}

impl Said {
    pub(super) fn order(self, known: Known) -> Order {
        Order {
            release: known.release,
            generation: known.generation,
            reason: self.reason,
            by: self.by,
        }
    }
}

/// A text that says something.
fn said(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("it must say something"),
        text => Ok(text.to_owned()),
    }
}
