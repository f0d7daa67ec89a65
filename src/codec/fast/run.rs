//! The interpreter of a program.

use super::odd::Frame;
use super::order::Part;
use super::write::copy;
use super::{Fast, Program, read};
use crate::codec::canonical::{double_bytes, float_bytes, minimal, put_bytes, put_long, put_raw, unzigzag};
use crate::codec::decimal;
use crate::codec::plan::Plan;
use crate::codec::schema::Schema;
use crate::codec::time;
use crate::codec::walk::{BUDGET, Form, Scratch, Slow};

/// A whole number up to this is a double.
const EXACT_MAX: i64 = 1 << 53;

/// A run over one record.
pub(super) struct Run<'a> {
    pub wide: &'a [u8],
    /// Where what waits to be copied begins.
    pub run: usize,
    pub s: &'a mut Scratch,
}

impl Run<'_> {
    /// Copies what waits, up to here.
    #[inline(always)]
    pub fn flush(&mut self, to: usize) {
        if self.run < to {
            copy(&mut self.s.out, self.wide, (self.run, to));
        }
        self.run = to;
    }

    /// Where what stands here in the input is in the output, or will be.
    #[inline(always)]
    pub fn place(&self, pos: usize) -> usize {
        self.s.out.len() + (pos - self.run)
    }

    /// What stands from `start` to `next` is replaced by what is written next.
    #[inline]
    pub fn cut(&mut self, start: usize, next: usize) {
        self.flush(start);
        self.run = next;
    }
}

