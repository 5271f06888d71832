-- why: organisations, the posts people hold in them, who stands in for whom; and what belongs where, so that every question is
-- answered with the rows of whoever asks

CREATE TABLE organisation (
    code    TEXT COLLATE "C" PRIMARY KEY,
    parent  TEXT COLLATE "C",
    kind    TEXT COLLATE "C" NOT NULL,
    area    TEXT COLLATE "C" NOT NULL,
    name_zh TEXT COLLATE "C" NOT NULL,
    name_en TEXT COLLATE "C" NOT NULL
);

-- a post is given and ended, never changed
CREATE TABLE post (
    id           TEXT COLLATE "C" PRIMARY KEY,
    person       TEXT COLLATE "C" NOT NULL,
    organisation TEXT COLLATE "C" NOT NULL,
    role         TEXT COLLATE "C" NOT NULL,
    certificate  TEXT COLLATE "C",
    since        BIGINT NOT NULL,
    until        BIGINT,
    given_by     TEXT COLLATE "C",
    given_at     BIGINT NOT NULL,
    ended_by     TEXT COLLATE "C",
    ended_at     BIGINT
);
CREATE INDEX post_person ON post (person, since);
CREATE INDEX post_organisation ON post (organisation, since);

CREATE TABLE delegation (
    id       TEXT COLLATE "C" PRIMARY KEY,
    giver    TEXT COLLATE "C" NOT NULL,
    taker    TEXT COLLATE "C" NOT NULL,
    since    BIGINT NOT NULL,
    until    BIGINT NOT NULL,
    reason   TEXT COLLATE "C" NOT NULL,
    given_by TEXT COLLATE "C",
    given_at BIGINT NOT NULL,
    ended_by TEXT COLLATE "C",
    ended_at BIGINT
);
CREATE INDEX delegation_taker ON delegation (taker, until);
CREATE INDEX delegation_giver ON delegation (giver, until);

CREATE TABLE broken_glass (
    id       TEXT COLLATE "C" PRIMARY KEY,
    person   TEXT COLLATE "C" NOT NULL,
    reason   TEXT COLLATE "C" NOT NULL,
    since    BIGINT NOT NULL,
    until    BIGINT NOT NULL,
    ended_by TEXT COLLATE "C",
    ended_at BIGINT
);
CREATE INDEX broken_glass_person ON broken_glass (person, until);

-- what a station belongs to, as the city pack and the registrations say
CREATE TABLE placed (
    station    TEXT COLLATE "C" PRIMARY KEY,
    area       TEXT COLLATE "C" NOT NULL,
    unit       TEXT COLLATE "C" NOT NULL,
    enterprise TEXT COLLATE "C"
);

-- station: that of the alarm it came from; area: where it lies when it has none
ALTER TABLE case_file ADD COLUMN station TEXT COLLATE "C";
ALTER TABLE case_file ADD COLUMN area TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE case_file SET station = a.station FROM alarm a WHERE a.case_id = case_file.id;

-- organisations that had to do with a case
CREATE TABLE case_unit (
    case_id      TEXT COLLATE "C" NOT NULL,
    organisation TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (case_id, organisation)
);
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
