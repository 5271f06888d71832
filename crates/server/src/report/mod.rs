//! Reports as files (报告文件): Excel, Word by a bureau's own template, PDF by a converter, CSV. What a report says is decided in
//! [`shanshui_domain::report`]; here it is only written.

pub mod docx;
pub mod gather;
pub mod pdf;
pub mod plain;
pub mod xlsx;

use shanshui_domain::report::{Report, ReportRules};

/// A report with what only its filing knows.
#[derive(Debug, Clone, Copy)]
pub struct Filing<'a> {
    /// The report.
    pub report: &'a Report,
    /// Rules of reports.
    pub rules: &'a ReportRules,
    /// Number of the document (文号); empty when it has none.
    pub number: &'a str,
    /// From 1.
    pub edition: i64,
    /// From 1 within the edition.
    pub draft: i64,
    /// Whether it was published.
    pub published: bool,
    /// Day of publication, else of making, in Chinese.
    pub date: &'a str,
}

impl Filing<'_> {
    /// `第1版` or `第1版草稿2`.
    pub fn edition_zh(&self) -> String {
        let Self { edition, draft, .. } = self;
        if self.published { format!("第{edition}版") } else { format!("第{edition}版草稿{draft}（未发布）") }
    }
}

/// What a report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Word.
    Docx,
    /// Excel.
    Xlsx,
    /// PDF.
    Pdf,
    /// Text with commas.
    Csv,
}

impl Form {
    /// Reads the ending of a file.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Docx, Self::Xlsx, Self::Pdf, Self::Csv].into_iter().find(|form| form.ending() == word)
    }

    /// Ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Pdf => "pdf",
            Self::Csv => "csv",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pdf => "application/pdf",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}
