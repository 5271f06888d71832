-- why: nothing is appended to a chain that is broken, until a person has looked at it; who knows of a break must be the store, for every
-- node and after every start; so it must know what a second place of the audit has been told

CREATE TABLE chain_break (
    stream   TEXT    NOT NULL,
    link     INTEGER NOT NULL,
    what     TEXT    NOT NULL,
    found    INTEGER NOT NULL,
    accepted INTEGER,
    reason   TEXT    NOT NULL,
    PRIMARY KEY (stream, link)
) WITHOUT ROWID;
CREATE INDEX chain_break_whole ON chain_break (stream, link, what, found, accepted, reason);

CREATE TABLE audit_sent (
    place TEXT PRIMARY KEY,
    size  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX audit_sent_whole ON audit_sent (place, size);
