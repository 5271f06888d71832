-- why: what was forecast is kept with everything that led to it, so that it can be held later against what was measured; a day's
-- forecast made again becomes the next version beside the one before

CREATE TABLE forecast (
    station TEXT COLLATE "C" NOT NULL,
    factor  TEXT COLLATE "C" NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    day     TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    made    BIGINT NOT NULL,
    shown   BIGINT NOT NULL,
    body    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (station, factor, kind, day, version)
);
