-- why: programs and wall screens ask with tokens of their own, and people log in at another house; of a token only the digest is kept

CREATE TABLE token (
    digest   TEXT COLLATE "C" PRIMARY KEY,
    id       TEXT COLLATE "C" NOT NULL UNIQUE,
    person   TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    rights   TEXT COLLATE "C" NOT NULL,
    networks TEXT COLLATE "C" NOT NULL,
    created  BIGINT NOT NULL,
    expires  BIGINT NOT NULL,
    seen     BIGINT,
    ended    BIGINT
);
CREATE INDEX token_person ON token (person, created);

CREATE TABLE outside_login (
    issuer  TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    person  TEXT COLLATE "C" NOT NULL,
    since   BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
