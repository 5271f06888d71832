//! Readings arrive, are restated and come late while the mover and the merge are stopped at any point; whatever is read is compared
//! with a model that knows nothing of all this. Used by a test, and by the proof `cargo xtask prove mover` with many more stops.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shanshui_domain::id::{Mn, PointId, TelegramId};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::{Kept, Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind, Zone};
use shanshui_history::{History, HistoryOptions, Length, Stops, Tally};
use shanshui_store::{Arrival, CurveBound, MoverOptions, ReadingRow, Store, StoreOptions, Sync, TelegramIn};

const MINUTE: i64 = 60_000_000;
const STEP: i64 = 10 * MINUTE;
/// 2026-02-20T00:00:00Z: the end of a month comes soon.
const START: i64 = 1_771_545_600_000_000;
const POINTS: [i64; 6] = [1, 2, 1_025, 1_026, 2_049, 2_050];
const KIND: PeriodKind = PeriodKind::Real;
const ALWAYS: (Instant, Instant) = (Instant(i64::MIN), Instant(i64::MAX));
/// Rows older than so long move.
const HOT: i64 = 86_400_000_000;

/// What was found wrong.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    pub lost: u64,
    pub doubled: u64,
    pub wrong: u64,
}

/// xorshift: the same seed makes the same run.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) % n.max(1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Where the work ends: at the so many-th time it comes to a step, or to any.
#[derive(Clone, Default)]
pub struct Countdown(Arc<Counted>);

#[derive(Default)]
struct Counted {
    left: AtomicI64,
    reached: AtomicBool,
    tell: tokio::sync::Notify,
    /// The work that can be ended in this process. What it leaves to other tasks cannot be dropped with it and goes on; that is ended
    /// where a process is.
    work: Mutex<Option<tokio::task::Id>>,
    /// The step that is counted; none: all.
    step: Mutex<Option<String>>,
    /// How often the work was ended at each step that it has ever come to.
    steps: Mutex<BTreeMap<String, u64>>,
}

impl Countdown {
    fn set(&self, step: Option<String>, places: i64) {
        *self.0.step.lock().expect("no panic") = step;
        self.0.left.store(places, Ordering::Release);
    }

    /// `abort`: ends the process where it stands, and says where that was.
    pub fn stops(&self, abort: bool) -> Stops {
        let counted = Arc::clone(&self.0);
        Stops::by(move |place| {
            if !abort && tokio::task::try_id() != *counted.work.lock().expect("no panic") {
                return false;
            }
            let mut steps = counted.steps.lock().expect("no panic");
            let times = steps.entry(place.to_owned()).or_default();
            if counted.step.lock().expect("no panic").as_deref().is_some_and(|step| step != place) {
                return false;
            }
            let here = counted.left.fetch_sub(1, Ordering::AcqRel) == 1;
            if here {
                *times += 1;
            }
            if here && abort {
                println!("{place}");
                std::process::abort();
            }
            if here {
                counted.reached.store(true, Ordering::Release);
                counted.tell.notify_one();
            }
            here
        })
    }
}

/// Where a history lies, and how it is spoken to.
#[derive(Clone)]
pub struct Place {
    pub location: String,
    pub options: HistoryOptions,
}

impl Place {
    /// Beside the store.
    pub fn beside(folder: &Path) -> Self {
        let location = folder.join("history").to_str().expect("text").to_owned();
        Self { location, options: HistoryOptions::default() }
    }
}

/// Opens a store with its history, as a program does at its start.
pub async fn open(folder: &Path, place: &Place, stops: Stops) -> Store {
    let options = StoreOptions { sync: Sync::Off, ..StoreOptions::default() };
    let store = Store::open(&folder.join("shanshui.db"), options).await.expect("a store");
    let options = HistoryOptions { stops, ..place.options.clone() };
    let history = History::open(&place.location, options).await.expect("a history");
    store.with_history(history)
}

/// Small segments, so that there is much to be stopped at.
pub const SMALL: MoverOptions = MoverOptions { readings: 400, telegrams: 60, chunk: 40 };

