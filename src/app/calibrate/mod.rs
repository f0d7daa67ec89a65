//! Baseline against control: both are the same version, so what differs is noise. What would take it out is proposed, with
//! the evidence, and what is proposed is tried.

mod print;
mod propose;

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use super::clock::Clock;
use super::findings::Seen;
use super::keyed::Key;
use super::reconcile::drive::{self, Counted, Interrupt};
use super::reconcile::{opened, progress, result};
use super::stream::Disorder;
use crate::app::command::{Ending, Tone};
use crate::app::world::runtime;
use crate::config::{ReconcileRequest, Source};
use crate::engine::diff::DiffRules;
use crate::model::{Skew, WindowCounts};
use propose::{Noise, Proposal, Rule};

/// Passes over both logs: the last one shows what the proposals leave.
const PASSES_MAX: usize = 4;
/// Looks at the pairs of a pass: what one rule uncovers the next look shows.
const LOOKS_MAX: usize = 4;
/// Pairs of a pass that are read again; of more, every so manieth.
const PAIRS_MAX: usize = 20_000;

/// What was found.
struct Calibrated {
    stream: String,
    /// In the order in which they were found.
    proposals: Vec<Proposal>,
    /// Of the first pass: pairs, and those that differ.
    pairs: (u64, u64),
    /// Pairs that were looked at for the proposals.
    looked: usize,
    /// What the proposals leave; `None` where the logs cannot be read twice.
    left: Option<WindowCounts>,
    disorder: Disorder,
    /// Of the pairs that are equal in the end.
    skew: Skew,
    timed: bool,
    identified: bool,
}

/// Runs it.
///
/// # Errors
/// Our own world failing: a log, a registry, memory.
pub fn run(mut request: ReconcileRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    let clock = Clock::start();
    request.fix_times(clock.wall_ms())?;
    request.engine = request.engine.salted(Key::of_run(request.trust_key.as_ref()).salt());
    // What they should be is asked here: without them nothing is late, and any two of one identity may pair.
    (request.engine.lateness_ms, request.engine.grace_ms) = (None, None);
    let runtime = runtime(2)?;
    let interrupt = Interrupt::listen(runtime.handle())?;
    let found = calibrate(request, (&clock, &runtime, &interrupt), tone)?;
    runtime.shutdown_background();
    let Some(found) = found else {
        return Ok(Ending::Interrupted);
    };
    let text = print::yaml(&found);
    out.write_all(text.as_bytes()).context("print the proposals")?;
    Ok(Ending::Done)
}

/// `None` where SIGINT came first.
fn calibrate(
    mut request: ReconcileRequest,
    (clock, runtime, interrupt): (&Clock, &Runtime, &Interrupt),
    tone: Tone,
) -> Result<Option<Calibrated>> {
    let is_stdin =
        |source: &Source| matches!(source, Source::Avro(path) | Source::Lines(path) if path.as_os_str() == "-");
    let twice = !request.sides.all().any(|side| is_stdin(&side.source));
    let mut found = Calibrated {
        stream: request.stream.clone(),
        proposals: Vec::new(),
        pairs: (0, 0),
        looked: 0,
        left: None,
        disorder: Disorder::default(),
        skew: Skew::default(),
        timed: request.engine.window_ms.is_some(),
        identified: request.engine.has_identity,
    };
    for pass in 0..PASSES_MAX {
        let shared = Arc::new(request.clone());
        let Some(open) = opened(&shared, clock.clone(), runtime, interrupt)? else {
            return Ok(None);
        };
        let bar = progress::Bar::new(&open.stream, open.offsets, tone);
        let (mut stream, again) = (open.stream, open.again);
        stream.disorder = Some(Disorder::default());
        let mut counted = drive::to_the_end(&mut stream, interrupt, &bar, clock)?;
        bar.finish();
        if counted.interrupted {
            return Ok(None);
        }
        found.disorder = stream.disorder.take().unwrap_or_default();
        found.skew = counted.counts.skew.clone();
        let WindowCounts {
            matched, mismatched, ..
        } = counted.counts;
        if pass == 0 {
            found.pairs = (matched + mismatched, mismatched);
        } else {
            found.left = Some(counted.counts.clone());
        }
        if mismatched == 0 || pass + 1 == PASSES_MAX {
            // What the first pass finds in order need not be shown to be so.
            found.left.get_or_insert_with(|| counted.counts.clone());
            break;
        }
        let mut rereader = result::rereader(&request, stream, again);
        let pairs = sample(&mut counted);
        found.looked = found.looked.max(pairs.len());
        let mut fresh = Vec::new();
        let mut rules = rereader.rules().clone();
        for _ in 0..LOOKS_MAX {
            let Some(noise) = look(&mut rereader, &pairs, &rules, interrupt)? else {
                return Ok(None);
            };
            let more = noise.propose(&rules);
            if more.is_empty() {
                break;
            }
            more.iter().for_each(|proposal| proposal.apply(&mut rules));
            fresh.extend(more);
        }
        if fresh.is_empty() {
            found.left = Some(counted.counts.clone());
            break;
        }
        fresh.iter().for_each(|proposal| apply(proposal, &mut request));
        found.proposals.extend(fresh);
        if !twice {
            break;
        }
    }
    Ok(Some(found))
}

/// The mismatched pairs, or so many of them, evenly.
fn sample(counted: &mut Counted) -> Vec<crate::engine::Candidate> {
    let mut pairs = std::mem::take(&mut counted.pairs);
    pairs.sort_unstable();
    let step = pairs.len().div_ceil(PAIRS_MAX).max(1);
    pairs.into_iter().step_by(step).collect()
}

/// Where pairs differ under these rules; `None` where SIGINT came first.
fn look(
    rereader: &mut super::findings::Rereader,
    pairs: &[crate::engine::Candidate],
    rules: &DiffRules,
    interrupt: &Interrupt,
) -> Result<Option<Noise>> {
    let mut noise = Noise::default();
    let mut plain = rules.clone();
    plain.show.clear();
    rereader.set_rules(plain);
    rereader.look(pairs, |_, seen| {
        if let Seen::Differences(found) = seen {
            found.iter().for_each(|difference| noise.count(difference));
        }
    })?;
    let show = noise.to_weigh();
    if !show.is_empty() && !interrupt.came() {
        let shown = |difference: &&crate::model::FieldDifference| difference.baseline.is_some();
        rereader.set_rules(DiffRules { show, ..rules.clone() });
        rereader.look(pairs, |_, seen| {
            if let Seen::Differences(found) = seen {
                found
                    .iter()
                    .filter(shown)
                    .for_each(|difference| noise.weigh(difference));
            }
        })?;
    }
    Ok((!interrupt.came()).then_some(noise))
}

/// Adds a proposal to what the next pass compares by.
fn apply(proposal: &Proposal, request: &mut ReconcileRequest) {
    for side in request.sides.all_mut() {
        let rules = &mut side.codec.rules;
        match &proposal.rule {
            Rule::Ignore => {
                // What is left out has no other rule.
                rules.unordered.retain(|path| *path != proposal.path);
                rules.ignore.push(proposal.path.clone());
            }
            Rule::Relative(_) => rules.tolerant.push(proposal.path.clone()),
            Rule::Unordered => rules.unordered.push(proposal.path.clone()),
        }
    }
    if let Rule::Relative(share) = &proposal.rule {
        let tolerance = crate::engine::Tolerance::Relative(propose::fraction(share));
        request.engine.tolerances.push(tolerance);
    }
}
