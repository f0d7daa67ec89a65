//! The statements of the store, each with what it does: nothing is parsed, and one that is not here fails loudly.

use std::sync::Arc;

use super::table::{Data, Eye, Key, Locked, Rows, Table, Value};

/// What a statement brings.
pub enum Done {
    Touched(u64),
    Rows(Vec<Vec<Value>>),
}

/// Why a statement does not do it.
#[derive(Debug)]
pub enum Stop {
    /// Another transaction has a row that it needs.
    Locked(u64),
    /// It fails with a SQLSTATE.
    Fails(&'static str),
}

impl From<Locked> for Stop {
    fn from(locked: Locked) -> Self {
        Stop::Locked(locked.0)
    }
}

type Ran = Result<Done, Stop>;

/// A statement's meaning. It may be run again where it was stopped by a lock.
pub type Run = fn(&mut View<'_>, &[Value]) -> Ran;

/// The tables as one transaction sees them.
pub struct View<'a> {
    pub tables: &'a mut [Rows; Table::COUNT],
    pub eye: Eye,
    /// Rows whose locks it holds.
    pub touched: &'a mut Vec<(Table, Key)>,
}

impl View<'_> {
    fn rows(&self, table: Table) -> &Rows {
        &self.tables[table as usize]
    }

    fn put(&mut self, table: Table, row: Vec<Value>) -> Result<(), Stop> {
        let key = Key::of(&row[..table.widths().0]);
        self.put_at(table, key, row)
    }

    fn put_at(&mut self, table: Table, key: Key, row: Vec<Value>) -> Result<(), Stop> {
        // A transaction that only reads.
        if self.eye.snapshot.is_some() {
            return Err(Stop::Fails("25006"));
        }
        if self.tables[table as usize].put(self.eye.transaction, &key, row)? {
            self.touched.push((table, key));
        }
        Ok(())
    }

    /// Inserts a row, whose last columns may be missing; false where its key is taken.
    fn insert(&mut self, table: Table, row: &[Value]) -> Result<bool, Stop> {
        // A transaction that only reads.
        if self.eye.snapshot.is_some() {
            return Err(Stop::Fails("25006"));
        }
        let (width, all) = table.widths();
        let key = Key::of(&row[..width]);
        let whole = || {
            let mut whole = Vec::with_capacity(all);
            whole.extend_from_slice(row);
            whole.resize(all, Value::Null);
            whole
        };
        let is_new = self.tables[table as usize].insert(self.eye, &key, whole)?;
        if is_new {
            self.touched.push((table, key));
        }
        Ok(is_new)
    }

    /// `ON CONFLICT DO NOTHING`.
    fn insert_once(&mut self, table: Table, row: &[Value]) -> Ran {
        Ok(Done::Touched(u64::from(self.insert(table, row)?)))
    }

    /// Changes the rows whose key begins like this and that fit.
    fn update(
        &mut self,
        table: Table,
        prefix: &[Value],
        fits: impl Fn(&[Value]) -> bool,
        change: impl Fn(&mut [Value]),
    ) -> Ran {
        let found: Vec<Data> = if prefix.len() == table.widths().0 {
            self.rows(table)
                .get(self.eye, &Key::of(prefix))
                .cloned()
                .into_iter()
                .collect()
        } else {
            self.rows(table).scan(self.eye, prefix).cloned().collect()
        };
        let mut touched = 0;
        for row in found.iter().filter(|row| fits(row)) {
            let mut row = row.to_vec();
            change(&mut row);
            self.put(table, row)?;
            touched += 1;
        }
        Ok(Done::Touched(touched))
    }

    fn one(&self, table: Table, key: &[Value], columns: &[usize]) -> Ran {
        let row = self.rows(table).get(self.eye, &Key::of(key));
        Ok(Done::Rows(row.map(|row| pick(row, columns)).into_iter().collect()))
    }

