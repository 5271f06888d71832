-- why: organisations, the posts people hold in them, who stands in for whom; and what belongs where, so that every question is
-- answered with the rows of whoever asks

CREATE TABLE organisation (
    code    TEXT PRIMARY KEY,
    parent  TEXT,
    kind    TEXT NOT NULL,
    area    TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL
) WITHOUT ROWID;

-- a post is given and ended, never changed
CREATE TABLE post (
    id           TEXT PRIMARY KEY,
    person       TEXT    NOT NULL,
    organisation TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    certificate  TEXT,
    since        INTEGER NOT NULL,
    until        INTEGER,
    given_by     TEXT,
    given_at     INTEGER NOT NULL,
    ended_by     TEXT,
    ended_at     INTEGER
) WITHOUT ROWID;
CREATE INDEX post_person ON post (person, since);
CREATE INDEX post_organisation ON post (organisation, since);

CREATE TABLE delegation (
    id       TEXT PRIMARY KEY,
    giver    TEXT    NOT NULL,
    taker    TEXT    NOT NULL,
    since    INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    reason   TEXT    NOT NULL,
    given_by TEXT,
    given_at INTEGER NOT NULL,
    ended_by TEXT,
    ended_at INTEGER
) WITHOUT ROWID;
CREATE INDEX delegation_taker ON delegation (taker, until);
CREATE INDEX delegation_giver ON delegation (giver, until);

CREATE TABLE broken_glass (
    id       TEXT PRIMARY KEY,
    person   TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    since    INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    ended_by TEXT,
    ended_at INTEGER
) WITHOUT ROWID;
CREATE INDEX broken_glass_person ON broken_glass (person, until);

-- what a station belongs to, as the city pack and the registrations say
CREATE TABLE placed (
    station    TEXT PRIMARY KEY,
    area       TEXT NOT NULL,
    unit       TEXT NOT NULL,
    enterprise TEXT
) WITHOUT ROWID;

-- station: that of the alarm it came from; area: where it lies when it has none
ALTER TABLE case_file ADD COLUMN station TEXT;
ALTER TABLE case_file ADD COLUMN area TEXT NOT NULL DEFAULT '';
UPDATE case_file SET station = a.station FROM alarm a WHERE a.case_id = case_file.id;

-- organisations that had to do with a case
CREATE TABLE case_unit (
    case_id      TEXT NOT NULL,
    organisation TEXT NOT NULL,
    PRIMARY KEY (case_id, organisation)
) WITHOUT ROWID;
INSERT INTO case_unit (case_id, organisation)
    SELECT DISTINCT c.case_id, p.unit FROM case_person c JOIN person p ON p.id = c.person;

-- each person's role becomes a post; the city pack says at the next start what the organisations are
INSERT INTO organisation (code, parent, kind, area, name_zh, name_en)
    SELECT DISTINCT unit, NULL, 'bureau', '*', unit, unit FROM person;
INSERT INTO post (id, person, organisation, role, since, given_at)
    SELECT id, id, unit, CASE role WHEN 'department_officer' THEN 'case_officer' WHEN 'administrator' THEN 'system_administrator'
    ELSE role END, 0, 0 FROM person;
ALTER TABLE person DROP COLUMN role;
ALTER TABLE person DROP COLUMN unit;
