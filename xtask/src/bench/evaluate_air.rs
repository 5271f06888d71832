//! Rows of a table judged by HJ 633, CSV to CSV, against the same computation with pandas.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use anyhow::ensure;
use shanshui_domain::analyse::air::Report;
use shanshui_domain::analyse::table::{EditionChoice, Reading, evaluate_air};
use shanshui_domain::standard::Standards;

use super::{Dice, Figure, Goal, Lab, ours};

const ROWS: u64 = 1_000_000;

pub(super) fn run(lab: &Lab) -> anyhow::Result<Vec<Figure>> {
    let input = lab.dir.join("air.csv");
    let (mine, theirs) = (lab.dir.join("air-ours.csv"), lab.dir.join("air-pandas.csv"));
    lab.bar.set_message("generating");
    fs::write(&input, rows(ROWS))?;
    let seconds = lab.alternate(BTreeMap::from([
        ("ours", ours("evaluate-air", &[&input, &mine])?),
        ("pandas", lab.python("evaluate_air_peer.py", &["pandas"], &[&input, &theirs])?),
    ]))?;
    same(&mine, &theirs)?;
    let per = |side: &str| ROWS as f64 / seconds[side];
    let peer = Some((per("pandas"), "pandas, vectorised"));
    let goal = Goal::Ratio { ratio_at_least: 5.0 };
    Ok(vec![Figure::new("evaluate-air", "rows per CPU second, CSV to CSV", per("ours"), peer, goal)])
}

pub(super) fn measure(args: &[String]) -> anyhow::Result<()> {
    let [input, out] = args else { anyhow::bail!("a file to read and one to write") };
    let standards = Standards::embedded()?;
    let (input, out) = (File::open(input)?, BufWriter::with_capacity(1 << 18, File::create(out)?));
    let how = (Report::Day, EditionChoice::Auto);
    let summary = evaluate_air(input, out, &standards, how, Reading::default(), |_, _, _| {})?;
    ensure!(summary.rows == ROWS && summary.bad == 0, "{summary:?}");
    Ok(())
}

/// Days of 1,500 stations under the 2026 edition; one value in a hundred is missing.
fn rows(count: u64) -> String {
    let mut dice = Dice(633);
    let mut out = String::from("site,time,so2,no2,co,o3_8h,pm10,pm2_5\n");
    for i in 0..count {
        let day = i / 1500;
        let _ = write!(out, "S{:04},{}-{:02}-{:02}", i % 1500, 2027 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
        for (most, tenths) in [(60, false), (90, false), (20, true), (280, false), (260, false), (160, false)] {
            let value = dice.below(most);
            let _ = match (dice.below(100), tenths) {
                (0, _) => write!(out, ","),
                (_, true) => write!(out, ",{}.{}", value / 10, value % 10),
                (_, false) => write!(out, ",{value}"),
            };
        }
        out.push('\n');
    }
    out
}

/// Both sides must have done the same work: same index, level, primary pollutants and sub-indices in every row.
fn same(ours: &Path, theirs: &Path) -> anyhow::Result<()> {
    let (ours, theirs) = (fs::read_to_string(ours)?, fs::read_to_string(theirs)?);
    let cut = |line: &str| line.split(",HJ 633").next().unwrap_or_default().to_owned();
    ensure!(ours.lines().count() == theirs.lines().count(), "the sides wrote different numbers of rows");
    for (i, (a, b)) in ours.lines().zip(theirs.lines()).enumerate().skip(1) {
        ensure!(cut(a) == b, "line {}: {a} is not {b}", i + 1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_rows_are_judged() {
        let mut out = Vec::new();
        let standards = Standards::embedded().expect("shipped");
        let how = (Report::Day, EditionChoice::Auto);
        let text = rows(2_000);
        let summary = evaluate_air(text.as_bytes(), &mut out, &standards, how, Reading::default(), |_, _, _| {});
        let summary = summary.expect("a table");
        assert_eq!((summary.rows, summary.bad), (2_000, 0));
    }
}
