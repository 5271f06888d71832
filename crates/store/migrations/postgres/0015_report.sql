-- why: what a bureau files is kept as it was filed: every making of a report is a row of its own, publishing says which of them counts,
-- and templates and schedules are versions that are added and never changed

CREATE TABLE report (
    id      TEXT COLLATE "C" PRIMARY KEY,
    kind    TEXT COLLATE "C" NOT NULL,
    span    TEXT COLLATE "C" NOT NULL,
    area    TEXT COLLATE "C" NOT NULL,
    edition BIGINT NOT NULL,
    draft   BIGINT NOT NULL,
    title   TEXT COLLATE "C" NOT NULL,
    body    TEXT COLLATE "C" NOT NULL,
    digest  TEXT COLLATE "C" NOT NULL,
    person  TEXT COLLATE "C",
    made    BIGINT NOT NULL,
    UNIQUE (kind, span, area, edition, draft)
);

CREATE TABLE report_publication (
    report   TEXT COLLATE "C" PRIMARY KEY,
    number   TEXT COLLATE "C" NOT NULL,
    template BIGINT NOT NULL,
    digest   TEXT COLLATE "C" NOT NULL,
    person   TEXT COLLATE "C",
    at       BIGINT NOT NULL
);

CREATE TABLE report_template (
    id      TEXT COLLATE "C" PRIMARY KEY,
    kind    TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    name    TEXT COLLATE "C" NOT NULL,
    size    BIGINT NOT NULL,
    digest  TEXT COLLATE "C" NOT NULL,
    person  TEXT COLLATE "C",
    at      BIGINT NOT NULL,
    bytes   BYTEA NOT NULL,
    UNIQUE (kind, version)
);

CREATE TABLE report_schedule (
    kind    TEXT COLLATE "C" NOT NULL,
    area    TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    every   TEXT COLLATE "C" NOT NULL,
    day     BIGINT NOT NULL,
    hour    BIGINT NOT NULL,
    active  BIGINT NOT NULL,
    person  TEXT COLLATE "C",
    at      BIGINT NOT NULL,
    PRIMARY KEY (kind, area, version)
);
