//! The database itself: its tables, who is connected, which transactions are open.

use std::collections::{BTreeMap, HashMap};
use std::task::Waker;

use crosscheck::edge::store::Mode;

use super::faults::Faults;
use super::statements::{Done, Run, STATEMENTS, Stop, View};
use super::table::{Data, Eye, Key, Rows, Table, Value};

/// A checkpoint that was committed just now, with what its transaction stored beside it.
pub struct Committed<'a> {
    pub release: &'a str,
    pub generation: i64,
    pub stream: &'a str,
    /// The engine's checkpoint, JSON.
    pub checkpoint: &'a str,
    /// What the worker stored beside it.
    pub state: Option<&'a str>,
    /// The lease as it stands now: epoch and commits.
    pub lease: (i64, i64),
    /// Rows that the transaction wrote, by table.
    pub rows: &'a [(Table, Data)],
}

type Seen = Box<dyn FnMut(&Committed<'_>) + Send>;

/// A transaction that is under way.
struct Open {
    connection: usize,
    snapshot: Option<u64>,
    touched: Vec<(Table, Key)>,
    /// Whose lock it waits for.
    waits: Option<u64>,
}

/// How a process is connected.
#[derive(Clone, Copy, Default)]
struct Line {
    dead: bool,
    frozen: bool,
    silent: bool,
}

#[derive(Default)]
pub struct Server {
    pub clock_ms: i64,
    pub tables: [Rows; Table::COUNT],
    pub faults: Faults,
    pub seen: Option<Seen>,
    /// Calls that wait for something to change.
    pub wakers: Vec<Waker>,
    /// Transactions that were committed.
    sequence: u64,
    open: BTreeMap<u64, Open>,
    begun: u64,
    lines: Vec<Line>,
    /// The meaning of a statement, by where its text lies: a text is normalised and looked up once.
    known: HashMap<(usize, usize), Run>,
}

impl Server {
    pub fn connect(&mut self) -> usize {
        self.lines.push(Line::default());
        self.lines.len() - 1
    }

    /// Whether calls of a connection are answered.
    pub fn answers(&self, connection: usize) -> bool {
        let Line { dead, frozen, silent } = self.lines[connection];
        !(dead || frozen || silent)
    }

    pub fn silence(&mut self, connection: usize) {
        self.lines[connection].silent = true;
    }

    pub fn is_silent(&self, connection: usize) -> bool {
        self.lines[connection].silent
    }

    pub fn freeze(&mut self, connection: usize, frozen: bool) {
        self.lines[connection].frozen = frozen;
        self.wake();
    }

    pub fn kill(&mut self, connection: usize) {
        self.lines[connection].dead = true;
        let open: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, open)| open.connection == connection)
            .map(|(id, _)| *id)
            .collect();
        open.into_iter().for_each(|id| self.undo(Some(id)));
        self.wake();
    }

    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }

    pub fn begin(&mut self, connection: usize, mode: Mode) -> u64 {
        self.begun += 1;
        let open = Open {
            connection,
            snapshot: (mode == Mode::Read).then_some(self.sequence),
            touched: Vec::new(),
            waits: None,
        };
        self.open.insert(self.begun, open);
        self.begun
    }

    pub fn is_open(&self, id: u64) -> bool {
        self.open.contains_key(&id)
    }

    pub fn run(&mut self, id: u64, sql: &'static str, values: &[Value]) -> Result<Done, Stop> {
        let run = *self
            .known
            .entry((sql.as_ptr().addr(), sql.len()))
            .or_insert_with(|| meaning(sql));
        let open = self.open.get_mut(&id).unwrap();
        open.waits = None;
        let mut view = View {
            tables: &mut self.tables,
            eye: Eye {
                transaction: id,
                snapshot: open.snapshot,
            },
            touched: &mut open.touched,
        };
        run(&mut view, values)
    }

    /// Ends the transaction of a process that does not answer, because somebody waits for its locks.
    pub fn outlasts(&mut self, owner: u64) -> bool {
        let Some(connection) = self.open.get(&owner).map(|open| open.connection) else {
            return true;
        };
        let gone = !self.answers(connection);
        if gone {
            self.undo(Some(owner));
        }
        gone
    }

    /// Waits for another transaction. True where that one waits for this one: a deadlock.
    pub fn waits(&mut self, id: Option<u64>, owner: u64) -> bool {
        let Some(id) = id else {
            return false;
        };
        let mut at = owner;
        while let Some(next) = self.open.get(&at).and_then(|open| open.waits) {
            if next == id {
                return true;
            }
            at = next;
        }
        if let Some(open) = self.open.get_mut(&id) {
            open.waits = Some(owner);
        }
        false
    }

    /// Undoes a transaction, if it is not over yet.
    pub fn undo(&mut self, id: Option<u64>) {
        let Some(open) = id.and_then(|id| self.open.remove(&id)) else {
            return;
        };
        for (table, key) in &open.touched {
            self.tables[*table as usize].undo(key);
        }
        self.wake();
    }

    pub fn commit(&mut self, id: u64) {
        let Some(open) = self.open.remove(&id) else {
            return;
        };
        self.sequence += 1;
        let kept = self.open.values().any(|open| open.snapshot.is_some());
        let mut rows = Vec::with_capacity(open.touched.len());
        for (table, key) in &open.touched {
            let row = self.tables[*table as usize].commit(key, self.sequence, kept);
            rows.extend(row.map(|row| (*table, row)));
        }
        self.show(&rows);
        self.wake();
    }

    fn show(&mut self, rows: &[(Table, Data)]) {
        let Some(seen) = &mut self.seen else {
            return;
        };
        let eye = Eye {
            transaction: 0,
            snapshot: None,
        };
        for (_, row) in rows.iter().filter(|(table, _)| *table == Table::Checkpoints) {
            let lease = self.tables[Table::Leases as usize].get(eye, &Key::of(&row[..3]));
            let committed = Committed {
                release: row[0].text(),
                generation: row[1].integer(),
                stream: row[2].text(),
                checkpoint: row[3].text(),
                state: (row[4] != Value::Null).then(|| row[4].text()),
                lease: lease.map_or((0, 0), |lease| (lease[3].integer(), lease[7].integer())),
                rows,
            };
            seen(&committed);
        }
    }

    /// Changes the committed rows of a table that nobody has locked.
    pub fn edit(&mut self, table: Table, change: &impl Fn(&mut Vec<Value>)) {
        self.sequence += 1;
        let rows = &mut self.tables[table as usize];
        let committed: Vec<Data> = rows.committed().cloned().collect();
        for row in committed {
            let mut row = row.to_vec();
            let key = Key::of(&row[..table.widths().0]);
            change(&mut row);
            assert_eq!(key, Key::of(&row[..table.widths().0]), "a key is never edited");
            rows.put(0, &key, row).unwrap();
            rows.commit(&key, self.sequence, true);
        }
    }
}

/// What a statement means.
fn meaning(sql: &str) -> Run {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let sql = words.join(" ");
    let known = STATEMENTS.iter().find(|(text, _)| *text == sql);
    let (_, run) = known.unwrap_or_else(|| {
        panic!("the simulated database does not know the statement {sql:?}: add it to statements.rs")
    });
    *run
}
