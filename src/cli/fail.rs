//! An error is told once, at the top: what failed, the facts, a hint.

use std::io::Write;

use clap::error::ErrorKind;

use super::Exit;
use crate::config::{ConfigFaults, RequestError};
use crate::edge::files::FileError;
use crate::edge::kafka::KafkaError;
use crate::edge::registry::RegistryError;
use crate::edge::spill::SpillError;
use crate::edge::store::StoreError;

const ERROR: clap::builder::styling::Style = clap::builder::styling::AnsiColor::Red.on_default().bold();
const HINT: clap::builder::styling::Style = clap::builder::styling::AnsiColor::Cyan.on_default();

/// What clap could not parse, or the help that was asked for.
pub(super) fn usage(error: &clap::Error, out: &mut dyn Write, log: &mut dyn Write) -> Exit {
    let text = error.render();
    let (to, exit): (&mut dyn Write, Exit) = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (out, Exit::Pass),
        _ => (log, Exit::Trouble),
    };
    // Where nobody can be told, the exit code still says it.
    let _ = write!(to, "{}", text.ansi());
    let _ = to.flush();
    exit
}

/// Any other error. A reader of our output that went away is none.
pub(super) fn report(error: &anyhow::Error, log: &mut dyn Write) -> Exit {
    let broken = |cause: &(dyn std::error::Error + 'static)| {
        let error = cause.downcast_ref::<std::io::Error>();
        error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken) {
        return Exit::Trouble;
    }
    let _ = writeln!(log, "{ERROR}error:{ERROR:#} {error:#}");
    if let Some(faults) = error.chain().find_map(|cause| cause.downcast_ref::<ConfigFaults>()) {
        for line in faults.lines() {
            let _ = match line.strip_prefix("  hint: ") {
                Some(hint) => writeln!(log, "    {HINT}hint:{HINT:#} {hint}"),
                None => writeln!(log, "  {line}"),
            };
        }
    }
    if let Some(hint) = error.chain().find_map(hint) {
        let _ = writeln!(log, "{HINT}hint:{HINT:#} {hint}");
    }
    Exit::Trouble
}

/// What an error of ours says that one can do.
fn hint(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(error) = cause.downcast_ref::<RequestError>() {
        return error.hint.clone();
    }
    if let Some(error) = cause.downcast_ref::<KafkaError>() {
        return error.hint();
    }
    if let Some(error) = cause.downcast_ref::<RegistryError>() {
        return error.hint().map(str::to_owned);
    }
    if let Some(error) = cause.downcast_ref::<StoreError>() {
        return Some(error.hint().to_owned());
    }
    if let Some(error) = cause.downcast_ref::<SpillError>() {
        return Some(error.hint().to_owned());
    }
    cause.downcast_ref::<FileError>().map(|error| error.hint().to_owned())
}
