//! From a plan to its program.

use super::{Fast, Origin, Program, Target};
use crate::codec::plan::{BlockId, DecimalSource, DecimalTarget, Mark, Op, Plan};
use crate::codec::walk::DEPTH_MAX;

/// So many operations of the plan are put in, at most about: what is left are slow operations. They are counted as they
/// are met, since a record of nothing adds none and may stand in itself by the million.
const WORK_MAX: usize = 4_096;
/// What an item may cost: the budget has so much for each byte, and each item has a byte that is no other's.
const ITEM_COST_MAX: u32 = 16;
/// What a record may cost beside its items; the other half of the budget is for slow operations.
const COST_MAX: u32 = 131_072;

struct Maker<'a> {
    plan: &'a Plan,
    program: Program,
    /// Something jumps to here: what comes next is not joined with what stands before.
    barrier: usize,
    in_part: bool,
    work: usize,
}

impl Program {
    /// None where nothing would be won.
    pub fn new(plan: &Plan) -> Option<Self> {
        let mut maker = Maker {
            plan,
            program: Program::default(),
            barrier: 0,
            in_part: false,
            work: 0,
        };
        let cost = maker.block(plan.root, 0);
        maker.put(Fast::End);
        (cost <= COST_MAX).then_some(maker.program)
    }
}

