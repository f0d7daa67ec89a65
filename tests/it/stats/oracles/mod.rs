//! Oracle tables: every case of every table within its tolerance.
//!
//! `CROSSCHECK_ORACLES` names another folder of tables with the same names; without it the copy in `tests/data/oracles` is read.
//! The tables were computed with mpmath at 50 digits by enumeration or bisection, or with scipy, confseq and DataSketches; each
//! names its source.

mod json;
mod subject;
mod table;

use std::path::{Path, PathBuf};

use table::{Table, run};

/// Tables that must be there.
const BUILT: [&str; 16] = [
    "beta_binomial_logmix",
    "clopper_pearson",
    "cs_kt",
    "cs_mix",
    "divergences_counts",
    "dkw_lil",
    "ebank_ls",
    "ebank_rate",
    "ebh",
    "hll_rel_err",
    "key_sampling_detection",
    "ks_wasserstein_samples",
    "lag1_autocorr",
    "n_promote_zero_bad",
    "n_see_one",
    "wald_sprt",
];

/// Tables of what was considered and is not used: they are named, not judged.
const NOT_BUILT: [&str; 10] = [
    "betting_hedged",
    "cs_confseq_bernoulli",
    "ddsketch",
    "double_stitching",
    "ebank_excess",
    "ebank_race",
    "kll_rank_error",
    "normal_mixture",
    "poly_stitching",
    "softmax_e",
];

fn folder() -> PathBuf {
    match std::env::var_os("CROSSCHECK_ORACLES") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/oracles"),
    }
}

/// The tables of a folder, or of `statistics` in it.
fn files(folder: &Path) -> Vec<(String, String)> {
    let inner = folder.join("statistics");
    let folder = if inner.is_dir() { &inner } else { folder };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("read {}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let read = |path: PathBuf| (path.display().to_string(), std::fs::read_to_string(&path).unwrap());
    files.into_iter().map(read).collect()
}

/// Everything that is wrong with these tables, and what was said about the rest.
fn judge(files: &[(String, String)]) -> (Vec<String>, Vec<String>) {
    let (mut faults, mut said, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for (file, text) in files {
        // Before the rest is read: what is not built may have tolerances of its own.
        if let Some((name, cases)) = NOT_BUILT.iter().find_map(|name| Some((name, cases_of(text, name)?))) {
            said.push(format!("{name}: not built, {cases} cases not judged"));
            continue;
        }
        let table = match Table::read(text) {
            Ok(table) => table,
            Err(fault) => {
                faults.push(format!("{file}: {fault}"));
                continue;
            }
        };
        if !BUILT.contains(&table.name.as_str()) {
            faults.push(format!("{file}: the table {} is not known", table.name));
            continue;
        }
        let wrong = run(&table, subject::of(&table.name));
        said.push(format!(
            "{}: {} cases, {} wrong",
            table.name,
            table.cases.len(),
            wrong.len()
        ));
        faults.extend(wrong);
        seen.push(table.name);
    }
    for name in BUILT.iter().filter(|name| !seen.iter().any(|seen| seen == *name)) {
        faults.push(format!("the table {name} is missing"));
    }
    (faults, said)
}

/// How many cases a file has, if it is the table of that name.
fn cases_of(text: &str, name: &str) -> Option<usize> {
    let table = json::Json::read(text).ok()?;
    let is_it = table.get("name")?.text()? == name;
    is_it.then_some(table.get("cases")?.list()?.len())
}

#[test]
fn every_case_is_within_its_tolerance() {
    let folder = folder();
    let (faults, said) = judge(&files(&folder));
    println!("{}:\n{}", folder.display(), said.join("\n"));
    assert!(faults.is_empty(), "{}:\n{}", folder.display(), faults.join("\n"));
}

/// The judge itself: what it must not let through.
#[test]
fn a_table_that_says_nothing_fails() {
    let good = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/oracles"));
    let mut more = good.clone();
    let other = r#"{"name":"ddsketch","tolerance":{"of its own":1},"n_cases":1,"cases":[{"in":{},"out":{}}]}"#;
    more.push(("ddsketch.json".to_owned(), other.to_owned()));
    let (faults, said) = judge(&more);
    assert_eq!(faults, [""; 0]);
    assert!(said.contains(&"ddsketch: not built, 1 cases not judged".to_owned()));
    let fails = |files: &[(String, String)], with: &str| {
        let (faults, _) = judge(files);
        assert!(faults.iter().any(|fault| fault.contains(with)), "{with}: {faults:?}");
    };
    fails(&[], "the table cs_kt is missing");
    fails(&good[1..], "is missing");
    let changed = |change: &dyn Fn(&str) -> String| {
        let change = |(file, text): &(String, String)| {
            let is_it = file.ends_with("n_see_one.json");
            (file.clone(), if is_it { change(text) } else { text.clone() })
        };
        good.iter().map(change).collect::<Vec<_>>()
    };
    let with_cases = |cases: &str| {
        let table = format!(r#"{{"name":"n_see_one","tolerance":{{"abs":0}},"n_cases":1,"cases":[{cases}]}}"#);
        changed(&|_| table.clone())
    };
    fails(&with_cases(""), "no case");
    fails(
        &with_cases(r#"{"in":{"rate":0.01,"power":0.9},"out":{}}"#),
        "expects nothing",
    );
    fails(
        &with_cases(r#"{"in":{"rate":0.01},"out":{"n_see_at_least_one":230}}"#),
        "power",
    );
    fails(
        &with_cases(r#"{"in":{"rate":0.01,"power":0.9},"out":{"n_see_at_least_one":231}}"#),
        "230",
    );
    fails(
        &with_cases(r#"{"in":{"rate":0.01,"power":0.9},"out":{"n_see_at_least_one":"nan"}}"#),
        "230",
    );
    fails(
        &with_cases(r#"{"in":{"rate":0.01,"power":0.9},"out":{"other":1}}"#),
        "other",
    );
    let twice = r#"{"in":{"rate":0.01,"power":0.9},"out":{"n_see_at_least_one":230}}"#;
    fails(&with_cases(&[twice, twice].join(",")), "2 of 1 cases");
    fails(&changed(&|_| "{".to_owned()), "EOF");
    fails(&changed(&|text| text.replace("n_see_one", "n_see_two")), "is not known");
    fails(&changed(&|text| text.replace("\"abs\"", "\"other\"")), "tolerance");
}
