//! The topics of a worker's side: one, or all that a pattern names, in the order in which they were met. What was met keeps
//! its place for as long as the generation lasts.

use std::sync::Arc;

use super::compacted;
use super::several::{Growth, Several, SeveralAgain};
use super::topic::{Fetch, Topic};
use super::world::World;
use crate::config::{self, Pattern, StreamSide, nearest};
use crate::edge::kafka::KafkaError;
use crate::model::{Numbered, Side, Sides};

/// The names that a pattern has among those of a cluster, in order. Dead letter topics are none of a side's own.
///
/// # Errors
/// It has none, or too many.
pub fn matching(
    pattern: &Pattern,
    all: &[String],
    is_letter: impl Fn(&str) -> bool,
) -> Result<Vec<String>, KafkaError> {
    joined(pattern, &[], all, is_letter)
}

/// Those that are known, and behind them the others that a pattern has.
fn joined(
    pattern: &Pattern,
    known: &[String],
    all: &[String],
    is_letter: impl Fn(&str) -> bool,
) -> Result<Vec<String>, KafkaError> {
    let is_new = |name: &&String| pattern.matches(name) && !is_letter(name) && !known.contains(name);
    let names: Vec<String> = known.iter().chain(all.iter().filter(is_new)).cloned().collect();
    if names.is_empty() {
        let near = nearest(pattern.as_str(), all.iter().map(String::as_str));
        let hint = "a pattern begins with ^ and is a regular expression";
        return Err(KafkaError::Topics {
            what: format!("no topic of the cluster matches {}", pattern.as_str()),
            hint: near.map_or_else(|| hint.to_owned(), |near| format!("a topic is called {near}; {hint}")),
        });
    }
    not_too_many(pattern.as_str(), names.len())?;
    Ok(names)
}

/// There are no more topics than a number can tell.
///
/// # Errors
/// There are.
pub fn not_too_many(pattern: &str, found: usize) -> Result<(), KafkaError> {
    if found <= Numbered::TOPICS_MAX {
        return Ok(());
    }
    Err(KafkaError::Topics {
        what: format!(
            "{pattern} matches {found} topics, and a side has at most {}",
            Numbered::TOPICS_MAX
        ),
        hint: "name fewer".to_owned(),
    })
}

fn is_letter(side: &StreamSide, name: &str) -> bool {
    let mut letters = side.dead_letters.iter();
    letters.any(|letter| letter.cluster == side.cluster && letter.topic == name)
}

/// The names of a side's own topics: those that are `known`, in their order, and behind them those that its pattern names now.
///
/// # Errors
/// The cluster does not answer, or the pattern names no topic, or too many.
pub fn names(world: &dyn World, side: &StreamSide, known: &[String]) -> Result<Vec<String>, KafkaError> {
    let Some(pattern) = side.pattern() else {
        return Ok(vec![side.topic.clone()]);
    };
    let all = world.topic_names(&side.cluster)?;
    joined(&pattern, known, &all, |name| is_letter(side, name))
}

type Opened = Result<Vec<Box<dyn Topic>>, KafkaError>;

fn own_topics(world: &dyn World, side: &StreamSide, own: &[String]) -> Opened {
    own.iter().map(|name| world.topic(&side.cluster, name)).collect()
}

fn letters(world: &dyn World, side: &StreamSide) -> Opened {
    let letters = side.dead_letters.iter();
    letters
        .map(|letter| world.topic(&letter.cluster, &letter.topic))
        .collect()
}

/// Opens these topics of a side as one log, its dead letter topics apart. May block.
///
/// # Errors
/// A topic that cannot be read.
pub fn open_own(world: &dyn World, side: &StreamSide, own: &[String]) -> Result<Box<dyn Topic>, KafkaError> {
    Several::of(own_topics(world, side, own)?, Vec::new())
}

/// Opens these topics of a side and its dead letter topics as one log that gets no more of them. May block.
///
/// # Errors
/// A topic that cannot be read.
pub fn open(world: &dyn World, side: &StreamSide, own: &[String]) -> Result<Box<dyn Topic>, KafkaError> {
    Several::of(own_topics(world, side, own)?, letters(world, side)?)
}

