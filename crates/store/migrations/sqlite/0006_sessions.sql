-- why: sessions are seen, listed and ended one by one; a first password is changed; failed logins are counted over restarts and nodes

-- sessions last a shift: whoever is logged in logs in anew after the update
DROP TABLE session;
CREATE TABLE session (
    token   TEXT PRIMARY KEY,
    id      TEXT    NOT NULL UNIQUE,
    person  TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    address TEXT    NOT NULL,
    agent   TEXT    NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_person ON session (person, created);

ALTER TABLE person ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0;

-- who: digest of a name, or of a name and an address; what strangers type is not kept
CREATE TABLE login_try (
    who      TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    until    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX login_try_last ON login_try (last);
