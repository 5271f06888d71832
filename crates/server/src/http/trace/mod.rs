//! Tracing: from an anomaly back to who may have caused it, and on to whom it reaches. Rules: `domain::analyse::trace`.

pub mod air;
pub mod view;
pub mod water;

use shanshui_domain::analyse::evidence::{Language, Reason};
use shanshui_domain::analyse::trace::sight::Sight;
use shanshui_domain::analyse::trace::{Part, Row, Watched};
use shanshui_domain::id::{FactorCode, StationCode};
use shanshui_domain::place::Station;
use shanshui_domain::standard::Bound;
use shanshui_domain::time::{Instant, Period, PeriodKind};
use shanshui_store::ReadingRow;

use self::view::{TraceOwnView, TracePartView, TraceStationView};
use super::auth::Visitor;
use super::convert::instant_out;
use super::present::{LimitLine, words};
use super::view::{LonLat, Words};
use crate::app::App;
use crate::error::ApiError;
use crate::registry::PointEntry;

/// Rows of one series, about: more are sampled, and spikes stay.
const ROWS_MAX: usize = 2_000;
const HOUR_MS: i64 = 3_600_000;

/// A time in a query: it has an offset; a plus that came as a space is taken as one.
fn instant_at(field: &str, text: Option<&str>, otherwise: Instant) -> Result<Instant, ApiError> {
    text.map_or(Ok(otherwise), |t| super::convert::instant_in(field, t))
}

/// The values of a point: hours and the real-time values of the hour that is not over, else runs of a cyclic analyser,
/// else real-time values.
async fn rows(
    app: &App,
    visitor: &Visitor,
    entry: &PointEntry,
    span: (Instant, Instant),
    bounds: &[LimitLine],
) -> Result<Vec<Row>, ApiError> {
    let bounds: Vec<_> = bounds.iter().filter_map(LimitLine::bound).collect();
    for kind in [PeriodKind::Hour, PeriodKind::Cycle, PeriodKind::Real] {
        let found = app.store.range_sampled(visitor, (entry.id, kind), span, ROWS_MAX, &bounds).await?;
        let mut rows: Vec<Row> = found.rows.iter().filter_map(|row| one(row, kind)).collect();
        let Some(last) = rows.last().map(|r| r.during.end) else { continue };
        if kind == PeriodKind::Hour && last < span.1 {
            let rest = (last.max(span.1.plus_ms(-HOUR_MS)), span.1);
            let real = app.store.range_sampled(visitor, (entry.id, PeriodKind::Real), rest, ROWS_MAX, &bounds).await?;
            rows.extend(real.rows.iter().filter_map(|row| one(row, PeriodKind::Real)));
        }
        return Ok(rows);
    }
    Ok(Vec::new())
}

fn one(row: &ReadingRow, kind: PeriodKind) -> Option<Row> {
    let end = if kind == PeriodKind::Hour { row.at.plus_ms(HOUR_MS) } else { row.at };
    let value = row.number.filter(|n| row.mark == "N" && n.is_finite())?;
    Some(Row { during: Period { start: row.at, end }, value })
}

/// A point with its limit and values.
async fn watched(
    app: &App,
    visitor: &Visitor,
    entry: &PointEntry,
    span: (Instant, Instant),
) -> Result<Watched, ApiError> {
    let limits = app.limits_of(&entry.point, PeriodKind::Hour);
    let rows = rows(app, visitor, entry, span, &limits).await?;
    let permit = entry.point.limit.is_some();
    Ok(Watched { factor: entry.point.factor.to_string(), bound: bound(&limits), permit, rows })
}

fn bound(lines: &[LimitLine]) -> Option<Bound> {
    let line = |upper: bool| lines.iter().find(|l| l.upper == upper).map(|l| l.value);
    match (line(false), line(true)) {
        (Some(low), Some(high)) => Some(Bound::Between { low, high }),
        (None, Some(value)) => Some(Bound::AtMost { value }),
        (Some(value), None) => Some(Bound::AtLeast { value }),
        (None, None) => None,
    }
}

fn factor_words(app: &App, code: &str) -> Words {
    let points = app.city();
    let point = points.points.iter().find(|p| p.factor.as_str() == code);
    point.map_or_else(|| words(code, code), |p| words(&p.name_zh, &p.name_en))
}

/// Reasons in words: codes of stations and factors become their names.
fn said(app: &App, reasons: &[Reason]) -> Vec<Words> {
    let name = |(key, text): &(&'static str, String), chinese: bool| {
        let names = match *key {
            "station" => app.station(&StationCode(text.clone())).map(|s| words(&s.name_zh, &s.name_en)),
            "factor" => Some(factor_words(app, text)),
            _ => None,
        };
        (*key, names.map_or_else(|| text.clone(), |n| if chinese { n.zh } else { n.en }))
    };
    let one = |reason: &Reason, chinese: bool| {
        let numbers = reason.numbers.iter().map(|n| name(n, chinese)).collect();
        let language = if chinese { Language::Chinese } else { Language::English };
        Reason { code: reason.code, numbers }.say(&app.trace.rules, language)
    };
    reasons.iter().map(|r| words(one(r, true), one(r, false))).collect()
}

fn parts(parts: &[Part]) -> Vec<TracePartView> {
    parts.iter().map(|p| TracePartView { name: p.name.into(), weight: p.weight, value: p.value }).collect()
}

fn own(app: &App, station: &StationCode, sight: &Sight) -> TraceOwnView {
    let point = app.points_of(station).into_iter().find(|p| p.point.factor == FactorCode(sight.factor.clone()));
    TraceOwnView {
        seen: sight.seen.into(),
        factor: sight.factor.clone(),
        factor_name: factor_words(app, &sight.factor),
        unit: point.map(|p| p.point.unit.to_string()).unwrap_or_default(),
        usual: sight.base,
        peak: sight.peak,
        raised_from: sight.raised.map(|r| instant_out(r.start)),
        raised_to: sight.raised.map(|r| instant_out(r.end)),
        coverage: sight.coverage,
    }
}

fn station_view(app: &App, s: &Station) -> TraceStationView {
    let city = app.city();
    let enterprise = s.enterprise.as_ref().and_then(|code| city.enterprises.iter().find(|e| e.code == *code));
    TraceStationView {
        code: s.code.to_string(),
        name: words(&s.name_zh, &s.name_en),
        kind: s.kind.into(),
        place: LonLat { lon: s.lon, lat: s.lat },
        enterprise: enterprise.map(|e| words(&e.name_zh, &e.name_en)),
    }
}
