//! What was computed again against what is stored.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::tape::{Tape, Unreachable};
use crate::edge::store::WindowRow;
use crate::engine::FinalWindow;
use crate::model::{Inconclusive, Verdict};

/// Windows of one stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Its name.
    pub stream: String,
    /// Windows that were looked at.
    pub windows: usize,
    /// Those that came to the same digest, counts and range.
    pub equal: usize,
    /// Those that did not, in their order.
    pub different: Vec<Different>,
    /// Those of which nothing can be said, in their order.
    pub inconclusive: Vec<Unsaid>,
}

/// A window that came to something else.
#[derive(Debug, PartialEq, Eq)]
pub struct Different {
    /// Which.
    pub start_ms: Option<i64>,
    /// In what.
    pub differences: Vec<Difference>,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `digest`, the path of a count, `edge`, `end`; `window` where there is none.
    pub what: String,
    /// As it is stored.
    pub stored: String,
    /// As it was computed.
    pub computed: String,
}

/// Windows in a row of which nothing can be said, for the same reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// The first.
    pub from_ms: Option<i64>,
    /// The last.
    pub to_ms: Option<i64>,
    /// How many.
    pub windows: usize,
    /// Why.
    pub reason: Inconclusive,
    /// In a sentence.
    pub text: String,
}

impl Replayed {
    /// 1 where something differs, else 3 where something cannot be said or nothing was asked.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if !self.different.is_empty() {
            Verdict::Fail
        } else if self.windows == 0 || !self.inconclusive.is_empty() {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        }
    }
}

/// What stood in the way of a pass while it was read.
pub type Disturbance = Option<(Inconclusive, String)>;

/// A pass that was read.
#[derive(Debug)]
pub struct Computed {
    /// Where it began and ended.
    pub tape: Tape,
    /// Every window that it computed, whole or not.
    pub windows: Vec<FinalWindow>,
    /// What stood in its way.
    pub disturbance: Disturbance,
}

/// One that is compared: its windows that no stored one has asked for yet.
struct Pass<'a> {
    tape: &'a Tape,
    computed: BTreeMap<Option<i64>, &'a FinalWindow>,
    disturbance: &'a Disturbance,
}

impl Computed {
    fn pass(&self) -> Pass<'_> {
        let whole = self.windows.iter().filter(|window| self.tape.covers(window.start_ms));
        Pass {
            tape: &self.tape,
            computed: whole.map(|window| (window.start_ms, window)).collect(),
            disturbance: &self.disturbance,
        }
    }
}

/// Holds every stored window against what the passes came to.
#[must_use]
pub fn compare(stream: &str, stored: &[WindowRow], read: &[Computed], unreachable: &[Unreachable]) -> Replayed {
    let mut replayed = Replayed {
        stream: stream.to_owned(),
        windows: stored.len(),
        ..Replayed::default()
    };
    let mut passes: Vec<Pass> = read.iter().map(Computed::pass).collect();
    for row in stored {
        let pass = passes.iter_mut().find(|pass| pass.tape.covers(row.start_ms));
        let Some(Pass {
            computed, disturbance, ..
        }) = pass
        else {
            let (reason, text) = unreachable.iter().find(|rest| rest.covers(row.start_ms)).map_or_else(
                || {
                    (
                        Inconclusive::Evidence,
                        "no inputs of it are stored: it became final under an older version",
                    )
                },
                |rest| (rest.reason, rest.text.as_str()),
            );
            replayed.unsaid(row.start_ms, reason, text);
            continue;
        };
        let differences = differences(row, computed.remove(&row.start_ms));
        match disturbance {
            _ if differences.is_empty() => replayed.equal += 1,
            Some((reason, text)) => replayed.unsaid(row.start_ms, *reason, text),
            None => replayed.different.push(Different {
                start_ms: row.start_ms,
                differences,
            }),
        }
    }
    // What is left was never stored, or is stored no more.
    for pass in passes.into_iter().filter(|pass| pass.disturbance.is_none()) {
        for start_ms in pass.computed.into_keys() {
            replayed.windows += 1;
            replayed.different.push(Different {
                start_ms,
                differences: vec![difference("window", "none", "one")],
            });
        }
    }
    replayed.different.sort_by_key(|different| different.start_ms);
    replayed
}

impl Replayed {
    fn unsaid(&mut self, start_ms: Option<i64>, reason: Inconclusive, text: &str) {
        match self.inconclusive.last_mut() {
            Some(last) if last.reason == reason && last.text == text => {
                last.to_ms = start_ms;
                last.windows += 1;
            }
            _ => self.inconclusive.push(Unsaid {
                from_ms: start_ms,
                to_ms: start_ms,
                windows: 1,
                reason,
                text: text.to_owned(),
            }),
        }
    }
}

fn difference(what: &str, stored: impl ToString, computed: impl ToString) -> Difference {
    Difference {
        what: what.to_owned(),
        stored: stored.to_string(),
        computed: computed.to_string(),
    }
}

/// In what a stored window and a computed one differ: the digest first.
fn differences(stored: &WindowRow, computed: Option<&FinalWindow>) -> Vec<Difference> {
    let Some(computed) = computed else {
        return vec![difference("window", "one", "none")];
    };
    let mut found = Vec::new();
    let digest = computed.digest.to_string();
    if stored.digest != digest {
        found.push(difference("digest", &stored.digest, digest));
    }
    if stored.end_ms != computed.end_ms {
        let text = |end: Option<i64>| end.map_or("none".to_owned(), crate::app::report::rfc3339);
        found.push(difference("end", text(stored.end_ms), text(computed.end_ms)));
    }
    if stored.edge != computed.edge {
        found.push(difference("edge", stored.edge, computed.edge));
    }
    if stored.counts != computed.counts {
        let leaves = |counts| {
            let mut leaves = BTreeMap::new();
            flatten("", &serde_json::to_value(counts).unwrap_or_default(), &mut leaves);
            leaves
        };
        let (stored, computed) = (leaves(&stored.counts), leaves(&computed.counts));
        let paths: BTreeSet<&String> = stored.keys().chain(computed.keys()).collect();
        for path in paths {
            // A count that is not there is none.
            let at = |leaves: &BTreeMap<String, String>| leaves.get(path).cloned().unwrap_or_else(|| "0".to_owned());
            if at(&stored) != at(&computed) {
                found.push(difference(path, at(&stored), at(&computed)));
            }
        }
    }
    found
}

/// Every number with its path.
fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let below = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(&below, value, into);
            }
        }
        leaf => drop(into.insert(path.to_owned(), leaf.to_string())),
    }
}

#[cfg(test)]
mod tests;
