-- why: the first loop: telegrams and readings, judgements, alarms, cases, people
-- Text is ordered by its bytes, as SQLite orders it.

CREATE TABLE telegram (
    id         BIGINT PRIMARY KEY,
    arrived    BIGINT NOT NULL,
    peer       TEXT COLLATE "C" NOT NULL,
    mn         TEXT COLLATE "C",
    cn         TEXT COLLATE "C",
    qn         TEXT COLLATE "C",
    raw        BYTEA NOT NULL,
    problems   TEXT COLLATE "C" NOT NULL,
    quarantine TEXT COLLATE "C"
);
CREATE INDEX telegram_quarantine ON telegram (quarantine, mn, peer, arrived, id) WHERE quarantine IS NOT NULL;

-- ids of one station's points lie in one block of 1024
CREATE TABLE point (
    id      BIGINT PRIMARY KEY,
    station TEXT COLLATE "C" NOT NULL,
    factor  TEXT COLLATE "C" NOT NULL,
    UNIQUE (station, factor)
);

-- block = point / 1024 comes first: the values of one telegram are written side by side, on one page instead of one for each point
CREATE TABLE reading (
    block    BIGINT NOT NULL,
    kind     BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    point    BIGINT NOT NULL,
    version  BIGINT NOT NULL,
    value    TEXT COLLATE "C",
    number   DOUBLE PRECISION,
    extra    TEXT COLLATE "C" NOT NULL,
    mark     TEXT COLLATE "C" NOT NULL,
    arrived  BIGINT NOT NULL,
    late     BIGINT NOT NULL,
    telegram BIGINT,
    PRIMARY KEY (block, kind, at, point, version)
) PARTITION BY RANGE (at);
-- one partition for each month of UTC, made when its first reading comes; what is no possible month lies at the ends
CREATE TABLE reading_before PARTITION OF reading FOR VALUES FROM (MINVALUE) TO (0);
CREATE TABLE reading_after PARTITION OF reading FOR VALUES FROM (7258118400000000) TO (MAXVALUE);

CREATE TABLE latest (
    point    BIGINT NOT NULL,
    kind     BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    value    TEXT COLLATE "C",
    number   DOUBLE PRECISION,
    mark     TEXT COLLATE "C" NOT NULL,
    arrived  BIGINT NOT NULL,
    late     BIGINT NOT NULL,
    telegram BIGINT,
    PRIMARY KEY (point, kind)
) WITH (fillfactor = 50);

-- stations registered while the program runs: the columns of a pack's rows as versioned JSON
CREATE TABLE registered_station (
    code   TEXT COLLATE "C" PRIMARY KEY,
    body   TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    at     BIGINT NOT NULL
);

CREATE TABLE device (
    mn                        TEXT COLLATE "C" PRIMARY KEY,
    station                   TEXT COLLATE "C" NOT NULL,
    st                        TEXT COLLATE "C" NOT NULL,
    password                  TEXT COLLATE "C" NOT NULL,
    edition                   TEXT COLLATE "C" NOT NULL,
    cipher_key                TEXT COLLATE "C",
    accept_modbus_crc         BIGINT NOT NULL,
    accept_swapped_modbus_crc BIGINT NOT NULL,
    interval_s                BIGINT NOT NULL
);

CREATE TABLE device_fact (
    mn              TEXT COLLATE "C" PRIMARY KEY,
    last_seen       BIGINT,
    peer            TEXT COLLATE "C",
    clock_offset_ms BIGINT,
    frames_ok       BIGINT NOT NULL,
    frames_bad      BIGINT NOT NULL,
    deviations      TEXT COLLATE "C" NOT NULL
);

CREATE TABLE command (
    id     TEXT COLLATE "C" PRIMARY KEY,
    mn     TEXT COLLATE "C" NOT NULL,
    cn     TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    at     BIGINT NOT NULL,
    steps  TEXT COLLATE "C" NOT NULL
);
CREATE INDEX command_device ON command (mn, at);

