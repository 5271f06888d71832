-- why: readings and telegrams that leave the hot store for the history, and how far that has come

-- one row; horizon = no reading at or after it has moved; telegrams = no telegram beyond it has moved; generation grows with
-- every segment that the history has taken
CREATE TABLE history_state (
    one        INTEGER PRIMARY KEY,
    horizon    INTEGER NOT NULL,
    telegrams  INTEGER NOT NULL,
    generation INTEGER NOT NULL
);
INSERT INTO history_state (one, horizon, telegrams, generation) VALUES (1, -9223372036854775807, 0, 0);

-- low, high = stamps of readings or ids of telegrams, half open; rows of later telegrams than upto do not belong to it
CREATE TABLE segment (
    id         TEXT PRIMARY KEY,
    part       TEXT    NOT NULL,
    low        INTEGER NOT NULL,
    high       INTEGER NOT NULL,
    block_low  INTEGER NOT NULL,
    block_high INTEGER NOT NULL,
    upto       INTEGER NOT NULL,
    planned    INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    rows       INTEGER NOT NULL,
    digest     TEXT    NOT NULL
) WITHOUT ROWID;
CREATE INDEX segment_open ON segment (planned, id) WHERE state <> 'moved';
