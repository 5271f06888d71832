-- why: tables that people bring are kept byte for byte, with the plan they were read by and what was found wrong; an import that has run
-- is never run again, a mended table is another import

CREATE TABLE import (
    id     TEXT COLLATE "C" PRIMARY KEY,
    name   TEXT COLLATE "C" NOT NULL,
    size   BIGINT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    at     BIGINT NOT NULL,
    state  TEXT COLLATE "C" NOT NULL,
    plan   TEXT COLLATE "C",
    report TEXT COLLATE "C",
    done   BIGINT NOT NULL,
    total  BIGINT NOT NULL,
    bytes  BYTEA NOT NULL
);