CREATE TABLE judgement (
    station     TEXT COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    edition     TEXT COLLATE "C" NOT NULL,
    version     BIGINT NOT NULL,
    level       BIGINT,
    result      TEXT COLLATE "C" NOT NULL,
    explanation TEXT COLLATE "C" NOT NULL,
    made        BIGINT NOT NULL,
    PRIMARY KEY (station, at, kind, edition, version)
);

-- points at the newest judgement of each station and kind, so that nobody has to look for it among a year of them
CREATE TABLE judgement_latest (
    station TEXT COLLATE "C" NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    edition TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (station, kind)
);

CREATE TABLE rule_state (
    key   TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE alarm (
    id              TEXT COLLATE "C" PRIMARY KEY,
    condition       TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    station         TEXT COLLATE "C" NOT NULL,
    point           BIGINT,
    factor          TEXT COLLATE "C",
    value           TEXT COLLATE "C",
    limit_text      TEXT COLLATE "C",
    message_zh      TEXT COLLATE "C" NOT NULL,
    message_en      TEXT COLLATE "C" NOT NULL,
    basis           TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    opened          BIGINT NOT NULL,
    last            BIGINT NOT NULL,
    count           BIGINT NOT NULL,
    ended           BIGINT,
    acknowledged_by TEXT COLLATE "C",
    acknowledged_at BIGINT,
    case_id         TEXT COLLATE "C"
);
CREATE UNIQUE INDEX alarm_lasting ON alarm (condition) WHERE ended IS NULL;
CREATE INDEX alarm_state ON alarm (state, id);
CREATE INDEX alarm_station ON alarm (station, id);
CREATE INDEX alarm_count ON alarm (station) WHERE ended IS NULL;

CREATE TABLE link (
    stream    TEXT COLLATE "C" NOT NULL,
    seq       BIGINT NOT NULL,
    body      TEXT COLLATE "C" NOT NULL,
    algorithm TEXT COLLATE "C" NOT NULL,
    previous  TEXT COLLATE "C" NOT NULL,
    digest    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, seq)
);

-- where each chain ends: a chain that has lost its end is whole in itself
CREATE TABLE link_head (
    stream TEXT COLLATE "C" PRIMARY KEY,
    seq    BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL
);

CREATE TABLE case_file (
    id       TEXT COLLATE "C" PRIMARY KEY,
    number   TEXT COLLATE "C" NOT NULL UNIQUE,
    title    TEXT COLLATE "C" NOT NULL,
    state    TEXT COLLATE "C" NOT NULL,
    due      BIGINT,
    assignee TEXT COLLATE "C",
    opened   BIGINT NOT NULL,
    version  BIGINT NOT NULL
);

CREATE INDEX case_unclosed ON case_file (due) WHERE state <> 'closed';

CREATE TABLE case_person (
    case_id TEXT COLLATE "C" NOT NULL,
    person  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (case_id, person)
);

CREATE TABLE serial (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE evidence (
    id         TEXT COLLATE "C" PRIMARY KEY,
    case_id    TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    size       BIGINT NOT NULL,
    sha256     TEXT COLLATE "C" NOT NULL,
    person     TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    bytes      BYTEA NOT NULL
);
CREATE INDEX evidence_case ON evidence (case_id, at);

CREATE TABLE person (
    id            TEXT COLLATE "C" PRIMARY KEY,
    login         TEXT COLLATE "C" NOT NULL UNIQUE,
    name_zh       TEXT COLLATE "C" NOT NULL,
    name_en       TEXT COLLATE "C" NOT NULL,
    role          TEXT COLLATE "C" NOT NULL,
    unit          TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    disabled      BIGINT NOT NULL
);

CREATE TABLE session (
    token   TEXT COLLATE "C" PRIMARY KEY,
    person  TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL
);

-- grows and shrinks again, to see whether the disk takes data
CREATE TABLE probe (padding BYTEA NOT NULL);
