//! Paths of the rules as tries, so that compiling follows them step by step.

use std::collections::BTreeMap;

use super::settings::{EventTime, Part, Settings};
use crate::model::{Path, Segment, Side};

/// What is asked of the value at a path of the contract.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// It is not compared.
    pub ignored: bool,
    /// It travels beside the digest, in this place.
    pub tolerant: Option<usize>,
    /// It stands in a value that is not compared: nothing travels.
    pub hidden: bool,
    /// It is a part of the identity, at these places.
    pub parts: Vec<usize>,
    /// It is the event time.
    pub time: bool,
}

/// Index of a node of a trie; `None` is off every path.
pub(super) type At = Option<usize>;

/// A trie of paths.
#[derive(Clone, Debug)]
pub(super) struct Trie<T> {
    nodes: Vec<(BTreeMap<Segment, usize>, T)>,
}

impl<T: Default> Trie<T> {
    fn new() -> Self {
        Self {
            nodes: vec![(BTreeMap::new(), T::default())],
        }
    }

    fn at(&mut self, path: &[Segment]) -> &mut T {
        let mut node = 0;
        for segment in path {
            node = match self.nodes[node].0.get(segment) {
                Some(next) => *next,
                None => {
                    self.nodes.push((BTreeMap::new(), T::default()));
                    let next = self.nodes.len() - 1;
                    self.nodes[node].0.insert(segment.clone(), next);
                    next
                }
            };
        }
        &mut self.nodes[node].1
    }

    pub fn root(&self) -> At {
        Some(0)
    }

    pub fn get(&self, at: At) -> Option<&T> {
        at.map(|at| &self.nodes[at].1)
    }

    pub fn child(&self, at: At, segment: &Segment) -> At {
        self.nodes[at?].0.get(segment).copied()
    }

    pub fn field(&self, at: At, name: &str) -> At {
        let at = at?;
        // Few paths, few children: no need to build a segment to look one up where there are none.
        if self.nodes[at].0.is_empty() {
            return None;
        }
        self.child(Some(at), &Segment::Field(name.to_owned()))
    }

    /// Every node: its place, its children, its value.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &BTreeMap<Segment, usize>, &T)> {
        let each = self.nodes.iter().enumerate();
        each.map(|(at, (children, value))| (at, children, value))
    }

    pub fn values(&self, at: At) -> Vec<&T> {
        let mut found = Vec::new();
        let mut open: Vec<usize> = at.into_iter().collect();
        while let Some(node) = open.pop() {
            found.push(&self.nodes[node].1);
            open.extend(self.nodes[node].0.values());
        }
        found
    }
}

impl Trie<Marks> {
    /// What is asked of any value of a map holds for a field that has a path of its own too: in a document both are members
    /// of an object.
    pub fn spread(&mut self) {
        let mut open = vec![0];
        while let Some(node) = open.pop() {
            let children = self.nodes[node].0.clone();
            if let Some(values) = children.get(&Segment::Values) {
                for (segment, child) in &children {
                    if matches!(segment, Segment::Field(_)) {
                        self.add(*values, *child);
                    }
                }
            }
            open.extend(children.into_values());
        }
        self.hide(0, false);
    }

    /// What is tolerant below what is ignored is hidden.
    fn hide(&mut self, node: usize, hidden: bool) {
        let marks = &mut self.nodes[node].1;
        marks.hidden |= hidden;
        let hidden = marks.hidden || marks.ignored;
        let children: Vec<usize> = self.nodes[node].0.values().copied().collect();
        children.into_iter().for_each(|child| self.hide(child, hidden));
    }

    /// Adds what stands at one node and below it to another.
    fn add(&mut self, from: usize, to: usize) {
        let Marks {
            ignored,
            tolerant,
            hidden,
            parts,
            time,
        } = self.nodes[from].1.clone();
        let own = &mut self.nodes[to].1;
        own.ignored |= ignored;
        own.tolerant = own.tolerant.or(tolerant);
        own.hidden |= hidden;
        own.parts.extend(parts);
        own.time |= time;
        for (segment, child) in self.nodes[from].0.clone() {
            let next = match self.nodes[to].0.get(&segment) {
                Some(next) => *next,
                None => {
                    self.nodes.push((BTreeMap::new(), Marks::default()));
                    let next = self.nodes.len() - 1;
                    self.nodes[to].0.insert(segment, next);
                    next
                }
            };
            self.add(child, next);
        }
    }
}

