-- why: the audit is searched, and one signed root stands for all of it up to an hour

-- what is asked for, beside the chain that holds the entries themselves
CREATE TABLE audit_entry (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    person  TEXT,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL
);
CREATE INDEX audit_entry_person ON audit_entry (person, seq);
CREATE INDEX audit_entry_action ON audit_entry (action, seq);
CREATE INDEX audit_entry_subject ON audit_entry (subject, seq);
INSERT INTO audit_entry (seq, at, person, action, subject)
    SELECT seq, json_extract(body, '$.at'), json_extract(body, '$.by'), json_extract(body, '$.action'), json_extract(body, '$.subject')
    FROM link WHERE stream = 'audit';

CREATE TABLE audit_root (
    size      INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    root      TEXT    NOT NULL,
    frontier  TEXT    NOT NULL,
    signer    TEXT    NOT NULL,
    signature TEXT    NOT NULL
);
