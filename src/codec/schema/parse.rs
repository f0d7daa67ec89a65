//! JSON to nodes: bounds, names and namespaces, annotations.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Kind, Logical, Names, Node, NodeId, RecordField, Unit};

const BODY_MAX: usize = 1 << 20;
const DEPTH_MAX: u32 = 64;
const FIXED_MAX: u64 = 1 << 20;

/// Why a text is not a schema that we take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Not JSON; where.
    #[error("the schema is not JSON: line {line}, column {column}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Not a Protobuf schema that can be compiled; why.
    #[error("the Protobuf schema cannot be compiled: {0}")]
    Protobuf(String),
    /// Too large.
    #[error("the schema has {0} bytes, the most are {BODY_MAX}")]
    Size(usize),
    /// Too deep.
    #[error("the schema nests deeper than {DEPTH_MAX}")]
    Depth,
    /// A name that nothing defines.
    #[error("the schema refers to {0}, which nothing defines")]
    Unknown(String),
    /// A name twice.
    #[error("the schema defines {0} twice")]
    Twice(String),
    /// Anything else, by the place and the fault.
    #[error("{at}: {fault}")]
    Invalid {
        /// The name of the nearest named type or field.
        at: String,
        /// What is wrong there.
        fault: &'static str,
    },
}

struct Parser {
    nodes: Vec<Node>,
    named: BTreeMap<String, NodeId>,
}

pub(super) fn parse(json: &str, references: &[String]) -> Result<(Vec<Node>, NodeId), SchemaError> {
    let mut parser = Parser {
        nodes: Vec::new(),
        named: BTreeMap::new(),
    };
    let total = references.iter().map(String::len).sum::<usize>() + json.len();
    if total > BODY_MAX {
        return Err(SchemaError::Size(total));
    }
    let mut waiting = references
        .iter()
        .map(|text| read(text))
        .collect::<Result<Vec<_>, _>>()?;
    // References come in any order: those that refer to a later one wait for the next round.
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut missing = None;
        let mut still = Vec::new();
        for value in waiting {
            let (nodes, named) = (parser.nodes.len(), parser.named.clone());
            match parser.node(&value, "", "reference", 0) {
                Ok(_) => {}
                Err(SchemaError::Unknown(name)) => {
                    parser.nodes.truncate(nodes);
                    parser.named = named;
                    missing = Some(name);
                    still.push(value);
                }
                Err(error) => return Err(error),
            }
        }
        waiting = still;
        if waiting.len() == before {
            return Err(SchemaError::Unknown(missing.unwrap_or_default()));
        }
    }
    let root = parser.node(&read(json)?, "", "schema", 0)?;
    Ok((parser.nodes, root))
}

/// A bare name such as `string` or `a.B` is taken as a schema too.
fn read(text: &str) -> Result<Value, SchemaError> {
    let bare = text.trim();
    if !bare.is_empty() && bare.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
        return Ok(Value::String(bare.to_owned()));
    }
    serde_json::from_str(text).map_err(|error| SchemaError::Json {
        line: error.line(),
        column: error.column(),
    })
}

fn invalid(at: &str, fault: &'static str) -> SchemaError {
    SchemaError::Invalid {
        at: at.to_owned(),
        fault,
    }
}

fn primitive(word: &str) -> Option<Kind> {
    Some(match word {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "int" => Kind::Int,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "bytes" => Kind::Bytes,
        "string" => Kind::Text,
        _ => return None,
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_control() || c == '"' || c == '\\')
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') {
        name.trim_start_matches('.').to_owned()
    } else if namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{namespace}.{name}")
    }
}

impl Parser {
    fn push(&mut self, kind: Kind, logical: Option<Logical>) -> Result<NodeId, SchemaError> {
        let id = NodeId::try_from(self.nodes.len()).map_err(|_| SchemaError::Depth)?;
        self.nodes.push(Node { kind, logical });
        Ok(id)
    }

    fn node(&mut self, value: &Value, namespace: &str, at: &str, depth: u32) -> Result<NodeId, SchemaError> {
        if depth > DEPTH_MAX {
            return Err(SchemaError::Depth);
        }
        match value {
            Value::String(name) => self.name(name, namespace),
            Value::Array(branches) => self.union(branches, namespace, at, depth),
            Value::Object(object) => self.object(object, namespace, at, depth),
            _ => Err(invalid(at, "a type is a name, an object or an array")),
        }
    }

