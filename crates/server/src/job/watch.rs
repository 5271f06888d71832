//! The judge: one task that sees every reading once, in order of arrival; one over all nodes (ADR 0005, 0010).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use jiff::civil::Date;
use serde_json::json;
use shanshui_domain::act::alarm::AlarmKind;
use shanshui_domain::analyse::air;
use shanshui_domain::analyse::alarm::{Change, Hysteresis, Watch, silent, spike};
use shanshui_domain::id::{AlarmId, Mn, PointId, StationCode, TelegramId};
use shanshui_domain::place::{Station, StationKind};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::{Kept, Reading};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::{
    AlarmFilter, AlarmRow, JudgementRow, KeptAs, Ruling, SECOND_CONNECTION, SecondConnection, StoreError, TelegramRow,
};
use tokio::sync::mpsc;

use super::evaluate;
use super::judge::{self, FactorVerdict, Judged, KIND_AIR, Seen, Values};
use crate::app::{App, Live};
use crate::ingest::Heard;
use crate::registry::PointEntry;

/// A value older than this is no longer the present: one run of a four-hourly analyser and its delay.
const PRESENT_MS: i64 = 6 * 3_600_000;
/// While nothing changes, a judgement is written at least this often.
const WRITE_EVERY_MS: i64 = 3_600_000;
/// Calm after which an event that has no end of its own is over.
const SPIKE_OVER_MS: i64 = 10 * 60_000;
const SECOND_OVER_MS: i64 = 10 * 60_000;
const CHANGED_OVER_MS: i64 = 3_600_000;
/// Telegrams read again before the cursor after a start: those whose messages may have overtaken one another.
const SLACK: i64 = 4_096;
/// Telegrams read at once when catching up.
const PAGE: usize = 2_000;
const CURSOR: &str = "judge:cursor";
/// Up to here every telegram was read from the store in order.
const READ: &str = "judge:read";
/// Who the judge is.
const HOLDER: &str = "judge:holder";
/// The name that the judge holds.
const NAME: &str = "judge";
/// How often a node asks whether it may be the judge.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// A judge that cannot start for so long ends the program.
const GIVE_UP: Duration = Duration::from_mins(5);
/// What was found is written together, at most so much.
const RULINGS_MAX: usize = 256;
/// Telegrams are read and judged for so long before the clock is looked at.
const SLICE: Duration = Duration::from_millis(500);
/// After telegrams could not be read.
const PAUSE: Duration = Duration::from_millis(500);
/// What a node has begun to keep is kept, or not, within this time after its death.
const DEAD_MS: i64 = 20_000;
/// Telegrams before the cursor that are read for what they tell of the last minutes; nothing of them is judged again.
const MEMORY: i64 = 16_384;
/// Second connections told of at once, and for how long they are this judge's.
const SECONDS_MAX: usize = 100;
const SECONDS_MS: i64 = 30_000;
const PH: &str = "w01001";

/// What one station has shown.
#[derive(Default)]
struct Shown {
    /// Newest real-time value of each factor.
    values: HashMap<String, Seen>,
    /// pH of the last minutes.
    ph: VecDeque<(Instant, f64, String)>,
    /// The judgement written last.
    written: Option<(Instant, String)>,
}

struct Judge {
    app: App,
    /// Says who the judge is; another judge writes its own, and then this one is none.
    token: String,
    mode: Mode,
    shown: HashMap<StationCode, Shown>,
    watches: HashMap<String, Watch>,
    /// Alarms that last, by condition, with when they were last seen.
    lasting: HashMap<String, Lasting>,
    /// What was found and is to be written, in its order.
    rulings: Vec<Ruling>,
    /// Rule states to be written with it.
    dirty: BTreeMap<String, String>,
    cursor: i64,
    /// Telegrams are being read from the store, in the order in which they were kept; messages are passed over meanwhile.
    reading: bool,
    /// Telegrams read and not judged yet, with their arrival; all up to `page` were read.
    pending: VecDeque<(Instant, Heard)>,
    page: i64,
    /// Every telegram up to this one was read from the store: a message that comes for it later says nothing new.
    caught_up: i64,
    /// What was left by the judge before this one has been read.
    settled: bool,
    /// Telegrams judged by message, so that reading on from the store judges none of them twice.
    judged: BTreeSet<i64>,
    /// Those above this are remembered: a node that came since the nodes were looked at has kept none below.
    judged_from: i64,
    missed: u64,
    /// Last data of devices by what was judged, at whatever node it came in.
    data: HashMap<Mn, Instant>,
    fresh: HashSet<StationCode>,
    graded: HashSet<StationCode>,
    /// Days of which data came late or was said anew.
    touched: BTreeSet<(StationCode, Date)>,
    /// Newest stamp an alarm of each condition was seen at before the start: what is read again raises none of those anew.
    before: HashMap<String, Instant>,
}

