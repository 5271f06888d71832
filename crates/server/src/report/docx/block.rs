//! Paragraphs and tables of a report as the XML of Word, in the style of official documents (GB/T 9704): headings in 黑体, text in 仿宋,
//! notes in 楷体. Sizes are those of the rules of reports.

use std::fmt::Write as _;

use shanshui_domain::report::{Cell, Chapter, ReportRules, Table};

use super::tree::escaped;
use crate::report::Filing;

/// What a block placeholder stands for; none when it is none.
pub(super) fn block(name: &str, filing: &Filing<'_>) -> Option<String> {
    let (report, rules) = (filing.report, filing.rules);
    let mut out = String::new();
    match name.split_once(':') {
        Some(("table", id)) => table(&mut out, report.table(id)?, rules),
        Some(("chapter", id)) => paragraphs(&mut out, report.chapters.iter().find(|c| c.id == id)?, rules),
        Some(_) => return None,
        None => match name {
            "body" => {
                for (i, one) in report.chapters.iter().enumerate() {
                    chapter(&mut out, i + 1, one, rules);
                }
            }
            "basis" => {
                let all = report.basis.iter().map(|b| format!("{}《{}》（{}）", b.edition, b.title, b.what));
                numbered(&mut out, "评价依据：", all, rules);
            }
            "notes" => {
                numbered(&mut out, "说明：", report.notes.iter().map(shanshui_domain::report::Note::shown), rules);
            }
            _ => return None,
        },
    }
    if out.is_empty() {
        out.push_str("<w:p/>");
    }
    Some(out)
}

/// How a paragraph looks.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) font: &'static str,
    pub(super) half_points: u32,
    /// `both`, `center`, `right`, `left`.
    pub(super) align: &'static str,
    /// First line two characters in.
    pub(super) indent: bool,
    /// Height of a line in twips; none for what the font needs.
    pub(super) line: Option<u32>,
    /// Stays on the page of what comes next.
    pub(super) with_next: bool,
}

pub(super) const SONG_TITLE: &str = "方正小标宋简体";
pub(super) const HEI: &str = "黑体";
pub(super) const FANG: &str = "仿宋_GB2312";
pub(super) const KAI: &str = "楷体_GB2312";
pub(super) const SONG: &str = "宋体";

impl Look {
    pub(super) fn text(rules: &ReportRules) -> Self {
        Self {
            font: FANG,
            half_points: rules.body_half_points,
            align: "both",
            indent: true,
            line: Some(rules.line_twips),
            with_next: false,
        }
    }

    fn heading(rules: &ReportRules) -> Self {
        Self { font: HEI, with_next: true, ..Self::text(rules) }
    }

    fn caption(rules: &ReportRules) -> Self {
        let half_points = rules.table_half_points + 4;
        Self { font: HEI, half_points, align: "center", indent: false, line: None, with_next: true }
    }

    fn note(rules: &ReportRules) -> Self {
        Self {
            font: KAI,
            half_points: rules.table_half_points,
            align: "left",
            indent: false,
            line: None,
            with_next: false,
        }
    }
}

pub(super) fn run(text: &str, font: &str, half_points: u32) -> String {
    format!(
        "<w:r><w:rPr><w:rFonts w:ascii=\"Times New Roman\" w:hAnsi=\"Times New Roman\" w:eastAsia=\"{font}\" w:hint=\"eastAsia\"/>\
         <w:sz w:val=\"{half_points}\"/><w:szCs w:val=\"{half_points}\"/></w:rPr><w:t xml:space=\"preserve\">{}</w:t></w:r>",
        escaped(text)
    )
}

pub(super) fn paragraph(text: &str, look: Look) -> String {
    let indent = if look.indent { "<w:ind w:firstLineChars=\"200\" w:firstLine=\"640\"/>" } else { "" };
    let keep = if look.with_next { "<w:keepNext/>" } else { "" };
    let line = look.line.map_or_else(
        || "<w:spacing w:before=\"60\" w:after=\"60\"/>".to_owned(),
        |line| format!("<w:spacing w:line=\"{line}\" w:lineRule=\"exact\"/>"),
    );
    format!(
        "<w:p><w:pPr>{keep}{line}{indent}<w:jc w:val=\"{}\"/></w:pPr>{}</w:p>",
        look.align,
        run(text, look.font, look.half_points)
    )
}

