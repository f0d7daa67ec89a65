//! Ids that the registry does not have, believed for a while.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::RegistryError;

/// How long a miss is believed.
const BELIEVED: Duration = Duration::from_secs(30);
/// The most misses remembered: ids come from records, and those may be anything.
const MISSES_MAX: usize = 10_000;

/// Misses by id, each until when it is believed.
#[derive(Default)]
pub(super) struct Misses(BTreeMap<u32, (Instant, RegistryError)>);

impl Misses {
    /// A miss that is still believed.
    pub(super) fn get(&self, id: u32, now: Instant) -> Option<RegistryError> {
        let (until, miss) = self.0.get(&id)?;
        (now < *until).then(|| miss.clone())
    }

    pub(super) fn add(&mut self, id: u32, now: Instant, miss: RegistryError) {
        if self.0.len() >= MISSES_MAX {
            self.0.retain(|_, (until, _)| now < *until);
        }
        if self.0.len() < MISSES_MAX {
            self.0.insert(id, (now + BELIEVED, miss));
        }
    }

    pub(super) fn remove(&mut self, id: u32) {
        self.0.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn miss() -> RegistryError {
        RegistryError::NotFound {
            registry: "r".to_owned(),
            what: "x".to_owned(),
        }
    }

    #[test]
    fn are_believed_for_half_a_minute() {
        let start = Instant::now();
        let mut misses = Misses::default();
        misses.add(7, start, miss());
        assert_eq!(misses.get(7, start + Duration::from_millis(29_999)), Some(miss()));
        assert_eq!(misses.get(7, start + Duration::from_secs(30)), None);
        assert_eq!(misses.get(8, start), None);
    }

    #[test]
    fn are_bounded_and_old_ones_make_room() {
        let start = Instant::now();
        let mut misses = Misses::default();
        (0..20_000).for_each(|id| misses.add(id, start, miss()));
        assert_eq!(misses.0.len(), MISSES_MAX);
        misses.add(50_000, start + BELIEVED, miss());
        assert_eq!(misses.0.len(), 1);
    }
}