/// Walks the record at `start..end` of `wide`, and leaves its canonical bytes behind `Scratch::base` of the output.
pub(in crate::codec) fn run(
    program: &Program,
    (plan, contract): (&Plan, &Schema),
    wide: &[u8],
    (start, end): (usize, usize),
    scratch: &mut Scratch,
) -> Option<()> {
    scratch.clear();
    if scratch.parts_by.len() < program.slots {
        scratch.parts_by.resize(program.slots, Part::default());
    }
    let mut r = Run {
        wide,
        run: start,
        s: scratch,
    };
    let ops = program.ops.as_slice();
    let mut budget = BUDGET / 2;
    let (mut part_at, mut skip_at) = (0, 0);
    let (mut pos, mut pc) = (start, 0);
    // An operation that meets something odd leaves position and output as they were.
    macro_rules! plain {
        ($read:expr) => {
            match $read {
                Some(read) => read,
                None => {
                    (pos, r.run, budget) = r.odd((plan, contract), program.origins[pc - 1], (pos, end), budget)?;
                    continue;
                }
            }
        };
    }
    loop {
        let op = ops[pc];
        pc += 1;
        match op {
            Fast::Text => pos = plain!(read::text(wide, pos, end)).1,
            Fast::Long => pos = plain!(read::pass(wide, pos)),
            Fast::Int => pos = plain!(read::int(wide, pos)).1,
            Fast::Optional { null, after } => {
                let index = *wide.get(pos)?;
                if index == null {
                    (pos, pc) = (pos + 1, after as usize);
                } else if index == 2 - null {
                    pos += 1;
                } else {
                    let (raw, next) = r.odd_index(pos, 2)?;
                    pos = next;
                    if raw == u64::from(null) {
                        pc = after as usize;
                    }
                }
            }
            Fast::Enum(limit) => {
                let (raw, next) = plain!(read::varint(wide, pos));
                if raw & 1 == 1 || raw >= u64::from(limit) {
                    return None;
                }
                pos = next;
            }
            Fast::Double => {
                let bytes = *wide[pos..].first_chunk()?;
                let value = f64::from_le_bytes(bytes);
                if value.is_nan() {
                    r.cut(pos, pos + 8);
                    r.s.out.extend(double_bytes(value));
                }
                pos += 8;
            }
            Fast::Decimal { safe, precision } => {
                let (from, next) = plain!(read::bytes(wide, pos, end));
                let bytes = &wide[from..next];
                let shortest = minimal(bytes);
                if shortest.len() > safe as usize && !decimal::has_digits(shortest, precision) {
                    return None;
                }
                if shortest.len() != bytes.len() {
                    r.cut(pos, next);
                    put_bytes(&mut r.s.out, shortest);
                }
                pos = next;
            }
            Fast::TimeLong(clock) => {
                let (raw, next) = plain!(read::varint(wide, pos));
                r.s.time = time::of_count(clock, unzigzag(raw));
                pos = next;
            }
            Fast::Bytes => pos = plain!(read::bytes(wide, pos, end)).1,
            Fast::Boolean => {
                if *wide.get(pos)? > 1 {
                    return None;
                }
                pos += 1;
            }
            Fast::Float => {
                let bytes = *wide[pos..].first_chunk()?;
                let value = f32::from_le_bytes(bytes);
                if value.is_nan() {
                    r.cut(pos, pos + 4);
                    r.s.out.extend(float_bytes(value));
                }
                pos += 4;
            }
            Fast::Fixed(size) => {
                pos += size as usize;
                if pos > end {
                    return None;
                }
            }
            Fast::EnumMap(map) => {
                let map = &plan.enums[map as usize];
                let (raw, next) = plain!(read::varint(wide, pos));
                let index = map.indexes.get(usize::try_from(raw >> 1).ok()?).copied().flatten()?;
                if raw & 1 == 1 {
                    return None;
                }
                if u64::from(index) << 1 != raw {
                    r.cut(pos, next);
                    put_raw(&mut r.s.out, u64::from(index) << 1);
                }
                pos = next;
            }
            Fast::ToDouble { long } => {
                let (raw, next) = plain!(if long {
                    read::varint(wide, pos)
                } else {
                    read::int(wide, pos)
                });
                let number = unzigzag(raw);
                if !(-EXACT_MAX..=EXACT_MAX).contains(&number) {
                    return None;
                }
                r.cut(pos, next);
                r.s.out.extend((number as f64).to_le_bytes());
                pos = next;
            }
            Fast::FloatToDouble => {
                let value = f32::from_le_bytes(*wide[pos..].first_chunk()?);
                r.cut(pos, pos + 4);
                r.s.out.extend_from_slice(&double_bytes(f64::from(value)));
                pos += 4;
            }
            Fast::Union { first, count } => {
                let (raw, next, plain) = match read::varint(wide, pos) {
                    Some((raw, next)) => (raw, next, true),
                    None => {
                        let (raw, next) = read::any_varint(wide, pos)?;
                        (raw, next, false)
                    }
                };
                if raw & 1 == 1 || raw >> 1 >= u64::from(count) {
                    return None;
                }
                let target = program.targets[first as usize + usize::try_from(raw >> 1).ok()?];
                match target.index {
                    Some(_) if target.same && plain => {}
                    Some(index) => {
                        r.cut(pos, next);
                        put_long(&mut r.s.out, i64::from(index));
                    }
                    None => r.cut(pos, next),
                }
                (pos, pc) = (next, target.at as usize);
            }
            Fast::Jump(to) => pc = to as usize,
            Fast::Array { after } => {
                if let Some((count, next)) = read::count(wide, pos, end) {
                    if count == 0 {
                        pc = after as usize;
                    } else {
                        r.s.frames.push(Frame::plain(count, (pc, r.place(pos), next - pos)));
                    }
                    pos = next;
                } else {
                    pos = r.odd_array(pos, end, pc)?;
                    if r.s.frames.last()?.left == 0 {
                        r.s.frames.pop();
                        pc = after as usize;
                    }
                }
            }
            Fast::ArrayEnd => {
                let frame = r.s.frames.last_mut()?;
                frame.left -= 1;
                if pos >= end {
                    return None;
                }
                if frame.left > 0 {
                    pc = frame.body;
                } else if wide[pos] == 0 && frame.is_plain {
                    pos += 1;
                    r.s.frames.pop();
                } else {
                    pos = r.next_block(pos, end)?;
                    let frame = r.s.frames.last()?;
                    if frame.left > 0 {
                        pc = frame.body;
                    } else {
                        r.s.frames.pop();
                    }
                }
            }
            Fast::Doubles => pos = plain!(read::doubles(wide, pos, end)),
            Fast::Texts => pos = plain!(read::texts(wide, pos, end)),
            Fast::TextMap => pos = plain!(r.text_map(pos, end)),
            Fast::SkipBegin => {
                r.flush(pos);
                skip_at = r.s.out.len();
            }
            Fast::SkipEnd => {
                r.s.out.truncate(skip_at);
                r.run = pos;
            }
            Fast::PartText(mark) => {
                let text = plain!(read::text(wide, pos, end));
                r.s.capture(&plan.marks[mark as usize], text, Form::Text);
                pos = text.1;
            }
            Fast::PartBegin => {
                r.flush(pos);
                part_at = r.s.out.len();
            }
            Fast::PartEnd(mark) => {
                r.flush(pos);
                r.s.capture_out(&plan.marks[mark as usize], part_at, false);
            }
            Fast::PartLater(slot) => r.begin_part(slot, pos),
            Fast::PutBy(slot) => r.put_by(slot, pos),
            Fast::PutIn(slot) => r.put_in(slot, pos),
            Fast::Wrap(index) => {
                r.cut(pos, pos);
                put_long(&mut r.s.out, i64::from(index));
            }
            Fast::Slow { op, depth } => {
                let slow = Slow {
                    input: wide.get(..end)?,
                    pos,
                    run: r.run,
                    depth,
                    budget,
                };
                (pos, r.run, budget) = slow.step((plan, contract), (op, op + 1), r.s)?;
            }
            Fast::Never => return None,
            Fast::End => break,
        }
    }
    if pos != end {
        return None;
    }
    r.flush(end);
    Some(())
}
