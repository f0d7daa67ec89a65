//! Where the row stands in an envelope of change data capture, bare or as `payload` beside its `schema`.

use std::ops::Range;

use super::super::envelope::AFTER;
use super::scan::{Scan, Shape};
use crate::model::UndecodableReason::{self, DuplicateKey, Framing, Utf8};

/// Where Kafka Connect's converter puts an envelope beside its schema.
const PAYLOAD: &str = "payload";

/// The place of the row; `None` where it was deleted. What is no envelope is framed wrong.
pub(in super::super) fn row_of_document(bytes: &[u8]) -> Result<Option<Range<usize>>, UndecodableReason> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Utf8);
    }
    let mut scan = Scan::new(bytes);
    let found = members(&mut scan)?;
    scan.end()?;
    if let Some(after) = found.after {
        return Ok(present(bytes, after));
    }
    let payload = found.payload.ok_or(Framing)?;
    let Some(payload) = present(bytes, payload) else {
        return Ok(None);
    };
    let mut scan = Scan::new(bytes.get(..payload.end).ok_or(Framing)?);
    scan.pos = payload.start;
    let after = members(&mut scan)?.after.ok_or(Framing)?;
    Ok(present(bytes, after))
}

/// The members of an object that are looked for.
#[derive(Default)]
struct Found {
    after: Option<Range<usize>>,
    payload: Option<Range<usize>>,
}

fn present(bytes: &[u8], value: Range<usize>) -> Option<Range<usize>> {
    (bytes.get(value.clone()) != Some(b"null")).then_some(value)
}

/// Reads an object to its end.
fn members(scan: &mut Scan) -> Result<Found, UndecodableReason> {
    let mut found = Found::default();
    if scan.shape()? != Shape::Object {
        return Err(Framing);
    }
    object(scan, &mut |name, place| match name {
        name if name == AFTER.as_bytes() => found.after = Some(place),
        name if name == PAYLOAD.as_bytes() => found.payload = Some(place),
        _ => {}
    })?;
    Ok(found)
}

/// Passes over an object and tells its members; no name may be there twice.
fn object(scan: &mut Scan, each: &mut dyn FnMut(&[u8], Range<usize>)) -> Result<(), UndecodableReason> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    scan.enter()?;
    while scan.more(names.is_empty(), b'}')? {
        let name = scan.name()?;
        let mut written = Vec::new();
        scan.unescape(name, &mut written)?;
        scan.peek()?;
        let start = scan.pos;
        skip(scan)?;
        each(&written, start..scan.pos);
        names.push(written);
    }
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(DuplicateKey);
    }
    Ok(())
}

/// Passes over a value; not deeper than a document may be.
fn skip(scan: &mut Scan) -> Result<(), UndecodableReason> {
    match scan.shape()? {
        Shape::Null => scan.word(b"null"),
        Shape::Boolean => scan.boolean().map(drop),
        Shape::Number => scan.number().map(drop),
        Shape::Text => scan.text().map(drop),
        Shape::Object => object(scan, &mut |_, _| {}),
        Shape::Array => {
            scan.enter()?;
            let mut first = true;
            while scan.more(first, b']')? {
                first = false;
                skip(scan)?;
            }
            Ok(())
        }
    }
}
