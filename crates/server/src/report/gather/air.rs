//! Reports of air from the days that are kept: the city and its counties, then the stations.

use rust_decimal::Decimal;
use shanshui_domain::analyse::air::Report as AirReport;
use shanshui_domain::analyse::air::period::{AirPeriod, period};
use shanshui_domain::analyse::span::Span;
use shanshui_domain::analyse::year::AirRules;
use shanshui_domain::report::air::{AirDay, AirHead, AirOver, Rows, Value, air_day, air_span};
use shanshui_domain::report::{Area, Basis, Kind, Report};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::standard::Statistic;

use super::{NoReport, issuer};
use crate::app::App;
use crate::http::present::sees;
use crate::job::evaluate::air::{AREA, KeptDay, Place, STATION, days, places};

/// The pollutants of reports, by their places in the order of the standards' tables.
const ORDER: [usize; 6] = [5, 4, 0, 1, 2, 3];

pub(super) async fn report(app: &App, caller: &Caller, span: Span, area: Area) -> Result<Report, NoReport> {
    if matches!(span, Span::Week { .. } | Span::TenDays { .. }) {
        return Err(NoReport::Period(Kind::Air.as_str(), span.to_string()));
    }
    let rules = AirRules::new(&app.standards).map_err(|e| NoReport::NoEdition(e.to_string()))?;
    let (city, scope) = (app.city(), caller.scope(Right::StationRead));
    let mut all = places(&city, |s| sees(&scope, s));
    all.retain(|place| area.code.is_empty() || place.county == area.code);
    let basis = basis(app, span, &rules);
    let head = AirHead { period: span, area, issuer: issuer(app), basis, report: &app.report_rules };
    let Span::Day { day } = span else {
        let mut rows = Vec::with_capacity(all.len());
        for place in all {
            let found = days(app, place.kind, &place.code, span, &rules).await?;
            rows.push(over(place, &period(span, &found, &rules)));
        }
        return Ok(air_span(&head, &rows));
    };
    let mut kept = app.store.area_evaluations(caller, AREA, &span.to_string()).await?;
    kept.extend(app.store.evaluations(caller, STATION, &span.to_string()).await?);
    let rows = all.into_iter().map(|place| {
        let row = kept.iter().find(|row| row.station == place.code).and_then(|row| KeptDay::parse(&row.result));
        of_day(app, place, row, &rules, day)
    });
    Ok(air_day(&head, &rows.collect::<Vec<_>>()))
}

fn of_day(app: &App, place: Place, kept: Option<KeptDay>, rules: &AirRules<'_>, day: jiff::civil::Date) -> AirDay {
    let (code, name) = (place.code.to_string(), place.name_zh);
    let Some(kept) = kept else {
        let nothing = || Err("本期尚未评价".to_owned());
        let values = std::array::from_fn(|_| nothing());
        return AirDay {
            code,
            name,
            aqi: None,
            level: None,
            primary: Vec::new(),
            values,
            reason: "本期尚未评价".into(),
        };
    };
    let seen = rules.judge_day(day, &kept.values);
    let word = |level: u8| app.standards.aqi_levels.iter().find(|l| l.level == level).map(|l| l.zh.clone());
    let values = ORDER.map(|i| value(kept.values[i], rules.decimals(i), "有效数据不足"));
    let reason =
        if seen.hidden { "缺项且不大于100，不发布（HJ 633-2026 §5.3.1）" } else { "有效数据不足" };
    AirDay {
        code,
        name,
        aqi: seen.aqi,
        level: seen.aqi.and_then(|aqi| rules.level(aqi)).and_then(word),
        primary: seen.primary().map(str::to_owned).collect(),
        values,
        reason: reason.into(),
    }
}

fn over(place: Place, found: &AirPeriod) -> AirOver {
    let items = &found.statistics.pollutants;
    let in_force = found.sets.iter().find(|set| set.in_force);
    let counted = |i: usize| {
        // CO and ozone stand by their percentile, as in the composite index
        let by = if matches!(items[i].pollutant, "CO" | "O3") { Statistic::Percentile } else { Statistic::Mean };
        let of = if by == Statistic::Mean { items[i].mean } else { items[i].at_percentile };
        value(of, items[i].decimals, "无有效数据")
    };
    AirOver {
        code: place.code.to_string(),
        name: place.name_zh,
        of: match (place.kind, place.county.as_str()) {
            (AREA, "") => Rows::City,
            (AREA, _) => Rows::County,
            _ => Rows::Station,
        },
        valid_days: found.statistics.days,
        good_days: found.good_days,
        values: ORDER.map(counted),
        index: found.composite.as_ref().map(|c| c.index).ok_or_else(|| "缺项".to_owned()),
        attained: in_force.map(|set| set.attained[1]),
        enough: items.iter().all(|p| p.valid),
        reason: "只评价全年".into(),
    }
}

fn value(value: Option<i64>, decimals: u32, reason: &str) -> Value {
    value.map(|v| (Decimal::new(v, decimals), decimals)).ok_or_else(|| reason.to_owned())
}

fn basis(app: &App, span: Span, rules: &AirRules<'_>) -> Vec<Basis> {
    let mut all: Vec<Basis> = Vec::new();
    let mut add = |head: &shanshui_domain::standard::Head, what: &str| {
        if all.iter().all(|b| b.edition != head.id) {
            all.push(Basis { title: head.title_zh.clone(), edition: head.id.clone(), what: what.to_owned() });
        }
    };
    for day in [span.first(), span.last()] {
        add(&rules.index(day, AirReport::Day).standard.head, "空气质量指数");
    }
    add(&rules.evaluation().head, "日均值、百分位数与有效性");
    if !matches!(span, Span::Day { .. }) {
        add(&app.standards.air_composite.head, "综合指数与排名");
        if let Some(limits) = app.standards.air_limits_on(span.last()) {
            add(&limits.head, "浓度限值");
        }
    }
    all
}
