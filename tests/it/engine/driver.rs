//! Runs an engine over a world: any interleaving, any batches, crashes, idle partitions.

use std::collections::BTreeMap;

use crosscheck::engine::{Checkpoint, Engine, FinalWindow, Input, Output, RateFrom, UnsharedBad};
use crosscheck::model::{BadCounts, Side};

use super::away::Buckets;
use super::world::{Rng, World};

/// Our clock: constant, so that the oracle knows it.
pub const READ_AT: i64 = 40;

/// How a run goes.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    pub batch: u64,
    /// Percent of the steps after which it crashes.
    pub crash: u64,
    /// Partitions are found at their ends for a while.
    pub idle: bool,
    /// Percent of the reads before which retention takes something.
    pub lose: u64,
    /// Percent of the steps after which everything in flight is put away.
    pub away: u64,
    /// Settles so many records at once at most; 0 is all.
    pub pace: u64,
    /// Percent of the reads of the control that find nothing.
    pub silent: u64,
    /// Windows wait for the control.
    pub awaits: bool,
    /// Another share of the identities is compared after a crash.
    pub resamples: bool,
}

impl Manner {
    /// One trouble in turn, by the seed: crashes, with idle partitions too, holes, work in pieces, and where that is allowed
    /// what is put away.
    /// In pieces of any size, with crashes between.
    pub fn broken(seed: u64) -> Manner {
        Manner {
            batch: 4,
            crash: 15,
            pace: 1 + seed % 5,
            ..Manner::default()
        }
    }

    pub fn in_turn(seed: u64, away: bool) -> Manner {
        let plain = Manner {
            batch: 4,
            ..Manner::default()
        };
        match seed % (4 + u64::from(away)) {
            0 => Manner { crash: 15, ..plain },
            1 => Manner {
                crash: 10,
                idle: true,
                ..plain
            },
            2 => Manner { lose: 6, ..plain },
            3 => Manner {
                pace: 1 + seed % 7,
                ..plain
            },
            _ => Manner { away: 8, ..plain },
        }
    }
}

/// Raises of the running maxima: (side, partition) -> (offset, value).
pub type Raises = BTreeMap<(Side, u32), Vec<(u64, i64)>>;

/// What retention took, in offset order: (side, partition) -> (from, to).
pub type Holes = BTreeMap<(Side, u32), Vec<(u64, u64)>>;

/// What was stored between two crashes, and the inputs that led to it.
#[derive(Debug, Default)]
pub struct Life {
    pub frontier: Option<i64>,
    pub resume: BTreeMap<(Side, u32), u64>,
    pub windows: Vec<FinalWindow>,
    pub raises: Raises,
    pub holes: Holes,
}

/// What a run stored.
#[derive(Debug, Default)]
pub struct Run {
    pub windows: Vec<FinalWindow>,
    /// The windows of each commit, and what they can be computed again from.
    pub inputs: Vec<(Vec<FinalWindow>, Checkpoint)>,
    pub bad: BTreeMap<Option<i64>, BadCounts>,
    pub raises: Raises,
    pub holes: Holes,
    /// First offset of each log that retention has left.
    pub low: Vec<u64>,
    pub lives: Vec<Life>,
    pub evidence: (Option<i64>, Option<i64>),
    pub unshared: UnsharedBad,
    pub crashes: u32,
    pub wakes: u32,
    /// Records that were put away.
    pub away: usize,
    /// The rates of the sample, and since when.
    pub rates: Vec<RateFrom>,
    /// How often something was left to be settled later.
    pub worked: u32,
}

struct Runner<'a> {
    world: &'a World,
    engine: Engine,
    next: Vec<usize>,
    /// The first offset of each log that is still there.
    low: Vec<u64>,
    stored: Option<Checkpoint>,
    run: Run,
    /// The frontier when the engine began.
    engine_began: Option<i64>,
    resume: BTreeMap<(Side, u32), u64>,
    outputs: Vec<Output>,
    buckets: Buckets,
}

