//! What reports are made of, read from the store: one module for each source. A further source is one more module and one more arm
//! in [`report`].

mod air;
mod outlet;
mod quality;
mod water;

use shanshui_domain::analyse::span::Span;
use shanshui_domain::place::Station;
use shanshui_domain::report::{Area, Kind, Report};
use shanshui_domain::right::{Caller, Right, Ties};
use shanshui_store::StoreError;

use crate::app::App;

/// Why no report was made.
#[derive(Debug, thiserror::Error)]
pub enum NoReport {
    /// The kind has no report over such a period.
    #[error("{0} has no report over {1}")]
    Period(&'static str, String),
    /// No such county.
    #[error("no county {0:?}")]
    NoArea(String),
    /// No edition of the standard applies.
    #[error("no edition applies to {0}")]
    NoEdition(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a report from what the caller sees.
///
/// # Errors
/// As [`NoReport`] says.
pub async fn report(app: &App, caller: &Caller, kind: Kind, period: Span, area: &str) -> Result<Report, NoReport> {
    let area = area_of(app, area)?;
    match kind {
        Kind::Water | Kind::WaterRanking | Kind::Brief => water::report(app, caller, kind, period, area).await,
        Kind::DataQuality => quality::report(app, caller, period, area).await,
        Kind::OutletCompliance | Kind::Transmission => outlet::report(app, caller, kind, period, area).await,
        Kind::Air => air::report(app, caller, period, area).await,
    }
}

/// The area of a code; the city when it is empty.
///
/// # Errors
/// When there is no such county.
pub fn area_of(app: &App, code: &str) -> Result<Area, NoReport> {
    let city = app.city();
    if code.is_empty() {
        return Ok(Area::city(&city.city.name_zh));
    }
    let county = city.counties.iter().find(|c| c.code == code);
    county.map(|c| Area::county(&c.code, &c.name_zh)).ok_or_else(|| NoReport::NoArea(code.to_owned()))
}

/// Areas to which a caller may do this: the city first, then counties.
pub fn areas(app: &App, caller: &Caller, right: Right) -> Vec<Area> {
    let scope = caller.scope(right);
    let city = app.city();
    let whole = scope.everywhere().then(|| Area::city(&city.city.name_zh));
    let covered = |code: &str| scope.covers(&Ties { county: Some(code), ..Ties::default() });
    let counties = city.counties.iter().filter(|c| covered(&c.code)).map(|c| Area::county(&c.code, &c.name_zh));
    whole.into_iter().chain(counties).collect()
}

/// Who files reports: the organisation that no other is above.
fn issuer(app: &App) -> String {
    let city = app.city();
    city.units.iter().find(|unit| unit.parent.is_none()).map_or_else(String::new, |unit| unit.name_zh.clone())
}

fn within(area: &Area, station: &Station) -> bool {
    area.code.is_empty() || station.county == area.code
}

fn county_name(app: &App, code: &str) -> String {
    let city = app.city();
    city.counties.iter().find(|c| c.code == code).map_or_else(|| code.to_owned(), |c| c.name_zh.clone())
}
