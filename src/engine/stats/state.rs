//! What is stored of a family with the window that it used.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

use super::check::RateCheck;
use super::difference::DifferenceCheck;
use super::family::{Evidence, Failure, Member, Settled};
use super::profile::Fault;

/// The evidence of a stream as it is stored. The numbers of the checks are bytes (in base64), so that they come back to the last bit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyState {
    /// Last window taken of each clock, and how many had records.
    settled: [(Option<i64>, u64); 2],
    /// Window and check, once failed.
    failed: Option<(i64, usize)>,
    checks: Vec<String>,
}

impl FamilyState {
    pub(super) fn of(members: &[Member], settled: &[Settled; 2], failure: Option<&Failure>) -> Self {
        FamilyState {
            settled: settled.map(|settled| (settled.last_ms, settled.windows)),
            failed: failure.map(|failure| (failure.window_ms, failure.leading)),
            checks: members
                .iter()
                .map(|member| STANDARD_NO_PAD.encode(member.evidence.to_bytes()))
                .collect(),
        }
    }

    pub(super) fn restore(&self, members: &mut [Member]) -> Result<([Settled; 2], Option<Failure>), Fault> {
        if self.checks.len() != members.len() {
            return Err(Fault::State);
        }
        for (member, text) in members.iter_mut().zip(&self.checks) {
            let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| Fault::State)?;
            member.evidence = match &member.evidence {
                Evidence::Rate(check) => {
                    Evidence::Rate(RateCheck::restored(check.budget(), *check.settings(), &bytes)?)
                }
                Evidence::Difference(check) => Evidence::Difference(Box::new(DifferenceCheck::restored(
                    check.budget(),
                    *check.settings(),
                    &bytes,
                )?)),
                Evidence::Controlled(check) => Evidence::Controlled(Box::new(check.restored(&bytes)?)),
            };
        }
        let failure = match self.failed {
            Some((_, leading)) if leading >= members.len() => return Err(Fault::State),
            failed => failed.map(|(window_ms, leading)| Failure { window_ms, leading }),
        };
        let settled = self.settled.map(|(last_ms, windows)| Settled { last_ms, windows });
        Ok((settled, failure))
    }
}
