//! One seed, one run: a world, a machine with faults, and what it left in the database.

use std::sync::{Arc, Mutex, OnceLock};

use crosscheck::app::worker::State;
use crosscheck::config::{Config, Contract, Profile, Purpose, Start as Begin};
use crosscheck::edge::store::{Read, ReleaseRow, Span, Stored};
use crosscheck::engine::Checkpoint;
use crosscheck::model::{Inconclusive, Side};

use super::clock::SimTime;
use super::database::Simulated;
use super::faults::Rates;
use super::outside::{Nature, Weather, name_of};
use super::scheduler::Scheduler;
use super::topic::name_of_id;
use super::trace::Trace;
use super::world::World;
use super::world::log::Kind;
use super::world::plan::Start;
use super::world::rng::Rng;
use super::world::sometimes::Sometimes;

const CONFIG: &str = r#"
release: {name: simulated}
clusters:
  orders: {brokers: ["simulated:9092"]}
  orders.canary: {brokers: ["simulated:9092"]}
registries:
  orders: {url: "https://simulated:8081"}
  orders.canary: {url: "https://simulated:8081"}
streams:
  - name: orders
    baseline: {topic: orders, cluster: orders, registry: orders}
    canary: {topic: orders.canary, cluster: orders.canary, registry: orders.canary}
    identity: {parts: [{field: id}]}
    event_time: {field: created_at}
"#;

/// What was committed with a checkpoint.
pub struct Committed {
    pub at_ms: i64,
    pub epoch: i64,
    pub checkpoint: Checkpoint,
    pub state: State,
}

/// What a run left behind.
pub struct Ran {
    pub world: Arc<World>,
    /// Every checkpoint that was ever committed, in order: the stored inputs stand in them.
    pub committed: Vec<Committed>,
    /// What is stored at the end.
    pub stored: Option<Stored>,
    pub releases: Vec<ReleaseRow>,
    pub reached: Sometimes,
    pub trace: u64,
    /// What must never happen, and did.
    pub broken: Vec<String>,
    /// `release close` was asked for.
    pub closed: bool,
    /// A closed release was stored whole.
    pub complete: bool,
    pub ended_at_ms: i64,
}

impl Ran {
    /// Which life of a topic was read: the one whose id is stored, else the one when something was stored first.
    pub fn life(&self, side: Side) -> usize {
        let lives = &self.world.topic(side).lives;
        let id = self
            .committed
            .last()
            .and_then(|last| last.state.topic_ids.get(side).as_ref());
        let named = id.and_then(|id| lives.iter().position(|life| name_of_id(life.id) == *id));
        let first_ms = self.committed.first().map_or(i64::MIN, |first| first.at_ms);
        let then = || lives.iter().rposition(|life| life.from_ms <= first_ms);
        named.or_else(then).unwrap_or(0)
    }

    /// Whether a partition is read as it is after it lost its end: a run that noticed is over.
    pub fn after_the_cut(&self, side: Side, partition: u32) -> bool {
        let life = &self.world.topic(side).lives[self.life(side)];
        let cut = &life.partitions[partition as usize].cut;
        let noticed = self.is_over_early();
        let first_ms = self.committed.first().map_or(i64::MIN, |first| first.at_ms);
        let until_ms = if noticed { first_ms } else { self.ended_at_ms };
        cut.as_ref().is_some_and(|cut| cut.at_ms <= until_ms)
    }

    /// Records of both logs.
    pub fn records(&self) -> u64 {
        let partitions = Side::PAIR.into_iter().flat_map(|side| &self.world.topic(side).lives);
        let slots = partitions
            .flat_map(|life| &life.partitions)
            .flat_map(|partition| &partition.slots);
        slots.filter(|slot| matches!(slot.kind, Kind::Record(_))).count() as u64
    }

    /// What of the logs' own trouble it met, and how it ended.
    pub fn met(&self) -> String {
        let names = ["met: expired", "met: truncated", "met: recreated", "met: repartitioned"];
        let met = names.map(|name| format!("{name} {}", self.reached.get(name)));
        format!("{}; closed {}, complete {}", met.join(", "), self.closed, self.complete)
    }

