//! Reports of surface water from the evaluations that are kept.

use serde::Deserialize;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::analyse::water::automatic::Input;
use shanshui_domain::analyse::water::section::{Section, SectionRules, Target};
use shanshui_domain::analyse::water::source::SourceVerdict;
use shanshui_domain::report::brief::brief;
use shanshui_domain::report::ranking::water_ranking;
use shanshui_domain::report::water::{WaterInput, WaterOf, WaterSpan, WaterStation, water};
use shanshui_domain::report::{Area, Kind, Report};
use shanshui_domain::right::Caller;

use super::{NoReport, county_name, issuer, within};
use crate::app::App;
use crate::job::evaluate::section::KIND as SECTION;

/// What is read of an evaluation.
#[derive(Debug, Default, Deserialize)]
struct Told {
    section: Option<Section>,
    not_judged: Option<String>,
    target: Option<Target>,
    #[serde(default)]
    inputs: Vec<Input>,
    source: Option<ToldSource>,
    #[serde(default)]
    unread: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct ToldSource {
    verdict: SourceVerdict,
}

pub(super) async fn report(app: &App, caller: &Caller, kind: Kind, span: Span, area: Area) -> Result<Report, NoReport> {
    if matches!(span, Span::Day { .. }) {
        return Err(NoReport::Period(kind.as_str(), span.to_string()));
    }
    let rules = SectionRules::of(&app.standards, span, false).map_err(|e| NoReport::NoEdition(e.0.to_string()))?;
    let city = app.city();
    let stations = city.stations.iter().filter(|s| s.kind.is_water() && within(&area, s)).map(|s| WaterStation {
        code: s.code.to_string(),
        name: s.name_zh.clone(),
        kind: s.kind,
        county: s.county.clone(),
        county_name: county_name(app, &s.county),
        target: s.target,
        water: s.water,
    });
    let input = WaterInput {
        span,
        stations: stations.collect(),
        now: judged(app, caller, Some(span)).await?,
        before: judged(app, caller, Some(span.before())).await?,
        year: judged(app, caller, span.a_year_before()).await?,
        area,
        issuer: issuer(app),
        rules,
        standards: &app.standards,
        report: &app.report_rules,
    };
    Ok(match kind {
        Kind::WaterRanking => water_ranking(&input),
        Kind::Brief => brief(&input),
        _ => water(&input),
    })
}

/// What the sections that the caller sees were: of each the evaluation of the newest edition.
async fn judged(app: &App, caller: &Caller, span: Option<Span>) -> Result<WaterSpan, NoReport> {
    let Some(span) = span else { return Ok(WaterSpan::new()) };
    let rows = app.store.evaluations(caller, SECTION, &span.to_string()).await?;
    let mut all = WaterSpan::new();
    for row in rows {
        let told: Told = serde_json::from_str(&row.result).unwrap_or_else(|error| {
            tracing::error!(%error, station = %row.station, span = row.span, "an evaluation cannot be read");
            Told::default()
        });
        let of = WaterOf {
            section: told.section,
            not_judged: told.not_judged,
            target: told.target,
            inputs: told.inputs,
            source: told.source.map(|s| s.verdict),
            unread: !told.unread.is_empty(),
        };
        // editions come in order; one that names none has judged nothing
        if of.section.is_some() || !all.contains_key(row.station.as_str()) {
            all.insert(row.station.to_string(), of);
        }
    }
    Ok(all)
}
