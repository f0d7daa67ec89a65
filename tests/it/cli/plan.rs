//! `plan`: what a budget costs, for people and for scripts.

use rstest::rstest;
use serde_json::Value;

use super::run;
use crosscheck::cli::Exit;

#[test]
fn for_people() {
    let (exit, out, log) = run("plan --rate 1000 --budget 1e-3 --runs 40");
    assert_eq!((exit, log.as_str()), (Exit::Pass, ""));
    insta::assert_snapshot!(out);
}

#[test]
fn a_budget_that_cannot_be_decided_and_one_that_could() {
    let (exit, out, _) = run("plan --rate 5 --runs 20");
    assert_eq!(exit, Exit::Pass);
    let (_, said) = out
        .split_once("cannot be decided within 6h at this rate; a budget of ")
        .unwrap();
    let least = said.split(' ').next().unwrap();
    let (_, out, _) = run(&format!("plan --rate 5 --runs 20 --budget {least} -o json"));
    let planned: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(planned["decidable"], true, "{least} is what was said: {out}");
}

#[test]
fn the_same_seed_is_the_same_plan_and_a_share_is_a_lower_rate() {
    let json = |arguments: &str| -> Value {
        let (exit, out, _) = run(&format!("plan --runs 20 -o json {arguments}"));
        assert_eq!(exit, Exit::Pass);
        serde_json::from_str(&out).unwrap()
    };
    let whole = json("--rate 400 --profile independent");
    assert_eq!(whole, json("--rate 400 --profile independent"));
    assert_eq!(whole, json("--rate 4000 --share 10% --profile independent"));
    assert_eq!(whole["caught"][1]["median_s"], 30.0, "one window");
    assert!(whole["caught"][0]["median_s"].as_f64().unwrap() > 30.0);
}

#[rstest]
#[case("--rate 0", "--rate")]
#[case("--rate NaN", "--rate")]
#[case("--rate inf", "--rate")]
#[case("--budget 0.7", "neither 0 nor between 1e-12 and 0.5")]
#[case("--budget 1e-13", "neither 0 nor between 1e-12 and 0.5")]
#[case("--budget mismatchd=0.1", "did you mean `mismatched`?")]
#[case("--alpha 0.5", "--alpha 0.5: must be above 0 and below 0.5")]
#[case("--beta 0", "--beta 0: must be above 0 and below 0.5")]
#[case("--window 0", "--window: must be above 0")]
#[case("--max-duration 10", "--max-duration 10")]
#[case("--share 1.5", "--share 1.5")]
#[case("--profile lucky", "--profile")]
#[case("--stream orders", "--config")]
fn bad_input(#[case] arguments: &str, #[case] says: &str) {
    let (exit, out, log) = run(&format!("plan {arguments}"));
    assert_eq!((exit, out.as_str()), (Exit::Trouble, ""), "{log}");
    assert!(log.contains(says), "{log}");
}