pub fn run(world: &World, rng: &mut Rng, manner: Manner) -> Run {
    let mut runner = Runner {
        world,
        engine: Engine::new(world.settings.clone()),
        next: vec![0; world.logs.len()],
        low: vec![0; world.logs.len()],
        stored: None,
        run: Run::default(),
        engine_began: None,
        resume: BTreeMap::new(),
        outputs: Vec::new(),
        buckets: Buckets::default(),
    };
    runner.declare(manner);
    runner.pace(rng, manner);
    let mut closed = false;
    while !runner.engine.is_complete() {
        runner.one(rng, manner);
        if world.close && !closed && rng.chance(10) {
            closed = true;
            runner.step(Input::Close);
        }
        if manner.crash > 0 && runner.run.crashes < 30 && rng.chance(manner.crash) {
            let rate = manner.resamples.then(|| rng.pick(&[0.2, 0.5, 0.8, 1.0]));
            runner.crash(manner, rate);
            runner.pace(rng, manner);
            closed = runner.stored.as_ref().is_some_and(|stored| stored.closing);
        }
        if world.close && !closed && runner.engine.partitions(Side::Baseline).iter().any(|log| log.completed) {
            closed = true;
            runner.step(Input::Close);
        }
        if rng.chance(manner.away) {
            runner.buckets.put_away(&mut runner.engine);
        }
    }
    if runner.engine.is_away() {
        runner.buckets.put_away(&mut runner.engine);
        runner.run.away = std::mem::take(&mut runner.buckets).settle(&mut runner.engine);
        runner.engine.come_back(&mut runner.outputs);
        runner.take();
    }
    runner.leave_idle_control();
    runner.end_life();
    runner.run.low.clone_from(&runner.low);
    runner.run.rates = runner.engine.rates().to_vec();
    runner.run.evidence = runner.engine.evidence_ms();
    runner.run.unshared = runner.engine.unshared_baseline();
    runner.run
}

