//! Loudspeakers (喊话): one task for each station decides when something is said (`shanshui_voice::plan`), says it, and notes what
//! came of it. The sound is made once and kept in memory as long as its text stays.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shanshui_domain::id::{PersonId, StationCode};
use shanshui_domain::place::Secret;
use shanshui_domain::right::Caller;
use shanshui_domain::sense::eye::Spoken;
use shanshui_domain::sense::eye::event::{Step, What};
use shanshui_domain::time::Instant;
use shanshui_store::{SpokenRow, StoreError, VoiceRow};
use shanshui_voice::live::{Microphone, Piece};
use shanshui_voice::plan::{Act, Now, Rules, Seen, Speaker, Why};
use shanshui_voice::play::Stop;
use shanshui_voice::speech::{Speech, Tongue};
use shanshui_voice::{Doors, Driver, Outcome, Report, Sound, Verdict, live, play, speech, talk};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::plan::minute;
use crate::app::{App, EyeSaid, Live};
use crate::outbound::OutboundError;

/// What is said where nobody has said anything else.
pub const TEXT_ZH: &str = "你已进入{city}地表水水质自动监测站监测采样区，请尽快离开。";
/// The same in English.
pub const TEXT_EN: &str =
    "You have entered the sampling area of an automatic water quality station of {city}. Please leave now.";
/// Characters of a text, at most.
pub const TEXT_MAX: usize = 300;
/// What a task is told that it has not taken yet, at most.
const TOLD_MAX: usize = 64;

/// The way to a station's loudspeaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// There is none.
    None,
    /// The browsers of those on duty play it.
    Browser,
    /// A call of HTTP.
    Http,
    /// RTP.
    Rtp,
    /// A SIP call.
    Sip,
}

/// A station's loudspeaker, without what opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Text in Chinese.
    pub text_zh: String,
    /// Text in English.
    pub text_en: String,
    /// In which languages it is said, in this order: `zh`, `en`.
    pub languages: Vec<String>,
    /// Words a minute.
    pub speed: u16,
    /// When, and how often.
    pub rules: Rules,
    /// By which way.
    pub way: Way,
    /// Where to, as people may see it.
    pub address: String,
}

impl Default for Body {
    fn default() -> Self {
        Self {
            text_zh: TEXT_ZH.into(),
            text_en: TEXT_EN.into(),
            languages: vec!["zh".into()],
            speed: 150,
            rules: Rules::default(),
            way: Way::Browser,
            address: String::new(),
        }
    }
}

/// A loudspeaker with what opens it.
#[derive(Debug, Clone)]
pub struct Voice {
    /// Version; 0 when nobody has said anything of one.
    pub version: i64,
    /// What may be shown.
    pub body: Body,
    /// How it is called; none for the browser.
    pub driver: Option<Driver>,
    /// The driver as it was written down, for the next version.
    pub secret: Secret,
    /// A recording instead of the text.
    pub sound: Option<String>,
}

/// The loudspeaker of a station.
///
/// # Errors
/// When it is not the caller's to see, or what is kept cannot be read.
pub async fn of(app: &App, caller: &Caller, station: &StationCode) -> Result<Voice, StoreError> {
    let none =
        || Voice { version: 0, body: Body::default(), driver: None, secret: Secret::new(String::new()), sound: None };
    let row: Option<VoiceRow> = app.store.voice(caller, station).await?;
    let Some(row) = row else { return Ok(none()) };
    let body = serde_json::from_str(&row.body).map_err(|e| StoreError::Corrupt(format!("a loudspeaker: {e}")))?;
    let driver = match row.secret.expose() {
        "" => None,
        text => Some(serde_json::from_str(text).map_err(|_| StoreError::Corrupt("the way to a loudspeaker".into()))?),
    };
    Ok(Voice { version: row.version, body, driver, secret: row.secret, sound: row.sound })
}

