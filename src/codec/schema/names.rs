//! Names of types.

use super::{Kind, Node};

/// The name that a union chooses by.
pub(super) fn of(node: &Node) -> &str {
    node.names().map_or_else(|| type_word(&node.kind), |names| &names.full)
}

/// The Avro word for a type.
pub(super) fn type_word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Boolean => "boolean",
        Kind::Int => "int",
        Kind::Long => "long",
        Kind::Float => "float",
        Kind::Double => "double",
        Kind::Bytes => "bytes",
        Kind::Text => "string",
        Kind::Fixed { .. } => "fixed",
        Kind::Enum { .. } => "enum",
        Kind::Record { .. } => "record",
        Kind::Array(_) => "array",
        Kind::Map(_) => "map",
        Kind::Union(_) => "union",
        Kind::Document => "json",
    }
}

/// The last part of a full name.
pub(in crate::codec) fn unqualified(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