    /// Prints what there is to know.
    pub fn tell(&self) {
        println!("{:?}\n{:?}", self.world.settings, self.world.plan);
        println!(
            "begins {}, close {:?}, quiet {}, start {:?}",
            self.world.begins_at_ms, self.world.close_at_ms, self.world.quiet_at_ms, self.world.start
        );
        for committed in &self.committed {
            let Committed {
                at_ms,
                epoch,
                checkpoint,
                state,
            } = committed;
            println!(
                "{at_ms} epoch {epoch}: frontier {:?}, closing {}, ends {:?}",
                checkpoint.frontier_ms, checkpoint.closing, state.ends
            );
            for partition in &checkpoint.partitions {
                println!("    {partition:?}");
            }
        }
        for side in Side::PAIR {
            for partition in &self.world.topic(side).lives[self.life(side)].partitions {
                println!(
                    "{side} {}: {} slots, opens {:?}, lows {:?}",
                    partition.id,
                    partition.slots.len(),
                    partition.opens.len(),
                    partition.lows
                );
            }
        }
    }

    /// What was read was another log later, while nobody looked: no reader of ours can know, and none of ours can tell which of
    /// the two was read.
    pub fn is_unknowable(&self) -> bool {
        !self.is_over_early() && self.reached.get("read what will be cut") > 0
            || self.reached.get("read two topics of one name") > 0
    }

    /// It is stored that a log did not keep what it had; or a reader that stores nothing any more saw a log cut, which its
    /// heir has read on.
    pub fn met_trouble(&self) -> bool {
        let told = |committed: &Committed| !committed.state.incidents.is_empty();
        self.reached.get("met: truncated") > 0 || self.committed.last().is_some_and(told)
    }

    /// All that was met is what retention took.
    pub fn is_only_expired(&self) -> bool {
        let incidents = self.committed.last().map(|last| &last.state.incidents);
        let expired = |(kind, ..): &(Inconclusive, Side, String)| *kind == Inconclusive::Expired;
        !self.is_over_early() && !self.is_unknowable() && incidents.is_some_and(|all| all.iter().all(expired))
    }

    /// The logs themselves ended the run: nothing more becomes final.
    pub fn is_over_early(&self) -> bool {
        let over = |kind: &Inconclusive| matches!(kind, Inconclusive::Truncated | Inconclusive::Recreated);
        let last = self.committed.last();
        // A reader that waits for a topic that is no more may end before anybody asks for the id.
        let waits = self.reached.get("met: recreated") > 0 && !self.complete;
        let told = last.is_some_and(|last| last.state.incidents.iter().any(|(kind, ..)| over(kind)));
        self.reached.get("met: truncated") > 0 || waits || told
    }
}

/// Runs a seed. `told` prints what happens.
pub fn run(seed: u64, told: bool) -> Ran {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(drive(seed, told))
}

