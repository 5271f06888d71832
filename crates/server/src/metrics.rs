//! Figures for monitoring, in the text format of Prometheus. All names begin with `shanshui_`; units are seconds and bytes.
//!
//! What is counted while the program works is kept in counters that belong to one running program ([`Metrics`], [`Intake`], the
//! store's [`shanshui_store::Meter`]); what merely *is* (connections, lasting alarms, free bytes) is looked up when somebody asks.
//! A figure that cannot be had is left out, and the others are shown. Labels take fixed words only: nothing a stranger sends
//! becomes one.

use std::collections::HashSet;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use shanshui_domain::act::alarm::AlarmKind;
use shanshui_domain::sense::Kept;
use shanshui_domain::time::Instant;
use shanshui_history::{History, Part};
use shanshui_store::{MovedRows, Store};

use crate::app::App;
use crate::job::history::window;

/// Bounds in seconds of answers to people and to stations.
const SECONDS: [f64; 12] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// How a telegram can end, as labels; `data_time` and `data_time_future` lie in quarantine and are acknowledged.
const OUTCOMES: [&str; 8] =
    ["kept", "damaged", "unknown_device", "wrong_password", "data_time", "data_time_future", "dropped", "refused"];

/// What the intake of telegrams counts. Cheap to clone; clones count together.
#[derive(Debug, Clone)]
pub struct Intake {
    telegrams: IntCounterVec,
    readings: IntCounterVec,
    acknowledged: HistogramVec,
}

impl Default for Intake {
    fn default() -> Self {
        let intake = Self {
            telegrams: counters(
                "shanshui_telegrams_total",
                "Telegrams and damaged stretches, by outcome.",
                &["outcome"],
            ),
            readings: counters("shanshui_readings_total", "Readings, by what keeping them did.", &["kept"]),
            acknowledged: histograms(
                "shanshui_acknowledgement_duration_seconds",
                "From the last byte read until the acknowledgements were written.",
                &[],
            ),
        };
        for outcome in OUTCOMES {
            intake.telegrams.with_label_values(&[outcome]).inc_by(0);
        }
        for kept in [Kept::New, Kept::Repeat, Kept::Version(2), Kept::Beside(3)] {
            intake.readings.with_label_values(&[word(kept)]).inc_by(0);
        }
        let _shown_from_the_beginning = intake.acknowledged.with_label_values::<&str>(&[]);
        intake
    }
}

impl Intake {
    /// So many telegrams have ended like this: a reason of the quarantine, `kept`, `dropped` or `refused`.
    pub fn telegrams(&self, outcome: &str, n: u64) {
        debug_assert!(OUTCOMES.contains(&outcome), "{outcome} is no outcome");
        self.telegrams.with_label_values(&[outcome]).inc_by(n);
    }

    /// Keeping readings did this.
    pub fn readings(&self, kept: &[Kept]) {
        for kept in kept {
            self.readings.with_label_values(&[word(*kept)]).inc();
        }
    }

    /// Telegrams were answered so long after they were read.
    pub fn acknowledged(&self, after: Duration) {
        self.acknowledged.with_label_values::<&str>(&[]).observe(after.as_secs_f64());
    }

    fn collectors(&self) -> [Box<dyn Collector>; 3] {
        [Box::new(self.telegrams.clone()), Box::new(self.readings.clone()), Box::new(self.acknowledged.clone())]
    }
}

fn word(kept: Kept) -> &'static str {
    match kept {
        Kept::New => "new",
        Kept::Repeat => "repeat",
        Kept::Version(_) => "version",
        Kept::Beside(_) => "beside",
    }
}

/// What the mover counts at this node, and how its history stands. Cheap to clone; clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Moves {
    rows: IntCounterVec,
    failures: IntCounter,
    last: IntGaugeVec,
    files: IntGauge,
    bytes: IntGauge,
    held: IntGaugeVec,
    months: IntGauge,
    unmerged: IntGauge,
    behind: IntGauge,
}

impl Default for Moves {
    fn default() -> Self {
        let moves = Self {
            rows: counters(
                "shanshui_history_moved_rows_total",
                "Rows that this node has moved into the history.",
                &["part"],
            ),
            failures: IntCounter::new(
                "shanshui_history_failures_total",
                "Rounds of moving, merging and sweeping that this node could not finish.",
            )
            .expect("a fixed name"),
            last: gauges("shanshui_history_last_move_timestamp_seconds", "When this node last moved anything.", &[]),
            files: gauge("shanshui_history_files", "Files of the history."),
            bytes: gauge("shanshui_history_bytes", "Size of the files of the history."),
            held: gauges("shanshui_history_rows", "Rows of the history.", &["part"]),
            months: gauge("shanshui_history_months", "Months of which the history has something."),
            unmerged: gauge("shanshui_history_unmerged_segments", "Segments of months that are worth merging."),
            behind: gauge(
                "shanshui_history_behind_seconds",
                "How much older than the hot window the oldest reading is that has not moved.",
            ),
        };
        for part in [Part::Reading, Part::Telegram] {
            moves.rows.with_label_values(&[part.as_str()]).inc_by(0);
        }
        moves
    }
}

