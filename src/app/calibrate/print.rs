//! The proposals as YAML, to be pasted into the stream: comments are the evidence.

use std::fmt::Write as _;

use super::Calibrated;
use super::propose::{Proposal, Rule};
use crate::app::report::grouped;
use crate::config::written_duration;
use crate::model::{Path, Segment, WindowCounts};

/// What is proposed.
#[must_use]
pub fn yaml(found: &Calibrated) -> String {
    let mut out = String::new();
    let (pairs, differ) = found.pairs;
    let _ = writeln!(
        out,
        "# stream {}: {} pairs of baseline and control, {} of them differ",
        crate::app::report::harmless(&found.stream),
        grouped(pairs),
        grouped(differ)
    );
    if let Some(left) = &found.left {
        rest(&mut out, found, left);
    }
    if !found.identified {
        out.push_str(
            "# without an identity nothing pairs that differs: name one, and this can say which fields are noisy\n",
        );
    }
    times(&mut out, found);
    rules(&mut out, found);
    out
}

/// What the proposals leave.
fn rest(out: &mut String, found: &Calibrated, left: &WindowCounts) {
    let with = if found.proposals.is_empty() {
        ""
    } else {
        "with these rules: "
    };
    let WindowCounts {
        matched,
        mismatched,
        missing,
        extra,
        sides,
        ..
    } = left;
    let _ = writeln!(
        out,
        "# {with}matched {}, mismatched {}, missing {}, extra {}",
        grouped(*matched),
        grouped(*mismatched),
        grouped(*missing),
        grouped(*extra)
    );
    let named = |name: &str, baseline: u64, control: u64| {
        (baseline + control > 0).then(|| {
            format!(
                "# {name}: baseline {}, control {}\n",
                grouped(baseline),
                grouped(control)
            )
        })
    };
    let own = [
        named("duplicates", sides.baseline.duplicate, sides.canary.duplicate),
        named("conflicts", sides.baseline.conflict, sides.canary.conflict),
        named("untimely", sides.baseline.untimely, sides.canary.untimely),
        named(
            "undecodable",
            sides.baseline.undecodable_total(),
            sides.canary.undecodable_total(),
        ),
    ];
    out.extend(own.into_iter().flatten());
    if mismatched + missing + extra > 0 {
        out.push_str("# what is left no rule takes out: a budget must bear it, or a cause be found\n");
    }
}

/// Twice as much as was seen, and a whole number of seconds.
fn roomy(ms: i64) -> i64 {
    let seconds = ms.saturating_mul(2).div_euclid(1_000).saturating_add(1);
    seconds.saturating_mul(1_000)
}

fn times(out: &mut String, found: &Calibrated) {
    if !found.timed {
        out.push_str("# without an event time there is no lateness and no grace: name one to have them proposed\n");
        return;
    }
    let disorder = &found.disorder;
    let _ = writeln!(
        out,
        "lateness: {} # {} of {} records are below the maximum of their partition, by at most {}",
        written_duration(roomy(disorder.most_ms)),
        grouped(disorder.disordered()),
        grouped(disorder.records),
        written_duration(disorder.most_ms)
    );
    let (Some(low), Some(high)) = (found.skew.quantile(0.0), found.skew.quantile(1.0)) else {
        return;
    };
    // The histogram rounds down by less than 0.1 %.
    let most = low.saturating_abs().max(high.saturating_abs());
    let _ = writeln!(
        out,
        "grace: {} # the event times of {} equal pairs are apart by at most {}",
        written_duration(roomy(most.saturating_add(most / 1_000))),
        grouped(found.skew.0.values().sum()),
        written_duration(most)
    );
}

fn quoted(path: &Path) -> String {
    serde_json::Value::from(path.to_string()).to_string()
}

fn rules(out: &mut String, found: &Calibrated) {
    if found.proposals.is_empty() {
        if found.pairs.1 == 0 {
            out.push_str("# no pair differs: nothing to ignore\n");
        }
        return;
    }
    // One that is ignored in the end needs no other rule.
    let is_ignored = |path: &Path| {
        let mut ignored = found.proposals.iter().filter(|other| other.rule == Rule::Ignore);
        ignored.any(|other| other.path == *path || other.path == path.with(Segment::Items))
    };
    let of = |wanted: fn(&Rule) -> bool| -> Vec<&Proposal> {
        let all = found.proposals.iter().filter(|proposal| wanted(&proposal.rule));
        all.filter(|proposal| proposal.rule == Rule::Ignore || !is_ignored(&proposal.path))
            .collect()
    };
    let looked = u64::try_from(found.looked).unwrap_or(u64::MAX);
    let evidence = |proposal: &Proposal| format!("{} of {}", proposal.evidence(grouped), grouped(looked));
    out.push_str("compare:\n");
    let ignored = of(|rule| *rule == Rule::Ignore);
    if !ignored.is_empty() {
        out.push_str("  ignore:\n");
    }
    for proposal in ignored {
        let reason = format!("calibrated: {}", evidence(proposal));
        let _ = writeln!(out, "    - {{path: {}, reason: \"{reason}\"}}", quoted(&proposal.path));
    }
    let tolerant = of(|rule| matches!(rule, Rule::Relative(_)));
    if !tolerant.is_empty() {
        out.push_str("  tolerance:\n");
    }
    for proposal in tolerant {
        if let Rule::Relative(share) = &proposal.rule {
            let path = quoted(&proposal.path);
            let _ = writeln!(out, "    - {{path: {path}, rel: \"{share}\"}} # {}", evidence(proposal));
        }
    }
    let unordered = of(|rule| *rule == Rule::Unordered);
    if !unordered.is_empty() {
        out.push_str("  unordered:\n");
    }
    for proposal in unordered {
        let _ = writeln!(out, "    - {} # {}", quoted(&proposal.path), evidence(proposal));
    }
}
