//! The pipelines: the one that makes orders, and the two that enrich them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::broker::Topic;
use super::enrich::{EnrichedCanary, Rounding, enrich};
use super::faults::{Fault, Faults};
use super::inlet::Inlet;
use super::orders::{Book, Order};
use super::schemas::{self, Registered};
use super::sender::{Partitioner, Places, Sender};
use super::stage::Stopped;
use crate::app::clock::Clock;
use crate::edge::registry::Registry;
use crate::model::PerSide;

/// How often orders are made.
const BEAT: Duration = Duration::from_millis(10);

/// How far the pipelines are.
#[derive(Debug, Default)]
pub struct Progress {
    /// Orders made.
    pub orders: AtomicU64,
    /// Orders that each pipeline is done with.
    pub done: PerSide<AtomicU64>,
    /// All orders, once all are made.
    pub all: OnceLock<u64>,
}

/// What the pipelines share.
#[derive(Clone)]
pub struct World {
    /// The brokers.
    pub brokers: String,
    /// The registry, as a client knows it.
    pub registry: Registry,
    /// For questions to the registry.
    pub handle: Handle,
    /// Ends everything.
    pub stop: CancellationToken,
}

/// Makes all orders, evenly over some time of our clock.
///
/// # Errors
/// The cluster does not take them, or the demo ends first.
pub fn make_orders(world: &World, book: Book, topic: &str, schema: &Registered, progress: &Progress) -> Result<()> {
    let sender = Sender::new(&world.brokers, topic, Partitioner::Murmur2)?;
    // A thousand a second, faster where there are many.
    let wall_ms = book.records.clamp(3_000, 20_000);
    let clock = Clock::start();
    let mut number = 0;
    while number < book.records {
        if world.stop.is_cancelled() {
            return Err(Stopped.into());
        }
        let elapsed = clock.elapsed_ms().unsigned_abs();
        let due = u128::from(book.records) * u128::from(elapsed) / u128::from(wall_ms);
        let due = u64::try_from(due).unwrap_or(u64::MAX).min(book.records);
        for number in number..due {
            let order = book.order(number);
            sender.send(&order.order_id, &schema.write(&order)?, None)?;
        }
        number = number.max(due);
        progress.orders.store(number, Ordering::Relaxed);
        std::thread::sleep(BEAT);
    }
    let (delivered, _) = sender.finish()?;
    // Nobody else sets it.
    let _ = progress.all.set(delivered);
    Ok(())
}

/// One enriching pipeline.
pub struct Pipeline<'a> {
    /// What it shares.
    pub world: &'a World,
    /// Where it reads.
    pub from: Topic,
    /// Where it writes.
    pub to: String,
    /// What it writes with.
    pub schema: &'a Registered,
    /// How its keys choose partitions.
    pub partitioner: Partitioner,
    /// Whether it is the canary.
    pub canary: bool,
    /// What goes wrong in the canary; the baseline remembers where it put the same orders.
    pub faults: Faults,
}

/// What a pipeline did.
#[derive(Debug, Default)]
pub struct Made {
    /// Records written.
    pub written: u64,
    /// What it did wrong, by the order's number. Nothing in the baseline.
    pub wrong: BTreeMap<u64, Fault>,
    /// Where the records of such orders are.
    pub places: Places,
}

impl Pipeline<'_> {
    /// Enriches every order.
    ///
    /// # Errors
    /// Our own world failing, or the demo ends first.
    pub fn run(self, progress: &Progress, done: &AtomicU64) -> Result<Made> {
        let mut known = BTreeMap::new();
        let mut inlet = Inlet::open(&self.world.brokers, &self.from)?;
        let sender = Sender::new(&self.world.brokers, &self.to, self.partitioner)?;
        let mut made = Made::default();
        let mut finished: u64 = 0;
        loop {
            if self.world.stop.is_cancelled() {
                return Err(Stopped.into());
            }
            inlet.take(|framed| self.decode(framed, &mut known))?;
            let all = progress.all.get().copied();
            while let Some(order) = inlet.next(all == Some(inlet.read)) {
                self.one(&order, &sender, &mut made)?;
                finished += 1;
            }
            done.store(finished, Ordering::Relaxed);
            if all == Some(finished) {
                break;
            }
        }
        (made.written, made.places) = sender.finish()?;
        Ok(made)
    }

    fn decode(&self, framed: &[u8], known: &mut BTreeMap<u32, Registered>) -> Result<(i64, Order)> {
        let id = schemas::id(framed)?;
        let schema = match known.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let World { registry, handle, .. } = self.world;
                let found = handle.block_on(registry.schema(id));
                let found = found.with_context(|| format!("load schema {id}"))?;
                unknown.insert(Registered::new(id, &found.json)?)
            }
        };
        let order: Order = schema.read(framed)?;
        Ok((order.created_at, order))
    }

    fn one(&self, order: &Order, sender: &Sender, made: &mut Made) -> Result<()> {
        let number = order.number().context("read the order's number")?;
        let fault = self.faults.of(number, order);
        let remember = fault.map(|_| number);
        let right = enrich(order, Rounding::Nearest);
        if !self.canary {
            return sender.send(&order.order_id, &self.schema.write(&right)?, remember);
        }
        let (sent, wrong, times) = match fault {
            Some(Fault::Misrounded) => {
                let sent = enrich(order, Rounding::Down);
                let wrong = sent.total_minor != right.total_minor;
                (sent, wrong, 1)
            }
            Some(Fault::Dropped) => (right, true, 0),
            Some(Fault::Twice) => (right, true, 2),
            None => (right, false, 1),
        };
        if let Some(fault) = fault.filter(|_| wrong) {
            made.wrong.insert(number, fault);
        }
        let value = self.schema.write(&EnrichedCanary::from(sent))?;
        for _ in 0..times {
            sender.send(&order.order_id, &value, remember)?;
        }
        Ok(())
    }
}