impl Moves {
    /// A round has moved these.
    pub(crate) fn moved(&self, moved: &MovedRows, now: Instant) {
        if *moved == MovedRows::default() {
            return;
        }
        self.rows.with_label_values(&[Part::Reading.as_str()]).inc_by(moved.readings);
        self.rows.with_label_values(&[Part::Telegram.as_str()]).inc_by(moved.telegrams);
        self.last.with_label_values::<&str>(&[]).set(now.0.div_euclid(1_000_000));
    }

    /// A round could not be finished.
    pub(crate) fn failed(&self) {
        self.failures.inc();
    }

    fn show(&self, history: &History) {
        let (segments, scattered) = (history.segments(), history.scattered_months());
        self.files.set(segments.iter().map(|s| s.files as i64).sum());
        self.bytes.set(segments.iter().map(|s| s.bytes as i64).sum());
        for part in [Part::Reading, Part::Telegram] {
            let rows = segments.iter().filter(|s| s.part == part).map(|s| s.rows as i64).sum();
            self.held.with_label_values(&[part.as_str()]).set(rows);
        }
        self.months.set(segments.iter().map(|s| &s.month).collect::<HashSet<_>>().len() as i64);
        let unmerged = segments.iter().filter(|s| scattered.contains(&s.month)).map(|s| &s.segment);
        self.unmerged.set(unmerged.collect::<HashSet<_>>().len() as i64);
    }

    fn collectors(&self) -> [Box<dyn Collector>; 9] {
        [
            Box::new(self.rows.clone()),
            Box::new(self.failures.clone()),
            Box::new(self.last.clone()),
            Box::new(self.files.clone()),
            Box::new(self.bytes.clone()),
            Box::new(self.held.clone()),
            Box::new(self.months.clone()),
            Box::new(self.unmerged.clone()),
            Box::new(self.behind.clone()),
        ]
    }
}

/// The figures of one running program.
pub struct Metrics {
    /// What the mover counts.
    pub(crate) moves: Moves,
    registry: Registry,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    now: Now,
}

/// What is looked up when somebody asks.
struct Now {
    queued: IntGauge,
    writable: IntGauge,
    chains_broken: IntGauge,
    database_bytes: IntGauge,
    disk_free_bytes: IntGauge,
    connections: IntGauge,
    devices: IntGaugeVec,
    alarms: IntGaugeVec,
    judge_behind: IntGauge,
    listeners: IntGauge,
}

impl Metrics {
    /// Figures of this intake and this store, and of the requests to come.
    pub fn new(intake: &Intake, store: &Store) -> Self {
        let registry = Registry::new();
        let requests =
            "Requests over HTTP, by method, template of the path and status; a file of the interface is \"other\".";
        let requests = counters("shanshui_http_requests_total", requests, &["method", "route", "status"]);
        let seconds = "How long requests over HTTP took until their answer began, by template of the path.";
        let request_seconds = histograms("shanshui_http_request_duration_seconds", seconds, &["route"]);
        let now = Now {
            queued: gauge("shanshui_store_queued_writes", "Writes that wait for the next group."),
            writable: gauge("shanshui_store_writable", "1 when new data is being made durable."),
            chains_broken: gauge("shanshui_chains_broken", "Chains of records that are broken and can only be read."),
            database_bytes: gauge("shanshui_database_bytes", "Size of the database, its log included."),
            disk_free_bytes: gauge("shanshui_disk_free_bytes", "Bytes free under the data folder."),
            connections: gauge("shanshui_station_connections", "Open connections of stations."),
            devices: gauges(
                "shanshui_devices",
                "Registered devices, by whether a connection speaks for them.",
                &["held"],
            ),
            alarms: gauges("shanshui_alarms_lasting", "Alarms that last, by kind.", &["kind"]),
            judge_behind: gauge("shanshui_judge_behind_telegrams", "Telegrams with data that are not judged yet."),
            listeners: gauge("shanshui_event_listeners", "Open streams of live events."),
        };
        let metrics = Self { moves: Moves::default(), registry, requests, request_seconds, now };
        let guard = gauge("shanshui_disk_free_min_bytes", "Below so many free bytes there is a warning.");
        guard.set(store.guard().min() as i64);
        let build = Opts::new("shanshui_build_info", "1; the version is in the label.")
            .const_label("version", env!("CARGO_PKG_VERSION"));
        let build = Gauge::with_opts(build).expect("a fixed name");
        build.set(1.0);
        for collector in metrics.own().into_iter().chain([Box::new(guard) as Box<dyn Collector>, Box::new(build)]) {
            metrics.register(collector);
        }
        let others = intake.collectors().into_iter().chain(store.meter().collectors());
        for collector in others.chain(metrics.moves.collectors()) {
            metrics.register(collector);
        }
        metrics
    }

