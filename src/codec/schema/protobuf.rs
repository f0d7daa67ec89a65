//! Schemas that are Protobuf: a file of messages, each a schema of its own.

use std::sync::Arc;

use super::{NodeId, Schema, SchemaError, names, text, unqualified};
use crate::codec::proto::{self, Decoder, Layouts};
use crate::model::UndecodableReason;

/// Before what can be stored of a Protobuf schema: its descriptors in base64, and behind them the name of a message.
pub(super) const STORED: &str = "protobuf ";

/// How the records of a schema stand on the wire.
pub(super) struct Wire {
    layouts: Arc<Layouts>,
    /// Which message; none of a whole file.
    message: Option<u32>,
}

impl Schema {
    /// Compiles a Protobuf schema with the texts that it imports by their names; the well-known types need not be among
    /// them. It stands for all its messages.
    ///
    /// # Errors
    /// What is wrong with it or with one of the others.
    pub fn protobuf(text: &str, imports: &[(String, String)]) -> Result<Arc<Self>, SchemaError> {
        Self::of_source(proto::compile(text, imports)?)
    }

    /// The names of the files that a Protobuf schema imports itself, the well-known types apart.
    ///
    /// # Errors
    /// It cannot be parsed.
    pub fn protobuf_imports(text: &str) -> Result<Vec<String>, SchemaError> {
        proto::imports(text)
    }

    pub(super) fn restore_protobuf(stored: &str) -> Result<Arc<Self>, SchemaError> {
        let (set, name) = stored.split_once(' ').unwrap_or((stored, ""));
        let file = Self::of_source(proto::restore(set)?)?;
        if name.is_empty() {
            return Ok(file);
        }
        let missing = || SchemaError::Unknown(name.to_owned());
        let message = file
            .layouts()
            .and_then(|layouts| layouts.roots().find(|(_, other, _)| *other == name));
        file.message(message.ok_or_else(missing)?.0).ok_or_else(missing)
    }

    fn of_source(source: proto::Source) -> Result<Arc<Self>, SchemaError> {
        let (layouts, nodes, root) = proto::build(source)?;
        let layouts = Arc::new(layouts);
        Ok(Self::of_nodes(Arc::new(nodes), root, Wire { layouts, message: None }))
    }

    fn of_nodes(nodes: Arc<Vec<super::Node>>, root: NodeId, wire: Wire) -> Arc<Self> {
        let name = names::of(&nodes[root as usize]).to_owned();
        let set = wire.layouts.set();
        let json = match wire.message {
            Some(_) => format!("{STORED}{set} {name}"),
            None => format!("{STORED}{set}"),
        };
        Arc::new(Self {
            digest: *blake3::hash(text::canonical(&nodes, root).as_bytes()).as_bytes(),
            fingerprint64: [0; 8],
            json,
            name,
            nodes,
            root,
            wire: Some(wire),
        })
    }

    fn layouts(&self) -> Option<&Layouts> {
        self.wire.as_ref().map(|wire| &*wire.layouts)
    }

    /// True where it is Protobuf, a file or a message.
    #[must_use]
    pub fn is_protobuf(&self) -> bool {
        self.wire.is_some()
    }

    /// True where it stands for all the messages of a file.
    pub(in crate::codec) fn is_file(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| wire.message.is_none())
    }

    /// The schema of one of its messages.
    pub(in crate::codec) fn message(&self, at: u32) -> Option<Arc<Self>> {
        let layouts = &self.wire.as_ref()?.layouts;
        let (.., node) = layouts.roots().find(|(other, ..)| *other == at)?;
        let wire = Wire {
            layouts: layouts.clone(),
            message: Some(at),
        };
        Some(Self::of_nodes(self.nodes.clone(), node, wire))
    }

    /// The message that the indexes of a frame lead to.
    pub(in crate::codec) fn message_at(&self, path: &[u32]) -> Option<u32> {
        self.layouts()?.at(path)
    }

    /// What it is the contract of for a writer: itself; of a file the message of the writer's name, else the only one of its
    /// last name, else the first.
    pub(in crate::codec) fn contract_of(self: &Arc<Self>, writer: &Self) -> Arc<Self> {
        let Some(layouts) = self.layouts().filter(|_| self.is_file()) else {
            return self.clone();
        };
        let named = layouts.roots().find(|(_, name, _)| *name == writer.name());
        let mut last = layouts
            .roots()
            .filter(|(_, name, _)| unqualified(name) == unqualified(writer.name()));
        let only = last.next().filter(|_| last.next().is_none());
        let at = named.or(only).map_or(0, |(at, ..)| at);
        self.message(at).unwrap_or_else(|| self.clone())
    }

    /// Reads a record of a message; its Avro binary is in the decoder then. Of a schema that is not Protobuf it is nothing.
    ///
    /// # Errors
    /// Why it cannot be decoded.
    pub(in crate::codec) fn decode(&self, bytes: &[u8], decoder: &mut Decoder) -> Result<(), UndecodableReason> {
        let wire = self.wire.as_ref().ok_or(UndecodableReason::Schema)?;
        let message = wire.message.ok_or(UndecodableReason::Schema)?;
        decoder.decode(&wire.layouts, message, bytes)
    }
}
