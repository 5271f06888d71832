//! A sound to a loudspeaker, and what became of it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::alaw::FRAME;
use crate::driver::{Driver, Wrong};
use crate::live::Live;
use crate::rtp::Source;
use crate::sound::Sound;
use crate::{http, rtp, sip};

/// Whether an address may be called.
pub type Allow<'a> = &'a (dyn Fn(SocketAddr) -> bool + Send + Sync);

/// What of the outside a call may use.
#[derive(Clone, Copy)]
pub struct Doors<'a> {
    /// Which addresses may be called. A name whose addresses are not all allowed is not called at all.
    pub allow: Allow<'a>,
    /// The client of HTTP. It should follow no redirects and ask no proxy, which would lead to addresses that nobody looked at, and
    /// its own resolver should know the same rule, since a name may have another address a moment later.
    pub http: &'a reqwest::Client,
    /// Values for `{name}` in a trigger's text.
    pub values: &'a [(&'a str, &'a str)],
    /// Ends what is being said: RTP stops, a SIP call is hung up. What went by HTTP cannot be called back.
    pub stop: &'a Stop,
}

/// Ends what is being said, from elsewhere; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends it, now and for good.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is to end.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A source that ends when it is told to.
struct Until<'a> {
    source: &'a mut dyn Source,
    stop: &'a Stop,
}

impl Source for Until<'_> {
    fn next(&mut self) -> Option<[u8; FRAME]> {
        if self.stop.is_stopped() { None } else { self.source.next() }
    }
}

impl fmt::Debug for Doors<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Doors")
    }
}

/// Why a loudspeaker was not heard, as far as can be told from here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A setting that cannot be used.
    #[error("{0}")]
    Setting(Wrong),
    /// The address may not be called.
    #[error("{0} may not be called")]
    Forbidden(SocketAddr),
    /// The name has no address.
    #[error("{0} has no address")]
    Unknown(String),
    /// Nobody listens there.
    #[error("nobody listens")]
    Refused,
    /// No answer in time.
    #[error("no answer in time")]
    Late,
    /// The device said no, with this status of HTTP or SIP.
    #[error("status {0}")]
    Status(u16),
    /// Name or password is wrong, or missing, or the device asks for them in a way that is not answered.
    #[error("not let in: status {0}")]
    Login(u16),
    /// The device does not take A-law.
    #[error("the device does not take G.711 A-law")]
    Codec,
    /// What came back cannot be read.
    #[error("the answer cannot be read: {0}")]
    Garbled(&'static str),
    /// The device ended the call before the sound did.
    #[error("hung up early")]
    HungUp,
    /// This way cannot carry a person's voice.
    #[error("nobody can talk through this driver")]
    NotLive,
    /// The system or the network failed.
    #[error("{0}")]
    Io(String),
}

impl Fault {
    /// A short name that stays the same.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Setting(_) => "setting",
            Self::Forbidden(_) => "forbidden",
            Self::Unknown(_) => "unknown",
            Self::Refused => "refused",
            Self::Late => "late",
            Self::Status(_) => "status",
            Self::Login(_) => "login",
            Self::Codec => "codec",
            Self::Garbled(_) => "garbled",
            Self::HungUp => "hung_up",
            Self::NotLive => "not_live",
            Self::Io(_) => "io",
        }
    }

    /// The same for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::Setting(wrong) => wrong.zh(),
            Self::Forbidden(address) => format!("不允许访问地址{address}"),
            Self::Unknown(name) => format!("找不到主机{name}的地址"),
            Self::Refused => "喇叭未接听：该地址无人监听".into(),
            Self::Late => "喇叭超时未应答".into(),
            Self::Status(code) => format!("喇叭拒绝播放，状态码{code}"),
            Self::Login(code) => format!("喇叭登录失败（状态码{code}），请核对用户名和密码"),
            Self::Codec => "喇叭不支持G.711 A律".into(),
            Self::Garbled(_) => "喇叭的应答无法识别".into(),
            Self::HungUp => "喇叭在播完前挂断".into(),
            Self::NotLive => "该喇叭接入方式不支持喊话".into(),
            Self::Io(_) => "网络故障，声音未送达".into(),
        }
    }
}

/// What became of a sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It went out; nobody said that it came (已发送).
    Sent,
    /// The device took it, or took the trigger (已应答).
    Acknowledged,
    /// It was not heard, or not all of it (失败).
    Failed(Fault),
}

/// What became of a call of [`play`].
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub verdict: Verdict,
    /// From the call of [`play`] to the first byte of sound going out; of a trigger, to the device's answer.
    pub first_byte: Option<Duration>,
    /// Seconds of sound that went out; fewer than the sound has where it was stopped.
    pub seconds: f64,
}

/// Lines of a report, at most.
const NOTES_MAX: usize = 64;

/// What happened, step by step, with the time since the call began.
#[derive(Debug)]
pub struct Report {
    begin: Instant,
    first: Option<Duration>,
    frames: u32,
    refusals: u32,
    notes: Vec<(Duration, String)>,
}

impl Default for Report {
    fn default() -> Self {
        Self { begin: Instant::now(), first: None, frames: 0, refusals: 0, notes: Vec::new() }
    }
}

