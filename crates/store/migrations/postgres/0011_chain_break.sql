-- why: nothing is appended to a chain that is broken, until a person has looked at it; who knows of a break must be the store, for every
-- node and after every start

CREATE TABLE chain_break (
    stream   TEXT COLLATE "C" NOT NULL,
    link     BIGINT NOT NULL,
    what     TEXT COLLATE "C" NOT NULL,
    found    BIGINT NOT NULL,
    accepted BIGINT,
    reason   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, link)
);
