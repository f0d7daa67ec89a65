-- The same tables, under the same number, as in migrations/sqlite. Never edit a shipped migration.
-- Rights of the roles: migrations/postgres/roles.sql. Text sorts by its bytes, as in SQLite.
-- Times are milliseconds since the epoch by this database's clock. Windows carry none, and no epoch: they are equal,
-- byte for byte, in both databases and after any number of crashes.

CREATE TABLE generations (
    release         TEXT COLLATE "C" NOT NULL,
    generation      BIGINT NOT NULL CHECK (generation > 0),
    state           TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'closing', 'closed')),
    settings        TEXT COLLATE "C" NOT NULL,
    settings_digest TEXT COLLATE "C" NOT NULL,
    started_ms      BIGINT NOT NULL,
    closing_ms      BIGINT,
    closed_ms       BIGINT,
    PRIMARY KEY (release, generation)
);

CREATE TABLE commands (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    release    TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    at_ms      BIGINT NOT NULL,
    action     TEXT COLLATE "C" NOT NULL,
    reason     TEXT COLLATE "C" NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    detail     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX commands_of_a_generation ON commands (release, generation, at_ms);

CREATE TABLE contracts (
    release    TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    stream     TEXT COLLATE "C" NOT NULL,
    type_name  TEXT COLLATE "C" NOT NULL,
    contract   TEXT COLLATE "C" NOT NULL,
    digest     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (release, generation, stream, type_name)
);

CREATE TABLE leases (
    release    TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    stream     TEXT COLLATE "C" NOT NULL,
    epoch      BIGINT NOT NULL,
    owner      TEXT COLLATE "C" NOT NULL,
    token      TEXT COLLATE "C" NOT NULL,
    expires_ms BIGINT NOT NULL,
    commits    BIGINT NOT NULL,
    frontier_ms BIGINT,
    PRIMARY KEY (release, generation, stream)
);

CREATE TABLE checkpoints (
    release    TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    stream     TEXT COLLATE "C" NOT NULL,
    body       TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C",
    PRIMARY KEY (release, generation, stream)
);

-- start_ms is -9223372036854775808 for the one window of `event_time: none`.
CREATE TABLE windows (
    release    TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    stream     TEXT COLLATE "C" NOT NULL,
    start_ms   BIGINT NOT NULL,
    end_ms     BIGINT,
    edge       BIGINT NOT NULL,
    counts     TEXT COLLATE "C" NOT NULL,
    digest     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (release, generation, stream, start_ms)
);

CREATE TABLE bad_counts (
    release    TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    stream     TEXT COLLATE "C" NOT NULL,
    start_ms   BIGINT NOT NULL,
    counts     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (release, generation, stream, start_ms)
);

-- A position that is not there is (-1, -1). identity is a keyed hash, or empty.
CREATE TABLE findings (
    release            TEXT COLLATE "C" NOT NULL,
    generation         BIGINT NOT NULL,
    stream             TEXT COLLATE "C" NOT NULL,
    start_ms           BIGINT NOT NULL,
    outcome            TEXT COLLATE "C" NOT NULL,
    baseline_partition BIGINT NOT NULL,
    baseline_offset    BIGINT NOT NULL,
    canary_partition   BIGINT NOT NULL,
    canary_offset      BIGINT NOT NULL,
    identity           TEXT COLLATE "C" NOT NULL,
    body               TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (release, generation, stream, start_ms, outcome,
                 baseline_partition, baseline_offset, canary_partition, canary_offset)
);

CREATE TABLE verdicts (
    release    TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    sequence   BIGINT NOT NULL,
    at_ms      BIGINT NOT NULL,
    verdict    TEXT COLLATE "C" NOT NULL CHECK (verdict IN ('pass', 'fail', 'inconclusive')),
    body       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (release, generation, sequence)
);

CREATE TABLE secrets (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);
