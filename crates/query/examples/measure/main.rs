//! What the benchmarks run: makes a history, asks it again and again, and is scheduler and executor.
//!
//! `measure make FOLDER STATIONS POINTS DAYS STEP_MIN` writes minute values, a file a station block and month, and `files.json`.
//! `measure ask FOLDER ENGINE THREADS` reads lines from standard input: the name of a question; each is answered by one JSON line.
//! `measure scheduler` and `measure executor ADDRESS SLOTS` print where they listen and run until they are ended.

#[allow(dead_code)]
mod made;

use std::fmt::Write as _;
use std::io::BufRead;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Instant;

use made::{BLOCK, MINUTE_US, Pen, Row, reading};
use shanshui_domain::time::{PeriodKind, Zone};
use shanshui_query::arrow::array::{AsArray, RecordBatch};
use shanshui_query::arrow::compute::sum;
use shanshui_query::arrow::datatypes::{Float64Type, Int64Type};
use shanshui_query::cluster::{Executor, Identity, Scheduler, run_executor};
use shanshui_query::statistics::{Monthly, instant};
use shanshui_query::{Engine, Place, QueryError, S3, Settings, Source, SourceFile, digest_of};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// 2025-01-01 00:00 UTC.
const BEGIN: i64 = 1_735_689_600_000_000;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["make", folder, stations, points, days, step] => {
            make(Path::new(folder), stations.parse()?, points.parse()?, days.parse()?, step.parse()?)
        }
        ["ask", folder, engine, threads] => ask(folder, engine, threads.parse()?).await,
        ["scheduler"] => {
            let mut scheduler = Scheduler::start(SocketAddr::new(HERE, 0), Identity::ours()).await?;
            println!("{}", scheduler.address());
            Ok(scheduler.ended().await?)
        }
        ["executor", address, slots] => {
            let executor = Executor {
                scheduler: (*address).to_owned(),
                bind: HERE,
                host: None,
                port: 0,
                task_port: 0,
                slots: slots.parse()?,
                memory_bytes: None,
                buckets: Vec::new(),
                identity: Identity::ours(),
            };
            Ok(run_executor(executor).await?)
        }
        _ => Err("usage: measure make|ask|scheduler|executor …".into()),
    }
}

/// UTC months of a year: first day and days.
fn months(days: i64) -> Vec<(String, i64, i64)> {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut first, mut out) = (0, Vec::new());
    for (i, length) in LENGTHS.into_iter().enumerate() {
        if first < days {
            out.push((format!("2025-{:02}", i + 1), first, length.min(days - first)));
        }
        first += length;
    }
    out
}

fn make(folder: &Path, stations: i64, points: i64, days: i64, step: i64) -> Result<(), Failure> {
    let mut files = Vec::new();
    for (month, first, length) in months(days) {
        let name = format!("month={month}");
        std::fs::create_dir_all(folder.join(&name))?;
        let mut pen: Option<(Pen, u64)> = None;
        for station in 1..=stations {
            let (mut open, rows) =
                pen.take().unwrap_or_else(|| (Pen::new(folder, &format!("{name}/block{station:05}.parquet")), 0));
            for point in 0..points {
                let at = |n: i64| BEGIN + first * 1_440 * MINUTE_US + n * step * MINUTE_US;
                let series: Vec<Row> =
                    (0..length * 1_440 / step).map(|n| reading(3, station * BLOCK + point, 1, at(n))).collect();
                open.write(&series);
            }
            let rows = rows + (points * length * 1_440 / step).unsigned_abs();
            // a file ends with the station in which it reaches four million rows
            if rows >= 4_000_000 || station == stations {
                files.push(open.finish());
            } else {
                pen = Some((open, rows));
            }
        }
    }
    let mut text = String::new();
    for f in &files {
        writeln!(text, "{}\t{}\t{}\t{}\t{}\t{}\t{}", f.path, f.size, f.rows, f.at.0, f.at.1, f.block.0, f.block.1)?;
    }
    std::fs::write(folder.join("files.tsv"), text)?;
    let (rows, bytes) = files.iter().fold((0, 0), |(r, b), f| (r + f.rows, b + f.size));
    println!("{{\"files\":{},\"rows\":{rows},\"bytes\":{bytes}}}", files.len());
    Ok(())
}

fn listed(folder: &str) -> Result<Vec<SourceFile>, Failure> {
    let text = std::fs::read_to_string(Path::new(folder).join("files.tsv"))?;
    let file = |line: &str| -> Option<SourceFile> {
        let mut cells = line.split('\t');
        let path = cells.next()?.to_owned();
        let mut number = || cells.next()?.parse::<i64>().ok();
        Some(SourceFile {
            path,
            size: number()?.unsigned_abs(),
            rows: number()?.unsigned_abs(),
            at: (number()?, number()?),
            block: (number()?, number()?),
            version_max: 1,
        })
    };
    text.lines().map(|line| file(line).ok_or_else(|| Failure::from(format!("files.tsv: {line}")))).collect()
}

