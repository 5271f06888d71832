-- why: a byte that changes on the disk within a value is not seen by the file's own structure. Each of these indexes holds a second
-- copy of every value of its table, and the engine's integrity check, which `shanshui check` runs, holds the two against each
-- other, row by row. No question needs them; a column that a later step adds belongs into its table's index.
--
-- Without one: telegrams carry a CRC-16 and readings are read from them again; the newest values are held against the readings;
-- links are bound by digests; evidence has its SHA-256 beside its bytes; who is connected at this moment lasts for a moment.

CREATE INDEX alarm_whole ON alarm
    (id, condition, kind, station, point, factor, value, limit_text, message_zh, message_en, basis, state, opened, last,
    count, ended, acknowledged_by, acknowledged_at, case_id);
CREATE INDEX audit_entry_whole ON audit_entry (seq, at, person, action, subject);
CREATE INDEX audit_root_whole ON audit_root (size, at, root, frontier, signer, signature);
CREATE INDEX broken_glass_whole ON broken_glass (id, person, reason, since, until, ended_by, ended_at);
CREATE INDEX case_file_whole ON case_file (id, number, title, state, due, assignee, opened, version, station, area);
CREATE INDEX case_person_whole ON case_person (person, case_id);
CREATE INDEX case_unit_whole ON case_unit (organisation, case_id);
CREATE INDEX command_whole ON command (id, mn, cn, person, reason, at, steps, area, node, begun, ended);
CREATE INDEX delegation_whole ON delegation (id, giver, taker, since, until, reason, given_by, given_at, ended_by, ended_at);
CREATE INDEX device_whole ON device
    (mn, station, st, password, edition, cipher_key, accept_modbus_crc, accept_swapped_modbus_crc, interval_s);
CREATE INDEX device_fact_whole ON device_fact
    (mn, last_seen, peer, clock_offset_ms, frames_ok, frames_bad, deviations, last_data);
CREATE INDEX evidence_whole ON evidence (id, case_id, name, media_type, size, sha256, person, at);
CREATE INDEX history_state_whole ON history_state (one, horizon, telegrams, generation);
CREATE INDEX job_whole ON job (id, kind, subject, body, due, taken_by, taken_until, tries, done_at, error);
CREATE INDEX judgement_whole ON judgement (station, at, kind, edition, version, level, result, explanation, made);
CREATE INDEX judgement_latest_whole ON judgement_latest (station, kind, at, edition, version);
CREATE INDEX link_head_whole ON link_head (stream, seq, digest);
CREATE INDEX login_try_whole ON login_try (who, failures, last, until);
CREATE INDEX organisation_whole ON organisation (code, parent, kind, area, name_zh, name_en);
CREATE INDEX outside_login_whole ON outside_login (issuer, subject, person, since);
CREATE INDEX person_whole ON person (id, login, name_zh, name_en, password_hash, disabled, must_change);
CREATE INDEX placed_whole ON placed (station, area, unit, enterprise);
CREATE INDEX point_whole ON point (id, station, factor);
CREATE INDEX post_whole ON post
    (id, person, organisation, role, certificate, since, until, given_by, given_at, ended_by, ended_at);
CREATE INDEX quarantine_moved_whole ON quarantine_moved (reason, mn, peer, count, last, telegram);
CREATE INDEX registered_station_whole ON registered_station (code, body, person, at);
CREATE INDEX rule_state_whole ON rule_state (key, value);
CREATE INDEX second_factor_whole ON second_factor (person, sealed, confirmed, last_step);
CREATE INDEX segment_whole ON segment (id, part, low, high, block_low, block_high, upto, planned, state, rows, digest);
CREATE INDEX serial_whole ON serial (name, value);
CREATE INDEX session_whole ON session (token, id, person, created, expires, seen, address, agent);
CREATE INDEX timer_whole ON timer (name, due, fired);
CREATE INDEX token_whole ON token
    (digest, id, person, kind, name, rights, networks, created, expires, seen, ended);

-- of a telegram: what its bytes do not say; those in quarantine have no CRC that would be right
CREATE INDEX telegram_whole ON telegram (arrived, peer);
CREATE INDEX telegram_quarantine_whole ON telegram (arrived, peer, mn, cn, qn, raw, problems, quarantine) WHERE quarantine IS NOT NULL;
