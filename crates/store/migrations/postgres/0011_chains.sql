-- why: nothing is appended to a chain that is broken, until a person has looked at it; who knows of a break must be the store, for every
-- node and after every start; so it must know what a second place of the audit has been told

CREATE TABLE chain_break (
    stream   TEXT COLLATE "C" NOT NULL,
    link     BIGINT NOT NULL,
    what     TEXT COLLATE "C" NOT NULL,
    found    BIGINT NOT NULL,
    accepted BIGINT,
    reason   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, link)
);

CREATE TABLE audit_sent (
    place TEXT COLLATE "C" PRIMARY KEY,
    size  BIGINT NOT NULL
);
