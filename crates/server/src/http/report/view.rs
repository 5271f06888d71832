//! What the API shows and takes of reports.

use serde::{Deserialize, Serialize};
use shanshui_domain::report::compare::Difference;
use shanshui_domain::report::{Area, Basis, Cell, Chapter, Kind, Note, Report, Table};
use shanshui_store::{Every, PublicationRow, ReportRow, ScheduleRow, TemplateRow};
use utoipa::ToSchema;

use crate::app::App;
use crate::http::convert::instant_out;
use crate::http::view::PersonView;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Kind of report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ReportKindView { $($(#[$doc])* $name),* }

        impl From<Kind> for ReportKindView {
            fn from(kind: Kind) -> Self {
                match kind { $(Kind::$name => Self::$name),* }
            }
        }

        impl From<ReportKindView> for Kind {
            fn from(kind: ReportKindView) -> Self {
                match kind { $(ReportKindView::$name => Self::$name),* }
            }
        }
    };
}

kinds! {
    /// Surface water.
    Water,
    /// Ranking by surface water.
    WaterRanking,
    /// One page for leaders.
    Brief,
    /// Data of stations.
    DataQuality,
    /// Air.
    Air,
    /// Outlets against their limits.
    OutletCompliance,
    /// Transmission of outlets.
    Transmission,
}

/// What a report is of.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaView {
    /// County's code; empty for the whole city.
    pub code: String,
    /// Name.
    pub name: String,
}

impl From<Area> for AreaView {
    fn from(area: Area) -> Self {
        Self { code: area.code, name: area.name }
    }
}

/// A report as it is listed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportSummaryView {
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: ReportKindView,
    /// Day or span.
    pub period: String,
    /// County's code; empty for the whole city.
    pub area: String,
    /// Title.
    pub title: String,
    /// From 1; one more than were published before.
    pub edition: i64,
    /// From 1 within the edition.
    pub draft: i64,
    /// SHA-256 of what it says; publishing names it.
    pub digest: String,
    /// Who made it; none when a schedule did.
    pub by: Option<PersonView>,
    /// When.
    pub made: String,
    /// Its publication; none of a draft.
    pub published: Option<PublicationView>,
}

/// A publication.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicationView {
    /// Number of the document; empty when it has none.
    pub number: String,
    /// Version of the template; 0 for the built-in one.
    pub template: i64,
    /// Who.
    pub by: Option<PersonView>,
    /// When.
    pub at: String,
}

/// A page of reports, and what can be made.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportPageView {
    /// Reports, newest first.
    pub items: Vec<ReportSummaryView>,
    /// Give this as `before` to go on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Kinds of which there is a source.
    pub kinds: Vec<ReportKindView>,
    /// Areas over which the caller may make reports.
    pub areas: Vec<AreaView>,
}

/// A cell.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "cell", rename_all = "snake_case")]
pub enum CellView {
    /// A number, with all of its decimals.
    Number {
        /// As text, so that no decimal is lost.
        value: String,
    },
    /// Words.
    Text {
        /// Them.
        text: String,
    },
    /// There is none.
    Missing {
        /// Why, in Chinese.
        reason: String,
    },
}

/// A column.
#[derive(Debug, Serialize, ToSchema)]
pub struct ColumnView {
    /// Id.
    pub key: String,
    /// Heading.
    pub title: String,
}

/// A row.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowView {
    /// What it is of.
    pub key: String,
    /// One for each column.
    pub cells: Vec<CellView>,
}

/// A sentence with its rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteView {
    /// The sentence.
    pub text: String,
    /// Clause or file of the rule; empty when there is none.
    pub rule: String,
}

/// A table.
#[derive(Debug, Serialize, ToSchema)]
pub struct TableView {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Columns.
    pub columns: Vec<ColumnView>,
    /// Rows.
    pub rows: Vec<RowView>,
    /// Notes.
    pub notes: Vec<NoteView>,
}

/// A chapter.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChapterView {
    /// Id.
    pub id: String,
    /// Heading.
    pub title: String,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// Tables.
    pub tables: Vec<TableView>,
}

