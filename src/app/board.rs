//! The board: what the worker last said about itself and its releases. Written by the loop, read by every request.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::metrics::Metrics;
use crate::edge::http::{Gate, Release, Source};
use crate::engine::judge::Judgement;
use crate::model::Inconclusive;

/// Our monotonic clock in milliseconds.
pub type Elapsed = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The loop's last words.
pub struct Board {
    metrics: Arc<Metrics>,
    elapsed_ms: Elapsed,
    stall_max_ms: i64,
    beat_ms: AtomicI64,
    lacks: RwLock<BTreeMap<String, String>>,
    releases: RwLock<BTreeMap<String, Release>>,
}

impl Board {
    /// A board of a loop that counts as dead once it has not beaten for `stall_max_ms`.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>, elapsed_ms: Elapsed, stall_max_ms: i64) -> Self {
        let beat_ms = AtomicI64::new(elapsed_ms());
        Board {
            metrics,
            elapsed_ms,
            stall_max_ms,
            beat_ms,
            lacks: RwLock::default(),
            releases: RwLock::default(),
        }
    }

    /// The loop went round.
    pub fn beat(&self) {
        self.beat_ms.store((self.elapsed_ms)(), Ordering::Relaxed);
    }

    /// Something that readiness needs is not there; `sentence` says what.
    pub fn lacks(&self, what: &str, sentence: &str) {
        write(&self.lacks, |lacks| lacks.insert(what.to_owned(), sentence.to_owned()));
    }

    /// It is there.
    pub fn has(&self, what: &str) {
        write(&self.lacks, |lacks| lacks.remove(what));
    }

    /// A release was judged, and what must pass before each of its stages. Without a new report the last one stays.
    pub fn judged(&self, name: &str, judgement: &Judgement, stages: &[(String, Judgement)], report: Option<Arc<str>>) {
        let mut release = Release {
            gate: gate(judgement),
            stages: stages
                .iter()
                .map(|(name, judgement)| (name.clone(), gate(judgement)))
                .collect(),
            report,
        };
        write(&self.releases, |releases| {
            if let Some(last) = releases.remove(name) {
                release.report = release.report.or(last.report);
            }
            releases.insert(name.to_owned(), release)
        });
    }
}

fn gate(judgement: &Judgement) -> Gate {
    let hold = |reason: &crate::engine::judge::Reason| reason.inconclusive == Some(Inconclusive::Hold);
    Gate {
        verdict: judgement.verdict,
        held: judgement.reasons.iter().any(hold),
        sentence: judgement.sentence(),
    }
}

fn write<T, U>(lock: &RwLock<T>, change: impl FnOnce(&mut T) -> U) -> U {
    change(&mut lock.write().unwrap_or_else(PoisonError::into_inner))
}

impl Source for Board {
    fn live(&self) -> Result<(), String> {
        let still_ms = (self.elapsed_ms)().saturating_sub(self.beat_ms.load(Ordering::Relaxed));
        if still_ms <= self.stall_max_ms {
            return Ok(());
        }
        Err(format!("the loop has made no progress for {} s", still_ms / 1_000))
    }

    fn ready(&self) -> Result<(), String> {
        let lacks = self.lacks.read().unwrap_or_else(PoisonError::into_inner);
        if lacks.is_empty() {
            return Ok(());
        }
        Err(lacks.values().cloned().collect::<Vec<_>>().join("; "))
    }

    fn metrics(&self) -> String {
        may_panic!("http");
        self.metrics.render()
    }

    fn release(&self, name: &str) -> Option<Release> {
        let releases = self.releases.read().unwrap_or_else(PoisonError::into_inner);
        releases.get(name).cloned()
    }
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Board").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::metrics::Settings;
    use crate::engine::judge::Reason;
    use crate::model::Verdict;

    fn board(clock: &Arc<AtomicI64>) -> Board {
        let settings = Settings {
            release: "r".to_owned(),
            generation: 1,
            config: String::new(),
            streams: Vec::new(),
        };
        let clock = Arc::clone(clock);
        let elapsed = Arc::new(move || clock.load(Ordering::Relaxed));
        Board::new(Arc::new(Metrics::new(&settings).unwrap()), elapsed, 30_000)
    }

    fn judgement(kind: Inconclusive) -> Judgement {
        let reason = Reason {
            stream: "orders".to_owned(),
            check: kind.as_str().to_owned(),
            inconclusive: Some(kind),
            text: "why".to_owned(),
        };
        Judgement {
            verdict: Verdict::Inconclusive,
            reasons: vec![reason],
        }
    }

    #[test]
    fn a_loop_that_stands_still_is_not_alive() {
        let clock = Arc::new(AtomicI64::new(1_000));
        let board = board(&clock);
        clock.store(31_000, Ordering::Relaxed);
        assert_eq!(board.live(), Ok(()));
        clock.store(32_000, Ordering::Relaxed);
        assert_eq!(board.live(), Err("the loop has made no progress for 31 s".to_owned()));
        board.beat();
        assert_eq!(board.live(), Ok(()));
    }

    #[test]
    fn ready_is_who_lacks_nothing() {
        let board = board(&Arc::default());
        assert_eq!(board.ready(), Ok(()));
        board.lacks("registry", "the registry does not answer");
        board.lacks("assignment", "partitions are not assigned yet");
        let sentence = "partitions are not assigned yet; the registry does not answer";
        assert_eq!(board.ready(), Err(sentence.to_owned()));
        board.has("assignment");
        board.has("registry");
        assert_eq!(board.ready(), Ok(()));
        assert!(board.metrics().contains("crosscheck_build_info"));
    }

    #[test]
    fn a_release_keeps_its_last_report() {
        let board = board(&Arc::default());
        assert_eq!(board.release("r"), None);
        board.judged("r", &judgement(Inconclusive::Evidence), &[], Some("{}".into()));
        board.judged("r", &judgement(Inconclusive::Hold), &[], None);
        let release = board.release("r").unwrap();
        assert_eq!(release.gate.sentence, "orders: why");
        assert!(release.gate.held && release.report.as_deref() == Some("{}"));
    }
}
