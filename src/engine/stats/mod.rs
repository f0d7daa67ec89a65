//! Sequential statistics with a stated chance of error: the evidence behind a verdict. Pure arithmetic on counts.
//!
//! *A settled window gives each check a factor, the check's bank multiplies it up, the family of a stream puts the checks together,
//! and a proof in the other direction lets it pass.* The formulas are those of `docs/statistics.md`, named at each item.
//!
//! Reading order: [`EBank`] (the engine), [`Rate`] and [`SignTest`] (what it bets on), [`RateCheck`], [`DifferenceCheck`] and
//! [`ControlledCheck`] (one check), [`Family`] (a stream). [`Prior`] and [`Promotion`] are the interval and the proof for a `pass`. The rest explains.

mod autocorrelation;
mod bands;
mod bank;
mod check;
mod controlled;
mod counts;
mod difference;
pub mod distinct;
mod divergence;
mod draw;
mod family;
mod interval;
mod logspace;
mod multiple;
mod plan;
mod profile;
mod promotion;
mod rate;
mod reference;
mod report;
mod samples;
mod sampling;
mod sign;
mod special;
mod state;
mod stored;
mod tally;
mod weights;
mod witness;

pub use autocorrelation::{CALIBRATION_MIN, Calibration, Lag1};
pub use bands::{HllKind, dkw_lil, hll_rel_err};
pub use bank::{EBank, HORIZON};
pub use check::{INTERVAL_ALPHA, RateCheck};
pub use controlled::{ControlledCheck, NOISE_MAX};
pub use counts::Counts;
pub use difference::DifferenceCheck;
pub use divergence::Divergences;
pub use family::{Evidence, Failure, Family, FamilySettings, GroupEvidence, Member};
pub use interval::{Interval, Point, Prior, beta_binomial_log_mix};
pub use multiple::{average, bonferroni, e_bh, ln_average, shares};
pub use plan::{Plan, Times, least_budget};
pub use profile::{CheckSettings, Fault, Profile};
pub use promotion::{Promotion, divisor, n_promote_zero_bad};
pub use rate::{BUDGET_MAX, BUDGET_MIN, Betting, Rate};
pub use reference::{Sprt, clopper_pearson};
pub use report::Report;
pub use samples::SampleDistances;
pub use sampling::{key_sampling_detection, n_see_one};
pub use sign::{Direction, GAINS, SignTest, log_factors};
pub use state::FamilyState;
pub use tally::Tally;
pub use weights::{Clock, Kind, weights};
pub use witness::{Shape, Witness, shares as value_shares};
