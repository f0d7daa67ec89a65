//! The rules of comparison among the flags, the contract and the budgets.

use super::Contract;
use super::flag_values as value;
use super::flags::ReconcileFlags;
use super::request::{ReconcileRequest, RequestError};
use super::resolve_compare::{TOLERANCES_MAX, check_tolerant, subject};
use crate::codec::{Conditional, Then};

/// Adds what the flags say to what the config says.
pub(super) fn add(request: &mut ReconcileRequest, flags: &ReconcileFlags) -> Result<(), RequestError> {
    let sides = &mut request.sides;
    let mut conditional = Vec::new();
    for text in &flags.ignore {
        let (text, when) = value::when("--ignore", text)?;
        let path = value::path("--ignore", text)?;
        if let Some(when) = when {
            let then = Then::Ignore(path);
            conditional.push(Conditional { when, then });
            continue;
        }
        for side in sides.all_mut() {
            side.codec.rules.ignore.push(path.clone());
        }
    }
    let (mut only, mut unordered, mut map) = (Vec::new(), Vec::new(), sides.baseline.codec.rules.map.clone());
    for text in &flags.only {
        only.push(value::path("--only", text)?);
    }
    for text in &flags.unordered {
        unordered.push(value::path("--unordered", text)?);
    }
    for text in &flags.map {
        let (text, when) = value::when("--map", text)?;
        let Some(when) = when else {
            value::map(&mut map, text)?;
            continue;
        };
        let mut own = Vec::new();
        value::map(&mut own, text)?;
        conditional.extend(own.into_iter().map(|mapping| Conditional {
            when: when.clone(),
            then: Then::Map(mapping),
        }));
    }
    for side in sides.all_mut() {
        side.codec.rules.only.extend(only.iter().cloned());
        side.codec.rules.unordered.extend(unordered.iter().cloned());
        side.codec.rules.map.clone_from(&map);
    }
    for text in &flags.tolerance {
        let (text, when) = value::when("--tolerance", text)?;
        let (path, tolerance) = value::tolerance(text)?;
        if let Some(when) = when {
            let then = Then::Tolerance(request.engine.tolerances.len());
            conditional.push(Conditional { when, then });
        }
        if let Err(what) = check_tolerant(&path, &sides.baseline.codec.rules.tolerant) {
            return Err(RequestError {
                what: format!("--tolerance {text}: {what}"),
                hint: None,
            });
        }
        for side in sides.all_mut() {
            side.codec.rules.tolerant.push(path.clone());
        }
        if value::is_time_tolerance(text) {
            request.times.push(path);
        }
        request.engine.tolerances.push(tolerance);
    }
    for side in sides.all_mut() {
        side.codec.rules.when.extend(conditional.iter().cloned());
    }
    let count = request.engine.tolerances.len();
    if count > TOLERANCES_MAX {
        let what = format!("--tolerance: {count} paths, at most {TOLERANCES_MAX} may be tolerant");
        return Err(RequestError { what, hint: None });
    }
    for text in &flags.rename {
        sides.canary.codec.rules.rename.push(value::rename(text)?);
    }
    if flags.absent_equals_default {
        for side in sides.all_mut() {
            side.codec.rules.absent_equals_default = true;
        }
    }
    if let Some(text) = &flags.contract {
        request.contract = Some(subject(text).unwrap_or_else(|| Contract::File(text.into())));
    }
    for text in &flags.show {
        request.show.push(value::path("--show", text)?);
    }
    for text in &flags.budget {
        value::budget(&mut request.budgets, text)?;
    }
    Ok(())
}
