-- why: nothing is appended to a chain that is broken, until a person has looked at it; who knows of a break must be the store, for every
-- node and after every start

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
