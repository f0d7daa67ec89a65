//! What must pass before each stage of the rollout.

use super::decisions::Decisions;
use super::stored::criticality;
use super::worker::Stored;
use crate::config::Config;
use crate::engine::judge::{self, Judgement, StreamJudgement};
use crate::model::Verdict;

/// The verdict before each stage of a config, from the verdicts on its streams and what people decided.
#[must_use]
pub fn stages(config: &Config, judged: &Stored, decisions: &Decisions) -> Vec<(String, Judgement)> {
    let nothing = || Judgement {
        verdict: Verdict::Inconclusive,
        reasons: Vec::new(),
    };
    let streams: Vec<StreamJudgement> = config
        .streams
        .iter()
        .map(|stream| StreamJudgement {
            stream: stream.name.clone(),
            criticality: criticality(stream.criticality),
            upstream: stream.upstream.clone(),
            judgement: judged.streams.get(&stream.name).cloned().unwrap_or_else(nothing),
        })
        .collect();
    let verdict = |stage: &crate::config::Stage| {
        let named = |name: &str| config.streams.iter().find(|stream| stream.name == name);
        let asks = |judged: &StreamJudgement| named(&judged.stream).is_some_and(|stream| stage.asks(stream));
        decisions.over_judgement(judge::stage(&streams, asks))
    };
    config
        .stages
        .iter()
        .map(|stage| (stage.name.clone(), verdict(stage)))
        .collect()
}
