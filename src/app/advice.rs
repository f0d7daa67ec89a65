//! What a config says that is valid and yet worth a word at the start.

use jiff::civil::Date;

use crate::app::report::grouped;
use crate::codec::{Applied, Rule, Rules};
use crate::config::{Config, Ignore};
use crate::model::{PerSide, Side};

/// Something to look at: a stream, the facts, what to do.
pub struct Advice {
    /// Which stream.
    pub stream: String,
    /// The facts.
    pub text: String,
    /// What to do.
    pub hint: &'static str,
}

/// Ignore rules whose last day has passed. They still hold: a rule that ends by itself would change the comparison in
/// the middle of a generation.
#[must_use]
pub fn expired_rules(config: &Config, today: Date) -> Vec<Advice> {
    let streams = config.streams.iter();
    let expired = streams.flat_map(|stream| expired(&stream.ignores, today).map(|text| (stream.name.clone(), text)));
    let advice = |(stream, text)| Advice {
        stream,
        text,
        hint: "remove it, or give it a later date",
    };
    expired.map(advice).collect()
}

/// What to say of each of these rules whose last day has passed.
pub fn expired(ignores: &[Ignore], today: Date) -> impl Iterator<Item = String> {
    ignores.iter().filter_map(move |ignore| {
        let until = ignore.until.filter(|until| *until < today)?;
        let owner = ignore.owner.as_deref().unwrap_or("nobody");
        Some(format!(
            "the ignore of {} expired on {until}; {owner} owns it",
            ignore.path
        ))
    })
}

/// What to say of each rule that applied to no record of either side. The canary's rules are the baseline's and the renames.
#[must_use]
pub fn never_applied(rules: &Rules, applied: &PerSide<Applied>) -> Vec<String> {
    let unused = |rule: &Rule| !applied.baseline.contains(rule) && !applied.canary.contains(rule);
    let named = rules.named().into_iter().filter(|(rule, _)| unused(rule));
    named
        .map(|(_, text)| format!("the rule `{text}` applied to no record"))
        .collect()
}

/// What to say where a selector took none of the records that a side read.
#[must_use]
pub fn selected_nothing(side: Side, read: u64, left_out: u64) -> Option<String> {
    (read > 0 && left_out == read).then(|| {
        let records = grouped(read);
        format!(
            "the selector of the {side} took none of {records} records: is it the right header with the right value (both to the byte), \
             partition or schema id?"
        )
    })
}

/// Upstream streams that this config does not have.
#[must_use]
pub fn unknown_upstreams(config: &Config) -> Vec<Advice> {
    let mut found = Vec::new();
    for stream in &config.streams {
        for name in &stream.upstream {
            if config.streams.iter().all(|other| other.name != *name) {
                found.push(Advice {
                    stream: stream.name.clone(),
                    text: format!("its upstream `{name}` is not a stream of this config, so it explains nothing here"),
                    hint: "add the stream, or take the name out of `upstream`",
                });
            }
        }
    }
    found
}

/// Tells all of it in the log.
pub fn tell(config: &Config, today: Date) {
    for Advice { stream, text, hint } in expired_rules(config, today)
        .into_iter()
        .chain(unknown_upstreams(config))
    {
        tracing::warn!(stream, hint, "{text}");
    }
}
