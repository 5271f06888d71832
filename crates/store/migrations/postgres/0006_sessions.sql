-- why: sessions are seen, listed and ended one by one; a first password is changed; failed logins are counted over restarts and nodes

-- sessions last a shift: whoever is logged in logs in anew after the update
DROP TABLE session;
CREATE TABLE session (
    token   TEXT COLLATE "C" PRIMARY KEY,
    id      TEXT COLLATE "C" NOT NULL UNIQUE,
    person  TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    seen    BIGINT NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    agent   TEXT COLLATE "C" NOT NULL
);
CREATE INDEX session_person ON session (person, created);

ALTER TABLE person ADD COLUMN must_change BIGINT NOT NULL DEFAULT 0;

-- who: digest of a name, or of a name and an address; what strangers type is not kept
CREATE TABLE login_try (
    who      TEXT COLLATE "C" PRIMARY KEY,
    failures BIGINT NOT NULL,
    last     BIGINT NOT NULL,
    until    BIGINT NOT NULL
);
CREATE INDEX login_try_last ON login_try (last);