/// What a process does that is ended where it stands: moves and merges until `places` are passed.
#[allow(dead_code, reason = "the test has no program to start")]
pub async fn child(folder: &Path, before: Instant, step: Option<String>, places: i64) {
    let countdown = Countdown::default();
    countdown.set(step, places);
    let store = open(folder, &Place::beside(folder), countdown.stops(true)).await;
    store.move_before(before, SMALL).await.expect("moved");
    let history = store.history().expect("a history");
    for month in history.scattered_months() {
        history.compact(&month).await.expect("merged");
    }
    store.close().await;
}

pub struct Drive {
    folder: PathBuf,
    place: Place,
    dice: Dice,
    store: Store,
    countdown: Countdown,
    now: i64,
    said: BTreeMap<ReadingKey, Vec<ReadingRow>>,
    telegrams: Vec<TelegramIn>,
    pub found: Faults,
    pub stopped: u64,
    /// Of these: processes.
    pub killed: u64,
    /// What is waited for, for whoever finds that nothing goes on.
    pub doing: Arc<Mutex<(&'static str, u64)>>,
}

impl Drive {
    #[allow(dead_code, reason = "not every place is beside the store")]
    pub async fn begin(folder: &Path, seed: u64) -> Self {
        Self::begin_at(folder, Place::beside(folder), seed).await
    }

    pub async fn begin_at(folder: &Path, place: Place, seed: u64) -> Self {
        let countdown = Countdown::default();
        let store = open(folder, &place, countdown.stops(false)).await;
        Self {
            folder: folder.to_owned(),
            place,
            dice: Dice(seed | 1),
            store,
            countdown,
            now: START,
            said: BTreeMap::new(),
            telegrams: Vec::new(),
            found: Faults::default(),
            stopped: 0,
            killed: 0,
            doing: Arc::default(),
        }
    }

    fn now_doing(&self, what: &'static str) {
        let mut doing = self.doing.lock().expect("no panic");
        *doing = (what, doing.1 + 1);
    }

    fn text(&mut self) -> (Option<String>, String) {
        let value = match self.dice.below(40) {
            0 => None,
            1 => Some("-0".into()),
            2 => Some("007".into()),
            3 => Some("99.50".into()),
            n => Some(format!("{}.{:02}", 7 + n % 2, self.dice.below(100))),
        };
        let mark = if self.dice.one_in(30) { "D" } else { "N" };
        (value, mark.into())
    }

    fn reading(&mut self, point: i64, at: i64) -> Reading {
        let (value, mark) = self.text();
        Reading {
            key: ReadingKey { point: PointId(point), kind: KIND, at: Instant(at) },
            value,
            extra: if self.dice.one_in(20) { "Cou=1".into() } else { String::new() },
            mark,
            arrived: Instant(self.now + self.dice.below(5_000_000) as i64),
            late: at < self.now - 3 * STEP,
            telegram: None,
        }
    }

