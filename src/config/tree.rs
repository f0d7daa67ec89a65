//! A YAML document as a tree in which every node knows its line and column.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

/// Where a node comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Line and column of the file, from 1.
    File(usize, usize),
    /// A variable of the environment.
    Variable(&'static str),
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// A scalar: its text, and whether it stands there without quotes.
    Scalar { text: String, plain: bool },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in its order.
    Map(Vec<Entry>),
}

/// One entry of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Node,
}

/// Why a text is not one YAML document that a config can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TreeFault {
    pub(super) place: Place,
    pub(super) what: String,
}

/// Nodes that a config may have, with what aliases repeat; depth that it may have.
const NODES_MAX: usize = 10_000;
const DEPTH_MAX: usize = 32;

impl Kind {
    /// The word for it in messages.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Kind::Null => "nothing",
            Kind::Scalar { .. } => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

impl Node {
    /// The value of a key of a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
            _ => None,
        }
    }

    fn size(&self) -> usize {
        1 + match &self.kind {
            Kind::Null | Kind::Scalar { .. } => 0,
            Kind::List(items) => items.iter().map(Node::size).sum(),
            Kind::Map(entries) => entries.iter().map(|entry| entry.value.size()).sum(),
        }
    }
}

/// Parses one document. An empty one is an empty mapping.
pub(super) fn parse(text: &str) -> Result<Node, TreeFault> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
        let (event, span) = event.map_err(|error| TreeFault {
            place: Place::File(error.marker().line(), error.marker().col() + 1),
            what: format!("not YAML: {}", error.info().trim_end_matches('.')),
        })?;
        builder.take(event, &span)?;
    }
    Ok(builder.root.unwrap_or(Node {
        place: Place::File(1, 1),
        kind: Kind::Map(Vec::new()),
    }))
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

struct Frame {
    node: Node,
    anchor: usize,
    key: Option<(String, Place)>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), TreeFault> {
        let place = Place::File(span.start.line(), span.start.col() + 1);
        let fault = |what: &str| {
            Err(TreeFault {
                place: place.clone(),
                what: what.to_owned(),
            })
        };
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let kind = if plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    Kind::Null
                } else {
                    Kind::Scalar {
                        text: text.into_owned(),
                        plain,
                    }
                };
                self.close(Node { place, kind }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.open(
                Node {
                    place,
                    kind: Kind::List(Vec::new()),
                },
                anchor,
            ),
            Event::MappingStart(_, anchor, _) => self.open(
                Node {
                    place,
                    kind: Kind::Map(Vec::new()),
                },
                anchor,
            ),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(frame) => self.close(frame.node, frame.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => self.close(node.clone(), 0),
                None => fault("an alias inside its own anchor"),
            },
            Event::DocumentStart(..) if self.root.is_some() => fault("a second document; a config is one"),
            _ => Ok(()),
        }
    }

    fn open(&mut self, node: Node, anchor: usize) -> Result<(), TreeFault> {
        if self.open.len() >= DEPTH_MAX {
            return Err(TreeFault {
                place: node.place,
                what: format!("nested deeper than {DEPTH_MAX}"),
            });
        }
        self.open.push(Frame {
            node,
            anchor,
            key: None,
        });
        Ok(())
    }

    fn close(&mut self, node: Node, anchor: usize) -> Result<(), TreeFault> {
        self.nodes += node.size();
        if self.nodes > NODES_MAX * DEPTH_MAX {
            return Err(TreeFault {
                place: node.place,
                what: "aliases make the config too large".to_owned(),
            });
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut frame.node.kind {
            Kind::List(items) => items.push(node),
            Kind::Map(entries) => match frame.key.take() {
                Some((key, place)) => entries.push(Entry {
                    key,
                    place,
                    value: node,
                }),
                None => {
                    let key = match node.kind {
                        Kind::Scalar { text, .. } => text,
                        _ => {
                            return Err(TreeFault {
                                what: format!("a key must be text, is {}", node.kind.word()),
                                place: node.place,
                            });
                        }
                    };
                    if entries.iter().any(|entry| entry.key == key) {
                        return Err(TreeFault {
                            place: node.place,
                            what: format!("`{key}` stands here twice"),
                        });
                    }
                    frame.key = Some((key, node.place));
                }
            },
            Kind::Null | Kind::Scalar { .. } => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Place, parse};

    #[test]
    fn nodes_know_their_place() {
        let tree = parse("a: 1\nb:\n  - {c: x}\n").unwrap();
        let Kind::List(items) = &tree.get("b").unwrap().kind else {
            panic!("a list");
        };
        assert_eq!(items[0].get("c").unwrap().place, Place::File(3, 9));
    }

    #[test]
    fn what_no_config_can_be() {
        let bomb = format!(
            "a: &a [{}]\nb: &b [{}]\nc: &c [{}]\nd: [{}]\n",
            ["1"; 60].join(","),
            ["*a"; 60].join(","),
            ["*b"; 60].join(","),
            ["*c"; 60].join(","),
        );
        for (text, what) in [
            ("a: 1\na: 2\n", "`a` stands here twice"),
            ("a: 1\n---\nb: 1\n", "a second document; a config is one"),
            ("? [a]\n: b\n", "a key must be text, is a list"),
            (
                &format!("{}{}", "[".repeat(40), "]".repeat(40)),
                "nested deeper than 32",
            ),
            (&bomb, "aliases make the config too large"),
        ] {
            assert_eq!(parse(text).unwrap_err().what, what);
        }
        assert!(parse("a: [1").unwrap_err().what.starts_with("not YAML"));
    }
}
