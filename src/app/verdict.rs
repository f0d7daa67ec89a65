//! `verdict`: the verdict now, from the database or from a worker.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::command::{Ending, Output, ReportRequest, VerdictFrom, VerdictRequest};
use super::report::{self, Look, Report, harmless, table};
use super::trouble::trouble;
use super::{stages, stored, world};
use crate::app::world::runtime;
use crate::config::Config;
use crate::edge::store::{self, GenerationId};

/// Most bytes of a worker's answer.
const ANSWER_MAX_BYTES: usize = 64 << 20;

/// Prints the verdict.
///
/// # Errors
/// The database or the worker does not answer, or does not know the release.
pub fn run(request: VerdictRequest, out: &mut dyn Write) -> Result<Ending> {
    let mut report = runtime(1)?.block_on(asked(&request.from, &request.release, request.generation))?;
    if let Some(stage) = &request.stage {
        before(&mut report, stage)?;
    }
    print(&report, request.output, request.explain, out)?;
    Ok(Ending::Verdict(report.verdict))
}

/// The verdict before a stage in place of the release's.
fn before(report: &mut Report, stage: &str) -> Result<()> {
    let Some(found) = report.stages.iter().find(|found| found.stage == stage) else {
        let names: Vec<&str> = report.stages.iter().map(|stage| stage.stage.as_str()).collect();
        let hint = if names.is_empty() {
            "policy.stages of the config names none".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        };
        return Err(trouble(
            format!("release {} has no stage `{stage}`", report.release),
            hint,
        ));
    };
    (report.verdict, report.reasons) = (found.verdict, found.reasons.clone());
    Ok(())
}

/// Prints the scorecard.
///
/// # Errors
/// As [`run`].
pub fn scorecard(request: &ReportRequest, out: &mut dyn Write) -> Result<Ending> {
    let report = runtime(1)?.block_on(asked(&request.from, &request.release, request.generation))?;
    let text = report::written(&report, request.output, &[])?;
    out.write_all(text.as_bytes()).context("print the report")?;
    Ok(Ending::Done)
}

async fn asked(from: &VerdictFrom, release: &str, generation: Option<u32>) -> Result<Report> {
    match from {
        VerdictFrom::Config(config) => from_store(config, release, generation).await,
        VerdictFrom::Url(url) => from_worker(url, release).await,
    }
}

/// The report on a generation, judged anew from what is stored.
///
/// # Errors
/// The database does not answer, or does not know the release.
pub async fn from_store(config: &Config, release: &str, generation: Option<u32>) -> Result<Report> {
    let store = store::open(&world::store(&config.store))
        .await
        .context("open the database")?;
    let id = newest(&store, release, generation).await?;
    let loaded = stored::load(&store, config, &id).await?;
    let wall_ms = super::clock::Clock::start().wall_ms();
    let judged = stored::judge(&loaded, wall_ms);
    let mut report = stored::report(&loaded, &id, &judged);
    report.guarantee = Some(stored::guarantee(config));
    report.warnings = store.warnings().to_vec();
    report.warnings.extend(loaded.decisions.told(wall_ms));
    report.stages = report::stages(&stages::stages(config, &judged, &loaded.decisions));
    store.close().await;
    Ok(report)
}

/// The newest generation of a release, or the one asked for.
///
/// # Errors
/// There is none.
pub async fn newest(store: &store::Store, release: &str, generation: Option<u32>) -> Result<GenerationId> {
    let rows = store.releases(Some(release)).await.context("read the releases")?;
    let wanted = |id: &GenerationId| generation.is_none_or(|wanted| id.generation == i64::from(wanted));
    match rows.into_iter().map(|row| row.id).find(|id| wanted(id)) {
        Some(id) => Ok(id),
        None => {
            let all = store.releases(None).await.context("read the releases")?;
            let mut names: Vec<String> = all.into_iter().map(|row| row.id.release).collect();
            names.dedup();
            let hint = if names.is_empty() {
                "no worker has begun a release yet".to_owned()
            } else {
                format!("there are: {}", names.join(", "))
            };
            Err(trouble(format!("the database knows no release `{release}`"), hint))
        }
    }
}

async fn from_worker(url: &str, release: &str) -> Result<Report> {
    let hint = "such as --url http://127.0.0.1:9600";
    let mut address = reqwest::Url::parse(url).map_err(|error| trouble(format!("--url is no URL: {error}"), hint))?;
    if !address.username().is_empty() || address.password().is_some() {
        return Err(trouble("--url holds user info, which every process list shows", hint));
    }
    if !matches!(address.scheme(), "http" | "https") {
        return Err(trouble(
            format!(
                "--url must begin with http:// or https://, not with {}:",
                address.scheme()
            ),
            hint,
        ));
    }
    let client = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .context("set up the client")?;
    if let Ok(mut path) = address.path_segments_mut() {
        path.pop_if_empty().extend(["api", "v1", "releases", release, "report"]);
    }
    let answer = client.get(address).send().await.context("ask the worker")?;
    let status = answer.status();
    if status == reqwest::StatusCode::NOT_FOUND {
        bail!("the worker at {url} knows no release `{release}`");
    }
    if !status.is_success() {
        bail!("the worker at {url} answers with status {status}");
    }
    let body = answer.bytes().await.context("read the worker's answer")?;
    anyhow::ensure!(body.len() <= ANSWER_MAX_BYTES, "the worker's answer is too large");
    serde_json::from_slice(&body).context("read the worker's report")
}

fn print(report: &Report, output: Output, explain: bool, out: &mut dyn Write) -> Result<()> {
    match (output, explain) {
        (Output::Json, _) => out.write_all(report.json().context("write the report")?.as_bytes())?,
        (Output::Markdown, _) => out.write_all(super::report::markdown(report, &[]).as_bytes())?,
        (Output::Table, true) => out.write_all(
            table(
                report,
                &Look {
                    colour: true,
                    notes: Vec::new(),
                },
            )
            .as_bytes(),
        )?,
        (Output::Table, false) => {
            writeln!(out, "{}", report.verdict.as_str())?;
            for reason in &report.reasons {
                let whose = if reason.stream.is_empty() {
                    &report.release
                } else {
                    &reason.stream
                };
                writeln!(out, "  {}: {}", harmless(whose), harmless(&reason.text))?;
            }
            for warning in &report.warnings {
                writeln!(out, "  warning: {}", harmless(warning))?;
            }
        }
    }
    Ok(())
}
