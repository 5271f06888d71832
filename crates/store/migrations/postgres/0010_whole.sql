-- why: the number of the schema is that of SQLite, whose tables get a second copy of what nothing else vouches for. A server has
-- checksums of its pages for that (`initdb --data-checksums`, the default since 18).

SELECT 1;
