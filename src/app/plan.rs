//! `plan`: how long until a regression is caught and a clean canary passes, by the engine itself on drawn counts.

use std::io::Write;

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::command::{Ending, Output, PlanRequest};
use super::stored;
use crate::config::Sketched;
use crate::engine::judge::{self, Policy};
use crate::engine::stats::{Family, Plan, Times, least_budget};

/// Regressions that are planned for, in times of the budget.
const TIMES: [f64; 3] = [2.0, 10.0, 100.0];
/// The worst rate that is drawn.
const RATE_MAX: f64 = 1.0;
/// The check that the regression is in: the first, whose share of the chance of error is the largest.
const MISMATCHED: usize = 0;

/// What `plan` says.
#[derive(Debug, Serialize)]
struct Planned {
    /// Records of the canary a second of event time.
    rate: f64,
    budget: f64,
    profile: &'static str,
    window_ms: i64,
    max_duration_ms: i64,
    alpha: f64,
    beta: f64,
    runs: u64,
    /// Regressions of the mismatches.
    caught: Vec<Row>,
    passes: Vec<Row>,
    /// Records without a bad one that a pass needs; null where no number is enough.
    clean_needed: Option<u64>,
    /// The least budget of the neediest check that a clean canary can be proved to keep in `max_duration_ms`; null where none is.
    least_budget: Option<f64>,
    decidable: bool,
}

/// One thing that may happen.
#[derive(Debug, Serialize)]
struct Row {
    what: String,
    rate: f64,
    /// Share of the runs that came to it in the time allowed.
    share: f64,
    /// Seconds of event time until half of the runs did; null where fewer did.
    median_s: Option<f64>,
    /// Seconds until nine in ten did.
    p90_s: Option<f64>,
}

/// Prints the plan.
///
/// # Errors
/// The output cannot be written.
pub fn run(request: &PlanRequest, out: &mut dyn Write) -> Result<Ending> {
    let planned = plan(request)?;
    match request.output {
        Output::Json => {
            serde_json::to_writer_pretty(&mut *out, &planned).context("write the plan")?;
            writeln!(out)?;
        }
        output => table(&planned, output == Output::Markdown, out)?,
    }
    Ok(Ending::Done)
}

fn plan(request: &PlanRequest) -> Result<Planned> {
    let Sketched {
        budgets,
        policy: said,
        window_ms,
        share,
    } = request.judged;
    let policy = Policy {
        budgets: budgets.judged(false),
        window_ms: Some(window_ms),
        ..stored::policy_of(&said)
    };
    let family = judge::family(&policy).context("make the checks")?;
    let rate = request.rate * share;
    let window_s = window_ms as f64 / 1_000.0;
    let plan = Plan {
        family: &family,
        records: rate * window_s,
        windows_max: policy.horizon(),
        runs: request.runs,
        seed: request.seed,
    };
    let row = |what: String, rate: f64, times: &Times| Row {
        what,
        rate,
        share: times.share(),
        median_s: times.median().map(|windows| windows as f64 * window_s),
        p90_s: times.quantile(0.9).map(|windows| windows as f64 * window_s),
    };
    let budget = policy.budgets.mismatched;
    let caught = |times: &f64| {
        let bad = (budget * times).min(RATE_MAX);
        row(
            format!("{times} times the budget"),
            bad,
            &plan.until_caught(MISMATCHED, bad),
        )
    };
    let passes = |(what, share): (&str, f64)| row(what.to_owned(), share * budget, &plan.until_passed(share));
    let clean_needed = family.clean_needed();
    let most = rate * said.max_duration_ms as f64 / 1_000.0;
    Ok(Planned {
        rate,
        budget,
        profile: match said.profile {
            crate::config::Profile::Bursty => "bursty",
            crate::config::Profile::Independent => "independent",
        },
        window_ms,
        max_duration_ms: said.max_duration_ms,
        alpha: policy.alpha,
        beta: policy.beta,
        runs: request.runs,
        caught: if budget > 0.0 {
            TIMES.iter().map(caught).collect()
        } else {
            Vec::new()
        },
        passes: [("without a bad record", 0.0), ("at a tenth of every budget", 0.1)]
            .map(passes)
            .into(),
        clean_needed,
        least_budget: least_budget(whole(most), policy.beta, policy.profile.burst),
        decidable: is_decidable(&family, most),
    })
}

fn is_decidable(family: &Family, records: f64) -> bool {
    family.clean_needed().is_some_and(|needed| needed as f64 <= records)
}

/// So many whole records.
pub(super) fn whole(records: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float becomes the nearest whole number that there is"
    )]
    let whole = records as u64;
    whole
}

fn table(planned: &Planned, markdown: bool, out: &mut dyn Write) -> Result<()> {
    let span = |s: f64| judge::span(whole(s * 1_000.0).try_into().unwrap_or(i64::MAX));
    let most_s = planned.max_duration_ms as f64 / 1_000.0;
    writeln!(
        out,
        "{} records/s, budget {:e}, profile {}, windows of {}, at most {}, {} runs\n",
        planned.rate,
        planned.budget,
        planned.profile,
        span(planned.window_ms as f64 / 1_000.0),
        span(most_s),
        planned.runs
    )?;
    let mut table = Table::new();
    table.load_style(if markdown {
        presets::ASCII_MARKDOWN
    } else {
        presets::NOTHING
    });
    table.set_header([
        "canary",
        "bad records",
        "verdict",
        "runs",
        "half of them after",
        "nine in ten after",
    ]);
    for (rows, verdict) in [(&planned.caught, "fail"), (&planned.passes, "pass")] {
        for row in rows {
            let after = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), span);
            table.add_row([
                row.what.clone(),
                if row.rate > 0.0 {
                    format!("{:.1e}", row.rate)
                } else {
                    "none".to_owned()
                },
                verdict.to_owned(),
                format!("{:.0} %", row.share * 100.0),
                after(row.median_s),
                after(row.p90_s),
            ]);
        }
    }
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for line in table.to_string().lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out)?;
    let needed = planned
        .clean_needed
        .map_or_else(|| "no number of".to_owned(), |needed| needed.to_string());
    writeln!(out, "a pass needs {needed} records without a bad one")?;
    if !planned.decidable {
        let least = planned.least_budget.map_or_else(String::new, |least| {
            format!("; a budget of {} could be", judge::rounded_up(least))
        });
        writeln!(
            out,
            "this budget cannot be decided within {} at this rate{least}",
            span(most_s)
        )?;
    }
    Ok(())
}
