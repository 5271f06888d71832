-- why: a second factor beside the password; its secret is sealed with a key outside of the database

CREATE TABLE second_factor (
    person    TEXT PRIMARY KEY,
    sealed    TEXT    NOT NULL,
    confirmed INTEGER,
    last_step INTEGER NOT NULL
) WITHOUT ROWID;