/// An edition that a report rests on.
#[derive(Debug, Serialize, ToSchema)]
pub struct BasisView {
    /// Number.
    pub edition: String,
    /// Title.
    pub title: String,
    /// What was taken from it.
    pub what: String,
}

/// How much was judged.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportCoverageView {
    /// Judged.
    pub have: u32,
    /// To be judged.
    pub due: u32,
    /// Whether it suffices.
    pub enough: bool,
    /// As a sentence in Chinese.
    pub sentence: String,
}

/// What a report says.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportBodyView {
    /// Title.
    pub title: String,
    /// Who files it.
    pub issuer: String,
    /// Area.
    pub area: AreaView,
    /// The period in Chinese.
    pub period_text: String,
    /// Chapters.
    pub chapters: Vec<ChapterView>,
    /// Coverage.
    pub coverage: ReportCoverageView,
    /// Editions.
    pub basis: Vec<BasisView>,
    /// Notes.
    pub notes: Vec<NoteView>,
}

/// A report.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportView {
    /// As it is listed.
    pub summary: ReportSummaryView,
    /// What it says.
    pub body: ReportBodyView,
    /// Whether the caller may publish it: it is the newest draft, and theirs to publish.
    pub may_publish: bool,
}

/// Something that is not the same in two editions.
#[derive(Debug, Serialize, ToSchema)]
pub struct DifferenceView {
    /// Title of the table or chapter.
    pub place: String,
    /// Row; empty of sentences.
    pub row: String,
    /// Column; empty of sentences and whole rows.
    pub column: String,
    /// As it was; none when it was not there.
    pub before: Option<String>,
    /// As it is; none when it is not there any more.
    pub after: Option<String>,
}

/// What has changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportChangesView {
    /// The earlier one; none when there is no earlier one.
    pub from: Option<ReportSummaryView>,
    /// The later one.
    pub to: ReportSummaryView,
    /// What has changed.
    pub differences: Vec<DifferenceView>,
}

/// A report to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportMakeIn {
    /// Kind.
    pub kind: ReportKindView,
    /// Day or span, as `2026-05`.
    pub period: String,
    /// County's code; empty for the whole city.
    #[serde(default)]
    pub area: String,
}

/// A publication to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportPublishIn {
    /// Digest of what was read.
    pub digest: String,
    /// Number of the document (文号); empty when it has none.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub number: String,
}

/// A template.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateView {
    /// Id.
    pub id: String,
    /// Kind of report; none of the built-in one, which fits all.
    pub kind: Option<ReportKindView>,
    /// From 1; 0 of the built-in one.
    pub version: i64,
    /// Name of its file.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256.
    pub digest: String,
    /// Who.
    pub by: Option<PersonView>,
    /// When; none of the built-in one.
    pub at: Option<String>,
}

/// How often.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EveryView {
    /// Each month, of the month before.
    Month,
    /// Each quarter, of the quarter before.
    Quarter,
    /// Each year, of the year before.
    Year,
}

impl From<EveryView> for Every {
    fn from(every: EveryView) -> Self {
        match every {
            EveryView::Month => Self::Month,
            EveryView::Quarter => Self::Quarter,
            EveryView::Year => Self::Year,
        }
    }
}

impl From<Every> for EveryView {
    fn from(every: Every) -> Self {
        match every {
            Every::Month => Self::Month,
            Every::Quarter => Self::Quarter,
            Every::Year => Self::Year,
        }
    }
}

/// A schedule to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleIn {
    /// Kind.
    pub kind: ReportKindView,
    /// County's code; empty for the whole city.
    #[serde(default)]
    pub area: String,
    /// How often.
    pub every: EveryView,
    /// Day of the month; a month that is shorter has its last.
    #[schema(minimum = 1, maximum = 31)]
    pub day: u8,
    /// Hour.
    #[schema(minimum = 0, maximum = 23)]
    pub hour: u8,
    /// Whether it makes reports.
    pub active: bool,
}

/// A schedule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleView {
    /// Kind.
    pub kind: ReportKindView,
    /// County's code; empty for the whole city.
    pub area: String,
    /// From 1.
    pub version: i64,
    /// How often.
    pub every: EveryView,
    /// Day of the month.
    pub day: i64,
    /// Hour.
    pub hour: i64,
    /// Whether it makes reports.
    pub active: bool,
    /// Who.
    pub by: Option<PersonView>,
    /// When.
    pub at: String,
}

