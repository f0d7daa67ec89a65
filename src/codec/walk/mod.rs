//! The interpreter: one pass over the bytes of a record.
//!
//! Almost every input is canonical already. What is, waits as a run of the input (`run..pos`) and is copied only when
//! something else must be written; a record that is canonical as a whole is never copied at all.

#[cfg(test)]
mod bounds;
mod convert;
mod input;
mod many;
mod mark;
mod rules;
mod some;

pub(super) use convert::big;
pub(super) use rules::sort;
pub(super) use some::Slow;

use super::applied::Applied;
use super::canonical::{ABSENT, FILLED, FOREIGN, HELD, double_bytes, float_bytes};
use super::plan::{BlockId, Mark, Op, Plan};
use super::schema::Schema;
use super::time;
use crate::model::{TolerantKind, UndecodableReason};

/// How deep records, arrays and maps may nest.
pub(super) const DEPTH_MAX: u32 = 64;
/// What values without bytes may cost together, beside 16 for each byte of the record.
pub(super) const BUDGET: i64 = 262_144;
/// What a value that is not held costs beside its own: as much as a byte of the record pays for, so that values with bytes
/// pay for themselves. Of values without any a short record may have very many, and 21 bytes are written before each.
const FOREIGN_COST: usize = 16;

/// Why a walk stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The bytes are bad.
    Bad(UndecodableReason),
    /// A value cannot be held: the record is walked again for its tagged form.
    NotHeld,
}

/// What the bytes of a part of the identity are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A range of `captured`, in the plain form.
    Plain,
    /// The same in the tagged form: the contract's type cannot hold the value.
    Tagged,
    /// A text without its length, where it stands in the memory of the record.
    Text,
}

/// A part of the identity, as a range of bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Captured {
    pub start: usize,
    pub end: usize,
    /// The contract's node.
    pub node: u32,
    pub form: Form,
}

/// An entry of a map that is being walked: its key in the input, its bytes in the output.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: (usize, usize),
    out: (usize, usize),
}

/// Memory that is used again for every record.
#[derive(Default)]
pub(super) struct Scratch {
    /// The canonical bytes, from `base` on, unless they are the input.
    pub out: Vec<u8>,
    pub base: usize,
    pub captured: Vec<u8>,
    /// By the place in the rules.
    pub parts: Vec<Option<Captured>>,
    /// By the place in the rules.
    pub tolerant: Vec<TolerantKind>,
    pub time: Option<i64>,
    /// Rules that were seen to apply, since they were taken.
    pub applied: Applied,
    entries: Vec<Entry>,
    /// Entries of a map of the fast walk.
    pub keys: Vec<super::fast::Entry>,
    /// Where the parts of a record that is being reordered end in the output, and before them where the first begins.
    ends: Vec<usize>,
    /// In the fast walk, parts of such a record whose turn has not come, and their bytes where they were written.
    pub parts_by: Vec<super::fast::Part>,
    pub put_by: Vec<u8>,
    /// The arrays that the fast walk stands in.
    pub frames: Vec<super::fast::Frame>,
    pub spare: Vec<u8>,
    /// Operations that were walked since it was made.
    #[cfg(test)]
    pub steps: u64,
}

impl Scratch {
    /// Makes room for that many parts and tolerant values, all empty.
    #[inline(always)]
    pub fn reset(&mut self, parts: usize, tolerant: usize) {
        self.captured.clear();
        // A walk begins by emptying them.
        self.parts.resize(parts, None);
        self.tolerant.clear();
        self.tolerant.resize(tolerant, TolerantKind::Nothing);
        self.time = None;
    }

    /// A walk begins.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.out.truncate(self.base);
        self.captured.clear();
        self.entries.clear();
        self.ends.clear();
        self.put_by.clear();
        self.frames.clear();
        self.parts.fill(None);
    }

    /// Keeps the output from `at` on as the parts of the identity that a mark names.
    pub fn capture_out(&mut self, mark: &Mark, at: usize, tagged: bool) {
        let start = self.captured.len();
        self.captured.extend_from_slice(&self.out[at..]);
        let form = if tagged { Form::Tagged } else { Form::Plain };
        self.capture(mark, (start, self.captured.len()), form);
    }

    /// Keeps a range of bytes.
    #[inline]
    pub fn capture(&mut self, mark: &Mark, (start, end): (usize, usize), form: Form) {
        let node = mark.node;
        for place in &mark.parts {
            self.parts[*place] = Some(Captured { start, end, node, form });
        }
    }

    /// The last `count` parts of the output that end at `ends` are put into an order, which may leave some out.
    fn put_in_order(&mut self, count: usize, order: &[usize]) {
        let base = self.ends.len() - count - 1;
        let ends = &self.ends[base..];
        self.spare.clear();
        for part in order {
            self.spare.extend_from_slice(&self.out[ends[*part]..ends[part + 1]]);
        }
        self.out.truncate(ends[0]);
        self.out.extend_from_slice(&self.spare);
        self.ends.truncate(base);
    }
}

