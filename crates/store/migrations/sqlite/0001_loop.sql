-- why: the first loop: telegrams and readings, judgements, alarms, cases, people

CREATE TABLE telegram (
    id         INTEGER PRIMARY KEY,
    arrived    INTEGER NOT NULL,
    peer       TEXT    NOT NULL,
    mn         TEXT,
    cn         TEXT,
    qn         TEXT,
    raw        BLOB    NOT NULL,
    problems   TEXT    NOT NULL,
    quarantine TEXT
);
CREATE INDEX telegram_quarantine ON telegram (quarantine, mn, peer, arrived, id) WHERE quarantine IS NOT NULL;

-- ids of one station's points lie in one block of 1024
CREATE TABLE point (
    id      INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    factor  TEXT NOT NULL,
    UNIQUE (station, factor)
);

-- block = point / 1024 comes first: the values of one telegram are written side by side, on one page instead of one for each point
CREATE TABLE reading (
    block    INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    point    INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    value    TEXT,
    number   REAL,
    extra    TEXT    NOT NULL,
    mark     TEXT    NOT NULL,
    arrived  INTEGER NOT NULL,
    late     INTEGER NOT NULL,
    telegram INTEGER,
    PRIMARY KEY (block, kind, at, point, version)
) WITHOUT ROWID;

CREATE TABLE latest (
    point    INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    value    TEXT,
    number   REAL,
    mark     TEXT    NOT NULL,
    arrived  INTEGER NOT NULL,
    late     INTEGER NOT NULL,
    telegram INTEGER,
    PRIMARY KEY (point, kind)
) WITHOUT ROWID;

-- stations registered while the program runs: the columns of a pack's rows as versioned JSON
CREATE TABLE registered_station (
    code   TEXT PRIMARY KEY,
    body   TEXT    NOT NULL,
    person TEXT    NOT NULL,
    at     INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE device (
    mn                        TEXT PRIMARY KEY,
    station                   TEXT    NOT NULL,
    st                        TEXT    NOT NULL,
    password                  TEXT    NOT NULL,
    edition                   TEXT    NOT NULL,
    cipher_key                TEXT,
    accept_modbus_crc         INTEGER NOT NULL,
    accept_swapped_modbus_crc INTEGER NOT NULL,
    interval_s                INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE device_fact (
    mn              TEXT PRIMARY KEY,
    last_seen       INTEGER,
    peer            TEXT,
    clock_offset_ms INTEGER,
    frames_ok       INTEGER NOT NULL,
    frames_bad      INTEGER NOT NULL,
    deviations      TEXT    NOT NULL
) WITHOUT ROWID;

CREATE TABLE command (
    id     TEXT PRIMARY KEY,
    mn     TEXT    NOT NULL,
    cn     TEXT    NOT NULL,
    person TEXT    NOT NULL,
    reason TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    steps  TEXT    NOT NULL
) WITHOUT ROWID;
CREATE INDEX command_device ON command (mn, at);

CREATE TABLE judgement (
    station     TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    edition     TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    level       INTEGER,
    result      TEXT    NOT NULL,
    explanation TEXT    NOT NULL,
    made        INTEGER NOT NULL,
    PRIMARY KEY (station, at, kind, edition, version)
) WITHOUT ROWID;

-- points at the newest judgement of each station and kind, so that nobody has to look for it among a year of them
CREATE TABLE judgement_latest (
    station TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    edition TEXT    NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (station, kind)
) WITHOUT ROWID;

CREATE TABLE rule_state (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE alarm (
    id              TEXT PRIMARY KEY,
    condition       TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    station         TEXT    NOT NULL,
    point           INTEGER,
    factor          TEXT,
    value           TEXT,
    limit_text      TEXT,
    message_zh      TEXT    NOT NULL,
    message_en      TEXT    NOT NULL,
    basis           TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    opened          INTEGER NOT NULL,
    last            INTEGER NOT NULL,
    count           INTEGER NOT NULL,
    ended           INTEGER,
    acknowledged_by TEXT,
    acknowledged_at INTEGER,
    case_id         TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX alarm_lasting ON alarm (condition) WHERE ended IS NULL;
CREATE INDEX alarm_state ON alarm (state, id);
CREATE INDEX alarm_station ON alarm (station, id);
CREATE INDEX alarm_count ON alarm (station) WHERE ended IS NULL;

CREATE TABLE link (
    stream    TEXT    NOT NULL,
    seq       INTEGER NOT NULL,
    body      TEXT    NOT NULL,
    algorithm TEXT    NOT NULL,
    previous  TEXT    NOT NULL,
    digest    TEXT    NOT NULL,
    PRIMARY KEY (stream, seq)
) WITHOUT ROWID;

-- where each chain ends: a chain that has lost its end is whole in itself
CREATE TABLE link_head (
    stream TEXT PRIMARY KEY,
    seq    INTEGER NOT NULL,
    digest TEXT    NOT NULL
) WITHOUT ROWID;

CREATE TABLE case_file (
    id       TEXT PRIMARY KEY,
    number   TEXT    NOT NULL UNIQUE,
    title    TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    due      INTEGER,
    assignee TEXT,
    opened   INTEGER NOT NULL,
    version  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX case_unclosed ON case_file (due) WHERE state <> 'closed';

CREATE TABLE case_person (
    case_id TEXT NOT NULL,
    person  TEXT NOT NULL,
    PRIMARY KEY (case_id, person)
) WITHOUT ROWID;

CREATE TABLE serial (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE evidence (
    id         TEXT PRIMARY KEY,
    case_id    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    media_type TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    sha256     TEXT    NOT NULL,
    person     TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    bytes      BLOB    NOT NULL
);
CREATE INDEX evidence_case ON evidence (case_id, at);

CREATE TABLE person (
    id            TEXT PRIMARY KEY,
    login         TEXT    NOT NULL UNIQUE,
    name_zh       TEXT    NOT NULL,
    name_en       TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    unit          TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    disabled      INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE session (
    token   TEXT PRIMARY KEY,
    person  TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;

-- grows and shrinks again, to see whether the disk takes data
CREATE TABLE probe (padding BLOB NOT NULL);
