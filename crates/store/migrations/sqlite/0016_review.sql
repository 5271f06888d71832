-- why: what checks and detectors find is kept and worked with: findings and their versions, what people decide of them, and what is
-- signed level by level. All of it is only appended; finding_state is derived from the first two, so that a queue is read at once, and frozen says of which times
-- data that comes late does not count by itself

CREATE TABLE finding (
    id           TEXT NOT NULL,
    version      INTEGER NOT NULL,
    station      TEXT NOT NULL,
    point        INTEGER,
    factor       TEXT,
    kind         INTEGER,
    family       TEXT NOT NULL,
    rule         TEXT NOT NULL,
    rule_version INTEGER NOT NULL,
    from_at      INTEGER NOT NULL,
    to_at        INTEGER NOT NULL,
    score        TEXT,
    urgency      INTEGER NOT NULL,
    evidence     TEXT NOT NULL,
    reason       TEXT NOT NULL,
    digest       TEXT NOT NULL,
    made         INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) WITHOUT ROWID;
CREATE INDEX finding_whole ON finding
    (id, version, station, point, factor, kind, family, rule, rule_version, from_at, to_at, score, urgency, evidence, reason, digest, made);

CREATE TABLE finding_state (
    id      TEXT NOT NULL,
    version INTEGER NOT NULL,
    station TEXT NOT NULL,
    factor  TEXT NOT NULL,
    kind    INTEGER NOT NULL,
    family  TEXT NOT NULL,
    rule    TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    to_at   INTEGER NOT NULL,
    urgency INTEGER NOT NULL,
    waits   INTEGER NOT NULL,
    verdict TEXT,
    case_id TEXT,
    PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE INDEX finding_state_queue ON finding_state (waits, urgency, id);
CREATE INDEX finding_state_place ON finding_state (station, rule, from_at);
CREATE INDEX finding_state_whole ON finding_state
    (id, version, station, factor, kind, family, rule, from_at, to_at, urgency, waits, verdict, case_id);

CREATE TABLE decision (
    id              TEXT NOT NULL,
    finding         TEXT,
    finding_version INTEGER,
    station         TEXT NOT NULL,
    point           INTEGER,
    kind            INTEGER,
    from_at         INTEGER NOT NULL,
    to_at           INTEGER NOT NULL,
    level           INTEGER NOT NULL,
    verdict         TEXT NOT NULL,
    ground          TEXT,
    value           TEXT,
    document        TEXT,
    note            TEXT NOT NULL,
    person          TEXT,
    at              INTEGER NOT NULL,
    changed         INTEGER NOT NULL,
    case_id         TEXT,
    PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE INDEX decision_finding ON decision (finding, at);
CREATE INDEX decision_place ON decision (station, at);
CREATE INDEX decision_whole ON decision
    (id, finding, finding_version, station, point, kind, from_at, to_at, level, verdict, ground, value, document, note, person, at, changed, case_id);

CREATE TABLE sign_off (
    station  TEXT NOT NULL,
    span     TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    level    INTEGER NOT NULL,
    edition  INTEGER NOT NULL,
    returned INTEGER NOT NULL,
    person   TEXT,
    at       INTEGER NOT NULL,
    digest   TEXT NOT NULL,
    note     TEXT NOT NULL,
    decision TEXT,
    PRIMARY KEY (station, span, seq)
) WITHOUT ROWID;
CREATE INDEX sign_off_time ON sign_off (station, first_at, until_at);
CREATE INDEX sign_off_whole ON sign_off
    (station, span, seq, first_at, until_at, level, edition, returned, person, at, digest, note, decision);

CREATE TABLE frozen (
    block    INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    PRIMARY KEY (block, first_at, until_at)
) WITHOUT ROWID;
CREATE INDEX frozen_whole ON frozen (block, first_at, until_at);