/// Those files that can have rows between two instants and in a block.
fn within(files: &[SourceFile], from: i64, to: i64, block: Option<i64>) -> Vec<SourceFile> {
    let may =
        |f: &&SourceFile| f.at.0 < to && from <= f.at.1 && block.is_none_or(|b| (f.block.0..=f.block.1).contains(&b));
    files.iter().filter(may).cloned().collect()
}

async fn ask(folder: &str, engine: &str, threads: usize) -> Result<(), Failure> {
    let files = listed(folder)?;
    let place = Place::open(folder, &S3::default())?;
    let engine = Engine::connect(engine, Settings { threads, ..Settings::default() }).await?;
    for question in std::io::stdin().lock().lines() {
        let begun = Instant::now();
        let batches = answer(&engine, &place, &files, question?.trim()).await?;
        let ms = begun.elapsed().as_secs_f64() * 1_000.0;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let digest = digest_of(&batches)?;
        let long = |b: &RecordBatch| b.column_by_name("n").and_then(|c| sum(c.as_primitive_opt::<Int64Type>()?));
        let double = |b: &RecordBatch| b.column_by_name("mean").and_then(|c| sum(c.as_primitive_opt::<Float64Type>()?));
        let n: i64 = batches.iter().filter_map(long).sum();
        let mean = batches.iter().filter_map(double).sum::<f64>() / rows as f64;
        println!("{{\"ms\":{ms:.3},\"rows\":{rows},\"n\":{n},\"mean\":{mean},\"digest\":\"{digest}\"}}");
    }
    Ok(())
}

async fn answer(
    engine: &Engine,
    place: &Place,
    files: &[SourceFile],
    question: &str,
) -> Result<Vec<RecordBatch>, Failure> {
    let day = |n: i64| BEGIN + n * 1_440 * MINUTE_US;
    let sql = |sql: String, files| engine_sql(engine, question, sql, Source::of(place.clone(), files));
    let (from, to) = (day(59), day(90));
    Ok(match question {
        // every point, every UTC day of March; the engine's own `date_trunc` asks the calendar for every row and is ten times slower
        "month" => {
            let text = format!(
                "SELECT point, day, s['count'] AS n, s['mean'] AS mean, s['min'] AS min, s['max'] AS max FROM (\
                 SELECT point, civil_day(at, 'UTC') AS day, spread(number, decimals) AS s FROM readings \
                 WHERE kind = arrow_cast(1, 'Int32') AND at >= {} AND at < {} GROUP BY 1, 2)",
                instant(from),
                instant(to)
            );
            sql(text, within(files, from, to, None)).await?
        }
        // one point, every hour of the year
        "series" => {
            let point = BLOCK * 2 + 3;
            let text = format!(
                "SELECT day, hour, s['count'] AS n, s['mean'] AS mean, s['min'] AS min, s['max'] AS max FROM (\
                 SELECT civil_day(at, 'UTC') AS day, civil_hour(at, 'UTC') AS hour, spread(number, decimals) AS s FROM readings \
                 WHERE block = {} AND kind = arrow_cast(1, 'Int32') AND point = {point} AND at >= {} AND at < {} \
                 GROUP BY 1, 2) ORDER BY day, hour",
                point / BLOCK,
                instant(BEGIN),
                instant(day(365))
            );
            sql(text, within(files, BEGIN, day(365), Some(point / BLOCK))).await?
        }
        // the product's own question
        "statistics" => {
            let month = "2025-03".parse()?;
            let (zone, kind) = (Zone::china(), PeriodKind::Minute);
            let asked = Monthly { month, zone, kind, percentile: Some(95), limits: Vec::new() };
            let (from, to) = asked.span()?;
            asked.start(engine, Source::of(place.clone(), within(files, from, to, None))).await?.collect().await?
        }
        // the same of everything: long enough to lose an executor in
        "year" => {
            let text = "SELECT point, s['count'] AS n, s['sum'] AS sum, p FROM (SELECT point, spread(number, decimals) AS s, \
                        percentile_of(number, arrow_cast(95, 'Int32')) AS p FROM readings GROUP BY point) ORDER BY point";
            sql(text.to_owned(), files.to_vec()).await?
        }
        other => return Err(format!("no question {other:?}").into()),
    })
}

async fn engine_sql(engine: &Engine, name: &str, sql: String, source: Source) -> Result<Vec<RecordBatch>, QueryError> {
    engine.sql(name, &sql, source).await?.collect().await
}
