-- why: weeks, months, quarters and years are judged as a whole; what was judged is kept with everything that led to it, by span, so that
-- all stations of a month are found at once, and what late data changes becomes the next version beside it

CREATE TABLE evaluation (
    kind    TEXT    NOT NULL,
    span    TEXT    NOT NULL,
    station TEXT    NOT NULL,
    edition TEXT    NOT NULL,
    version INTEGER NOT NULL,
    level   INTEGER,
    result  TEXT    NOT NULL,
    made    INTEGER NOT NULL,
    PRIMARY KEY (kind, span, station, edition, version)
) WITHOUT ROWID;
CREATE INDEX evaluation_whole ON evaluation (kind, span, station, edition, version, level, result, made);
