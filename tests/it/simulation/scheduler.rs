//! Picks the next thing that happens, by the seed: a turn, a step of the committer, a renewal, time, a fault.

use std::sync::Arc;
use std::time::Duration;

use crosscheck::app::worker::{self, Turn};
use crosscheck::config::Config;
use crosscheck::edge::store::{Action, Command, GenerationState, Store, StoreError};
use crosscheck::model::Side;

use super::database::{Fault, Simulated, Trouble, What};
use super::faults::Rates;
use super::outside::Nature;
use super::process::{Look, Process, Start};
use super::trace::Trace;
use super::world::plan::rate_of_start;
use super::world::rng::Rng;

/// Steps of mischief, at most.
const STEPS_MAX: u64 = 300;
/// Looks at a healthy machine before it is said that it never ends.
const CALM_MAX: u64 = 4_000;
/// Nothing moved for this long on a healthy machine: longer than any patience of ours.
const SETTLED_MS: i64 = 180_000;

pub struct Scheduler {
    pub nature: Arc<Nature>,
    pub database: Simulated,
    pub config: Arc<Config>,
    /// Processes so far.
    pub starts: u64,
    pub rng: Rng,
    pub rates: Rates,
    pub trace: Trace,
    /// The worker, and at times a second one.
    pub slots: [Option<Process>; 2],
    /// A healthy connection: the operator's.
    pub operator: Store,
    pub close_at_ms: Option<i64>,
    pub closed: bool,
    /// What must never happen, and did.
    pub broken: Vec<String>,
    /// The run is over.
    pub complete: bool,
}

impl Scheduler {
    fn reached(&self, name: &'static str) {
        self.nature.reached(name);
    }

    fn now_ms(&self) -> i64 {
        self.nature.time.now_ms()
    }

    fn note(&mut self, what: &str, numbers: &[i64]) {
        let now_ms = self.now_ms();
        self.trace.note(now_ms, what, numbers);
    }

    fn chance(&mut self, in_ten_thousand: u64) -> bool {
        in_ten_thousand > 0 && self.rng.below(10_000) < in_ten_thousand
    }

    fn start(&mut self, slot: usize) {
        self.starts += 1;
        let mut config = self.config.clone();
        let usual = config.streams[0].engine.sample.rate;
        let rate = rate_of_start(self.nature.world.seed, self.starts, usual);
        if rate.to_bits() != usual.to_bits() {
            self.reached("another rate of the sample");
            Arc::make_mut(&mut config).streams[0].engine.sample.rate = rate;
        }
        let start = Start {
            nature: self.nature.clone(),
            database: self.database.clone(),
            config,
            slow: self.rates.slow,
        };
        self.slots[slot] = Some(Process::start(&start));
        self.note("start", &[slot as i64]);
    }

    /// The whole run.
    pub async fn run(&mut self) {
        self.start(0);
        let quiet_ms = self.nature.world.quiet_at_ms.max(self.now_ms());
        let unit_ms = (quiet_ms - self.now_ms()) / 60 + 1;
        let mut steps = 0;
        while !self.complete && self.broken.is_empty() && steps < STEPS_MAX && self.now_ms() < quiet_ms {
            steps += 1;
            self.step(unit_ms).await;
        }
        self.heal();
        self.calm(quiet_ms).await;
    }

    async fn step(&mut self, unit_ms: i64) {
        self.weather();
        self.machine();
        let (first, times) = (self.rng.below(2), 1 + self.rng.below(2));
        for at in [first, 1 - first] {
            for _ in 0..times {
                self.turn(usize::try_from(at).unwrap());
            }
            let (renew, tick) = (self.chance(self.rates.renew), self.chance(self.rates.tick));
            if let Some(process) = &mut self.slots[usize::try_from(at).unwrap()] {
                if renew {
                    process.renew();
                }
                if tick {
                    process.tick();
                }
            }
        }
        self.close().await;
        let ms = match self.rng.below(4) {
            0 => 0,
            1 => 1 + self.rng.below(30).cast_signed(),
            2 => self.rng.between(0, unit_ms),
            _ => self.rng.between(unit_ms, 3 * unit_ms),
        };
        self.pass(ms).await;
        self.look().await;
    }

    /// Lets time pass, and whatever waits for it happen.
    async fn pass(&mut self, ms: i64) {
        if ms == 0 {
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
        } else {
            tokio::time::sleep(Duration::from_millis(ms.unsigned_abs())).await; // waits for simulated time
        }
        self.database.set_clock(self.now_ms());
    }

    /// A turn of the stream. True where something moved.
    fn turn(&mut self, slot: usize) -> bool {
        let Some(process) = &mut self.slots[slot] else {
            return false;
        };
        match process.turn() {
            Ok(None) => false,
            Ok(Some(turn)) => {
                let view = process
                    .follower()
                    .map(|follower| follower.stream().engine.watermark_ms());
                let watermark_ms = view.flatten().unwrap_or(0);
                self.note("turn", &[slot as i64, turn as i64, watermark_ms]);
                turn == Turn::Moved
            }
            Err(error) => {
                self.failed(slot, &error);
                true
            }
        }
    }

