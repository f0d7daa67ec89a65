//! From writer schema, contract and rules to a plan.

mod leaf;
mod record;
mod union;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::mapping::{Mapped, Table};
use super::marks::{Asked, At};
use super::plan::{BlockId, Clock, Foreign, Map, Mark, Of, Op, Plan, Ref};
use super::schema::{Kind, Logical, Node, NodeId, Schema};
use super::skip;
use crate::model::{Path, Segment};

/// How deep schemas may nest while compiling, references followed.
const DEPTH_MAX: u32 = 160;
/// The most blocks and absent paths of a plan.
const BLOCKS_MAX: usize = 100_000;

/// The schemas make a plan that is too large or too deep. Their records are out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// How to compile where the rules leave a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To digest: tolerant values apart, fields that are always absent in the key.
    Digest,
    /// To show: everything in place.
    Show,
}

pub(super) fn compile(writer: &Schema, contract: &Schema, asked: &Asked, purpose: Purpose) -> Result<Plan, TooLarge> {
    let mut compiler = Compiler::new(writer, contract, asked, purpose);
    let step = Step {
        from: Ref {
            of: Of::Writer,
            id: writer.root,
        },
        to: Ref {
            of: Of::Contract,
            id: contract.root,
        },
        at: asked.marks.root(),
        renames: asked.renames.root(),
        conditional: purpose == Purpose::Show || asked.in_place,
        own: false,
    };
    let (root, absent) = compiler.block(What::Value, step)?;
    compiler.plan.root = root;
    compiler.plan.absent = absent.iter().map(Path::to_string).collect();
    compiler.plan.absent.sort();
    Ok(compiler.plan)
}

/// The walk of a value of the contract as its own type, with the marks from a place in the rules on: of a default that is put in.
pub(super) fn filled(
    contract: &Schema,
    node: NodeId,
    asked: &Asked,
    at: At,
    purpose: Purpose,
) -> Result<Plan, TooLarge> {
    let mut compiler = Compiler::new(contract, contract, asked, purpose);
    let node = Ref {
        of: Of::Contract,
        id: node,
    };
    let step = Step {
        from: node,
        to: node,
        at,
        renames: None,
        conditional: true,
        own: false,
    };
    compiler.plan.root = compiler.block(What::Value, step)?.0;
    Ok(compiler.plan)
}

/// Where the compiler stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    from: Ref,
    to: Ref,
    /// In the rules, by the contract's names.
    at: At,
    /// In the whole-path renames, by the writer's names.
    renames: At,
    /// Below a union, array or map: what is absent here is absent only in some records.
    conditional: bool,
    /// Both nodes are the same and nothing is converted: to skip, and to show what cannot be held.
    own: bool,
}

/// What a block yields.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The value with what the rules ask of it.
    Value,
    /// The value without.
    Bare,
    /// The fields of a record.
    Fields,
    /// A value that cannot be held.
    Foreign,
}

/// Operations, and the paths below that are absent in every record.
type Yield = (Vec<Op>, Vec<Path>);

struct Compiler<'a> {
    writer: &'a Schema,
    contract: &'a Schema,
    asked: &'a Asked,
    purpose: Purpose,
    plan: Plan,
    memo: BTreeMap<(What, Step), (BlockId, Vec<Path>)>,
    foreigns: BTreeMap<Ref, u32>,
    depth: u32,
    /// Nodes of writer and contract whose values never take a byte.
    empty: (Vec<bool>, Vec<bool>),
}

/// An index into one of the plan's tables; the bound on blocks keeps it small.
fn index(length: usize) -> Result<u32, TooLarge> {
    u32::try_from(length).map_err(|_| TooLarge)
}

impl<'a> Compiler<'a> {
    fn new(writer: &'a Schema, contract: &'a Schema, asked: &'a Asked, purpose: Purpose) -> Self {
        Self {
            writer,
            contract,
            asked,
            purpose,
            plan: Plan::default(),
            memo: BTreeMap::new(),
            foreigns: BTreeMap::new(),
            depth: 0,
            empty: (skip::empty(writer), skip::empty(contract)),
        }
    }

