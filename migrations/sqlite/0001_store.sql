-- The same tables, under the same number, as in migrations/postgres. Never edit a shipped migration.
-- Times are milliseconds since the epoch by this database's clock. Windows carry none, and no epoch: they are equal,
-- byte for byte, in both databases and after any number of crashes.

CREATE TABLE generations (
    release         TEXT NOT NULL,
    generation      INTEGER NOT NULL CHECK (generation > 0),
    state           TEXT NOT NULL CHECK (state IN ('open', 'closing', 'closed')),
    settings        TEXT NOT NULL,
    settings_digest TEXT NOT NULL,
    started_ms      INTEGER NOT NULL,
    closing_ms      INTEGER,
    closed_ms       INTEGER,
    PRIMARY KEY (release, generation)
) STRICT;

CREATE TABLE commands (
    id         TEXT NOT NULL PRIMARY KEY,
    release    TEXT NOT NULL,
    generation INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    action     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    actor      TEXT NOT NULL,
    detail     TEXT NOT NULL
) STRICT;
CREATE INDEX commands_of_a_generation ON commands (release, generation, at_ms);

CREATE TABLE contracts (
    release    TEXT NOT NULL,
    generation INTEGER NOT NULL,
    stream     TEXT NOT NULL,
    type_name  TEXT NOT NULL,
    contract   TEXT NOT NULL,
    digest     TEXT NOT NULL,
    PRIMARY KEY (release, generation, stream, type_name)
) STRICT;

CREATE TABLE leases (
    release    TEXT NOT NULL,
    generation INTEGER NOT NULL,
    stream     TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    owner      TEXT NOT NULL,
    token      TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    commits    INTEGER NOT NULL,
    frontier_ms INTEGER,
    PRIMARY KEY (release, generation, stream)
) STRICT;

CREATE TABLE checkpoints (
    release    TEXT NOT NULL,
    generation INTEGER NOT NULL,
    stream     TEXT NOT NULL,
    body       TEXT NOT NULL,
    state      TEXT,
    PRIMARY KEY (release, generation, stream)
) STRICT;

-- start_ms is -9223372036854775808 for the one window of `event_time: none`.
CREATE TABLE windows (
    release    TEXT NOT NULL,
    generation INTEGER NOT NULL,
    stream     TEXT NOT NULL,
    start_ms   INTEGER NOT NULL,
    end_ms     INTEGER,
    edge       INTEGER NOT NULL,
    counts     TEXT NOT NULL,
    digest     TEXT NOT NULL,
    PRIMARY KEY (release, generation, stream, start_ms)
) STRICT;

CREATE TABLE bad_counts (
    release    TEXT NOT NULL,
    generation INTEGER NOT NULL,
    stream     TEXT NOT NULL,
    start_ms   INTEGER NOT NULL,
    counts     TEXT NOT NULL,
    PRIMARY KEY (release, generation, stream, start_ms)
) STRICT;

-- A position that is not there is (-1, -1). identity is a keyed hash, or empty.
CREATE TABLE findings (
    release            TEXT NOT NULL,
    generation         INTEGER NOT NULL,
    stream             TEXT NOT NULL,
    start_ms           INTEGER NOT NULL,
    outcome            TEXT NOT NULL,
    baseline_partition INTEGER NOT NULL,
    baseline_offset    INTEGER NOT NULL,
    canary_partition   INTEGER NOT NULL,
    canary_offset      INTEGER NOT NULL,
    identity           TEXT NOT NULL,
    body               TEXT NOT NULL,
    PRIMARY KEY (release, generation, stream, start_ms, outcome,
                 baseline_partition, baseline_offset, canary_partition, canary_offset)
) STRICT;

CREATE TABLE verdicts (
    release    TEXT NOT NULL,
    generation INTEGER NOT NULL,
    sequence   INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    verdict    TEXT NOT NULL CHECK (verdict IN ('pass', 'fail', 'inconclusive')),
    body       TEXT NOT NULL,
    PRIMARY KEY (release, generation, sequence)
) STRICT;

CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
