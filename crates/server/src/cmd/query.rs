//! `shanshui query`: computes over the history and what has not moved there yet, in this process or on a cluster.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use futures::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use rust_decimal::prelude::ToPrimitive;
use shanshui_domain::analyse::air::CODES;
use shanshui_domain::id::{FactorCode, PointId, StationCode};
use shanshui_domain::place::{CityPack, StationKind};
use shanshui_domain::standard::Bound;
use shanshui_domain::time::{Instant, PeriodKind, Zone};
use shanshui_history::{History, Part};
use shanshui_query::air::{AirPoint, AirYear, Report};
use shanshui_query::arrow::array::{
    ArrayRef, AsArray, Float64Array, Int8Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use shanshui_query::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use shanshui_query::statistics::{Monthly, PointLimit};
use shanshui_query::text::{Format, Writer};
use shanshui_query::{Engine, Hot, Job, Place, QueryError, S3, Settings, Source, SourceFile, readings_schema, sweep};
use shanshui_store::{HotRow, PointRow, Store, StoreError};

use crate::app::open_store;
use crate::city;
use crate::config::Config;

/// How often a job is begun anew because rows moved meanwhile.
const TRIES: usize = 5;
/// Temporary files of a job that is older have no owner any more.
const JOB_LONGEST: Duration = Duration::from_hours(24);

/// What to compute.
#[derive(Debug, Subcommand)]
pub enum Query {
    /// A month of every point: readings, valid and marked ones, smallest, largest, mean, percentile, how many exceed the permit's limit.
    Statistics {
        /// Month, such as 2026-03.
        #[arg(long)]
        month: String,
        /// Which readings.
        #[arg(long, value_enum, default_value = "minute")]
        kind: KindArg,
        /// A percentile too, in percent.
        #[arg(long)]
        percentile: Option<u8>,
        /// Where and how.
        #[command(flatten)]
        at: At,
    },
    /// A year of every air station, judged anew by the edition of each date (HJ 633, HJ 663).
    AirYear {
        /// Civil year.
        #[arg(long)]
        year: i16,
        /// Rows of the result.
        #[arg(long, value_enum, default_value = "year")]
        report: ReportArg,
        /// Where and how.
        #[command(flatten)]
        at: At,
    },
}

/// Where and how.
#[derive(Debug, Args)]
pub struct At {
    /// Where the configuration is.
    #[command(flatten)]
    config: super::ConfigArg,
    /// Where to compute, instead of the configuration's `engine`: empty for this process, or ballista://host:port.
    #[arg(long)]
    engine: Option<String>,
    /// The history, a folder or s3://bucket/prefix, instead of the configuration's.
    #[arg(long, value_name = "PLACE")]
    history: Option<String>,
    /// Address of the service of a bucket, instead of the configuration's.
    #[arg(long)]
    s3_endpoint: Option<String>,
    /// Partitions at one time in this process; one for each processor when 0.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Text of the result.
    #[arg(long, value_enum, default_value = "csv")]
    format: FormatArg,
    /// Output; standard output when absent.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Text of the result.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum FormatArg {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// Which readings.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum KindArg {
    /// 实时数据.
    Real,
    /// 分钟数据.
    Minute,
    /// 小时数据.
    Hour,
    /// 日数据.
    Day,
}

/// Rows of a year of air.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ReportArg {
    /// A row an hour and station.
    Hour,
    /// A row a day and station.
    Day,
    /// A row a station.
    Year,
}

impl From<KindArg> for PeriodKind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Real => Self::Real,
            KindArg::Minute => Self::Minute,
            KindArg::Hour => Self::Hour,
            KindArg::Day => Self::Day,
        }
    }
}

/// What queries are asked of.
struct Kept {
    store: Store,
    pack: CityPack,
    points: Vec<PointRow>,
    history: History,
    place: Place,
    zone: (String, Zone),
    engine: Engine,
}

