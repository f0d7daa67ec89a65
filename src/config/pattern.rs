//! A topic that begins with `^` is a regular expression, as for librdkafka and kcat: all topics that it matches.

use regex_lite::Regex;

/// It.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// The pattern that a topic is; `None` where it is the name of one topic.
    ///
    /// # Errors
    /// Why it is no regular expression.
    pub fn of(topic: &str) -> Result<Option<Self>, String> {
        if !is_pattern(topic) {
            return Ok(None);
        }
        match Regex::new(topic) {
            Ok(regex) => Ok(Some(Self(regex))),
            Err(error) => Err(format!("is no regular expression: {error}")),
        }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// True for a topic that it names. Those of Kafka itself have to be asked for by their first letters.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let internal = name.starts_with("__") && !self.0.as_str().starts_with("^__");
        !internal && self.0.is_match(name)
    }
}

/// True where a topic is a pattern.
pub(super) fn is_pattern(topic: &str) -> bool {
    topic.starts_with('^')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_names() {
        let matches = |pattern: &str, name: &str| Pattern::of(pattern).unwrap().unwrap().matches(name);
        assert!(matches("^orders\\..*", "orders.eu") && !matches("^orders\\..*", "old.orders.eu"));
        // As librdkafka has it: anchored where it says so.
        assert!(matches("^orders", "orders.eu") && !matches("^orders$", "orders.eu"));
        assert!(!matches("^.*", "__consumer_offsets") && matches("^__", "__consumer_offsets"));
        assert!(Pattern::of("orders").unwrap().is_none());
        assert!(Pattern::of("^(").unwrap_err().starts_with("is no regular expression: "));
    }
}
