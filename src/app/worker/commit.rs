//! What becomes final is read again for its findings, judged, and stored with the place to go on from: one transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::follow::Job;
use super::seat::{self, Seat, Stored};
use super::state::{State, UnknownSchema};
use crate::app::book::{Book, Fact};
use crate::app::clock::Clock;
use crate::app::decisions::{Decisions, failing};
use crate::app::findings::{Again, Rereader};
use crate::app::keyed::Key;
use crate::app::metrics::{Component, Metrics};
use crate::app::replay::inputs::Inputs;
use crate::app::sides;
use crate::app::world::World;
use crate::codec::{Field, Schema};
use crate::config::StreamSide;
use crate::edge::store::{Action, Command, Commit, ContractRow, FindingRow, Lease, Store, StoreError, VerdictRow};
use crate::engine::judge::Tally;
use crate::engine::{Checkpoint, FinalWindow, Settings, SettledBad};
use crate::model::{Sides, hex};

/// How a key's contract is told from a value's in the database.
const KEY: &str = "$key ";
/// How the one contract of every type is told from that of one type.
const SOLE: &str = "$sole ";

/// Everything that all streams of a release share.
pub struct Shared {
    /// The database.
    pub store: Store,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The streams before the judge.
    pub seats: Mutex<BTreeMap<String, Seat>>,
    /// The verdict that is stored.
    pub verdict: Mutex<Option<Stored>>,
    /// What people decided.
    pub decisions: Mutex<Decisions>,
    /// The clock.
    pub clock: Clock,
    /// Ends everything.
    pub shutdown: CancellationToken,
}

impl Shared {
    /// What people decided, as it is known now.
    #[must_use]
    pub fn decisions(&self) -> Decisions {
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Stores what one stream finds.
pub struct Committer {
    /// What all streams share.
    pub shared: Arc<Shared>,
    /// The stream's name.
    pub stream: String,
    /// Our right to write.
    pub lease: Lease,
    /// Reads records again.
    pub rereader: Mutex<Rereader>,
    /// What is known of schemas; its contracts are frozen with the generation.
    pub book: Book,
    /// Contracts that are stored already.
    pub contracts: usize,
    /// Facts of the book whose schemas are stored already.
    pub facts: usize,
    /// Key of the identities' hashes.
    pub key: Key,
    /// The last checkpoint.
    pub checkpoint: Checkpoint,
    /// The last state.
    pub state: State,
    /// Where records are read again, of topics too that a pattern comes to.
    pub world: Arc<dyn World>,
    /// What the stream's sides are.
    pub sides: Sides<StreamSide>,
    /// How they are compared.
    pub settings: Settings,
}

/// How a committer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Stopped,
    /// A closed release was read to its ends and is stored whole.
    Complete,
}

impl Committer {
    /// Stores until the thread ends or everything is stored.
    ///
    /// # Errors
    /// Another worker has the lease, or results that contradict those that are stored.
    pub async fn run(mut self, mut jobs: mpsc::Receiver<Job>) -> Result<Ended> {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let ended = loop {
            tokio::select! {
                biased;
                job = jobs.recv() => match job {
                    Some(job) => if self.handle(job).await? {
                        break Ended::Complete;
                    },
                    None => break Ended::Stopped,
                },
                _ = tick.tick() => self.tick().await?,
            }
        };
        if ended == Ended::Stopped {
            self.shared
                .store
                .release(self.lease)
                .await
                .context("give the lease back")?;
        }
        Ok(ended)
    }

    /// Stores what a job brings. True once a closed release is stored whole.
    ///
    /// # Errors
    /// As [`Committer::run`].
    pub async fn handle(&mut self, job: Job) -> Result<bool> {
        may_panic!("committer");
        let complete = matches!(job, Job::Complete);
        match job {
            Job::Final(found) => self.store_windows(*found).await?,
            Job::Closing { checkpoint, ends } => {
                self.checkpoint = *checkpoint;
                self.state.ends = Some(ends);
                self.commit(&[], &[], &[], None, true).await?;
            }
            Job::Complete => self.commit(&[], &[], &[], None, true).await?,
        }
        Ok(complete)
    }

    /// Stores the verdict where it changed though no window became final: time went on, or something stands in its way.
    ///
    /// # Errors
    /// As [`Committer::run`].
    pub async fn tick(&mut self) -> Result<()> {
        self.commit(&[], &[], &[], None, false).await
    }

    async fn store_windows(&mut self, found: crate::engine::Final) -> Result<()> {
        let crate::engine::Final {
            windows,
            bad,
            checkpoint,
            inputs,
            shared: _,
        } = found;
        self.meet_topics();
        let findings = self.findings(&windows).await?;
        self.look_at_noise(&windows).await?;
        self.checkpoint = checkpoint;
        // What is learnt meanwhile is told again by the next commit.
        let facts = self.book.since(0).len();
        let inputs = inputs.map(|inputs| Inputs::json(inputs, &self.book, self.facts));
        let inputs = inputs.transpose()?;
        self.commit(&windows, &bad, &findings, inputs.as_deref(), true).await?;
        if inputs.is_some() {
            self.facts = facts;
        }
        self.show(&windows, &findings);
        Ok(())
    }

