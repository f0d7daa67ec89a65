//! Paths of the rules as tries, so that compiling follows them step by step.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::applied::Rule;
use super::mapping::Table;
use super::settings::{EventTime, Part, Rules, Settings, Then};
use crate::model::{Path, Segment, Side};

/// What is asked of the value at a path of the contract.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// It is not compared.
    pub ignored: bool,
    /// It travels beside the digest, in this place.
    pub tolerant: Option<usize>,
    /// It is an array whose order does not count.
    pub unordered: bool,
    /// Some of its values count as another one: the rule's place.
    pub map: Option<usize>,
    /// It stands in a value that is not compared: nothing travels.
    pub hidden: bool,
    /// It is a part of the identity, at these places.
    pub parts: Vec<usize>,
    /// It is the event time.
    pub time: bool,
    /// The rules that name it.
    pub rules: Vec<Rule>,
}

impl Marks {
    /// True where it is asked for even if it is not compared.
    pub fn is_wanted(&self) -> bool {
        !self.parts.is_empty() || self.time
    }
}

/// Index of a node of a trie; `None` is off every path.
pub(super) type At = Option<usize>;

/// A trie of paths.
#[derive(Clone, Debug)]
pub(super) struct Trie<T> {
    nodes: Vec<Node<T>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Node<T> {
    pub children: BTreeMap<Segment, usize>,
    /// The place of what is below and no child.
    pub others: Option<usize>,
    pub what: T,
}

impl<T: Default> Trie<T> {
    fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }

    fn push(&mut self, what: T) -> usize {
        self.nodes.push(Node {
            what,
            ..Node::default()
        });
        self.nodes.len() - 1
    }

    fn place(&mut self, path: &[Segment]) -> usize {
        let mut node = 0;
        for segment in path {
            node = match self.nodes[node].children.get(segment) {
                Some(next) => *next,
                None => {
                    let next = self.push(T::default());
                    self.nodes[node].children.insert(segment.clone(), next);
                    next
                }
            };
        }
        node
    }

    fn at(&mut self, path: &[Segment]) -> &mut T {
        let place = self.place(path);
        &mut self.nodes[place].what
    }

    pub fn root(&self) -> At {
        Some(0)
    }

    pub fn get(&self, at: At) -> Option<&T> {
        at.map(|at| &self.nodes[at].what)
    }

    pub fn child(&self, at: At, segment: &Segment) -> At {
        let node = &self.nodes[at?];
        node.children.get(segment).copied().or(node.others)
    }

    pub fn field(&self, at: At, name: &str) -> At {
        let at = at?;
        // Few paths, few children: no need to build a segment to look one up where there are none.
        if self.nodes[at].children.is_empty() {
            return self.nodes[at].others;
        }
        self.child(Some(at), &Segment::Field(name.to_owned()))
    }

    /// Every node by its place.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Node<T>)> {
        self.nodes.iter().enumerate()
    }

    pub fn values(&self, at: At) -> Vec<&T> {
        let mut found = Vec::new();
        let mut open: Vec<usize> = at.into_iter().collect();
        while let Some(node) = open.pop() {
            found.push(&self.nodes[node].what);
            open.extend(self.nodes[node].children.values());
        }
        found
    }
}

impl Trie<Marks> {
    /// What is asked of any value of a map holds for a field that has a path of its own too: in a document both are members
    /// of an object.
    fn spread(&mut self) {
        let mut open = vec![0];
        while let Some(node) = open.pop() {
            let children = self.nodes[node].children.clone();
            if let Some(values) = children.get(&Segment::Values) {
                for (segment, child) in &children {
                    if matches!(segment, Segment::Field(_)) {
                        self.add(*values, *child);
                    }
                }
            }
            open.extend(children.into_values());
        }
    }

    /// What is tolerant below what is ignored is hidden.
    fn hide(&mut self, node: usize, hidden: bool) {
        let marks = &mut self.nodes[node].what;
        marks.hidden |= hidden;
        let hidden = marks.hidden || marks.ignored;
        let children: Vec<usize> = self.nodes[node].children.values().copied().collect();
        children.into_iter().for_each(|child| self.hide(child, hidden));
    }

