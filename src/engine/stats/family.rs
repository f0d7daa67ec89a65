//! The checks of one stream together: when they fail it, and when they let it pass (`docs/statistics.md` sections 4 and 6).
//!
//! Rate checks on one clock are averaged by weight into one e-process, E_G = Σ (v_i/v_G) E_i; the stream fails when a group's
//! E_G >= 1/(α v_G), or the E_i >= 1/(α v_i) of a check with a control. Groups and those share α by their weights (union
//! bound), and α is the stream's share of the release's. So a stream within its budgets ever fails with probability at most α.

use super::check::RateCheck;
use super::controlled::ControlledCheck;
use super::counts::Counts;
use super::difference::DifferenceCheck;
use super::interval::Interval;
use super::multiple::ln_average;
use super::profile::Fault;
use super::rate::Betting;
use super::report::Report;
use super::state::FamilyState;
use super::tally::Tally;
use super::weights::Clock;

/// How the checks are put together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FamilySettings {
    /// The stream's chance of a wrong `fail`: 0 never fails by evidence.
    pub alpha: f64,
    /// Windows with records before evidence may fail it.
    pub windows_min: u64,
    /// Distinct bad identities before evidence may fail it.
    pub bad_min: u64,
}

impl FamilySettings {
    /// Those of a profile. By record, one window is proof enough; by window, a burst fills one.
    #[must_use]
    pub fn of(alpha: f64, betting: Betting) -> Self {
        let default = FamilySettings::default();
        let windows_min = if betting == Betting::Record {
            1
        } else {
            default.windows_min
        };
        FamilySettings {
            alpha,
            windows_min,
            ..default
        }
    }
}

impl Default for FamilySettings {
    fn default() -> Self {
        FamilySettings {
            alpha: 0.01,
            windows_min: 3,
            bad_min: 5,
        }
    }
}

/// One check, of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// Bad of all.
    Rate(RateCheck),
    /// Against a control.
    Difference(Box<DifferenceCheck>),
    /// Against a control, and against what noise may be at all.
    Controlled(Box<ControlledCheck>),
}

/// A check with its place in the family.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its share of α; 0 for a budget of 0.
    pub weight: f64,
    /// What its counts are settled by.
    pub clock: Clock,
    /// The check.
    pub evidence: Evidence,
}

/// Why a stream failed, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Start of the window that completed the proof.
    pub window_ms: i64,
    /// The check that weighs most in it.
    pub leading: usize,
}

/// What one clock has settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    pub last_ms: Option<i64>,
    pub windows: u64,
}

/// A group whose evidence is one number.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupEvidence {
    /// Its checks.
    pub members: Vec<usize>,
    /// ln of its evidence.
    pub ln_e: f64,
    /// ln of what fails the stream.
    pub ln_limit: f64,
}

impl GroupEvidence {
    /// log10 of its evidence.
    #[must_use]
    pub fn log10_e(&self) -> f64 {
        self.ln_e / std::f64::consts::LN_10
    }

    /// log10 of what fails the stream.
    #[must_use]
    pub fn log10_limit(&self) -> f64 {
        self.ln_limit / std::f64::consts::LN_10
    }
}

/// The checks of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    settings: FamilySettings,
    members: Vec<Member>,
    settled: [Settled; 2],
    failure: Option<Failure>,
}

impl Family {
    /// # Errors
    /// Where α is none, or the weights of budgets above 0 do not sum to 1.
    pub fn new(settings: FamilySettings, members: Vec<Member>) -> Result<Self, Fault> {
        if !(0.0..0.5).contains(&settings.alpha) {
            return Err(Fault::Chance(settings.alpha));
        }
        let sum: f64 = members.iter().map(|member| member.weight).sum();
        let any = members.iter().any(|member| member.evidence.budget() > 0.0);
        let fits = |member: &Member| member.weight >= 0.0 && (member.weight > 0.0) == (member.evidence.budget() > 0.0);
        if !members.iter().all(fits) || (any && (sum - 1.0).abs() > 1e-9) {
            return Err(Fault::Weights(sum));
        }
        Ok(Family {
            settings,
            members,
            settled: [Settled::default(); 2],
            failure: None,
        })
    }

