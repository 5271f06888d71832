//! A logger's side of the protocol without sockets: what it sends at a moment, and what it answers to a request
//! (HJ 212-2017 §6.1, annex C; the forms of 2005 and 2025 as implementers describe them). Time is passed in.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use hj212::decode::text;
use hj212::{DevicePolicy, Edition, Message, Piece};
use shanshui_domain::time::{Instant, Period, PeriodKind};

use super::plan::Plan;
use super::stamp;
use super::tally::digest;

/// Records one history request gives at most: what a stranger can ask for is bounded.
const RECORDS_MAX: usize = 2_000;

/// A frame on its way out.
#[derive(Debug, Clone, PartialEq)]
pub struct Out {
    /// Bytes.
    pub frame: Vec<u8>,
    /// Set when an answer is waited for: resent with the same QN until it comes.
    pub upload: Option<Upload>,
}

/// What an upload said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Request id.
    pub qn: String,
    /// `DataTime`.
    pub data_time: String,
    /// Values in it.
    pub readings: usize,
    /// [`digest`] of them.
    pub digest: u64,
}

/// A device and what the centre has set on it.
#[derive(Debug, Clone)]
pub struct Device {
    /// What it is.
    pub plan: Plan,
    /// Error of its clock in milliseconds.
    pub clock_offset_ms: i64,
    /// Sends real-time data.
    pub live: bool,
    /// Real-time interval in seconds.
    pub interval_s: u32,
    /// Length of minute data in minutes.
    pub minute_interval: u32,
    /// Seconds before an upload is sent again (2017 §6.2: 10).
    pub over_time_s: u64,
    /// How often it is sent again (2017 §6.2: 3).
    pub resends: u32,
    password: String,
    parameters: BTreeMap<String, String>,
    bottle: u32,
    last_qn_ms: i64,
}

/// One factor's items, and what they say to the digest.
type Group = (String, (String, String));

impl Device {
    /// A device as it leaves the box.
    pub fn new(plan: Plan) -> Self {
        Self {
            clock_offset_ms: plan.clock_offset_ms,
            live: true,
            interval_s: plan.interval_s,
            minute_interval: plan.minute_interval,
            over_time_s: 10,
            resends: 3,
            password: plan.password.clone(),
            parameters: BTreeMap::new(),
            bottle: 0,
            last_qn_ms: 0,
            plan,
        }
    }

    /// What its own clock shows.
    pub fn clock(&self, now: Instant) -> Instant {
        now.plus_ms(self.clock_offset_ms)
    }

    /// How it reads the centre's frames.
    pub fn policy(&self) -> DevicePolicy {
        DevicePolicy { key: self.plan.key.clone(), ..DevicePolicy::default() }
    }

    /// Real-time data (2011) of a moment of its own clock.
    pub fn real(&mut self, at: Instant, back_fill: bool, now: Instant) -> Vec<Out> {
        let values = self.plan.real(at);
        let group =
            |(code, value): (&str, String)| (format!("{code}-Rtd={value},{code}-Flag=N"), (code.to_owned(), value));
        let groups = values.into_iter().map(group).collect();
        self.upload("2011", at, groups, back_fill, now)
    }

    /// Minute (2051), hour (2061) or day (2031) data of a period of its own clock.
    pub fn period(&mut self, kind: PeriodKind, period: Period, back_fill: bool, now: Instant) -> Vec<Out> {
        let group = |(code, [least, mean, most]): (&str, [String; 3])| {
            let items = format!("{code}-Min={least},{code}-Avg={mean},{code}-Max={most},{code}-Flag=N");
            (items, (code.to_owned(), mean))
        };
        let groups = self.plan.period(period).into_iter().map(group).collect();
        self.upload(command(kind), period.start, groups, back_fill, now)
    }

    /// Splits what is too long (2017 C.49); each packet has its own QN, one millisecond apart.
    fn upload(&mut self, cn: &str, at: Instant, groups: Vec<Group>, back_fill: bool, now: Instant) -> Vec<Out> {
        let data_time = self.plan.data_time(at);
        let mut message = self.message(cn, &self.plan.st.clone(), "");
        message.answer = true;
        message.back_fill = back_fill && self.plan.edition == Edition::V2025;
        let (items, values): (Vec<String>, Vec<(String, String)>) = groups.into_iter().unzip();
        let mut values = VecDeque::from(values);
        let mut out = Vec::new();
        for mut packet in message.split(&data_time, &items) {
            packet.qn = self.next_qn(now);
            let inside: Vec<_> = values.drain(..packet.area.matches("-Flag=").count().min(values.len())).collect();
            let digest = digest(inside.iter().map(|(code, value)| (code.as_str(), value.as_str())));
            let upload = Upload { qn: packet.qn.clone(), data_time: data_time.clone(), readings: inside.len(), digest };
            out.push(Out { frame: self.frame(&packet), upload: Some(upload) });
        }
        out
    }

