//! From descriptors to layouts and to types of our own.

use std::collections::BTreeMap;

use protox::prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, Kind as FieldKind, MessageDescriptor, Syntax,
};
use serde_json::{Value, json};

use super::UNKNOWN;
use super::layout::{Kind, Layout, Layouts, Shape, Slot, Symbols};
use super::source::Source;
use crate::codec::canonical::put_long;
use crate::codec::schema::{self, Logical, Names, Node, NodeId, RecordField, SchemaError, Unit};

const TIMESTAMP: &str = "google.protobuf.Timestamp";
/// Digits of the largest number of 64 bits.
const DIGITS: u32 = 20;

struct Builder {
    nodes: Vec<Node>,
    layouts: Layouts,
    /// By their full names.
    messages: BTreeMap<String, u32>,
    enums: BTreeMap<String, (u32, NodeId)>,
    /// Messages whose fields are still to be built.
    open: Vec<(MessageDescriptor, u32)>,
}

/// Layouts of all messages, the nodes of their types, and the root of all: a union of the messages of the schema's own file.
pub fn build(source: Source) -> Result<(Layouts, Vec<Node>, NodeId), SchemaError> {
    let mut builder = Builder {
        nodes: Vec::new(),
        layouts: Layouts {
            set: source.set,
            ..Layouts::default()
        },
        messages: BTreeMap::new(),
        enums: BTreeMap::new(),
        open: Vec::new(),
    };
    let root = builder.push(schema::Kind::Null, None);
    let top = builder.list(source.file.messages().collect());
    builder.layouts.top = top;
    let roots: Vec<NodeId> = builder.layouts.messages.iter().map(|layout| layout.node).collect();
    if roots.is_empty() {
        return Err(SchemaError::Protobuf("it defines no message".to_owned()));
    }
    builder.nodes[root as usize].kind = schema::Kind::Union(roots);
    while let Some((message, at)) = builder.open.pop() {
        builder.fill(&message, at);
    }
    if builder.nodes.len() > NODES_MAX {
        return Err(SchemaError::Protobuf(format!(
            "it has more than {NODES_MAX} types and fields"
        )));
    }
    Ok((builder.layouts, builder.nodes, root))
}

/// The most nodes of a schema.
const NODES_MAX: usize = 200_000;