fn paragraphs(out: &mut String, chapter: &Chapter, rules: &ReportRules) {
    for text in &chapter.paragraphs {
        out.push_str(&paragraph(text, Look::text(rules)));
    }
}

fn chapter(out: &mut String, n: usize, chapter: &Chapter, rules: &ReportRules) {
    out.push_str(&paragraph(&format!("{}、{}", number_zh(n), chapter.title), Look::heading(rules)));
    paragraphs(out, chapter, rules);
    // a table without rows says nothing that the paragraph has not said
    for one in chapter.tables.iter().filter(|t| !t.rows.is_empty()) {
        table(out, one, rules);
    }
}

fn numbered(out: &mut String, head: &str, lines: impl Iterator<Item = String>, rules: &ReportRules) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    out.push_str(&paragraph(head, Look::note(rules)));
    for (n, line) in (1..).zip(lines) {
        out.push_str(&paragraph(&format!("{n}. {line}"), Look::note(rules)));
    }
}

/// 一, 十一, 二十; as chapters are numbered.
fn number_zh(n: usize) -> String {
    let digit =
        |n: usize| ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"].get(n).copied().unwrap_or_default();
    match n {
        0..=9 => digit(n).to_owned(),
        10..=19 => format!("十{}", digit(n - 10)),
        20..=99 => format!("{}十{}", digit(n / 10), digit(n % 10)),
        _ => n.to_string(),
    }
}

/// Letters of a text that does not break: 无明显变化.
const SHORT: u32 = 10;
/// Letters of a heading that does not: 劣Ⅴ类.
const SHORT_HEAD: u32 = 6;
/// Letters beyond which a text asks for no more room.
const LONG: u32 = 200;
/// Twips of a millimetre, times ten.
const TWIPS_PER_10_MM: u32 = 567;

pub(super) fn twips(mm: u32) -> u32 {
    mm * TWIPS_PER_10_MM / 10
}

/// A table with its caption above and its notes below; its head is repeated on each page.
fn table(out: &mut String, table: &Table, rules: &ReportRules) {
    out.push_str(&paragraph(&table.title, Look::caption(rules)));
    let widths = widths(table, twips(rules.text_width_mm), rules.table_half_points);
    let border = |side: &str| format!("<w:{side} w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"000000\"/>");
    let borders: String = ["top", "left", "bottom", "right", "insideH", "insideV"].map(border).concat();
    let _ = write!(
        out,
        "<w:tbl><w:tblPr><w:tblW w:w=\"{}\" w:type=\"dxa\"/><w:jc w:val=\"center\"/><w:tblBorders>{borders}</w:tblBorders>\
         <w:tblLayout w:type=\"fixed\"/><w:tblCellMar><w:left w:w=\"40\" w:type=\"dxa\"/><w:right w:w=\"40\" w:type=\"dxa\"/>\
         </w:tblCellMar></w:tblPr><w:tblGrid>",
        widths.iter().sum::<u32>()
    );
    for width in &widths {
        let _ = write!(out, "<w:gridCol w:w=\"{width}\"/>");
    }
    out.push_str("</w:tblGrid>");
    let heads: Vec<String> = table.columns.iter().map(|c| c.title.clone()).collect();
    row(out, &heads, &widths, (HEI, true), rules);
    for one in &table.rows {
        let cells: Vec<String> = one.cells.iter().map(Cell::shown).collect();
        row(out, &cells, &widths, (SONG, false), rules);
    }
    out.push_str("</w:tbl>");
    let mut reasons: Vec<&str> = Vec::new();
    for cell in table.rows.iter().flat_map(|r| &r.cells) {
        if let Cell::Missing { reason } = cell
            && !reasons.contains(&reason.as_str())
        {
            reasons.push(reason);
        }
    }
    let mut notes: Vec<String> = table.notes.iter().map(shanshui_domain::report::Note::shown).collect();
    if !reasons.is_empty() {
        notes.push(format!("“—”表示：{}", reasons.join("；")));
    }
    for (n, note) in (1..).zip(&notes) {
        let head = if notes.len() == 1 { "注：".to_owned() } else { format!("注{n}：") };
        out.push_str(&paragraph(&format!("{head}{note}"), Look::note(rules)));
    }
    if notes.is_empty() {
        out.push_str(&paragraph("", Look::note(rules)));
    }
}

