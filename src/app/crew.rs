//! The crew that walks records: a thread for every core but one, and the thread that steps the engine, which walks too
//! while it would wait. What comes of a piece of work depends on the work and the book alone, and whoever gave it takes
//! the results in the order in which he gave: nothing shows how many hands there are.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use anyhow::Context;

use super::book::{self, Book};
use super::lane::keep_reasons;
use crate::codec::{self, Met, Progress, Reducer};
use crate::edge::files::{Chunk, FileError, Packed, Unpacked};
use crate::engine::Entry;
use crate::model::{Side, Sides};

/// Chunks that are cut from a block before the rest of it is work of its own.
const PIECES_MAX: usize = 8;

/// Inflated bytes of one log that wait to be cut; beyond, a block is inflated only when it is the next.
const HELD_MAX_BYTES: usize = 64 << 20;

/// Records, and what they were reduced to.
pub struct Piece {
    /// The records.
    pub chunk: Chunk,
    /// None where that must be done in its turn: something was not known yet, or they are not wanted.
    pub ready: Option<Ready>,
}

/// What records were reduced to.
pub struct Ready {
    /// One entry a record.
    pub entries: Vec<Entry>,
    /// The schemas that were met.
    pub met: Vec<Met>,
    /// How many facts of the book were known.
    pub facts: usize,
}

/// A log that gives work.
#[derive(Clone)]
pub struct Giver {
    /// Whose records.
    side: Side,
    /// Offsets that are wanted.
    span: Range<u64>,
    /// Inflated bytes of it that wait to be cut.
    held: Arc<AtomicUsize>,
}

impl Giver {
    /// Nothing was given yet.
    #[must_use]
    pub fn new(side: Side, span: Range<u64>) -> Self {
        let held = Arc::default();
        Self { side, span, held }
    }

    /// Counts what waits to be cut.
    pub fn hold(&self, block: Unpacked) -> Unpacked {
        self.held.fetch_add(block.held_bytes(), Ordering::Relaxed);
        block
    }
}

/// Some work.
pub enum Work {
    /// Read a block, inflate it, cut and reduce its records.
    Packed(Packed),
    /// Go on with a block that was inflated already.
    Rest(Unpacked),
    /// Reduce records that were read already.
    Chunk(Chunk),
}

/// What came of it.
pub enum Done {
    /// Pieces, in order, and a block that has more.
    Pieces(VecDeque<Piece>, Option<Unpacked>),
    /// Nothing: too much waits already.
    Later(Packed),
}

/// What will come of work that was given.
pub struct Promise(Receiver<Result<Done, FileError>>);

struct Job {
    giver: Giver,
    work: Work,
    done: SyncSender<Result<Done, FileError>>,
}

/// The crew. Its threads end with it.
pub struct Crew {
    shared: Arc<Shared>,
    own: Mutex<Tools>,
    threads: Vec<JoinHandle<()>>,
}

/// What one hand works with.
type Tools = Sides<book::Reader>;

#[derive(Default)]
struct Shared {
    jobs: Mutex<Jobs>,
    came: Condvar,
}

#[derive(Default)]
struct Jobs {
    queue: VecDeque<Job>,
    closed: bool,
}

