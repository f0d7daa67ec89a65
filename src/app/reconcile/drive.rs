//! The loop of a bounded run.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::progress::Bar;
use super::spill::Spill;
use crate::app::clock::Clock;
use crate::app::stream::Stream;
use crate::app::trouble::trouble;
use crate::config;
use crate::engine::{Candidate, Output};
use crate::model::{BadCounts, Outcome, Position, Side, WindowCounts};

/// How long a broker may be in trouble before the run gives up, milliseconds.
const TROUBLE_MAX_MS: i64 = 15_000;

/// SIGINT, or SIGTERM: either way the files of a run that spills are removed.
#[derive(Clone, Default)]
pub struct Interrupt(CancellationToken);

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system refuses.
    pub fn listen(handle: &Handle) -> Result<Self> {
        let _inside = handle.enter();
        let mut interrupt_signal = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
        let mut end = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
        let interrupt = Self::default();
        let came = interrupt.clone();
        handle.spawn(async move {
            tokio::select! {
                _ = interrupt_signal.recv() => {}
                _ = end.recv() => {}
            }
            came.0.cancel();
        });
        Ok(interrupt)
    }

    /// True once it came.
    #[must_use]
    pub fn came(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits for it.
    pub async fn wait(&self) {
        self.0.cancelled().await;
    }
}

/// What was counted.
#[derive(Default)]
pub struct Counted {
    /// All final windows, and those that are not where the run was cut short.
    pub counts: WindowCounts,
    /// Undecodable, untimely and diverted records.
    pub bad: BadCounts,
    /// Every mismatched pair.
    pub pairs: Vec<Candidate>,
    /// A sample of everything else, with the begin of its window.
    pub others: Vec<(Option<i64>, Candidate)>,
    /// Pairs of baseline and control that differ, a sample.
    pub noise: Vec<Candidate>,
    /// Bad records of that sample that the other side is not known to show yet.
    broken: BTreeMap<Position, (Option<i64>, Candidate)>,
    /// Those that are known to be shared before their window is final.
    shared: BTreeSet<Position>,
    /// SIGINT came first.
    pub interrupted: bool,
}

/// Reads both logs to their captured ends, or to SIGINT.
///
/// # Errors
/// A log or a registry that cannot be read any further; memory at its limit.
pub fn to_the_end(stream: &mut Stream, interrupt: &Interrupt, bar: &Bar, clock: &Clock) -> Result<Counted> {
    let mut counted = Counted::default();
    let mut outputs = Vec::new();
    stream.finish_what_is_read(&mut outputs);
    let mut trouble_ms = None;
    let mut spill = None;
    while !stream.is_done() {
        if interrupt.came() {
            counted.interrupted = true;
            break;
        }
        let moved = stream.turn(&mut outputs)? || stream.wait(&mut outputs)?;
        outputs.drain(..).for_each(|output| count(output, &mut counted));
        if moved {
            bar.show(stream);
        }
        spill_at_the_limit(stream, &mut spill)?;
        give_up_on_trouble(stream, &mut trouble_ms, clock)?;
    }
    if let Some(spill) = spill.filter(|_| !counted.interrupted) {
        counted.interrupted = !spill.settle(&mut stream.engine, &mut outputs, &|| interrupt.came())?;
    }
    outputs.drain(..).for_each(|output| count(output, &mut counted));
    counted.others.extend(std::mem::take(&mut counted.broken).into_values());
    stream.engine.conservation().context("count the records")?;
    if counted.interrupted {
        counted.counts.add(&stream.engine.unfinished());
    }
    Ok(counted)
}

fn count(output: Output, counted: &mut Counted) {
    match output {
        Output::Mismatched(pair) => counted.pairs.push(pair),
        Output::Final(found) => {
            for window in found.windows {
                counted.counts.add(&window.counts);
                counted.noise.extend(window.noise);
                for candidate in window.candidates {
                    match (candidate.outcome, candidate.baseline.or(candidate.canary)) {
                        (Outcome::Mismatched, _) => {}
                        (Outcome::Undecodable | Outcome::Untimely | Outcome::Diverted, Some(position)) => {
                            if !counted.shared.remove(&position) {
                                counted.broken.insert(position, (window.start_ms, candidate));
                            }
                        }
                        _ => counted.others.push((window.start_ms, candidate)),
                    }
                }
            }
            for position in found.shared {
                if counted.broken.remove(&position).is_none() {
                    counted.shared.insert(position);
                }
            }
            for settled in found.bad {
                counted.bad.add(&settled.counts);
            }
        }
    }
}

