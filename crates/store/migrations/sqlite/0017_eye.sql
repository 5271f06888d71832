-- why: what cameras at stations see is kept: the cameras themselves and their fences as versions, how long each could see, events whose
-- steps are a chain of their own (the streams eye:ID in the table link; the columns here beside the body are derived from it, so that a list is read at once), the digests of
-- their files, visits that were announced, and what loudspeakers say. Addresses and names of people lie sealed

CREATE TABLE camera (
    id      TEXT NOT NULL,
    version INTEGER NOT NULL,
    station TEXT NOT NULL,
    code    TEXT NOT NULL,
    body    TEXT NOT NULL,
    secret  TEXT NOT NULL,
    person  TEXT,
    at      INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) WITHOUT ROWID;
CREATE INDEX camera_whole ON camera (id, version, station, code, body, secret, person, at);

CREATE TABLE camera_plan (
    camera  TEXT NOT NULL,
    version INTEGER NOT NULL,
    plan    TEXT NOT NULL,
    digest  TEXT NOT NULL,
    note    TEXT NOT NULL,
    person  TEXT,
    at      INTEGER NOT NULL,
    PRIMARY KEY (camera, version)
) WITHOUT ROWID;
CREATE INDEX camera_plan_whole ON camera_plan (camera, version, plan, digest, note, person, at);

CREATE TABLE camera_guard (
    camera TEXT NOT NULL,
    since  INTEGER NOT NULL,
    state  TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (camera, since)
) WITHOUT ROWID;
CREATE INDEX camera_guard_whole ON camera_guard (camera, since, state, reason);

CREATE TABLE camera_quiet (
    camera TEXT NOT NULL,
    n      INTEGER NOT NULL,
    body   TEXT NOT NULL,
    person TEXT,
    at     INTEGER NOT NULL,
    ended  INTEGER,
    ender  TEXT,
    PRIMARY KEY (camera, n)
) WITHOUT ROWID;
CREATE INDEX camera_quiet_whole ON camera_quiet (camera, n, body, person, at, ended, ender);

CREATE TABLE eye_event (
    id        TEXT NOT NULL,
    number    TEXT NOT NULL,
    camera    TEXT NOT NULL,
    station   TEXT NOT NULL,
    kind      TEXT NOT NULL,
    state     TEXT NOT NULL,
    entered   INTEGER NOT NULL,
    left_at   INTEGER,
    from_at   INTEGER,
    to_at     INTEGER,
    suspicion TEXT,
    steps     INTEGER NOT NULL,
    body      TEXT NOT NULL,
    PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE INDEX eye_event_time ON eye_event (entered, id);
CREATE INDEX eye_event_place ON eye_event (station, entered);
CREATE INDEX eye_event_state ON eye_event (state, entered);
CREATE INDEX eye_event_whole ON eye_event
    (id, number, camera, station, kind, state, entered, left_at, from_at, to_at, suspicion, steps, body);

CREATE TABLE visit (
    id      TEXT NOT NULL,
    station TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    to_at   INTEGER NOT NULL,
    state   TEXT NOT NULL,
    body    TEXT NOT NULL,
    secret  TEXT NOT NULL,
    person  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    decider TEXT,
    decided INTEGER,
    note    TEXT NOT NULL,
    PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE INDEX visit_place ON visit (station, from_at);
CREATE INDEX visit_whole ON visit
    (id, station, from_at, to_at, state, body, secret, person, at, decider, decided, note);

CREATE TABLE voice (
    station TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT NOT NULL,
    secret  TEXT NOT NULL,
    sound   TEXT,
    person  TEXT,
    at      INTEGER NOT NULL,
    PRIMARY KEY (station, version)
) WITHOUT ROWID;
CREATE INDEX voice_whole ON voice (station, version, body, secret, sound, person, at);

CREATE TABLE sound (
    id     TEXT PRIMARY KEY,
    size   INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    person TEXT,
    at     INTEGER NOT NULL,
    bytes  BLOB NOT NULL
);
CREATE INDEX sound_whole ON sound (id, size, sha256, person, at);

CREATE TABLE spoken (
    id      TEXT NOT NULL,
    station TEXT NOT NULL,
    event   TEXT,
    result  TEXT NOT NULL,
    detail  TEXT NOT NULL,
    ms      INTEGER,
    person  TEXT,
    at      INTEGER NOT NULL,
    PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE INDEX spoken_place ON spoken (station, at);
CREATE INDEX spoken_whole ON spoken (id, station, event, result, detail, ms, person, at);
