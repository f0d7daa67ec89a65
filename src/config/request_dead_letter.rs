//! `--dead-letter SIDE=SOURCE`: where a side puts what it cannot process.

use super::flag_values as value;
use super::flags::sided;
use super::pattern::is_pattern;
use super::request::{DeadLetterSource, ReconcileRequest, RequestError, Source};
use super::{Config, StreamSide};
use crate::model::{Numbered, Side};

const FLAG: &str = "--dead-letter";

/// Those of a side of a config's stream.
pub(super) fn of_config(config: &Config, side: &StreamSide) -> Vec<DeadLetterSource> {
    let letters = side.dead_letters.iter().map(|letter| {
        let cluster = config.clusters.get(&letter.cluster).cloned().unwrap_or_default();
        DeadLetterSource {
            source: Source::Kafka {
                brokers: cluster.brokers.clone(),
                topic: letter.topic.clone(),
            },
            cluster: (letter.cluster != side.cluster).then_some(cluster),
        }
    });
    letters.collect()
}

/// Adds those of the flags to those of the config.
///
/// # Errors
/// A flag that does not say whose it is, or a log that cannot be beside the side's.
pub(super) fn add(request: &mut ReconcileRequest, texts: &[String]) -> Result<(), RequestError> {
    for text in texts {
        let (sides, source) = sided(FLAG, text, request.sides.present())?;
        let [side @ (Side::Baseline | Side::Canary)] = sides else {
            let hint = Some(format!("{FLAG} canary=SOURCE, or baseline=SOURCE; a control has none"));
            return Err(fault(&format!("{text}: must say whose it is"), hint));
        };
        let source = value::source(FLAG, source)?;
        let side = request.sides.get_mut(*side);
        side.dead_letters.push(DeadLetterSource { source, cluster: None });
    }
    for side in Side::PAIR {
        check(request, side)?;
    }
    Ok(())
}

fn check(request: &ReconcileRequest, side: Side) -> Result<(), RequestError> {
    let of = request.sides.get(side);
    let in_topic = |source: &Source| matches!(source, Source::Kafka { .. });
    if of.dead_letters.len() > Numbered::TOPICS_MAX {
        let what = format!("the {side} has more than {} of them", Numbered::TOPICS_MAX);
        return Err(fault(&what, None));
    }
    for (at, letter) in of.dead_letters.iter().enumerate() {
        if let Source::Avro(path) | Source::Lines(path) = &letter.source
            && path.as_os_str() == "-"
        {
            let hint = Some("put it into a file first".to_owned());
            return Err(fault("it cannot be standard input", hint));
        }
        if let Source::Kafka { topic, .. } = &letter.source
            && is_pattern(topic)
        {
            return Err(fault(&format!("{topic} must be one topic, not a pattern"), None));
        }
        if in_topic(&letter.source) != in_topic(&of.source) {
            let hint = Some("dead letters are topics beside a topic, and files beside a file".to_owned());
            let what = format!("it and the {side}'s own log are a topic and a file");
            return Err(fault(&what, hint));
        }
        let known = of.dead_letters.get(..at).unwrap_or_default();
        if letter.source == of.source || known.iter().any(|known| known.source == letter.source) {
            let what = format!("a log of the {side} is named twice");
            return Err(fault(&what, None));
        }
    }
    let by_time = of.from.is_time() || of.to.is_time();
    if by_time && !of.dead_letters.is_empty() && !in_topic(&of.source) {
        let what = "a range in time: the records of a file have no time of their own that a dead letter could go by";
        return Err(fault(
            what,
            Some("leave --from and --to out, or name offsets".to_owned()),
        ));
    }
    Ok(())
}

fn fault(what: &str, hint: Option<String>) -> RequestError {
    RequestError {
        what: format!("{FLAG}: {what}"),
        hint,
    }
}