/// How the judge comes to know what was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// This node alone takes data in: by its messages, and from the store when it missed some.
    Hears,
    /// Other nodes take data in too: from the store, in the order in which it was kept.
    Reads,
}

/// Why a judge has ended.
enum End {
    /// The program ends.
    Shutdown,
    /// Another is the judge.
    Lost,
    /// It could not begin.
    Failed(StoreError),
}

#[derive(Debug, Clone, Copy)]
struct Lasting {
    kind: AlarmKind,
    last: Instant,
}

/// Is the judge whenever no other node is, until the program ends.
pub(super) async fn run(app: App, mut hears: mpsc::Receiver<Heard>) {
    let mut trouble: Option<tokio::time::Instant> = None;
    loop {
        let holding = tokio::select! {
            () = app.shutdown.cancelled() => return,
            holding = app.store.hold(NAME) => holding,
        };
        match holding {
            Ok(Some(holding)) => {
                let lost = holding.lost();
                let end = tokio::select! {
                    biased;
                    () = lost.cancelled() => End::Lost,
                    end = judge(&app, &mut hears) => end,
                };
                app.ingest.listen(false);
                match end {
                    End::Shutdown => return,
                    End::Lost => tracing::warn!("this node is the judge no longer"),
                    End::Failed(StoreError::Unavailable(why)) if lasts(&mut trouble) < GIVE_UP => {
                        tracing::warn!(why, "the judge cannot start yet");
                    }
                    End::Failed(error) => {
                        tracing::error!(%error, "the judge cannot start; the program ends");
                        app.fail();
                        return;
                    }
                }
            }
            Ok(None) => trouble = None,
            Err(error) => tracing::debug!(%error, "it cannot be known who the judge is"),
        }
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = tokio::time::sleep(ASK_EVERY) => {}
        }
    }
}

/// How long there has been trouble.
fn lasts(trouble: &mut Option<tokio::time::Instant>) -> Duration {
    trouble.get_or_insert_with(tokio::time::Instant::now).elapsed()
}

async fn judge(app: &App, hears: &mut mpsc::Receiver<Heard>) -> End {
    let mut judge = match Judge::start(app).await {
        Ok(judge) => judge,
        Err(error) => return End::Failed(error),
    };
    tracing::info!(mode = ?judge.mode, "this node is the judge");
    let (mut arrived, mut jobs, mut nodes) =
        (app.bells.arrived.listen(), app.bells.job.listen(), app.bells.node.listen());
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut batch = Vec::with_capacity(1_024);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => {
                // what could not be written is judged again
                return judge.write().await.err().unwrap_or(End::Shutdown);
            }
            n = hears.recv_many(&mut batch, 1_024) => {
                if n == 0 {
                    return End::Shutdown;
                }
                for heard in batch.drain(..) {
                    if let Err(end) = judge.hear(heard).await {
                        return end;
                    }
                }
            }
            () = std::future::ready(()), if judge.reading => {
                if let Err(end) = judge.read_on().await {
                    return end;
                }
            }
            () = arrived.rung(), if judge.mode == Mode::Reads => judge.reading = true,
            () = jobs.rung() => {
                if let Err(end) = judge.seconds().await {
                    return end;
                }
            }
            () = nodes.rung() => judge.nodes().await,
            _ = every.tick() => {
                if let Err(end) = judge.tick().await {
                    return end;
                }
            }
        }
        if !judge.rulings.is_empty()
            && let Err(end) = judge.write().await
        {
            return end;
        }
    }
}

/// An alarm in the making.
struct Problem<'a> {
    kind: AlarmKind,
    condition: String,
    station: &'a StationCode,
    point: Option<PointId>,
    factor: Option<String>,
    value: Option<String>,
    limit: Option<String>,
    zh: String,
    en: String,
    basis: serde_json::Value,
    at: Instant,
}

impl Judge {
    async fn start(app: &App) -> Result<Self, StoreError> {
        let token = uuid::Uuid::now_v7().to_string();
        let mut judge = Self {
            app: app.clone(),
            token: token.clone(),
            mode: Mode::Reads,
            shown: HashMap::new(),
            watches: HashMap::new(),
            lasting: HashMap::new(),
            rulings: Vec::new(),
            dirty: BTreeMap::new(),
            cursor: 0,
            reading: true,
            pending: VecDeque::new(),
            page: 0,
            caught_up: 0,
            settled: false,
            judged: BTreeSet::new(),
            judged_from: 0,
            missed: 0,
            data: HashMap::new(),
            fresh: HashSet::new(),
            graded: HashSet::new(),
            touched: BTreeSet::new(),
            before: HashMap::new(),
        };
        // from here on whatever another judge had in hand is refused
        app.store.rule_states_put(vec![(HOLDER.into(), token)]).await?;
        for (key, value) in app.store.rule_states().await? {
            match (key.as_str(), key.strip_prefix("watch:")) {
                (CURSOR, _) => judge.cursor = value.parse().unwrap_or(0),
                (READ, _) => judge.caught_up = value.parse().unwrap_or(0),
                (_, Some(condition)) => {
                    if let Ok(watch) = serde_json::from_str(&value) {
                        judge.watches.insert(condition.to_owned(), watch);
                    }
                }
                _ => {}
            }
        }
        judge.remember_alarms().await?;
        app.facts_reload().await?;
        let from = (judge.cursor - SLACK).max(judge.caught_up).max(0);
        judge.remember_telegrams(from).await?;
        judge.cursor = from;
        let alone = app.roles.ingest && judge.others().await?.is_empty();
        judge.enter(if alone { Mode::Hears } else { Mode::Reads });
        Ok(judge)
    }