    fn name(&mut self, name: &str, namespace: &str) -> Result<NodeId, SchemaError> {
        if let Some(kind) = primitive(name) {
            return self.push(kind, None);
        }
        let full = full_name(name, namespace);
        let found = self.named.get(&full).or_else(|| self.named.get(name));
        found.copied().ok_or(SchemaError::Unknown(full))
    }

    fn union(&mut self, branches: &[Value], namespace: &str, at: &str, depth: u32) -> Result<NodeId, SchemaError> {
        let id = self.push(Kind::Union(Vec::new()), None)?;
        let mut seen = std::collections::BTreeSet::new();
        let mut nodes = Vec::with_capacity(branches.len());
        for branch in branches {
            let node = self.node(branch, namespace, at, depth + 1)?;
            if matches!(self.nodes[node as usize].kind, Kind::Union(_)) {
                return Err(invalid(at, "a union must not hold a union"));
            }
            if !seen.insert(self.nodes[node as usize].name().to_owned()) {
                return Err(invalid(at, "a union must not hold a type twice"));
            }
            nodes.push(node);
        }
        self.nodes[id as usize].kind = Kind::Union(nodes);
        Ok(id)
    }

    fn object(
        &mut self,
        object: &Map<String, Value>,
        namespace: &str,
        at: &str,
        depth: u32,
    ) -> Result<NodeId, SchemaError> {
        let word = match object.get("type") {
            Some(Value::String(word)) => word.as_str(),
            // `{"type": {"type": …}}` and `{"type": [...]}` mean what stands inside.
            Some(inner @ (Value::Object(_) | Value::Array(_))) => return self.node(inner, namespace, at, depth + 1),
            _ => return Err(invalid(at, "`type` is missing")),
        };
        match word {
            "record" | "error" | "enum" | "fixed" => self.named(word, object, namespace, at, depth),
            "array" | "map" => {
                let key = if word == "array" { "items" } else { "values" };
                let inner = object
                    .get(key)
                    .ok_or_else(|| invalid(at, "`items` or `values` is missing"))?;
                let id = self.push(Kind::Null, None)?;
                let inner = self.node(inner, namespace, at, depth + 1)?;
                self.nodes[id as usize].kind = if word == "array" {
                    Kind::Array(inner)
                } else {
                    Kind::Map(inner)
                };
                Ok(id)
            }
            word => match primitive(word) {
                Some(kind) => {
                    let logical = logical(object, &kind);
                    self.push(kind, logical)
                }
                None => self.name(word, namespace),
            },
        }
    }

    fn named(
        &mut self,
        word: &str,
        object: &Map<String, Value>,
        namespace: &str,
        at: &str,
        depth: u32,
    ) -> Result<NodeId, SchemaError> {
        let name = object
            .get("name")
            .and_then(Value::as_str)
            .ok_or_else(|| invalid(at, "`name` is missing"))?;
        let own = object.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
        let full = full_name(name, own);
        if !is_name(&full) {
            return Err(invalid(
                at,
                "a name must not be empty or hold quotes, backslashes or control characters",
            ));
        }
        if primitive(&full).is_some() {
            return Err(invalid(&full, "a name must not be that of a primitive type"));
        }
        let space = full.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
        let aliases = strings(object.get("aliases"))
            .map(|alias| full_name(alias, &space))
            .collect();
        let names = Names {
            full: full.clone(),
            aliases,
        };
        // A recursive type finds its name here before its fields are known.
        let open = Kind::Record {
            names: names.clone(),
            fields: Vec::new(),
        };
        let id = self.push(open, None)?;
        if self.named.insert(full.clone(), id).is_some() {
            return Err(SchemaError::Twice(full));
        }
        let kind = match word {
            "fixed" => {
                let size = object.get("size").and_then(Value::as_u64);
                let size = size
                    .filter(|size| *size <= FIXED_MAX)
                    .and_then(|size| usize::try_from(size).ok());
                let size = size.ok_or_else(|| invalid(&full, "`size` must be a number up to 1 MiB"))?;
                Kind::Fixed { names, size }
            }
            "enum" => {
                let symbols: Vec<String> = strings(object.get("symbols")).map(str::to_owned).collect();
                let distinct: std::collections::BTreeSet<_> = symbols.iter().collect();
                if symbols.is_empty() || distinct.len() != symbols.len() || !symbols.iter().all(|name| is_name(name)) {
                    return Err(invalid(&full, "`symbols` must be distinct names, at least one"));
                }
                let default = object.get("default").and_then(Value::as_str).map(str::to_owned);
                Kind::Enum {
                    names,
                    symbols,
                    default,
                }
            }
            _ => Kind::Record {
                names,
                fields: self.fields(object, &space, &full, depth)?,
            },
        };
        self.nodes[id as usize].logical = logical(object, &kind);
        self.nodes[id as usize].kind = kind;
        Ok(id)
    }

