-- why: whoever looked for work read all that was due, to find who holds some of it, and held up every other write meanwhile

CREATE INDEX job_taken ON job (taken_by) WHERE taken_by IS NOT NULL AND done_at IS NULL;