/// Puts away what is in flight where it does not fit.
fn spill_at_the_limit(stream: &mut Stream, spill: &mut Option<Spill>) -> Result<()> {
    if stream.engine.has_work() {
        // It may make room.
        return Ok(());
    }
    let max = stream.engine.settings().held_max_bytes;
    let most = match spill {
        // Half of it, and what writes the files has room beside it.
        Some(_) => max / 2,
        // Only the slowest partition is read by now, which may free what is held.
        None if stream.is_aligned() && !stream.stalled => max.saturating_add(max / 8),
        None => max,
    };
    if stream.engine.held_bytes() < most.max(1) {
        return Ok(());
    }
    let spill = match spill {
        Some(spill) => spill,
        None => spill.insert(Spill::make(&config::temporary_directory(), max)?),
    };
    spill.put_away(&mut stream.engine)?;
    let held = stream.engine.held_bytes();
    if held >= max.max(1) {
        let what = format!(
            "the undecodable, untimely and diverted records that wait for a partner hold {held} bytes, and held_max_bytes allows no \
             more than {max}"
        );
        return Err(trouble(
            what,
            "set --held-max-bytes (or limits.held_max_bytes of the stream) to more",
        ));
    }
    Ok(())
}

/// Ends where brokers are in trouble for too long; `since_ms` remembers since when.
///
/// # Errors
/// They are.
pub fn give_up_on_trouble(stream: &Stream, since_ms: &mut Option<i64>, clock: &Clock) -> Result<()> {
    let mut sides = stream.sides().iter().copied();
    let troubled = sides.find_map(|side| Some((side, what_stops(stream, side)?)));
    let Some((side, text)) = troubled else {
        *since_ms = None;
        return Ok(());
    };
    let now_ms = clock.elapsed_ms();
    if now_ms - *since_ms.get_or_insert(now_ms) > TROUBLE_MAX_MS {
        bail!("read the {side}: {text}");
    }
    Ok(())
}

/// Why a side cannot be read for now.
fn what_stops(stream: &Stream, side: Side) -> Option<String> {
    if let Some(text) = stream.unreadable.get(side).values().next() {
        return Some(text.clone());
    }
    let trouble = stream.trouble.get(side).as_ref()?;
    Some(format!("the brokers do not answer: {trouble}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Checkpoint, Final, FinalWindow};
    use crate::model::Digest;

    fn told(offset: u64) -> Candidate {
        Candidate {
            outcome: Outcome::Undecodable,
            baseline: Some(position(offset)),
            canary: None,
            identity: None,
            time_ms: Some(1),
            reason: None,
            differing: crate::model::Differing::default(),
        }
    }

    fn position(offset: u64) -> Position {
        Position {
            side: Side::Baseline,
            partition: 0,
            offset,
        }
    }

    fn output(told: Vec<Candidate>, shared: Vec<Position>) -> Output {
        let window = FinalWindow {
            start_ms: Some(0),
            end_ms: Some(10),
            counts: WindowCounts::default(),
            edge: false,
            digest: Digest([0; 16]),
            candidates: told,
            noise: Vec::new(),
            profile: None,
        };
        Output::Final(Box::new(Final {
            windows: vec![window],
            bad: Vec::new(),
            shared,
            checkpoint: Checkpoint::default(),
            inputs: None,
        }))
    }

    /// The canary's partner may be settled before the baseline's window is final, and after it.
    #[test]
    fn what_both_sides_show_is_no_finding_whichever_is_settled_first() {
        let mut counted = Counted::default();
        count(output(vec![told(1), told(2)], vec![position(3)]), &mut counted);
        count(output(vec![told(3), told(4)], vec![position(1)]), &mut counted);
        assert!(counted.broken.keys().eq([&position(2), &position(4)]));
    }
}
