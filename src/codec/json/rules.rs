//! What the rules ask, by the names of a document: looked up once a member, so without a copy.

use std::sync::Arc;

use crate::codec::applied::Rule;
use crate::codec::mapping::Table;
use crate::codec::marks::{self, Asked, At, Marks, Renamed, Trie};
use crate::codec::plan::Mark;
use crate::model::Segment;

/// A place in the rules; [`NOWHERE`] is off every path.
pub(super) type Place = u32;
/// No rule asks anything here or below.
pub(super) const NOWHERE: Place = u32::MAX;

/// The name of a field.
pub(super) type Name = Box<[u8]>;

/// A trie of paths with what stands at their ends.
pub(super) struct Paths<T> {
    nodes: Vec<Node<T>>,
}

struct Node<T> {
    fields: Vec<(Name, Place)>,
    /// Where nothing is asked of items or values, the place of what is not named.
    items: Place,
    values: Place,
    what: T,
}

/// What is asked of a value.
#[derive(Default)]
pub(super) struct Asks {
    /// As a plan has it.
    pub mark: Option<Mark>,
    /// It is an array whose order does not count.
    pub unordered: bool,
    /// What some of its values count as.
    pub map: Option<(usize, Arc<Table>)>,
    /// The rules that name it.
    pub rules: Vec<Rule>,
    /// It is the event time.
    pub time: bool,
    /// It is not compared.
    pub ignored: bool,
    /// A part of the identity or the event time is at it or below.
    pub wanted: bool,
}

/// All rules of one half of the records of a side.
pub(super) struct Rules {
    /// By the contract's names.
    pub marks: Paths<Asks>,
    /// By the writer's names: the contract's.
    pub renames: Paths<Option<(Name, usize)>>,
    /// The contract's name of a field by the writer's, anywhere.
    pub anywhere: Vec<(Name, (Name, usize))>,
}

impl<T> Paths<T> {
    /// Keeps the places of a trie.
    fn of<U: Default>(trie: &Trie<U>, what: impl Fn(At, &U) -> T) -> Self {
        let place = |at: Option<usize>| at.and_then(|at| Place::try_from(at).ok()).unwrap_or(NOWHERE);
        let nodes = trie.iter().map(|(at, node)| {
            let marks::Node {
                children,
                others,
                what: value,
            } = node;
            let fields = children.iter().filter_map(|(segment, child)| match segment {
                Segment::Field(name) => Some((name.as_bytes().into(), place(Some(*child)))),
                Segment::Items | Segment::Values => None,
            });
            Node {
                fields: fields.collect(),
                items: place(children.get(&Segment::Items).copied().or(*others)),
                values: place(children.get(&Segment::Values).copied().or(*others)),
                what: what(Some(at), value),
            }
        });
        Self { nodes: nodes.collect() }
    }

    /// What stands at a place.
    #[inline]
    pub fn get(&self, at: Place) -> Option<&T> {
        self.nodes.get(at as usize).map(|node| &node.what)
    }

    /// The place of a member: by its name, else as any value of a map.
    #[inline]
    pub fn field(&self, at: Place, name: &[u8]) -> Place {
        let Some(node) = self.nodes.get(at as usize) else {
            return NOWHERE;
        };
        let found = node.fields.iter().find(|(field, _)| **field == *name);
        found.map_or(node.values, |(_, place)| *place)
    }

    /// The place of the values of a map.
    pub fn values(&self, at: Place) -> Place {
        self.nodes.get(at as usize).map_or(NOWHERE, |node| node.values)
    }

    /// The place of the items of an array.
    #[inline]
    pub fn items(&self, at: Place) -> Place {
        self.nodes.get(at as usize).map_or(NOWHERE, |node| node.items)
    }
}

impl Rules {
    /// The rules by a contract's names, or by a document's.
    pub fn new(asked: &Asked, document: bool) -> Self {
        let trie = if document { &asked.documents } else { &asked.marks };
        let asks = |at: At, marks: &Marks| {
            let Marks {
                ignored,
                tolerant,
                unordered,
                map,
                hidden,
                parts,
                time,
                rules,
            } = marks.clone();
            let any = ignored || tolerant.is_some() || !parts.is_empty() || time;
            let mark = any.then_some(Mark {
                block: 0,
                node: 0,
                ignored,
                tolerant,
                hidden,
                parts,
            });
            Asks {
                mark,
                unordered,
                map: map.and_then(|rule| Some((rule, asked.maps.get(rule)?.clone()))),
                rules,
                time,
                ignored,
                wanted: trie.values(at).iter().any(|marks| marks.is_wanted()),
            }
        };
        let name = |name: &String| -> Name { name.as_bytes().into() };
        let new_name = |renamed: &Renamed| (name(&renamed.to), renamed.rule);
        Self {
            marks: Paths::of(trie, asks),
            renames: Paths::of(&asked.renames, |_, renamed| renamed.as_ref().map(new_name)),
            anywhere: asked
                .anywhere
                .iter()
                .map(|(from, to)| (name(from), new_name(to)))
                .collect(),
        }
    }

    /// True where a member of the object at this place may have another name in the contract.
    pub fn renames_at(&self, at: Place) -> bool {
        !self.anywhere.is_empty()
            || self
                .renames
                .nodes
                .get(at as usize)
                .is_some_and(|node| !node.fields.is_empty())
    }

    /// The contract's name of a member, if it was renamed, and the rule that says so.
    pub fn renamed(&self, at: Place, name: &[u8]) -> Option<&(Name, usize)> {
        let whole = self.renames.get(self.renames.field(at, name)).and_then(Option::as_ref);
        let anywhere = || self.anywhere.iter().find(|(from, _)| **from == *name);
        whole.or_else(|| anywhere().map(|(_, to)| to))
    }
}
