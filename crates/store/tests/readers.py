"""Reads a history as two programs do that know nothing of ours, deltalake and duckdb: prints one JSON line.

Arguments: the folder of the table; a point; the last telegram to count. Numbers are printed as text, so that no reader of JSON
rounds them.
"""

import hashlib
import json
import sys

import duckdb
from deltalake import DeltaTable, QueryBuilder

folder, point, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

# the newest version of each key; a row may lie in two files until they are merged
NEWEST = """(SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY point, kind, "at" ORDER BY version DESC) AS place
    FROM history WHERE part = 'reading') AS every WHERE place = 1)"""


def said(ask, micros):
    """What an engine says that answers `ask` with rows, and writes whole microseconds as `micros`."""
    figures = f"""
        SELECT point, count(*), count(CASE WHEN mark = 'N' THEN number END) AS valid,
            sum(CASE WHEN mark = 'N' THEN number END) AS total, min(CASE WHEN mark = 'N' THEN number END) AS low,
            max(CASE WHEN mark = 'N' THEN number END) AS high
        FROM {NEWEST} AS r WHERE kind = 0 GROUP BY point ORDER BY point"""
    curve = f"""
        SELECT {micros('r."at"')} AS stamp, r.version, r.number, r.decimals, r.value, r.mark, r.extra,
            {micros("COALESCE(r.arrived, a.arrived)")} AS came, COALESCE(r.late, a.late) AS late,
            CASE WHEN r.arrived IS NULL THEN a.telegram ELSE r.telegram END AS sender
        FROM {NEWEST} AS r LEFT JOIN (SELECT * FROM history WHERE part = 'arrival') AS a
            ON a.block = r.block AND a.kind = r.kind AND a."at" = r."at"
        WHERE r.kind = 0 AND r.point = {point} ORDER BY stamp"""
    telegrams = f"""
        SELECT telegram, raw FROM history WHERE part = 'telegram' AND telegram <= {last} ORDER BY telegram"""
    raws = [bytes(raw) for _, raw in ask(telegrams)]
    return {
        "figures": [[p, n, valid, *map(repr, numbers)] for p, n, valid, *numbers in ask(figures)],
        "curve": [row(*columns) for columns in ask(curve)],
        "telegrams": [len(raws), hashlib.sha256(b"".join(raws)).hexdigest()],
    }


def row(stamp, version, number, decimals, value, mark, extra, came, late, telegram):
    """The text of a value is there, or is the number with its decimals."""
    if value is None and decimals is not None:
        value = f"{number:.{decimals}f}"
    return [stamp, version, None if number is None else repr(number), value, mark, extra, came, late, telegram]


table = DeltaTable(folder)
query = QueryBuilder().register("history", table)


def by_delta(text):
    found = query.execute(text).read_all()
    return list(zip(*(found.column(i).to_pylist() for i in range(found.num_columns))))


files = [uri.removeprefix("file://") for uri in table.file_uris()]
duck = duckdb.connect()
duck.execute("SET TimeZone = 'UTC'")
duck.execute(f"CREATE VIEW history AS FROM read_parquet({files!r}, hive_partitioning = true, union_by_name = true)")


def by_duck(text):
    return duck.execute(text).fetchall()


answer = {
    "files": len(files),
    "deltalake": said(by_delta, lambda stamp: f"CAST({stamp} AS BIGINT)"),
    "duckdb": said(by_duck, lambda stamp: f"epoch_us({stamp})"),
}
print(json.dumps(answer))
