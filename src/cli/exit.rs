//! Exit codes are an API.

use crate::model::Verdict;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// `pass`, or nothing found.
    Pass = 0,
    /// `fail`: differences beyond the budget, or found.
    Fail = 1,
    /// Trouble: usage, config, or our own world.
    Trouble = 2,
    /// `inconclusive`.
    Inconclusive = 3,
    /// Interrupted by SIGINT.
    Interrupted = 130,
}

impl Exit {
    /// The code of a verdict; `inconclusive` maps to what the caller asked for.
    #[must_use]
    pub fn of(verdict: Verdict, inconclusive: Option<InconclusiveAs>) -> Self {
        match (verdict, inconclusive) {
            (Verdict::Pass, _) | (Verdict::Inconclusive, Some(InconclusiveAs::Pass)) => Exit::Pass,
            (Verdict::Fail, _) | (Verdict::Inconclusive, Some(InconclusiveAs::Fail)) => Exit::Fail,
            (Verdict::Inconclusive, None) => Exit::Inconclusive,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        std::process::ExitCode::from(exit as u8)
    }
}

/// What `inconclusive` means to a caller that knows only two codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum InconclusiveAs {
    /// Exit 0.
    Pass,
    /// Exit 1.
    Fail,
}

#[cfg(test)]
mod tests {
    use super::{Exit, InconclusiveAs};
    use crate::model::Verdict;

    #[test]
    fn every_verdict_has_its_code() {
        for (verdict, inconclusive, code) in [
            (Verdict::Pass, None, 0),
            (Verdict::Fail, None, 1),
            (Verdict::Inconclusive, None, 3),
            (Verdict::Inconclusive, Some(InconclusiveAs::Pass), 0),
            (Verdict::Inconclusive, Some(InconclusiveAs::Fail), 1),
            (Verdict::Fail, Some(InconclusiveAs::Pass), 1),
            (Verdict::Pass, Some(InconclusiveAs::Fail), 0),
        ] {
            assert_eq!(
                Exit::of(verdict, inconclusive) as u8,
                code,
                "{verdict:?} {inconclusive:?}"
            );
        }
    }
}