/// A place in a list whose length the text bounds.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Builder {
    fn push(&mut self, kind: schema::Kind, logical: Option<Logical>) -> NodeId {
        self.nodes.push(Node { kind, logical });
        place(self.nodes.len() - 1)
    }

    /// Messages that stand in a file or a message, and those in them.
    fn list(&mut self, messages: Vec<MessageDescriptor>) -> Vec<u32> {
        let mut found = Vec::new();
        for message in messages.into_iter().filter(|message| !message.is_map_entry()) {
            let at = self.message(&message);
            found.push(at);
            let children = self.list(message.child_messages().collect());
            self.layouts.messages[at as usize].children = children;
        }
        found
    }

    fn message(&mut self, message: &MessageDescriptor) -> u32 {
        if let Some(found) = self.messages.get(message.full_name()) {
            return *found;
        }
        let at = place(self.layouts.messages.len());
        let names = Names {
            full: message.full_name().to_owned(),
            aliases: Vec::new(),
        };
        let fields = Vec::new();
        let node = self.push(schema::Kind::Record { names, fields }, None);
        self.layouts.messages.push(Layout {
            name: message.full_name().to_owned(),
            node,
            ..Layout::default()
        });
        self.messages.insert(message.full_name().to_owned(), at);
        self.open.push((message.clone(), at));
        at
    }

    fn symbols(&mut self, descriptor: &EnumDescriptor) -> (u32, NodeId) {
        if let Some(found) = self.enums.get(descriptor.full_name()) {
            return *found;
        }
        let open = descriptor.parent_file().syntax() != Syntax::Proto2;
        // As they are declared.
        let declared = &descriptor.enum_descriptor_proto().value;
        let mut values: Vec<(i32, String)> = declared
            .iter()
            .map(|value| (value.number(), value.name().to_owned()))
            .collect();
        let first = values.first().map_or(0, |(number, _)| *number);
        // Of names of one number the first.
        values.sort_by_key(|(number, _)| *number);
        values.dedup_by_key(|(number, _)| *number);
        let (numbers, symbols): (Vec<i32>, Vec<String>) = values.into_iter().unzip();
        let first = numbers.iter().position(|number| *number == first).unwrap_or(0);
        let kind = schema::Kind::Enum {
            names: Names {
                full: descriptor.full_name().to_owned(),
                aliases: Vec::new(),
            },
            default: symbols.get(first).filter(|_| open).cloned(),
            symbols,
        };
        let node = self.push(kind, None);
        let at = place(self.layouts.enums.len());
        self.layouts.enums.push(Symbols { numbers, open, first });
        self.enums.insert(descriptor.full_name().to_owned(), (at, node));
        (at, node)
    }

    /// Builds the fields of a message.
    fn fill(&mut self, message: &MessageDescriptor, at: u32) {
        let mut descriptors: Vec<FieldDescriptor> = message.fields().collect();
        descriptors.sort_by_key(FieldDescriptor::number);
        let names: Vec<&str> = descriptors.iter().map(FieldDescriptor::name).collect();
        let oneofs: Vec<String> = message
            .oneofs()
            .filter(|oneof| !oneof.is_synthetic())
            .map(|oneof| oneof.full_name().to_owned())
            .collect();
        let (mut slots, mut fields) = (Vec::new(), Vec::new());
        let (mut defaults, mut offsets) = (Vec::new(), vec![0]);
        for field in &descriptors {
            let (slot, node, default) = self.field(field, &oneofs, &mut defaults);
            offsets.push(defaults.len());
            slots.push(slot);
            let other = field.json_name();
            fields.push(RecordField {
                name: field.name().to_owned(),
                aliases: (!names.contains(&other))
                    .then(|| other.to_owned())
                    .into_iter()
                    .collect(),
                node,
                default,
            });
        }
        fields.push(RecordField {
            name: UNKNOWN.to_owned(),
            aliases: Vec::new(),
            node: self.push(schema::Kind::Bytes, None),
            default: Some(json!("")),
        });
        let layout = &mut self.layouts.messages[at as usize];
        layout.set_fields(slots);
        (layout.defaults, layout.offsets, layout.oneofs) = (defaults, offsets, oneofs.len());
        if let schema::Kind::Record { fields: own, .. } = &mut self.nodes[layout.node as usize].kind {
            *own = fields;
        }
    }

    /// A field: how it is read, its type, its default. Appends what is written where it is not there.
    fn field(
        &mut self,
        field: &FieldDescriptor,
        oneofs: &[String],
        defaults: &mut Vec<u8>,
    ) -> (Slot, NodeId, Option<Value>) {
        let number = field.number();
        if let (true, FieldKind::Message(entry)) = (field.is_map(), field.kind()) {
            defaults.push(0);
            let at = self.message(&entry);
            let (kind, branches) = self.value(&entry.map_entry_value_field());
            let inner = self.of_branches(branches);
            let node = self.push(schema::Kind::Map(inner), None);
            let slot = Slot {
                number,
                kind,
                shape: Shape::Map(at),
                oneof: None,
            };
            return (slot, node, Some(json!({})));
        }
        let (kind, mut branches) = self.value(field);
        let (shape, default) = if field.cardinality() == Cardinality::Repeated {
            (Shape::Repeated, Some(json!([])))
        } else if field.cardinality() == Cardinality::Required {
            (Shape::Required, None)
        } else if field.supports_presence() {
            (Shape::Optional, Some(Value::Null))
        } else {
            (Shape::Implicit, Some(self.zero(kind)))
        };
        match shape {
            Shape::Required => {}
            Shape::Implicit => put_zero(defaults, kind, &self.layouts),
            Shape::Optional | Shape::Repeated | Shape::Map(_) => defaults.push(0),
        }
        let oneof = field.containing_oneof();
        let oneof = oneof.and_then(|oneof| oneofs.iter().position(|name| name == oneof.full_name()));
        if shape == Shape::Optional {
            let null = self.push(schema::Kind::Null, None);
            branches.insert(0, null);
        }
        let mut node = self.of_branches(branches);
        if shape == Shape::Repeated {
            node = self.push(schema::Kind::Array(node), None);
        }
        let slot = Slot {
            number,
            kind,
            shape,
            oneof,
        };
        (slot, node, default)
    }

    /// A type, or a union of several.
    fn of_branches(&mut self, branches: Vec<NodeId>) -> NodeId {
        match branches.as_slice() {
            [one] => *one,
            _ => self.push(schema::Kind::Union(branches), None),
        }
    }

    /// How one value of a field is read, and the types that it may have.
    fn value(&mut self, field: &FieldDescriptor) -> (Kind, Vec<NodeId>) {
        use schema::Kind as Type;
        let (kind, own) = match field.kind() {
            FieldKind::Double => (Kind::Double, Type::Double),
            FieldKind::Float => (Kind::Float, Type::Float),
            FieldKind::Int32 => (Kind::Int32, Type::Int),
            FieldKind::Sint32 => (Kind::Sint32, Type::Int),
            FieldKind::Sfixed32 => (Kind::Sfixed32, Type::Int),
            FieldKind::Int64 => (Kind::Int64, Type::Long),
            FieldKind::Sint64 => (Kind::Sint64, Type::Long),
            FieldKind::Sfixed64 => (Kind::Sfixed64, Type::Long),
            FieldKind::Uint32 => (Kind::Uint32, Type::Long),
            FieldKind::Fixed32 => (Kind::Fixed32, Type::Long),
            FieldKind::Bool => (Kind::Bool, Type::Boolean),
            FieldKind::String => (Kind::Text, Type::Text),
            FieldKind::Bytes => (Kind::Bytes, Type::Bytes),
            FieldKind::Uint64 => return (Kind::Uint64, self.unsigned()),
            FieldKind::Fixed64 => return (Kind::Fixed64, self.unsigned()),
            FieldKind::Enum(descriptor) => {
                let (at, node) = self.symbols(&descriptor);
                let mut branches = vec![node];
                if self.layouts.enums[at as usize].open {
                    branches.push(self.push(Type::Int, None));
                }
                return (Kind::Enum(at), branches);
            }
            FieldKind::Message(message) => {
                let at = self.message(&message);
                let node = self.layouts.messages[at as usize].node;
                if message.full_name() == TIMESTAMP && is_timestamp(&message) {
                    let nanos = Some(Logical::Timestamp(Unit::Nanos));
                    return (Kind::Time(at), vec![self.push(Type::Long, nanos), node]);
                }
                let kind = if field.is_group() {
                    Kind::Group(at)
                } else {
                    Kind::Message(at)
                };
                return (kind, vec![node]);
            }
        };
        let node = self.push(own, None);
        (kind, vec![node])
    }

    /// A number of 64 bits without sign: a long, and a decimal where it is none.
    fn unsigned(&mut self) -> Vec<NodeId> {
        let decimal = Logical::Decimal {
            precision: DIGITS,
            scale: 0,
        };
        vec![
            self.push(schema::Kind::Long, None),
            self.push(schema::Kind::Bytes, Some(decimal)),
        ]
    }

    /// The default of a field that is never null.
    fn zero(&self, kind: Kind) -> Value {
        match kind {
            Kind::Bool => json!(false),
            Kind::Text | Kind::Bytes => json!(""),
            Kind::Enum(at) => match &self.nodes[self.node_of(at) as usize].kind {
                schema::Kind::Enum { symbols, .. } => json!(symbols.get(self.layouts.enums[at as usize].first)),
                _ => Value::Null,
            },
            _ => json!(0),
        }
    }

    fn node_of(&self, symbols: u32) -> NodeId {
        let mut found = self.enums.values().filter(|(at, _)| *at == symbols);
        found.next().map_or(0, |(_, node)| *node)
    }
}

/// True where it is what it is known as.
fn is_timestamp(message: &MessageDescriptor) -> bool {
    let is = |number, kind: FieldKind| {
        let field = message.get_field(number);
        field.is_some_and(|field| field.kind() == kind && field.cardinality() == Cardinality::Optional)
    };
    message.fields().len() == 2 && is(1, FieldKind::Int64) && is(2, FieldKind::Int32)
}

/// Appends the zero of a type.
pub(super) fn put_zero(out: &mut Vec<u8>, kind: Kind, layouts: &Layouts) {
    match kind {
        Kind::Float => out.extend([0; 4]),
        Kind::Double => out.extend([0; 8]),
        Kind::Uint64 | Kind::Fixed64 => out.extend([0; 2]),
        Kind::Enum(at) => {
            let symbols = &layouts.enums[at as usize];
            if symbols.open {
                out.push(0);
            }
            put_long(out, i64::try_from(symbols.first).unwrap_or(0));
        }
        _ => out.push(0),
    }
}