impl Runner<'_> {
    fn declare(&mut self, manner: Manner) {
        if manner.awaits {
            self.engine.await_control();
        }
        for log in &self.world.logs {
            self.engine.declare(log.side, log.partition, log.from);
        }
    }

    fn pace(&mut self, rng: &mut Rng, manner: Manner) {
        if manner.pace > 0 {
            self.engine.pace(1 + rng.below(manner.pace));
        }
    }

    fn step(&mut self, input: Input<'_>) {
        self.engine.step(input, &mut self.outputs);
        self.take();
    }

    /// Takes what came out.
    fn take(&mut self) {
        self.engine.conservation().unwrap();
        for output in self.outputs.drain(..) {
            let Output::Final(last) = output else { continue };
            assert_eq!(last.inputs.is_some(), !last.windows.is_empty());
            if let Some(inputs) = last.inputs {
                self.run.inputs.push((last.windows.clone(), inputs));
            }
            for window in last.windows {
                let newest = self.run.windows.last().map(|last| last.start_ms);
                assert!(
                    newest.is_none_or(|newest| newest < window.start_ms),
                    "a final window comes again"
                );
                self.run.windows.push(window);
            }
            for bad in last.bad {
                assert!(self.run.bad.insert(bad.start_ms, bad.counts).is_none(), "settled twice");
                assert!(self.run.windows.iter().any(|window| window.start_ms == bad.start_ms));
            }
            self.stored = Some(last.checkpoint);
        }
    }

    /// One read of one partition.
    fn one(&mut self, rng: &mut Rng, manner: Manner) {
        if manner.pace > 0 && self.engine.has_work() && rng.chance(50) {
            self.run.worked += 1;
            self.engine.work(&mut self.outputs);
            return self.take();
        }
        let world = self.world;
        let at = usize::try_from(rng.below(world.logs.len() as u64)).unwrap();
        let log = &world.logs[at];
        let (side, partition) = (log.side, log.partition);
        let view = self.view(at);
        if view.completed || (side == Side::Control && rng.chance(manner.silent)) {
            return;
        }
        if self.next[at] < log.entries.len() && rng.chance(manner.lose) {
            let lost = self.next[at] + usize::try_from(rng.below(4)).unwrap();
            let low = log
                .entries
                .get(lost)
                .map_or(log.end, |entry| entry.offset + rng.below(2));
            self.low[at] = self.low[at].max(low);
        }
        if view.position < self.low[at] {
            return self.lose(at, view);
        }
        let next = self.next[at];
        if manner.idle && log.pauses.contains(&next) && rng.chance(60) {
            let position = log.entries[next].offset;
            self.step(Input::Reached {
                side,
                partition,
                position,
            });
            let last_stable = position - u64::from(rng.chance(10) && position > 0);
            if last_stable < position && view.idle_since_ms.is_some() {
                self.raised(at, position);
            }
            self.step(Input::Quiet {
                side,
                partition,
                high_watermark: position,
                last_stable,
                since_ms: 7,
            });
            return;
        }
        if next == log.entries.len() {
            if world.close && !self.engine.checkpoint().closing {
                return self.close();
            }
            self.step(Input::Reached {
                side,
                partition,
                position: log.end,
            });
            let mut logs = world.logs.iter();
            if view.idle_since_ms.is_some() && logs.any(|log| log.side == side && log.partition >= 1 << 31) {
                self.raised(at, log.end);
            }
            return self.step(Input::Completed { side, partition });
        }
        let mut end = (next + 1 + usize::try_from(rng.below(manner.batch.max(1))).unwrap()).min(log.entries.len());
        if let Some(pause) = log.pauses.iter().find(|pause| manner.idle && **pause > next) {
            end = end.min(*pause);
        }
        if view.idle_since_ms.is_some() {
            self.raised(at, log.entries[next].offset);
        }
        // Now and then some records are read twice.
        let start = if rng.chance(10) { next.saturating_sub(2) } else { next };
        self.next[at] = end;
        self.step(Input::Records {
            side,
            partition,
            entries: &log.entries[start..end],
            read_at_ms: READ_AT,
        });
        let (read, gaps) = (self.view(at).read, self.view(at).gaps);
        assert_eq!(self.view(at).position - log.from, read + gaps);
    }

    /// The reader stands where retention took something.
    fn lose(&mut self, at: usize, view: crosscheck::engine::PartitionView) {
        let log = &self.world.logs[at];
        let (side, partition, from, to) = (log.side, log.partition, view.position, self.low[at]);
        if view.idle_since_ms.is_some() {
            self.raised(at, from);
        }
        self.next[at] = log.entries.partition_point(|entry| entry.offset < to);
        self.run.holes.entry((side, partition)).or_default().push((from, to));
        self.step(Input::Lost {
            side,
            partition,
            from,
            to,
        });
    }

    fn end_life(&mut self) {
        let known = self.run.lives.iter().map(|life| life.windows.len()).sum();
        let frontier = self.engine_began;
        self.run.lives.push(Life {
            frontier,
            resume: self.resume.clone(),
            windows: self.run.windows[known..].to_vec(),
            raises: self.run.raises.clone(),
            holes: self.run.holes.clone(),
        });
    }

    /// The running maximum of an idle partition follows the watermark up to this offset.
    fn raised(&mut self, at: usize, offset: u64) {
        let (log, settings) = (&self.world.logs[at], &self.world.settings);
        let watermark = self.engine.watermark_ms().filter(|watermark| *watermark != i64::MAX);
        if let Some((watermark, lateness)) = watermark
            .zip(settings.lateness_ms)
            .filter(|_| settings.window_ms.is_some())
        {
            self.run
                .raises
                .entry((log.side, log.partition))
                .or_default()
                .push((offset, watermark + lateness));
            self.run.wakes += 1;
        }
    }

    /// Nobody waits for a control: what it would have shown where it was idle to the end came too late.
    fn leave_idle_control(&mut self) {
        for at in 0..self.world.logs.len() {
            let (log, view) = (&self.world.logs[at], self.view(at));
            if log.side == Side::Control && view.idle_since_ms.is_some() && !view.completed {
                let raises = self.run.raises.entry((log.side, log.partition)).or_default();
                raises.push((view.position, i64::MAX / 4));
            }
        }
    }

    fn close(&mut self) {
        self.step(Input::Close);
    }

    fn view(&self, at: usize) -> crosscheck::engine::PartitionView {
        let log = &self.world.logs[at];
        self.engine
            .partitions(log.side)
            .into_iter()
            .find(|view| view.partition == log.partition)
            .unwrap()
    }

    fn crash(&mut self, manner: Manner, rate: Option<f64>) {
        self.run.crashes += 1;
        for at in 0..self.world.logs.len() {
            let view = self.view(at);
            if view.idle_since_ms.is_some() && !view.completed {
                self.raised(at, view.position);
            }
        }
        self.end_life();
        let mut settings = self.world.settings.clone();
        settings.sample.rate = rate.unwrap_or(settings.sample.rate);
        let Some(stored) = &self.stored else {
            self.run.holes.clear();
            self.engine = Engine::new(settings);
            self.next.fill(0);
            self.run.raises.clear();
            return self.declare(manner);
        };
        let stored: Checkpoint = serde_json::from_str(&serde_json::to_string(stored).unwrap()).unwrap();
        for (at, log) in self.world.logs.iter().enumerate() {
            let mine = |part: &&crosscheck::engine::PartitionCheckpoint| {
                part.side == Some(log.side) && part.partition == log.partition
            };
            let part = stored.partitions.iter().find(mine).unwrap();
            self.next[at] = log.entries.partition_point(|entry| entry.offset < part.resume);
            let raises = self.run.raises.entry((log.side, log.partition)).or_default();
            raises.retain(|(offset, _)| *offset < part.resume);
            raises.extend(&part.raised);
            self.resume.insert((log.side, log.partition), part.resume);
            let holes = self.run.holes.entry((log.side, log.partition)).or_default();
            holes.retain(|(from, _)| *from < part.resume);
        }
        self.engine_began = stored.frontier_ms;
        self.engine = Engine::resume(settings, stored);
        self.declare(manner);
    }
}