impl Report {
    /// The steps so far, at most sixty-four.
    pub fn notes(&self) -> &[(Duration, String)] {
        &self.notes
    }

    pub(crate) fn note(&mut self, what: fmt::Arguments<'_>) {
        if self.notes.len() < NOTES_MAX {
            tracing::debug!("{what}");
            self.notes.push((self.begin.elapsed(), what.to_string()));
        }
    }

    /// 20 ms of sound went out.
    pub(crate) fn frame(&mut self) {
        self.first.get_or_insert_with(|| self.begin.elapsed());
        self.frames += 1;
    }

    /// Sound began to go out, or was said to be heard, at this moment.
    pub(crate) fn began(&mut self, at: Instant) {
        self.first.get_or_insert_with(|| at.saturating_duration_since(self.begin));
    }

    /// This many seconds of sound went out.
    pub(crate) fn carried(&mut self, seconds: f64) {
        self.frames = (seconds * 50.0).round() as u32;
    }

    /// The device's side says that nobody listens; twenty-five times and it is believed.
    pub(crate) fn refused(&mut self) -> Result<(), Fault> {
        self.refusals += 1;
        if self.refusals > 25 { Err(Fault::Refused) } else { Ok(()) }
    }

    fn outcome(&self, done: Result<Verdict, Fault>) -> Outcome {
        let verdict = done.unwrap_or_else(Verdict::Failed);
        Outcome { verdict, first_byte: self.first, seconds: f64::from(self.frames) / 50.0 }
    }
}

/// Plays a sound. The report is begun anew; nothing panics, and each wait has an end. May be dropped: a SIP call is hung up then too,
/// as far as one datagram does it.
pub async fn play(driver: &Driver, sound: &Sound, doors: &Doors<'_>, report: &mut Report) -> Outcome {
    *report = Report::default();
    let done = match driver {
        Driver::Http(http) => match driver.check() {
            Err(wrong) => Err(Fault::Setting(wrong)),
            Ok(()) => http::send(http, sound, doors, report).await,
        },
        _ => stream(driver, &mut sound.source(), doors, report).await,
    };
    report.outcome(done)
}

/// Lets a person talk (喊话), until the microphone ends or falls silent for good.
pub async fn talk(driver: &Driver, live: &mut Live, doors: &Doors<'_>, report: &mut Report) -> Outcome {
    *report = Report::default();
    let done = stream(driver, live, doors, report).await;
    report.outcome(done)
}

async fn stream(
    driver: &Driver,
    source: &mut dyn Source,
    doors: &Doors<'_>,
    report: &mut Report,
) -> Result<Verdict, Fault> {
    driver.check().map_err(Fault::Setting)?;
    let source = &mut Until { source, stop: doors.stop };
    match driver {
        Driver::Http(_) => Err(Fault::NotLive),
        Driver::Rtp(rtp) => rtp::send(rtp, source, doors.allow, report).await.map(|()| Verdict::Sent),
        Driver::Sip(sip) => sip::send(sip, source, doors.allow, report).await,
    }
}

/// How long a name may be looked up.
const LOOK_UP_MAX: Duration = Duration::from_secs(5);

/// The address of `host:port`. Every address of a name must be allowed: one that is not condemns the name.
pub(crate) async fn resolve(name: &str, allow: Allow<'_>) -> Result<SocketAddr, Fault> {
    let looked = tokio::time::timeout(LOOK_UP_MAX, tokio::net::lookup_host(name)).await;
    let all = looked.map_err(|_| Fault::Late)?.map_err(|_| Fault::Unknown(name.to_owned()))?;
    let mut first = None;
    for address in all {
        if !allow(address) {
            return Err(Fault::Forbidden(address));
        }
        first.get_or_insert(address);
    }
    first.ok_or_else(|| Fault::Unknown(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_may_not_be_called_is_not() {
        let no = |_: SocketAddr| false;
        assert_eq!(resolve("127.0.0.1:9", &no).await, Err(Fault::Forbidden(([127, 0, 0, 1], 9).into())));
        for driver in [
            r#"{"kind":"rtp","address":"127.0.0.1:9"}"#,
            r#"{"kind":"http","url":"http://127.0.0.1:9/","body":{"as":"none"}}"#,
            r#"{"kind":"http","url":"http://0x7f.1:9/","body":{"as":"wav"}}"#,
            r#"{"kind":"sip","peer":"127.0.0.1:9","user":"1","from":"eye"}"#,
        ] {
            let driver: Driver = serde_json::from_str(driver).expect("a driver");
            let doors = Doors { allow: &no, http: &reqwest::Client::new(), values: &[], stop: &Stop::default() };
            let mut report = Report::default();
            let outcome = play(&driver, &Sound::of(vec![0; 800]), &doors, &mut report).await;
            assert_eq!(outcome.verdict, Verdict::Failed(Fault::Forbidden(([127, 0, 0, 1], 9).into())), "{driver:?}");
            assert_eq!((outcome.first_byte, outcome.seconds), (None, 0.0));
        }
    }

    #[test]
    fn a_report_has_a_bound() {
        let mut report = Report::default();
        for i in 0..1_000 {
            report.note(format_args!("{i}"));
        }
        assert_eq!(report.notes().len(), NOTES_MAX);
    }
}
