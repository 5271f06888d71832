"""A year of a nation's air stations with numpy: the peer of `bench air-year`, the same stages over the same values.

Hour AQI, days of stations (20 valid hours; ozone by its largest eight-hour mean), days of cities (share of valid points), months and year
of cities and years of stations, percentiles, composite index. Everything is vectorised over a group of cities at a time.
"""

import sys

import numpy as np

INDEX = np.array([0, 50, 100, 150, 200, 300, 400, 500.0])
# decimals, hour column and value above it, day column and value above it (HJ 633-2026)
TABLES = [
    (0, [0, 150, 500, 650, 800], 200, [0, 50, 150, 475, 800, 1600, 2100, 2620], 500),
    (0, [0, 100, 200, 700, 1200, 2340, 3090, 3840], 500, [0, 40, 80, 180, 280, 565, 750, 940], 500),
    (1, [0, 5, 10, 35, 60, 90, 120, 150], 500, [0, 2, 4, 14, 24, 36, 48, 60], 500),
    (0, [0, 160, 200, 300, 400, 800, 1000, 1200], 500, [0, 100, 160, 215, 265, 800], 300),
    (0, [0, 50, 120, 250, 350, 420, 500, 600], 500, [0, 50, 120, 250, 350, 420, 500, 600], 500),
    (0, [0, 35, 60, 115, 150, 250, 350, 500], 500, [0, 35, 60, 115, 150, 250, 350, 500], 500),
]
CO, O3 = 2, 3
PERCENTILES = [98, 98, 95, 90, 95, 95]
O3_LIMIT = 160
POINTS, DAYS, HOURS = 5, 365, 24
GROUP = 20
MONTHS = np.repeat(np.arange(12), [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
# limits of level 2 in the transition of GB 3095-2026: year means, CO a day, ozone eight hours
LIMITS = [60, 40, 4, 160, 60, 30]


def sub_indices(values, column, above):
    """Indices of values whose last axis is the six pollutants; CO in tenths."""
    out = np.empty(values.shape)
    for i, table in enumerate(TABLES):
        scale = 10 if i == CO else 1
        index = np.interp(values[..., i] / scale, table[column], INDEX[: len(table[column])], right=table[above])
        index[np.isnan(values[..., i])] = np.nan
        out[..., i] = np.ceil(index - 1e-9)
    return out


def judged(values, column, above):
    """AQI, nan where it is not published, and the indices."""
    index = sub_indices(values, column, above)
    aqi = np.fmax.reduce(index, axis=-1)
    hidden = np.isnan(index).any(axis=-1) & (aqi <= 100)
    return np.where(hidden, np.nan, aqi), index


def mean(values, axis, least):
    count = (~np.isnan(values)).sum(axis=axis)
    total = np.nansum(values, axis=axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        out = np.rint(total / count)
    return np.where((count >= least) & (count > 0), out, np.nan)


def eight_hours(ozone):
    """Largest eight-hour mean of each day; with fewer than 14 of them only beyond the limit."""
    windows = np.lib.stride_tricks.sliding_window_view(ozone, 8, axis=-1)
    means = mean(windows, -1, 6)
    found = (~np.isnan(means)).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        largest = np.fmax.reduce(means, axis=-1)
        return np.where((found >= 14) | (largest > O3_LIMIT), largest, np.nan)


def percentile(values, percent):
    rising = np.sort(values[~np.isnan(values)])
    last = len(rising) - 1
    rank = last * percent
    low, part = rank // 100, rank % 100
    high = min(low + 1, last)
    return int(np.rint((rising[low] * 100 + (rising[high] - rising[low]) * part) / 100))


def main(path, out):
    cells = DAYS * HOURS * 6
    with open(path, "rb") as file, open(out, "w") as text:
        city = 0
        while True:
            raw = np.fromfile(file, dtype="<i2", count=GROUP * POINTS * cells)
            if len(raw) == 0:
                return
            cities = len(raw) // (POINTS * cells)
            values = raw.astype(np.float64).reshape(cities, POINTS, DAYS, HOURS, 6)
            values[values < 0] = np.nan
            hour, _ = judged(values, 1, 2)
            sums = np.nansum(hour, axis=(1, 2, 3)).astype(np.int64)
            counts = (~np.isnan(hour)).sum(axis=(1, 2, 3))
            day = mean(values, 3, 20)
            day[..., O3] = eight_hours(values[..., O3])
            station, _ = judged(day, 3, 4)
            station_good = (station <= 100).sum(axis=(1, 2))
            area = mean(day, 1, 4)
            aqi, index = judged(area, 3, 4)
            for c in range(cities):
                good = int((aqi[c] <= 100).sum())
                months = sum(int((aqi[c][MONTHS == m] <= 100).sum()) for m in range(12))
                assert months == good
                line = [city, sums[c], counts[c], station_good[c], int((~np.isnan(aqi[c])).sum()), good]
                total = 0.0
                for i in range(6):
                    of = area[c, :, i]
                    known = of[~np.isnan(of)]
                    average, at = int(np.rint(known.sum() / len(known))), percentile(of, PERCENTILES[i])
                    line += [average, at, int(((index[c, :, i] == aqi[c]) & (aqi[c] > 50)).sum())]
                    total += (at if i in (CO, O3) else average) / (10 if i == CO else 1) / LIMITS[i]
                text.write(" ".join(map(str, line)) + f" {total:.2f}\n")
                city += 1


main(sys.argv[1], sys.argv[2])
