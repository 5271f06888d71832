-- why: programs and wall screens ask with tokens of their own, and people log in at another house; of a token only the digest is kept

CREATE TABLE token (
    digest   TEXT PRIMARY KEY,
    id       TEXT    NOT NULL UNIQUE,
    person   TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    rights   TEXT    NOT NULL,
    networks TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    seen     INTEGER,
    ended    INTEGER
) WITHOUT ROWID;
CREATE INDEX token_person ON token (person, created);

CREATE TABLE outside_login (
    issuer  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    person  TEXT    NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