    fn own(&self) -> Vec<Box<dyn Collector>> {
        let Now { queued, writable, database_bytes, disk_free_bytes, connections, .. } = &self.now;
        let Now { devices, alarms, judge_behind, listeners, chains_broken, .. } = &self.now;
        let mut all: Vec<Box<dyn Collector>> =
            vec![Box::new(self.requests.clone()), Box::new(self.request_seconds.clone())];
        let single =
            [queued, writable, chains_broken, database_bytes, disk_free_bytes, connections, judge_behind, listeners];
        for gauge in single {
            all.push(Box::new(gauge.clone()));
        }
        for gauges in [devices, alarms] {
            all.push(Box::new(gauges.clone()));
        }
        all
    }

    /// Shows further figures: of the history, of jobs. Their names must be new.
    pub fn register(&self, collector: Box<dyn Collector>) {
        if let Err(error) = self.registry.register(collector) {
            tracing::error!(%error, "a figure is not shown");
        }
    }

    /// A request was answered.
    pub fn request(&self, method: &axum::http::Method, route: &str, status: u16, took: Duration) {
        let method = if known_method(method) { method.as_str() } else { "other" };
        self.requests.with_label_values(&[method, route, &status.to_string()]).inc();
        self.request_seconds.with_label_values(&[route]).observe(took.as_secs_f64());
    }
}

/// A stranger may invent methods; a label may not grow by them.
fn known_method(method: &axum::http::Method) -> bool {
    use axum::http::Method;
    [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS, Method::PATCH]
        .contains(method)
}

impl App {
    /// Every figure as text.
    ///
    /// # Errors
    /// When the figures cannot be written as text.
    pub async fn metrics_text(&self) -> anyhow::Result<String> {
        self.look_up().await;
        let mut text = String::with_capacity(16 << 10);
        TextEncoder::new().encode_utf8(&self.metrics.registry.gather(), &mut text)?;
        Ok(text)
    }

    async fn look_up(&self) {
        let (now, health, looked) = (&self.metrics.now, self.store.health(), self.store.guard().look());
        now.queued.set(health.queued as i64);
        now.writable.set(i64::from(health.writable));
        now.chains_broken.set(self.chains.broken().len() as i64);
        now.disk_free_bytes.set(looked.free.unwrap_or_default() as i64);
        now.connections.set(self.ingest.connections() as i64);
        now.listeners.set(self.listeners() as i64);
        let devices = self.devices();
        let held = devices.iter().filter(|d| d.line().held.as_ref().is_some_and(|h| !h.out.is_closed())).count();
        now.devices.with_label_values(&["true"]).set(held as i64);
        now.devices.with_label_values(&["false"]).set((devices.len() - held) as i64);
        match self.store.bytes().await {
            Ok(bytes) => now.database_bytes.set(bytes),
            Err(error) => tracing::debug!(%error, "the size of the database is not known"),
        }
        match self.store.judge_behind().await {
            Ok(behind) => now.judge_behind.set(behind),
            Err(error) => tracing::debug!(%error, "how far the judge is behind is not known"),
        }
        match self.store.alarms_lasting().await {
            Ok(lasting) => show_alarms(&now.alarms, &lasting),
            Err(error) => tracing::debug!(%error, "alarms that last are not known"),
        }
        if let Err(error) = self.look_up_history().await {
            tracing::debug!(%error, "how the history stands is not known");
        }
    }

    async fn look_up_history(&self) -> Result<(), shanshui_store::StoreError> {
        let (moves, section) = (&self.metrics.moves, &self.config.history);
        if let Some(history) = self.store.history_now().await? {
            moves.show(history);
        }
        let window = window(section, self.clock.now());
        let oldest = self.store.oldest_hot().await?.filter(|_| section.hot_days > 0);
        moves.behind.set(oldest.map_or(0, |oldest| (window.0 - oldest.0).max(0) / 1_000_000));
        Ok(())
    }
}

fn show_alarms(gauges: &IntGaugeVec, lasting: &[(AlarmKind, i64)]) {
    for kind in AlarmKind::ALL {
        let count = lasting.iter().find(|(of, _)| *of == kind).map_or(0, |(_, n)| *n);
        gauges.with_label_values(&[kind.as_str()]).set(count);
    }
}

fn gauge(name: &str, help: &str) -> IntGauge {
    IntGauge::new(name, help).expect("a fixed name")
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    IntGaugeVec::new(Opts::new(name, help), labels).expect("fixed names")
}

fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    IntCounterVec::new(Opts::new(name, help), labels).expect("fixed names")
}

fn histograms(name: &str, help: &str, labels: &[&str]) -> HistogramVec {
    let opts = HistogramOpts::new(name, help).buckets(SECONDS.to_vec());
    HistogramVec::new(opts, labels).expect("fixed names and rising bounds")
}
