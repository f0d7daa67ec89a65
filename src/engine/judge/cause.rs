//! Which stream is the cause where several diverge: the first hop of the graph that `upstream` draws.

use std::collections::{BTreeMap, BTreeSet};

use super::StreamJudgement;
use crate::model::{Inconclusive, Verdict};

/// For each stream that diverges because of others, the first of them: those that diverge with nothing that diverges above them.
/// A stream between them that passes breaks the chain: what it hands on is right.
#[must_use]
pub fn causes(streams: &[StreamJudgement]) -> BTreeMap<String, Vec<String>> {
    let by_name: BTreeMap<&str, &StreamJudgement> =
        streams.iter().map(|stream| (stream.stream.as_str(), stream)).collect();
    let mut found = BTreeMap::new();
    for stream in streams.iter().filter(|stream| diverges(stream)) {
        let above = above(&by_name, stream);
        let first = |above: &&&StreamJudgement| self::above(&by_name, above).is_empty();
        let mut first: Vec<String> = above.iter().filter(first).map(|stream| stream.stream.clone()).collect();
        if !above.is_empty() && first.is_empty() {
            // A cycle, which a config cannot have: nobody is first.
            first = above.iter().map(|stream| stream.stream.clone()).collect();
        }
        first.sort();
        if !first.is_empty() {
            found.insert(stream.stream.clone(), first);
        }
    }
    found
}

/// It fails, or its evidence may yet become a `fail`.
fn diverges(stream: &StreamJudgement) -> bool {
    let held = |reason: &super::Reason| reason.inconclusive == Some(Inconclusive::Hold);
    stream.judgement.verdict == Verdict::Fail || stream.judgement.reasons.iter().any(held)
}

/// The streams that diverge above one.
fn above<'a>(by_name: &BTreeMap<&str, &'a StreamJudgement>, stream: &StreamJudgement) -> Vec<&'a StreamJudgement> {
    let mut seen: BTreeSet<&str> = BTreeSet::from([stream.stream.as_str()]);
    let mut open: Vec<&str> = stream.upstream.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    while let Some(name) = open.pop() {
        // One of another config explains nothing here.
        let Some(&upper) = by_name.get(name) else { continue };
        if !seen.insert(upper.stream.as_str()) || upper.judgement.verdict == Verdict::Pass {
            continue;
        }
        if diverges(upper) {
            found.push(upper);
        }
        open.extend(upper.upstream.iter().map(String::as_str));
    }
    found
}