impl Crew {
    /// A hand for every core that this process may use.
    #[must_use]
    pub fn of_this_machine(settings: Sides<codec::Settings>, book: &Book) -> Arc<Self> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self::of(cores, settings, book)
    }

    /// So many hands, the giver's among them.
    #[must_use]
    pub fn of(hands: usize, settings: Sides<codec::Settings>, book: &Book) -> Arc<Self> {
        let tools = || {
            let reader = |side: Side| {
                let reducer = Reducer::new(side, settings.get(side).clone());
                book::Reader::new(reducer, side, book.clone())
            };
            settings.each(reader)
        };
        let shared = Arc::<Shared>::default();
        let spawn = |number: usize| {
            let (shared, mut tools) = (shared.clone(), tools());
            let thread = std::thread::Builder::new().name(format!("walk-{number}"));
            // Where the system refuses a thread, fewer do the work.
            thread
                .spawn(move || {
                    while let Some(job) = shared.wait() {
                        job.run(&mut tools);
                    }
                })
                .ok()
        };
        Arc::new(Self {
            threads: (1..hands).map_while(spawn).collect(),
            own: Mutex::new(tools()),
            shared,
        })
    }

    /// How many hands there are.
    #[must_use]
    pub fn hands(&self) -> usize {
        self.threads.len() + 1
    }

    /// Gives work that is done after all that was given before.
    #[must_use]
    pub fn give(&self, giver: &Giver, work: Work) -> Promise {
        self.put(giver, work, VecDeque::push_back)
    }

    /// Gives work that is done first.
    #[must_use]
    pub fn give_first(&self, giver: &Giver, work: Work) -> Promise {
        self.put(giver, work, VecDeque::push_front)
    }

    fn put(&self, giver: &Giver, work: Work, push: fn(&mut VecDeque<Job>, Job)) -> Promise {
        let (done, promise) = sync_channel(1);
        let giver = giver.clone();
        push(&mut self.shared.lock().queue, Job { giver, work, done });
        self.shared.came.notify_one();
        Promise(promise)
    }

    /// Takes what came of work, and does other work until it is there.
    ///
    /// # Errors
    /// A hand died.
    pub fn take(&self, promise: &Promise) -> anyhow::Result<Result<Done, FileError>> {
        const DIED: &str = "walk records: a thread of the crew died";
        loop {
            match promise.0.try_recv() {
                Ok(done) => return Ok(done),
                Err(TryRecvError::Disconnected) => anyhow::bail!(DIED),
                Err(TryRecvError::Empty) => {}
            }
            let next = self.shared.lock().queue.pop_front();
            match next {
                Some(job) => job.run(&mut self.own.lock().unwrap_or_else(PoisonError::into_inner)),
                None => return promise.0.recv().context(DIED),
            }
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        let mut jobs = self.shared.lock();
        jobs.closed = true;
        jobs.queue.clear();
        drop(jobs);
        self.shared.came.notify_all();
        for thread in self.threads.drain(..) {
            // One that died was noticed by who waited for its work.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; `None` once the crew is sent home.
    fn wait(&self) -> Option<Job> {
        let mut jobs = self.lock();
        loop {
            if jobs.closed {
                return None;
            }
            if let Some(job) = jobs.queue.pop_front() {
                return Some(job);
            }
            jobs = self.came.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Job {
    fn run(self, tools: &mut Tools) {
        let Self { giver, work, done } = self;
        let tools = tools.get_mut(giver.side);
        let result = match work {
            Work::Packed(packed) if giver.held.load(Ordering::Relaxed) > HELD_MAX_BYTES => Ok(Done::Later(packed)),
            Work::Packed(packed) => packed.unpack().map(|block| cut(&giver, block, tools)),
            Work::Rest(block) => {
                giver.held.fetch_sub(block.held_bytes(), Ordering::Relaxed);
                Ok(cut(&giver, block, tools))
            }
            Work::Chunk(chunk) => {
                let ready = reduce(&giver, &chunk, tools);
                Ok(Done::Pieces(VecDeque::from([Piece { chunk, ready }]), None))
            }
        };
        // Nobody waits any more where the run is over.
        let _ = done.send(result);
    }
}

fn cut(giver: &Giver, mut block: Unpacked, tools: &mut book::Reader) -> Done {
    let mut pieces = VecDeque::new();
    let mut chunk = Chunk::default();
    while pieces.len() < PIECES_MAX && block.next(&mut chunk) {
        let ready = reduce(giver, &chunk, tools);
        let chunk = std::mem::take(&mut chunk);
        pieces.push_back(Piece { chunk, ready });
    }
    let rest = (!block.is_empty()).then(|| giver.hold(block));
    Done::Pieces(pieces, rest)
}

fn reduce(giver: &Giver, chunk: &Chunk, tools: &mut book::Reader) -> Option<Ready> {
    let batch = &chunk.batch;
    if !batch.records.iter().all(|record| giver.span.contains(&record.offset)) {
        return None;
    }
    let mut entries = Vec::with_capacity(batch.records.len());
    let reducer = tools.reducer();
    let progress = reducer.reduce(batch, 0, &mut entries);
    let met = reducer.take_uses();
    let Progress::Done = progress else {
        return None;
    };
    keep_reasons(&mut entries, &chunk.undecodable);
    Some(Ready {
        entries,
        met,
        facts: tools.facts(),
    })
}
