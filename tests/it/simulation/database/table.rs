//! Tables with versions: what is committed, what one transaction has written, and what a snapshot still sees.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crosscheck::edge::store::Argument;

/// A column's value. Sorts as both databases sort: null, numbers, texts by their bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Null,
    Integer(i64),
    /// Shared: a row is copied many times on its way, a transaction's arguments are kept to be tried again.
    Text(Arc<String>),
}

impl Value {
    pub fn integer(&self) -> i64 {
        match self {
            Value::Integer(value) => *value,
            other => panic!("{other:?} is no number"),
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Value::Text(value) => value,
            other => panic!("{other:?} is no text"),
        }
    }
}

impl From<Argument> for Value {
    fn from(argument: Argument) -> Self {
        match argument {
            Argument::Integer(value) => value.map_or(Value::Null, Value::Integer),
            Argument::Text(value) => value.map_or(Value::Null, |text| Value::Text(Arc::new(text))),
        }
    }
}

impl From<Value> for Argument {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Argument::Integer(None),
            Value::Integer(value) => Argument::Integer(Some(value)),
            Value::Text(value) => Argument::Text(Some(Arc::unwrap_or_clone(value))),
        }
    }
}

/// The first columns of a row, so written that bytes sort as the values do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Box<[u8]>);

impl Key {
    pub fn of(values: &[Value]) -> Self {
        let length = values.iter().map(|value| match value {
            Value::Null => 1,
            Value::Integer(_) => 9,
            Value::Text(text) => text.len() + 2,
        });
        let mut bytes = Vec::with_capacity(length.sum());
        for value in values {
            match value {
                Value::Null => bytes.push(0),
                Value::Integer(value) => {
                    bytes.push(1);
                    bytes.extend((value.cast_unsigned() ^ (1 << 63)).to_be_bytes());
                }
                Value::Text(text) => {
                    assert!(!text.contains('\0'), "neither database takes such a text");
                    bytes.push(2);
                    bytes.extend(text.as_bytes());
                    bytes.push(0);
                }
            }
        }
        Self(bytes.into())
    }
}

/// All columns of a row, in the order of the migrations; the first ones are its key.
pub type Data = Arc<Vec<Value>>;

/// The tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    Generations,
    Commands,
    Contracts,
    Leases,
    Checkpoints,
    Windows,
    WindowInputs,
    BadCounts,
    Findings,
    Verdicts,
    Secrets,
}

impl Table {
    pub const COUNT: usize = 11;

    /// How many of the first columns are the key, and how many columns there are.
    pub fn widths(self) -> (usize, usize) {
        match self {
            Table::Generations => (2, 8),
            Table::Commands => (1, 8),
            Table::Contracts => (4, 6),
            Table::Leases => (3, 9),
            Table::Checkpoints => (3, 5),
            Table::Windows => (4, 9),
            Table::WindowInputs => (4, 5),
            Table::BadCounts => (4, 5),
            Table::Findings => (9, 11),
            Table::Verdicts => (3, 6),
            Table::Secrets => (1, 2),
        }
    }
}

/// One key's versions.
#[derive(Default)]
struct Cell {
    /// (sequence of the commit, the row), oldest first; more than one only while a snapshot is open.
    committed: Vec<(u64, Data)>,
    /// What a transaction that is under way has written: it holds the row's lock.
    dirty: Option<(u64, Data)>,
}

/// Whoever looks: a transaction, and the snapshot that it reads where it only reads.
#[derive(Clone, Copy)]
pub struct Eye {
    pub transaction: u64,
    pub snapshot: Option<u64>,
}

impl Cell {
    fn seen(&self, eye: Eye) -> Option<&Data> {
        match &self.dirty {
            Some((owner, row)) if *owner == eye.transaction => Some(row),
            _ => self
                .committed
                .iter()
                .rfind(|(sequence, _)| eye.snapshot.is_none_or(|snapshot| *sequence <= snapshot))
                .map(|(_, row)| row),
        }
    }
}

/// A row that another transaction has locked.
#[derive(Debug)]
pub struct Locked(pub u64);

/// A table.
#[derive(Default)]
pub struct Rows(BTreeMap<Key, Cell>);

impl Rows {
    pub fn get(&self, eye: Eye, key: &Key) -> Option<&Data> {
        self.0.get(key)?.seen(eye)
    }

    /// Rows whose key begins like this, in the order of the keys.
    pub fn scan(&self, eye: Eye, prefix: &[Value]) -> impl DoubleEndedIterator<Item = &Data> {
        let prefix = Key::of(prefix);
        let cells = self
            .0
            .range(&prefix..)
            .take_while(|(key, _)| key.0.starts_with(&prefix.0));
        let cells: Vec<&Cell> = cells.map(|(_, cell)| cell).collect();
        cells.into_iter().filter_map(move |cell| cell.seen(eye))
    }

    /// Writes a row and takes its lock. `Ok(false)` where the row had it already.
    pub fn put(&mut self, transaction: u64, key: &Key, row: Vec<Value>) -> Result<bool, Locked> {
        let row = Arc::new(row);
        let Some(cell) = self.0.get_mut(key) else {
            let cell = Cell {
                committed: Vec::new(),
                dirty: Some((transaction, row)),
            };
            self.0.insert(key.clone(), cell);
            return Ok(true);
        };
        match cell.dirty.replace((transaction, row)) {
            None => Ok(true),
            Some((owner, _)) if owner == transaction => Ok(false),
            Some(other) => {
                let owner = other.0;
                cell.dirty = Some(other);
                Err(Locked(owner))
            }
        }
    }

    /// Writes a row whose key is free, in one walk, and takes its lock. `Ok(false)` where the key is taken; whoever else
    /// holds the lock is to be waited for, to learn what becomes of it.
    pub fn insert(&mut self, eye: Eye, key: &Key, row: impl FnOnce() -> Vec<Value>) -> Result<bool, Locked> {
        let cell = match self.0.entry(key.clone()) {
            Entry::Vacant(place) => {
                let dirty = Some((eye.transaction, Arc::new(row())));
                place.insert(Cell {
                    committed: Vec::new(),
                    dirty,
                });
                return Ok(true);
            }
            Entry::Occupied(cell) => cell.into_mut(),
        };
        match &cell.dirty {
            Some((owner, _)) if *owner != eye.transaction => return Err(Locked(*owner)),
            _ if cell.seen(eye).is_some() => return Ok(false),
            _ => {}
        }
        cell.dirty = Some((eye.transaction, Arc::new(row())));
        Ok(true)
    }

    /// Whether a transaction that is under way has written a row.
    pub fn is_locked(&self) -> bool {
        self.0.values().any(|cell| cell.dirty.is_some())
    }

    /// Makes what a transaction wrote the newest version; `kept` keeps the older ones for open snapshots.
    pub fn commit(&mut self, key: &Key, sequence: u64, kept: bool) -> Option<Data> {
        let cell = self.0.get_mut(key)?;
        let (_, row) = cell.dirty.take()?;
        if !kept {
            cell.committed.clear();
        }
        cell.committed.push((sequence, row.clone()));
        Some(row)
    }

    /// Forgets what a transaction wrote.
    pub fn undo(&mut self, key: &Key) {
        if let Some(cell) = self.0.get_mut(key) {
            cell.dirty = None;
            if cell.committed.is_empty() {
                self.0.remove(key);
            }
        }
    }

    /// Everything that is committed.
    pub fn committed(&self) -> impl Iterator<Item = &Data> {
        self.0
            .values()
            .filter_map(|cell| cell.committed.last().map(|(_, row)| row))
    }
}