/// Runs a query.
pub(super) fn run(what: &Query) -> anyhow::Result<ExitCode> {
    super::log_to_stderr_quietly();
    super::runtime()?.block_on(async {
        let (Query::Statistics { at, .. } | Query::AirYear { at, .. }) = what;
        let kept = Kept::open(at).await?;
        let done = kept.answer(what, at).await;
        kept.store.close().await;
        done
    })?;
    Ok(ExitCode::SUCCESS)
}

impl Kept {
    async fn open(at: &At) -> anyhow::Result<Self> {
        let config = Config::load(at.config.config.as_deref())?;
        let settings = Settings { threads: at.threads, ..Settings::default() };
        let engine = Engine::connect(at.engine.as_deref().unwrap_or(&config.engine), settings).await?;
        super::keep::existing(&config)?;
        let store = open_store(&config).await?;
        let pack = crate::app::registered(&store, city::load(&config.city_packs)?).await?;
        let name = if config.zone.is_empty() { pack.city.zone.clone() } else { config.zone.clone() };
        let zone = Zone::named(&name).with_context(|| format!("zone {name:?}"))?;
        let location = at.history.clone().unwrap_or_else(|| config.history_place());
        let mut options = config.history.options();
        options.endpoint = at.s3_endpoint.clone().or(options.endpoint);
        let history = History::open(&location, options.clone()).await.with_context(|| format!("history {location}"))?;
        let s3 = S3 {
            endpoint: options.endpoint,
            region: options.region,
            access_key: options.access_key,
            secret_key: options.secret_key.map(|key| key.expose().to_owned()),
        };
        let place = Place::open(history.url().as_str(), &s3)?;
        sweep(&place, JOB_LONGEST).await?;
        let points = store.points().await?;
        Ok(Self { store, pack, points, history, place, zone: (name, zone), engine })
    }

    async fn answer(&self, what: &Query, at: &At) -> anyhow::Result<()> {
        match what {
            Query::Statistics { month, kind, percentile, .. } => {
                let (zone, kind) = (self.zone.1.clone(), PeriodKind::from(*kind));
                let limits = self.limits();
                let asked = Monthly { month: month.parse()?, zone, kind, percentile: *percentile, limits };
                let span = asked.span()?;
                let job = self.settled(span, kind, &self.points, |source| asked.start(&self.engine, source)).await?;
                let names = self.points.iter().map(|p| (p.id, (p.station.clone(), p.factor.clone()))).collect();
                write(job, at, move |batch| named(&batch, &names)).await
            }
            Query::AirYear { year, report, .. } => {
                let report = match report {
                    ReportArg::Hour => Report::Hour,
                    ReportArg::Day => Report::Day,
                    ReportArg::Year => Report::Year,
                };
                let asked = AirYear { year: *year, zone: self.zone.clone(), report, points: self.air()? };
                let of_air = |p: &&PointRow| asked.points.iter().any(|a| a.point == p.id.0);
                let points: Vec<PointRow> = self.points.iter().filter(of_air).cloned().collect();
                let (span, kind) = (asked.span()?, PeriodKind::Hour);
                let job = self.settled(span, kind, &points, |source| asked.start(&self.engine, source)).await?;
                write(job, at, Ok).await
            }
        }
    }

    /// Starts a job over files and hot rows of one state: the hot rows are read when it has begun, so that it is begun anew when
    /// rows have moved meanwhile.
    async fn settled<F: Future<Output = Result<Job, QueryError>>>(
        &self,
        span: (i64, i64),
        kind: PeriodKind,
        points: &[PointRow],
        start: impl Fn(Source) -> F,
    ) -> anyhow::Result<Job> {
        for _ in 0..TRIES {
            let state = self.store.moved_state().await?;
            self.history.refresh().await?;
            let job = start(self.source(span, kind, points)).await?;
            if self.store.moved_state().await? == state {
                return Ok(job);
            }
        }
        bail!(
            "readings move to the history too fast to be computed with; try again when `shanshui history move` is done"
        )
    }