    /// Its clock in milliseconds, never twice the same.
    fn next_qn(&mut self, now: Instant) -> String {
        self.last_qn_ms = (self.clock(now).0.div_euclid(1_000)).max(self.last_qn_ms + 1);
        stamp::text(&stamp::millis(&self.plan.zone, Instant(self.last_qn_ms * 1_000))).to_owned()
    }

    fn message(&self, cn: &str, st: &str, qn: &str) -> Message {
        Message {
            qn: qn.to_owned(),
            st: st.to_owned(),
            cn: cn.to_owned(),
            pw: self.password.clone(),
            mn: self.plan.mn.clone(),
            edition: Some(self.plan.edition),
            answer: false,
            packet: None,
            back_fill: false,
            area: String::new(),
        }
    }

    fn frame(&self, message: &Message) -> Vec<u8> {
        let key = self.plan.key.as_ref().filter(|_| self.plan.edition == Edition::V2025);
        message.frame(key).expect("a plan's header has no separators, its packets are within the bound")
    }

    /// An answer with the request's QN; 2005 carries it inside CP.
    fn reply(&self, cn: &str, st: &str, qn: &str, area: &str) -> Out {
        let inside = self.plan.edition == Edition::V2005;
        let mut message = self.message(cn, st, if inside { "" } else { qn });
        let joint = if area.is_empty() { "" } else { ";" };
        message.area = if inside { format!("QN={qn}{joint}{area}") } else { area.to_owned() };
        Out { frame: self.frame(&message), upload: None }
    }

    /// What it sends back for a request of the centre: 9011, the data asked for, 9012; 9013 to a notice; nothing to an answer.
    pub fn answer(&mut self, piece: &Piece<'_>, now: Instant) -> Vec<Out> {
        let (cn, qn) = (text(piece.cn()).into_owned(), text(piece.qn()).into_owned());
        if cn.is_empty() || cn.starts_with('9') {
            return Vec::new();
        }
        if let Some(code) = self.objection(piece) {
            return vec![self.reply("9011", "91", &qn, &format!("QnRtn={code}"))];
        }
        if let "2012" | "2022" = cn.as_str() {
            self.live &= cn != "2012";
            return vec![self.reply("9013", "91", &qn, "")];
        }
        let Some((result, mut data)) = self.execute(&cn, &qn, piece, now) else {
            return vec![self.reply("9011", "91", &qn, "QnRtn=8")];
        };
        let mut out = vec![self.reply("9011", "91", &qn, "QnRtn=1")];
        out.append(&mut data);
        out.push(self.reply("9012", "91", &qn, &format!("ExeRtn={result}")));
        out
    }

    /// Why a request is not taken (2017 §6.6.2).
    fn objection(&self, piece: &Piece<'_>) -> Option<u8> {
        if !piece.usable() {
            return Some(9);
        }
        if piece.pw() != self.password.as_bytes() {
            return Some(3);
        }
        (piece.mn() != self.plan.mn.as_bytes()).then_some(4)
    }