    /// `$1 release, $2 generation, $3 stream or null`.
    fn of(&self, table: Table, values: &[Value], columns: &[usize]) -> Ran {
        let prefix = &values[..if values[2] == Value::Null { 2 } else { 3 }];
        let rows = self.rows(table).scan(self.eye, prefix);
        Ok(Done::Rows(rows.map(|row| pick(row, columns)).collect()))
    }

    /// The same and `$4 after, $5 whether strictly, $6 limit`.
    fn page(&self, table: Table, values: &[Value], columns: &[usize]) -> Ran {
        let prefix = &values[..if values[2] == Value::Null { 2 } else { 3 }];
        let first = values[3].integer().saturating_add(values[4].integer());
        let limit = usize::try_from(values[5].integer()).unwrap();
        let rows = self.rows(table).scan(self.eye, prefix);
        let rows = rows.filter(|row| row[3].integer() >= first).take(limit);
        Ok(Done::Rows(rows.map(|row| pick(row, columns)).collect()))
    }
}

fn pick(row: &[Value], columns: &[usize]) -> Vec<Value> {
    columns.iter().map(|column| row[*column].clone()).collect()
}

fn text(text: &str) -> Value {
    Value::Text(Arc::new(text.to_owned()))
}

fn next(value: &Value) -> Value {
    Value::Integer(value.integer() + 1)
}

