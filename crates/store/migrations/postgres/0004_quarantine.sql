-- why: what lies in quarantine is shown and counted also when its telegrams have left for the history

-- telegrams in quarantine that have left, counted when they leave; mn '' = none was sent; telegram = the newest of them
CREATE TABLE quarantine_moved (
    reason   TEXT COLLATE "C" NOT NULL,
    mn       TEXT COLLATE "C" NOT NULL,
    peer     TEXT COLLATE "C" NOT NULL,
    count    BIGINT NOT NULL,
    last     BIGINT NOT NULL,
    telegram BIGINT NOT NULL,
    PRIMARY KEY (reason, mn, peer)
);
CREATE INDEX quarantine_moved_newest ON quarantine_moved (telegram);
