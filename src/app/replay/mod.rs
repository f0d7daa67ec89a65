//! `replay`: final windows computed again from the logs and the stored inputs, and held against what is stored.

mod compare;
pub mod inputs;
mod print;
mod read;
mod tape;

use std::io::Write;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use super::book::Fact;
use super::clock::Clock;
use super::command::{Ending, Output, Tone};
use super::keyed;
use super::reconcile::drive::Interrupt;
use super::report::rfc3339;
use super::trouble::trouble;
use super::verdict;
use super::worker::{self, State};
use super::world::{self, Real, runtime};
use crate::config::{self, Config};
use crate::edge::store::{self, GenerationId, Read, Span, Store, WindowRow};
use crate::model::{Inconclusive, Sides, Verdict};
use compare::{Computed, Replayed};
pub use inputs::Inputs;
use print::Answer;
use read::Place;
use tape::{Joiner, Logs};

/// Rows of inputs that are read at once.
const PAGE: i64 = 500;

/// Which windows are computed again.
#[derive(Clone, Debug)]
pub struct Request {
    /// The config: where the logs are, and the settings.
    pub config: Config,
    /// The release.
    pub release: String,
    /// Its generation; `None` is the newest.
    pub generation: Option<u32>,
    /// Only this stream.
    pub stream: Option<String>,
    /// Only the window that this time lies in, milliseconds since the epoch.
    pub at_ms: Option<i64>,
    /// How it is printed.
    pub output: Output,
}

/// Computes windows again.
///
/// # Errors
/// Our own world failing: the database, a topic, a config that is not the generation's.
pub fn run(request: &Request, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    let runtime = runtime(2)?;
    let interrupt = Interrupt::listen(runtime.handle())?;
    let opened = open(&request.config, &request.release, request.generation);
    let (store, id, salt) = runtime.block_on(opened)?;
    let mut replay = Replay {
        request,
        store,
        id,
        salt,
        runtime: &runtime,
        tone,
        interrupt,
        interrupted: false,
    };
    let streams = streams(request)?;
    let replayed = streams
        .into_iter()
        .map(|stream| replay.stream(stream))
        .collect::<Result<Vec<_>>>()?;
    let Replay {
        store, id, interrupted, ..
    } = replay;
    runtime.block_on(store.close());
    if let Some(at_ms) = request.at_ms
        && replayed.iter().all(|stream| stream.windows == 0)
        && !interrupted
    {
        let what = format!("no window that is final holds {}", rfc3339(at_ms));
        return Err(trouble(
            what,
            "the report and `replay` without --window tell which there are",
        ));
    }
    let answer = Answer {
        id,
        verdict: overall(&replayed, interrupted),
        streams: replayed,
        interrupted,
    };
    print::print(&answer, request.output, out)?;
    Ok(if interrupted {
        Ending::Interrupted
    } else {
        Ending::Verdict(answer.verdict)
    })
}

/// A difference outweighs what cannot be said.
fn overall(streams: &[Replayed], interrupted: bool) -> Verdict {
    // A stream that has no window yet has nothing to say where others have.
    let said = streams.iter().filter(|stream| stream.windows > 0);
    let verdicts: Vec<Verdict> = said.map(Replayed::verdict).collect();
    if verdicts.contains(&Verdict::Fail) {
        Verdict::Fail
    } else if interrupted || verdicts.is_empty() || verdicts.contains(&Verdict::Inconclusive) {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    }
}

fn streams(request: &Request) -> Result<Vec<&config::Stream>> {
    let Request { config, stream, .. } = request;
    let wanted = |own: &&config::Stream| stream.as_ref().is_none_or(|name| *name == own.name);
    let streams: Vec<&config::Stream> = config.streams.iter().filter(wanted).collect();
    if streams.is_empty() {
        let names: Vec<&str> = config.streams.iter().map(|stream| stream.name.as_str()).collect();
        let name = stream.as_deref().unwrap_or_default();
        return Err(trouble(
            format!("the config has no stream `{name}`"),
            format!("there are: {}", names.join(", ")),
        ));
    }
    Ok(streams)
}

/// The database, and the generation if the config's settings are its, with what its sample's hash is keyed by.
///
/// # Errors
/// The database does not answer, knows no such release, or its settings are others.
pub async fn open(config: &Config, release: &str, generation: Option<u32>) -> Result<(Store, GenerationId, [u8; 32])> {
    let store = store::open(&world::store(&config.store))
        .await
        .context("open the database")?;
    let id = verdict::newest(&store, release, generation).await?;
    let rows = store.releases(Some(release)).await.context("read the releases")?;
    let same = |row: &store::ReleaseRow| row.id == id && row.settings_digest == config.digest();
    let Some(row) = rows.iter().find(|row| same(row)) else {
        let what = format!(
            "generation {} of {release} was judged under other comparison settings than those of the config",
            id.generation
        );
        let hint =
            "a window is a function of its settings: use the config that the worker ran with, or name its generation";
        return Err(trouble(what, hint));
    };
    let salt = keyed::salt(&id, row.started_ms);
    Ok((store, id, salt))
}

