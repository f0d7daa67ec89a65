//! A tolerance with a unit of time on what is no time: told as soon as the contract is known.

use super::Program;
use super::log::{Answering, Cluster, ID, framed, order};

/// What knows the contract, and how each ends.
const LINES: [(&str, i32); 3] = [
    ("run -q -c r.yaml", 2),
    ("check -c r.yaml", 1),
    ("reconcile -q -c r.yaml", 2),
];

#[test]
fn in_time_is_for_times() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    for topic in ["orders", "orders.canary"] {
        cluster.send(topic, &framed(ID, &order("o1", 1, "n", "t")), 1);
    }
    cluster.flush();
    let program = Program::new();
    let compare = |tolerance: &str| format!("    compare: {{tolerance: [{tolerance}]}}\n");
    let told = |line: &str| {
        let ran = program.run(line);
        (ran.code, ran.out + &ran.log)
    };
    for (tolerance, path, what, lines) in [
        ("{path: amount, time: 5ms}", "amount", "a time", &LINES[..]),
        ("{path: note, abs: 1}", "note", "a number", &LINES[..1]),
    ] {
        program.write("r.yaml", cluster.config(&registry.url, &compare(tolerance)));
        let words = format!("names the path `{path}`, which is not {what}");
        for (line, code) in lines {
            let (ended, text) = told(line);
            assert!(text.contains(&words), "{line}, {tolerance}: {text}");
            assert_eq!(ended, Some(*code), "{line}, {tolerance}: {text}");
        }
    }
    program.write(
        "r.yaml",
        cluster.config(&registry.url, &compare("{path: amount, abs: 1}")),
    );
    let (ended, text) = told("reconcile -q -c r.yaml");
    assert_eq!(ended, Some(0), "{text}");
}
