//! What is assumed of bad records, and the settings of a check. Frozen in a generation.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Betting, HORIZON};

/// Settings that no statistics can be made of, or a state that is not one.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum Fault {
    /// Outside [0, 0.5].
    #[error("a budget of {0} is neither 0 nor between 1e-12 and 0.5")]
    Budget(f64),
    /// Outside [0, 1].
    #[error("a memory of {0} is not between 0 and 1")]
    Memory(f64),
    /// Below 1.
    #[error("a burst size of {0} is not 1 or more")]
    Burst(f64),
    /// A chance of error outside (0, 0.5).
    #[error("a chance of error of {0} is not between 0 and 0.5")]
    Chance(f64),
    /// Shares that do not sum to one.
    #[error("the weights sum to {0}, not to 1")]
    Weights(f64),
    /// Noise that cannot be measured.
    #[error("the calibration is not one")]
    Calibration,
    /// As many counts as checks are needed.
    #[error("{got} counts for {checks} checks")]
    Shape {
        /// Checks of the clock.
        checks: usize,
        /// Counts given.
        got: usize,
    },
    /// Bytes of another format, or of other settings.
    #[error("the stored state of a check is not one of these settings")]
    State,
}

/// What is assumed of bad records.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// What counts as evidence of a regression.
    pub betting: Betting,
    /// Twice the size of the bursts that are to be expected (`D₀`): so many bad records count as one where a `pass` is asked for.
    pub burst: f64,
}

impl Profile {
    /// Bad records are independent of each other: fast. With bursts it fails healthy canaries.
    pub const INDEPENDENT: Profile = Profile {
        betting: Betting::Record,
        burst: 1.0,
    };
    /// Bad records come in bursts: the default.
    pub const BURSTY: Profile = Profile {
        betting: Betting::Window { memory: 0.3 },
        burst: 10.0,
    };

    pub(super) fn check(&self) -> Result<(), Fault> {
        self.betting.check()?;
        if self.burst >= 1.0 && self.burst.is_finite() {
            Ok(())
        } else {
            Err(Fault::Burst(self.burst))
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Profile::BURSTY
    }
}

/// How one check is judged, its budget apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckSettings {
    /// What is assumed.
    pub profile: Profile,
    /// Chance of a `pass` for a canary over its budget.
    pub beta: f64,
    /// Planned number of windows: ceil(longest duration / window).
    pub horizon: u64,
}

impl CheckSettings {
    pub(super) fn check(&self) -> Result<(), Fault> {
        self.profile.check()?;
        chance(self.beta)
    }
}

impl Default for CheckSettings {
    fn default() -> Self {
        CheckSettings {
            profile: Profile::default(),
            beta: 0.05,
            horizon: HORIZON,
        }
    }
}

pub(super) fn chance(value: f64) -> Result<(), Fault> {
    if value > 0.0 && value < 0.5 {
        Ok(())
    } else {
        Err(Fault::Chance(value))
    }
}
