-- why: what lies in quarantine is shown and counted also when its telegrams have left for the history

-- telegrams in quarantine that have left, counted when they leave; mn '' = none was sent; telegram = the newest of them
CREATE TABLE quarantine_moved (
    reason   TEXT    NOT NULL,
    mn       TEXT    NOT NULL,
    peer     TEXT    NOT NULL,
    count    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    telegram INTEGER NOT NULL,
    PRIMARY KEY (reason, mn, peer)
) WITHOUT ROWID;
CREATE INDEX quarantine_moved_newest ON quarantine_moved (telegram);
