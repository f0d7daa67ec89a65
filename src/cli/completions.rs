//! `completions`: a script for a shell.

use std::io::Write;

use anyhow::Result;

use super::Exit;

/// Print the completions of a shell
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

impl Args {
    pub(super) fn run(self, command: &mut clap::Command, out: &mut dyn Write) -> Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "crosscheck", &mut script);
        out.write_all(&script)?;
        Ok(Exit::Pass)
    }
}
