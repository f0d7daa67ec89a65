//! A registry in trouble is left alone for a moment: one question finds out whether it is back.

use std::time::Duration;

use tokio::time::Instant;

use super::RegistryError;

/// Answers in a row that say the registry is in trouble, before it is left alone.
const FAILURES_MAX: u32 = 5;
/// How long at first, and at most.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Counts failures.
#[derive(Default)]
pub(super) struct Breaker {
    failures: u32,
    pause: Duration,
    open: Option<(Instant, RegistryError)>,
}

impl Breaker {
    /// Whether a question may be asked now. After a pause exactly one may: the next pause begins with it.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), RegistryError> {
        match &mut self.open {
            Some((until, error)) if now < *until => Err(error.clone()),
            Some((until, _)) => {
                *until = now + self.pause;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// What came of a question. `jitter` is between 0 and 1: many workers do not come back at once.
    pub(super) fn note<T>(&mut self, now: Instant, outcome: &Result<T, RegistryError>, jitter: f64) {
        match outcome {
            Err(error) if error.passes() => {
                self.failures = self.failures.saturating_add(1);
                if self.failures >= FAILURES_MAX {
                    self.pause = (self.pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
                    let until = now + self.pause.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
                    self.open = Some((until, error.clone()));
                }
            }
            _ => *self = Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down() -> Result<(), RegistryError> {
        Err(RegistryError::Unavailable {
            registry: "r".to_owned(),
            status: 503,
            message: None,
        })
    }

    #[test]
    fn opens_lets_one_through_and_closes() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES_MAX {
            assert!(breaker.admit(at(0)).is_ok());
            breaker.note(at(0), &down(), 1.0);
        }
        assert_eq!(breaker.admit(at(999)), down());
        // One, and no second while it is on its way.
        assert!(breaker.admit(at(1_000)).is_ok());
        assert_eq!(breaker.admit(at(1_000)), down());
        breaker.note(at(1_000), &down(), 0.0);
        assert_eq!(breaker.admit(at(1_999)), down());
        assert!(breaker.admit(at(2_000)).is_ok());
        breaker.note(at(2_000), &Ok(()), 0.0);
        assert!(breaker.admit(at(2_000)).is_ok() && breaker.admit(at(2_000)).is_ok());
        // The pauses grow to a bound.
        for _ in 0..100 {
            breaker.note(at(3_000), &down(), 1.0);
        }
        assert_eq!(breaker.admit(at(12_999)), down());
        assert!(breaker.admit(at(13_000)).is_ok());
    }

    #[test]
    fn an_answer_that_stands_is_no_failure() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        let missing: Result<(), _> = Err(RegistryError::NotFound {
            registry: "r".to_owned(),
            what: "x".to_owned(),
        });
        for _ in 0..100 {
            breaker.note(now, &missing, 1.0);
        }
        assert!(breaker.admit(now).is_ok());
    }
}
