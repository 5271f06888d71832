-- why: a curve over a year of values by the minute read half a million rows among those of every other factor of its station. The days
-- of dense series are packed once they are over; packs are derived, and go in the write that changes a reading of their day

-- point = -1: the day of this block and kind is packed, whichever points have rows in it; body holds its own key and a checksum
CREATE TABLE pack (
    block BIGINT NOT NULL,
    kind  BIGINT NOT NULL,
    day   BIGINT NOT NULL,
    point BIGINT NOT NULL,
    body  BYTEA  NOT NULL,
    PRIMARY KEY (block, kind, day, point)
);

-- one row; no reading at or after it has a pack
CREATE TABLE pack_state (
    one  BIGINT PRIMARY KEY,
    upto BIGINT NOT NULL
);
INSERT INTO pack_state (one, upto) VALUES (1, -9223372036854775807);
