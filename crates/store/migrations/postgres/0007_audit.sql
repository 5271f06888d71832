-- why: the audit is searched, and one signed root stands for all of it up to an hour

-- what is asked for, beside the chain that holds the entries themselves
CREATE TABLE audit_entry (
    seq     BIGINT PRIMARY KEY,
    at      BIGINT NOT NULL,
    person  TEXT COLLATE "C",
    action  TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_entry_person ON audit_entry (person, seq);
CREATE INDEX audit_entry_action ON audit_entry (action, seq);
CREATE INDEX audit_entry_subject ON audit_entry (subject, seq);
INSERT INTO audit_entry (seq, at, person, action, subject)
    SELECT seq, CAST(body::json->>'at' AS BIGINT), body::json->>'by', body::json->>'action', body::json->>'subject'
    FROM link WHERE stream = 'audit';

CREATE TABLE audit_root (
    size      BIGINT PRIMARY KEY,
    at        BIGINT NOT NULL,
    root      TEXT COLLATE "C" NOT NULL,
    frontier  TEXT COLLATE "C" NOT NULL,
    signer    TEXT COLLATE "C" NOT NULL,
    signature TEXT COLLATE "C" NOT NULL
);