    fn fields(
        &mut self,
        object: &Map<String, Value>,
        namespace: &str,
        at: &str,
        depth: u32,
    ) -> Result<Vec<RecordField>, SchemaError> {
        let list = object.get("fields").and_then(Value::as_array);
        let list = list.ok_or_else(|| invalid(at, "`fields` is missing"))?;
        let mut fields: Vec<RecordField> = Vec::with_capacity(list.len());
        let mut seen = std::collections::BTreeSet::new();
        for field in list {
            let name = field.get("name").and_then(Value::as_str).filter(|name| is_name(name));
            let name = name.ok_or_else(|| invalid(at, "a field has no valid `name`"))?;
            if !seen.insert(name) {
                return Err(invalid(at, "a field stands twice"));
            }
            let inner = field.get("type").ok_or_else(|| invalid(name, "`type` is missing"))?;
            // An annotation beside the field's type, instead of inside it, is none: the specification ignores it.
            fields.push(RecordField {
                name: name.to_owned(),
                aliases: strings(field.get("aliases")).map(str::to_owned).collect(),
                node: self.node(inner, namespace, name, depth + 1)?,
                default: field.get("default").cloned(),
            });
        }
        Ok(fields)
    }
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// The annotation, if it is one that we know and valid on this type; else there is none.
fn logical(object: &Map<String, Value>, kind: &Kind) -> Option<Logical> {
    use Unit::{Micros, Millis, Nanos};
    let word = object.get("logicalType")?.as_str()?;
    match (word, kind) {
        ("decimal", Kind::Bytes | Kind::Fixed { .. }) => {
            let number = |key: &str| {
                object
                    .get(key)
                    .map(|value| value.as_u64().and_then(|value| u32::try_from(value).ok()))
            };
            let precision = number("precision")??;
            let scale = number("scale").unwrap_or(Some(0))?;
            (precision > 0 && scale <= precision).then_some(Logical::Decimal { precision, scale })
        }
        ("big-decimal", Kind::Bytes) => Some(Logical::BigDecimal),
        ("uuid", Kind::Text | Kind::Fixed { size: 16, .. }) => Some(Logical::Uuid),
        ("date", Kind::Int) => Some(Logical::Date),
        ("time-millis", Kind::Int) => Some(Logical::Time(Millis)),
        ("time-micros", Kind::Long) => Some(Logical::Time(Micros)),
        ("time-nanos", Kind::Long) => Some(Logical::Time(Nanos)),
        ("timestamp-millis", Kind::Long) => Some(Logical::Timestamp(Millis)),
        ("timestamp-micros", Kind::Long) => Some(Logical::Timestamp(Micros)),
        ("timestamp-nanos", Kind::Long) => Some(Logical::Timestamp(Nanos)),
        ("local-timestamp-millis", Kind::Long) => Some(Logical::LocalTimestamp(Millis)),
        ("local-timestamp-micros", Kind::Long) => Some(Logical::LocalTimestamp(Micros)),
        ("local-timestamp-nanos", Kind::Long) => Some(Logical::LocalTimestamp(Nanos)),
        ("duration", Kind::Fixed { size: 12, .. }) => Some(Logical::Duration),
        _ => None,
    }
}
