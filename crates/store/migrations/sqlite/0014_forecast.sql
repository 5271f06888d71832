-- why: what was forecast is kept with everything that led to it, so that it can be held later against what was measured; a day's
-- forecast made again becomes the next version beside the one before

CREATE TABLE forecast (
    station TEXT    NOT NULL,
    factor  TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    day     TEXT    NOT NULL,
    version INTEGER NOT NULL,
    made    INTEGER NOT NULL,
    shown   INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (station, factor, kind, day, version)
) WITHOUT ROWID;
CREATE INDEX forecast_whole ON forecast (station, factor, kind, day, version, made, shown, body);
