//! Records: fields by name, in the contract's order, and those that are absent.

use super::{Compiler, Purpose, Step, TooLarge, What, Yield, index};
use crate::codec::applied::Rule;
use crate::codec::default::encode;
use crate::codec::matching;
use crate::codec::plan::{Filling, Op, Ref, Reorder};
use crate::codec::proto::UNKNOWN;
use crate::codec::schema::{Kind, RecordField};
use crate::model::{Path, Segment};

const ABSENT_MAX: usize = 4096;

impl Compiler<'_> {
    pub(super) fn fields(&mut self, step: Step) -> Result<Yield, TooLarge> {
        let (Kind::Record { fields: from, .. }, Kind::Record { fields: to, .. }) =
            (&self.node(step.from).kind, &self.node(step.to).kind)
        else {
            return Err(TooLarge);
        };
        let asked = self.asked;
        // A default is read as its own type: the rules rename nothing in it.
        let found = if step.own || step.from == step.to {
            (0..from.len()).map(Some).collect()
        } else {
            matching::fields(from, to, |name| asked.renamed(step.renames, name))
        };
        let mut absent = Vec::new();
        // What each field of the contract yields, and each field of the writer that the contract lacks.
        let mut parts: Vec<Vec<Op>> = Vec::with_capacity(to.len());
        for (field, place) in to.iter().zip(&found) {
            let at = if step.own {
                None
            } else {
                asked.marks.field(step.at, &field.name)
            };
            let renamed = |i: &usize| {
                let renamed = asked.rename(step.renames, &from[*i].name)?;
                (renamed.to == field.name).then_some(Rule::Rename(renamed.rule))
            };
            if step.from != step.to {
                self.plan.applied.extend(place.as_ref().and_then(renamed));
            }
            let (ops, below) = match place {
                Some(i) => self.value(Step {
                    from: Ref {
                        id: from[*i].node,
                        ..step.from
                    },
                    to: Ref {
                        id: field.node,
                        ..step.to
                    },
                    at,
                    renames: if step.own {
                        None
                    } else {
                        asked.renames.field(step.renames, &from[*i].name)
                    },
                    ..step
                })?,
                None => self.absent(step, field, at)?,
            };
            absent.extend(below.into_iter().map(|below| {
                let mut path = vec![Segment::Field(field.name.clone())];
                path.extend(below.0);
                Path(path)
            }));
            if absent.len() > ABSENT_MAX {
                return Err(TooLarge);
            }
            parts.push(ops);
        }
        let places: Vec<usize> = found.iter().flatten().copied().collect();
        let ops = if places.is_sorted() {
            self.straight(step, from.len(), from, &found, parts)?
        } else {
            self.shuffled(step, from, &found, parts)?
        };
        Ok((ops, absent))
    }

    fn absent(&mut self, step: Step, field: &RecordField, at: super::At) -> Result<Yield, TooLarge> {
        if self.asked.marks.get(at).is_some_and(|marks| marks.ignored) {
            return Ok((Vec::new(), Vec::new()));
        }
        let node = Ref {
            id: field.node,
            ..step.to
        };
        let unknown = field.name == UNKNOWN;
        if (self.asked.defaults || unknown)
            && let Some(default) = &field.default
            && let Some(bytes) = encode(self.contract, field.node, default)
        {
            let filled = Step {
                from: node,
                to: node,
                at,
                renames: None,
                conditional: true,
                own: false,
            };
            let block = self.block(What::Value, filled)?.0;
            if !unknown {
                self.plan.applied.insert(Rule::Defaults);
            }
            let told = self.purpose == Purpose::Show && !unknown;
            self.plan.defaults.push(Filling { bytes, block, told });
            return Ok((vec![Op::Default(index(self.plan.defaults.len() - 1)?)], Vec::new()));
        }
        if step.conditional {
            Ok((vec![Op::Absent], Vec::new()))
        } else {
            Ok((Vec::new(), vec![Path(Vec::new())]))
        }
    }

    /// The contract's order is the writer's, with gaps on both sides.
    fn straight(
        &mut self,
        step: Step,
        count: usize,
        from: &[RecordField],
        found: &[Option<usize>],
        parts: Vec<Vec<Op>>,
    ) -> Result<Vec<Op>, TooLarge> {
        let mut ops = Vec::new();
        let mut next = 0;
        for (part, place) in parts.into_iter().zip(found) {
            if let Some(place) = place {
                self.discard(step, &from[next..*place], &mut ops)?;
                next = *place + 1;
            }
            ops.extend(part);
        }
        self.discard(step, &from[next..count], &mut ops)?;
        Ok(ops)
    }

    fn shuffled(
        &mut self,
        step: Step,
        from: &[RecordField],
        found: &[Option<usize>],
        parts: Vec<Vec<Op>>,
    ) -> Result<Vec<Op>, TooLarge> {
        let mut places = vec![None; from.len()];
        let (mut blocks, mut order) = (Vec::new(), vec![0; found.len()]);
        let mut parts: Vec<Option<Vec<Op>>> = parts.into_iter().map(Some).collect();
        for (place, writer) in found.iter().enumerate() {
            match writer {
                Some(i) => places[*i] = Some(place),
                // It needs no input: it may come first.
                None => {
                    order[place] = blocks.len();
                    let ops = parts[place].take().unwrap_or_default();
                    blocks.push(self.anonymous(ops)?);
                }
            }
        }
        for (i, field) in from.iter().enumerate() {
            let ops = match places[i] {
                Some(place) => {
                    order[place] = blocks.len();
                    parts[place].take().unwrap_or_default()
                }
                None => {
                    let mut ops = Vec::new();
                    self.discard(step, std::slice::from_ref(field), &mut ops)?;
                    ops
                }
            };
            blocks.push(self.anonymous(ops)?);
        }
        self.plan.reorders.push(Reorder { blocks, order });
        Ok(vec![Op::Reorder(index(self.plan.reorders.len() - 1)?)])
    }

    pub(super) fn anonymous(&mut self, ops: Vec<Op>) -> Result<u32, TooLarge> {
        let block = self.finish(ops)?;
        self.plan.blocks.push(block);
        index(self.plan.blocks.len() - 1)
    }

    fn discard(&mut self, step: Step, fields: &[RecordField], ops: &mut Vec<Op>) -> Result<(), TooLarge> {
        for field in fields {
            let from = Ref {
                id: field.node,
                ..step.from
            };
            ops.push(Op::Discard(self.own(from)?));
        }
        Ok(())
    }
}
