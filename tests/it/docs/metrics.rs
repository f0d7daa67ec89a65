//! The metrics of the docs are those that exist.

use crosscheck::app::metrics::names::{ALL, Kind};

use super::blocks::pages;

/// Names of metrics in a text, without the endings that a histogram adds.
pub fn named(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("crosscheck_"))
        .collect()
}

fn exists(name: &str) -> bool {
    let endings = ["_bucket", "_sum", "_count"];
    ALL.iter().any(|metric| {
        let of_histogram = || {
            let ending = name.strip_prefix(metric.name);
            metric.kind == Kind::Histogram && ending.is_some_and(|ending| endings.contains(&ending))
        };
        metric.name == name || of_histogram()
    })
}

#[test]
fn every_metric_that_is_named_exists() {
    for (page, text) in pages() {
        for name in named(&text) {
            // Roles of the database are no metrics.
            let role = ["crosscheck_worker", "crosscheck_reader"].contains(&name);
            assert!(role || exists(name), "{page} names {name}, which does not exist");
        }
    }
}

#[test]
fn every_metric_has_a_row_in_operations() {
    let pages = pages();
    let (_, text) = pages.iter().find(|(name, _)| name == "docs/operations.md").unwrap();
    for metric in ALL {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let help = metric.help.trim_end_matches('.');
        let row = format!("| `{}` | {} | {help} |", metric.name, labels.join(", "));
        assert!(text.contains(&row), "docs/operations.md has no row\n{row}");
    }
}

#[test]
fn every_alert_names_metrics_that_exist() {
    let rules = std::fs::read_to_string(super::blocks::root().join("deploy/rules/crosscheck.rules.yaml")).unwrap();
    let mut alerts = 0;
    for rule in rules.split("- alert: ").skip(1) {
        alerts += 1;
        let (alert, rest) = rule.split_once('\n').unwrap();
        let expr = rest.split("labels:").next().unwrap();
        for name in named(expr) {
            assert!(exists(name), "{alert} names {name}, which does not exist");
        }
    }
    assert_eq!(alerts, 8);
}

#[test]
fn every_alert_has_a_runbook() {
    let rules = std::fs::read_to_string(super::blocks::root().join("deploy/rules/crosscheck.rules.yaml")).unwrap();
    let pages = pages();
    let (_, text) = pages.iter().find(|(name, _)| name == "docs/runbooks.md").unwrap();
    let alerts: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert_eq!(alerts.len(), 8, "{alerts:?}");
    for alert in alerts {
        assert!(
            text.contains(&format!("\n## {alert}\n")),
            "docs/runbooks.md has no section {alert}"
        );
        let url = format!("docs/runbooks.md#{}", alert.to_lowercase());
        assert!(rules.contains(&url), "no rule leads to {url}");
    }
}