/// Every statement, in the order of the store's files. In the closures `a[0]` is `$1`.
pub const STATEMENTS: &[(&str, Run)] = &[
    // commit.rs
    (
        "UPDATE leases SET commits = commits + 1, frontier_ms = $6, expires_ms = $7 \
         WHERE release = $1 AND generation = $2 AND stream = $3 AND epoch = $4 AND commits = $5",
        |view, a| {
            let mine = |row: &[Value]| row[3] == a[3] && row[7] == a[4];
            view.update(Table::Leases, &a[..3], mine, |row| {
                row[7] = next(&row[7]);
                row[8] = a[5].clone();
                row[6] = a[6].clone();
            })
        },
    ),
    (
        "SELECT leases.epoch, leases.commits, checkpoints.body FROM leases \
         LEFT JOIN checkpoints USING (release, generation, stream) \
         WHERE release = $1 AND generation = $2 AND stream = $3",
        |view, a| {
            let checkpoint = view.rows(Table::Checkpoints).get(view.eye, &Key::of(a));
            let body = checkpoint.map_or(Value::Null, |row| row[3].clone());
            let lease = view.rows(Table::Leases).get(view.eye, &Key::of(a));
            let rows = lease.map(|row| vec![row[3].clone(), row[7].clone(), body]);
            Ok(Done::Rows(rows.into_iter().collect()))
        },
    ),
    // A defect that is switched on by the feature `mutants`.
    (
        "INSERT INTO windows (release, generation, stream, start_ms, end_ms, edge, counts, digest, profile) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (release, generation, stream, start_ms) \
         DO UPDATE SET counts = excluded.counts, digest = excluded.digest",
        |view, a| {
            view.put(Table::Windows, a.to_vec())?;
            Ok(Done::Touched(1))
        },
    ),
    (
        "INSERT INTO bad_counts (release, generation, stream, start_ms, counts) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (release, generation, stream, start_ms) DO NOTHING",
        |view, a| view.insert_once(Table::BadCounts, a),
    ),
    (
        "SELECT counts FROM bad_counts WHERE release = $1 AND generation = $2 AND stream = $3 AND start_ms = $4",
        |view, a| view.one(Table::BadCounts, a, &[4]),
    ),
    (
        "INSERT INTO findings (release, generation, stream, start_ms, outcome, baseline_partition, baseline_offset, \
         canary_partition, canary_offset, identity, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        |view, a| view.insert_once(Table::Findings, a),
    ),
    (
        "INSERT INTO checkpoints (release, generation, stream, body, state) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (release, generation, stream) DO UPDATE SET body = excluded.body, state = excluded.state",
        |view, a| {
            view.put(Table::Checkpoints, a.to_vec())?;
            Ok(Done::Touched(1))
        },
    ),
    (
        "INSERT INTO verdicts (release, generation, sequence, at_ms, verdict, body) \
         SELECT $1, $2, coalesce(max(sequence), 0) + 1, $3, $4, $5 FROM verdicts \
         WHERE release = $1 AND generation = $2",
        |view, a| {
            let last = view.rows(Table::Verdicts).scan(view.eye, &a[..2]).next_back();
            let sequence = last.map_or(Value::Integer(1), |row| next(&row[2]));
            let row = [&a[..2], &[sequence], &a[2..]].concat();
            if view.insert(Table::Verdicts, &row)? {
                Ok(Done::Touched(1))
            } else {
                Err(Stop::Fails("23505"))
            }
        },
    ),
    (
        "INSERT INTO windows (release, generation, stream, start_ms, end_ms, edge, counts, digest, profile) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (release, generation, stream, start_ms) DO NOTHING",
        |view, a| view.insert_once(Table::Windows, a),
    ),
    (
        "SELECT digest FROM windows WHERE release = $1 AND generation = $2 AND stream = $3 AND start_ms = $4",
        |view, a| view.one(Table::Windows, a, &[7]),
    ),
    (
        "INSERT INTO contracts (release, generation, stream, type_name, contract, digest) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (release, generation, stream, type_name) DO NOTHING",
        |view, a| view.insert_once(Table::Contracts, a),
    ),
    (
        "SELECT digest FROM contracts WHERE release = $1 AND generation = $2 AND stream = $3 AND type_name = $4",
        |view, a| view.one(Table::Contracts, a, &[5]),
    ),
    // inputs.rs
    (
        "INSERT INTO window_inputs (release, generation, stream, frontier_ms, body) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (release, generation, stream, frontier_ms) DO NOTHING",
        |view, a| view.insert_once(Table::WindowInputs, a),
    ),
    (
        "SELECT stream, frontier_ms, body FROM window_inputs \
         WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) \
         AND (frontier_ms > $4 OR (frontier_ms = $4 AND $5 = 0)) ORDER BY stream, frontier_ms LIMIT $6",
        |view, a| view.page(Table::WindowInputs, a, &[2, 3, 4]),
    ),
    // lease.rs
    (
        "INSERT INTO leases (release, generation, stream, epoch, owner, token, expires_ms, commits) \
         VALUES ($1, $2, $3, 0, '', '', 0, 0) ON CONFLICT (release, generation, stream) DO NOTHING",
        |view, a| {
            let zero = Value::Integer(0);
            let rest = [zero.clone(), text(""), text(""), zero.clone(), zero];
            view.insert_once(Table::Leases, &[a, &rest].concat())
        },
    ),
    (
        "UPDATE leases SET epoch = epoch + 1, owner = $4, token = $5, expires_ms = $6 \
         WHERE release = $1 AND generation = $2 AND stream = $3 AND (expires_ms <= $7 OR token = $5)",
        |view, a| {
            let free = |row: &[Value]| row[6] <= a[6] || row[5] == a[4];
            view.update(Table::Leases, &a[..3], free, |row| {
                row[3] = next(&row[3]);
                row[4..7].clone_from_slice(&a[3..6]);
            })
        },
    ),
    (
        "SELECT epoch, owner, expires_ms, commits FROM leases \
         WHERE release = $1 AND generation = $2 AND stream = $3",
        |view, a| view.one(Table::Leases, a, &[3, 4, 6, 7]),
    ),
    (
        "SELECT body, state FROM checkpoints WHERE release = $1 AND generation = $2 AND stream = $3",
        |view, a| view.one(Table::Checkpoints, a, &[3, 4]),
    ),
    (
        "UPDATE leases SET expires_ms = $5 WHERE release = $1 AND generation = $2 AND stream = $3 AND epoch = $4",
        |view, a| {
            let mine = |row: &[Value]| row[3] == a[3];
            view.update(Table::Leases, &a[..3], mine, |row| row[6] = a[4].clone())
        },
    ),
    (
        "UPDATE leases SET expires_ms = 0, token = '' \
         WHERE release = $1 AND generation = $2 AND stream = $3 AND epoch = $4",
        |view, a| {
            let mine = |row: &[Value]| row[3] == a[3];
            view.update(Table::Leases, &a[..3], mine, |row| {
                row[6] = Value::Integer(0);
                row[5] = text("");
            })
        },
    ),
    // life.rs
    (
        "INSERT INTO secrets (name, value) VALUES ('findings', $1) ON CONFLICT (name) DO NOTHING",
        |view, a| view.insert_once(Table::Secrets, &[text("findings"), a[0].clone()]),
    ),
    ("SELECT value FROM secrets WHERE name = 'findings'", |view, _| {
        view.one(Table::Secrets, &[text("findings")], &[1])
    }),
    (
        "SELECT generation, state, settings_digest, started_ms FROM generations \
         WHERE release = $1 ORDER BY generation DESC LIMIT 1",
        |view, a| {
            let newest = view.rows(Table::Generations).scan(view.eye, a).next_back();
            let row = newest.map(|row| pick(row, &[1, 2, 4, 5]));
            Ok(Done::Rows(row.into_iter().collect()))
        },
    ),
    (
        "INSERT INTO generations (release, generation, state, settings, settings_digest, started_ms) \
         VALUES ($1, $2, 'open', $3, $4, $5)",
        |view, a| {
            if view.insert(Table::Generations, &[&a[..2], &[text("open")], &a[2..]].concat())? {
                Ok(Done::Touched(1))
            } else {
                Err(Stop::Fails("23505"))
            }
        },
    ),
    (
        "SELECT state FROM generations WHERE release = $1 AND generation = $2",
        |view, a| view.one(Table::Generations, a, &[2]),
    ),
    (
        "UPDATE generations SET state = 'closed', closed_ms = $3 \
         WHERE release = $1 AND generation = $2 AND state <> 'closed'",
        |view, a| {
            let alive = |row: &[Value]| row[2].text() != "closed";
            view.update(Table::Generations, &a[..2], alive, |row| {
                row[2] = text("closed");
                row[7] = a[2].clone();
            })
        },
    ),
    (
        "UPDATE leases SET epoch = epoch + 1, owner = '', token = '', expires_ms = 0 \
         WHERE release = $1 AND generation = $2",
        |view, a| {
            view.update(
                Table::Leases,
                a,
                |_| true,
                |row| {
                    row[3] = next(&row[3]);
                    (row[4], row[5], row[6]) = (text(""), text(""), Value::Integer(0));
                },
            )
        },
    ),
    (
        "INSERT INTO commands (id, release, generation, at_ms, action, reason, actor, detail) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        |view, a| view.insert_once(Table::Commands, a),
    ),
    (
        "UPDATE generations SET state = 'closing', closing_ms = $3 \
         WHERE release = $1 AND generation = $2 AND state = 'open'",
        |view, a| {
            let open = |row: &[Value]| row[2].text() == "open";
            view.update(Table::Generations, &a[..2], open, |row| {
                row[2] = text("closing");
                row[6] = a[2].clone();
            })
        },
    ),
    // read.rs
    (
        "SELECT stream, start_ms, end_ms, edge, counts, digest, profile FROM windows \
         WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) \
         AND (start_ms > $4 OR (start_ms = $4 AND $5 = 0)) ORDER BY stream, start_ms LIMIT $6",
        |view, a| view.page(Table::Windows, a, &[2, 3, 4, 5, 6, 7, 8]),
    ),
    (
        "SELECT stream, start_ms, counts FROM bad_counts \
         WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) \
         AND (start_ms > $4 OR (start_ms = $4 AND $5 = 0)) ORDER BY stream, start_ms LIMIT $6",
        |view, a| view.page(Table::BadCounts, a, &[2, 3, 4]),
    ),
    (
        "SELECT stream, start_ms, outcome, baseline_partition, baseline_offset, canary_partition, canary_offset, \
         identity, body FROM findings WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) \
         AND (start_ms > $4 OR (start_ms = $4 AND $5 = 0)) \
         ORDER BY stream, start_ms, outcome, baseline_partition, baseline_offset, canary_partition, canary_offset LIMIT $6",
        |view, a| view.page(Table::Findings, a, &[2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ),
    (
        "SELECT stream, type_name, contract, digest FROM contracts \
         WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) ORDER BY stream, type_name",
        |view, a| view.of(Table::Contracts, a, &[2, 3, 4, 5]),
    ),
    (
        "SELECT stream, state FROM checkpoints \
         WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) AND state IS NOT NULL ORDER BY stream",
        |view, a| match view.of(Table::Checkpoints, a, &[2, 4])? {
            Done::Rows(rows) => Ok(Done::Rows(
                rows.into_iter().filter(|row| row[1] != Value::Null).collect(),
            )),
            touched => Ok(touched),
        },
    ),
    (
        "SELECT stream, epoch, owner, expires_ms, commits, frontier_ms FROM leases \
         WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) ORDER BY stream",
        |view, a| view.of(Table::Leases, a, &[2, 3, 4, 6, 7, 8]),
    ),
    (
        "SELECT sequence, at_ms, verdict, body FROM verdicts WHERE release = $1 AND generation = $2 ORDER BY sequence",
        |view, a| {
            let rows = view.rows(Table::Verdicts).scan(view.eye, a);
            Ok(Done::Rows(rows.map(|row| pick(row, &[2, 3, 4, 5])).collect()))
        },
    ),
    (
        "SELECT at_ms, action, reason, actor, detail FROM commands \
         WHERE release = $1 AND generation = $2 ORDER BY at_ms, id",
        |view, a| {
            let rows = view.rows(Table::Commands).scan(view.eye, &[]);
            let mut rows: Vec<_> = rows.filter(|row| row[1..3] == *a).cloned().collect();
            rows.sort_by(|a, b| (&a[3], &a[0]).cmp(&(&b[3], &b[0])));
            Ok(Done::Rows(rows.iter().map(|row| pick(row, &[3, 4, 5, 6, 7])).collect()))
        },
    ),
    (
        "SELECT g.release, g.generation, g.state, g.settings, g.settings_digest, g.started_ms, g.closing_ms, g.closed_ms, \
         v.sequence, v.at_ms, v.verdict, v.body FROM generations g LEFT JOIN verdicts v ON v.release = g.release \
         AND v.generation = g.generation AND v.sequence = (SELECT max(sequence) FROM verdicts l \
         WHERE l.release = g.release AND l.generation = g.generation) \
         WHERE $1 IS NULL OR g.release = $1 ORDER BY g.release, g.generation DESC",
        |view, a| {
            let prefix = if a[0] == Value::Null { &[] } else { a };
            let mut rows: Vec<_> = view.rows(Table::Generations).scan(view.eye, prefix).cloned().collect();
            rows.sort_by(|a, b| (&a[0], &b[1]).cmp(&(&b[0], &a[1])));
            let joined = rows.iter().map(|row| {
                let verdict = view.rows(Table::Verdicts).scan(view.eye, &row[..2]).next_back();
                let verdict = verdict.map_or(vec![Value::Null; 4], |verdict| verdict[2..].to_vec());
                [row.as_slice(), &verdict].concat()
            });
            Ok(Done::Rows(joined.collect()))
        },
    ),
];