    /// Hears or reads from now on; first what was kept so far is read.
    fn enter(&mut self, mode: Mode) {
        self.mode = mode;
        self.app.ingest.listen(mode == Mode::Hears);
        self.read_from(self.cursor);
    }

    /// Goes back to a telegram and reads from there.
    fn read_from(&mut self, cursor: i64) {
        (self.cursor, self.page, self.reading) = (cursor, cursor, true);
        self.pending.clear();
    }

    /// What was left is read: the present is shown.
    async fn settle(&mut self) -> Result<(), StoreError> {
        self.remember_values().await?;
        self.before.clear();
        self.settled = true;
        let codes: Vec<StationCode> = self.shown.keys().cloned().collect();
        for code in codes {
            let at = self.shown.get(&code).and_then(|s| s.values.values().map(|v| v.at).max());
            if let Some(at) = at {
                self.judge_real(&code, at, None);
            }
        }
        Ok(())
    }

    /// Other nodes that take data in: for each the newest telegram when it came. One that died counts for a while longer: what it
    /// had in hand may still be on its way.
    async fn others(&self) -> Result<Vec<i64>, StoreError> {
        let (now, me) = (self.app.clock.now(), self.app.store.node().as_str());
        let mut others = Vec::new();
        for node in self.app.store.nodes().await? {
            if node.id == me || node.roles.split(',').all(|role| role != "ingest") {
                continue;
            }
            if now.ms_since(node.seen) < DEAD_MS || self.app.store.node_lives(&node.id).await? {
                others.push(node.after.0);
            }
        }
        Ok(others)
    }

    /// A node that takes data in has come, or the last of the others has gone.
    async fn nodes(&mut self) {
        let others = match self.others().await {
            Ok(others) => others,
            Err(error) => {
                tracing::warn!(%error, "it cannot be known which nodes there are");
                return;
            }
        };
        match (self.mode, others.iter().min()) {
            (Mode::Hears, Some(after)) => {
                // what it has kept so far lies among what was judged by message
                let from = (self.cursor - SLACK).min(*after).max(self.caught_up);
                tracing::info!(from, "other nodes take data in too; reading it from the store");
                self.cursor = from;
                self.enter(Mode::Reads);
            }
            (Mode::Reads, None) if self.app.roles.ingest => {
                tracing::info!("no other node takes data in; hearing it");
                self.enter(Mode::Hears);
            }
            _ => self.judged_from = self.cursor - SLACK,
        }
    }

