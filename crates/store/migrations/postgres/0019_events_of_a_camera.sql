-- why: a list of cameras says of each how often it was right, and walked every event there is for each of them. The events of a camera,
-- those of a station, and those that have ended, are found by an index; the last verdict is a column, derived from the chain as the others beside the body

ALTER TABLE eye_event ADD COLUMN verdict TEXT COLLATE "C";
UPDATE eye_event SET verdict = body::json->>'verdict';
DROP INDEX eye_event_place;
CREATE INDEX eye_event_place ON eye_event (station, entered, id);
CREATE INDEX eye_event_camera ON eye_event (camera, entered, id, station, kind, suspicion, verdict);
CREATE INDEX eye_event_left ON eye_event (left_at, id);