/// A place in a program, whose length is bounded.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Maker<'_> {
    fn put(&mut self, op: Fast) {
        self.program.ops.push(op);
        self.program.origins.push(None);
    }

    /// An operation that stands for these of the plan alone.
    fn put_leaf(&mut self, op: Fast, ops: (u32, u32), depth: u32) {
        self.program.ops.push(op);
        self.program.origins.push(Some(Origin { ops, depth }));
    }

    fn truncate(&mut self, length: usize) {
        self.program.ops.truncate(length);
        self.program.origins.truncate(length);
    }

    /// The operations of a block; what they cost at most, without what the items cost.
    fn block(&mut self, block: BlockId, depth: u32) -> u32 {
        let (first, last) = self.plan.blocks[block as usize];
        self.program.open.push(block);
        let (mut cost, mut at) = (0u32, first);
        while at < last {
            let next = (at + 1 < last).then(|| self.plan.ops[at as usize + 1]);
            if let (Op::Time { clock, long: true }, Some(Op::Long)) = (self.plan.ops[at as usize], next) {
                self.put_leaf(Fast::TimeLong(clock), (at, at + 2), depth);
                at += 1;
            } else {
                cost = cost.saturating_add(self.op(at, depth));
            }
            at += 1;
        }
        self.program.open.pop();
        cost
    }

    fn may_open(&self, block: BlockId, depth: u32) -> bool {
        depth < DEPTH_MAX && !self.program.open.contains(&block) && self.work < WORK_MAX
    }

    fn sole(&self, block: BlockId) -> Option<Op> {
        let (first, last) = self.plan.blocks[block as usize];
        (last - first == 1).then(|| self.plan.ops[first as usize])
    }

    fn op(&mut self, at: u32, depth: u32) -> u32 {
        self.work += 1;
        let slow = Fast::Slow { op: at, depth };
        let plan = self.plan;
        let op = match plan.ops[at as usize] {
            Op::Null => return 1,
            Op::Fixed(0) => return 1,
            Op::Boolean => Fast::Boolean,
            Op::Int | Op::LongToInt(_) => Fast::Int,
            Op::Long => Fast::Long,
            Op::Float => Fast::Float,
            Op::Double => Fast::Double,
            Op::Bytes => Fast::Bytes,
            Op::Text => Fast::Text,
            Op::Fixed(size) => Fast::Fixed(size),
            Op::Enum(count) => Fast::Enum(count.saturating_mul(2)),
            Op::EnumMap(map) => Fast::EnumMap(map),
            Op::NumberToDouble { long, .. } => Fast::ToDouble { long },
            Op::FloatToDouble => Fast::FloatToDouble,
            Op::Wrap(index) => Fast::Wrap(index),
            Op::Absent | Op::Foreign(_) => Fast::Never,
            Op::Decimal(decimal) => {
                let decimal = plan.decimals[decimal as usize];
                match (decimal.source, decimal.target) {
                    // Its own type is asked for only where the value is skipped.
                    (DecimalSource::Bytes, DecimalTarget::Own) => Fast::Bytes,
                    (DecimalSource::Bytes, DecimalTarget::Scaled { scale, safe, precision })
                        if scale == decimal.scale =>
                    {
                        let safe = place(safe);
                        Fast::Decimal { safe, precision }
                    }
                    _ => slow,
                }
            }
            Op::Call(block) if self.may_open(block, depth) => return self.block(block, depth + 1).saturating_add(1),
            Op::Discard(block) if self.may_open(block, depth) => return self.skip(block, depth),
            Op::Union { first, count } => return self.union(at, first, count, depth),
            Op::Array { items, sized: true } if self.may_open(items, depth) => return self.array(at, items, depth),
            Op::Map { values } if depth < DEPTH_MAX && matches!(self.sole(values), Some(Op::Text)) => Fast::TextMap,
            Op::Mark(mark) => return self.mark(at, mark, &plan.marks[mark as usize], depth),
            Op::Reorder(reorder) => {
                let reorder = &plan.reorders[reorder as usize];
                return self.reorder(&reorder.blocks, &reorder.order, depth);
            }
            _ => slow,
        };
        self.put_leaf(op, (at, at + 1), depth);
        0
    }

    fn skip(&mut self, block: BlockId, depth: u32) -> u32 {
        let ops = &self.program.ops;
        if ops.len() > self.barrier && matches!(ops.last(), Some(Fast::SkipEnd)) {
            self.truncate(ops.len() - 1);
        } else {
            self.put(Fast::SkipBegin);
        }
        let cost = self.block(block, depth);
        self.put(Fast::SkipEnd);
        cost
    }

    fn array(&mut self, at: u32, items: BlockId, depth: u32) -> u32 {
        match self.sole(items) {
            Some(Op::Double) => self.put_leaf(Fast::Doubles, (at, at + 1), depth),
            Some(Op::Text) => self.put_leaf(Fast::Texts, (at, at + 1), depth),
            _ => {
                let head = self.program.ops.len();
                self.put(Fast::Array { after: 0 });
                self.barrier = head + 1;
                if self.block(items, depth + 1) > ITEM_COST_MAX {
                    self.truncate(head);
                    self.put(Fast::Slow { op: at, depth });
                    return 0;
                }
                self.put(Fast::ArrayEnd);
                self.land(head);
            }
        }
        0
    }

    /// What stands at `head` goes on here.
    fn land(&mut self, head: usize) {
        let here = place(self.program.ops.len());
        self.barrier = self.program.ops.len();
        match &mut self.program.ops[head] {
            Fast::Array { after } | Fast::Optional { after, .. } | Fast::Jump(after) => *after = here,
            _ => {}
        }
    }

    fn union(&mut self, at: u32, first: u32, count: u32, depth: u32) -> u32 {
        let plan = self.plan;
        let branches = &plan.branches[first as usize..(first + count) as usize];
        if !branches.iter().all(|branch| self.may_open(branch.block, depth)) {
            self.put(Fast::Slow { op: at, depth });
            return 0;
        }
        if let [one, other] = branches
            && one.same
            && other.same
            && one.null != other.null
        {
            let (null, block) = if one.null { (0, other.block) } else { (2, one.block) };
            let head = self.program.ops.len();
            self.put(Fast::Optional { null, after: 0 });
            let cost = self.block(block, depth);
            self.land(head);
            return cost;
        }
        let table = self.program.targets.len();
        self.put(Fast::Union {
            first: place(table),
            count,
        });
        self.program
            .targets
            .extend(std::iter::repeat_n(Target::default(), branches.len()));
        let (mut cost, mut jumps) = (0, Vec::new());
        for (i, branch) in branches.iter().enumerate() {
            self.barrier = self.program.ops.len();
            self.program.targets[table + i] = Target {
                at: place(self.program.ops.len()),
                index: branch.index,
                same: branch.same,
            };
            if !branch.null {
                cost = self.block(branch.block, depth).max(cost);
            }
            jumps.push(self.program.ops.len());
            self.put(Fast::Jump(0));
        }
        jumps.into_iter().for_each(|jump| self.land(jump));
        cost
    }

    fn mark(&mut self, at: u32, number: u32, mark: &Mark, depth: u32) -> u32 {
        if mark.ignored || mark.tolerant.is_some() || self.in_part || !self.may_open(mark.block, depth) {
            self.put(Fast::Slow { op: at, depth });
            return 0;
        }
        if matches!(self.sole(mark.block), Some(Op::Text)) {
            self.put_leaf(Fast::PartText(number), (at, at + 1), depth);
            return 0;
        }
        self.in_part = true;
        self.put(Fast::PartBegin);
        let cost = self.block(mark.block, depth);
        self.put(Fast::PartEnd(number));
        self.in_part = false;
        cost
    }

    /// A part whose turn has come stays where it is; another one is put by until then. Neighbours of the writer that are
    /// neighbours of the contract stay together, and what needs no input is made when its turn has come.
    fn reorder(&mut self, blocks: &[BlockId], order: &[usize], depth: u32) -> u32 {
        let mut after = vec![None; blocks.len()];
        for pair in order.windows(2) {
            after[pair[0]] = Some(pair[1]);
        }
        let mut kept = vec![false; blocks.len()];
        order.iter().for_each(|part| kept[*part] = true);
        let free: Vec<bool> = blocks.iter().map(|block| self.is_free(*block)).collect();
        let mut put_by = vec![None; blocks.len()];
        let (mut cost, mut turn, mut at) = (0u32, 0, 0);
        while at <= blocks.len() {
            // What needs nothing more.
            while let Some(part) = order.get(turn) {
                if free[*part] {
                    cost = cost.saturating_add(self.block(blocks[*part], depth));
                } else if let Some((slot, parts)) = put_by[*part] {
                    self.put(Fast::PutIn(slot));
                    turn += parts - 1;
                } else {
                    break;
                }
                turn += 1;
            }
            let Some(block) = blocks.get(at) else { break };
            let first = at;
            at += 1;
            if free[first] {
                continue;
            }
            if !kept[first] || order.get(turn) == Some(&first) {
                turn += usize::from(kept[first]);
                cost = cost.saturating_add(self.block(*block, depth));
                continue;
            }
            let slot = place(self.program.slots);
            self.program.slots += 1;
            self.put(Fast::PartLater(slot));
            cost = cost.saturating_add(self.block(*block, depth));
            while at < blocks.len() && after[at - 1] == Some(at) && !free[at] {
                cost = cost.saturating_add(self.block(blocks[at], depth));
                at += 1;
            }
            self.put(Fast::PutBy(slot));
            put_by[first] = Some((slot, at - first));
        }
        cost
    }

    /// It needs no input.
    fn is_free(&self, block: BlockId) -> bool {
        let (first, last) = self.plan.blocks[block as usize];
        let ops = &self.plan.ops[first as usize..last as usize];
        ops.iter().all(|op| matches!(op, Op::Default(_)))
    }
}
