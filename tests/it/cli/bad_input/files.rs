//! Files that are not there, are something else, are damaged, are empty, or are too large for the memory allowed.

use super::Program;
use super::log::{ORDER, long, order, sized};

const MARKER: [u8; 16] = *b"crosscheck tests";

/// An object container: ten blocks of ten orders, or none.
fn container(blocks: i64) -> Vec<u8> {
    let mut out = b"Obj\x01".to_vec();
    out.extend(long(1));
    out.extend([sized(b"avro.schema"), sized(ORDER.as_bytes()), long(0), MARKER.to_vec()].concat());
    for block in 0..blocks {
        let orders: Vec<u8> = (0..10)
            .flat_map(|i| order(&format!("o{}", block * 10 + i), i, "note", "tag"))
            .collect();
        out.extend([long(10), sized(&orders), MARKER.to_vec()].concat());
    }
    out
}

fn program() -> Program {
    let program = Program::new();
    let good = container(10);
    program.write("good.avro", &good);
    program.write("same.avro", &good);
    program.write("empty.avro", container(0));
    program.write("cut.avro", &good[..good.len() - 100]);
    let mut torn = good.clone();
    let marker = torn.len() - 3;
    torn[marker] ^= 0xff;
    program.write("marker.avro", &torn);
    program.write("text.avro", "id,amount\n1,2\n");
    program.write("nothing.avro", "");
    program.write("text.avsc", "no schema");
    std::fs::create_dir(program.path("folder.avro")).unwrap();
    program
}

#[test]
fn that_cannot_be_read() {
    let program = program();
    let all: Vec<String> = ["no", "folder", "text", "nothing", "cut", "marker"]
        .iter()
        .flat_map(|name| {
            let canary = format!("reconcile --baseline good.avro --canary {name}.avro");
            let baseline = format!("reconcile --baseline {name}.avro --canary good.avro");
            [program.told(&canary, &[]), program.told(&baseline, &[])]
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn paths_that_no_schema_has() {
    let program = program();
    let all: Vec<String> = [
        "--identity field:oder_id",
        "--ignore amuont",
        "--tolerance amout=1",
        "--show tags{*}.x",
        "--rename a=notes",
        "--rename notes=note",
        "--identity field:order_id --event-time field:created",
        "--contract no.avsc",
        "--contract text.avsc",
        "--from 9 --to 3",
        "--from -1h",
    ]
    .iter()
    .map(|flags| {
        let line = format!("reconcile --baseline good.avro --canary same.avro {flags}");
        program.told(&line, &[])
    })
    .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn an_empty_side_is_never_a_pass() {
    let program = program();
    for (baseline, canary) in [("good", "empty"), ("empty", "good"), ("empty", "empty")] {
        for budget in ["", "--budget 0.5 --budget missing=0.5"] {
            let sources = format!("--baseline {baseline}.avro --canary {canary}.avro {budget}");
            let ran = program.run(&format!("reconcile {sources} -o json"));
            assert_eq!(ran.code, Some(3), "{sources}: {}{}", ran.log, ran.out);
            let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
            assert_eq!(report["verdict"], "inconclusive");
            assert_eq!(report["reasons"][0]["check"], "evidence", "{report}");
            let ran = program.run(&format!("reconcile {sources}"));
            assert!(ran.out.contains("inconclusive (evidence)"), "{}", ran.out);
            let ran = program.run(&format!("reconcile {sources} --inconclusive fail"));
            assert_eq!(ran.code, Some(1));
        }
    }
    let ran = program.run("reconcile --baseline good.avro --canary same.avro");
    assert_eq!(ran.code, Some(0), "{}{}", ran.log, ran.out);
}
