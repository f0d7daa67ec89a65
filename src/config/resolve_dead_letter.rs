//! Where a side puts records that it cannot process.

use std::collections::BTreeMap;

use super::faults::Faults;
use super::file_stream::DeadLetter as FileDeadLetter;
use super::keypath::KeyPath;
use super::pattern::is_pattern;
use super::resolve_side::choose;
use super::settings::DeadLetter;
use crate::edge::kafka;
use crate::model::{Numbered, Side};

/// The dead letter topics of a side that has this cluster and topic of its own.
pub(super) fn dead_letters(
    (letters, side): (&mut [FileDeadLetter], Side),
    own: (&str, &str),
    clusters: &BTreeMap<String, kafka::Settings>,
    path: &KeyPath,
    faults: &mut Faults,
) -> Vec<DeadLetter> {
    let path = path.key("dead_letter");
    if side == Side::Control && !letters.is_empty() {
        let what = "what a control diverts is not compared".to_owned();
        faults.push(&path, what, Some("leave it out".to_owned()));
    }
    if letters.len() > Numbered::TOPICS_MAX {
        let what = format!("must name at most {} topics", Numbered::TOPICS_MAX);
        faults.push(&path, what, None);
    }
    let mut known: Vec<DeadLetter> = Vec::with_capacity(letters.len());
    for (at, letter) in letters.iter_mut().enumerate() {
        let path = path.index(at);
        let topic = letter.topic.clone();
        if topic.trim().is_empty() {
            faults.push(&path.key("topic"), "must not be empty".to_owned(), None);
        }
        if is_pattern(&topic) {
            faults.push(&path.key("topic"), "must be one topic, not a pattern".to_owned(), None);
        }
        let cluster = match letter.cluster {
            Some(_) => choose(&mut letter.cluster, clusters, "cluster", &path, faults),
            None => own.0.to_owned(),
        };
        if (cluster.as_str(), topic.as_str()) == own {
            let hint = Some("name the topic that the side puts records into which it cannot process".to_owned());
            faults.push(&path.key("topic"), "is the side's own topic".to_owned(), hint);
        }
        let letter = DeadLetter { cluster, topic };
        if known.contains(&letter) {
            faults.push(&path.key("topic"), "is named twice".to_owned(), None);
        }
        known.push(letter);
    }
    known
}
