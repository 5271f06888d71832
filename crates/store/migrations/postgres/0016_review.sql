-- why: what checks and detectors find is kept and worked with: findings and their versions, what people decide of them, and what is
-- signed level by level. All of it is only appended; finding_state is derived from the first two, so that a queue is read at once, and frozen says of which times
-- data that comes late does not count by itself

CREATE TABLE finding (
    id           TEXT COLLATE "C" NOT NULL,
    version      BIGINT NOT NULL,
    station      TEXT COLLATE "C" NOT NULL,
    point        BIGINT,
    factor       TEXT COLLATE "C",
    kind         BIGINT,
    family       TEXT COLLATE "C" NOT NULL,
    rule         TEXT COLLATE "C" NOT NULL,
    rule_version BIGINT NOT NULL,
    from_at      BIGINT NOT NULL,
    to_at        BIGINT NOT NULL,
    score        TEXT COLLATE "C",
    urgency      BIGINT NOT NULL,
    evidence     TEXT COLLATE "C" NOT NULL,
    reason       TEXT COLLATE "C" NOT NULL,
    digest       TEXT COLLATE "C" NOT NULL,
    made         BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);

CREATE TABLE finding_state (
    id      TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    station TEXT COLLATE "C" NOT NULL,
    factor  TEXT COLLATE "C" NOT NULL,
    kind    BIGINT NOT NULL,
    family  TEXT COLLATE "C" NOT NULL,
    rule    TEXT COLLATE "C" NOT NULL,
    from_at BIGINT NOT NULL,
    to_at   BIGINT NOT NULL,
    urgency BIGINT NOT NULL,
    waits   BIGINT NOT NULL,
    verdict TEXT COLLATE "C",
    case_id TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE INDEX finding_state_queue ON finding_state (waits, urgency, id);
CREATE INDEX finding_state_place ON finding_state (station, rule, from_at);

CREATE TABLE decision (
    id              TEXT COLLATE "C" NOT NULL,
    finding         TEXT COLLATE "C",
    finding_version BIGINT,
    station         TEXT COLLATE "C" NOT NULL,
    point           BIGINT,
    kind            BIGINT,
    from_at         BIGINT NOT NULL,
    to_at           BIGINT NOT NULL,
    level           BIGINT NOT NULL,
    verdict         TEXT COLLATE "C" NOT NULL,
    ground          TEXT COLLATE "C",
    value           TEXT COLLATE "C",
    document        TEXT COLLATE "C",
    note            TEXT COLLATE "C" NOT NULL,
    person          TEXT COLLATE "C",
    at              BIGINT NOT NULL,
    changed         BIGINT NOT NULL,
    case_id         TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE INDEX decision_finding ON decision (finding, at);
CREATE INDEX decision_place ON decision (station, at);

CREATE TABLE sign_off (
    station  TEXT COLLATE "C" NOT NULL,
    span     TEXT COLLATE "C" NOT NULL,
    seq      BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    level    BIGINT NOT NULL,
    edition  BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    person   TEXT COLLATE "C",
    at       BIGINT NOT NULL,
    digest   TEXT COLLATE "C" NOT NULL,
    note     TEXT COLLATE "C" NOT NULL,
    decision TEXT COLLATE "C",
    PRIMARY KEY (station, span, seq)
);
CREATE INDEX sign_off_time ON sign_off (station, first_at, until_at);

CREATE TABLE frozen (
    block    BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (block, first_at, until_at)
);
