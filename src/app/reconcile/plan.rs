//! `--dry-run`: what would be done.

use std::io::Write;

use anyhow::Result;

use super::open::Opened;
use crate::app::book::Fact;
use crate::codec::{Part, Settings};
use crate::config::ReconcileRequest;
use crate::model::{Path, Side};

/// Prints the plan.
///
/// # Errors
/// The writer fails.
pub fn print(request: &ReconcileRequest, opened: &Opened, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "stream {}", request.stream)?;
    opened.notes.iter().try_for_each(|note| writeln!(out, "  {note}"))?;
    let rate = request.engine.sampling();
    if rate < 1.0 {
        writeln!(out, "  sample: {rate} of the identities")?;
    }
    for &side in request.sides.present() {
        let Settings {
            format,
            framing,
            identity,
            event_time,
            rules,
            ..
        } = &request.sides.get(side).codec;
        let parts = if identity.is_empty() {
            "whole content".to_owned()
        } else {
            list(identity.iter().map(part))
        };
        writeln!(
            out,
            "  {side}: {format:?}, framing {framing:?}, identity {parts}, event time {event_time:?}"
        )?;
        if side == Side::Baseline {
            writeln!(out, "  ignored: {}", paths(&rules.ignore))?;
            writeln!(out, "  tolerant: {}", paths(&rules.tolerant))?;
            if !rules.only.is_empty() {
                writeln!(out, "  compared only: {}", paths(&rules.only))?;
            }
            if !rules.unordered.is_empty() {
                writeln!(out, "  in any order: {}", paths(&rules.unordered))?;
            }
            for mapping in &rules.map {
                let pairs = mapping.values.iter().map(|(from, to)| format!("{from} as {to}"));
                writeln!(out, "  {}: {}", mapping.path, list(pairs))?;
            }
        }
    }
    for fact in opened.stream.book.since(0) {
        if let Fact::Contract(field, schema) | Fact::SoleContract(field, schema) = fact {
            writeln!(out, "  contract of the {field:?}: {}", schema.name())?;
        }
    }
    writeln!(out, "no record was read")?;
    Ok(())
}

fn part(part: &Part) -> String {
    match part {
        Part::Key => "key".to_owned(),
        Part::KeyPath(path) => format!("key:{path}"),
        Part::Header(name) => format!("header:{name}"),
        Part::Field(path) => format!("field:{path}"),
    }
}

fn paths(paths: &[Path]) -> String {
    if paths.is_empty() {
        "nothing".to_owned()
    } else {
        list(paths.iter().map(ToString::to_string))
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