    /// Adds what stands at one node and below it to another.
    fn add(&mut self, from: usize, to: usize) {
        let Marks {
            ignored,
            tolerant,
            unordered,
            map,
            hidden,
            parts,
            time,
            rules,
        } = self.nodes[from].what.clone();
        let own = &mut self.nodes[to].what;
        own.ignored |= ignored;
        own.tolerant = own.tolerant.or(tolerant);
        own.unordered |= unordered;
        own.map = own.map.or(map);
        own.hidden |= hidden;
        own.parts.extend(parts);
        own.time |= time;
        own.rules.extend(rules);
        for (segment, child) in self.nodes[from].children.clone() {
            let next = match self.nodes[to].children.get(&segment) {
                Some(next) => *next,
                None => {
                    let next = self.push(Marks::default());
                    self.nodes[to].children.insert(segment, next);
                    next
                }
            };
            self.add(child, next);
        }
    }

    /// Leaves nothing to be compared but what stands at one of the paths. They are nodes already.
    fn leave_only(&mut self, paths: &[&[Segment]], document: bool) {
        if paths.is_empty() {
            self.nodes[0].what.ignored = true;
            return;
        }
        let elsewhere = self.push(Marks {
            ignored: true,
            ..Marks::default()
        });
        self.close(0, paths, (elsewhere, document));
    }

    /// The paths go on from this node.
    fn close(&mut self, node: usize, paths: &[&[Segment]], (elsewhere, document): (usize, bool)) {
        if paths.iter().any(|path| path.is_empty()) {
            return;
        }
        self.nodes[node].others = Some(elsewhere);
        for (segment, child) in self.nodes[node].children.clone() {
            // In a document a member may be named by its name, and with all others.
            let names = |first: &Segment| {
                *first == segment || (document && *first == Segment::Values && matches!(segment, Segment::Field(_)))
            };
            let below: Vec<&[Segment]> = paths
                .iter()
                .filter_map(|path| {
                    path.split_first()
                        .filter(|(first, _)| names(first))
                        .map(|(_, rest)| rest)
                })
                .collect();
            if below.is_empty() {
                self.nodes[child].what.ignored = true;
            } else {
                self.close(child, &below, (elsewhere, document));
            }
        }
    }
}

/// The contract's name of a field, and the rule that says so.
#[derive(Clone, Debug)]
pub(super) struct Renamed {
    pub to: String,
    pub rule: usize,
}

/// Everything that the rules ask of one half of the records of a side.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// By the contract's names.
    pub marks: Trie<Marks>,
    /// By the names of documents, where a path of `{*}` holds for every member of an object.
    pub documents: Trie<Marks>,
    /// By the writer's names: the contract's name of the field there.
    pub renames: Trie<Option<Renamed>>,
    /// The contract's name of a field by the writer's, anywhere.
    pub anywhere: BTreeMap<String, Renamed>,
    /// Fill absent fields with their default.
    pub defaults: bool,
    /// What is absent is so in its place, though it is in every record.
    pub in_place: bool,
    /// What counts as what, by the places of the marks.
    pub maps: Vec<Arc<Table>>,
}

impl Asked {
    /// Nothing at all.
    pub fn nothing() -> Self {
        Self {
            marks: Trie::new(),
            documents: Trie::new(),
            renames: Trie::new(),
            anywhere: BTreeMap::new(),
            defaults: false,
            in_place: false,
            maps: Vec::new(),
        }
    }

    pub fn of_value(side: Side, settings: &Settings, met: &[bool]) -> Self {
        let mut asked = Self::rules(side, settings);
        let rules = &settings.rules;
        asked.mark(rules, met, value_path);
        for (i, path) in rules.tolerances(met) {
            let marks = asked.marks.at(&path.0);
            marks.tolerant.get_or_insert(i);
            marks.rules.push(Rule::Tolerance(i));
        }
        for (i, part) in settings.identity.iter().enumerate() {
            if let Part::Field(path) = part {
                asked.marks.at(&path.0).parts.push(i);
            }
        }
        // They are captured as parts of the identity are, behind these.
        for (i, path) in (settings.identity.len()..).zip(settings.beside()) {
            asked.marks.at(&path.0).parts.push(i);
        }
        if let EventTime::Field(path) = &settings.event_time {
            asked.marks.at(&path.0).time = true;
        }
        let only = rules.only.iter().filter_map(value_path);
        asked.finish((!rules.only.is_empty()).then(|| only.collect()));
        asked
    }

