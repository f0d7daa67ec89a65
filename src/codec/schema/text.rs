//! Nodes to text: the parsing canonical form of the specification, ours with annotations, and the whole schema.

use std::collections::BTreeSet;

use super::{Kind, Logical, Node, NodeId};

#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// The specification's parsing canonical form.
    Parsing,
    /// The same with annotations: what a schema's digest is taken of.
    Canonical,
    /// With aliases and defaults too: what can be parsed again to the same schema.
    Full,
}

pub(super) fn parsing_canonical_form(nodes: &[Node], root: NodeId) -> String {
    write(nodes, root, Form::Parsing)
}

pub(super) fn canonical(nodes: &[Node], root: NodeId) -> String {
    write(nodes, root, Form::Canonical)
}

pub(super) fn full(nodes: &[Node], root: NodeId) -> String {
    write(nodes, root, Form::Full)
}

fn write(nodes: &[Node], root: NodeId, form: Form) -> String {
    let mut writer = Writer {
        nodes,
        form,
        seen: BTreeSet::new(),
        text: String::new(),
        depth: 0,
    };
    writer.node(root);
    writer.text
}

struct Writer<'a> {
    nodes: &'a [Node],
    form: Form,
    seen: BTreeSet<NodeId>,
    text: String,
    depth: u32,
}

/// Deeper than any schema that is taken: a guard of the stack against chains of references.
const DEPTH_MAX: u32 = 1024;

impl Writer<'_> {
    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        self.text.push_str(text);
        self.text.push('"');
    }

    fn list(&mut self, key: &str, items: &[String]) {
        self.text.push_str(key);
        for (i, item) in items.iter().enumerate() {
            self.text.push_str(if i > 0 { "," } else { "" });
            self.quoted(item);
        }
        self.text.push(']');
    }

    fn node(&mut self, id: NodeId) {
        self.depth += 1;
        self.node_at_depth(id);
        self.depth -= 1;
    }

    fn node_at_depth(&mut self, id: NodeId) {
        let node = &self.nodes[id as usize];
        let logical = node.logical.filter(|_| self.form != Form::Parsing);
        if let Some(names) = node.names() {
            if !self.seen.insert(id) || self.depth > DEPTH_MAX {
                self.quoted(&names.full);
                return;
            }
            self.text.push_str("{\"name\":");
            self.quoted(&names.full);
            if self.form == Form::Full && !names.full.contains('.') {
                self.text.push_str(",\"namespace\":\"\"");
            }
            if self.form == Form::Full && !names.aliases.is_empty() {
                // A leading dot keeps an alias without a namespace out of the type's own.
                let aliases: Vec<String> = names.aliases.iter().map(|alias| dotted(alias)).collect();
                self.list(",\"aliases\":[", &aliases);
            }
            self.text.push(',');
        } else if let Kind::Union(branches) = &node.kind {
            self.text.push('[');
            for (i, branch) in branches.iter().enumerate() {
                self.text.push_str(if i > 0 { "," } else { "" });
                self.node(*branch);
            }
            self.text.push(']');
            return;
        } else if logical.is_none() && !matches!(node.kind, Kind::Array(_) | Kind::Map(_)) {
            self.quoted(node.type_word());
            return;
        } else {
            self.text.push('{');
        }
        self.text.push_str("\"type\":");
        self.quoted(node.type_word());
        self.inside(&node.kind);
        if let Some(logical) = logical {
            self.text.push_str(",\"logicalType\":");
            self.quoted(logical.word());
            if let Logical::Decimal { precision, scale } = logical {
                self.text
                    .push_str(&format!(",\"precision\":{precision},\"scale\":{scale}"));
            }
        }
        self.text.push('}');
    }

    fn inside(&mut self, kind: &Kind) {
        match kind {
            Kind::Fixed { size, .. } => self.text.push_str(&format!(",\"size\":{size}")),
            Kind::Enum { symbols, default, .. } => {
                self.list(",\"symbols\":[", symbols);
                if let (Form::Full, Some(default)) = (self.form, default) {
                    self.text.push_str(",\"default\":");
                    self.quoted(default);
                }
            }
            Kind::Record { fields, .. } => {
                self.text.push_str(",\"fields\":[");
                for (i, field) in fields.iter().enumerate() {
                    self.text.push_str(if i > 0 { ",{\"name\":" } else { "{\"name\":" });
                    self.quoted(&field.name);
                    self.text.push_str(",\"type\":");
                    self.node(field.node);
                    if self.form == Form::Full {
                        if !field.aliases.is_empty() {
                            self.list(",\"aliases\":[", &field.aliases);
                        }
                        if let Some(default) = &field.default {
                            self.text.push_str(&format!(",\"default\":{default}"));
                        }
                    }
                    self.text.push('}');
                }
                self.text.push(']');
            }
            Kind::Array(inner) => {
                self.text.push_str(",\"items\":");
                self.node(*inner);
            }
            Kind::Map(inner) => {
                self.text.push_str(",\"values\":");
                self.node(*inner);
            }
            _ => {}
        }
    }
}

fn dotted(name: &str) -> String {
    if name.contains('.') {
        name.to_owned()
    } else {
        format!(".{name}")
    }
}

/// CRC-64-AVRO.
pub(super) fn crc64(bytes: &[u8]) -> u64 {
    const EMPTY: u64 = 0xC15D_213A_A4D7_A795;
    let step = |crc: u64| (crc >> 1) ^ (EMPTY & (crc & 1).wrapping_neg());
    bytes.iter().fold(EMPTY, |crc, byte| {
        let low = (0..8).fold((crc ^ u64::from(*byte)) & 0xff, |crc, _| step(crc));
        (crc >> 8) ^ low
    })
}
