//! A year of a nation's air stations: hour AQI, days of stations, days of cities, months and years, against the same stages with numpy.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, ensure};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use shanshui_domain::analyse::air::area::area_day;
use shanshui_domain::analyse::air::period::{AirPeriod, period};
use shanshui_domain::analyse::span::Span;
use shanshui_domain::analyse::year::{AirRules, DayHours, HOURS, YearDay};
use shanshui_domain::standard::Standards;

use super::{Dice, Figure, Goal, Lab, ours};

const CITIES: usize = 340;
const POINTS: usize = 5;
const DAYS: usize = 365;
/// Values of one station's year.
const VALUES: usize = DAYS * HOURS * 6;
/// CO has tenths; the others are whole.
const CO: usize = 2;

fn first() -> Date {
    date(2027, 1, 1)
}

pub(super) fn run(lab: &Lab) -> anyhow::Result<Vec<Figure>> {
    let input = lab.dir.join("air-year.bin");
    let (mine, theirs) = (lab.dir.join("air-year-ours.txt"), lab.dir.join("air-year-numpy.txt"));
    lab.bar.set_message("generating");
    generate(&input, CITIES)?;
    let seconds = lab.alternate(BTreeMap::from([
        ("ours", ours("air-year", &[&input, &mine])?),
        ("numpy", lab.python("air_year_peer.py", &["numpy"], &[&input, &theirs])?),
    ]))?;
    same(&fs::read_to_string(&mine)?, &fs::read_to_string(&theirs)?)?;
    let cells = (CITIES * POINTS * VALUES) as f64;
    let per = |side: &str| cells / seconds[side] / 1e6;
    let peer = Some((per("numpy"), "numpy, vectorised, the same stages"));
    Ok(vec![
        Figure::new(
            "air-year, a nation's year",
            "CPU seconds: 1,700 stations, 8,760 hours, six pollutants",
            seconds["ours"],
            None,
            Goal::AtMost { ours_at_most: 6.0 },
        ),
        Figure::new("air-year", "million values per CPU second", per("ours"), peer, Goal::Shown {}),
    ])
}

pub(super) fn measure(args: &[String]) -> anyhow::Result<()> {
    let [input, out] = args else { anyhow::bail!("a file to read and one to write") };
    let standards = Standards::embedded()?;
    let rules = AirRules::new(&standards)?;
    let mut input = BufReader::with_capacity(1 << 20, File::open(input)?);
    let mut out = BufWriter::new(File::create(out)?);
    let mut bytes = vec![0u8; VALUES * 2];
    let mut city = 0;
    loop {
        let mut points = Vec::with_capacity(POINTS);
        let (mut sum, mut judged) = (0u64, 0u32);
        for _ in 0..POINTS {
            match input.read_exact(&mut bytes) {
                Ok(()) => points.push(station(&bytes, &rules, (&mut sum, &mut judged))),
                Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof && points.is_empty() => return Ok(()),
                Err(e) => return Err(e.into()),
            }
        }
        let (mut days, mut values) = (Vec::with_capacity(DAYS), Vec::with_capacity(POINTS));
        for n in 0..DAYS {
            values.clear();
            values.extend(points.iter().map(|days| days[n].values));
            let day = points[0][n].day;
            let found = area_day(day, &values, &rules);
            days.push(YearDay { day, values: found.values, seen: found.seen });
        }
        // every station over the year, and the city over its months and the year
        let stations: u32 = points.iter().map(|days| period(Span::Year { year: 2027 }, days, &rules).good_days).sum();
        let months =
            (1..=12).map(|month| period(Span::Month { year: 2027, month }, &days, &rules).good_days).sum::<u32>();
        let year = period(Span::Year { year: 2027 }, &days, &rules);
        ensure!(months == year.good_days, "months and year do not add up");
        writeln!(out, "{}", line(city, (sum, judged, stations), &year)?)?;
        city += 1;
    }
}

