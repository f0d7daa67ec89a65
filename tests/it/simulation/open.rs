//! Seeds of the fast tier at which worker and oracle differ, and it is not known yet who is right. They are told with each
//! run, count as skipped, and are listed in `docs/reliability.md`; whoever finds the reason takes the seed out.

/// The seed, and what is seen.
pub const SEEDS: &[(u64, &str)] = &[];
