//! Surface water over spans: what sections were, what they come to for the city, and why.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shanshui_domain::analyse::air::area::is_area;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::analyse::water::automatic::Input;
use shanshui_domain::analyse::water::change::{Change, RiverChange, of_river, of_section};
use shanshui_domain::analyse::water::river::{Basis, River, Shares, river};
use shanshui_domain::analyse::water::section::{Section, SectionRules, Target};
use shanshui_domain::id::StationCode;
use shanshui_domain::place::{Station, StationKind};
use shanshui_domain::standard::{Quality, WaterBody};
use shanshui_store::EvaluationRow;
use utoipa::{IntoParams, ToSchema};

use super::auth::Visitor;
use super::convert::instant_out;
use super::extract::{Path, Query};
use super::present::words;
use super::view::{Problem, StationKindView, Words};
use crate::app::App;
use crate::error::ApiError;
use crate::job::evaluate::section::KIND as SECTION;

/// Spans of one answer, at most.
const SPANS_MAX: usize = 500;

/// Spans in which sections were judged.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaterSpansView {
    /// `2026-W05`, `2026-03-T1`, `2026-03`, `2026-Q1`, `2026`: the greatest text first.
    pub spans: Vec<String>,
}

/// A main pollutant of a section.
#[derive(Debug, Serialize, ToSchema)]
pub struct PollutantView {
    /// Factor code.
    pub factor: String,
    /// Name, as in GB 3838.
    pub item: String,
    /// How many times over the bound of class III, one decimal; none of pH and dissolved oxygen.
    pub times_over: Option<String>,
}

/// How a class stands to its target.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetView {
    /// No target is known.
    NotSet,
    /// There is no class.
    NotJudged,
    /// Kept.
    Met,
    /// Not kept.
    Missed,
}

/// How much has changed.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeView {
    /// Obviously worse.
    ObviouslyWorse,
    /// Somewhat worse.
    SomewhatWorse,
    /// No obvious change.
    None,
    /// Somewhat better.
    SomewhatBetter,
    /// Obviously better.
    ObviouslyBetter,
}

impl From<Change> for ChangeView {
    fn from(change: Change) -> Self {
        match change {
            Change::ObviouslyWorse => Self::ObviouslyWorse,
            Change::SomewhatWorse => Self::SomewhatWorse,
            Change::None => Self::None,
            Change::SomewhatBetter => Self::SomewhatBetter,
            Change::ObviouslyBetter => Self::ObviouslyBetter,
        }
    }
}

/// A quality in words.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QualityView {
    /// 优.
    Excellent,
    /// 良好.
    Good,
    /// 轻度污染.
    Light,
    /// 中度污染.
    Medium,
    /// 重度污染.
    Heavy,
}

impl From<Quality> for QualityView {
    fn from(quality: Quality) -> Self {
        match quality {
            Quality::Excellent => Self::Excellent,
            Quality::Good => Self::Good,
            Quality::Light => Self::Light,
            Quality::Medium => Self::Medium,
            Quality::Heavy => Self::Heavy,
        }
    }
}

/// One section over a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct SectionView {
    /// Station.
    pub station: String,
    /// Name.
    pub name: Words,
    /// Kind.
    pub kind: StationKindView,
    /// County's code.
    pub county: String,
    /// 1 to 5, 6 worse than V; none when not judged.
    pub class: Option<u8>,
    /// In words.
    pub quality: Option<QualityView>,
    /// Target class.
    pub target: Option<u8>,
    /// Against it.
    pub verdict: TargetView,
    /// At most three, when the class is worse than III.
    pub main: Vec<PollutantView>,
    /// Against the span before.
    pub change: Option<ChangeView>,
    /// Against the same span a year before.
    pub change_of_year: Option<ChangeView>,
    /// Indicators with a mean, of those that the method has.
    pub judged: u32,
    /// Of so many.
    pub of: u32,
    /// Values that came, of those due, in per cent, of the indicator that had least; none without any.
    pub coverage_percent: Option<f64>,
    /// 1 for the first, more when data came late or changed.
    pub version: i64,
    /// When it was judged.
    pub made: String,
}