    /// What the telegrams before the cursor told of the present and of the last minutes.
    async fn remember_telegrams(&mut self, until: i64) -> Result<(), StoreError> {
        let mut after = (until - MEMORY).max(0);
        while after < until {
            let page = self.app.store.telegrams_after(TelegramId(after), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id.0;
            let index = self.app.registry.index();
            for row in page.iter().filter(|row| row.id.0 <= until) {
                let Some((station, mn, readings)) = self.app.ingest.read_again(row) else { continue };
                if !readings.is_empty() {
                    self.data.insert(mn, row.telegram.arrived);
                }
                for reading in readings.iter().filter(|r| r.key.kind == PeriodKind::Real && !r.late) {
                    if let Some(point) = index.point(reading.key.point) {
                        self.take(&station, point, reading);
                    }
                }
            }
        }
        Ok(())
    }

    async fn remember_alarms(&mut self) -> Result<(), StoreError> {
        let mut before = None;
        loop {
            let page = self.app.store.alarms(&Caller::machine(), &AlarmFilter::default(), before, 500).await?;
            for a in &page {
                let seen = self.before.entry(a.condition.clone()).or_insert(a.last);
                *seen = (*seen).max(a.last);
                if a.ended.is_none() {
                    self.lasting.insert(a.condition.clone(), Lasting { kind: a.kind, last: a.last });
                }
            }
            // what is read again reaches back a few thousand telegrams, never further than the newest alarms
            match page.last().filter(|_| page.len() == 500 && self.before.len() < 10_000) {
                Some(last) => before = Some(last.id),
                None => return Ok(()),
            }
        }
    }

    /// Factors that were not among the telegrams read again.
    async fn remember_values(&mut self) -> Result<(), StoreError> {
        for row in self.app.store.latest().await? {
            let Some(point) = self.app.point(row.key.point).filter(|_| row.key.kind == PeriodKind::Real) else {
                continue;
            };
            let shown = self.shown.entry(point.point.station.clone()).or_default();
            let seen = Seen { at: row.key.at, text: row.value, mark: row.mark };
            shown.values.entry(point.point.factor.to_string()).or_insert(seen);
        }
        Ok(())
    }

    /// Reads telegrams from the cursor on, in the order in which they were kept, for a moment; what is left follows.
    async fn read_some(&mut self) -> Result<(), End> {
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < SLICE && !self.app.shutdown.is_cancelled() {
            if let Some((arrived, heard)) = self.pending.pop_front() {
                self.cursor = heard.telegram.0;
                self.data.insert(heard.mn.clone(), arrived);
                self.readings(&heard.station, &heard.mn, heard.telegram, heard.rows).await;
                self.write_many().await?;
                continue;
            }
            self.cursor = self.cursor.max(self.page);
            let missed = self.app.ingest.missed();
            let page = self.app.store.telegrams_after(TelegramId(self.cursor), PAGE).await.map_err(End::Failed)?;
            let Some(last) = page.last() else {
                if !self.settled {
                    self.settle().await.map_err(End::Failed)?;
                }
                (self.caught_up, self.reading, self.missed) = (self.cursor, false, missed);
                return Ok(());
            };
            self.pending = self.read_again(&page).await.map_err(End::Failed)?;
            self.page = last.id.0;
        }
        Ok(())
    }

    /// What telegrams say that were not judged yet, with what keeping them did.
    async fn read_again(&self, page: &[TelegramRow]) -> Result<VecDeque<(Instant, Heard)>, StoreError> {
        let unknown = |row: &TelegramRow| {
            let known = row.telegram.mn.as_ref().map(|mn| self.app.registry.index().device(mn.0.as_bytes()).is_some());
            row.telegram.quarantine.is_none() && known == Some(false)
        };
        if page.iter().any(unknown) {
            // it was registered at another node a moment ago
            self.app.devices_reload().await.map_err(|e| StoreError::Unavailable(format!("{e:#}")))?;
        }
        let (mut heard, mut asked) = (Vec::new(), Vec::new());
        for row in page.iter().filter(|row| !self.judged.contains(&row.id.0)) {
            let Some((station, mn, readings)) = self.app.ingest.read_again(row).filter(|(_, _, r)| !r.is_empty())
            else {
                continue;
            };
            asked.extend(readings.iter().map(|r| (row.id, r.key)));
            heard.push((row.telegram.arrived, station, mn, row.id, readings));
        }
        let mut kept = self.app.store.kept_as(&asked).await?.into_iter();
        let row = |mut reading: Reading, kept: KeptAs| {
            reading.late = kept.late.unwrap_or(reading.late);
            (reading, kept.kept)
        };
        let heard = heard.into_iter().map(|(arrived, station, mn, telegram, readings)| {
            let rows = readings.into_iter().zip(&mut kept).map(|(r, k)| row(r, k)).collect();
            (arrived, Heard { station, mn, telegram, rows })
        });
        Ok(heard.collect())
    }

    async fn hear(&mut self, heard: Heard) -> Result<(), End> {
        // once one message was missed, or others take data in too, the store is read from the cursor on, this telegram included
        if self.reading || self.mode == Mode::Reads || self.behind() || heard.telegram.0 <= self.caught_up {
            return Ok(());
        }
        self.judged.insert(heard.telegram.0);
        self.readings(&heard.station, &heard.mn, heard.telegram, heard.rows).await;
        self.write_many().await
    }

    /// Whether messages were missed since the store was read on.
    fn behind(&self) -> bool {
        self.app.ingest.missed() != self.missed
    }

    async fn read_on(&mut self) -> Result<(), End> {
        match self.read_some().await {
            Err(End::Failed(error)) => {
                tracing::error!(%error, "the judge cannot read telegrams");
                tokio::time::sleep(PAUSE).await;
                Ok(())
            }
            other => other,
        }
    }

    async fn tick(&mut self) -> Result<(), End> {
        self.nodes().await;
        if self.mode == Mode::Reads {
            self.reading = true;
        } else if !self.reading && self.behind() {
            let missed = self.app.ingest.missed();
            tracing::warn!(missed, "more arrives than can be judged at once; reading on from the store");
            self.read_from((self.cursor - SLACK).max(self.caught_up));
        }
        self.judged = self.judged.split_off(&self.judged_from.min(self.cursor - SLACK));
        self.seconds().await?;
        self.silence();
        self.calm();
        self.write().await?;
        if !self.fresh.is_empty() {
            self.app.tell(Live::Readings(self.fresh.drain().collect()));
        }
        if !self.graded.is_empty() {
            self.app.tell(Live::Grades(self.graded.drain().collect()));
        }
        Ok(())
    }

    /// Writes what was found when it has become much.
    async fn write_many(&mut self) -> Result<(), End> {
        if self.rulings.len() < RULINGS_MAX { Ok(()) } else { self.write().await }
    }

    /// Puts down what late data asks for, before it is written how far was judged: what ends in between is put down again.
    async fn judge_again(&mut self) -> Result<(), End> {
        let touched = std::mem::take(&mut self.touched);
        while !touched.is_empty() {
            match evaluate::again(&self.app, touched.clone()).await {
                Ok(0) => break,
                Ok(spans) => {
                    tracing::info!(days = touched.len(), spans, "late data: spans are judged again");
                    break;
                }
                Err(_) if self.app.shutdown.is_cancelled() => return Err(End::Shutdown),
                Err(error @ (StoreError::Full(_) | StoreError::Unavailable(_) | StoreError::Busy)) => {
                    tracing::warn!(%error, "late data: what depends on it could not be put down");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    // it would not go away by waiting, and alarms must not wait for it
                    tracing::error!(%error, days = touched.len(), "late data: spans that it belongs to are not judged again");
                    break;
                }
            }
        }
        Ok(())
    }

    /// Writes what was found, the states of the rules and how far was judged, and tells of the alarms that have begun or ended by
    /// it. While the store cannot write, nothing more is judged.
    async fn write(&mut self) -> Result<(), End> {
        self.judge_again().await?;
        self.dirty.insert(CURSOR.into(), self.cursor.to_string());
        let read = if self.reading || self.mode == Mode::Reads { self.cursor } else { self.caught_up };
        self.dirty.insert(READ.into(), read.to_string());
        let states: Vec<_> = self.dirty.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        let mut parts = vec![(self.rulings.clone(), states)];
        while let Some((rulings, states)) = parts.pop() {
            match self.app.store.rulings_put((HOLDER, self.token.clone()), rulings.clone(), states.clone()).await {
                Ok(turned) => {
                    for row in turned {
                        self.app.tell(Live::Alarm(Box::new(self.app.alarm_view(&row))));
                    }
                }
                Err(StoreError::Conflict) => return Err(End::Lost),
                Err(StoreError::Full(_) | StoreError::Unavailable(_)) if !self.app.shutdown.is_cancelled() => {
                    parts.push((rulings, states));
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error @ (StoreError::Full(_) | StoreError::Unavailable(_) | StoreError::Busy)) => {
                    tracing::warn!(%error, "what was judged last could not be written; it is judged again");
                    return Err(End::Shutdown);
                }
                Err(error) if rulings.len() + usize::from(!states.is_empty()) > 1 => {
                    // one of them cannot be written: each by itself, the states last
                    tracing::warn!(%error, "what was found is written one by one");
                    parts.push((Vec::new(), states));
                    parts.extend(rulings.into_iter().rev().map(|ruling| (vec![ruling], Vec::new())));
                }
                Err(error) => tracing::error!(%error, ?rulings, "this could not be written"),
            }
        }
        self.rulings.clear();
        self.dirty.clear();
        Ok(())
    }

    /// Second connections that nodes have put down.
    async fn seconds(&mut self) -> Result<(), End> {
        let (me, now) = (self.app.store.node().as_str(), self.app.clock.now());
        let jobs = match self.app.store.jobs_take(me, &[SECOND_CONNECTION], (now, SECONDS_MS), SECONDS_MAX).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::warn!(%error, "second connections could not be read");
                return Ok(());
            }
        };
        if jobs.is_empty() {
            return Ok(());
        }
        let mut errors = Vec::new();
        for job in &jobs {
            let second = serde_json::from_str::<SecondConnection>(&job.body);
            errors.push(second.as_ref().err().map(ToString::to_string));
            if let Ok(second) = second {
                self.second(&second);
            }
        }
        self.write().await?;
        for (job, error) in jobs.iter().zip(errors) {
            if let Err(error) = self.app.store.job_done(job, now, error).await {
                tracing::warn!(%error, subject = job.subject, "a second connection is told of again");
            }
        }
        Ok(())
    }

    async fn readings(&mut self, station: &StationCode, mn: &Mn, telegram: TelegramId, rows: Vec<(Reading, Kept)>) {
        self.cursor = self.cursor.max(telegram.0);
        let (mut newest, mut hours) = (None, HashSet::new());
        let index = self.app.registry.index();
        for (reading, kept) in rows {
            // what is kept beside a reviewed value does not count; the round of review says so
            if matches!(kept, Kept::Repeat | Kept::Beside(_)) {
                continue;
            }
            let Some(point) = index.point(reading.key.point) else { continue };
            if let Kept::Version(_) = kept {
                self.changed(station, point, &reading);
            }
            if reading.late || matches!(kept, Kept::Version(_)) {
                self.touched.insert((station.clone(), self.app.zone.day(reading.key.at)));
            }
            match reading.key.kind {
                PeriodKind::Real if !reading.late => {
                    let newer = self.take(station, point, &reading).then_some(reading.key.at);
                    newest = newest.max(newer);
                }
                PeriodKind::Hour => {
                    hours.insert((reading.key.at, reading.late));
                }
                _ => {}
            }
        }
        if let Some(at) = newest {
            self.judge_real(station, at, Some(telegram));
            self.spikes(station);
            self.ends(&format!("no_data:{mn}"), at);
        }
        for (at, late) in hours {
            self.judge_hour(station, at, late, telegram).await;
        }
        self.fresh.insert(station.clone());
    }

    /// Takes a real-time value when it is newer than what is known.
    fn take(&mut self, station: &StationCode, point: &PointEntry, reading: &Reading) -> bool {
        let shown = self.shown.entry(station.clone()).or_default();
        let factor = point.point.factor.as_str();
        if shown.values.get(factor).is_some_and(|s| s.at > reading.key.at) {
            return false;
        }
        let seen = Seen { at: reading.key.at, text: reading.value.clone(), mark: reading.mark.clone() };
        if factor == PH
            && let Some(number) = reading.number().filter(|_| reading.mark == "N")
            && shown.ph.back().is_none_or(|(at, _, _)| *at < reading.key.at)
        {
            shown.ph.push_back((reading.key.at, number, reading.value.clone().unwrap_or_default()));
            let keep_ms = (self.app.config.alarm.spike_s as i64).saturating_mul(2_000);
            while shown.ph.front().is_some_and(|(at, _, _)| reading.key.at.ms_since(*at) > keep_ms) {
                shown.ph.pop_front();
            }
        }
        shown.values.insert(factor.to_owned(), seen);
        true
    }

    fn judge_real(&mut self, code: &StationCode, at: Instant, telegram: Option<TelegramId>) {
        let Some(station) = self.app.station(code) else { return };
        if station.kind == StationKind::AirStation {
            return;
        }
        let judged = {
            let index = self.app.registry.index();
            let Some(shown) = self.shown.get(code) else { return };
            let values: Values<'_> = index
                .points_of(code)
                .iter()
                .filter_map(|p| {
                    let factor = p.point.factor.as_str();
                    let seen = shown.values.get(factor).filter(|s| at.ms_since(s.at) <= PRESENT_MS)?;
                    Some((factor, (&p.point, seen)))
                })
                .collect();
            match station.kind {
                StationKind::Outlet => judge::discharge(&values),
                _ => judge::water(&station, &values, at, &self.app.zone, &self.app.standards),
            }
        };
        if let Some(judged) = judged {
            self.keep(&station, at, judged, telegram, false);
        }
    }

    async fn judge_hour(&mut self, code: &StationCode, at: Instant, late: bool, telegram: TelegramId) {
        let Some(station) = self.app.station(code).filter(|s| s.kind == StationKind::AirStation) else {
            return;
        };
        let index = self.app.registry.index();
        let mut seen = Vec::new();
        for point in index.points_of(code).iter().filter(|p| air::CODES.contains(&p.point.factor.as_str())) {
            let span = (at, Instant(at.0 + 1));
            match self.app.store.range((point.id, PeriodKind::Hour), span, 1).await {
                Ok(rows) => {
                    let value = rows.into_iter().next().map(|r| Seen { at, text: r.value, mark: r.mark });
                    seen.extend(value.map(|v| (point.clone(), v)));
                }
                Err(error) => tracing::error!(%error, station = %code, "hour values cannot be read"),
            }
        }
        let values: Values<'_> = seen.iter().map(|(p, s)| (p.point.factor.as_str(), (&p.point, s))).collect();
        if let Some(judged) = judge::air_hour(&values, at, &self.app.zone, &self.app.standards) {
            self.keep(&station, at, judged, Some(telegram), late);
        }
    }

    /// Shows a judgement, writes it when it says something new or an hour has passed, and holds each factor against its limit.
    fn keep(&mut self, station: &Station, at: Instant, judged: Judged, telegram: Option<TelegramId>, late: bool) {
        let result = serde_json::to_string(&judged.verdict).unwrap_or_default();
        let row = JudgementRow {
            station: station.code.clone(),
            at,
            kind: judged.kind.into(),
            edition: judged.edition.clone(),
            version: 1,
            level: judged.level.map(i64::from),
            result: result.clone(),
            explanation: judged.explanation.to_string(),
            made: self.app.clock.now(),
        };
        let now_shown = self.app.grade(&station.code);
        if now_shown.as_ref().is_none_or(|g| g.at <= at) {
            if now_shown.is_none_or(|g| g.result != result) {
                self.graded.insert(station.code.clone());
            }
            self.app.grade_put(row.clone());
        }
        let shown = self.shown.entry(station.code.clone()).or_default();
        let new = judged.kind == KIND_AIR
            || shown.written.as_ref().is_none_or(|(w, r)| *r != result || at.ms_since(*w) >= WRITE_EVERY_MS);
        if new {
            shown.written = Some((at, result));
            self.rulings.push(Ruling::Judgement(row));
        }
        // after a start the present is shown again; it was held against its limits when it came
        if late || telegram.is_none() {
            return;
        }
        for factor in &judged.factors {
            self.hold(station, factor, at, telegram);
        }
    }

    /// One factor against its limit, with hysteresis.
    fn hold(&mut self, station: &Station, f: &FactorVerdict, at: Instant, telegram: Option<TelegramId>) {
        let condition = format!("exceed:{}:{}", station.code, f.factor);
        let rule = Hysteresis {
            raise_after: self.app.config.alarm.raise_after.max(1),
            clear_after: self.app.config.alarm.clear_after.max(1),
        };
        let before = self.watches.get(&condition).copied().unwrap_or_default();
        let (after, change) = before.see(f.exceeds, rule);
        if after != before {
            self.dirty.insert(format!("watch:{condition}"), serde_json::to_string(&after).unwrap_or_default());
            self.watches.insert(condition.clone(), after);
        }
        match change {
            Change::None => {}
            Change::End => self.ends(&condition, at),
            Change::Raise | Change::Repeat => {
                let index = self.app.registry.index();
                let point = index.points_of(&station.code).iter().find(|p| p.point.factor.as_str() == f.factor);
                let (name_zh, name_en, unit) = match point {
                    Some(p) => (p.point.name_zh.clone(), p.point.name_en.clone(), unit_words(p)),
                    None => ("空气质量指数 AQI".into(), "AQI".into(), String::new()),
                };
                let (id, factor) = (point.map(|p| p.id), (!f.factor.is_empty()).then(|| f.factor.clone()));
                let mut basis = f.basis.clone();
                basis["telegram"] = json!(telegram.map(|t| t.0));
                self.raise(Problem {
                    kind: AlarmKind::Exceedance,
                    condition,
                    station: &station.code,
                    point: id,
                    factor,
                    value: Some(f.value.clone()),
                    limit: Some(f.limit.clone()),
                    zh: format!("{}：{name_zh} {}{unit} 超标（限值 {}）", station.name_zh, f.value, f.limit),
                    en: format!("{}: {name_en} {}{unit} beyond its limit ({})", station.name_en, f.value, f.limit),
                    basis,
                    at,
                });
            }
        }
    }

    fn spikes(&mut self, code: &StationCode) {
        let config = &self.app.config.alarm;
        let Some(shown) = self.shown.get(code) else { return };
        let values: Vec<(Instant, f64)> = shown.ph.iter().map(|(at, v, _)| (*at, *v)).collect();
        let Some(peak) = spike(&values, config.spike_ph, (config.spike_s as i64).saturating_mul(1_000)) else { return };
        let texts: Vec<String> = shown.ph.iter().map(|(_, _, t)| t.clone()).collect();
        let (at, extreme) = (shown.ph[shown.ph.len() - 1].0, texts[peak].clone());
        let Some(station) = self.app.station(code) else { return };
        let index = self.app.registry.index();
        let point = index.points_of(code).iter().find(|p| p.point.factor.as_str() == PH).map(|p| p.id);
        let mut steps = texts.clone();
        steps.dedup();
        let path = steps[steps.len().saturating_sub(5)..].join(" → ");
        self.raise(Problem {
            kind: AlarmKind::Spike,
            condition: format!("spike:{code}:{PH}"),
            station: code,
            point,
            factor: Some(PH.into()),
            value: Some(extreme),
            limit: None,
            zh: format!("{}：pH 短时突变后回落（{path}），疑似采样受扰动", station.name_zh),
            en: format!("{}: pH jumped and came back ({path}); the probe may have been disturbed", station.name_en),
            basis: json!({"rule": "spike", "height": config.spike_ph, "within_s": config.spike_s, "values": texts}),
            at,
        });
    }

    fn changed(&mut self, code: &StationCode, point: &PointEntry, reading: &Reading) {
        let Some(station) = self.app.station(code) else { return };
        let (zh, en) = (&point.point.name_zh, &point.point.name_en);
        let value = reading.value.clone().unwrap_or_default();
        let stamp = self.app.zone.civil(reading.key.at).strftime("%m-%d %H:%M:%S").to_string();
        self.raise(Problem {
            kind: AlarmKind::ValueChanged,
            condition: format!("changed:{code}:{}", point.point.factor),
            station: code,
            point: Some(point.id),
            factor: Some(point.point.factor.to_string()),
            value: Some(value.clone()),
            limit: None,
            zh: format!("{}：设备改报了 {stamp} 的{zh}，现为 {value}，原值已保留", station.name_zh),
            en: format!(
                "{}: the device restated {en} of {stamp}, now {value}; the first value is kept",
                station.name_en
            ),
            basis: json!({"key": reading.key, "telegram": reading.telegram}),
            at: reading.arrived,
        });
    }

    fn second(&mut self, s: &SecondConnection) {
        let SecondConnection { station: code, mn, peer, held_by, at } = s;
        let name = self
            .app
            .station(code)
            .map_or_else(|| (code.to_string(), code.to_string()), |s| (s.name_zh.clone(), s.name_en.clone()));
        self.raise(Problem {
            kind: AlarmKind::SecondConnection,
            condition: format!("second:{mn}"),
            station: code,
            point: None,
            factor: None,
            value: None,
            limit: None,
            zh: format!("{}：设备 {mn} 出现第二个连接（{peer}），原连接 {held_by} 仍在线", name.0),
            en: format!("{}: a second connection ({peer}) speaks for device {mn}; {held_by} is still there", name.1),
            basis: json!({"mn": mn, "peer": peer, "held_by": held_by}),
            at: *at,
        });
    }

    /// Devices that have fallen silent.
    fn silence(&mut self) {
        let (now, intervals) = (self.app.clock.now(), self.app.config.alarm.no_data_intervals);
        for device in self.app.devices() {
            let last = device.line().last_data().max(self.data.get(&device.device.mn).copied());
            let condition = format!("no_data:{}", device.device.mn);
            if !silent(last, now, device.device.interval_s, intervals) {
                if self.lasting.contains_key(&condition) {
                    self.ends(&condition, now);
                }
                continue;
            }
            if self.lasting.contains_key(&condition) {
                continue;
            }
            let code = &device.device.station;
            let name = self
                .app
                .station(code)
                .map_or_else(|| (code.to_string(), code.to_string()), |s| (s.name_zh.clone(), s.name_en.clone()));
            let since = last.map(|l| self.app.zone.civil(l).strftime("%m-%d %H:%M:%S").to_string()).unwrap_or_default();
            self.raise(Problem {
                kind: AlarmKind::NoData,
                condition,
                station: code,
                point: None,
                factor: None,
                value: None,
                limit: None,
                zh: format!("{}：自 {since} 起无数据上传", name.0),
                en: format!("{}: no data since {since}", name.1),
                basis: json!({"mn": device.device.mn, "interval_s": device.device.interval_s, "intervals": intervals, "last": last}),
                at: now,
            });
        }
    }

    /// Ends what has no end of its own once it has been calm for long enough.
    fn calm(&mut self) {
        let now = self.app.clock.now();
        let over = |l: &Lasting| match l.kind {
            AlarmKind::Spike => now.ms_since(l.last) > SPIKE_OVER_MS,
            AlarmKind::SecondConnection => now.ms_since(l.last) > SECOND_OVER_MS,
            AlarmKind::ValueChanged => now.ms_since(l.last) > CHANGED_OVER_MS,
            AlarmKind::Exceedance | AlarmKind::NoData => false,
        };
        let ended: Vec<String> = self.lasting.iter().filter(|(_, l)| over(l)).map(|(c, _)| c.clone()).collect();
        for condition in ended {
            self.ends(&condition, now);
        }
    }

    fn raise(&mut self, p: Problem<'_>) {
        if self.before.get(&p.condition).is_some_and(|seen| *seen >= p.at) {
            return;
        }
        // a spike is seen again by every value while its window lasts: one disturbance, counted once
        if p.kind == AlarmKind::Spike && self.lasting.contains_key(&p.condition) {
            return;
        }
        let row = AlarmRow {
            id: AlarmId(uuid::Uuid::now_v7()),
            condition: p.condition.clone(),
            kind: p.kind,
            station: p.station.clone(),
            point: p.point,
            factor: p.factor,
            value: p.value,
            limit_text: p.limit,
            message_zh: p.zh,
            message_en: p.en,
            basis: p.basis.to_string(),
            state: shanshui_domain::act::alarm::AlarmState::Open,
            opened: p.at,
            last: p.at,
            count: 1,
            ended: None,
            acknowledged_by: None,
            acknowledged_at: None,
            case: None,
        };
        self.lasting.insert(p.condition, Lasting { kind: p.kind, last: p.at });
        self.rulings.push(Ruling::Raise(row));
    }

    fn ends(&mut self, condition: &str, at: Instant) {
        // an end that is read again and lies before the newest beginning: it has ended an earlier alarm
        if self.before.get(condition).is_some_and(|seen| *seen > at) || self.lasting.remove(condition).is_none() {
            return;
        }
        self.rulings.push(Ruling::End(condition.to_owned(), at));
    }
}

fn unit_words(point: &PointEntry) -> String {
    if point.point.factor.as_str() == PH { String::new() } else { format!(" {}", point.point.unit) }
}
