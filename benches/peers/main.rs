//! `cargo bench --bench peers`: what others take for the same. Two logs of orders, one of a thousand differs; each peer runs
//! in a process of its own, on the same files, in the same run. Prints the figures, `NAME VALUE TARGET ok|short`, and a
//! table; ends non-zero where a figure falls short or we did not find what differs. Needs Python 3 with `venv`, and the
//! package registry that `pip` knows. `CROSSCHECK_PEERS_RECORDS=20000` makes it a minute; the default is a million a side.

#[path = "../ratios/data.rs"]
#[expect(dead_code, reason = "the other bench uses all of it")]
mod data;
mod logs;
#[path = "../ratios/ours.rs"]
#[expect(dead_code, reason = "the other bench uses all of it")]
mod ours;
#[path = "../ratios/plain.rs"]
#[expect(dead_code, reason = "the other bench uses all of it")]
mod plain;
mod python;
mod table;

use std::error::Error;
use std::io::{Write, stdout};
use std::path::Path;

use table::{Figures, Row};

/// Set for a process that is a peer in memory.
const PEER: &str = "CROSSCHECK_PEERS_PEER";
/// Records a side.
const RECORDS: &str = "CROSSCHECK_PEERS_RECORDS";
/// Records of the default: that of the table in `docs/performance.md`.
const RECORDS_DEFAULT: u64 = 1_000_000;
/// How often the fast ones run, in turns; the median counts.
const ROUNDS: usize = 3;

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the bench has no other arguments")]
    std::env::var(name).ok()
}

fn main() -> Result<(), Box<dyn Error>> {
    let records: u64 = variable(RECORDS).map_or(Ok(RECORDS_DEFAULT), |text| text.parse())?;
    if let Some(peer) = variable(PEER) {
        writeln!(stdout(), "{}", logs::in_memory(&peer, records)?)?;
        return Ok(());
    }
    let python = python::prepare()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = folder.path();
    for (side, canary) in [("baseline", false), ("canary", true)] {
        logs::write(&folder.join(side).with_extension("avro"), records, canary)?;
    }
    python::run(&python, "convert", folder, &[])?;
    let mut rows = rows();
    for round in 0..ROUNDS {
        for row in rows.iter_mut().filter(|row| round == 0 || row.fast) {
            let figures = run(row.key, &python, folder)?;
            row.figures.push(figures);
        }
    }
    table::print(&mut rows, records)
}

/// One run of a peer.
fn run(key: &str, python: &Path, folder: &Path) -> Result<Figures, Box<dyn Error>> {
    match key {
        "memory" | "idiomatic" => python::again(key),
        "program" => python::run(python, key, folder, &logs::command(folder)?),
        _ => python::run(python, key, folder, &[]),
    }
}

/// Who runs.
fn rows() -> Vec<Row> {
    vec![
        Row::new("memory", "crosscheck, in memory, one core", "Avro in memory", true),
        Row::new("program", "crosscheck reconcile", "`.avro` files", true),
        Row::new(
            "idiomatic",
            "apache-avro `Value`, BLAKE3, HashMap (Rust)",
            "Avro in memory",
            true,
        ),
        Row::new("fastavro", "fastavro and dict", "`.avro` files", false),
        Row::new(
            "duckdb-1",
            "DuckDB full outer join, 1 thread",
            "Parquet, converted before",
            true,
        ),
        Row::new("duckdb-2", "the same, 2 threads", "Parquet, converted before", true),
        Row::new(
            "datacompy",
            "datacompy on Polars",
            "Parquet, nested columns as text",
            false,
        ),
    ]
}
