//! Reports as Word files by templates (报告模板). A template is a `.docx` with placeholders in double braces; Word may split one over
//! several runs, and it is found all the same.
//!
//! | placeholder | what stands there |
//! |---|---|
//! | `{{title}}` `{{period}}` `{{issuer}}` `{{area}}` `{{number}}` `{{date}}` `{{edition}}` `{{coverage}}` | a text |
//! | `{{groups.share2@all}}` | the cell of a table by column and key of its row |
//! | `{{body}}` `{{chapter:overview}}` `{{table:sections}}` `{{basis}}` `{{notes}}` | paragraphs and tables; alone in its paragraph |
//! | `{{sections.name}}` … in a row of a table | the row is repeated for each row of that table |
//!
//! What is not known is refused, with its name and where it stands. A template with macros, or that fetches anything from elsewhere, is
//! refused too. [`default_template`] is what stands where a bureau has none of its own.

mod block;
mod default;
mod fill;
mod package;
mod tree;

pub use default::default_template;
use package::Package;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::report::{Area, Cell, Chapter, Coverage, FORMAT, Kind, Report, ReportRules, Row, Table};

use super::Filing;

/// Faults that are named at one time.
pub const FAULTS_MAX: usize = 20;

/// Something in a template that cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Part of the file: `word/document.xml`.
    pub part: String,
    /// Paragraph of the part, from 1.
    pub paragraph: usize,
    /// The placeholder as it stands there.
    pub placeholder: String,
    /// What is wrong.
    pub reason: &'static str,
}

impl Fault {
    /// What is wrong, in Chinese.
    pub fn reason_zh(&self) -> &'static str {
        fill::REASONS.iter().find(|(en, _)| *en == self.reason).map_or("", |(_, zh)| zh)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { part, paragraph, placeholder, reason } = self;
        write!(f, "{part}, paragraph {paragraph}: {placeholder}: {reason}")
    }
}

/// A template is refused.
#[derive(Debug, thiserror::Error)]
pub enum BadTemplate {
    /// It is no Word file that can be read.
    #[error("no Word file: {0}")]
    NoWord(String),
    /// It does what a template may not.
    #[error("not taken: {0}")]
    NotTaken(String),
    /// Placeholders cannot be filled.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Faults(Vec<Fault>),
}

/// Fills a template.
///
/// # Errors
/// As [`BadTemplate`] says.
pub fn fill(template: &[u8], filing: &Filing<'_>) -> Result<Vec<u8>, BadTemplate> {
    let mut package = Package::read(template)?;
    let mut faults = Vec::new();
    for (name, bytes) in &mut package.parts {
        if is_text(name) {
            *bytes = fill::part(name, bytes, filing, &mut faults)?;
        }
    }
    if !faults.is_empty() {
        faults.truncate(FAULTS_MAX);
        return Err(BadTemplate::Faults(faults));
    }
    package.write()
}

/// Whether a part has text of the document.
fn is_text(name: &str) -> bool {
    let beside = ["word/header", "word/footer", "word/footnotes", "word/endnotes"];
    name == package::DOCUMENT || (beside.iter().any(|b| name.starts_with(b)) && package::has_ending(name, "xml"))
}

/// Holds a template against the tables and chapters of a kind, before any report is there.
///
/// # Errors
/// As [`BadTemplate`] says.
pub fn check(template: &[u8], kind: Kind, rules: &ReportRules) -> Result<(), BadTemplate> {
    let report = sample(kind, rules);
    let filing =
        Filing { report: &report, rules, number: "", edition: 1, draft: 1, published: false, date: "2026年1月1日" };
    fill(template, &filing).map(|_| ())
}