    /// Topics that a pattern came to since: what is told of them was told before any window or checkpoint that has them.
    fn meet_topics(&mut self) {
        let view = self.with_seat(|seat| seat.status.get()).unwrap_or_default();
        for &side in self.sides.present() {
            let (own, known) = (&view.topics.get(side).own, self.state.topics.get_mut(side));
            // A side that has one topic, or nothing new.
            if known.is_empty() || own.len() <= known.len() {
                continue;
            }
            known.clone_from(own);
            let again = Again::Kafka(sides::again(&*self.world, self.sides.get(side), own));
            let rereader = self.rereader.get_mut().unwrap_or_else(PoisonError::into_inner);
            rereader.set_again(side, again);
        }
    }

    /// One transaction: until it is done, or never ours to do. `always` commits even where no verdict changed.
    async fn commit(
        &mut self,
        windows: &[FinalWindow],
        bad: &[SettledBad],
        findings: &[FindingRow],
        inputs: Option<&str>,
        always: bool,
    ) -> Result<()> {
        let (verdict, changed, tally) = self.judge(windows, bad, findings);
        if !changed && !always {
            return Ok(());
        }
        let row = if changed {
            let body = serde_json::to_string(&verdict).context("write the verdict")?;
            Some(VerdictRow {
                verdict: verdict.release.verdict,
                body,
            })
        } else {
            None
        };
        self.state.unknown = UnknownSchema::of(&self.book);
        if let Some(tally) = &tally {
            self.state.broken.clone_from(tally.broken());
        }
        // No checkpoint has a partition whose topic is not stored with it.
        self.meet_topics();
        let view = self.with_seat(|seat| seat.status.get()).unwrap_or_default();
        for &side in view.topic_ids.present() {
            let known = self.state.topic_ids.get_mut(side);
            if known.is_none() {
                known.clone_from(view.topic_ids.get(side));
            }
            for (at, id) in view.other_ids.get(side) {
                let known = self.state.other_ids.get_mut(side).entry(*at);
                known.or_insert_with(|| id.clone());
            }
        }
        if !mutant!(IncidentsForgotten) {
            self.state.incidents.extend(view.incidents.iter().cloned());
        }
        let state = serde_json::to_string(&self.state).context("write the state")?;
        let contracts = self.new_contracts();
        let commit = Commit {
            windows,
            bad,
            findings,
            contracts: &contracts,
            inputs,
            checkpoint: &self.checkpoint,
            state: Some(&state),
            verdict: row.as_ref(),
        };
        if mutant!(CheckpointFirst) {
            let (windows, bad, findings) = (&[], &[], &[]);
            self.persist(Commit {
                windows,
                bad,
                findings,
                ..commit
            })
            .await?;
        }
        self.persist(commit).await?;
        self.contracts += contracts.len();
        self.settle(verdict, tally, windows, findings, changed);
        Ok(())
    }