    /// Sees what became of everything that is under way.
    async fn look(&mut self) {
        let now_ms = self.now_ms();
        for slot in 0..2 {
            let Some(mut process) = self.slots[slot].take() else {
                continue;
            };
            if process.connection.is_silent() {
                self.note("killed at a call", &[slot as i64]);
                process.kill();
                continue;
            }
            if process.frozen_until_ms.is_some_and(|until_ms| until_ms <= now_ms) {
                process.freeze(None);
                self.note("goes on", &[slot as i64]);
            }
            match process.look().await {
                Look::Alive => self.slots[slot] = Some(process),
                Look::Ended => self.note("ended", &[slot as i64]),
                Look::Failed(error) => {
                    self.slots[slot] = Some(process);
                    self.failed(slot, &error);
                }
                Look::Complete(generation) => {
                    let id = generation.id;
                    self.note("complete", &[slot as i64]);
                    match worker::finish(&self.operator, &id.release, id.generation, "simulation").await {
                        Ok(()) => self.complete = true,
                        Err(error) => self.broken.push(format!("finish: {error:#}")),
                    }
                }
            }
        }
        if self.slots.iter().all(Option::is_none) && !self.complete && self.rng.chance(0.3) {
            self.start(0);
        }
    }

    /// A process that ended with an error: only some errors are the world's.
    fn failed(&mut self, slot: usize, error: &anyhow::Error) {
        let text = format!("{error:#}");
        self.note(&text, &[slot as i64]);
        let store = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>());
        let kafka = error.chain().any(|cause| {
            cause.is::<crosscheck::edge::kafka::KafkaError>() || cause.is::<crosscheck::edge::registry::RegistryError>()
        });
        let fenced = text.contains("fenced") || matches!(store, Some(StoreError::Fenced { .. }));
        let ours = match store {
            Some(error) => error.is_transient() || fenced || matches!(error, StoreError::Closed { .. }),
            // A registry that is away while a worker starts ends it, and so do brokers.
            None => fenced || kafka || text.contains("did not answer within"),
        };
        if fenced {
            self.reached("zombie fenced");
        }
        if !ours {
            self.broken.push(text);
        }
        if let Some(process) = self.slots[slot].take() {
            process.kill();
        }
    }

    /// Faults of the machine.
    fn machine(&mut self) {
        let now_ms = self.now_ms();
        for slot in 0..2 {
            if self.slots[slot].is_none() {
                continue;
            }
            if self.chance(self.rates.crash) {
                self.note("crash", &[slot as i64]);
                self.reached("crash");
                if let Some(process) = self.slots[slot].take() {
                    process.kill();
                }
            } else if self.chance(self.rates.pause) {
                let ms = 1 + self.rng.below(20_000).cast_signed();
                self.note("pause", &[slot as i64, ms]);
                if let Some(process) = self.slots[slot].as_mut().filter(|process| !process.is_frozen()) {
                    process.freeze(Some(now_ms + ms));
                    if ms > crosscheck::edge::store::LEASE_MS {
                        self.reached("pause longer than the lease");
                    }
                }
                // Somebody else takes over meanwhile, or waits.
                if self.slots[1 - slot].is_none() && self.rng.chance(0.7) {
                    self.start(1 - slot);
                    self.reached("second worker waits");
                }
            } else if self.chance(self.rates.restart) {
                self.terminate(slot, "restart");
            } else if self.chance(self.rates.reload) {
                self.reload();
                self.terminate(slot, "config reload");
            }
        }
        let beside = self.slots.iter().position(Option::is_none);
        if let Some(slot) = beside
            && self.chance(self.rates.second)
        {
            self.reached("second worker waits");
            self.start(slot);
        }
    }

    fn terminate(&mut self, slot: usize, why: &'static str) {
        self.note(why, &[slot as i64]);
        self.reached(why);
        if let Some(process) = self.slots[slot].as_mut().filter(|process| !process.is_frozen()) {
            process.terminate();
        }
    }

    /// Settings that are no part of the comparison.
    fn reload(&mut self) {
        let mut config = Config::clone(&self.config);
        let stream = &mut config.streams[0];
        stream.limits.ahead_max_ms += self.rng.between(0, 10_000);
        stream.limits.idle_ms = 1_000 + self.rng.between(0, 20_000);
        self.config = Arc::new(config);
    }

    fn weather(&mut self) {
        use std::sync::atomic::Ordering::Relaxed;
        for side in Side::PAIR {
            for (flags, rate) in [
                (&self.nature.weather.brokers_down, self.rates.brokers),
                (&self.nature.weather.registry_down, self.rates.registry),
            ] {
                let down = flags.get(side).load(Relaxed);
                // An outage ends sooner than the next one begins.
                let rate = if down { 2_000 } else { rate };
                if rate > 0 && self.rng.below(10_000) < rate {
                    flags.get(side).store(!down, Relaxed);
                }
            }
        }
        if self.rates.registry > 0 && self.rng.chance(0.02) {
            let ms = self.rng.pick(&[0, 0, 50, 2_000, 60_000]);
            self.nature.weather.registry_ms.store(ms, Relaxed);
        }
        if self.chance(self.rates.jump) {
            let ms = self.rng.pick(&[0, -3_600_000, -5_000, 5_000, 90_000]);
            self.note("jump", &[ms]);
            self.reached("wall clock jumps");
            self.nature.time.jump(ms);
        }
    }

    /// What the database does wrong from now on.
    pub fn database_faults(&mut self) {
        let Rates { database, silence, .. } = self.rates;
        if database == 0 && silence == 0 {
            return;
        }
        let mut rng = self.rng.fork();
        // The operator's is the first connection.
        let operator = 0;
        // A full disk, or a primary that became a standby, stays so for a while.
        let mut stays: Option<(Fault, u64)> = None;
        self.database.choose_faults(move |call| {
            if call.connection == operator {
                return None;
            }
            if let Some((fault, left)) = &mut stays {
                *left -= 1;
                let fault = *fault;
                if *left == 0 {
                    stays = None;
                }
                return Some(fault);
            }
            if silence > 0 && rng.below(30_000) < silence {
                return Some(rng.pick(&[Fault::Silence, Fault::SilenceAfter]));
            }
            let commits = call.what == What::Commit;
            let rate = if commits { database * 3 } else { database / 2 };
            if rate == 0 || rng.below(10_000) >= rate {
                return None;
            }
            if commits && rng.chance(0.5) {
                return Some(rng.pick(&[Fault::AnswerLost, Fault::Fails(Trouble::Lost)]));
            }
            let trouble = rng.pick(&Trouble::ALL);
            let fault = Fault::Fails(trouble);
            if matches!(
                trouble,
                Trouble::Full | Trouble::SqliteFull | Trouble::ReadOnly | Trouble::Shutdown
            ) {
                stays = Some((fault, 1 + rng.below(8)));
            }
            Some(fault)
        });
    }

    /// Closes the release when it is time; true where that was now.
    async fn close(&mut self) -> bool {
        if self.closed || self.close_at_ms.is_none_or(|at_ms| self.now_ms() < at_ms) {
            return false;
        }
        let Ok(rows) = self.operator.releases(None).await else {
            return false;
        };
        let Some(row) = rows.first().filter(|row| row.state == GenerationState::Open) else {
            return false;
        };
        let command = Command {
            release: row.id.release.clone(),
            generation: Some(row.id.generation),
            action: Action::Close,
            reason: "simulation".to_owned(),
            actor: "simulation".to_owned(),
        };
        if let Err(error) = self.operator.record(command).await {
            self.broken.push(format!("close: {error}"));
        }
        self.closed = true;
        self.note("close", &[]);
        self.reached("close");
        true
    }

    /// From now on everything works.
    fn heal(&mut self) {
        self.nature.weather.clear();
        self.nature.time.jump(0);
        self.database.choose_faults(|_| None);
        self.rates = Rates::default();
        for slot in 0..2 {
            if let Some(process) = self.slots[slot].as_mut().filter(|process| process.is_frozen()) {
                process.freeze(None);
            }
        }
        self.note("healed", &[]);
    }

    /// Goes on until all is read and stored, or nothing moves any more.
    async fn calm(&mut self, quiet_ms: i64) {
        let (mut looks, mut still_ms, mut pause_ms) = (0, 0, 20);
        while !self.complete && self.broken.is_empty() {
            looks += 1;
            if looks > CALM_MAX {
                self.broken.push("it never ends".to_owned());
            }
            let mut moved = false;
            for slot in 0..2 {
                for _ in 0..8 {
                    if !self.turn(slot) {
                        break;
                    }
                    moved = true;
                }
                if let Some(process) = &mut self.slots[slot] {
                    process.renew();
                    process.tick();
                }
            }
            if self.close().await {
                still_ms = 0;
            }
            self.pass(pause_ms).await;
            self.look().await;
            moved |= !self.slots.iter().flatten().any(Process::is_quiet);
            still_ms = if moved { 0 } else { still_ms + pause_ms };
            pause_ms = if moved { 20 } else { (pause_ms * 2).min(5_000) };
            let open = self.close_at_ms.is_some() && !self.closed;
            if still_ms > SETTLED_MS && self.now_ms() > quiet_ms && !open {
                return;
            }
        }
    }
}