async fn drive(seed: u64, told: bool) -> Ran {
    // What the machine does must not move what the logs hold.
    let mut rng = Rng::new(seed ^ 0x6d61_6368_696e_6500);
    let world = Arc::new(World::new(seed));
    let config = config(&world);
    let time = SimTime::new(world.begins_at_ms);
    let close_at_ms = world
        .close_at_ms
        .or_else(|| rng.chance(0.8).then_some(world.quiet_at_ms));
    let nature = Arc::new(Nature {
        world,
        time,
        weather: Weather::default(),
        settled_at_once: [u64::MAX, 1, 4, 30][usize::try_from(seed % 4).unwrap()],
        rng: Mutex::new(rng.fork()),
        reached: Mutex::default(),
    });
    for its in [nature.world.plan.sides.baseline, nature.world.plan.sides.canary] {
        if its.disorder_ms > 0 {
            nature.reached("out of order");
        }
        if its.skew_ms != 0 || its.offset_ms != 0 {
            nature.reached("skewed clocks");
        }
    }
    let database = Simulated::default();
    let committed = watch(&database, nature.time.clone());
    let operator = database.connect().store();
    let mut scheduler = Scheduler {
        nature: nature.clone(),
        database: database.clone(),
        config: Arc::new(config),
        starts: 0,
        rates: Rates::new(&mut rng),
        rng,
        trace: Trace::new(told),
        slots: [None, None],
        operator,
        close_at_ms,
        closed: false,
        broken: Vec::new(),
        complete: false,
    };
    database.set_clock(nature.time.now_ms());
    scheduler.database_faults();
    scheduler.run().await;
    // The newest comes first. A worker that starts once the release is closed begins another generation: that is none of ours.
    let releases = scheduler.operator.releases(None).await.unwrap();
    let stored = match releases.last() {
        Some(row) => {
            let read = Read {
                generation: row.id.clone(),
                stream: None,
                windows: Span::ALL,
                findings_max: i64::MAX,
                inputs: Span::ALL,
            };
            Some(scheduler.operator.read(read).await.unwrap())
        }
        None => None,
    };
    for slot in &mut scheduler.slots {
        if let Some(process) = slot.take() {
            process.kill();
        }
    }
    let Scheduler {
        trace,
        broken,
        closed,
        complete,
        ..
    } = scheduler;
    let mut reached = nature.reached.lock().unwrap().clone();
    for (name, times) in database.reached() {
        reached.times(name, times);
    }
    reached.add(&nature.world.injected);
    let committed = std::mem::take(&mut *committed.lock().unwrap());
    Ran {
        world: nature.world.clone(),
        ended_at_ms: nature.time.now_ms(),
        committed,
        stored,
        releases,
        reached,
        trace: trace.hash(),
        broken,
        closed,
        complete,
    }
}

/// Collects every checkpoint that is committed.
fn watch(database: &Simulated, time: Arc<SimTime>) -> Arc<Mutex<Vec<Committed>>> {
    let all: Arc<Mutex<Vec<Committed>>> = Arc::default();
    let to = all.clone();
    database.on_commit(move |row| {
        to.lock().unwrap().push(Committed {
            at_ms: time.now_ms(),
            epoch: row.lease.0,
            checkpoint: serde_json::from_str(row.checkpoint).unwrap(),
            state: serde_json::from_str(row.state.unwrap_or("{}")).unwrap(),
        });
    });
    all
}

/// The worker's config for a world.
pub fn config(world: &World) -> Config {
    static BASE: OnceLock<Config> = OnceLock::new();
    let base = BASE.get_or_init(|| {
        let variables = std::collections::BTreeMap::new();
        Config::parse("simulation", CONFIG, &variables, Purpose::WorkerOffline)
            .unwrap_or_else(|faults| panic!("{}", faults.lines().join("\n")))
    });
    let mut config = base.clone();
    config.release.start = match world.start {
        Start::Earliest => Begin::Earliest,
        Start::Now => Begin::Now,
        Start::Time(ms) => Begin::At(ms),
    };
    config.trust_key = Some("simulated".into());
    // Thirds: budgets that nothing here can prove, and such that a run of some hundred records can.
    let policy = &mut config.policy;
    (policy.min_pairs, policy.min_duration_ms) = (50, 20_000);
    policy.profile = if world.seed.is_multiple_of(2) {
        Profile::Independent
    } else {
        Profile::Bursty
    };
    let stream = &mut config.streams[0];
    if let Some(budget) = [None, Some(0.05), Some(0.3)][usize::try_from(world.seed / 2 % 3).unwrap()] {
        let budgets = &mut stream.budgets;
        (budgets.mismatched, budgets.missing, budgets.extra) = (budget, budget, budget);
        (budgets.duplicate, budgets.untimely) = (budget, budget);
    }
    stream.engine = world.settings.clone();
    stream.contract = Some(Contract::Subject {
        name: "orders-value".to_owned(),
        version: 1,
    });
    stream.limits.idle_ms = world.idle_ms;
    stream.limits.ahead_max_ms = world.ahead_max_ms;
    // Another baseline, at the baseline's cluster and registry.
    stream.sides.control = world.settings.control.then(|| stream.sides.baseline.clone());
    for side in stream.sides.present() {
        let side = *side;
        let its = stream.sides.get_mut(side);
        its.codec = world.codec();
        its.topic = name_of(side).to_owned();
    }
    config
}
