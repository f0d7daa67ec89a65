//! The alert rules: every expression parses, every alert says what `docs/contributing.md` promises.

use super::{text, yaml};
use promql_parser::parser::{self, Expr};
use serde_json::Value;
use std::collections::BTreeSet;

const RULES: &str = "deploy/rules/crosscheck.rules.yaml";

/// The alerts of the contract, with their severities.
const ALERTS: [(&str, &str); 8] = [
    ("CrosscheckRollback", "critical"),
    ("CrosscheckMismatchBudgetBurn", "warning"),
    ("CrosscheckSchemaBreaking", "warning"),
    ("CrosscheckDrift", "warning"),
    ("CrosscheckInconclusive", "warning"),
    ("CrosscheckStalled", "warning"),
    ("CrosscheckDegraded", "warning"),
    ("CrosscheckAbsent", "warning"),
];

/// Labels that an alert may have besides its name.
const LABELS: [&str; 4] = ["release", "generation", "stream", "severity"];

fn rules() -> Vec<Value> {
    yaml(RULES)["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap().clone())
        .collect()
}

/// The names of the metrics in an expression.
fn metrics(expr: &Expr, found: &mut BTreeSet<String>) {
    match expr {
        Expr::Aggregate(aggregate) => metrics(&aggregate.expr, found),
        Expr::Unary(unary) => metrics(&unary.expr, found),
        Expr::Binary(binary) => {
            metrics(&binary.lhs, found);
            metrics(&binary.rhs, found);
        }
        Expr::Paren(paren) => metrics(&paren.expr, found),
        Expr::Subquery(subquery) => metrics(&subquery.expr, found),
        Expr::VectorSelector(selector) => found.extend(selector.name.clone()),
        Expr::MatrixSelector(selector) => found.extend(selector.vs.name.clone()),
        Expr::Call(call) => call.args.args.iter().for_each(|argument| metrics(argument, found)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

#[test]
fn the_alerts_are_those_of_the_contract() {
    let rules = rules();
    let shipped: Vec<_> = rules
        .iter()
        .map(|rule| {
            (
                rule["alert"].as_str().unwrap(),
                rule["labels"]["severity"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(shipped, ALERTS);
}

#[test]
fn every_expression_parses_and_names_only_our_metrics() {
    for rule in rules() {
        let expr = parser::parse(rule["expr"].as_str().unwrap()).unwrap_or_else(|error| panic!("{rule}: {error}"));
        let mut found = BTreeSet::new();
        metrics(&expr, &mut found);
        assert!(!found.is_empty(), "{rule}");
        for name in found {
            assert!(name.starts_with("crosscheck_"), "{name} in {}", rule["alert"]);
        }
    }
}

#[test]
fn only_labels_that_stay_the_same_identify_an_alert() {
    for rule in rules() {
        for label in rule["labels"].as_object().unwrap().keys() {
            assert!(LABELS.contains(&label.as_str()), "{label} of {}", rule["alert"]);
        }
        let Expr::Aggregate(outer) = parser::parse(rule["expr"].as_str().unwrap()).unwrap() else {
            assert_eq!(rule["alert"], "CrosscheckAbsent", "has labels of its series");
            continue;
        };
        let Some(parser::LabelModifier::Include(kept)) = outer.modifier else {
            panic!("{} keeps more than it names", rule["alert"]);
        };
        assert!(
            kept.labels.iter().all(|label| LABELS.contains(&label.as_str())),
            "{rule}"
        );
        assert!(
            kept.labels
                .starts_with(&["release".to_owned(), "generation".to_owned()]),
            "{rule}"
        );
    }
}

#[test]
fn every_alert_explains_itself_and_has_a_runbook() {
    let runbooks = text("docs/runbooks.md");
    for rule in rules() {
        let alert = rule["alert"].as_str().unwrap();
        let annotations = rule["annotations"].as_object().unwrap();
        let keys: Vec<_> = annotations.keys().map(String::as_str).collect();
        assert_eq!(keys.len(), 3, "{alert}: {keys:?}");
        assert!(!annotations["summary"].as_str().unwrap().is_empty(), "{alert}");
        assert!(!annotations["description"].as_str().unwrap().is_empty(), "{alert}");
        assert_eq!(
            annotations["runbook_url"],
            format!("docs/runbooks.md#{}", alert.to_lowercase()),
            "{alert}"
        );
        assert!(runbooks.contains(&format!("\n## {alert}\n")), "no runbook for {alert}");
    }
}

#[test]
fn every_alert_has_a_unit_test_that_fires_it() {
    let tests = yaml("deploy/rules/tests.yaml");
    let mut fired = BTreeSet::new();
    for case in tests["tests"].as_array().unwrap() {
        for check in case["alert_rule_test"].as_array().unwrap() {
            if check["exp_alerts"].as_array().is_some_and(|alerts| !alerts.is_empty()) {
                fired.insert(check["alertname"].as_str().unwrap().to_owned());
            }
        }
    }
    let wanted: BTreeSet<_> = ALERTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(fired, wanted);
}
