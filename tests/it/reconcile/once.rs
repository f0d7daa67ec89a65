//! One topic that both sides read: what comes of it read once is what comes of it read by each.

use super::Told;
use super::json_topics::{Headed, World};

/// Orders of two pipelines in one topic, some of them wrong, and what is nobody's.
fn produced(world: &World) {
    let ids: Vec<String> = (0..3_000).map(|number| format!("k{number}")).collect();
    let value = |number: usize, v: usize| format!(r#"{{"id":{number},"v":{v}}}"#).into_bytes();
    let values: Vec<(Vec<u8>, Vec<u8>)> = (0..ids.len())
        .map(|number| {
            (
                value(number, number),
                value(number, number + usize::from(number % 100 == 7)),
            )
        })
        .collect();
    let mut rows: Vec<Headed<'_>> = Vec::new();
    for (number, (id, (stable, canary))) in ids.iter().zip(&values).enumerate() {
        let of = if number % 50 == 3 { "nobody" } else { "canary" };
        for (value, variant) in [(stable, "stable"), (canary, of)] {
            rows.push(((id, Some(value)), vec![("variant", variant.as_bytes().to_vec())]));
        }
    }
    world.produce_headed("b", &rows);
}

/// The canary's brokers as they are, or named twice: then it is another cluster to us.
fn told(world: &World, apart: bool, flags: &str) -> Told {
    let brokers = world.brokers();
    let baseline = format!("kafka://{brokers}/b");
    let canary = if apart {
        format!("kafka://{brokers},{brokers}/b")
    } else {
        baseline.clone()
    };
    let select = "--select baseline=header:variant=stable --select canary=header:variant=canary";
    let mut all = vec!["--baseline", &baseline, "--canary", &canary, "--format", "json"];
    all.extend(["--identity", "key"]);
    all.extend(select.split_whitespace().chain(flags.split_whitespace()));
    super::reconcile(&all)
}

#[test]
fn read_once_it_comes_to_what_two_readers_come_to() {
    let world = World::new();
    produced(&world);
    for flags in [
        "",
        "--from 1000",
        "--from baseline=1000 --to canary=5000",
        "--held-max-bytes 24KiB",
    ] {
        let streams = [false, true].map(|apart| {
            let told = told(&world, apart, flags);
            let gist = told.gist();
            let mut streams = told.report["streams"].clone();
            assert!(
                streams[0]["outcomes"]["matched"].as_u64() > Some(100),
                "{flags}: {gist} {}",
                told.log
            );
            for finding in streams[0]["findings"].as_array_mut().unwrap() {
                // Salted anew in each run.
                drop(finding["identity"].take());
            }
            (gist, streams)
        });
        assert_eq!(streams[0], streams[1], "{flags}");
    }
}

/// A topic against itself.
#[test]
fn a_side_against_itself_is_equal() {
    let world = World::new();
    produced(&world);
    let source = format!("kafka://{}/b", world.brokers());
    let all = [
        "--baseline",
        &source,
        "--canary",
        &source,
        "--format",
        "json",
        "--identity",
        "key",
    ];
    let all = all.into_iter().chain(["--select", "header:variant=stable"]);
    assert_eq!(super::reconcile(&all.collect::<Vec<_>>()).gist(), "0 matched 3000");
}
