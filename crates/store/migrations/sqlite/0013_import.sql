-- why: tables that people bring are kept byte for byte, with the plan they were read by and what was found wrong; an import that has run
-- is never run again, a mended table is another import

CREATE TABLE import (
    id     TEXT PRIMARY KEY,
    name   TEXT    NOT NULL,
    size   INTEGER NOT NULL,
    sha256 TEXT    NOT NULL,
    person TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    state  TEXT    NOT NULL,
    plan   TEXT,
    report TEXT,
    done   INTEGER NOT NULL,
    total  INTEGER NOT NULL,
    bytes  BLOB    NOT NULL
);
CREATE INDEX import_whole ON import (id, name, size, sha256, person, at, state, plan, report, done, total);
