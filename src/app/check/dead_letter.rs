//! Where a side puts what it cannot process: is it there, and may it be read?

use super::print::Found;
use crate::config::{self, Config};
use crate::edge::kafka;
use crate::model::Side;

/// The dead letter topics of a side.
pub(super) fn dead_letters(config: &Config, stream: &config::Stream, side: Side) -> Vec<Found> {
    let look = |letter: &config::DeadLetter| {
        let topic = &letter.topic;
        let reader = match kafka::Reader::open(&config.clusters[&letter.cluster], topic) {
            Ok(reader) => reader,
            Err(error) => {
                let hint = error.hint();
                let error = anyhow::Error::from(error).context(format!("open a dead letter topic of the {side}"));
                return Found::error(&stream.name, &error, hint);
            }
        };
        match reader.ends() {
            Ok(ends) => {
                let offsets: u64 = ends.iter().map(|end| end.high.saturating_sub(end.low)).sum();
                let partitions = ends.len();
                let text = format!("{side} dead letters {topic}: {partitions} partitions, {offsets} offsets");
                Found::ok(&stream.name, text)
            }
            Err(error) => {
                let hint = error.hint();
                Found::error(&stream.name, &error.into(), hint)
            }
        }
    };
    stream.sides.get(side).dead_letters.iter().map(look).collect()
}
