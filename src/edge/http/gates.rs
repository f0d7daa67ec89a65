//! One endpoint for each question of a controller: their contracts disagree.
//!
//! Argo Rollouts takes any other status than 2xx for an error of the measurement, so it always gets 200. Flagger takes
//! every status above 202 for a no, and for its rollback hook a 200 means: roll back now.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Release;
use crate::model::Verdict;

const UNKNOWN: &str = "this release is not known here";

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

/// The answer to Argo Rollouts.
pub(super) fn argo(release: Option<&Release>) -> Value {
    let verdict = release.map_or(Verdict::Inconclusive, |release| release.verdict);
    let reason = release.map_or(UNKNOWN, |release| release.sentence.as_str());
    json!({"result": verdict.as_str(), "reason": reason})
}

/// The answer to Flagger: 200 is yes, 403 is no with the reason.
pub(super) fn flagger(question: Question, release: Option<&Release>) -> (StatusCode, String) {
    let Some(release) = release else {
        return (StatusCode::FORBIDDEN, UNKNOWN.to_owned());
    };
    let yes = match question {
        Question::Advance => release.verdict != Verdict::Fail && !release.held,
        Question::Promote => release.verdict == Verdict::Pass && !release.held,
        Question::Rollback => release.verdict == Verdict::Fail,
    };
    let status = if yes { StatusCode::OK } else { StatusCode::FORBIDDEN };
    let held = if release.held { " (held)" } else { "" };
    (
        status,
        format!("{}{held}: {}", release.verdict.as_str(), release.sentence),
    )
}

#[cfg(test)]
mod tests {
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
            let release = Release {
                verdict,
                held,
                sentence: "why".to_owned(),
                report: None,
            };
            let status = |question| flagger(question, Some(&release)).0;
            let got = (
                status(Question::Advance),
                status(Question::Promote),
                status(Question::Rollback),
            );
            assert_eq!(got, (advance, promote, rollback), "{verdict:?} held: {held}");
        }
        for question in [Question::Advance, Question::Promote, Question::Rollback] {
            assert_eq!(flagger(question, None), (no, UNKNOWN.to_owned()));
        }
    }
}
