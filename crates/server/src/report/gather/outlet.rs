//! Reports of outlets from the evaluations that are kept.

use std::collections::{BTreeMap, BTreeSet};

use shanshui_domain::analyse::discharge::outlet::{AIR_METHOD, Count, WATER_METHOD};
use shanshui_domain::analyse::span::Span;
use shanshui_domain::place::{Station, StationKind};
use shanshui_domain::report::outlet::{OutletHead, OutletOver, RateOf, compliance, rates};
use shanshui_domain::report::{Area, Basis, Kind, Report};
use shanshui_domain::right::{Caller, Right};

use super::{NoReport, county_name, issuer, within};
use crate::app::App;
use crate::job::evaluate::outlet::{KIND, Kept, KeptFactor};

pub(super) async fn report(app: &App, caller: &Caller, kind: Kind, span: Span, area: Area) -> Result<Report, NoReport> {
    if matches!(span, Span::Week { .. } | Span::TenDays { .. }) {
        return Err(NoReport::Period(kind.as_str(), span.to_string()));
    }
    let rows = app.store.evaluations(caller, KIND, &span.to_string()).await?;
    let mut methods: Vec<String> = rows.iter().map(|row| row.edition.clone()).collect();
    methods.sort();
    methods.dedup();
    let mut kept = BTreeMap::new();
    for row in rows {
        if let Some(one) = Kept::parse(&row.result) {
            kept.insert(row.station, one);
        } else {
            tracing::error!(station = %row.station, span = row.span, "an evaluation cannot be read");
        }
    }
    let city = app.city();
    let scope = caller.scope(Right::StationRead);
    let outlets: Vec<&Station> = city
        .stations
        .iter()
        .filter(|s| s.kind == StationKind::Outlet && within(&area, s) && crate::http::present::sees(&scope, s))
        .collect();
    let head = OutletHead {
        period: span,
        issuer: issuer(app),
        basis: basis(methods, kept.values()),
        report: &app.report_rules,
        area,
    };
    let enterprise = |s: &Station| {
        let code = s.enterprise.as_deref().unwrap_or_default();
        city.enterprises.iter().find(|e| e.code == code).map_or_else(|| code.to_owned(), |e| e.name_zh.clone())
    };
    if kind == Kind::Transmission {
        let of = |s: &&Station| rates_of(s, enterprise(s), kept.get(&s.code));
        return Ok(rates(&head, &outlets.iter().flat_map(of).collect::<Vec<_>>()));
    }
    let of = |s: &&Station| over(app, s, enterprise(s), kept.get(&s.code));
    Ok(compliance(&head, &outlets.iter().map(of).collect::<Vec<_>>()))
}

fn over(app: &App, station: &Station, enterprise: String, kept: Option<&Kept>) -> OutletOver {
    let mut out = OutletOver {
        code: station.code.to_string(),
        name: station.name_zh.clone(),
        enterprise,
        county: county_name(app, &station.county),
        judged: 0,
        exceeded: 0,
        worst: None,
        loads: Vec::new(),
        reason: "本期尚未评价".to_owned(),
    };
    let Some(kept) = kept else { return out };
    let Count { judged, beyond, .. } = kept.count;
    (out.judged, out.exceeded) = (judged, beyond);
    let worst = kept.factors.iter().filter(|f| f.count.beyond > 0);
    let worst = worst.map(|f| (f.zh.clone(), f.worst.as_ref().and_then(|w| w.times_over)));
    out.worst = worst.reduce(|best, one| if one.1 > best.1 { one } else { best });
    out.loads = kept.factors.iter().filter_map(|f| Some((f.zh.clone(), f.load.as_ref()?.kilograms))).collect();
    let reasons = kept.factors.iter().filter_map(|f| Some(format!("{}：{}", f.zh, reason_zh(&f.why.as_ref()?.code))));
    out.reason = reasons.collect::<Vec<_>>().join("；");
    out
}

fn rates_of(station: &Station, enterprise: String, kept: Option<&Kept>) -> Vec<RateOf> {
    let factors = kept.map_or(&[][..], |kept| &kept.factors);
    let rate = |f: &KeptFactor| {
        let (name, enterprise, item) = (station.name_zh.clone(), enterprise.clone(), f.zh.clone());
        Some(RateOf { name, enterprise, item, counted: f.transmission.clone()? })
    };
    factors.iter().filter_map(rate).collect()
}

/// The methods, then the editions and permits whose limits bound.
fn basis<'a>(methods: Vec<String>, kept: impl Iterator<Item = &'a Kept>) -> Vec<Basis> {
    let title = |edition: &str| match edition {
        WATER_METHOD => "水污染源在线监测系统数据有效性判别技术规范",
        AIR_METHOD => "固定污染源烟气排放连续监测技术规范",
        _ => "",
    };
    let of = |edition: String, what: &str| Basis { title: title(&edition).to_owned(), edition, what: what.to_owned() };
    let sources: BTreeSet<String> =
        kept.flat_map(|k| &k.factors).flat_map(|f| f.limits.iter().map(|l| l.source.clone())).collect();
    let methods = methods.into_iter().map(|m| of(m, "日均值、有效性与排放量"));
    methods.chain(sources.into_iter().map(|source| of(source, "排放限值"))).collect()
}

fn reason_zh(code: &str) -> &'static str {
    match code {
        "no_limit" => "没有限值",
        "no_flow" => "没有流量",
        "zero_flow" => "流量为零",
        "no_oxygen" => "没有含氧量",
        "no_reference_oxygen" => "基准氧含量未确认",
        "not_folded" => "不能折算",
        "low_coverage" | "too_few" => "有效数据不足",
        "missing" => "缺失",
        "invalid" => "数据无效",
        "marked" => "已标记",
        "missing_fact" => "限值条件未知",
        "not_deciding" => "由其他均值判定",
        "unit" => "单位不符",
        _ => "不能评价",
    }
}