    /// Tries until the database does it: nothing is lost, and no offset moves meanwhile.
    async fn persist(&self, commit: Commit<'_>) -> Result<()> {
        let mut pause = Duration::from_millis(100);
        loop {
            match self.shared.store.commit(&self.lease, commit).await {
                Ok(()) => {
                    self.store_down(false);
                    return Ok(());
                }
                Err(error) if error.is_transient() => {
                    tracing::warn!(stream = self.stream, %error, "store results; it is tried again");
                    self.shared.metrics.store_error();
                    self.store_down(true);
                    if matches!(error, StoreError::Fenced { .. }) {
                        return Err(error.into());
                    }
                    tokio::select! {
                        biased;
                        () = tokio::time::sleep(pause) => {}
                        () = self.shared.shutdown.cancelled() => return Err(error.into()),
                    }
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                Err(error) => return Err(error).with_context(|| format!("store results of stream {}", self.stream)),
            }
        }
    }

    fn store_down(&self, down: bool) {
        self.shared.metrics.degraded(Component::Store, down);
        self.with_seat(|seat| seat.store_down = down);
    }

    pub(super) fn with_seat<T>(&self, f: impl FnOnce(&mut Seat) -> T) -> Option<T> {
        self.shared
            .seats
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(&self.stream)
            .map(f)
    }

    /// The verdict with these windows, with its sentences where it is another one; whether it is; and the tally that holds
    /// once they are stored.
    fn judge(
        &self,
        windows: &[FinalWindow],
        bad: &[SettledBad],
        findings: &[FindingRow],
    ) -> (Stored, bool, Option<Tally>) {
        let mut seats = self.shared.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let new = !windows.is_empty() || !bad.is_empty();
        let before = seats.get_mut(&self.stream).filter(|_| new).map(|seat| {
            let before = seat.tally.clone();
            let found = seat::found(findings);
            let (windows, bad) = (windows.iter().map(Into::into), bad.iter().map(Into::into));
            seat.tally.take(windows, bad, &found);
            before
        });
        let now_ms = self.shared.clock.wall_ms();
        let decisions = self.shared.decisions();
        let mut verdict = seat::outline(&seats, &decisions, now_ms);
        let changed = {
            let stored = self.shared.verdict.lock().unwrap_or_else(PoisonError::into_inner);
            stored.as_ref().is_none_or(|stored| stored.gist() != verdict.gist())
        };
        if changed {
            verdict = seat::judge(&seats, &decisions, now_ms);
        }
        // Not ours to show before it is stored.
        let after = seats
            .get_mut(&self.stream)
            .zip(before)
            .map(|(seat, before)| std::mem::replace(&mut seat.tally, before));
        (verdict, changed, after)
    }

    /// What is stored now may be shown.
    fn settle(
        &self,
        verdict: Stored,
        tally: Option<Tally>,
        windows: &[FinalWindow],
        findings: &[FindingRow],
        changed: bool,
    ) {
        let failed = failing(&verdict).filter(|(stream, _)| *stream == self.stream);
        let failed: Vec<String> = failed.map(|(_, check)| check).collect();
        self.with_seat(|seat| {
            if let Some(tally) = tally {
                seat.tally = tally;
            }
            windows.iter().for_each(|window| seat.counts.add(&window.counts));
            seat.latched.extend(failed);
            seat.keep(findings);
        });
        if changed {
            tracing::info!(
                verdict = verdict.release.verdict.as_str(),
                reason = verdict.release.sentence(),
                "verdict"
            );
            *self.shared.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
        }
    }

    fn show(&self, windows: &[FinalWindow], findings: &[FindingRow]) {
        let Some(metrics) = self.shared.metrics.stream(&self.stream) else {
            return;
        };
        windows.iter().for_each(|window| metrics.window(window));
        self.with_seat(|seat| metrics.evidence(&seat.tally));
        for row in findings {
            for field in &row.body.fields {
                metrics.field_mismatches(&field.path, 1);
            }
        }
    }

    /// Contracts that were chosen since the last commit.
    fn new_contracts(&self) -> Vec<ContractRow> {
        contract_rows(&self.stream, &self.book, self.contracts)
    }
}

/// The contracts of a book behind the first `known`, in the order in which they were chosen.
#[must_use]
pub fn contract_rows(stream: &str, book: &Book, known: usize) -> Vec<ContractRow> {
    let is_contract = |fact: &Fact| matches!(fact, Fact::Contract(..) | Fact::SoleContract(..));
    let row = |fact| {
        let (name, schema) = match fact {
            Fact::Contract(Field::Key, schema) => (format!("{KEY}{}", schema.name()), schema),
            Fact::Contract(Field::Value, schema) => (schema.name().to_owned(), schema),
            Fact::SoleContract(Field::Key, schema) => (format!("{SOLE}{KEY}{}", schema.name()), schema),
            Fact::SoleContract(Field::Value, schema) => (format!("{SOLE}{}", schema.name()), schema),
            Fact::Schema(..) | Fact::Unknown(..) => return None,
        };
        Some(ContractRow {
            stream: stream.to_owned(),
            type_name: name,
            contract: schema.json().to_owned(),
            digest: hex(&schema.digest()),
        })
    };
    let chosen = book.since(0).into_iter().filter(is_contract).skip(known);
    chosen.filter_map(row).collect()
}

/// The fact behind a stored contract.
///
/// # Errors
/// A schema that this binary cannot parse.
pub fn contract_fact(row: &ContractRow) -> Result<Fact> {
    let schema =
        Schema::restore(&row.contract).with_context(|| format!("parse the stored contract {}", row.type_name))?;
    let (sole, name) = row
        .type_name
        .strip_prefix(SOLE)
        .map_or((false, row.type_name.as_str()), |name| (true, name));
    let field = if name.starts_with(KEY) {
        Field::Key
    } else {
        Field::Value
    };
    Ok(if sole {
        Fact::SoleContract(field, schema)
    } else {
        Fact::Contract(field, schema)
    })
}

/// Says in the database that a closed release is stored whole.
///
/// # Errors
/// The database does not do it.
pub async fn finish(store: &Store, release: &str, generation: i64, actor: &str) -> Result<()> {
    let command = Command {
        release: release.to_owned(),
        generation: Some(generation),
        action: Action::Finish,
        reason: "read to the captured ends".to_owned(),
        actor: actor.to_owned(),
    };
    store.record(command).await.context("finish the generation")?;
    Ok(())
}
