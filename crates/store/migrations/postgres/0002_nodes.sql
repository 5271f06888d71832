-- why: several nodes on one store: who is there, who holds which line, work that is done once, timers that fire once

-- after = the newest telegram when the node came: whatever it keeps has a higher id
CREATE TABLE node (
    id          TEXT COLLATE "C" PRIMARY KEY,
    roles       TEXT COLLATE "C" NOT NULL,
    started     BIGINT NOT NULL,
    seen        BIGINT NOT NULL,
    connections BIGINT NOT NULL,
    after       BIGINT NOT NULL
);

-- the one connection that speaks for a device, and that commands go to
CREATE TABLE device_hold (
    mn         TEXT COLLATE "C" PRIMARY KEY,
    node       TEXT COLLATE "C" NOT NULL,
    connection BIGINT NOT NULL,
    peer       TEXT COLLATE "C" NOT NULL,
    heard      BIGINT NOT NULL
);
CREATE INDEX device_hold_node ON device_hold (node);

-- tries counts every time that a node has taken it; a job that is over stays for a while
CREATE TABLE job (
    id          TEXT COLLATE "C" PRIMARY KEY,
    kind        TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C" NOT NULL,
    body        TEXT COLLATE "C" NOT NULL,
    due         BIGINT NOT NULL,
    taken_by    TEXT COLLATE "C",
    taken_until BIGINT,
    tries       BIGINT NOT NULL,
    done_at     BIGINT,
    error       TEXT COLLATE "C"
);
CREATE UNIQUE INDEX job_open ON job (kind, subject) WHERE done_at IS NULL;
CREATE INDEX job_due ON job (kind, due) WHERE done_at IS NULL;
CREATE INDEX job_done ON job (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE timer (
    name  TEXT COLLATE "C" PRIMARY KEY,
    due   BIGINT NOT NULL,
    fired BIGINT NOT NULL
);

-- lines move from node to node, so the last data must be known to all
ALTER TABLE device_fact ADD COLUMN last_data BIGINT;
UPDATE device_fact SET last_data = last_seen;

-- a command may be asked for at one node and carried out at another
ALTER TABLE command ADD COLUMN area TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE command ADD COLUMN node TEXT COLLATE "C";
ALTER TABLE command ADD COLUMN begun BIGINT;
ALTER TABLE command ADD COLUMN ended BIGINT;
UPDATE command SET begun = at, ended = at;
CREATE INDEX command_open ON command (node) WHERE ended IS NULL;
