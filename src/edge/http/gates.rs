//! One endpoint for each question of a controller: their contracts disagree.
//!
//! Argo Rollouts takes any other status than 2xx for an error of the measurement, so it always gets 200. Flagger takes
//! every status above 202 for a no, and for its rollback hook a 200 means: roll back now.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Gate, Release};
use crate::model::Verdict;

const UNKNOWN: &str = "this release is not known here";
const NO_STAGE: &str = "policy.stages of this release has no such stage";

/// Questions of Flagger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// May more traffic go to the canary?
    Advance,
    /// May the canary become the release?
    Promote,
    /// Must it be rolled back?
    Rollback,
}

impl Question {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "advance" => Some(Question::Advance),
            "promote" => Some(Question::Promote),
            "rollback" => Some(Question::Rollback),
            _ => None,
        }
    }
}

/// What a question is answered by: the whole release, or what must pass before a stage; else why there is no answer.
fn gate<'r>(release: Option<&'r Release>, stage: Option<&str>) -> Result<&'r Gate, &'static str> {
    let release = release.ok_or(UNKNOWN)?;
    match stage {
        None => Ok(&release.gate),
        Some(stage) => release.stages.get(stage).ok_or(NO_STAGE),
    }
}

/// The answer to Argo Rollouts.
pub(super) fn argo(release: Option<&Release>, stage: Option<&str>) -> Value {
    let (verdict, reason) = match gate(release, stage) {
        Ok(gate) => (gate.verdict, gate.sentence.as_str()),
        Err(sentence) => (Verdict::Inconclusive, sentence),
    };
    json!({"result": verdict.as_str(), "reason": reason})
}

/// The answer to Flagger: 200 is yes, 403 is no with the reason.
pub(super) fn flagger(question: Question, release: Option<&Release>, stage: Option<&str>) -> (StatusCode, String) {
    let gate = match gate(release, stage) {
        Ok(gate) => gate,
        Err(sentence) => return (StatusCode::FORBIDDEN, sentence.to_owned()),
    };
    let yes = match question {
        Question::Advance => gate.verdict != Verdict::Fail && !gate.held,
        Question::Promote => gate.verdict == Verdict::Pass && !gate.held,
        Question::Rollback => gate.verdict == Verdict::Fail,
    };
    let status = if yes { StatusCode::OK } else { StatusCode::FORBIDDEN };
    let held = if gate.held { " (held)" } else { "" };
    (status, format!("{}{held}: {}", gate.verdict.as_str(), gate.sentence))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn flagger_table() {
        let yes = StatusCode::OK;
        let no = StatusCode::FORBIDDEN;
        for (verdict, held, advance, promote, rollback) in [
            (Verdict::Pass, false, yes, yes, no),
            (Verdict::Inconclusive, false, yes, no, no),
            (Verdict::Fail, false, no, no, yes),
            (Verdict::Pass, true, no, no, no),
            (Verdict::Inconclusive, true, no, no, no),
            (Verdict::Fail, true, no, no, yes),
        ] {
            let gate = |verdict, held| Gate {
                verdict,
                held,
                sentence: "why".to_owned(),
            };
            let release = Release {
                gate: gate(verdict, held),
                stages: BTreeMap::from([("next".to_owned(), gate(Verdict::Pass, false))]),
                report: None,
            };
            let status = |question| flagger(question, Some(&release), None).0;
            assert_eq!(flagger(Question::Promote, Some(&release), Some("next")).0, yes);
            assert_eq!(
                flagger(Question::Advance, Some(&release), Some("last")),
                (no, NO_STAGE.to_owned())
            );
            let got = (
                status(Question::Advance),
                status(Question::Promote),
                status(Question::Rollback),
            );
            assert_eq!(got, (advance, promote, rollback), "{verdict:?} held: {held}");
        }
        for question in [Question::Advance, Question::Promote, Question::Rollback] {
            assert_eq!(flagger(question, None, None), (no, UNKNOWN.to_owned()));
        }
    }
}