/// What a walk came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Walked {
    /// The canonical bytes are the input; else they are `Scratch::out`.
    pub as_is: bool,
    /// They are in the tagged form.
    pub tagged: bool,
}

/// Walks a record: in the plain form, and in the tagged form where that cannot be. `tagged` says what to try first.
pub(super) fn walk(
    plan: &Plan,
    contract: &Schema,
    input: &[u8],
    scratch: &mut Scratch,
    tagged: bool,
) -> Result<Walked, UndecodableReason> {
    if !tagged {
        match attempt::<false>(plan, contract, input, scratch) {
            Ok(as_is) => return Ok(Walked { as_is, tagged: false }),
            Err(Stop::Bad(reason)) => return Err(reason),
            Err(Stop::NotHeld) => {}
        }
    }
    match attempt::<true>(plan, contract, input, scratch) {
        Ok(_) => Ok(Walked {
            as_is: false,
            tagged: true,
        }),
        Err(Stop::Bad(reason)) => Err(reason),
        Err(Stop::NotHeld) => Err(UndecodableReason::Malformed),
    }
}

fn attempt<const TAGGED: bool>(
    plan: &Plan,
    contract: &Schema,
    input: &[u8],
    scratch: &mut Scratch,
) -> Result<bool, Stop> {
    scratch.clear();
    let mut walk = Walk {
        plan,
        contract,
        input,
        pos: 0,
        run: 0,
        depth: 0,
        budget: BUDGET.saturating_add(i64::try_from(input.len()).unwrap_or(i64::MAX).saturating_mul(16)),
        s: scratch,
    };
    walk.exec::<TAGGED>(plan.root)?;
    if walk.pos != input.len() && !mutant!(TrailingBytesAccepted) {
        return Err(Stop::Bad(UndecodableReason::Trailing));
    }
    let as_is = walk.run == 0 && walk.s.out.len() == walk.s.base;
    if !as_is {
        walk.flush(walk.pos);
    }
    Ok(as_is)
}

struct Walk<'a> {
    plan: &'a Plan,
    contract: &'a Schema,
    input: &'a [u8],
    pos: usize,
    /// Where the run begins that is canonical and not yet copied.
    run: usize,
    depth: u32,
    budget: i64,
    s: &'a mut Scratch,
}

