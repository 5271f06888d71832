-- why: a second factor beside the password; its secret is sealed with a key outside of the database

CREATE TABLE second_factor (
    person    TEXT COLLATE "C" PRIMARY KEY,
    sealed    TEXT COLLATE "C" NOT NULL,
    confirmed BIGINT,
    last_step BIGINT NOT NULL
);
