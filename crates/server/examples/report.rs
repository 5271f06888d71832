//! The monthly water report of a large city, for `xtask bench report`: `report fill FOLDER SECTIONS` keeps evaluations of three spans,
//! `report make FOLDER OUT` makes the report of them and writes it as Word, Excel and JSON.

use std::path::Path;

use anyhow::{Context as _, bail};
use rust_decimal::Decimal;
use serde_json::json;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::analyse::water::automatic::{DaySum, Series, judge};
use shanshui_domain::analyse::water::section::SectionRules;
use shanshui_domain::place::CityPack;
use shanshui_domain::report::Kind;
use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;
use shanshui_domain::unit::Unit;
use shanshui_server::app::{App, Roles};
use shanshui_server::city;
use shanshui_server::clock::Clock;
use shanshui_server::config::Config;
use shanshui_server::job::evaluate::section::KIND as SECTION;
use shanshui_server::report::{Filing, docx, gather, xlsx};
use shanshui_store::EvaluationRow;

const MAY: Span = Span::Month { year: 2026, month: 5 };

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["fill", folder, sections] => fill(Path::new(folder), sections.parse()?).await,
        ["make", folder, out] => make(Path::new(folder), Path::new(out)).await,
        _ => bail!("fill FOLDER SECTIONS, or make FOLDER OUT"),
    }
}

/// The demonstration city with so many sections in all.
fn pack(sections: usize) -> anyhow::Result<CityPack> {
    let mut pack = city::demo()?;
    let water: Vec<_> = pack.stations.iter().filter(|s| s.kind.is_water()).cloned().collect();
    for n in water.len()..sections {
        let mut one = water[n % water.len()].clone();
        one.code = format!("x{n:04}").as_str().into();
        one.name_zh = format!("测试断面{n}");
        pack.stations.push(one);
    }
    Ok(pack)
}

async fn open(folder: &Path, sections: usize) -> anyhow::Result<App> {
    let config = Config { data: folder.to_owned(), ..Config::default() };
    let clock = Clock::from_fn(|| Instant(1_780_448_400_000_000));
    Ok(App::open(config, pack(sections)?, clock, false, Roles::ALL).await?.0)
}

async fn fill(folder: &Path, sections: usize) -> anyhow::Result<()> {
    let app = open(folder, sections).await?;
    std::fs::write(folder.join("sections"), sections.to_string())?;
    let year = MAY.a_year_before().context("a year before")?;
    for span in [MAY, MAY.before(), year] {
        let rules = SectionRules::of(&app.standards, span, false)?;
        for (n, station) in app.city().stations.iter().filter(|s| s.kind.is_water()).enumerate() {
            let Some(water) = station.water else { continue };
            let automatic = judge(&series(n as i64, span)?, &[], span, water, &rules);
            let section = automatic.section;
            let result = json!({"v": 1, "target": section.against(station.target), "inputs": automatic.inputs, "section": section});
            let row = EvaluationRow {
                kind: SECTION.into(),
                span: span.to_string(),
                station: station.code.clone(),
                edition: section.edition.clone(),
                version: 0,
                level: section.class.map(i64::from),
                result: result.to_string(),
                made: app.clock.now(),
            };
            app.store.evaluation_put(row, Vec::new()).await?;
        }
    }
    app.store.close().await;
    Ok(())
}

fn series(n: i64, span: Span) -> anyhow::Result<Vec<Series>> {
    let unit = |text: &str| Unit::parse(text).with_context(|| text.to_owned());
    let factors = [
        ("w01001", "pH", 721, 2),
        ("w01009", "mg/L", 812, 2),
        ("w01019", "mg/L", 151, 2),
        ("w21003", "mg/L", 61, 3),
        ("w21011", "mg/L", 15, 3),
        ("w21001", "mg/L", 91, 2),
    ];
    let days = |value: i64, decimals| {
        let first = span.first();
        (0..span.days()).map(move |d| {
            let sum = Decimal::new(value + i64::from(d % 5), decimals) * Decimal::from(24);
            DaySum { day: first.saturating_add(jiff::Span::new().days(i64::from(d))), valid: 24, marked: 0, sum }
        })
    };
    let one = |(factor, of, base, decimals): (&str, &str, i64, u32)| {
        Ok(Series {
            factor: factor.to_owned(),
            unit: unit(of)?,
            kind: "hour".to_owned(),
            slots_a_day: 24,
            days: days(base + n % 97, decimals).collect(),
        })
    };
    factors.into_iter().map(one).collect()
}

async fn make(folder: &Path, out: &Path) -> anyhow::Result<()> {
    let sections: usize = std::fs::read_to_string(folder.join("sections"))?.parse()?;
    let app = open(folder, sections).await?;
    let report = gather::report(&app, &Caller::machine(), Kind::Water, MAY, "").await?;
    let filing = Filing {
        report: &report,
        rules: &app.report_rules,
        number: "",
        edition: 1,
        draft: 1,
        published: false,
        date: "2026年6月3日",
    };
    let template = docx::default_template(&app.report_rules)?;
    std::fs::write(out.with_extension("docx"), docx::fill(&template, &filing)?)?;
    std::fs::write(out.with_extension("xlsx"), xlsx::write(&filing)?)?;
    std::fs::write(out.with_extension("json"), report.to_text()?)?;
    app.store.close().await;
    Ok(())
}