struct Replay<'a> {
    request: &'a Request,
    store: Store,
    id: GenerationId,
    salt: [u8; 32],
    runtime: &'a Runtime,
    tone: Tone,
    interrupt: Interrupt,
    interrupted: bool,
}

impl Replay<'_> {
    fn stream(&mut self, stream: &config::Stream) -> Result<Replayed> {
        let context = || format!("compute the windows of stream {} again", stream.name);
        self.windows_of(stream).with_context(context)
    }

    fn windows_of(&mut self, stream: &config::Stream) -> Result<Replayed> {
        let none = Replayed {
            stream: stream.name.clone(),
            ..Replayed::default()
        };
        if self.interrupted {
            return Ok(none);
        }
        let (stored, mut facts, own) = self.runtime.block_on(self.stored(stream))?;
        let (Some(first), Some(last)) = (stored.first(), stored.last()) else {
            return Ok(none);
        };
        let wanted = (first.start_ms, last.end_ms);
        let world = Real::new(&self.request.config)?;
        let place = |facts| Place {
            stream,
            world: &world,
            own: &own,
            salt: self.salt,
            facts,
            clock: Clock::start(),
            handle: self.runtime.handle(),
        };
        let logs = place(&[]).logs()?;
        let joined = self.runtime.block_on(self.joined(stream, wanted, &logs))?;
        for schema in &joined.schemas {
            facts.push(schema.fact()?);
        }
        facts.extend(joined.unknown.iter().map(|unknown| unknown.fact()));
        let mut read = Vec::with_capacity(joined.tapes.len());
        for tape in joined.tapes {
            let mut pass = place(&facts).read(&tape, &self.interrupt, self.tone)?;
            self.interrupted |= pass.interrupted;
            if self.request.at_ms.is_some() {
                pass.windows.retain(|window| window.start_ms == wanted.0);
            }
            if pass.interrupted {
                // What it came to so far stands; the rest was not asked.
                let rest = (Inconclusive::Evidence, "not reached before the interrupt".to_owned());
                pass.disturbance = Some(rest);
            }
            read.push(Computed {
                tape,
                windows: pass.windows,
                disturbance: pass.disturbance,
            });
        }
        Ok(compare::compare(&stream.name, &stored, &read, &joined.unreachable))
    }

    /// The windows that are asked for, the contracts, and the topics that the patterns came to.
    async fn stored(&self, stream: &config::Stream) -> Result<(Vec<WindowRow>, Vec<Fact>, Sides<Vec<String>>)> {
        let read = Read {
            generation: self.id.clone(),
            stream: Some(stream.name.clone()),
            windows: Span::ALL,
            findings_max: 0,
            inputs: Span::NONE,
        };
        let stored = self.store.read(read).await.context("read the windows")?;
        let own = State::of(&stored, &stream.name)?.topics;
        let mut windows = stored.windows;
        if let Some(at_ms) = self.request.at_ms {
            let begun = |row: &WindowRow| row.start_ms.is_none_or(|start| start <= at_ms);
            windows.retain(|row| begun(row) && row.end_ms.is_none_or(|end| at_ms < end));
        }
        let facts: Result<Vec<Fact>> = stored.contracts.iter().map(worker::contract_fact).collect();
        Ok((windows, facts?, own))
    }

    /// The inputs of the windows from the first to the last, joined into passes.
    async fn joined(
        &self,
        stream: &config::Stream,
        (first_ms, last_end_ms): (Option<i64>, Option<i64>),
        logs: &Logs,
    ) -> Result<Joiner> {
        let mut joiner = Joiner::default();
        let mut after_ms = None;
        loop {
            let read = Read {
                generation: self.id.clone(),
                stream: Some(stream.name.clone()),
                windows: Span::NONE,
                findings_max: 0,
                inputs: Span { after_ms, limit: PAGE },
            };
            let rows = self.store.read(read).await.context("read the stored inputs")?.inputs;
            for row in &rows {
                let mut inputs = Inputs::read(row)?;
                let before_ms = inputs.checkpoint.frontier_ms;
                if before_ms >= last_end_ms.or(Some(i64::MAX)) {
                    return Ok(joiner);
                }
                // Schemas are told once: those of earlier rows count, too.
                if first_ms.is_some_and(|first| row.frontier_ms <= first) {
                    joiner.learn(&mut inputs);
                } else {
                    joiner.join(inputs, row.frontier_ms, logs);
                }
            }
            match rows.last() {
                Some(last) => after_ms = Some(last.frontier_ms),
                None => return Ok(joiner),
            }
        }
    }
}