    /// Files of the history that can hold readings of a stretch of time, and the hot store's readings of the points.
    fn source(&self, span: (i64, i64), kind: PeriodKind, points: &[PointRow]) -> Source {
        let file = |f: shanshui_history::FileEntry| {
            let whole = (i64::MIN, i64::MAX);
            Some(SourceFile {
                path: f.path.to_string(),
                size: f.size,
                rows: f.rows,
                at: f.range("at").unwrap_or(whole),
                block: f.range("block").unwrap_or(whole),
                version_max: f.range("version").map_or(i32::MAX, |(_, most)| most as i32),
            })
        };
        let of_it = |f: &shanshui_history::FileEntry| {
            let kinds = f.range("kind").is_none_or(|(low, high)| (low..=high).contains(&kind.number()));
            f.part == Part::Reading && kinds && f.range("at").is_none_or(|(low, high)| low < span.1 && span.0 <= high)
        };
        let files = self.history.files().into_iter().filter(of_it).filter_map(file).collect();
        let hot = hot(&self.store, points, kind, (Instant(span.0), Instant(span.1)));
        Source { place: self.place.clone(), files, hot: Some(hot) }
    }

    /// Limits of the permits.
    fn limits(&self) -> Vec<PointLimit> {
        let ids = self.ids();
        let limit = |p: &shanshui_domain::place::Point| {
            let point = ids.get(&(&p.station, &p.factor))?.0;
            let (at_least, at_most) = match p.limit.as_ref()?.bound {
                Bound::AtMost { value } => (None, value.to_f64()),
                Bound::AtLeast { value } => (value.to_f64(), None),
                Bound::Between { low, high } => (low.to_f64(), high.to_f64()),
            };
            Some(PointLimit { point, at_least, at_most })
        };
        self.pack.points.iter().filter_map(limit).collect()
    }

    fn ids(&self) -> HashMap<(&StationCode, &FactorCode), PointId> {
        self.points.iter().map(|p| ((&p.station, &p.factor), p.id)).collect()
    }

    /// The network of air stations.
    fn air(&self) -> anyhow::Result<Vec<AirPoint>> {
        let ids = self.ids();
        let is_air = |code: &StationCode| {
            self.pack.stations.iter().any(|s| s.code == *code && s.kind == StationKind::AirStation)
        };
        let mut network = Vec::new();
        for p in self.pack.points.iter().filter(|p| is_air(&p.station)) {
            let Some(pollutant) = CODES.iter().position(|c| *c == p.factor.as_str()) else { continue };
            let Some(id) = ids.get(&(&p.station, &p.factor)) else { continue };
            let unit = shanshui_domain::analyse::air::unit(pollutant);
            let tens = p.unit.tens_to(unit).with_context(|| format!("{} {}", p.station, p.factor))?;
            network.push(AirPoint { point: id.0, station: p.station.to_string(), pollutant, tens });
        }
        if network.is_empty() {
            bail!("the city has no air station with a pollutant of the index");
        }
        Ok(network)
    }
}

/// Newest readings of the hot store of the points.
fn hot(store: &Store, points: &[PointRow], kind: PeriodKind, span: (Instant, Instant)) -> Hot {
    let wanted: HashSet<PointId> = points.iter().map(|p| p.id).collect();
    let blocks: BTreeSet<i64> = wanted.iter().map(|p| p.block()).collect();
    let batch = move |rows: Result<Vec<HotRow>, StoreError>| {
        let mut rows = rows.map_err(|e| e.to_string())?;
        rows.retain(|row| wanted.contains(&row.point));
        columns(kind, &rows)
    };
    Box::pin(store.hot_rows(blocks.into_iter().collect(), kind, span).map(batch))
}

