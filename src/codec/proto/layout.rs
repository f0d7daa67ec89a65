//! How the messages of a schema stand on the wire, compiled for the walk.

use crate::codec::schema::NodeId;

/// No field.
pub(super) const NONE: u32 = u32::MAX;
/// Numbers below this are looked up by their place.
const DENSE: u32 = 256;

/// All messages of a schema.
#[derive(Default)]
pub struct Layouts {
    pub(super) messages: Vec<Layout>,
    pub(super) enums: Vec<Symbols>,
    /// The messages at the top of the schema's own file.
    pub(super) top: Vec<u32>,
    /// The descriptors, in base64.
    pub(super) set: String,
}

/// A message: its fields in the order of their numbers.
#[derive(Default)]
pub(super) struct Layout {
    pub name: String,
    pub node: NodeId,
    pub fields: Vec<Slot>,
    pub dense: Vec<u32>,
    /// What is written for fields that are not there, back to back; and where each field's begins.
    pub defaults: Vec<u8>,
    pub offsets: Vec<usize>,
    pub oneofs: usize,
    pub required: usize,
    /// The messages that stand in it.
    pub children: Vec<u32>,
}

/// A field.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub number: u32,
    pub kind: Kind,
    pub shape: Shape,
    pub oneof: Option<usize>,
}

/// How often a field may be there, and what it is where it is not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Its zero.
    Implicit,
    /// Null.
    Optional,
    /// Then the message is bad.
    Required,
    Repeated,
    /// Entries are messages of this layout.
    Map(u32),
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Bool,
    Enum(u32),
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Float,
    Double,
    Text,
    Bytes,
    Message(u32),
    Group(u32),
    /// `google.protobuf.Timestamp`.
    Time(u32),
}

impl Kind {
    /// Its wire type.
    pub fn wire(self) -> u8 {
        use Kind::{
            Bool, Bytes, Double, Enum, Fixed32, Fixed64, Float, Group, Int32, Int64, Message, Sfixed32, Sfixed64,
            Sint32, Sint64, Text, Time, Uint32, Uint64,
        };
        match self {
            Int32 | Int64 | Uint32 | Uint64 | Sint32 | Sint64 | Bool | Enum(_) => 0,
            Fixed64 | Sfixed64 | Double => 1,
            Text | Bytes | Message(_) | Time(_) => 2,
            Group(_) => 3,
            Fixed32 | Sfixed32 | Float => 5,
        }
    }
}

/// The numbers of an enum.
#[derive(Default)]
pub(super) struct Symbols {
    /// With the place of its symbol, in the order of the numbers.
    pub numbers: Vec<i32>,
    /// Other numbers are values too.
    pub open: bool,
    /// The place of the symbol that stands for no value.
    pub first: usize,
}

impl Symbols {
    /// The place of a number's symbol.
    pub fn place(&self, number: i32) -> Option<usize> {
        let straight = usize::try_from(number).ok();
        match straight.and_then(|at| Some((at, self.numbers.get(at)?))) {
            Some((at, found)) if *found == number => Some(at),
            _ => self.numbers.binary_search(&number).ok(),
        }
    }
}

impl Layout {
    /// Takes the fields, in the order of their numbers.
    pub fn set_fields(&mut self, fields: Vec<Slot>) {
        let most = fields.iter().map(|slot| slot.number).filter(|number| *number < DENSE);
        self.dense = vec![NONE; most.max().map_or(0, |most| most as usize + 1)];
        for (slot, place) in fields.iter().zip(0..) {
            if let Some(dense) = self.dense.get_mut(slot.number as usize) {
                *dense = place;
            }
        }
        self.required = fields.iter().filter(|slot| slot.shape == Shape::Required).count();
        self.fields = fields;
    }

    /// The place of a field; `next` is where it stands most likely.
    #[inline]
    pub fn place(&self, number: u32, next: usize) -> Option<usize> {
        if self.fields.get(next).is_some_and(|slot| slot.number == number) {
            return Some(next);
        }
        if number < DENSE {
            let place = *self.dense.get(number as usize)?;
            return (place != NONE).then_some(place as usize);
        }
        self.fields.binary_search_by_key(&number, |slot| slot.number).ok()
    }
}

impl Layouts {
    /// The message that indexes lead to: one at the top, and then one in it.
    pub fn at(&self, path: &[u32]) -> Option<u32> {
        let mut among = &self.top;
        let mut found = None;
        for index in path {
            let message = *among.get(*index as usize)?;
            among = &self.messages.get(message as usize)?.children;
            found = Some(message);
        }
        found
    }

    /// The messages with their nodes, those of the schema's own file first.
    pub fn roots(&self) -> impl Iterator<Item = (u32, &str, NodeId)> {
        let all = (0..).zip(&self.messages);
        all.map(|(at, layout)| (at, layout.name.as_str(), layout.node))
    }

    /// The descriptors, in base64.
    pub fn set(&self) -> &str {
        &self.set
    }
}
