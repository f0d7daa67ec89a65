//! What people decided about a release, from the commands that are stored: mutes and an override.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::report::rfc3339;
use super::worker::Stored;
use crate::edge::store::{CommandRow, GenerationId, Read, Span, Store, StoreError, StoredVerdict};
use crate::engine::judge::{Failing, Judgement, Muted, Override};
use crate::model::Verdict;

/// The names of the commands that decide something.
pub mod action {
    /// A check is left out of the verdict, or taken in again.
    pub const MUTE: &str = "mute";
    /// A verdict is set.
    pub const OVERRIDE: &str = "override";
    /// The evidence speaks again.
    pub const LIFT: &str = "lift";
}

/// What a mute says, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// Which stream.
    pub stream: String,
    /// Which of its checks.
    pub check: String,
    /// Until when, milliseconds since the epoch; at or before the command's own time it ends the mute.
    pub until_ms: i64,
}

/// A mute that somebody set.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Set {
    until_ms: i64,
    at_ms: i64,
    actor: String,
    reason: String,
}

/// All that is decided about one generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    mutes: BTreeMap<Failing, Set>,
    over: Option<Override>,
}

impl Decisions {
    /// Of the commands, oldest first, and the verdicts that were stored, oldest first.
    #[must_use]
    pub fn of(commands: &[CommandRow], verdicts: &[StoredVerdict]) -> Self {
        let mut decided = Decisions::default();
        for command in commands {
            match command.action.as_str() {
                action::MUTE => decided.mute(command),
                action::LIFT => decided.over = None,
                action::OVERRIDE => decided.over = over(command, verdicts),
                _ => {}
            }
        }
        decided
    }

    fn mute(&mut self, command: &CommandRow) {
        // What an older or newer binary wrote in another shape mutes nothing: the safe side.
        let Ok(mute) = serde_json::from_str::<Mute>(&command.detail) else {
            return;
        };
        let set = Set {
            until_ms: mute.until_ms,
            at_ms: command.at_ms,
            actor: command.actor.clone(),
            reason: command.reason.clone(),
        };
        self.mutes.insert((mute.stream, mute.check), set);
    }

    /// The checks of a stream that are muted now, by our clock.
    #[must_use]
    pub fn muted(&self, stream: &str, now_ms: i64) -> Muted {
        let own = self.standing(now_ms).filter(|((of, _), _)| of == stream);
        Muted::of(own.map(|((_, check), _)| check.as_str()))
    }

    fn standing(&self, now_ms: i64) -> impl Iterator<Item = (&Failing, &Set)> {
        let stands = move |(_, set): &(&Failing, &Set)| set.until_ms > now_ms.max(set.at_ms);
        self.mutes.iter().filter(stands)
    }

    /// One sentence a mute that stands, for the report.
    #[must_use]
    pub fn told(&self, now_ms: i64) -> Vec<String> {
        let tell = |((stream, check), set): (&Failing, &Set)| {
            format!(
                "{stream}: the check {check} is muted until {} by {}: {}",
                rfc3339(set.until_ms),
                set.actor,
                set.reason
            )
        };
        self.standing(now_ms).map(tell).collect()
    }

    /// The verdict that was set in place of this one of the evidence, if there is one.
    #[must_use]
    pub fn over_judgement(&self, evidence: Judgement) -> Judgement {
        match &self.over {
            Some(over) => over.over(&evidence),
            None => evidence,
        }
    }

    /// Puts the verdict that was set in place of the evidence's, if there is one.
    #[must_use]
    pub fn over(&self, mut judged: Stored) -> Stored {
        let evidence = judged.evidence.take().unwrap_or_else(|| judged.release.clone());
        match &self.over {
            Some(over) => {
                judged.release = over.over(&evidence);
                judged.evidence = Some(evidence);
            }
            None => judged.release = evidence,
        }
        judged
    }
}

/// What is decided about a generation.
///
/// # Errors
/// The database does not do it.
pub async fn decided(store: &Store, generation: &GenerationId) -> Result<Decisions, StoreError> {
    let read = Read {
        generation: generation.clone(),
        stream: None,
        windows: Span::NONE,
        findings_max: 0,
        inputs: Span::NONE,
    };
    let stored = store.read(read).await?;
    Ok(Decisions::of(&stored.commands, &stored.verdicts))
}

