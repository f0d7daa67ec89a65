//! The faults that are found in one file, in its order, one a place.

use super::fault::{ConfigFaults, Fault};
use super::keypath::KeyPath;
use super::tree::{Node, Place};

/// Collects faults; a second one at the same key, or on the way to it, is a consequence and is dropped.
pub(super) struct Faults<'a> {
    tree: &'a Node,
    list: Vec<(Place, KeyPath, Fault)>,
}

impl<'a> Faults<'a> {
    pub(super) fn new(tree: &'a Node) -> Self {
        Self { tree, list: Vec::new() }
    }

    /// A fault at the value of a key.
    pub(super) fn push(&mut self, path: &KeyPath, what: String, hint: Option<String>) {
        self.push_at(path.place(self.tree), path, what, hint);
    }

    /// A fault at a place of its own.
    pub(super) fn push_at(&mut self, place: Place, path: &KeyPath, what: String, hint: Option<String>) {
        if self.spoils(path) {
            return;
        }
        let (at, key) = match &place {
            Place::File(line, column) => (Some((*line, *column)), path.to_string()),
            Place::Variable(name) => (None, (*name).to_owned()),
        };
        let fault = Fault { at, key, what, hint };
        self.list.push((place, path.clone(), fault));
    }

    /// True where a fault at a key, above it or below it is known already.
    pub(super) fn spoils(&self, path: &KeyPath) -> bool {
        self.list.iter().any(|(_, known, _)| known.meets(path))
    }

    /// Nothing, or everything that was found.
    pub(super) fn into_result(mut self, file: &str) -> Result<(), ConfigFaults> {
        if self.list.is_empty() {
            return Ok(());
        }
        self.list
            .sort_by_key(|(_, _, fault)| fault.at.unwrap_or((usize::MAX, 0)));
        Err(ConfigFaults {
            file: file.to_owned(),
            faults: self.list.into_iter().map(|(_, _, fault)| fault).collect(),
        })
    }
}
