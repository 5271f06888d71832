-- why: several nodes on one store: who is there, who holds which line, work that is done once, timers that fire once

-- after = the newest telegram when the node came: whatever it keeps has a higher id
CREATE TABLE node (
    id          TEXT PRIMARY KEY,
    roles       TEXT    NOT NULL,
    started     INTEGER NOT NULL,
    seen        INTEGER NOT NULL,
    connections INTEGER NOT NULL,
    after       INTEGER NOT NULL
) WITHOUT ROWID;

-- the one connection that speaks for a device, and that commands go to
CREATE TABLE device_hold (
    mn         TEXT PRIMARY KEY,
    node       TEXT    NOT NULL,
    connection INTEGER NOT NULL,
    peer       TEXT    NOT NULL,
    heard      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX device_hold_node ON device_hold (node);

-- tries counts every time that a node has taken it; a job that is over stays for a while
CREATE TABLE job (
    id          TEXT PRIMARY KEY,
    kind        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    due         INTEGER NOT NULL,
    taken_by    TEXT,
    taken_until INTEGER,
    tries       INTEGER NOT NULL,
    done_at     INTEGER,
    error       TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX job_open ON job (kind, subject) WHERE done_at IS NULL;
CREATE INDEX job_due ON job (kind, due) WHERE done_at IS NULL;
CREATE INDEX job_done ON job (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE timer (
    name  TEXT PRIMARY KEY,
    due   INTEGER NOT NULL,
    fired INTEGER NOT NULL
) WITHOUT ROWID;

-- lines move from node to node, so the last data must be known to all
ALTER TABLE device_fact ADD COLUMN last_data INTEGER;
UPDATE device_fact SET last_data = last_seen;

-- a command may be asked for at one node and carried out at another
ALTER TABLE command ADD COLUMN area TEXT NOT NULL DEFAULT '';
ALTER TABLE command ADD COLUMN node TEXT;
ALTER TABLE command ADD COLUMN begun INTEGER;
ALTER TABLE command ADD COLUMN ended INTEGER;
UPDATE command SET begun = at, ended = at;
CREATE INDEX command_open ON command (node) WHERE ended IS NULL;