/// The override that a command is: it lifts what failed in the last verdict before it.
fn over(command: &CommandRow, verdicts: &[StoredVerdict]) -> Option<Override> {
    let verdict = [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive]
        .into_iter()
        .find(|verdict| verdict.as_str() == command.detail)?;
    let before = verdicts.iter().rev().find(|row| row.at_ms <= command.at_ms);
    let stored = before.and_then(|row| serde_json::from_str::<Stored>(&row.body).ok());
    Some(Override {
        verdict,
        at_ms: command.at_ms,
        actor: command.actor.clone(),
        reason: command.reason.clone(),
        known: stored.map_or_else(BTreeSet::new, |stored| failing(&stored).collect()),
    })
}

/// Every check that fails a stream in a verdict.
pub fn failing(stored: &Stored) -> impl Iterator<Item = Failing> {
    let failed = stored
        .streams
        .iter()
        .filter(|(_, judged)| judged.verdict == Verdict::Fail);
    failed.flat_map(|(stream, judged)| {
        let checks = judged.reasons.iter().map(|reason| reason.check.clone());
        checks.map(move |check| (stream.clone(), check))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::judge::Reason;

    fn command(at_ms: i64, action: &str, detail: &str) -> CommandRow {
        CommandRow {
            at_ms,
            action: action.to_owned(),
            reason: "because".to_owned(),
            actor: "ops".to_owned(),
            detail: detail.to_owned(),
        }
    }

    fn mute(at_ms: i64, check: &str, until_ms: i64) -> CommandRow {
        let mute = Mute {
            stream: "orders".to_owned(),
            check: check.to_owned(),
            until_ms,
        };
        command(at_ms, action::MUTE, &serde_json::to_string(&mute).unwrap())
    }

    fn fail(check: &str) -> Stored {
        let judgement = Judgement {
            verdict: Verdict::Fail,
            reasons: vec![Reason {
                stream: "orders".to_owned(),
                check: check.to_owned(),
                inconclusive: None,
                text: "too many".to_owned(),
            }],
        };
        Stored {
            release: judgement.clone(),
            streams: BTreeMap::from([("orders".to_owned(), judgement)]),
            causes: BTreeMap::new(),
            evidence: None,
        }
    }

    fn row(at_ms: i64, stored: &Stored) -> StoredVerdict {
        StoredVerdict {
            sequence: at_ms,
            at_ms,
            verdict: stored.release.verdict,
            body: serde_json::to_string(stored).unwrap(),
        }
    }

    #[test]
    fn a_mute_stands_until_its_date_and_can_be_ended() {
        let decided = Decisions::of(
            &[mute(10, "missing", 100), mute(10, "extra", 100), mute(20, "extra", 20)],
            &[],
        );
        assert_eq!(decided.muted("orders", 50), Muted::of(["missing"]));
        assert_eq!(decided.muted("orders", 100), Muted::default());
        assert_eq!(decided.muted("carts", 50), Muted::default());
        let told = "orders: the check missing is muted until 1970-01-01T00:00:00.1Z by ops: because";
        assert_eq!(decided.told(50), [told]);
        assert_eq!(decided.told(100), <[String; 0]>::default());
    }

    #[test]
    fn a_mute_ends_though_our_clock_is_behind_the_databases() {
        let decided = Decisions::of(&[mute(10, "missing", 100), mute(20, "missing", 20)], &[]);
        assert_eq!(decided.muted("orders", 15), Muted::default());
    }

    #[test]
    fn an_override_knows_what_failed_before_it_and_a_lift_ends_it() {
        let verdicts = [row(5, &fail("mismatched")), row(30, &fail("missing"))];
        let pass = command(20, action::OVERRIDE, "pass");
        let decided = Decisions::of(std::slice::from_ref(&pass), &verdicts);
        let lifted = decided.over(fail("mismatched"));
        assert_eq!(lifted.release.verdict, Verdict::Pass);
        assert_eq!(
            lifted.streams["orders"].verdict,
            Verdict::Fail,
            "the stream's evidence stays"
        );
        assert_eq!(decided.over(lifted.clone()), lifted, "twice is once");
        assert_eq!(decided.over(fail("missing")).release.verdict, Verdict::Fail);
        let ended = Decisions::of(&[pass, command(40, action::LIFT, "")], &verdicts);
        assert_eq!(ended.over(lifted), fail("mismatched"));
    }

    #[test]
    fn what_cannot_be_read_decides_nothing() {
        let commands = [
            command(1, action::OVERRIDE, "maybe"),
            command(2, action::MUTE, "{"),
            command(3, "close", "pass"),
        ];
        assert_eq!(Decisions::of(&commands, &[]), Decisions::default());
    }
}