/// Everything that the rules ask of one half of the records of a side.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// By the contract's names.
    pub marks: Trie<Marks>,
    /// By the writer's names: the contract's name of the field there.
    pub renames: Trie<Option<String>>,
    /// The contract's name of a field by the writer's, anywhere.
    pub anywhere: BTreeMap<String, String>,
    /// Fill absent fields with their default.
    pub defaults: bool,
}

impl Asked {
    /// Nothing at all.
    pub fn nothing() -> Self {
        Self {
            marks: Trie::new(),
            renames: Trie::new(),
            anywhere: BTreeMap::new(),
            defaults: false,
        }
    }

    pub fn of_value(side: Side, settings: &Settings) -> Self {
        let mut asked = Self::rules(side, settings);
        for path in settings.rules.ignore.iter().filter(|path| key_path(path).is_none()) {
            asked.marks.at(&path.0).ignored = true;
        }
        for (i, path) in settings.rules.tolerant.iter().enumerate() {
            asked.marks.at(&path.0).tolerant.get_or_insert(i);
        }
        for path in &settings.rules.tolerant {
            let above = (0..path.0.len()).any(|length| asked.marks.at(&path.0[..length]).ignored);
            asked.marks.at(&path.0).hidden = above;
        }
        for (i, part) in settings.identity.iter().enumerate() {
            if let Part::Field(path) = part {
                asked.marks.at(&path.0).parts.push(i);
            }
        }
        if let EventTime::Field(path) = &settings.event_time {
            asked.marks.at(&path.0).time = true;
        }
        asked
    }

    pub fn of_key(side: Side, settings: &Settings) -> Self {
        let mut asked = Self::rules(side, settings);
        for path in settings.rules.ignore.iter().filter_map(key_path) {
            asked.marks.at(path).ignored = true;
        }
        for (i, part) in settings.identity.iter().enumerate() {
            match part {
                Part::Key => asked.marks.at(&[]).parts.push(i),
                Part::KeyPath(path) => asked.marks.at(&path.0).parts.push(i),
                Part::Header(_) | Part::Field(_) => {}
            }
        }
        asked
    }

    fn rules(side: Side, settings: &Settings) -> Self {
        let mut asked = Self::nothing();
        asked.defaults = settings.rules.absent_equals_default;
        let renames = if side == Side::Canary {
            settings.rules.rename.as_slice()
        } else {
            &[]
        };
        for (from, to) in renames {
            let Some(Segment::Field(to)) = to.0.last() else {
                continue;
            };
            match from.0.as_slice() {
                [Segment::Field(name)] => {
                    asked.anywhere.entry(name.clone()).or_insert_with(|| to.clone());
                }
                path => {
                    asked.renames.at(path).get_or_insert_with(|| to.clone());
                }
            }
        }
        asked
    }

    /// Only what finds the event time, by the writer's own names: for a record without a contract.
    pub fn time_only(side: Side, settings: &Settings) -> Self {
        let mut asked = Self::nothing();
        let EventTime::Field(path) = &settings.event_time else {
            return asked;
        };
        asked.marks.at(&path.0).time = true;
        if side == Side::Canary {
            for (from, to) in &settings.rules.rename {
                let mut renamed = path.clone();
                if to.0.len() > 1 && to != path {
                    continue;
                }
                match (from.0.as_slice(), to.0.last(), renamed.0.last_mut()) {
                    ([from], Some(to), Some(last)) if to == last => *last = from.clone(),
                    (_, Some(to), Some(last)) if to == last => renamed = from.clone(),
                    _ => continue,
                }
                asked.marks.at(&renamed.0).time = true;
            }
        }
        asked
    }

    /// What holds for a field of the writer: its name in the contract if it was renamed.
    pub fn renamed(&self, at: At, name: &str) -> Option<&str> {
        let whole = self
            .renames
            .get(self.renames.field(at, name))
            .and_then(Option::as_deref);
        whole.or_else(|| self.anywhere.get(name).map(String::as_str))
    }

    /// True where something below is asked for even if the whole is not compared.
    pub fn wanted_below(&self, at: At) -> bool {
        let wanted = |marks: &&Marks| !marks.parts.is_empty() || marks.time;
        self.marks.values(at).iter().any(wanted)
    }
}

/// The rest of a path that begins with `$key`.
fn key_path(path: &Path) -> Option<&[Segment]> {
    match path.0.split_first() {
        Some((Segment::Field(name), rest)) if name == "$key" => Some(rest),
        _ => None,
    }
}

/// The name of a path that is `$header.NAME`.
pub(super) fn header_path(path: &Path) -> Option<&str> {
    match path.0.as_slice() {
        [Segment::Field(first), Segment::Field(name)] if first == "$header" => Some(name),
        _ => None,
    }
}