/// The days of one station; adds up the AQI of its hours.
fn station(bytes: &[u8], rules: &AirRules<'_>, (sum, judged): (&mut u64, &mut u32)) -> Vec<YearDay> {
    let mut days = Vec::with_capacity(DAYS);
    for (n, bytes) in bytes.chunks_exact(HOURS * 12).enumerate() {
        let day = first() + (n as i64).days();
        let mut hours: DayHours = [[None; 6]; HOURS];
        for (hour, bytes) in hours.iter_mut().zip(bytes.chunks_exact(12)) {
            for (i, (cell, bytes)) in hour.iter_mut().zip(bytes.chunks_exact(2)).enumerate() {
                let value = i64::from(i16::from_le_bytes([bytes[0], bytes[1]]));
                *cell = (value >= 0).then(|| value * if i == CO { 100_000_000 } else { 1_000_000_000 });
            }
            if let Some(aqi) = rules.hour(day, hour).aqi {
                *sum += u64::from(aqi);
                *judged += 1;
            }
        }
        let found = rules.day(day, &hours);
        days.push(YearDay { day, values: found.values, seen: found.seen });
    }
    days
}

fn line(city: usize, (sum, judged, stations): (u64, u32, u32), year: &AirPeriod) -> anyhow::Result<String> {
    let mut out = format!("{city} {sum} {judged} {stations} {} {}", year.statistics.days, year.good_days);
    for p in &year.statistics.pollutants {
        let (mean, at) = (p.mean.context("a mean")?, p.at_percentile.context("a percentile")?);
        write!(out, " {mean} {at} {}", p.primary_days)?;
    }
    write!(out, " {}", year.composite.as_ref().context("an index")?.index)?;
    Ok(out)
}

/// Sixteen-bit values, station by station: hours, and of each the six pollutants; below zero is missing.
fn generate(path: &Path, cities: usize) -> anyhow::Result<()> {
    let mut dice = Dice(663);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for _ in 0..cities * POINTS {
        for n in 0..DAYS * HOURS {
            // ozone by the hour of the day, particles by the season
            let (hour, season) = (n % HOURS, (n / HOURS).abs_diff(DAYS / 2));
            let ozone = 20 + 12 * (HOURS / 2 - hour.abs_diff(14).min(11)) as u64;
            let particles = 20 + season as u64 / 2;
            for most in [40, 80, 20, ozone, particles * 2, particles] {
                let value = if dice.below(50) == 0 { -1 } else { dice.below(most) as i16 };
                out.write_all(&value.to_le_bytes())?;
            }
        }
    }
    Ok(out.flush()?)
}

/// The sides must have done the same: everything equal, the index within one in its last place, which numpy rounds from binary fractions.
fn same(ours: &str, theirs: &str) -> anyhow::Result<()> {
    ensure!(ours.lines().count() == theirs.lines().count(), "the sides wrote different numbers of cities");
    for (a, b) in ours.lines().zip(theirs.lines()) {
        let (a, b) = (a.rsplit_once(' ').context("an index")?, b.rsplit_once(' ').context("an index")?);
        let apart = (a.1.parse::<f64>()? - b.1.parse::<f64>()?).abs();
        ensure!(a.0 == b.0 && apart < 0.011, "{a:?} is not {b:?}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_city_is_judged_through_all_stages() {
        let folder = tempfile::tempdir().expect("a folder");
        let (input, out) = (folder.path().join("in"), folder.path().join("out"));
        generate(&input, 1).expect("generated");
        measure(&[input.display().to_string(), out.display().to_string()]).expect("judged");
        let text = fs::read_to_string(out).expect("written");
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!((words.len(), words[0], words[4]), (25, "0", "365"), "{text}");
        same(&text, &text).expect("the same");
        assert!(same(&text, &text.replacen("365", "364", 1)).is_err());
    }
}