impl Walk<'_> {
    /// Copies the run up to here.
    #[inline(always)]
    fn flush(&mut self, to: usize) {
        if self.run < to {
            self.s.out.extend_from_slice(&self.input[self.run..to]);
        }
        self.run = to;
    }

    /// What was read since `start` is replaced by what is written next.
    #[inline]
    fn cut(&mut self, start: usize) {
        self.flush(start);
        self.run = self.pos;
    }

    /// In the tagged form: the value that began at `start` is held.
    #[inline]
    fn held(&mut self, start: usize) {
        self.flush(start);
        self.s.out.push(HELD);
    }

    #[inline]
    fn spend(&mut self, cost: usize) -> Result<(), Stop> {
        self.budget = self.budget.saturating_sub(i64::try_from(cost).unwrap_or(i64::MAX));
        if self.budget < 0 {
            Err(Stop::Bad(UndecodableReason::Bounds))
        } else {
            Ok(())
        }
    }

    #[inline]
    fn enter(&mut self) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            Err(Stop::Bad(UndecodableReason::Bounds))
        } else {
            Ok(())
        }
    }

    fn exec<const T: bool>(&mut self, block: BlockId) -> Result<(), Stop> {
        let (first, last) = self.plan.blocks[block as usize];
        self.ops::<T>(first, last)
    }

    fn ops<const T: bool>(&mut self, first: u32, last: u32) -> Result<(), Stop> {
        let plan = self.plan;
        for op in &plan.ops[first as usize..last as usize] {
            #[cfg(test)]
            {
                self.s.steps += 1;
            }
            let start = self.pos;
            // In the tagged form, a byte before what is always held.
            macro_rules! held {
                () => {
                    if T {
                        self.held(start);
                    }
                };
            }
            match *op {
                Op::Text => {
                    held!();
                    self.text()?;
                }
                Op::Long => {
                    held!();
                    let raw = self.raw()?;
                    self.settle(start, raw);
                }
                Op::Int => {
                    held!();
                    let raw = self.int()?;
                    self.settle(start, raw);
                }
                Op::Enum(count) => {
                    held!();
                    let raw = self.int()?;
                    if raw & 1 == 1 || raw >> 1 >= u64::from(count) {
                        return Err(Stop::Bad(UndecodableReason::Malformed));
                    }
                    self.settle(start, raw);
                }
                Op::Double => {
                    held!();
                    let value = f64::from_le_bytes(self.array()?);
                    if value.is_nan() {
                        self.cut(start);
                        self.s.out.extend(double_bytes(value));
                    }
                }
                Op::Float => {
                    held!();
                    let value = f32::from_le_bytes(self.array()?);
                    if value.is_nan() {
                        self.cut(start);
                        self.s.out.extend(float_bytes(value));
                    }
                }
                Op::FloatToDouble => {
                    held!();
                    let value = f32::from_le_bytes(self.array()?);
                    self.cut(start);
                    self.s.out.extend(double_bytes(f64::from(value)));
                }
                Op::Boolean => {
                    held!();
                    self.boolean()?;
                }
                Op::Bytes => {
                    held!();
                    self.prefixed()?;
                }
                Op::Fixed(size) => {
                    held!();
                    if size == 0 {
                        self.spend(1)?;
                    }
                    self.take(size as usize)?;
                }
                Op::Null => {
                    held!();
                    self.spend(1)?;
                }
                Op::UuidToText => {
                    held!();
                    let bytes = self.array()?;
                    self.cut(start);
                    self.s.out.push(72);
                    self.s.out.extend(super::canonical::uuid_text(&bytes));
                }
                Op::Wrap(index) => {
                    held!();
                    self.cut(start);
                    super::canonical::put_long(&mut self.s.out, i64::from(index));
                }
                Op::Array { items, sized } => {
                    held!();
                    self.items::<T>(items, sized)?;
                }
                Op::Unordered { items } => {
                    held!();
                    self.unordered::<T>(items)?;
                }
                Op::Mapped(map) => self.mapped::<T>(&plan.maps[map as usize])?,
                Op::Map { values } => {
                    held!();
                    self.entries::<T>(values)?;
                }
                Op::Call(block) => {
                    held!();
                    self.spend(1)?;
                    self.enter()?;
                    self.exec::<T>(block)?;
                    self.depth -= 1;
                }
                Op::Union { first, count } => self.union::<T>(first, count)?,
                Op::Time { clock, long } => self.time(clock, long)?,
                Op::Discard(block) => self.discard(block)?,
                Op::Mark(mark) => self.mark::<T>(&plan.marks[mark as usize])?,
                Op::Reorder(reorder) => self.reorder::<T>(&plan.reorders[reorder as usize])?,
                Op::Default(filling) => self.fill::<T>(filling)?,
                Op::Absent => {
                    if !T {
                        return Err(Stop::NotHeld);
                    }
                    self.spend(1)?;
                    self.flush(start);
                    self.s.out.push(ABSENT);
                }
                Op::Foreign(foreign) => self.foreign::<T>(start, foreign)?,
                Op::LongToInt(_)
                | Op::NumberToFloat { .. }
                | Op::NumberToDouble { .. }
                | Op::DoubleToFloat(_)
                | Op::BytesToText(_)
                | Op::TextToUuid(_)
                | Op::Rescale(_)
                | Op::Decimal(_)
                | Op::EnumMap(_) => self.convert::<T>(op)?,
            }
        }
        Ok(())
    }

    fn time(&mut self, clock: super::plan::Clock, long: bool) -> Result<(), Stop> {
        let start = self.pos;
        self.s.time = if clock == super::plan::Clock::Text {
            time::of_text(self.peek_text()?)
        } else {
            let raw = if long { self.raw()? } else { self.int()? };
            time::of_count(clock, super::canonical::unzigzag(raw))
        };
        self.pos = start;
        Ok(())
    }

    /// Reads a value by a walk of its own, and keeps nothing.
    fn discard(&mut self, block: BlockId) -> Result<(), Stop> {
        self.flush(self.pos);
        let length = self.s.out.len();
        self.exec::<false>(block)?;
        self.s.out.truncate(length);
        self.run = self.pos;
        Ok(())
    }

    /// Tagged: the value at `start` as the writer has it.
    #[cold]
    fn foreign<const T: bool>(&mut self, start: usize, foreign: u32) -> Result<(), Stop> {
        if !T {
            return Err(Stop::NotHeld);
        }
        self.pos = start;
        self.flush(start);
        let foreign = self.plan.foreigns[foreign as usize];
        self.s.out.push(FOREIGN);
        self.s.out.extend(foreign.type_digest);
        let length_at = self.s.out.len();
        self.s.out.extend([0; 4]);
        self.exec::<false>(foreign.own)?;
        self.spend(FOREIGN_COST)?;
        self.flush(self.pos);
        let length = u32::try_from(self.s.out.len() - length_at - 4).unwrap_or(u32::MAX);
        self.s.out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }

    /// The default of an absent field, walked like input.
    fn fill<const T: bool>(&mut self, filling: u32) -> Result<(), Stop> {
        let plan = self.plan;
        let filling = &plan.defaults[filling as usize];
        self.spend(filling.bytes.len() + 1)?;
        self.flush(self.pos);
        if T && filling.told {
            self.s.out.push(FILLED);
        }
        let (input, pos) = (self.input, self.pos);
        (self.input, self.pos, self.run) = (&filling.bytes, 0, 0);
        self.exec::<T>(filling.block)?;
        self.flush(self.pos);
        (self.input, self.pos, self.run) = (input, pos, pos);
        Ok(())
    }
}