    /// A telegram with what a station sends now, or with something for a time long past: said again, restated, or never said.
    async fn arrive(&mut self) {
        let block = self.dice.below(3) as usize * 2;
        let past = self.dice.one_in(3) && !self.said.is_empty();
        let at = if past {
            START + self.dice.below(((self.now - START) / STEP).max(1) as u64) as i64 * STEP
        } else {
            self.now += STEP;
            self.now / STEP * STEP
        };
        let mut readings: Vec<Reading> = POINTS[block..block + 2].iter().map(|p| self.reading(*p, at)).collect();
        if past && self.dice.one_in(2) {
            for r in &mut readings {
                if let Some(last) = self.said.get(&r.key).and_then(|v| v.last()) {
                    (r.value, r.extra, r.mark) = (last.value.clone(), last.extra.clone(), last.mark.clone());
                }
            }
        }
        let telegram = TelegramIn {
            arrived: readings[0].arrived,
            peer: "192.0.2.7:40000".into(),
            mn: Some(Mn::from("QZ0001")),
            cn: Some("2011".into()),
            qn: Some(at.to_string()),
            raw: format!("##{at};{:?}", readings[0].value).into_bytes(),
            problems: "[]".into(),
            quarantine: None,
        };
        let mut sent = vec![Arrival { telegram: telegram.clone(), readings: readings.clone() }];
        if self.dice.one_in(12) {
            let reason = if self.dice.one_in(2) { "damaged" } else { "unknown_device" };
            let mn = self.dice.one_in(2).then(|| Mn::from("QZ0009"));
            let strange = TelegramIn { mn, quarantine: Some(reason.into()), ..telegram.clone() };
            sent.push(Arrival { telegram: strange, readings: Vec::new() });
        }
        self.now_doing("an arrival");
        let receipt = self.store.arrive(sent.clone()).await.expect("kept").remove(0);
        self.telegrams.extend(sent.into_iter().map(|a| a.telegram));
        let newest = self.telegrams.iter().rposition(|t| t.quarantine.is_none()).map_or(0, |n| n as i64 + 1);
        self.expect(receipt.telegram == TelegramId(newest), "the telegram's number");
        for (r, kept) in readings.into_iter().zip(receipt.kept) {
            let versions = self.said.entry(r.key).or_default();
            let same = versions.last().is_some_and(|l| (&l.value, &l.extra, &l.mark) == (&r.value, &r.extra, &r.mark));
            let expected = match versions.len() as i64 {
                0 => Kept::New,
                _ if same => Kept::Repeat,
                n => Kept::Version(n + 1),
            };
            if expected != Kept::Repeat {
                versions.push(ReadingRow {
                    at: r.key.at,
                    number: r.number(),
                    value: r.value,
                    extra: r.extra,
                    mark: r.mark,
                    versions: versions.len() as i64 + 1,
                    late: r.late,
                    arrived: r.arrived,
                    telegram: Some(receipt.telegram),
                });
            }
            self.expect(kept == expected, &format!("{:?}: {kept:?}, not {expected:?}", r.key));
        }
    }

    fn expect(&mut self, holds: bool, what: &str) {
        if !holds {
            self.found.wrong += 1;
            eprintln!("wrong: {what}");
        }
    }

    /// One of the steps known so far, each as often as the others, or any after many.
    fn next_stop(&mut self) -> (Option<String>, i64) {
        let known: Vec<String> = self.steps().into_keys().collect();
        if known.is_empty() || self.dice.one_in(8) {
            return (None, self.dice.below(1_000) as i64 + 1);
        }
        let step = known[self.dice.below(known.len() as u64) as usize].clone();
        (Some(step), self.dice.below(4) as i64 + 1)
    }

    /// Every step that the work has come to, and how often it was ended there.
    pub fn steps(&self) -> BTreeMap<String, u64> {
        self.countdown.0.steps.lock().expect("no panic").clone()
    }

    /// Moves, merges or sweeps until it is over or stopped; arrivals go on meanwhile. True when it was stopped.
    pub async fn stop_once(&mut self) -> bool {
        for _ in 0..self.dice.below(40) + 10 {
            self.arrive().await;
        }
        let (step, places) = self.next_stop();
        self.countdown.set(step, places);
        let (store, before, what) = (self.store.clone(), Instant(self.now - HOT), self.dice.below(8));
        let counted = Arc::clone(&self.countdown.0);
        let work = tokio::spawn(async move {
            *counted.work.lock().expect("no panic") = tokio::task::try_id();
            store.move_before(before, SMALL).await.expect("moved");
            let history = store.history().expect("a history");
            if what < 3 {
                for month in history.scattered_months() {
                    history.compact(&month).await.expect("merged");
                }
            }
            if what == 0 {
                history.vacuum(Duration::ZERO).await.expect("swept");
            }
        });
        // whoever reads may wait for what the stopped work holds: it is ended at once
        let (counted, end) = (Arc::clone(&self.countdown.0), work.abort_handle());
        let watch = tokio::spawn(async move {
            counted.tell.notified().await;
            end.abort();
        });
        let stopped = loop {
            if self.countdown.0.reached.swap(false, Ordering::AcqRel) {
                break true;
            }
            if work.is_finished() {
                break false;
            }
            if self.dice.one_in(2) { self.arrive().await } else { self.read_some().await }
        };
        self.countdown.set(None, i64::MAX);
        if stopped {
            work.abort();
        }
        watch.abort();
        self.now_doing("the end of the work that was given up");
        match work.await {
            Ok(()) => {}
            Err(error) => assert!(error.is_cancelled(), "{error}"),
        }
        if stopped {
            self.stopped += 1;
        }
        if self.dice.one_in(5) {
            self.now_doing("closing");
            self.store.close().await;
            self.now_doing("opening");
            self.store = open(&self.folder, &self.place, self.countdown.stops(false)).await;
        }
        self.now_doing("the next round");
        stopped
    }