/// A report of a kind that says nothing.
fn sample(kind: Kind, rules: &ReportRules) -> Report {
    let table = |shape| {
        let mut table = Table::of(shape);
        let cells = table.columns.iter().map(|_| Cell::text("…")).collect();
        table.rows.push(Row { key: "sample".into(), cells });
        table
    };
    let mut chapters: Vec<Chapter> =
        kind.chapters().iter().map(|id| Chapter::new(id, id, vec!["…".to_owned()])).collect();
    if let Some(first) = chapters.first_mut() {
        first.tables = kind.shapes().iter().map(table).collect();
    }
    Report {
        v: FORMAT,
        kind,
        title: kind.zh().to_owned(),
        issuer: "…".to_owned(),
        area: Area::city("…"),
        period: Span::Day { day: jiff::civil::date(2026, 1, 1) },
        period_text: "…".to_owned(),
        chapters,
        coverage: Coverage::new("断面", (1, 1), rules.sections_judged_min_percent, rules),
        basis: Vec::new(),
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn docx(document: &str) -> Vec<u8> {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">\
             <w:body>{document}<w:sectPr/></w:body></w:document>"
        );
        let parts = vec![
            ("[Content_Types].xml".to_owned(), b"<Types/>".to_vec()),
            ("word/document.xml".to_owned(), body.into_bytes()),
        ];
        Package { parts }.write().expect("written")
    }

    fn filled(document: &str) -> Result<String, BadTemplate> {
        let rules = ReportRules::embedded().expect("the shipped rules load");
        let mut report = sample(Kind::Water, &rules);
        report.title = "某市<A&B>月报".into();
        let sections = &mut report.chapters[0].tables[1];
        sections.rows = ["甲", "=1+1"]
            .iter()
            .map(|name| Row { key: (*name).to_owned(), cells: vec![Cell::text(*name); sections.columns.len()] })
            .collect();
        report.chapters[0].tables[2].rows.clear();
        let filing = Filing {
            report: &report,
            rules: &rules,
            number: "",
            edition: 2,
            draft: 1,
            published: true,
            date: "2026年6月3日",
        };
        let bytes = fill(&docx(document), &filing)?;
        let package = Package::read(&bytes)?;
        let part = package.parts.into_iter().find(|(name, _)| name == "word/document.xml").expect("there");
        Ok(String::from_utf8(part.1).expect("text"))
    }

    /// Paragraph of runs.
    fn p(runs: &[&str]) -> String {
        let run = |text: &&str| format!("<w:r><w:rPr><w:b/></w:rPr><w:t>{text}</w:t></w:r>");
        format!("<w:p>{}</w:p>", runs.iter().map(run).collect::<Vec<_>>().concat())
    }

    fn texts(xml: &str) -> Vec<String> {
        let tags = xml.split("<w:t").skip(1).filter(|t| t.starts_with([' ', '>']));
        let part = tags.filter_map(|t| Some(t.split_once('>')?.1.split("</w:t>").next()?.to_owned()));
        part.filter(|t| !t.is_empty()).collect()
    }

    #[test]
    fn a_placeholder_split_over_runs_is_found_and_keeps_what_is_around_it() {
        let said = filled(
            &p(&["关于{", "{ti", "<w:proofErr/>", "tle }", "}的通知，{{edition}}"])
                .replace("<w:t><w:proofErr/></w:t>", "<w:proofErr/>"),
        )
        .expect("filled");
        assert_eq!(texts(&said), ["关于某市&lt;A&amp;B&gt;月报", "的通知，第2版"]);
    }

    #[test]
    fn a_row_of_column_placeholders_is_repeated() {
        let row = |cells: &[&str]| {
            let cell = |text: &&str| format!("<w:tc>{}</w:tc>", p(&[text]));
            format!("<w:tr>{}</w:tr>", cells.iter().map(cell).collect::<Vec<_>>().concat())
        };
        let table = format!(
            "<w:tbl>{}{}</w:tbl>",
            row(&["断面", "类别"]),
            row(&["{{sections.name}}", "（{{sections.class}}）"])
        );
        assert_eq!(texts(&filled(&table).expect("filled")), ["断面", "类别", "甲", "（甲）", "=1+1", "（=1+1）"]);
        // a table without rows says so
        let none = format!("<w:tbl>{}</w:tbl>", row(&["{{means.name}}", "{{means.w01001}}"]));
        assert_eq!(texts(&filled(&none).expect("filled")), ["无"]);
    }

    #[test]
    fn whole_tables_and_chapters_stand_where_they_are_named() {
        let said = filled(&format!(
            "{}{}{}",
            p(&["{{table:sections}}"]),
            p(&["{{chapter:overview}}"]),
            p(&["{{groups.share2@sample}}"])
        ))
        .expect("filled");
        let all = texts(&said);
        assert!(
            all.contains(&"断面水质状况".to_owned())
                && all.contains(&"=1+1".to_owned())
                && all.contains(&"…".to_owned()),
            "{all:?}"
        );
        assert!(said.contains("<w:tblHeader/>") && !said.contains("{{"), "{said}");
    }

    #[test]
    fn what_is_not_known_is_named_with_its_place() {
        let fault = |document: &str| filled(document).expect_err("refused").to_string();
        let said = fault(&format!("{}{}", p(&["{{title}}"]), p(&["{{titel}} {{table:nothing}}"])));
        assert!(said.contains("word/document.xml, paragraph 2: {{titel}}: is not known"), "{said}");
        assert!(said.contains("{{table:nothing}}"), "{said}");
        assert!(fault(&p(&["见{{body}}"])).contains("{{body}}: stands alone in its paragraph"));
        assert!(fault(&p(&["{{title"])).contains("{{title: is not closed"));
        assert!(fault(&p(&["{{sections.nothing}}"])).contains("{{sections.nothing}}"));
        assert!(fault(&p(&["{{sections.name}}"])).contains("stands in a row of a table"));
        let mixed = format!("<w:tbl><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>", p(&["{{sections.name}}{{means.name}}"]));
        assert!(fault(&mixed).contains("one row is of one table"));
    }

    #[test]
    fn templates_that_are_none_or_reach_out_are_refused() {
        let rules = ReportRules::embedded().expect("the shipped rules load");
        let refused = |bytes: &[u8]| check(bytes, Kind::Water, &rules).expect_err("refused").to_string();
        assert!(refused(b"PK no zip").contains("no Word file"));
        let with = |name: &str, text: &str| {
            let mut package = Package::read(&docx("")).expect("a template");
            package.parts.push((name.to_owned(), text.as_bytes().to_vec()));
            package.write().expect("written")
        };
        assert!(refused(&with("word/vbaProject.bin", "x")).contains("macros"));
        let out = "<Relationships><Relationship Type=\"x/image\" Target=\"http://192.0.2.1/a.png\" TargetMode=\"External\"/></Relationships>";
        assert!(refused(&with("word/_rels/document.xml.rels", out)).contains("from elsewhere"));
        let link = out.replace("x/image", "x/hyperlink");
        assert!(check(&with("word/_rels/document.xml.rels", &link), Kind::Water, &rules).is_ok());
        assert!(refused(&with("../evil", "x")).contains("name"));
    }

    #[test]
    fn the_default_template_fits_every_kind() {
        let rules = ReportRules::embedded().expect("the shipped rules load");
        let template = default_template(&rules).expect("made");
        for kind in Kind::ALL {
            check(&template, *kind, &rules).expect("it fits");
        }
        assert_eq!(template, default_template(&rules).expect("made"), "the same bytes each time");
    }
}
