//! Tables as text with commas (RFC 4180), with the mark by which Excel knows UTF-8. A cell that a spreadsheet would run is escaped.

use std::fmt::Write as _;

use shanshui_domain::report::{Cell, Report, Table};

const MARK: &str = "\u{feff}";

/// One table.
pub fn table(table: &Table) -> String {
    let mut out = MARK.to_owned();
    put(&mut out, table);
    out
}

/// Every table of a report, each below its title.
pub fn report(report: &Report) -> String {
    let mut out = MARK.to_owned();
    line(&mut out, [field(&report.title), field(&report.period_text)].into_iter());
    for table in report.tables() {
        out.push_str("\r\n");
        line(&mut out, std::iter::once(field(&table.title)));
        put(&mut out, table);
        for note in &table.notes {
            line(&mut out, std::iter::once(field(&format!("注：{}", note.shown()))));
        }
    }
    out
}

fn put(out: &mut String, table: &Table) {
    line(out, table.columns.iter().map(|c| field(&c.title)));
    for row in &table.rows {
        line(out, row.cells.iter().map(cell));
    }
}

fn line(out: &mut String, fields: impl Iterator<Item = String>) {
    let all: Vec<String> = fields.collect();
    let _ = write!(out, "{}\r\n", all.join(","));
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Number { value, .. } => value.to_string(),
        Cell::Text { text } => field(text),
        Cell::Missing { reason } => field(&format!("—（{reason}）")),
    }
}

/// A text that a spreadsheet would run as a formula is told to be a text.
pub fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// A text as a field: escaped where a spreadsheet would run it, in quotes where it needs them.
fn field(text: &str) -> String {
    let safe = harmless(text);
    if safe.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text_and_numbers_are_numbers() {
        let check = |text: &str, expected: &str| assert_eq!(field(text), expected);
        check("=1+1", "'=1+1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("-5断面", "'-5断面");
        check("甲,乙", "\"甲,乙\"");
        check("=\"a\"", "\"'=\"\"a\"\"\"");
        assert_eq!(cell(&Cell::number("-0.5".parse().expect("a number"), 1)), "-0.5");
        assert_eq!(cell(&Cell::missing("未监测")), "—（未监测）");
    }
}