    /// As [`Self::stop_once`], in another process that is ended where it stands.
    #[allow(dead_code, reason = "the test has no program to start")]
    pub async fn kill_once(&mut self, program: &Path) {
        for _ in 0..self.dice.below(40) + 10 {
            self.arrive().await;
        }
        self.now_doing("closing for a process");
        self.store.close().await;
        self.now_doing("a process");
        let (step, places) = self.next_stop();
        let ended = std::process::Command::new(program)
            .args([
                "--child".into(),
                self.folder.display().to_string(),
                (self.now - HOT).to_string(),
                step.unwrap_or_default(),
                places.to_string(),
            ])
            .stderr(std::process::Stdio::null())
            .output()
            .expect("a child");
        if !ended.status.success() {
            self.stopped += 1;
            self.killed += 1;
            let place = String::from_utf8_lossy(&ended.stdout).trim().to_owned();
            self.expect(!place.is_empty(), &format!("a child ended by itself: {}", ended.status));
            *self.countdown.0.steps.lock().expect("no panic").entry(place).or_default() += 1;
        }
        self.now_doing("opening after a process");
        self.store = open(&self.folder, &self.place, self.countdown.stops(false)).await;
        self.now_doing("the next round");
    }

    /// Something small, while rows move.
    async fn read_some(&mut self) {
        let point = PointId(POINTS[self.dice.below(6) as usize]);
        let from = START + self.dice.below(((self.now - START) / STEP).max(1) as u64) as i64 * STEP;
        let span = (Instant(from), Instant(from + 100 * STEP));
        self.now_doing("a curve");
        let rows = self.store.range((point, KIND), span, 10_000).await.expect("a curve");
        let expected = self.newest(point, span);
        self.same(&rows, &expected, "a stretch");
    }

    fn newest(&self, point: PointId, (from, to): (Instant, Instant)) -> Vec<ReadingRow> {
        let of = |at: Instant| ReadingKey { point, kind: KIND, at };
        self.said.range(of(from)..of(to)).filter_map(|(_, versions)| versions.last().cloned()).collect()
    }

    fn same(&mut self, rows: &[ReadingRow], expected: &[ReadingRow], what: &str) {
        if rows == expected {
            return;
        }
        let mut stamps: Vec<Instant> = rows.iter().map(|r| r.at).collect();
        stamps.dedup();
        self.found.doubled += (rows.len() - stamps.len()) as u64;
        self.found.lost += expected.iter().filter(|r| !stamps.contains(&r.at)).count() as u64;
        self.found.wrong += rows.iter().filter(|r| !expected.contains(r)).count() as u64;
        eprintln!("{what}: {} rows, not {}", rows.len(), expected.len());
    }