impl From<&Note> for NoteView {
    fn from(note: &Note) -> Self {
        Self { text: note.text.clone(), rule: note.rule.clone() }
    }
}

impl From<&Cell> for CellView {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Number { value, .. } => Self::Number { value: value.to_string() },
            Cell::Text { text } => Self::Text { text: text.clone() },
            Cell::Missing { reason } => Self::Missing { reason: reason.clone() },
        }
    }
}

impl From<&Table> for TableView {
    fn from(table: &Table) -> Self {
        let column = |c: &shanshui_domain::report::Column| ColumnView { key: c.key.clone(), title: c.title.clone() };
        let row = |r: &shanshui_domain::report::Row| RowView {
            key: r.key.clone(),
            cells: r.cells.iter().map(CellView::from).collect(),
        };
        Self {
            id: table.id.clone(),
            title: table.title.clone(),
            columns: table.columns.iter().map(column).collect(),
            rows: table.rows.iter().map(row).collect(),
            notes: table.notes.iter().map(NoteView::from).collect(),
        }
    }
}

impl From<&Chapter> for ChapterView {
    fn from(chapter: &Chapter) -> Self {
        Self {
            id: chapter.id.clone(),
            title: chapter.title.clone(),
            paragraphs: chapter.paragraphs.clone(),
            tables: chapter.tables.iter().map(TableView::from).collect(),
        }
    }
}

impl From<&Report> for ReportBodyView {
    fn from(report: &Report) -> Self {
        let basis = |b: &Basis| BasisView { edition: b.edition.clone(), title: b.title.clone(), what: b.what.clone() };
        Self {
            title: report.title.clone(),
            issuer: report.issuer.clone(),
            area: report.area.clone().into(),
            period_text: report.period_text.clone(),
            chapters: report.chapters.iter().map(ChapterView::from).collect(),
            coverage: ReportCoverageView {
                have: report.coverage.have,
                due: report.coverage.due,
                enough: report.coverage.enough,
                sentence: report.coverage.sentence(),
            },
            basis: report.basis.iter().map(basis).collect(),
            notes: report.notes.iter().map(NoteView::from).collect(),
        }
    }
}

impl From<Difference> for DifferenceView {
    fn from(d: Difference) -> Self {
        Self { place: d.place, row: d.row, column: d.column, before: d.before, after: d.after }
    }
}

impl App {
    /// A report as it is listed.
    pub fn report_summary(&self, row: &ReportRow) -> ReportSummaryView {
        let people = self.people();
        let published = |p: &PublicationRow| PublicationView {
            number: p.number.clone(),
            template: p.template,
            by: p.by.map(|id| self.person_of(id, &people)),
            at: instant_out(p.at),
        };
        ReportSummaryView {
            id: row.id.to_string(),
            kind: row.kind.into(),
            period: row.period.to_string(),
            area: row.area.clone(),
            title: row.title.clone(),
            edition: row.edition,
            draft: row.draft,
            digest: row.digest.clone(),
            by: row.by.map(|id| self.person_of(id, &people)),
            made: instant_out(row.made),
            published: row.published.as_ref().map(published),
        }
    }

    /// A template as it is listed.
    pub fn template_view(&self, row: &TemplateRow) -> TemplateView {
        let people = self.people();
        TemplateView {
            id: row.id.to_string(),
            kind: Some(row.kind.into()),
            version: row.version,
            name: row.name.clone(),
            size: row.size,
            digest: row.digest.clone(),
            by: row.by.map(|id| self.person_of(id, &people)),
            at: Some(instant_out(row.at)),
        }
    }

    /// A schedule as it is listed.
    pub fn schedule_view(&self, row: &ScheduleRow) -> ScheduleView {
        let people = self.people();
        ScheduleView {
            kind: row.kind.into(),
            area: row.area.clone(),
            version: row.version,
            every: row.every.into(),
            day: row.day,
            hour: row.hour,
            active: row.active,
            by: row.by.map(|id| self.person_of(id, &people)),
            at: instant_out(row.at),
        }
    }
}