/// Sections of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupView {
    /// Kind; none of all together.
    pub kind: Option<StationKindView>,
    /// In all.
    pub total: u32,
    /// Of class I to V, and worse than V.
    pub classes: [u32; 6],
    /// Of class II or better.
    pub at_least_ii: u32,
    /// Of class III or better.
    pub at_least_iii: u32,
    /// With a target that is kept, and with a target and a class.
    pub targets_met: [u32; 2],
}

/// All rivers together.
#[derive(Debug, Serialize, ToSchema)]
pub struct RiverView {
    /// In words.
    pub quality: Option<QualityView>,
    /// `means` of fewer than five sections, `shares` of classes.
    pub by: String,
    /// The table of shares has no row for these.
    pub between_rows: bool,
    /// Against the span before.
    pub change: Option<ChangeView>,
    /// Against the same span a year before.
    pub change_of_year: Option<ChangeView>,
    /// At most three: name, and sections worse than III by it.
    pub main: Vec<RiverPollutantView>,
}

/// An indicator by which sections are worse than III.
#[derive(Debug, Serialize, ToSchema)]
pub struct RiverPollutantView {
    /// Factor code.
    pub factor: String,
    /// Name, as in GB 3838.
    pub item: String,
    /// Sections worse than III by it.
    pub sections: u32,
    /// All sections.
    pub of: u32,
}

/// What the sections were over a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaterSpanView {
    /// The span.
    pub span: String,
    /// Its first day.
    pub first: String,
    /// Its last day.
    pub last: String,
    /// The span before.
    pub before: String,
    /// The same span a year before.
    pub year_before: Option<String>,
    /// Editions applied.
    pub editions: Vec<String>,
    /// Method.
    pub method: String,
    /// All of them, then by kind.
    pub groups: Vec<GroupView>,
    /// Rivers; none without a section of one.
    pub rivers: Option<RiverView>,
    /// Sections, by code.
    pub sections: Vec<SectionView>,
    /// Sections that were not judged in this span, by code: the span may not be over, or nobody has looked.
    pub without: Vec<WithoutView>,
}

/// A section that was not judged.
#[derive(Debug, Serialize, ToSchema)]
pub struct WithoutView {
    /// Station.
    pub station: String,
    /// Name.
    pub name: Words,
}

/// One version of what a station was over a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluationView {
    /// Edition.
    pub edition: String,
    /// From 1.
    pub version: i64,
    /// Class.
    pub class: Option<u8>,
    /// When it was judged.
    pub made: String,
    /// Edition, clause, inputs, bounds, means, what was missing.
    #[schema(value_type = Object)]
    pub explanation: serde_json::Value,
}

/// How many spans.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SpansQuery {
    /// At most so many; 500 when absent.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Spans in which sections were judged, as far as the caller sees them.
#[utoipa::path(get, path = "/api/v1/analyse/water", tag = "analyse", params(SpansQuery),
    responses((status = 200, body = WaterSpansView)))]
pub async fn spans(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<SpansQuery>,
) -> Result<Json<WaterSpansView>, ApiError> {
    let limit = query.limit.unwrap_or(SPANS_MAX);
    if !(1..=SPANS_MAX).contains(&limit) {
        return Err(ApiError::field("limit", format!("1 to {SPANS_MAX}")));
    }
    Ok(Json(WaterSpansView { spans: app.store.evaluated_spans(&visitor, SECTION, limit).await? }))
}

/// What the sections were over a span.
#[utoipa::path(get, path = "/api/v1/analyse/water/{span}", tag = "analyse", params(("span" = String, Path)),
    responses((status = 200, body = WaterSpanView), (status = 400, body = Problem)))]
pub async fn span(
    State(app): State<App>,
    visitor: Visitor,
    Path(span): Path<String>,
) -> Result<Json<WaterSpanView>, ApiError> {
    let span = Span::parse(&span).map_err(|e| ApiError::field("span", e))?;
    let now = Judged::read(&app, &visitor, span).await?;
    let before = Judged::read(&app, &visitor, span.before()).await?;
    let year = match span.a_year_before() {
        Some(span) => Judged::read(&app, &visitor, span).await?,
        None => Judged::default(),
    };
    Ok(Json(view(&app, &visitor, span, &now, [&before, &year])))
}