    /// Compares everything that can be read with the model.
    pub async fn compare(&mut self, whole: bool) {
        self.now_doing("comparing");
        for point in POINTS.map(PointId) {
            let expected = self.newest(point, ALWAYS);
            let rows = self.store.range((point, KIND), ALWAYS, usize::MAX >> 1).await.expect("a curve");
            self.same(&rows, &expected, "a curve");
            let bounds = [CurveBound::AtMost(50.0)];
            let span = (Instant(START), Instant(self.now + STEP));
            let few =
                self.store.range_sampled(&Caller::machine(), (point, KIND), span, 20, &bounds).await.expect("a curve");
            let kept = |r: &ReadingRow| r.mark != "N" || r.late || r.versions > 1 || r.number.is_none_or(|n| n > 50.0);
            let hidden = expected.iter().filter(|r| kept(r) && !few.rows.contains(r)).count();
            let invented = few.rows.iter().filter(|r| !expected.contains(r)).count();
            let numbers = |rows: &[ReadingRow]| {
                let plain = rows.iter().filter(|r| r.mark == "N").filter_map(|r| r.number);
                plain.fold((f64::MAX, f64::MIN), |(l, h), n| (l.min(n), h.max(n)))
            };
            self.expect(
                hidden == 0 && invented == 0 && numbers(&few.rows) == numbers(&expected),
                &format!("a sampled curve hides {hidden}, invents {invented}"),
            );
            let mut tally = Tally::new(Length::Month, Zone::china());
            for r in &expected {
                tally.see(r.at, r.number, r.mark != "N");
            }
            let of = (Length::Month, &Zone::china());
            let found = self.store.statistics(&Caller::machine(), &[point], KIND, ALWAYS, of).await.expect("figures");
            let found: Vec<_> = found.rows.into_iter().map(|(_, s)| s).collect();
            self.expect(found == tally.finish(), "statistics");
        }
        for _ in 0..30 {
            let n = self.dice.below(self.said.len() as u64) as usize;
            let Some((key, versions)) = self.said.iter().nth(n).map(|(k, v)| (*k, v.clone())) else { continue };
            let found = self.store.versions(key).await.expect("versions");
            self.expect(found == versions, &format!("versions of {key:?}: {} not {}", found.len(), versions.len()));
            let id = self.dice.below(self.telegrams.len() as u64);
            let found = self.store.telegram(&Caller::machine(), TelegramId(id as i64 + 1)).await;
            let expected = self.telegrams[id as usize].clone();
            self.expect(found.is_ok_and(|t| t.telegram == expected), "a telegram");
        }
        let (mut after, mut all) = (TelegramId(0), Vec::new());
        loop {
            let page = self.store.telegrams_after(after, 250).await.expect("a page");
            let Some(last) = page.last() else { break };
            after = last.id;
            all.extend(page.into_iter().map(|t| t.telegram));
        }
        let (found, expected) = (all.len(), self.telegrams.len());
        self.found.lost += expected.saturating_sub(found) as u64;
        self.expect(all == self.telegrams, &format!("{found} telegrams, not {expected}"));
        let mut strange = BTreeMap::<_, (i64, Instant, i64)>::new();
        for (t, id) in self.telegrams.iter().zip(1..) {
            if let Some(reason) = &t.quarantine {
                let of_it = strange.entry((reason.clone(), t.mn.clone())).or_insert((0, t.arrived, id));
                *of_it = (of_it.0 + 1, of_it.1.max(t.arrived), id);
            }
        }
        let found = self.store.quarantine_summary(&Caller::machine()).await.expect("a summary").into_iter();
        let found = found.map(|q| ((q.reason, q.mn), (q.count, q.last, q.telegram.0))).collect();
        self.expect(strange == found, "what lies in quarantine");
        if whole {
            let findings = self.store.check().await.expect("looked at");
            for f in findings.iter().filter(|f| !f.ok) {
                let what = format!("check: {} {}", f.what, f.detail);
                self.expect(false, &what);
            }
        }
    }

    /// How many statements of readings lie hot, how many there are, how many telegrams.
    pub async fn sizes(&self) -> (u64, u64, u64) {
        let hot = self.store.count_hot().await.expect("a count");
        (hot as u64, self.said.values().map(|v| v.len() as u64).sum(), self.telegrams.len() as u64)
    }

    pub async fn end(self) -> Faults {
        self.store.close().await;
        self.found
    }
}