fn columns(kind: PeriodKind, rows: &[HotRow]) -> Result<RecordBatch, String> {
    let long = |of: &dyn Fn(&HotRow) -> i64| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<Int64Array>()) };
    let text =
        |of: &dyn Fn(&HotRow) -> Option<&str>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<StringArray>()) };
    let at = TimestampMicrosecondArray::from_iter_values(rows.iter().map(|r| r.at.0)).with_timezone("UTC");
    let all: Vec<ArrayRef> = vec![
        long(&|r| r.point.block()),
        Arc::new(Int32Array::from_value(kind.number() as i32, rows.len())),
        Arc::new(at),
        long(&|r| r.point.0),
        Arc::new(Int32Array::from_iter_values(rows.iter().map(|r| r.version as i32))),
        Arc::new(rows.iter().map(|r| r.number).collect::<Float64Array>()),
        Arc::new(rows.iter().map(|r| r.value.as_deref().and_then(decimals)).collect::<Int8Array>()),
        text(&|r| r.value.as_deref()),
        text(&|r| Some(&r.extra)),
        text(&|r| Some(&r.mark)),
    ];
    RecordBatch::try_new(readings_schema(), all).map_err(|e| e.to_string())
}

/// Decimals of plain decimal text.
fn decimals(text: &str) -> Option<i8> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = !whole.is_empty() && [whole, part].iter().all(|t| t.bytes().all(|b| b.is_ascii_digit()));
    plain.then_some(i8::try_from(part.len()).ok()).flatten()
}

/// Station and factor in the place of the point.
fn named(batch: &RecordBatch, names: &HashMap<PointId, (StationCode, FactorCode)>) -> anyhow::Result<RecordBatch> {
    let points = batch.column(0).as_primitive::<Int64Type>();
    let text = |of: &dyn Fn(&(StationCode, FactorCode)) -> String| -> ArrayRef {
        Arc::new(points.values().iter().map(|p| names.get(&PointId(*p)).map(of)).collect::<StringArray>())
    };
    let mut fields: Vec<Field> =
        ["station", "factor"].map(|name| Field::new(name, DataType::Utf8, true)).into_iter().collect();
    fields.extend(batch.schema().fields().iter().skip(1).map(|f| f.as_ref().clone()));
    let mut all = vec![text(&|n| n.0.to_string()), text(&|n| n.1.to_string())];
    all.extend(batch.columns().iter().skip(1).cloned());
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), all)?)
}

/// Writes a job's rows as they come, and how far it is to a terminal. Ctrl-C cancels it.
async fn write(
    mut job: Job,
    at: &At,
    shape: impl Fn(RecordBatch) -> anyhow::Result<RecordBatch>,
) -> anyhow::Result<()> {
    let out: Box<dyn Write> = match &at.out {
        Some(path) => {
            Box::new(BufWriter::new(std::fs::File::create(path).with_context(|| path.display().to_string())?))
        }
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let format = match at.format {
        FormatArg::Csv => Format::Csv,
        FormatArg::Jsonl => Format::JsonLines,
    };
    let mut writer = Writer::new(format, out);
    let handle = job.handle();
    let interrupted = handle.clone();
    let interrupt = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.cancel();
        }
    });
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(1_000) } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{prefix} {wide_bar} {percent} % {msg}").context("a progress bar")?);
    bar.set_prefix(handle.name().to_owned());
    let watch = {
        let bar = bar.clone();
        tokio::spawn(async move {
            loop {
                let seen = handle.progress();
                bar.set_position((seen.share() * 1_000.0) as u64);
                bar.set_message(format!("{} / {}", seen.done, seen.total));
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        })
    };
    let schema = Arc::clone(job.schema());
    writer.begin(shape(RecordBatch::new_empty(schema))?.schema().as_ref())?;
    let done = async {
        while let Some(batch) = job.next().await? {
            writer.write(&shape(batch)?)?;
        }
        Ok::<_, anyhow::Error>(())
    }
    .await;
    watch.abort();
    interrupt.abort();
    bar.finish_and_clear();
    done?;
    writer.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_of_plain_text() {
        let cases = [("7", Some(0)), ("-0.50", Some(2)), ("1e3", None), (".5", None), ("-", None), ("1.2.3", None)];
        for (text, expected) in cases {
            assert_eq!(decimals(text), expected, "{text}");
        }
    }
}
