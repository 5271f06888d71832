-- why: what a bureau files is kept as it was filed: every making of a report is a row of its own, publishing says which of them counts,
-- and templates and schedules are versions that are added and never changed

CREATE TABLE report (
    id      TEXT PRIMARY KEY,
    kind    TEXT    NOT NULL,
    span    TEXT    NOT NULL,
    area    TEXT    NOT NULL,
    edition INTEGER NOT NULL,
    draft   INTEGER NOT NULL,
    title   TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    digest  TEXT    NOT NULL,
    person  TEXT,
    made    INTEGER NOT NULL,
    UNIQUE (kind, span, area, edition, draft)
) WITHOUT ROWID;

CREATE TABLE report_publication (
    report   TEXT PRIMARY KEY,
    number   TEXT    NOT NULL,
    template INTEGER NOT NULL,
    digest   TEXT    NOT NULL,
    person   TEXT,
    at       INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE report_template (
    id      TEXT PRIMARY KEY,
    kind    TEXT    NOT NULL,
    version INTEGER NOT NULL,
    name    TEXT    NOT NULL,
    size    INTEGER NOT NULL,
    digest  TEXT    NOT NULL,
    person  TEXT,
    at      INTEGER NOT NULL,
    bytes   BLOB    NOT NULL,
    UNIQUE (kind, version)
);

CREATE TABLE report_schedule (
    kind    TEXT    NOT NULL,
    area    TEXT    NOT NULL,
    version INTEGER NOT NULL,
    every   TEXT    NOT NULL,
    day     INTEGER NOT NULL,
    hour    INTEGER NOT NULL,
    active  INTEGER NOT NULL,
    person  TEXT,
    at      INTEGER NOT NULL,
    PRIMARY KEY (kind, area, version)
) WITHOUT ROWID;

-- files of templates have their SHA-256 beside them
CREATE INDEX report_whole ON report (id, kind, span, area, edition, draft, title, body, digest, person, made);
CREATE INDEX report_publication_whole ON report_publication (report, number, template, digest, person, at);
CREATE INDEX report_template_whole ON report_template (id, kind, version, name, size, digest, person, at);
CREATE INDEX report_schedule_whole ON report_schedule (kind, area, version, every, day, hour, active, person, at);
