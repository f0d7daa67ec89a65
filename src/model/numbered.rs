//! Several topics on one side: the number of a partition tells which topic it is of, and never changes, however many
//! partitions a topic gets.

use serde::{Deserialize, Serialize};

/// Bits of a partition in its topic: more than any cluster has.
const PARTITION_BITS: u32 = 20;
/// Marks a dead letter topic.
const DEAD_LETTER: u32 = 1 << 31;

/// A partition of a side, taken apart. The side's own first topic has the numbers that Kafka gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Numbered {
    /// It is of a dead letter topic: its records are diverted.
    pub dead_letter: bool,
    /// Which of the side's own topics, or of its dead letter topics.
    pub topic: u32,
    /// Which partition of that topic.
    pub partition: u32,
}

impl Numbered {
    /// How many topics a side may have, its own and its dead letter topics each.
    pub const TOPICS_MAX: usize = 1 << (31 - PARTITION_BITS);

    /// Takes a number apart.
    #[must_use]
    pub fn of(number: u32) -> Self {
        Self {
            dead_letter: number & DEAD_LETTER != 0,
            topic: (number & !DEAD_LETTER) >> PARTITION_BITS,
            partition: number & ((1 << PARTITION_BITS) - 1),
        }
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u32 {
        let mark = if self.dead_letter { DEAD_LETTER } else { 0 };
        mark | self.topic << PARTITION_BITS | self.partition
    }
}

/// True for a partition of a dead letter topic.
#[inline(always)]
#[must_use]
pub fn is_dead_letter(number: u32) -> bool {
    number & DEAD_LETTER != 0
}

/// What the numbers of its topic's partitions begin at: it tells the topics of partitions apart.
#[must_use]
pub fn topic_of(number: u32) -> u32 {
    number & !((1 << PARTITION_BITS) - 1)
}

/// The topics of a side, or the files, in the order that the numbers of its partitions know them by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topics {
    /// Its own.
    pub own: Vec<String>,
    /// Where it puts what it cannot process.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dead_letters: Vec<String>,
}

impl Topics {
    /// One topic and no dead letters.
    #[must_use]
    pub fn one(name: &str) -> Self {
        Self {
            own: vec![name.to_owned()],
            dead_letters: Vec::new(),
        }
    }

    /// The name of the topic that a partition is of, where there is more than one topic; and its number there.
    #[must_use]
    pub fn place(&self, number: u32) -> (Option<&str>, u32) {
        let all = self.own.len() + self.dead_letters.len();
        let Numbered {
            dead_letter,
            topic,
            partition,
        } = Numbered::of(number);
        if all < 2 && number == partition {
            return (None, partition);
        }
        let names = if dead_letter { &self.dead_letters } else { &self.own };
        let name = names.get(usize::try_from(topic).unwrap_or(usize::MAX));
        (name.map(String::as_str), partition)
    }

    /// A partition in a sentence.
    #[must_use]
    pub fn says(&self, number: u32) -> String {
        match self.place(number) {
            (Some(topic), partition) => format!("{topic}, partition {partition}"),
            (None, partition) => format!("partition {partition}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_apart_and_together() {
        for (dead_letter, topic, partition, number) in [
            (false, 0, 7, 7),
            (false, 1, 0, 1 << 20),
            (true, 0, 0, 1 << 31),
            (true, 2_047, (1 << 20) - 1, u32::MAX),
        ] {
            let numbered = Numbered {
                dead_letter,
                topic,
                partition,
            };
            assert_eq!((numbered.number(), Numbered::of(number)), (number, numbered));
            assert_eq!(is_dead_letter(number), dead_letter);
            let first = Numbered {
                partition: 0,
                ..numbered
            };
            assert_eq!(topic_of(number), first.number());
        }
    }

    #[test]
    fn a_topic_is_named_where_there_is_more_than_one() {
        let one = Topics::one("orders");
        assert_eq!((one.place(3), one.says(3)), ((None, 3), "partition 3".to_owned()));
        let two = Topics {
            dead_letters: vec!["orders.dlq".to_owned()],
            ..one
        };
        assert_eq!(two.place(3), (Some("orders"), 3));
        assert_eq!(two.says(1 << 31 | 3), "orders.dlq, partition 3");
        assert_eq!(two.place(1 << 31 | 1 << 20), (None, 0));
    }
}