/// The sound that a loudspeaker would play, and what made it: `file`, `speech`, `tone`.
///
/// # Errors
/// When the recording cannot be read.
pub async fn sound(app: &App, station: &StationCode, voice: &Voice) -> Result<(Arc<Sound>, &'static str), String> {
    if let Some(id) = &voice.sound {
        let row = app.store.sound(id).await.map_err(|e| e.to_string())?;
        return Ok((Arc::new(Sound::from_wav(&row.bytes).map_err(|e| e.zh())?), "file"));
    }
    let speeches = speeches(app, station, &voice.body);
    let key = speech::key(&speeches);
    if let Some(made) = app.eye.voices.made(&key) {
        return Ok((made, "speech"));
    }
    match speech::sound(&speeches, Path::new(&app.config.eye.speech_program)).await {
        Ok(sound) => {
            let sound = Arc::new(sound);
            app.eye.voices.keep(key, &sound);
            Ok((sound, "speech"))
        }
        Err(error) => {
            tracing::warn!(error = error.zh(), "the sentence cannot be spoken; a tone is played");
            Ok((Arc::new(tone()), "tone"))
        }
    }
}

fn speeches(app: &App, station: &StationCode, body: &Body) -> Vec<Speech> {
    let city = app.city();
    let at = app.station(station);
    let one = |language: &String| {
        let (template, tongue, city, station) = match language.as_str() {
            "en" => (&body.text_en, Tongue::En, &city.city.name_en, at.as_ref().map(|s| &s.name_en)),
            _ => (&body.text_zh, Tongue::Zh, &city.city.name_zh, at.as_ref().map(|s| &s.name_zh)),
        };
        let text = speech::fill(template, city, station.map_or("", String::as_str));
        Speech { text, tongue, speed: body.speed }
    };
    body.languages.iter().map(one).collect()
}

/// Three tones that rise and fall: where no voice can be made, something is heard all the same.
fn tone() -> Sound {
    const RATE: f64 = 8_000.0;
    let one = |i: usize| {
        let t = i as f64 / RATE;
        let pitch = 700.0 + 300.0 * (t * 2.0 * std::f64::consts::PI).sin();
        let on = (t % 1.0) < 0.7;
        if on { ((t * pitch * 2.0 * std::f64::consts::PI).sin() * 12_000.0) as i16 } else { 0 }
    };
    Sound::of((0..(3.0 * RATE) as usize).map(one).collect())
}

/// A sentence being said: it can be ended, and says for how long its loudspeaker is busy.
#[derive(Debug, Default)]
pub struct Speaking {
    stop: Stop,
    busy_ms: AtomicI64,
}

impl Speaking {
    /// From its beginning on, milliseconds; 0 while that is not known, and once the loudspeaker is free.
    fn busy_ms(&self) -> i64 {
        self.busy_ms.load(Ordering::Relaxed)
    }

    fn is_busy_for(&self, ms: i64) {
        self.busy_ms.store(ms, Ordering::Relaxed);
    }
}

/// What the task of a station is told.
#[derive(Debug)]
enum Told {
    Entered {
        event: String,
        approved: bool,
        entered: Instant,
    },
    Left {
        event: String,
    },
    Talk(bool),
    /// A sentence has gone out.
    Said,
}

/// Loudspeakers of this node.
#[derive(Debug, Default)]
pub struct Voices {
    tasks: Mutex<HashMap<StationCode, mpsc::Sender<Told>>>,
    sounds: Mutex<HashMap<String, Arc<Sound>>>,
    talks: Mutex<HashMap<String, (PersonId, StationCode, Microphone)>>,
    /// Calls that failed, and why: their further pieces begin no other.
    failed: Mutex<VecDeque<(String, String)>>,
}

/// Sounds kept in memory, at most.
const SOUNDS_MAX: usize = 200;
/// People who talk at once, at most.
const TALKS_MAX: usize = 16;
/// Failed calls that are remembered.
const FAILED_MAX: usize = 64;

impl Voices {
    fn made(&self, key: &str) -> Option<Arc<Sound>> {
        self.sounds.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: String, sound: &Arc<Sound>) {
        let mut all = self.sounds.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SOUNDS_MAX {
            all.clear();
        }
        all.insert(key, Arc::clone(sound));
    }

    fn say(&self, app: &App, station: &StationCode, told: Told) {
        if app.shutdown.is_cancelled() {
            return;
        }
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let tell = tasks.entry(station.clone()).or_insert_with(|| {
            let (tell, told) = mpsc::channel(TOLD_MAX);
            app.tasks.spawn(run(app.clone(), station.clone(), told));
            tell
        });
        if let Err(error) = tell.try_send(told) {
            tracing::error!(%error, station = station.as_str(), "a loudspeaker's task does not listen");
        }
    }

    /// Somebody has entered.
    pub(super) fn entered(&self, app: &App, station: &StationCode, event: &str, approved: bool, entered: Instant) {
        self.say(app, station, Told::Entered { event: event.to_owned(), approved, entered });
    }

