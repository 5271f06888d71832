//! Measures forecasts on real series: what would have been said, and how it turned out.
//!
//! ```text
//! cargo run --release -p shanshui-domain --example forecast -- WATER.csv DAYS WINDOWS AIR.csv…
//! ```
//!
//! The water file has the columns of the national release (`section`, `file_date`, `time`, `status`, `ph_raw`, …),
//! the air files those of daily city values (`city`, `date`, `pm2_5`, …). The last DAYS of each series are kept away:
//! model, interval and verdict come from what lies before, then every model goes through the days kept away, one
//! origin a day. Then the series is cut there and the same is done again, WINDOWS times in all; air, of which there
//! is more, eight times as often. The result is printed as Markdown.

mod data;
mod table;

use std::process::ExitCode;

use shanshui_domain::standard::forecast::ForecastRules;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [water, days, windows, air @ ..] = args.as_slice() else {
        eprintln!("usage: forecast WATER.csv DAYS WINDOWS [AIR.csv…]");
        return ExitCode::from(2);
    };
    match measure(water, [days, windows], air) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn measure(water: &str, numbers: [&String; 2], air: &[String]) -> Result<(), String> {
    let rules = ForecastRules::embedded().map_err(|e| e.to_string())?;
    let number = |text: &String| text.parse::<usize>().map_err(|e| format!("{text:?}: {e}"));
    let (days, windows) = (number(numbers[0])?, number(numbers[1])?);
    let read = |path: &String| std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"));
    let text = read(&water.to_owned())?;
    println!("## Water: daily values of national automatic stations\n");
    table::measured(&data::water(&text)?, &rules, [days, windows]);
    if air.is_empty() {
        return Ok(());
    }
    let mut series = Vec::new();
    for path in air {
        series.extend(data::air(&read(path)?)?);
    }
    println!("\n## Air: daily values of cities\n");
    table::measured(&series, &rules, [days, 8 * windows]);
    Ok(())
}
