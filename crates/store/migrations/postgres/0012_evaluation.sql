-- why: weeks, months, quarters and years are judged as a whole; what was judged is kept with everything that led to it, by span, so that
-- all stations of a month are found at once, and what late data changes becomes the next version beside it

CREATE TABLE evaluation (
    kind    TEXT COLLATE "C" NOT NULL,
    span    TEXT COLLATE "C" NOT NULL,
    station TEXT COLLATE "C" NOT NULL,
    edition TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    level   BIGINT,
    result  TEXT COLLATE "C" NOT NULL,
    made    BIGINT NOT NULL,
    PRIMARY KEY (kind, span, station, edition, version)
);
