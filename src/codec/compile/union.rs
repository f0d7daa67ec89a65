//! Unions: by name, else the only branch that fits; bare values into unions and back.

use super::{Compiler, Step, TooLarge, What, Yield, index};
use crate::codec::plan::{Branch, Op, Ref};
use crate::codec::schema::{Kind, NodeId, unqualified};

impl Compiler<'_> {
    /// A union of the writer.
    pub(super) fn union(&mut self, step: Step, branches: &[NodeId]) -> Result<Yield, TooLarge> {
        // Of a union that is a bare type and null, into a type that is not one, what is absent is so in every record: the
        // other side may have no union there.
        let is_null = |id: &&NodeId| matches!(self.node(Ref { id: **id, ..step.from }).kind, Kind::Null);
        let bare = !matches!(self.node(step.to).kind, Kind::Union(_));
        let sole = bare && branches.iter().filter(|id| !is_null(id)).count() == 1;
        let mut always = Vec::new();
        let mut table = Vec::with_capacity(branches.len());
        for (i, id) in branches.iter().enumerate() {
            let from = Ref { id: *id, ..step.from };
            let inside = Step {
                from,
                conditional: step.conditional || !sole,
                ..step
            };
            let branch = match &self.node(step.to).kind {
                Kind::Union(to) => match if step.own || (mutant!(UnionByIndex) && i < to.len()) {
                    Some(i)
                } else {
                    self.pick(from, step.to, to)
                } {
                    Some(choice) => {
                        let to = Ref {
                            id: to[choice],
                            ..step.to
                        };
                        Branch {
                            block: self.block(What::Bare, Step { to, ..inside })?.0,
                            index: Some(index(choice)?),
                            same: choice == i,
                            null: matches!((&self.node(from).kind, &self.node(to).kind), (Kind::Null, Kind::Null)),
                        }
                    }
                    None => Branch {
                        block: self.block(What::Foreign, inside)?.0,
                        index: None,
                        same: false,
                        null: false,
                    },
                },
                to => {
                    let null = matches!((&self.node(from).kind, to), (Kind::Null, Kind::Null));
                    let (block, absent) = self.block(What::Bare, inside)?;
                    always.extend(absent);
                    Branch {
                        null,
                        block,
                        index: None,
                        same: false,
                    }
                }
            };
            table.push(branch);
        }
        let first = index(self.plan.branches.len())?;
        let count = index(table.len())?;
        self.plan.branches.extend(table);
        Ok((vec![Op::Union { first, count }], always))
    }

    /// A bare value of the writer into a union of the contract.
    pub(super) fn bare_into_union(&mut self, step: Step, branches: &[NodeId]) -> Result<Yield, TooLarge> {
        let Some(choice) = self.pick(step.from, step.to, branches) else {
            return Ok((self.foreign_ops(step)?, Vec::new()));
        };
        let to = Ref {
            id: branches[choice],
            ..step.to
        };
        let inside = Step {
            to,
            conditional: true,
            ..step
        };
        let (mut ops, _) = self.bare(inside)?;
        ops.insert(0, Op::Wrap(index(choice)?));
        Ok((ops, Vec::new()))
    }

    /// The branch of the contract's union for a type of the writer.
    fn pick(&self, from: Ref, to: Ref, branches: &[NodeId]) -> Option<usize> {
        let node = self.node(from);
        let candidates: Vec<_> = branches.iter().map(|id| self.node(Ref { id: *id, ..to })).collect();
        if let Some(found) = candidates.iter().position(|candidate| candidate.name() == node.name()) {
            return Some(found);
        }
        if let Some(names) = node.names() {
            let alias = candidates.iter().position(|candidate| {
                candidate
                    .names()
                    .is_some_and(|other| names.aliases.contains(&other.full) || other.aliases.contains(&names.full))
            });
            if alias.is_some() {
                return alias;
            }
            let last = only(candidates.iter().map(|candidate| {
                candidate.type_word() == node.type_word() && unqualified(candidate.name()) == unqualified(node.name())
            }));
            if last.is_some() {
                return last;
            }
        }
        only(candidates.iter().map(|candidate| super::leaf::fits(node, candidate)))
    }
}

/// The place of the only `true`.
fn only(mut flags: impl Iterator<Item = bool>) -> Option<usize> {
    let first = flags.position(|flag| flag)?;
    (!flags.any(|flag| flag)).then_some(first)
}
