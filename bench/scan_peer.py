"""Scans of a made history with DuckDB: answers each line of standard input, the name of a question, with one JSON line."""

import json
import sys
import time

import duckdb

folder, threads = sys.argv[1], int(sys.argv[2])
BEGIN = 1_735_689_600_000_000
DAY = 86_400_000_000

db = duckdb.connect()
db.execute(f"SET threads = {threads}")
db.execute("SET TimeZone = 'UTC'")
db.execute("SET enable_object_cache = true")
rows = f"read_parquet('{folder}/month=*/*.parquet', hive_partitioning = true)"

# the quickest form found for each: whole microseconds instead of calendar functions
QUESTIONS = {
    "month": f"""
        SELECT point, epoch_us("at") // {DAY} AS day, count(number) AS n, avg(number) AS mean, min(number), max(number)
        FROM {rows} WHERE month = '2025-03' AND kind = 1 AND "at" >= make_timestamptz({BEGIN + 59 * DAY})
          AND "at" < make_timestamptz({BEGIN + 90 * DAY}) GROUP BY 1, 2""",
    "series": f"""
        SELECT epoch_us("at") // 3600000000 AS hour, count(number) AS n, avg(number) AS mean, min(number), max(number)
        FROM {rows} WHERE block = 2 AND kind = 1 AND point = 2051 AND "at" >= make_timestamptz({BEGIN})
          AND "at" < make_timestamptz({BEGIN + 365 * DAY}) GROUP BY 1 ORDER BY 1""",
}

for line in sys.stdin:
    begun = time.perf_counter()
    answer = db.execute(QUESTIONS[line.strip()]).fetchnumpy()
    ms = (time.perf_counter() - begun) * 1000
    said = {
        "ms": ms,
        "rows": len(answer["n"]),
        "n": int(answer["n"].sum()),
        "mean": float(answer["mean"].mean()),
    }
    print(json.dumps(said), flush=True)