    /// Does what is asked: result (2017 §6.6.3) and data; none for a command it does not know.
    fn execute(&mut self, cn: &str, qn: &str, piece: &Piece<'_>, now: Instant) -> Option<(u8, Vec<Out>)> {
        let number = |key: &[u8]| text(piece.plain(key)?).parse::<u32>().ok().filter(|n| *n > 0);
        let st = self.plan.st.clone();
        let polluter = piece.plain(b"PolId").map_or(String::new(), |p| format!("PolId={};", text(p)));
        let data_time = self.plan.data_time(self.clock(now));
        let data = match cn {
            "1000" => {
                self.over_time_s = number(b"OverTime").map_or(self.over_time_s, u64::from);
                self.resends = number(b"ReCount").unwrap_or(self.resends);
                return Some((1, Vec::new()));
            }
            "1011" => self.reply(cn, &st, qn, &format!("{polluter}SystemTime={data_time}")),
            "1012" => {
                let Some(set) = piece.plain(b"SystemTime").and_then(|t| stamp::parse(&self.plan.zone, t)) else {
                    return Some((3, Vec::new()));
                };
                self.clock_offset_ms = set.ms_since(now);
                return Some((1, Vec::new()));
            }
            "1061" => self.reply(cn, &st, qn, &format!("RtdInterval={}", self.interval_s)),
            "1063" => self.reply(cn, &st, qn, &format!("MinInterval={}", self.minute_interval)),
            "1062" => return Some(set(&mut self.interval_s, number(b"RtdInterval"))),
            "1064" => return Some(set(&mut self.minute_interval, number(b"MinInterval"))),
            "1072" => {
                let Some(new) = piece.plain(b"NewPW").or(piece.plain(b"PW")) else { return Some((3, Vec::new())) };
                self.password = text(new).into_owned();
                return Some((1, Vec::new()));
            }
            "2011" if piece.plain(b"BeginTime").is_none() => {
                self.live = true;
                return Some((1, Vec::new()));
            }
            "2011" | "2031" | "2051" | "2061" => return Some(self.history(cn, piece, now)),
            "3011" | "3013" | "3022" | "3024" => return Some((1, Vec::new())),
            "3012" => {
                let at = whole_second(self.clock(now));
                return Some((1, self.real(at, false, now)));
            }
            "3015" => {
                self.bottle = self.bottle % 24 + 1;
                self.reply(cn, &st, qn, &format!("DataTime={data_time};VaseNo={}", self.bottle))
            }
            "3018" => self.reply(cn, &st, qn, &format!("{polluter}Stime=30")),
            "3019" => self.reply(cn, &st, qn, &format!("{polluter}{}-SN={}", factor(piece), self.plan.mn)),
            "3020" => {
                let id = piece.plain(b"InfoId").map_or("i12001".into(), |i| text(i).into_owned());
                let value = self.information(&id);
                self.reply(cn, &st, qn, &format!("DataTime={data_time};{polluter}{id}-Info={value}"))
            }
            "3021" => {
                for (code, _, value) in piece.items().filter(|(_, key, _)| *key == b"Info") {
                    self.parameters.insert(text(code).into_owned(), text(value).into_owned());
                }
                return Some((1, Vec::new()));
            }
            _ => return None,
        };
        Some((1, vec![data]))
    }

    /// Field information (2017 §6.4.2): what was set, else as in good order.
    fn information(&self, id: &str) -> String {
        let usual = if id.ends_with("1001") { "//simulated logger: in good order//" } else { "0" };
        self.parameters.get(id).map_or(usual, String::as_str).to_owned()
    }

    /// Stored records of a stretch, both ends included, each with its own QN (2017 C.48, C.50).
    fn history(&mut self, cn: &str, piece: &Piece<'_>, now: Instant) -> (u8, Vec<Out>) {
        let time = |key: &[u8]| piece.plain(key).and_then(|t| stamp::parse(&self.plan.zone, t));
        let (Some(begin), Some(end)) = (time(b"BeginTime"), time(b"EndTime")) else { return (3, Vec::new()) };
        if end < begin {
            return (3, Vec::new());
        }
        let clock = self.clock(now);
        let (mut records, mut out) = (0, Vec::new());
        let mut at = Instant(begin.0 - 1);
        while records < RECORDS_MAX {
            let Some((start, whole)) = self.record_after(cn, at) else { break };
            if start > end || whole > clock {
                break;
            }
            out.extend(match kind(cn) {
                None => self.real(start, true, now),
                Some(kind) => self.period(kind, Period { start, end: whole }, true, now),
            });
            (at, records) = (start, records + 1);
        }
        (if out.is_empty() { 100 } else { 1 }, out)
    }

    /// Start and end of the first record that starts after a moment.
    fn record_after(&self, cn: &str, at: Instant) -> Option<(Instant, Instant)> {
        let Some(kind) = kind(cn) else {
            let next = self.plan.next_sample(at, self.interval_s);
            return Some((next, next));
        };
        let inside = self.plan.period_of(kind, at, self.minute_interval)?;
        let next = self.plan.period_of(kind, inside.end, self.minute_interval)?;
        Some((next.start, next.end))
    }
}

fn set(value: &mut u32, to: Option<u32>) -> (u8, Vec<Out>) {
    let Some(to) = to else { return (3, Vec::new()) };
    *value = to;
    (1, Vec::new())
}

fn factor(piece: &Piece<'_>) -> String {
    piece.plain(b"PolId").map_or("i21001".into(), |p| text(p).into_owned())
}

fn whole_second(at: Instant) -> Instant {
    Instant(at.0.div_euclid(1_000_000) * 1_000_000)
}

/// The upload command of a kind of period.
pub fn command(kind: PeriodKind) -> &'static str {
    match kind {
        PeriodKind::Minute => "2051",
        PeriodKind::Hour => "2061",
        PeriodKind::Day => "2031",
        PeriodKind::Real | PeriodKind::Cycle | PeriodKind::Sample => "2011",
    }
}

fn kind(cn: &str) -> Option<PeriodKind> {
    match cn {
        "2051" => Some(PeriodKind::Minute),
        "2061" => Some(PeriodKind::Hour),
        "2031" => Some(PeriodKind::Day),
        _ => None,
    }
}
