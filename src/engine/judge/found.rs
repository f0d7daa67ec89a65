//! What the stored findings say to the judge: which identities are bad, and which differences a second reading confirmed.

use std::collections::{BTreeMap, BTreeSet};

use super::policy::NamedCheck;
use crate::engine::stats::{Clock, Kind};
use crate::model::Outcome;

/// Distinct bad identities that are told apart: as many as evidence needs to fail a stream.
pub(super) const DISTINCT_MAX: usize = 5;

/// One stored finding, as far as the judge asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<'a> {
    /// Begin of its window.
    pub start_ms: Option<i64>,
    /// What became of the record.
    pub outcome: Outcome,
    /// True where the record is one of the canary's, or one that the canary lacks.
    pub of_canary: bool,
    /// What tells its identity from others: its hash, or its place where it has none.
    pub identity: &'a str,
    /// True where the records, read again, do not show the difference, or could not be read.
    pub unproved: bool,
    /// Paths of the critical fields with a budget of 0 at which the records, read again, differ still.
    pub critical: &'a [String],
}

/// The findings of some windows, by window and check.
#[derive(Clone, Debug, Default)]
pub struct Found {
    groups: BTreeMap<(Option<i64>, Kind), Group>,
    /// Windows in which a critical field with a budget of 0 was seen to differ twice, with the name of its check.
    critical: BTreeSet<(Option<i64>, String)>,
}

#[derive(Clone, Debug, Default)]
struct Group {
    identities: BTreeSet<String>,
    unproved: bool,
}

impl Found {
    /// Sorts findings by what they are evidence of.
    pub fn new<'a>(findings: impl IntoIterator<Item = Finding<'a>>) -> Self {
        let mut found = Found::default();
        for finding in findings {
            let checks = finding.critical.iter().map(|path| NamedCheck::name_of_field(path));
            found.critical.extend(checks.map(|check| (finding.start_ms, check)));
            let Some(kind) = kind(finding.outcome).filter(|_| finding.of_canary) else {
                continue;
            };
            let group = found.groups.entry((finding.start_ms, kind)).or_default();
            if group.identities.len() < DISTINCT_MAX && !group.identities.contains(finding.identity) {
                group.identities.insert(finding.identity.to_owned());
            }
            group.unproved |= finding.unproved;
        }
        found
    }

    /// The same, with what is known of critical fields that broke: see [`super::Tally::broken`].
    #[must_use]
    pub fn with_broken(mut self, broken: &BTreeMap<String, Option<i64>>) -> Self {
        let broken = broken.iter().map(|(check, start_ms)| (*start_ms, check.clone()));
        self.critical.extend(broken);
        self
    }

    /// What was kept of the checks of a window that are settled later than the window itself.
    pub(super) fn of_later(&self, start_ms: Option<i64>) -> Found {
        let later = self
            .groups
            .iter()
            .filter(|((start, kind), _)| *start == start_ms && kind.clock() == Clock::Later);
        Found {
            groups: later.map(|(key, group)| (*key, group.clone())).collect(),
            critical: BTreeSet::new(),
        }
    }

    /// Whether what was kept of a check in a window was all seen again when it was read again. Not where nothing was kept.
    ///
    /// Of a critical field one pair is enough: each that is kept counts at the field, where of undecodable records, say, it is
    /// not known yet which of them the other side shows too.
    pub(super) fn confirms(&self, start_ms: Option<i64>, kind: Kind, check: &str) -> bool {
        if matches!(kind, Kind::Field(_)) {
            return self.critical.contains(&(start_ms, check.to_owned()));
        }
        self.groups.get(&(start_ms, kind)).is_some_and(|group| !group.unproved)
    }

    /// The identities that were kept of a check in a window.
    pub(super) fn identities(&self, start_ms: Option<i64>, kind: Kind) -> impl Iterator<Item = &str> {
        let group = self.groups.get(&(start_ms, kind));
        group
            .into_iter()
            .flat_map(|group| group.identities.iter().map(String::as_str))
    }
}

/// The check that an outcome is bad for.
fn kind(outcome: Outcome) -> Option<Kind> {
    Some(match outcome {
        Outcome::Matched => return None,
        Outcome::Mismatched => Kind::Mismatched,
        Outcome::Missing => Kind::Missing,
        Outcome::Extra => Kind::Extra,
        Outcome::Duplicate => Kind::Duplicate,
        Outcome::Conflict => Kind::Conflict,
        Outcome::Undecodable => Kind::Undecodable,
        Outcome::Untimely => Kind::Untimely,
        Outcome::Diverted => Kind::Diverted,
    })
}