    fn node(&self, r: Ref) -> &'a Node {
        match r.of {
            Of::Writer => self.writer.node(r.id),
            Of::Contract => self.contract.node(r.id),
        }
    }

    fn block(&mut self, what: What, step: Step) -> Result<(BlockId, Vec<Path>), TooLarge> {
        if let Some(found) = self.memo.get(&(what, step)) {
            return Ok(found.clone());
        }
        if self.plan.blocks.len() >= BLOCKS_MAX || self.depth > DEPTH_MAX {
            return Err(TooLarge);
        }
        let id = index(self.plan.blocks.len())?;
        self.plan.blocks.push((0, 0));
        // A recursive type finds its own block here; it has no absent paths without a union or array in between.
        self.memo.insert((what, step), (id, Vec::new()));
        self.depth += 1;
        let (ops, absent) = match what {
            What::Value => self.value(step)?,
            What::Bare => self.bare(step)?,
            What::Fields => self.fields(step)?,
            What::Foreign => (self.foreign_ops(step)?, Vec::new()),
        };
        self.depth -= 1;
        self.plan.blocks[id as usize] = self.finish(ops)?;
        self.memo.insert((what, step), (id, absent.clone()));
        Ok((id, absent))
    }

    fn finish(&mut self, ops: Vec<Op>) -> Result<(u32, u32), TooLarge> {
        let first = index(self.plan.ops.len())?;
        self.plan.ops.extend(ops);
        Ok((first, index(self.plan.ops.len())?))
    }

    fn own(&mut self, from: Ref) -> Result<BlockId, TooLarge> {
        let step = Step {
            from,
            to: from,
            at: None,
            renames: None,
            conditional: true,
            own: true,
        };
        Ok(self.block(What::Bare, step)?.0)
    }

    /// A value with what the rules ask of it.
    fn value(&mut self, step: Step) -> Result<Yield, TooLarge> {
        let Some(marks) = self.asked.marks.get(step.at) else {
            return self.bare(step);
        };
        self.plan.applied.extend(&marks.rules);
        let show = self.purpose == Purpose::Show;
        let mark = Mark {
            block: 0,
            node: step.to.id,
            ignored: marks.ignored,
            tolerant: marks.tolerant.filter(|_| !show),
            hidden: marks.hidden,
            parts: if show { Vec::new() } else { marks.parts.clone() },
        };
        if mark.ignored && (show || !self.asked.wanted_below(step.at)) {
            return Ok((vec![Op::Discard(self.own(step.from)?)], Vec::new()));
        }
        if !mark.ignored && mark.tolerant.is_none() && mark.parts.is_empty() {
            return self.bare(step);
        }
        let (block, mut absent) = self.block(What::Bare, step)?;
        if mark.ignored {
            // What is not compared has no absent fields either; a part of the identity below is as without the rule.
            absent.clear();
        }
        let at = index(self.plan.marks.len())?;
        self.plan.marks.push(Mark { block, ..mark });
        Ok((vec![Op::Mark(at)], absent))
    }

    /// A value as such.
    fn bare(&mut self, step: Step) -> Result<Yield, TooLarge> {
        let (from, to) = (self.node(step.from), self.node(step.to));
        let below = |from, to, segment: &Segment| Step {
            from: Ref { id: from, ..step.from },
            to: Ref { id: to, ..step.to },
            at: self.asked.marks.child(step.at, segment),
            renames: self.asked.renames.child(step.renames, segment),
            conditional: true,
            own: step.own,
        };
        match (&from.kind, &to.kind) {
            (Kind::Union(branches), _) => self.union(step, branches),
            (_, Kind::Union(branches)) => self.bare_into_union(step, branches),
            (Kind::Record { .. }, Kind::Record { .. }) => {
                let (block, absent) = self.block(What::Fields, step)?;
                Ok((vec![Op::Call(block)], absent))
            }
            (Kind::Array(from), Kind::Array(to)) => {
                let below = below(*from, *to, &Segment::Items);
                let sized = match below.from.of {
                    Of::Writer => !self.empty.0[below.from.id as usize],
                    Of::Contract => !self.empty.1[below.from.id as usize],
                };
                let items = self.block(What::Value, below)?.0;
                let unordered = self.asked.marks.get(step.at).is_some_and(|marks| marks.unordered);
                // Items that take no byte are all alike, and what is shown stays as it was written.
                let op = if unordered && sized && self.purpose == Purpose::Digest {
                    Op::Unordered { items }
                } else {
                    Op::Array { items, sized }
                };
                Ok((vec![op], Vec::new()))
            }
            (Kind::Map(from), Kind::Map(to)) => {
                let below = below(*from, *to, &Segment::Values);
                let values = self.block(What::Value, below)?.0;
                Ok((vec![Op::Map { values }], Vec::new()))
            }
            _ => match self.leaf(step)? {
                Some(op) => {
                    let mut ops = self.clock(step);
                    ops.push(self.mapped(step, op)?);
                    Ok((ops, Vec::new()))
                }
                None => Ok((self.foreign_ops(step)?, Vec::new())),
            },
        }
    }

    /// What some values of the step count as.
    fn table(&self, step: Step) -> Option<(usize, Arc<Table>)> {
        let rule = self.asked.marks.get(step.at)?.map?;
        Some((rule, self.asked.maps.get(rule)?.clone()))
    }

    /// The same operation, and then what the rules say that its value counts as.
    fn mapped(&mut self, step: Step, op: Op) -> Result<Op, TooLarge> {
        let (Some((rule, table)), Some(what)) = (self.table(step), Mapped::of(self.node(step.to))) else {
            return Ok(op);
        };
        let block = self.anonymous(vec![op])?;
        self.plan.maps.push(Map {
            block,
            what,
            table,
            rule,
        });
        Ok(Op::Mapped(index(self.plan.maps.len() - 1)?))
    }

    fn foreign_ops(&mut self, step: Step) -> Result<Vec<Op>, TooLarge> {
        let mut ops = self.clock(step);
        ops.push(Op::Foreign(self.foreign(step.from)?));
        Ok(ops)
    }

    /// Where a value of the writer's node goes if it cannot be held.
    fn foreign(&mut self, from: Ref) -> Result<u32, TooLarge> {
        if let Some(found) = self.foreigns.get(&from) {
            return Ok(*found);
        }
        let own = self.own(from)?;
        let schema = match from.of {
            Of::Writer => self.writer,
            Of::Contract => self.contract,
        };
        let mut type_digest = [0; 16];
        type_digest.copy_from_slice(&schema.node_digest(from.id)[..16]);
        let at = index(self.plan.foreigns.len())?;
        self.plan.foreigns.push(Foreign {
            node: from,
            type_digest,
            own,
        });
        self.foreigns.insert(from, at);
        Ok(at)
    }

    /// Reads the event time where the rules have it here: by the writer's annotation, else by the contract's.
    fn clock(&self, step: Step) -> Vec<Op> {
        if !self.asked.marks.get(step.at).is_some_and(|marks| marks.time) {
            return Vec::new();
        }
        let (from, to) = (self.node(step.from), self.node(step.to));
        let number = |node: &Node| matches!(node.kind, Kind::Int | Kind::Long);
        let clock = match from.kind {
            Kind::Int | Kind::Long => match from.logical.or(to.logical.filter(|_| number(to))) {
                Some(Logical::Timestamp(unit) | Logical::LocalTimestamp(unit)) => Some(Clock::Count(unit)),
                Some(Logical::Date) => Some(Clock::Days),
                None => Some(Clock::Count(super::schema::Unit::Millis)),
                Some(_) => None,
            },
            Kind::Text if from.logical.is_none() => Some(Clock::Text),
            _ => None,
        };
        let long = matches!(from.kind, Kind::Long);
        clock.map(|clock| Op::Time { clock, long }).into_iter().collect()
    }
}
