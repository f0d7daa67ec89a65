-- What final windows can be computed again from: the place to go on from before them, and every stored input since.
-- Written with the windows, under the end of the last of them, and never changed. body is base64 of zstd of JSON.

CREATE TABLE window_inputs (
    release     TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    stream      TEXT NOT NULL,
    frontier_ms INTEGER NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (release, generation, stream, frontier_ms)
) STRICT;