    /// One settled window of a clock: the counts of its checks, in the order of the members. `distinct_bad` is the number of
    /// distinct bad identities of the stream so far. A window that was taken before, or lies before one, changes nothing.
    ///
    /// # Errors
    /// Where there are not as many counts as checks of the clock.
    pub fn settle(&mut self, clock: Clock, window_ms: i64, counts: &[Counts], distinct_bad: u64) -> Result<(), Fault> {
        let checks = self.members.iter().filter(|member| member.clock == clock).count();
        if counts.len() != checks {
            return Err(Fault::Shape {
                checks,
                got: counts.len(),
            });
        }
        let settled = &mut self.settled[clock as usize];
        if settled.last_ms.is_some_and(|last| window_ms <= last) {
            return Ok(());
        }
        settled.last_ms = Some(window_ms);
        settled.windows += u64::from(counts.iter().any(|counts| counts.of > 0));
        let members = self.members.iter_mut().filter(|member| member.clock == clock);
        for (member, counts) in members.zip(counts) {
            member.evidence.update(counts);
        }
        if self.failure.is_none() {
            self.failure = self.proof(distinct_bad).map(|leading| Failure { window_ms, leading });
        }
        Ok(())
    }

    /// The check that weighs most in what fails the stream now.
    fn proof(&self, distinct_bad: u64) -> Option<usize> {
        if let Some(broken) = self.members.iter().position(|member| member.evidence.is_broken()) {
            return Some(broken);
        }
        let FamilySettings {
            windows_min, bad_min, ..
        } = self.settings;
        let windows = |group: &GroupEvidence| {
            let clock = self.members[group.members[0]].clock;
            self.settled[clock as usize].windows
        };
        let proves = |group: &GroupEvidence| group.ln_e >= group.ln_limit && windows(group) >= windows_min;
        let group = self
            .groups()
            .into_iter()
            .find(proves)
            .filter(|_| distinct_bad >= bad_min)?;
        let part = |i: &usize| self.members[*i].weight.ln() + self.members[*i].evidence.ln_e();
        group.members.into_iter().max_by(|a, b| part(a).total_cmp(&part(b)))
    }

    /// The groups with their evidence and what would fail the stream. Not one where no budget is above 0.
    #[must_use]
    pub fn groups(&self) -> Vec<GroupEvidence> {
        let group = |members: Vec<usize>| {
            let parts = members
                .iter()
                .map(|i| (self.members[*i].weight, self.members[*i].evidence.ln_e()));
            let weight: f64 = parts.clone().map(|(weight, _)| weight).sum();
            GroupEvidence {
                ln_e: ln_average(parts),
                ln_limit: -(self.settings.alpha * weight).ln(),
                members,
            }
        };
        let rates = |clock| {
            let is = move |member: &Member| {
                member.clock == clock && member.weight > 0.0 && matches!(member.evidence, Evidence::Rate(_))
            };
            (0..self.members.len())
                .filter(|i| is(&self.members[*i]))
                .collect::<Vec<usize>>()
        };
        let differences = (0..self.members.len())
            .filter(|i| !matches!(self.members[*i].evidence, Evidence::Rate(_)))
            .map(|i| vec![i]);
        let all = [rates(Clock::Window), rates(Clock::Later)]
            .into_iter()
            .chain(differences);
        all.filter(|members| !members.is_empty()).map(group).collect()
    }

