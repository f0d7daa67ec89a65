//! What is printed: a line a figure, and the table of `docs/performance.md`.

use std::error::Error;
use std::io::{Write, stdout};

/// One run.
#[derive(Clone, Copy)]
pub struct Figures {
    /// Seconds on the wall.
    pub wall: f64,
    /// Seconds on cores.
    pub cores: f64,
    /// Resident bytes at the peak.
    pub peak: f64,
    /// Orders that differ.
    pub found: f64,
}

/// One peer.
pub struct Row {
    pub key: &'static str,
    pub name: &'static str,
    pub input: &'static str,
    /// It runs in every round.
    pub fast: bool,
    pub figures: Vec<Figures>,
}

impl Row {
    pub fn new(key: &'static str, name: &'static str, input: &'static str, fast: bool) -> Self {
        Self {
            key,
            name,
            input,
            fast,
            figures: Vec::new(),
        }
    }

    /// Median and range.
    fn of(&self, what: impl Fn(&Figures) -> f64) -> [f64; 3] {
        let mut values: Vec<f64> = self.figures.iter().map(what).collect();
        values.sort_by(f64::total_cmp);
        [values[values.len() / 2], values[0], values[values.len() - 1]]
    }
}

/// Prints all of it.
pub fn print(rows: &mut [Row], records: u64) -> Result<(), Box<dyn Error>> {
    let wrong = records / 1_000;
    let cores = |key: &str| {
        rows.iter()
            .find(|row| row.key == key)
            .map_or(f64::NAN, |row| row.of(|run| run.cores)[0])
    };
    let mut out = stdout().lock();
    let mut short = 0;
    for (name, peer, ours, target) in [
        ("peers-fastavro-dict-per-core", "fastavro", "memory", Some(100.0)),
        ("peers-duckdb-parquet-per-core", "duckdb-1", "memory", Some(5.0)),
        ("peers-datacompy-per-core", "datacompy", "memory", None),
        ("peers-idiomatic-rust-per-core", "idiomatic", "memory", None),
        ("peers-fastavro-dict-against-reconcile", "fastavro", "program", None),
        ("peers-duckdb-parquet-against-reconcile", "duckdb-1", "program", None),
    ] {
        let value = cores(peer) / cores(ours);
        let verdict = match target {
            Some(target) if value >= target => "ok",
            Some(_) => {
                short += 1;
                "short"
            }
            None => "-",
        };
        let target = target.map_or_else(|| "-".to_owned(), |target| target.to_string());
        writeln!(out, "{name:<44} {:>12} {target:>8} {verdict}", format!("{value:.2}x"))?;
    }
    writeln!(
        out,
        "\n| peer | input | records/s | ns a record, wall (range) | on cores | peak resident | found {wrong}? |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    #[expect(clippy::cast_precision_loss, reason = "a few million")]
    let both = 2.0 * records as f64;
    let mut missed = Vec::new();
    for row in rows.iter() {
        let [wall, low, high] = row.of(|run| 1e9 * run.wall / both);
        let [cores, ..] = row.of(|run| 1e9 * run.cores / both);
        let [peak, ..] = row.of(|run| run.peak / f64::from(1 << 20));
        let [found, least, most] = row.of(|run| run.found);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let right = least == wrong as f64 && most == wrong as f64;
        let said = if right {
            "yes".to_owned()
        } else {
            format!("**no: {found}**")
        };
        if !right {
            missed.push(row.key);
        }
        writeln!(
            out,
            "| {} | {} | {:.0} k | {wall:.0} ({low:.0} to {high:.0}) | {cores:.0} | {peak:.0} MiB | {said} |",
            row.name,
            row.input,
            1e6 / wall
        )?;
    }
    if let Some(ours) = missed.iter().find(|key| ["memory", "program"].contains(key)) {
        return Err(format!("{ours} did not find what differs").into());
    }
    match short {
        0 => Ok(()),
        short => Err(format!("{short} figures fell short").into()),
    }
}