    pub fn of_key(side: Side, settings: &Settings, met: &[bool]) -> Self {
        let mut asked = Self::rules(side, settings);
        asked.in_place = false;
        let rules = &settings.rules;
        asked.mark(rules, met, key_path);
        for (i, part) in settings.identity.iter().enumerate() {
            match part {
                Part::Key => asked.marks.at(&[]).parts.push(i),
                Part::KeyPath(path) => asked.marks.at(&path.0).parts.push(i),
                Part::Header(_) | Part::Field(_) => {}
            }
        }
        let only = rules.only.iter().filter_map(key_path);
        asked.finish((!rules.only.is_empty()).then(|| only.collect()));
        asked
    }

    /// Marks what the rules ask at the paths of this half: `below` tells the path by its root.
    fn mark<'p>(&mut self, rules: &'p Rules, met: &[bool], below: impl Fn(&'p Path) -> Option<&'p [Segment]>) {
        let paths = |paths: &'p [Path]| {
            let numbered = paths.iter().enumerate();
            numbered
                .filter_map(|(i, path)| Some((i, below(path)?)))
                .collect::<Vec<_>>()
        };
        for (i, path) in paths(&rules.ignore) {
            let marks = self.marks.at(path);
            marks.ignored = true;
            marks.rules.push(Rule::Ignore(i));
        }
        for (i, path) in paths(&rules.unordered) {
            let marks = self.marks.at(path);
            marks.unordered = true;
            marks.rules.push(Rule::Unordered(i));
        }
        for (i, path) in paths(&rules.only) {
            self.marks.at(path).rules.push(Rule::Only(i));
        }
        // What a condition asks for goes before what holds always.
        let mut maps = Vec::new();
        for rule in &rules.when {
            if !rules.is_met(&rule.when, met) {
                continue;
            }
            match &rule.then {
                Then::Ignore(path) => {
                    if let Some(path) = below(path) {
                        self.marks.at(path).ignored = true;
                    }
                }
                Then::Map(mapping) => maps.push(mapping),
                Then::Tolerance(_) => {}
            }
        }
        for mapping in maps {
            if let Some(path) = below(&mapping.path) {
                let place = self.maps.len();
                self.maps.push(Arc::new(Table::new(&mapping.values)));
                self.marks.at(path).map.get_or_insert(place);
            }
        }
        for (i, mapping) in rules.map.iter().enumerate() {
            if let Some(path) = below(&mapping.path) {
                self.marks.at(path).map.get_or_insert(i);
            }
        }
    }

    /// Once all is marked: what is left out because it is not named, and what is hidden by that.
    fn finish(&mut self, only: Option<Vec<&[Segment]>>) {
        self.documents = self.marks.clone();
        self.documents.spread();
        for (marks, document) in [(&mut self.marks, false), (&mut self.documents, true)] {
            if let Some(only) = &only {
                marks.leave_only(only, document);
            }
            marks.hide(0, false);
        }
    }

    fn rules(side: Side, settings: &Settings) -> Self {
        let mut asked = Self::nothing();
        asked.defaults = settings.rules.absent_equals_default;
        asked.in_place = settings.absent_in_place;
        asked.maps = settings
            .rules
            .map
            .iter()
            .map(|rule| Arc::new(Table::new(&rule.values)))
            .collect();
        let renames = if side == Side::Canary {
            settings.rules.rename.as_slice()
        } else {
            &[]
        };
        for (rule, (from, to)) in renames.iter().enumerate() {
            let Some(Segment::Field(to)) = to.0.last() else {
                continue;
            };
            let renamed = || Renamed { to: to.clone(), rule };
            match from.0.as_slice() {
                [Segment::Field(name)] => {
                    asked.anywhere.entry(name.clone()).or_insert_with(renamed);
                }
                path => {
                    asked.renames.at(path).get_or_insert_with(renamed);
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
        self.rename(at, name).map(|renamed| renamed.to.as_str())
    }

    /// The same with the rule that says so.
    pub fn rename(&self, at: At, name: &str) -> Option<&Renamed> {
        let whole = self.renames.get(self.renames.field(at, name)).and_then(Option::as_ref);
        whole.or_else(|| self.anywhere.get(name))
    }

    /// True where something below is asked for even if the whole is not compared.
    pub fn wanted_below(&self, at: At) -> bool {
        self.marks.values(at).iter().any(|marks| marks.is_wanted())
    }
}

/// A path of the value.
fn value_path(path: &Path) -> Option<&[Segment]> {
    (key_path(path).is_none() && header_path(path).is_none()).then_some(path.0.as_slice())
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
