-- What final windows can be computed again from: the place to go on from before them, and every stored input since.
-- Written with the windows, under the end of the last of them, and never changed. body is base64 of zstd of JSON.

CREATE TABLE window_inputs (
    release     TEXT COLLATE "C" NOT NULL,
    generation  BIGINT NOT NULL,
    stream      TEXT COLLATE "C" NOT NULL,
    frontier_ms BIGINT NOT NULL,
    body        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (release, generation, stream, frontier_ms)
);