    /// Somebody has left.
    pub(super) fn left(&self, app: &App, station: &StationCode, event: &str) {
        if app.shutdown.is_cancelled() {
            return;
        }
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tell) = tasks.get(station)
            && let Err(error) = tell.try_send(Told::Left { event: event.to_owned() })
        {
            tracing::error!(%error, station = station.as_str(), "a loudspeaker's task does not listen");
        }
    }

    /// A piece of somebody's voice; begins to talk with the first.
    ///
    /// # Errors
    /// When the loudspeaker cannot carry a voice, too many talk, or the pieces come too fast.
    pub async fn talk(
        &self,
        app: &App,
        who: (&Caller, PersonId),
        station: &StationCode,
        id: &str,
        pcm: &[u8],
    ) -> Result<(), String> {
        let piece = Piece::of_pcm_bytes(pcm);
        let known = {
            let talks = self.talks.lock().unwrap_or_else(PoisonError::into_inner);
            talks.get(id).map(|(person, at, into)| (*person == who.1 && at == station).then(|| into.clone()))
        };
        if let Some(into) = known {
            let into = into.ok_or("not your call")?;
            return into.push(piece).map_err(|e| e.to_string());
        }
        let why = {
            let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.iter().find(|(call, _)| call == id).map(|(_, why)| why.clone())
        };
        if let Some(why) = why {
            return Err(why);
        }
        let voice = of(app, who.0, station).await.map_err(|e| e.to_string())?;
        let driver = voice.driver.filter(Driver::can_talk).ok_or("该喇叭接入方式不支持喊话")?;
        let (into, mut pieces) = live::channel();
        into.push(piece).map_err(|e| e.to_string())?;
        {
            let mut talks = self.talks.lock().unwrap_or_else(PoisonError::into_inner);
            if talks.len() >= TALKS_MAX {
                return Err("too many talk at once".into());
            }
            talks.insert(id.to_owned(), (who.1, station.clone(), into));
        }
        self.say(app, station, Told::Talk(true));
        let (app_there, station, id, caller) = (app.clone(), station.clone(), id.to_owned(), who.0.clone());
        app.tasks.spawn(async move {
            let mut report = Report::default();
            let allow = |address| app_there.outbound.allows(address);
            let client = reqwest::Client::new();
            let stop = Stop::default();
            let doors = Doors { allow: &allow, http: &client, values: &[], stop: &stop };
            let outcome = talk(&driver, &mut pieces, &doors, &mut report).await;
            if let Verdict::Failed(fault) = &outcome.verdict {
                app_there.eye.voices.call_failed(&id, fault.zh());
            }
            app_there.eye.voices.end_talk(&id);
            app_there.eye.voices.say(&app_there, &station, Told::Talk(false));
            noted(&app_there, &caller, &station, None, &outcome, "talk").await;
        });
        Ok(())
    }

    fn call_failed(&self, id: &str, why: String) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= FAILED_MAX {
            failed.pop_front();
        }
        failed.push_back((id.to_owned(), why));
    }

    /// Somebody stops talking; nobody ends the call of another.
    pub fn hang_up(&self, id: &str, who: PersonId) {
        let mut talks = self.talks.lock().unwrap_or_else(PoisonError::into_inner);
        if talks.get(id).is_some_and(|(person, ..)| *person == who) {
            talks.remove(id);
        }
    }

    fn end_talk(&self, id: &str) {
        self.talks.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// The task of one station's loudspeaker.
async fn run(app: App, station: StationCode, mut told: mpsc::Receiver<Told>) {
    let mut speaker = Speaker::new(Rules::default());
    let mut stays: HashMap<u64, (String, Instant)> = HashMap::new();
    let mut next = 0_u64;
    let mut speaking = Arc::new(Speaking::default());
    loop {
        let now = moment(&app);
        speaker.lasting(speaking.busy_ms());
        let wait = speaker.wake(now).map(|at| Duration::from_millis((at - now.at_ms).max(1) as u64));
        let heard = tokio::select! {
            () = app.shutdown.cancelled() => return,
            heard = told.recv() => match heard {
                Some(heard) => Some(heard),
                None => return,
            },
            () = async { match wait { Some(wait) => tokio::time::sleep(wait).await, None => std::future::pending().await } } => None,
        };
        let seen = match heard {
            Some(Told::Entered { event, approved, entered }) => {
                if stays.is_empty()
                    && let Ok(voice) = of(&app, &Caller::machine(), &station).await
                {
                    speaker.rule(voice.body.rules);
                }
                next += 1;
                stays.insert(next, (event, entered));
                Seen::Entered { stay: next, approved }
            }
            Some(Told::Left { event }) => {
                let Some(stay) = stays.iter().find(|(_, (id, _))| *id == event).map(|(stay, _)| *stay) else {
                    continue;
                };
                stays.remove(&stay);
                Seen::Left { stay }
            }
            Some(Told::Talk(true)) => Seen::TalkBegun,
            Some(Told::Talk(false)) => Seen::TalkEnded,
            Some(Told::Said) | None => Seen::Tick,
        };
        // known by now, if it was not when the waiting began
        speaker.lasting(speaking.busy_ms());
        for act in speaker.on(seen, moment(&app)) {
            match act {
                Act::Speak { stay, .. } => {
                    if let Some((event, entered)) = stays.get(&stay).cloned() {
                        let (app, station) = (app.clone(), station.clone());
                        speaking = Arc::default();
                        let speaking = Arc::clone(&speaking);
                        let tasks = app.tasks.clone();
                        tasks.spawn(async move { speak(&app, &station, &event, entered, &speaking).await });
                    }
                }
                Act::Hush => speaking.stop.stop(),
                Act::Withheld { stay, why } => {
                    if let Some((event, _)) = stays.get(&stay) {
                        let detail = match why {
                            Why::Approved => "approved",
                            Why::QuietHours => "quiet_hours",
                            Why::CoolDown => "cool_down",
                            Why::Talking => "talking",
                        };
                        silent(&app, event, detail).await;
                    }
                }
                Act::CallPerson { stay } => {
                    if let Some((event, _)) = stays.get(&stay) {
                        tell(&app, &station, Some(event), "call");
                    }
                }
            }
        }
    }
}

fn moment(app: &App) -> Now {
    let now = app.clock.now();
    Now { at_ms: now.0 / 1_000, minute: minute(&app.zone, now) }
}

async fn silent(app: &App, event: &str, why: &str) {
    let what = What::Spoke { result: Spoken::Silent, first_byte_ms: None, detail: why.to_owned() };
    follow(app, event, what).await;
}

/// A step about speaking may come before the event's first step is written, and the store may be away for a while: it is tried again
/// for minutes. Whoever is to be spoken to next waits for the first tries only.
async fn follow(app: &App, event: &str, what: What) {
    const SOON: Duration = Duration::from_millis(100);
    const LATER: Duration = Duration::from_secs(5);
    const LASTS: Duration = Duration::from_mins(15);
    /// Fails only where it may go better another time.
    async fn tried(app: &App, event: &str, step: &Step) -> Result<(), StoreError> {
        match app.store.eye_step(event, step.clone(), app.config.eye.margin_ms()).await {
            Err(error @ StoreError::Eye(_)) => {
                tracing::error!(%error, event, "what was said is not noted");
                Ok(())
            }
            other => other.map(drop),
        }
    }
    let step = Step { at: app.clock.now(), by: None, what };
    for _ in 0..10 {
        if tried(app, event, &step).await.is_ok() {
            return;
        }
        tokio::time::sleep(SOON).await;
    }
    let (app, event, tasks) = (app.clone(), event.to_owned(), app.tasks.clone());
    tasks.spawn(async move {
        let until = tokio::time::Instant::now() + LASTS;
        loop {
            let last = app.shutdown.is_cancelled() || tokio::time::Instant::now() >= until;
            let Err(error) = tried(&app, &event, &step).await else { return };
            if last {
                tracing::error!(%error, event, "what was said is not noted");
                return;
            }
            tokio::select! {
                () = app.shutdown.cancelled() => {}
                () = tokio::time::sleep(LATER) => {}
            }
        }
    });
}

async fn speak(app: &App, station: &StationCode, event: &str, entered: Instant, speaking: &Speaking) {
    let began = app.clock.now();
    let outcome = said(app, &Caller::machine(), station, Some(event), speaking).await;
    app.eye.voices.say(app, station, Told::Said);
    let (result, detail, ms) = match outcome {
        Ok((result, detail, first)) => (result, detail, first.map(|ms| began.ms_since(entered).max(0) + ms)),
        Err(why) => (Spoken::Failed, why, None),
    };
    let what = What::Spoke { result, first_byte_ms: ms, detail };
    follow(app, event, what).await;
    tell(app, station, Some(event), "voice");
}

/// Tells whoever looks that something is to be said there, or was.
fn tell(app: &App, station: &StationCode, event: Option<&str>, what: &str) {
    let said = EyeSaid::new("", station, what);
    app.tell(Live::Eye(EyeSaid { event: event.map(str::to_owned), ..said }));
}

/// Says the sentence once; gives what came of it, in which words, and the milliseconds to the first byte of sound.
///
/// # Errors
/// When there is nothing to say it with.
pub async fn said(
    app: &App,
    caller: &Caller,
    station: &StationCode,
    event: Option<&str>,
    speaking: &Speaking,
) -> Result<(Spoken, String, Option<i64>), String> {
    let voice = of(app, caller, station).await.map_err(|e| e.to_string())?;
    let (driver, way) = match (voice.body.way, &voice.driver) {
        (Way::None, _) => return Ok((Spoken::Silent, "none".into(), None)),
        (Way::Browser, _) => {
            tell(app, station, event, "play");
            note(app, caller, station, event, (Spoken::Sent, "browser".into(), None)).await;
            return Ok((Spoken::Sent, "browser".into(), None));
        }
        (way, Some(driver)) => (driver, way),
        (_, None) => return Err("该站未设置喇叭地址".into()),
    };
    let (sound, from) = sound(app, station, &voice).await?;
    let client = match driver {
        Driver::Http(http) => app.outbound.client(http.url.expose()).await.map_err(|e| unreachable_words(&e))?,
        _ => reqwest::Client::new(),
    };
    let allow = |address| app.outbound.allows(address);
    let city = app.city();
    let values = [("station", station.as_str()), ("city", city.city.name_zh.as_str()), ("event", event.unwrap_or(""))];
    let doors = Doors { allow: &allow, http: &client, values: &values, stop: &speaking.stop };
    let mut report = Report::default();
    speaking.is_busy_for(driver.busy_ms((sound.seconds() * 1_000.0) as i64));
    let outcome = play(driver, &sound, &doors, &mut report).await;
    // what has gone by HTTP is still being played
    if matches!(outcome.verdict, Verdict::Failed(_)) || !matches!(driver, Driver::Http(_)) {
        speaking.is_busy_for(0);
    }
    let way = serde_json::to_value(way).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    Ok(noted(app, caller, station, event, &outcome, &format!("{way}/{from}")).await)
}

/// Why a loudspeaker is not called. The error itself names the address, which may hold what opens it.
fn unreachable_words(error: &OutboundError) -> String {
    let words = match error {
        OutboundError::Refused(..) => "喇叭地址不在允许访问的范围内，请系统管理员列入 outbound.allow",
        OutboundError::Unknown(..) => "喇叭地址无法解析",
        OutboundError::TooLong(_) | OutboundError::Failed(_) | OutboundError::Answer(_) => "喇叭无法连接",
    };
    words.into()
}

async fn noted(
    app: &App,
    caller: &Caller,
    station: &StationCode,
    event: Option<&str>,
    outcome: &Outcome,
    how: &str,
) -> (Spoken, String, Option<i64>) {
    let result = match &outcome.verdict {
        Verdict::Sent => Spoken::Sent,
        Verdict::Acknowledged => Spoken::Acknowledged,
        Verdict::Failed(_) => Spoken::Failed,
    };
    let detail = match &outcome.verdict {
        Verdict::Failed(fault) => format!("{how}: {}", fault.zh()),
        _ => format!("{how}: {:.1} s", outcome.seconds),
    };
    let first = outcome.first_byte.map(|d| d.as_millis() as i64);
    let said = (result, detail, first);
    note(app, caller, station, event, said.clone()).await;
    said
}

async fn note(
    app: &App,
    caller: &Caller,
    station: &StationCode,
    event: Option<&str>,
    (result, detail, ms): (Spoken, String, Option<i64>),
) {
    let row = SpokenRow {
        id: Uuid::now_v7().to_string(),
        station: station.clone(),
        event: event.map(str::to_owned),
        result,
        detail,
        ms,
        by: caller.id(),
        at: app.clock.now(),
    };
    match app.store.spoken_put(caller, row).await {
        // of an event, once its step is kept too
        Ok(()) if event.is_none() => tell(app, station, None, "voice"),
        Ok(()) => {}
        Err(error) => tracing::error!(%error, "what was said is not noted"),
    }
}