/// The same for as long as it is followed: a pattern's topics become more.
///
/// # Errors
/// A topic that cannot be read.
pub fn follow(
    world: &Arc<dyn World>,
    stream: &config::Stream,
    which: Side,
    own: &[String],
) -> Result<Box<dyn Topic>, KafkaError> {
    let side = stream.sides.get(which);
    let Some(pattern) = side.pattern() else {
        return open(&**world, side, own);
    };
    let (world_of, of, stream) = (Arc::clone(world), side.clone(), stream.clone());
    let letters_of = side.clone();
    let growth = Growth {
        pattern: side.topic.clone(),
        is_own: Box::new(move |name| pattern.matches(name) && !is_letter(&letters_of, name)),
        open: Box::new(move |name| {
            let topic = world_of.topic(&of.cluster, name)?;
            let facts = topic.describe();
            match compacted::refusal(&stream, which, name, &facts) {
                Some((what, hint)) => Err(KafkaError::Topics { what, hint }),
                None => Ok((topic, facts)),
            }
        }),
    };
    Several::growing(own_topics(&**world, side, own)?, letters(&**world, side)?, growth)
}

/// Reads records of these topics of a side, and of its dead letter topics, again; nothing is opened yet.
#[must_use]
pub fn again(world: &dyn World, side: &StreamSide, own: &[String]) -> Box<dyn Fetch> {
    let letters = side.dead_letters.iter();
    let letters = letters.map(|letter| world.again(&letter.cluster, &letter.topic));
    let own = match (side.pattern(), own) {
        (Some(_), own) if !own.is_empty() => own.iter().map(|name| world.again(&side.cluster, name)).collect(),
        _ => vec![world.again(&side.cluster, &side.topic)],
    };
    SeveralAgain::of(own, letters.collect())
}

/// The sides that may have no topic that the baseline has: they read the same cluster by the same selector.
#[must_use]
pub fn alike(stream: &config::Stream) -> Vec<Side> {
    let baseline = &stream.sides.baseline;
    let alike = |side: &Side| {
        let other = stream.sides.get(*side);
        *side != Side::Baseline && other.cluster == baseline.cluster && other.codec.select == baseline.codec.select
    };
    stream.sides.present().iter().copied().filter(alike).collect()
}

/// No topic is on two sides that are alike.
///
/// # Errors
/// One is.
pub fn are_apart(alike: &[Side], own: &Sides<Vec<String>>) -> Result<(), KafkaError> {
    for &side in alike {
        if let Some(both) = own.get(side).iter().find(|name| own.baseline.contains(name)) {
            return Err(on_two_sides(both, side));
        }
    }
    Ok(())
}

/// A topic that is on two sides.
#[must_use]
pub fn on_two_sides(topic: &str, side: Side) -> KafkaError {
    KafkaError::Topics {
        what: format!("topic {topic} is the baseline's and the {side}'s"),
        hint: "narrow the patterns, or tell the sides apart by `select`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_was_met_keeps_its_place_though_it_is_gone() {
        let pattern = Pattern::of("^orders\\.").unwrap().unwrap();
        let all = names(&["orders.a", "orders.c", "orders.dlq", "other"]);
        let is_letter = |name: &str| name == "orders.dlq";
        assert_eq!(matching(&pattern, &all, is_letter).unwrap(), ["orders.a", "orders.c"]);
        let known = names(&["orders.c", "orders.b"]);
        let own = joined(&pattern, &known, &all, is_letter).unwrap();
        assert_eq!(own, ["orders.c", "orders.b", "orders.a"]);
        assert_eq!(joined(&pattern, &known, &[], is_letter).unwrap(), known);
    }

    #[test]
    fn none_and_too_many_are_said() {
        let pattern = Pattern::of("^orders\\.").unwrap().unwrap();
        let error = matching(&pattern, &names(&["^orders.a"]), |_| false).unwrap_err();
        assert_eq!(error.to_string(), "no topic of the cluster matches ^orders\\.");
        assert!(error.hint().unwrap().starts_with("a topic is called ^orders.a; "));
        let many: Vec<String> = (0..=Numbered::TOPICS_MAX).map(|n| format!("orders.{n}")).collect();
        assert!(matching(&pattern, &many[1..], |_| false).is_ok());
        let error = matching(&pattern, &many, |_| false).unwrap_err();
        assert!(error.to_string().contains("2049 topics"), "{error}");
    }

    #[test]
    fn a_topic_of_both_sides_is_said() {
        let own = |canary: &[&str]| Sides {
            baseline: names(&["orders.a"]),
            canary: names(canary),
            control: None,
        };
        assert!(are_apart(&[Side::Canary], &own(&["orders.b"])).is_ok());
        assert!(
            are_apart(&[], &own(&["orders.a"])).is_ok(),
            "told apart by their selectors"
        );
        let error = are_apart(&[Side::Canary], &own(&["orders.b", "orders.a"])).unwrap_err();
        assert_eq!(error.to_string(), "topic orders.a is the baseline's and the canary's");
    }
}
