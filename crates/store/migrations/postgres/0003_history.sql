-- why: readings and telegrams that leave the hot store for the history, and how far that has come

-- one row; horizon = no reading at or after it has moved; telegrams = no telegram beyond it has moved; generation grows with
-- every segment that the history has taken
CREATE TABLE history_state (
    one        BIGINT PRIMARY KEY,
    horizon    BIGINT NOT NULL,
    telegrams  BIGINT NOT NULL,
    generation BIGINT NOT NULL
);
INSERT INTO history_state (one, horizon, telegrams, generation) VALUES (1, -9223372036854775807, 0, 0);

-- low, high = stamps of readings or ids of telegrams, half open; rows of later telegrams than upto do not belong to it
CREATE TABLE segment (
    id         TEXT COLLATE "C" PRIMARY KEY,
    part       TEXT COLLATE "C" NOT NULL,
    low        BIGINT NOT NULL,
    high       BIGINT NOT NULL,
    block_low  BIGINT NOT NULL,
    block_high BIGINT NOT NULL,
    upto       BIGINT NOT NULL,
    planned    BIGINT NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    rows       BIGINT NOT NULL,
    digest     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX segment_open ON segment (planned, id) WHERE state <> 'moved';