    /// Why it failed, for good in its generation.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Whether it failed.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Whether every check is proved to be within its budget, and none failed. True only as long as it is.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        !self.is_failed() && !self.members.is_empty() && self.members.iter().all(|member| member.evidence.may_pass())
    }

    /// Clean records that the neediest check misses for [`Family::may_pass`]; `None` where no number is enough.
    #[must_use]
    pub fn clean_needed(&self) -> Option<u64> {
        if self.is_failed() || self.members.is_empty() {
            return None;
        }
        let each = self.members.iter().map(|member| member.evidence.clean_needed());
        each.collect::<Option<Vec<u64>>>()?.into_iter().max()
    }

    /// The checks that are proved to be over their budget, each for itself: no false one at all but with probability α.
    #[must_use]
    pub fn attributed(&self) -> Vec<usize> {
        let over = |member: &Member| {
            let limit = -(self.settings.alpha * member.weight).ln();
            member.evidence.is_broken() || (member.weight > 0.0 && member.evidence.max_ln_e() >= limit)
        };
        (0..self.members.len()).filter(|i| over(&self.members[*i])).collect()
    }

    /// The checks.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// A difference check that is still to be calibrated.
    pub fn difference_mut(&mut self, member: usize) -> Option<&mut DifferenceCheck> {
        match &mut self.members.get_mut(member)?.evidence {
            Evidence::Difference(check) => Some(check),
            Evidence::Rate(_) | Evidence::Controlled(_) => None,
        }
    }

    /// What is stored with the window, in the same transaction.
    #[must_use]
    pub fn state(&self) -> FamilyState {
        FamilyState::of(&self.members, &self.settled, self.failure.as_ref())
    }

    /// The family as it was: `new` is one with the same settings and no evidence.
    ///
    /// # Errors
    /// Where the state is not one of these settings.
    pub fn restored(mut new: Family, state: &FamilyState) -> Result<Self, Fault> {
        (new.settled, new.failure) = state.restore(&mut new.members)?;
        Ok(new)
    }
}

impl Evidence {
    fn update(&mut self, counts: &Counts) {
        match self {
            Evidence::Rate(check) => check.update(counts.bad, counts.of),
            Evidence::Difference(check) => check.update(counts),
            Evidence::Controlled(check) => check.update(counts),
        }
    }

    fn is_broken(&self) -> bool {
        matches!(self, Evidence::Rate(check) if check.is_broken())
    }

    /// The rate or difference that is borne.
    #[must_use]
    pub fn budget(&self) -> f64 {
        match self {
            Evidence::Rate(check) => check.budget(),
            Evidence::Difference(check) => check.budget(),
            Evidence::Controlled(check) => check.budget(),
        }
    }

    /// ln E.
    #[must_use]
    pub fn ln_e(&self) -> f64 {
        match self {
            Evidence::Rate(check) => check.ln_e(),
            Evidence::Difference(check) => check.ln_e(),
            Evidence::Controlled(check) => check.ln_e(),
        }
    }

    /// The largest ln E so far.
    #[must_use]
    pub fn max_ln_e(&self) -> f64 {
        match self {
            Evidence::Rate(check) => check.max_ln_e(),
            Evidence::Difference(check) => check.max_ln_e(),
            Evidence::Controlled(check) => check.max_ln_e(),
        }
    }

    /// Whether its budget is proved to be kept.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Evidence::Rate(check) => check.may_pass(),
            Evidence::Difference(check) => check.may_pass(),
            Evidence::Controlled(check) => check.may_pass(),
        }
    }

    /// Clean records that are missing for that.
    #[must_use]
    pub fn clean_needed(&self) -> Option<u64> {
        match self {
            Evidence::Rate(check) => check.clean_needed(),
            Evidence::Difference(check) => check.clean_needed(),
            Evidence::Controlled(check) => check.clean_needed(),
        }
    }

    /// Everything that explains it.
    #[must_use]
    pub fn report(&self) -> Report {
        match self {
            Evidence::Rate(check) => check.report(),
            Evidence::Difference(check) => check.report(),
            Evidence::Controlled(check) => check.report(),
        }
    }

    /// What was counted of the canary; nothing by a difference alone.
    #[must_use]
    pub fn tally(&self) -> Option<&Tally> {
        match self {
            Evidence::Rate(check) => Some(check.tally()),
            Evidence::Difference(_) => None,
            Evidence::Controlled(check) => Some(check.tally()),
        }
    }

    /// The displayed interval of the canary's own rate, as [`Report::interval`]; nothing by a difference alone.
    #[must_use]
    pub fn interval(&self, alpha: f64) -> Option<Interval> {
        match self {
            Evidence::Rate(check) => Some(check.interval(alpha)),
            Evidence::Difference(_) => None,
            Evidence::Controlled(check) => Some(check.interval(alpha)),
        }
    }

    /// Its state: at most 250 bytes a test.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Evidence::Rate(check) => check.to_bytes(),
            Evidence::Difference(check) => check.to_bytes(),
            Evidence::Controlled(check) => check.to_bytes(),
        }
    }
}
