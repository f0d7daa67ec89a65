//! The worker, end to end, mostly without the real stack.

mod adoption;
mod aggregates;
mod compacted;
mod control;
mod critical;
mod dead_letter;
mod decisions;
mod drift;
mod http;
mod http_limits;
mod json;
mod latency;
mod logs;
mod many_topics;
mod once;
mod partitions;
mod protobuf;
mod sampled;
mod shown;
mod strict;
mod useless;

use crate::cli::bad_input::{Program, Running};

/// Closes the release of a worker at an address, which a check fails for good, and computes every window again to its digest.
/// What the metrics said last, and what the verdict explains.
fn closed(program: &Program, mut worker: Running, address: &str, check: &str) -> (String, String) {
    program.run("release close -c r.yaml --reason done");
    worker.says("closed: everything is read and stored");
    let metrics = worker.until(address, "/metrics", |_| true);
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
    let evidence = format!("crosscheck_check_evidence_log10{{stream=\"orders\",check=\"{check}\"}}");
    assert!(metrics.contains(&evidence), "{metrics}");
    let explained = program.run("verdict -c r.yaml --release r --explain");
    assert_eq!(explained.code, Some(1), "{}", explained.out);
    let replayed = program.run("replay -c r.yaml --release r");
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);
    (metrics, explained.out)
}
