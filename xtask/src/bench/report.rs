//! The table for people, and `docs/ref/performance.md`, which keeps the rows of benchmarks not run this time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;

use super::{Figure, Goal};

const HEAD: &str = "# Performance\n\n\
    Written by `cargo xtask bench`; do not edit. Each figure is the median of at least five rounds in which ours and the peer\n\
    alternate on generated data. CPU seconds are those of whole processes, user and system, start and reading included. *Ingest* is not of that kind: it is the\n\
    best of a few settings of connections and window, 20 s each after 5 s of warming up, server and generator on the same cores.\n\n";
const COLUMNS: &str =
    "| benchmark | ours | peer | ratio | unit | goal | met | measured |\n|---|---|---|---|---|---|---|---|\n";
const NOTES: &str = "\nOther parsers of HJ 212, measured elsewhere on 503-byte frames and not in these runs: a public Rust crate 370,000 frames per\n\
    CPU second, splitting on `;` only; a floor that walks every item, checks the CRC by table and builds nothing, 704,000. That\n\
    machine was slower and busier: a plain Python parser reached 17,300 there.\n";

/// The figures as a table.
pub(super) fn table(figures: &[Figure]) -> String {
    let mut out = String::from(COLUMNS);
    for figure in figures {
        out.push_str(&row(figure, &today()));
        out.push('\n');
    }
    out
}

/// Writes the page: new rows beside the old ones of other names.
pub(super) fn write(path: &Path, figures: &[Figure]) -> anyhow::Result<()> {
    let mut rows = fs::read_to_string(path).map(|old| rows(&old)).unwrap_or_default();
    for figure in figures {
        rows.insert(figure.name.clone(), row(figure, &today()));
    }
    let rows: Vec<String> = rows.into_values().collect();
    fs::create_dir_all(path.parent().context("a page lies in a folder")?)?;
    fs::write(path, format!("{HEAD}{COLUMNS}{}\n{NOTES}", rows.join("\n")))?;
    Ok(())
}

/// Rows of a page, by name.
fn rows(page: &str) -> BTreeMap<String, String> {
    let rows = page.lines().filter(|l| l.starts_with("| ")).skip(1);
    rows.filter_map(|l| Some((l.split('|').nth(1)?.trim().to_owned(), l.to_owned()))).collect()
}

fn row(f: &Figure, day: &str) -> String {
    let peer = match (f.peer, &f.peer_name) {
        (Some(figure), Some(name)) => format!("{} ({name})", number(figure)),
        _ => "-".to_owned(),
    };
    let ratio = f.ratio.map_or("-".to_owned(), |r| format!("{r:.1}"));
    let goal = match f.goal {
        Goal::Ours { ours_at_least } => format!("ours ≥ {}", number(ours_at_least)),
        Goal::Ratio { ratio_at_least } => format!("ratio ≥ {ratio_at_least}"),
        Goal::AtMost { ours_at_most } => format!("ours ≤ {}", number(ours_at_most)),
        Goal::Shown {} => "-".to_owned(),
    };
    let met = if f.met { "yes" } else { "**no**" };
    format!("| {} | {} | {peer} | {ratio} | {} | {goal} | {met} | {day} |", f.name, number(f.ours), f.unit)
}

/// Whole above 100, thousands apart.
fn number(n: f64) -> String {
    if n < 100.0 {
        return format!("{n:.2}");
    }
    let digits = format!("{n:.0}");
    let mut out = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(d);
    }
    out
}

fn today() -> String {
    let now = jiff::Timestamp::now().to_string();
    now.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_not_measured_this_time_stay() {
        let dir = std::env::temp_dir().join(format!("xtask-report-{}", std::process::id()));
        let page = dir.join("performance.md");
        let figure = |name, ours| Figure::new(name, "u", ours, None, Goal::Ours { ours_at_least: 1.0 });
        write(&page, &[figure("a", 1_234_567.0), figure("b", 2.0)]).expect("a folder to write in");
        write(&page, &[figure("b", 0.5)]).expect("a folder to write in");
        let text = fs::read_to_string(&page).expect("just written");
        fs::remove_dir_all(&dir).expect("just written");
        assert!(
            text.contains("| a | 1,234,567 |") && text.contains("| b | 0.50 |") && !text.contains("2.00"),
            "{text}"
        );
        assert!(text.contains("| **no** |"));
    }
}
