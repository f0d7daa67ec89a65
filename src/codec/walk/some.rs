//! Some operations of a plan alone, for the fast walk.

use super::{Scratch, Walk};
use crate::codec::plan::Plan;
use crate::codec::schema::Schema;

/// Where operations of a plan are walked for the fast walk.
pub(in crate::codec) struct Slow<'a> {
    pub input: &'a [u8],
    pub pos: usize,
    pub run: usize,
    pub depth: u32,
    pub budget: i64,
}

impl Slow<'_> {
    /// Walks them in the plain form; tells position, run and budget behind it. None where that cannot be.
    #[inline(never)]
    pub fn step(
        self,
        (plan, contract): (&Plan, &Schema),
        (first, last): (u32, u32),
        s: &mut Scratch,
    ) -> Option<(usize, usize, i64)> {
        let Self {
            input,
            pos,
            run,
            depth,
            budget,
        } = self;
        if pos > input.len() {
            return None;
        }
        let mut walk = Walk {
            plan,
            contract,
            input,
            pos,
            run,
            depth,
            budget,
            s,
        };
        walk.ops::<false>(first, last).ok()?;
        Some((walk.pos, walk.run, walk.budget))
    }
}
