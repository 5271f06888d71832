-- why: a curve over a year of values by the minute read half a million rows among those of every other factor of its station. The days
-- of dense series are packed once they are over; packs are derived, and go in the write that changes a reading of their day

-- point = -1: the day of this block and kind is packed, whichever points have rows in it; body holds its own key and a checksum
CREATE TABLE pack (
    block INTEGER NOT NULL,
    kind  INTEGER NOT NULL,
    day   INTEGER NOT NULL,
    point INTEGER NOT NULL,
    body  BLOB    NOT NULL,
    PRIMARY KEY (block, kind, day, point)
);

-- one row; no reading at or after it has a pack
CREATE TABLE pack_state (
    one  INTEGER PRIMARY KEY,
    upto INTEGER NOT NULL
);
CREATE INDEX pack_state_whole ON pack_state (one, upto);
INSERT INTO pack_state (one, upto) VALUES (1, -9223372036854775807);
