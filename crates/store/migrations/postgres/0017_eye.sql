-- why: what cameras at stations see is kept: the cameras themselves and their fences as versions, how long each could see, events whose
-- steps are a chain of their own (the streams eye:ID in the table link; the columns here beside the body are derived from it, so that a list is read at once), the digests of
-- their files, visits that were announced, and what loudspeakers say. Addresses and names of people lie sealed

CREATE TABLE camera (
    id      TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    station TEXT COLLATE "C" NOT NULL,
    code    TEXT COLLATE "C" NOT NULL,
    body    TEXT COLLATE "C" NOT NULL,
    secret  TEXT COLLATE "C" NOT NULL,
    person  TEXT COLLATE "C",
    at      BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);

CREATE TABLE camera_plan (
    camera  TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    plan    TEXT COLLATE "C" NOT NULL,
    digest  TEXT COLLATE "C" NOT NULL,
    note    TEXT COLLATE "C" NOT NULL,
    person  TEXT COLLATE "C",
    at      BIGINT NOT NULL,
    PRIMARY KEY (camera, version)
);

CREATE TABLE camera_guard (
    camera TEXT COLLATE "C" NOT NULL,
    since  BIGINT NOT NULL,
    state  TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    PRIMARY KEY (camera, since)
);

CREATE TABLE camera_quiet (
    camera TEXT COLLATE "C" NOT NULL,
    n      BIGINT NOT NULL,
    body   TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C",
    at     BIGINT NOT NULL,
    ended  BIGINT,
    ender  TEXT COLLATE "C",
    PRIMARY KEY (camera, n)
);

CREATE TABLE eye_event (
    id        TEXT COLLATE "C" NOT NULL,
    number    TEXT COLLATE "C" NOT NULL,
    camera    TEXT COLLATE "C" NOT NULL,
    station   TEXT COLLATE "C" NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    state     TEXT COLLATE "C" NOT NULL,
    entered   BIGINT NOT NULL,
    left_at   BIGINT,
    from_at   BIGINT,
    to_at     BIGINT,
    suspicion TEXT COLLATE "C",
    steps     BIGINT NOT NULL,
    body      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX eye_event_time ON eye_event (entered, id);
CREATE INDEX eye_event_place ON eye_event (station, entered);
CREATE INDEX eye_event_state ON eye_event (state, entered);

CREATE TABLE visit (
    id      TEXT COLLATE "C" NOT NULL,
    station TEXT COLLATE "C" NOT NULL,
    from_at BIGINT NOT NULL,
    to_at   BIGINT NOT NULL,
    state   TEXT COLLATE "C" NOT NULL,
    body    TEXT COLLATE "C" NOT NULL,
    secret  TEXT COLLATE "C" NOT NULL,
    person  TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    decider TEXT COLLATE "C",
    decided BIGINT,
    note    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX visit_place ON visit (station, from_at);

CREATE TABLE voice (
    station TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    body    TEXT COLLATE "C" NOT NULL,
    secret  TEXT COLLATE "C" NOT NULL,
    sound   TEXT COLLATE "C",
    person  TEXT COLLATE "C",
    at      BIGINT NOT NULL,
    PRIMARY KEY (station, version)
);

CREATE TABLE sound (
    id     TEXT COLLATE "C" PRIMARY KEY,
    size   BIGINT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C",
    at     BIGINT NOT NULL,
    bytes  BYTEA NOT NULL
);

CREATE TABLE spoken (
    id      TEXT COLLATE "C" NOT NULL,
    station TEXT COLLATE "C" NOT NULL,
    event   TEXT COLLATE "C",
    result  TEXT COLLATE "C" NOT NULL,
    detail  TEXT COLLATE "C" NOT NULL,
    ms      BIGINT,
    person  TEXT COLLATE "C",
    at      BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX spoken_place ON spoken (station, at);
