//! One check of a stream: bad of all, window by window, against a budget.

use super::bank::EBank;
use super::interval::{Interval, Prior};
use super::profile::{CheckSettings, Fault};
use super::promotion::{Promotion, divisor};
use super::rate::Rate;
use super::report::Report;
use super::stored::{Reader, Writer};
use super::tally::Tally;

/// What the displayed interval leaves out: it is one of 95 %.
pub const INTERVAL_ALPHA: f64 = 0.05;
/// First byte of the stored state.
const FORMAT: u8 = 1;

/// A RATE check with its evidence.
///
/// A budget of 0 is no statistics: the first bad record fails it for good, and it may pass while none is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct RateCheck {
    settings: CheckSettings,
    betting: Option<(Rate, EBank)>,
    tally: Tally,
    max_ln_e: f64,
}

impl RateCheck {
    /// # Errors
    /// Where the budget or the settings are none.
    pub fn new(budget: f64, settings: CheckSettings) -> Result<Self, Fault> {
        settings.check()?;
        let betting = if budget == 0.0 {
            None
        } else {
            let rate = Rate::new(budget, settings.profile.betting)?;
            Some((rate, EBank::new(rate.bets().count(), settings.horizon)))
        };
        Ok(RateCheck {
            settings,
            betting,
            tally: Tally::default(),
            max_ln_e: 0.0,
        })
    }

    /// One settled window. Where the work is split, its counts are added up first. A window without records is no evidence.
    pub fn update(&mut self, bad: u64, of: u64) {
        if of == 0 {
            // Bad ones without any record cannot be: they are counted, so that a budget of 0 is not passed.
            self.tally.bad = self.tally.bad.saturating_add(bad);
            return;
        }
        if let Some((rate, bank)) = &mut self.betting {
            bank.update(rate.log_factors(bad, of, self.tally.last()));
            self.max_ln_e = self.max_ln_e.max(bank.ln_e());
        }
        self.tally.add(bad, of);
    }

    pub(super) fn settings(&self) -> &CheckSettings {
        &self.settings
    }

    /// The rate that is borne.
    #[must_use]
    pub fn budget(&self) -> f64 {
        self.betting.as_ref().map_or(0.0, |(rate, _)| rate.budget())
    }

    /// ln E, 0 before anything is seen and for a budget of 0.
    #[must_use]
    pub fn ln_e(&self) -> f64 {
        self.betting.as_ref().map_or(0.0, |(_, bank)| bank.ln_e())
    }

    /// The largest ln E so far.
    #[must_use]
    pub fn max_ln_e(&self) -> f64 {
        self.max_ln_e
    }

    /// What was counted.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Whether a budget of 0 was broken. Budgets above 0 fail by the evidence of their family.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.betting.is_none() && self.tally.bad() > 0
    }

    fn promotion(&self) -> Option<Promotion> {
        let budget = self.betting.as_ref()?.0.budget();
        Some(Promotion {
            budget,
            beta: self.settings.beta,
        })
    }

    /// Whether the rate is proved to be within the budget. Never without records.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        let (x, n) = self.tally.real();
        let d = divisor(self.settings.profile.burst, &self.tally);
        match self.promotion() {
            Some(promotion) => promotion.proved(x / d, n / d),
            None => n > 0.0 && self.tally.bad() == 0,
        }
    }

    /// Records without a bad one that are missing for [`RateCheck::may_pass`]; `None` where no number is enough.
    #[must_use]
    pub fn clean_needed(&self) -> Option<u64> {
        let (x, n) = self.tally.real();
        match self.promotion() {
            Some(promotion) => promotion.clean_needed(x, n, divisor(self.settings.profile.burst, &self.tally)),
            None if self.tally.bad() > 0 => None,
            None => Some(u64::from(n <= 0.0)),
        }
    }

    /// The displayed interval of the rate at level 1 − `alpha`, for independent records.
    #[must_use]
    pub fn interval(&self, alpha: f64) -> Interval {
        let (x, n) = self.tally.real();
        let prior = match &self.betting {
            Some((rate, _)) => Prior::Mixture { budget: rate.budget() },
            None => Prior::Beta { a: 0.5, c: 0.5 },
        };
        prior.interval(x, n, alpha)
    }

    /// Everything that explains it.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            bad: self.tally.bad(),
            of: self.tally.of(),
            control: None,
            budget: self.budget(),
            interval: self.interval(INTERVAL_ALPHA),
            ln_e: self.ln_e(),
            max_ln_e: self.max_ln_e,
            windows: self.tally.windows(),
            betting: self.settings.profile.betting,
            dispersion: self.tally.dispersion(),
            lag1: self.tally.lag1().map(|lag1| lag1.raw),
            may_pass: self.may_pass(),
            clean_needed: self.clean_needed(),
        }
    }

    /// The state as bytes: at most 250 for a budget of 1e-6 and more, and 8 more for each halving below.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let RateCheck {
            settings: _,
            betting,
            tally,
            max_ln_e,
        } = self;
        let accounts = betting.as_ref().map_or(&[][..], |(_, bank)| bank.log_accounts());
        write_tally(Writer::new(FORMAT), tally)
            .real(*max_ln_e)
            .reals(accounts)
            .done()
    }

    /// The check as it was when these bytes were written, under the same settings.
    ///
    /// # Errors
    /// Where the settings are none, or the bytes are not from them.
    pub fn restored(budget: f64, settings: CheckSettings, bytes: &[u8]) -> Result<Self, Fault> {
        let mut check = RateCheck::new(budget, settings)?;
        let mut reader = Reader::new(bytes, FORMAT)?;
        check.tally = read_tally(&mut reader)?;
        check.max_ln_e = reader.real()?;
        if let Some((rate, bank)) = &mut check.betting {
            let accounts = reader.reals(rate.bets().count())?;
            *bank = EBank::restored(accounts, check.tally.windows(), settings.horizon).ok_or(Fault::State)?;
        }
        reader.end()?;
        Ok(check)
    }
}

pub(super) fn write_tally(writer: Writer, tally: &Tally) -> Writer {
    let Tally {
        windows,
        bad,
        of,
        first_bad,
        last_bad,
        last_of,
        squares,
        products,
    } = *tally;
    let wholes = [windows, bad, of, first_bad, last_bad, last_of];
    let writer = wholes
        .into_iter()
        .fold(writer, |writer, number| writer.whole(number.into()));
    writer.whole(squares).whole(products)
}

pub(super) fn read_tally(reader: &mut Reader<'_>) -> Result<Tally, Fault> {
    Ok(Tally {
        windows: reader.whole()?,
        bad: reader.whole()?,
        of: reader.whole()?,
        first_bad: reader.whole()?,
        last_bad: reader.whole()?,
        last_of: reader.whole()?,
        squares: reader.wide()?,
        products: reader.wide()?,
    })
}
