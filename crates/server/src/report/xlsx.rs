//! Reports as Excel files: what is said on the first sheet, then a sheet for each table as it is shown. Numbers are numbers with their
//! decimals as format; every text is written as text, whatever it begins with; what is missing is a dash with its reason as a note.

use rust_decimal::prelude::ToPrimitive as _;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Note, Workbook, Worksheet, XlsxError,
};
use shanshui_domain::report::{Cell, Table};

use super::Filing;

/// Characters of a sheet's name at most.
const NAME_MAX: usize = 31;
/// Widest column, in characters.
const WIDTH_MAX: usize = 48;

/// Writes a report.
///
/// # Errors
/// When it has more rows, columns or characters than the format can hold.
pub fn write(filing: &Filing<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // the same report is the same file
    let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
    let report = filing.report;
    book.set_properties(
        &DocProperties::new().set_title(&report.title).set_author(&report.issuer).set_creation_datetime(&made),
    );
    said(book.add_worksheet(), filing)?;
    let mut names = vec!["说明".to_owned()];
    for table in report.tables() {
        let name = sheet_name(&table.title, &names);
        let sheet = book.add_worksheet();
        sheet.set_name(&name)?;
        names.push(name);
        put(sheet, table)?;
    }
    book.save_to_buffer()
}

fn said(sheet: &mut Worksheet, filing: &Filing<'_>) -> Result<(), XlsxError> {
    let report = filing.report;
    sheet.set_name("说明")?;
    sheet.set_column_width(0, 100)?;
    let wrap = Format::new().set_text_wrap();
    let mut lines = vec![report.title.clone(), report.period_text.clone(), filing.edition_zh()];
    if !filing.number.is_empty() {
        lines.push(filing.number.to_owned());
    }
    lines.push(format!("{}　{}", report.issuer, filing.date));
    for chapter in &report.chapters {
        lines.push(chapter.title.clone());
        lines.extend(chapter.paragraphs.iter().cloned());
    }
    lines.push(report.coverage.sentence());
    lines.extend(report.basis.iter().map(|b| format!("依据：{}《{}》（{}）", b.edition, b.title, b.what)));
    lines.extend(report.notes.iter().map(|n| format!("注：{}", n.shown())));
    for (row, line) in (0u32..).zip(&lines) {
        sheet.write_string_with_format(row, 0, line, &wrap)?;
    }
    Ok(())
}

fn put(sheet: &mut Worksheet, table: &Table) -> Result<(), XlsxError> {
    let border = || Format::new().set_border(FormatBorder::Thin).set_align(FormatAlign::Center);
    let (head, text) = (border().set_bold().set_text_wrap(), border().set_text_wrap());
    for (column, heading) in (0u16..).zip(&table.columns) {
        sheet.write_string_with_format(0, column, &heading.title, &head)?;
        sheet.set_column_width(column, width(table, usize::from(column)) as f64)?;
    }
    sheet.set_freeze_panes(1, 1)?;
    for (row, cells) in (1u32..).zip(&table.rows) {
        for (column, cell) in (0u16..).zip(&cells.cells) {
            match cell {
                Cell::Number { value, decimals } => {
                    let format = border().set_num_format(number_format(*decimals));
                    // a decimal of at most 28 digits is always some float
                    sheet.write_number_with_format(row, column, value.to_f64().unwrap_or_default(), &format)?;
                }
                Cell::Text { text: words } => {
                    sheet.write_string_with_format(row, column, words, &text)?;
                }
                Cell::Missing { reason } => {
                    sheet.write_string_with_format(row, column, cell.shown(), &text)?;
                    sheet.insert_note(row, column, &Note::new(reason).add_author_prefix(false))?;
                }
            }
        }
    }
    let below = table.rows.len() as u32 + 2;
    for (row, note) in (below..).zip(&table.notes) {
        sheet.write_string(row, 0, format!("注：{}", note.shown()))?;
    }
    Ok(())
}

fn number_format(decimals: u32) -> String {
    match decimals {
        0 => "0".to_owned(),
        n => format!("0.{}", "0".repeat(n as usize)),
    }
}

fn width(table: &Table, column: usize) -> usize {
    let wide = |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let heading = table.columns.get(column).map_or(0, |c| wide(&c.title));
    let cells = table.rows.iter().filter_map(|r| r.cells.get(column)).map(|c| wide(&c.shown()));
    (cells.chain([heading]).max().unwrap_or(0) + 2).clamp(8, WIDTH_MAX)
}

/// A name that Excel takes and that no other sheet has.
fn sheet_name(title: &str, others: &[String]) -> String {
    let clean: String = title.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(NAME_MAX - 3).collect();
    let taken = |name: &str| others.iter().any(|other| other == name);
    let numbered = (2..).map(|n| format!("{clean} {n}"));
    std::iter::once(clean.clone()).chain(numbered).find(|name| !name.is_empty() && !taken(name)).unwrap_or(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets_are_short_clean_and_each_its_own() {
        let others = vec!["表".to_owned(), "表 2".to_owned()];
        assert_eq!(sheet_name("表", &others), "表 3");
        assert_eq!(sheet_name("a/b[c]", &[]), "abc");
        assert_eq!(sheet_name(&"长".repeat(40), &[]).chars().count(), NAME_MAX - 3);
        assert_eq!((number_format(0), number_format(3)), ("0".to_owned(), "0.000".to_owned()));
    }
}
