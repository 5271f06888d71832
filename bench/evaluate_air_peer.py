"""AQI of days by HJ 633-2026 over whole columns with pandas, CSV to CSV. Peer of `bench evaluate-air`; same columns, same rows."""

import sys

import numpy as np
import pandas as pd

INDEX = np.array([0, 50, 100, 150, 200, 300, 400, 500.0])
# pollutant, column, decimals, breakpoints, sub-index above the last one
POLLUTANTS = [
    ("SO2", "so2", 0, [0, 50, 150, 475, 800, 1600, 2100, 2620], 500),
    ("NO2", "no2", 0, [0, 40, 80, 180, 280, 565, 750, 940], 500),
    ("CO", "co", 1, [0, 2, 4, 14, 24, 36, 48, 60], 500),
    ("O3", "o3_8h", 0, [0, 100, 160, 215, 265, 800], 300),
    ("PM10", "pm10", 0, [0, 50, 120, 250, 350, 420, 500, 600], 500),
    ("PM2.5", "pm2_5", 0, [0, 35, 60, 115, 150, 250, 350, 500], 500),
]


def sub_indices(rows):
    out = np.empty((len(rows), 6))
    for i, (_, column, decimals, at, above) in enumerate(POLLUTANTS):
        value = np.round(rows[column].to_numpy(), decimals)
        index = np.interp(value, at, INDEX[: len(at)], right=above)
        out[:, i] = np.ceil(index - 1e-9)
    return out


def whole(values):
    return pd.array(values, dtype="Int64")


def main(path, out):
    rows = pd.read_csv(path, dtype={"site": str, "time": str})
    index = sub_indices(rows)
    aqi = np.fmax.reduce(index, axis=1)
    missing = np.isnan(index).any(axis=1)
    hidden = missing & (aqi <= 100)
    shown = np.where(hidden, np.nan, aqi)
    level = np.searchsorted([50, 100, 150, 200, 300], shown) + 1.0
    level[np.isnan(shown)] = np.nan
    primary = np.full(len(rows), "", dtype=object)
    leads = (index == shown[:, None]) & (shown > 50)[:, None]
    for i, (name, *_) in enumerate(POLLUTANTS):
        at = leads[:, i]
        primary[at] = np.where(primary[at] == "", name, primary[at] + ("," + name))
    text = pd.Series(whole(shown)).astype(str)
    text[hidden] = "NA"
    text[np.isnan(aqi)] = ""
    result = pd.DataFrame({"site": rows["site"], "time": rows["time"], "aqi": text, "level": whole(level), "primary": primary})
    for i, (_, column, *_) in enumerate(POLLUTANTS):
        result["iaqi_" + column.removesuffix("_8h")] = whole(index[:, i])
    result.to_csv(out, index=False)


main(sys.argv[1], sys.argv[2])
