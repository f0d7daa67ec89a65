//! A parsed schema: an arena of nodes with every name resolved. Its types are Avro's; a Protobuf schema is translated.

mod names;
mod parse;
mod protobuf;
mod text;

use std::sync::Arc;

use crate::model::hex;
pub(super) use names::unqualified;
pub use parse::SchemaError;

/// Before the digest of a registered schema of documents, in what can be stored of it.
const DOCUMENT: &str = "json ";

/// Index of a node in its schema.
pub(super) type NodeId = u32;

/// A schema, parsed and resolved. Cheap to share.
pub struct Schema {
    pub(super) nodes: Arc<Vec<Node>>,
    pub(super) root: NodeId,
    json: String,
    name: String,
    digest: [u8; 32],
    fingerprint64: [u8; 8],
    wire: Option<protobuf::Wire>,
}

/// A node: its type and the annotation that holds for it.
pub(super) struct Node {
    pub kind: Kind,
    pub logical: Option<Logical>,
}

/// The shape of a node.
pub(super) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Fixed {
        names: Names,
        size: usize,
    },
    Enum {
        names: Names,
        symbols: Vec<String>,
        default: Option<String>,
    },
    Record {
        names: Names,
        fields: Vec<RecordField>,
    },
    Array(NodeId),
    Map(NodeId),
    Union(Vec<NodeId>),
    /// A JSON document, of whatever shape: the root of a schema of its own.
    Document,
}

/// The name of a named type.
#[derive(Clone)]
pub(super) struct Names {
    /// Full name.
    pub full: String,
    /// Full names of its aliases.
    pub aliases: Vec<String>,
}

/// A field of a record.
pub(super) struct RecordField {
    pub name: String,
    pub aliases: Vec<String>,
    pub node: NodeId,
    pub default: Option<serde_json::Value>,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// An annotation that is valid for its node; others are dropped when parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logical {
    Decimal { precision: u32, scale: u32 },
    BigDecimal,
    Uuid,
    Date,
    Time(Unit),
    Timestamp(Unit),
    LocalTimestamp(Unit),
    Duration,
}

impl Schema {
    /// Parses a schema that refers to nothing outside itself.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(json: &str) -> Result<Arc<Self>, SchemaError> {
        Self::parse_with_references(json, &[])
    }

    /// Parses a schema whose names may be defined in others, in any order.
    ///
    /// # Errors
    /// What is wrong with it or with one of the others.
    pub fn parse_with_references(json: &str, references: &[String]) -> Result<Arc<Self>, SchemaError> {
        let (nodes, root) = parse::parse(json, references)?;
        let json = if references.is_empty() {
            json.to_owned()
        } else {
            text::full(&nodes, root)
        };
        let name = names::of(&nodes[root as usize]).to_owned();
        let digest = *blake3::hash(text::canonical(&nodes, root).as_bytes()).as_bytes();
        let fingerprint64 = text::crc64(text::parsing_canonical_form(&nodes, root).as_bytes()).to_le_bytes();
        Ok(Arc::new(Self {
            nodes: Arc::new(nodes),
            root,
            json,
            name,
            digest,
            fingerprint64,
            wire: None,
        }))
    }

    /// A JSON document as it stands: the contract of documents that have no other. One that names a schema of a registry has
    /// that schema's digest.
    #[must_use]
    pub fn document(registered: Option<[u8; 32]>) -> Arc<Self> {
        let nodes = vec![Node {
            kind: Kind::Document,
            logical: None,
        }];
        let canonical = text::canonical(&nodes, 0);
        Arc::new(Self {
            name: names::of(&nodes[0]).to_owned(),
            digest: registered.unwrap_or_else(|| *blake3::hash(canonical.as_bytes()).as_bytes()),
            json: registered.map_or(canonical, |digest| format!("{DOCUMENT}{}", hex(&digest))),
            nodes: Arc::new(nodes),
            root: 0,
            fingerprint64: [0; 8],
            wire: None,
        })
    }

    /// True for a document.
    #[must_use]
    pub fn is_document(&self) -> bool {
        matches!(self.node(self.root).kind, Kind::Document)
    }

    /// A schema again from its [`Schema::json`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn restore(json: &str) -> Result<Arc<Self>, SchemaError> {
        if let Some(stored) = json.strip_prefix(protobuf::STORED) {
            return Self::restore_protobuf(stored);
        }
        match json.strip_prefix(DOCUMENT).and_then(unhex) {
            Some(digest) => Ok(Self::document(Some(digest))),
            None => Self::parse(json),
        }
    }

    /// Full name of a record, enum or fixed, else the name of the type.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// BLAKE3 of the canonical text: types, names, fields, symbols and annotations, in their order.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// CRC-64-AVRO of the parsing canonical form, as a single-object frame carries it (little-endian).
    #[must_use]
    pub fn fingerprint64(&self) -> [u8; 8] {
        self.fingerprint64
    }

    /// Its JSON, complete in itself: what was parsed, or with references their definitions put in. Of a Protobuf schema a
    /// text of our own.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// A part of it as a schema of its own.
    pub(super) fn part(&self, node: NodeId) -> Option<Arc<Self>> {
        Self::parse(&text::full(&self.nodes, node)).ok()
    }

    /// True where one of the two root types names the other as an alias.
    pub(super) fn is_alias_of(&self, other: &Self) -> bool {
        let (Some(own), Some(other)) = (self.node(self.root).names(), other.node(other.root).names()) else {
            return false;
        };
        own.aliases.contains(&other.full) || other.aliases.contains(&own.full)
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// Digest of the canonical text of one node.
    pub(super) fn node_digest(&self, id: NodeId) -> [u8; 32] {
        *blake3::hash(text::canonical(&self.nodes, id).as_bytes()).as_bytes()
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Schema({})", self.name)
    }
}

impl Node {
    /// The name that a union chooses by: the full name, or that of the type.
    pub fn name(&self) -> &str {
        names::of(self)
    }

    pub fn names(&self) -> Option<&Names> {
        match &self.kind {
            Kind::Fixed { names, .. } | Kind::Enum { names, .. } | Kind::Record { names, .. } => Some(names),
            _ => None,
        }
    }

    /// The Avro word for its type.
    pub fn type_word(&self) -> &'static str {
        names::type_word(&self.kind)
    }
}

impl Logical {
    /// The word in a schema.
    pub fn word(self) -> &'static str {
        use Unit::{Micros, Millis, Nanos};
        match self {
            Logical::Decimal { .. } => "decimal",
            Logical::BigDecimal => "big-decimal",
            Logical::Uuid => "uuid",
            Logical::Date => "date",
            Logical::Time(Millis) => "time-millis",
            Logical::Time(Micros) => "time-micros",
            Logical::Time(Nanos) => "time-nanos",
            Logical::Timestamp(Millis) => "timestamp-millis",
            Logical::Timestamp(Micros) => "timestamp-micros",
            Logical::Timestamp(Nanos) => "timestamp-nanos",
            Logical::LocalTimestamp(Millis) => "local-timestamp-millis",
            Logical::LocalTimestamp(Micros) => "local-timestamp-micros",
            Logical::LocalTimestamp(Nanos) => "local-timestamp-nanos",
            Logical::Duration => "duration",
        }
    }
}