fn row(out: &mut String, cells: &[String], widths: &[u32], (font, head): (&str, bool), rules: &ReportRules) {
    out.push_str("<w:tr><w:trPr><w:cantSplit/>");
    if head {
        out.push_str("<w:tblHeader/>");
    }
    out.push_str("</w:trPr>");
    for (cell, width) in cells.iter().zip(widths) {
        let _ = write!(
            out,
            "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/><w:vAlign w:val=\"center\"/></w:tcPr><w:p><w:pPr>\
             <w:spacing w:before=\"20\" w:after=\"20\"/><w:jc w:val=\"center\"/></w:pPr>{}</w:p></w:tc>",
            run(cell, font, rules.table_half_points)
        );
    }
    out.push_str("</w:tr>");
}

/// Shares the width of the page: what is short stands in one line, what is long breaks, and gets what is left.
fn widths(table: &Table, all: u32, half_points: u32) -> Vec<u32> {
    // a letter is half as wide as a character; the margins of a cell and a little more
    let twips = |letters: u32| letters * half_points * 5 + 130;
    let wide = |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<u32>();
    let letters = |(i, column): (usize, &shanshui_domain::report::Column)| {
        let cells = table.rows.iter().filter_map(|r| r.cells.get(i)).map(|c| wide(&c.shown()));
        // a long heading may break once
        let head = wide(&column.title);
        cells.chain([head.div_ceil(2).max(head.min(SHORT_HEAD))]).max().unwrap_or(0).min(LONG)
    };
    let letters: Vec<u32> = table.columns.iter().enumerate().map(letters).collect();
    let wants: Vec<u32> = letters.iter().map(|n| twips(*n)).collect();
    let least: Vec<u32> = letters.iter().map(|n| twips((*n).min(SHORT))).collect();
    let (want, floor): (u32, u32) = (wants.iter().sum(), least.iter().sum());
    let shared = |of: &[u32], sum: u32| of.iter().map(|w| w * all / sum.max(1)).collect();
    if want <= all {
        return shared(&wants, want);
    }
    if floor >= all {
        return shared(&least, floor);
    }
    let (left, beyond) = (all - floor, want - floor);
    let more = |(want, least): (&u32, &u32)| least + (want - least) * left / beyond;
    wants.iter().zip(&least).map(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_keep_to_one_line_and_the_page_is_not_left() {
        let mut table = Table::of(&shanshui_domain::report::shape::SECTIONS);
        let cells = |name: &str| -> Vec<Cell> {
            let texts = [
                name,
                "饮用水水源地",
                "柯城区",
                "Ⅱ类",
                "轻度污染",
                "Ⅱ类",
                "未达标",
                "氨氮（0.3）、总磷（0.1）",
                "无明显变化",
                "—",
                "100.0",
            ];
            texts.into_iter().map(Cell::text).collect()
        };
        table.push("a", cells("富足山断面（常山—柯城）"));
        let all = 8_845;
        let widths = widths(&table, all, 18);
        assert!(widths.iter().sum::<u32>() <= all);
        // characters and the margins of a cell
        let holds = |column: usize, characters: u32| widths[column] >= characters * 180 + 80;
        assert!(holds(2, 3) && holds(3, 2) && holds(4, 4) && holds(6, 3) && holds(8, 5), "{widths:?}");
    }

    #[test]
    fn chapters_are_numbered_as_officials_do() {
        let said: Vec<String> = [1, 9, 10, 11, 20, 21].map(number_zh).into();
        assert_eq!(said, ["一", "九", "十", "十一", "二十", "二十一"]);
    }
}