/// Every version of what a section was over a span, newest first, with everything that led to it.
#[utoipa::path(get, path = "/api/v1/analyse/water/{span}/stations/{code}", tag = "analyse",
    params(("span" = String, Path), ("code" = String, Path)),
    responses((status = 200, body = [EvaluationView]), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn versions(
    State(app): State<App>,
    visitor: Visitor,
    Path((span, code)): Path<(String, String)>,
) -> Result<Json<Vec<EvaluationView>>, ApiError> {
    let span = Span::parse(&span).map_err(|e| ApiError::field("span", e))?;
    versions_of(&app, &visitor, (SECTION, span), StationCode(code)).await
}

/// Every version of what a station or an area was over a span; 404 when there is none of this code.
pub(super) async fn versions_of(
    app: &App,
    visitor: &Visitor,
    (kind, span): (&str, Span),
    code: StationCode,
) -> Result<Json<Vec<EvaluationView>>, ApiError> {
    if !is_area(&code) && app.station(&code).is_none() {
        return Err(ApiError::NotFound);
    }
    let rows = app.store.evaluation_versions(visitor, (kind, &span.to_string()), &code).await?;
    Ok(Json(rows.into_iter().map(EvaluationView::from).collect()))
}

impl From<EvaluationRow> for EvaluationView {
    fn from(row: EvaluationRow) -> Self {
        Self {
            edition: row.edition,
            version: row.version,
            class: row.level.and_then(|level| u8::try_from(level).ok()),
            made: instant_out(row.made),
            explanation: serde_json::from_str(&row.result).unwrap_or_default(),
        }
    }
}

/// What is read of an evaluation.
#[derive(Debug, Default, Deserialize)]
struct Told {
    section: Option<Section>,
    target: Option<Target>,
    #[serde(default)]
    inputs: Vec<Input>,
}

/// The sections of a span that the caller sees.
#[derive(Default)]
struct Judged {
    rows: Vec<(EvaluationRow, Told)>,
}

impl Judged {
    async fn read(app: &App, visitor: &Visitor, span: Span) -> Result<Self, ApiError> {
        let rows = app.store.evaluations(visitor, SECTION, &span.to_string()).await?;
        let read = |row: EvaluationRow| {
            let told = serde_json::from_str(&row.result).unwrap_or_default();
            (row, told)
        };
        Ok(Self { rows: rows.into_iter().map(read).collect() })
    }

    fn class(&self, station: &StationCode) -> Option<u8> {
        let row = self.rows.iter().find(|(row, _)| row.station == *station);
        row.and_then(|(_, told)| told.section.as_ref()?.class)
    }

    fn sections(&self) -> impl Iterator<Item = &Section> {
        self.rows.iter().filter_map(|(_, told)| told.section.as_ref())
    }

    fn of_rivers(&self) -> Vec<Section> {
        self.sections().filter(|s| s.water == WaterBody::River).cloned().collect()
    }
}

fn view(app: &App, visitor: &Visitor, span: Span, now: &Judged, earlier: [&Judged; 2]) -> WaterSpanView {
    let city = app.city();
    let scope = visitor.scope(shanshui_domain::right::Right::StationRead);
    let seen = city.stations.iter().filter(|s| s.kind.is_water() && super::present::sees(&scope, s));
    let without = seen
        .filter(|s| !now.rows.iter().any(|(row, _)| row.station == s.code))
        .map(|s| WithoutView { station: s.code.to_string(), name: words(&s.name_zh, &s.name_en) });
    let sections = now.rows.iter().filter_map(|(row, told)| {
        let station = city.station(&row.station)?;
        Some(section_view(station, row, told, earlier.map(|e| e.class(&row.station))))
    });
    let mut editions: Vec<String> =
        now.rows.iter().map(|(row, _)| row.edition.clone()).filter(|e| !e.is_empty()).collect();
    editions.sort();
    editions.dedup();
    let kinds = [StationKind::MunicipalSection, StationKind::BoundarySection, StationKind::DrinkingSource];
    let kind_of = |code: &StationCode| city.station(code).map(|s| s.kind);
    let group = |kind: Option<StationKind>| group_view(kind, now, |code| kind.is_none() || kind_of(code) == kind);
    WaterSpanView {
        span: span.to_string(),
        first: span.first().to_string(),
        last: span.last().to_string(),
        before: span.before().to_string(),
        year_before: span.a_year_before().map(|s| s.to_string()),
        editions,
        method: app.standards.surface.method.head.id.clone(),
        groups: std::iter::once(None).chain(kinds.map(Some)).map(group).collect(),
        rivers: rivers_view(app, span, now, earlier),
        sections: sections.collect(),
        without: without.collect(),
    }
}

fn section_view(station: &Station, row: &EvaluationRow, told: &Told, [before, year]: [Option<u8>; 2]) -> SectionView {
    let section = told.section.as_ref();
    let class = section.and_then(|s| s.class);
    let share = |input: &Input| (input.due > 0).then(|| 100.0 * f64::from(input.values) / f64::from(input.due));
    let main = section.map_or(&[][..], |s| &s.main).iter().map(|m| PollutantView {
        factor: m.factor.clone(),
        item: m.item.clone(),
        times_over: m.times_over.map(|t| t.to_string()),
    });
    SectionView {
        station: station.code.to_string(),
        name: words(&station.name_zh, &station.name_en),
        kind: station.kind.into(),
        county: station.county.clone(),
        class,
        quality: section.and_then(|s| s.quality).map(Into::into),
        target: match told.target {
            Some(Target::Met { target } | Target::Missed { target, .. }) => Some(target),
            _ => station.target,
        },
        verdict: match told.target {
            Some(Target::Met { .. }) => TargetView::Met,
            Some(Target::Missed { .. }) => TargetView::Missed,
            Some(Target::NotSet) => TargetView::NotSet,
            Some(Target::NotJudged) | None => TargetView::NotJudged,
        },
        main: main.collect(),
        change: of_section(before, class).map(Into::into),
        change_of_year: of_section(year, class).map(Into::into),
        judged: section.map_or(0, |s| s.indicators.len() as u32),
        of: section.map_or(0, |s| (s.indicators.len() + s.gaps.len()) as u32),
        coverage_percent: told.inputs.iter().filter_map(share).min_by(f64::total_cmp),
        version: row.version,
        made: instant_out(row.made),
    }
}

fn group_view(kind: Option<StationKind>, judged: &Judged, of_kind: impl Fn(&StationCode) -> bool) -> GroupView {
    let rows: Vec<&(EvaluationRow, Told)> = judged.rows.iter().filter(|(row, _)| of_kind(&row.station)).collect();
    let shares = Shares::of(rows.iter().filter_map(|(_, told)| told.section.as_ref()));
    let targets = |met: fn(&Target) -> bool| {
        rows.iter().filter_map(|(_, told)| told.target.as_ref()).filter(|target| met(target)).count() as u32
    };
    let met = targets(|t| matches!(t, Target::Met { .. }));
    GroupView {
        kind: kind.map(Into::into),
        total: rows.len() as u32,
        classes: shares.classes,
        at_least_ii: shares.at_least(2),
        at_least_iii: shares.at_least(3),
        targets_met: [met, met + targets(|t| matches!(t, Target::Missed { .. }))],
    }
}

fn rivers_view(app: &App, span: Span, now: &Judged, [before, year]: [&Judged; 2]) -> Option<RiverView> {
    let sections = now.of_rivers();
    let rules = SectionRules::of(&app.standards, span, false).ok().filter(|_| !sections.is_empty())?;
    let River { shares, basis, quality, main, .. } = river(&sections, span, &rules);
    let change = |earlier: &Judged| {
        let earlier = earlier.of_rivers();
        of_river(&Shares::of(&earlier), &shares, rules.method).map(|RiverChange { change, .. }| change.into())
    };
    let (by, between_rows) = match basis {
        Basis::Means { .. } => ("means", false),
        Basis::Shares { between_rows } => ("shares", between_rows),
    };
    let named = |p: shanshui_domain::analyse::water::river::RiverPollutant| RiverPollutantView {
        factor: p.factor,
        item: p.item,
        sections: p.sections,
        of: p.of,
    };
    Some(RiverView {
        quality: quality.map(Into::into),
        by: by.to_owned(),
        between_rows,
        change: change(before),
        change_of_year: change(year),
        main: main.into_iter().map(named).collect(),
    })
}
