//! One call from its INVITE to the answer to its BYE.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use super::message::{Message, Start, address};
use super::sdp::{self, Unfit};
use super::wire::Wire;
use crate::auth;
use crate::driver::Sip;
use crate::pace::Pace;
use crate::play::{Allow, Fault, Report, Verdict, resolve};
use crate::rtp::{Packets, Source};

/// Longest time between two times that a request is said (T2).
const T2: Duration = Duration::from_secs(4);
/// How long the end of a call may take.
const END_MAX: Duration = Duration::from_secs(4);
/// How often a challenge is answered in one call.
const CHALLENGES_MAX: u32 = 2;
/// Messages of the other side that are looked at in one call.
const MESSAGES_MAX: u32 = 2_000;

/// Calls, sends all of a source, and hangs up.
pub(crate) async fn send(
    sip: &Sip,
    source: &mut dyn Source,
    allow: Allow<'_>,
    report: &mut Report,
) -> Result<Verdict, Fault> {
    let peer = resolve(&sip.peer, allow).await?;
    let wire = Wire::open(sip.transport, peer, sip.local).await?;
    let local = wire.local()?;
    let voice = UdpSocket::bind((local.ip(), 0)).await.map_err(|e| Fault::Io(e.to_string()))?;
    let heard = voice.local_addr().map_err(|e| Fault::Io(e.to_string()))?;
    let mut call = Call::new(sip, wire, local, peer, sdp::offer(heard, rand::random::<u32>() >> 1));
    let answer = call.invite(allow, report).await?;
    let sent = match answer {
        Ok(to) => {
            report.note(format_args!("rtp to {to}"));
            match voice.connect(to).await {
                Ok(()) => call.stream(&voice, source, report).await,
                Err(e) => Err(Fault::Io(e.to_string())),
            }
        }
        Err(fault) => Err(fault),
    };
    call.hang_up(report).await;
    sent.map(|()| Verdict::Acknowledged)
}

/// What identifies a request while its answer is awaited.
struct Asked {
    method: &'static str,
    sequence: u32,
    branch: String,
}

struct Call<'a> {
    sip: &'a Sip,
    wire: Wire,
    local: SocketAddr,
    /// Whom the request line names: the called user, then the `Contact` of the answer.
    target: String,
    from: String,
    to: String,
    tag: String,
    id: String,
    sequence: u32,
    routes: Vec<String>,
    offer: String,
    /// The header that answers the last challenge, of INVITE and of BYE.
    proof: Option<(&'static str, String)>,
    challenges: u32,
    left: u32,
    /// Number and branch of an INVITE that rings.
    ringing: Option<(u32, String)>,
    /// The other side has ended the call, or can no longer be reached.
    over: bool,
    /// The number of the INVITE that was answered and its ACK, said again whenever the answer comes again.
    ack: (u32, Vec<u8>),
}

fn token() -> String {
    format!("{:016x}", rand::random::<u64>())
}

impl<'a> Call<'a> {
    fn new(sip: &'a Sip, wire: Wire, local: SocketAddr, peer: SocketAddr, offer: String) -> Self {
        let target = format!("sip:{}@{peer}", sip.user);
        let caller = if sip.from.contains('@') { sip.from.clone() } else { format!("{}@{}", sip.from, shown(local)) };
        let tag = token();
        Self {
            to: format!("<{target}>"),
            from: format!("<sip:{caller}>;tag={tag}"),
            id: format!("{}@{}", token(), shown(local)),
            sequence: 1,
            routes: Vec::new(),
            proof: None,
            challenges: 0,
            left: MESSAGES_MAX,
            ringing: None,
            over: false,
            ack: (0, Vec::new()),
            sip,
            wire,
            local,
            target,
            tag,
            offer,
        }
    }

    fn request(&self, asked: &Asked, body: &str) -> Vec<u8> {
        let mut out = format!(
            "{} {} SIP/2.0\r\nVia: SIP/2.0/{} {};branch={};rport\r\nMax-Forwards: 70\r\n",
            asked.method,
            self.target,
            self.wire.name(),
            self.local,
            asked.branch
        );
        for route in &self.routes {
            out.push_str(&format!("Route: {route}\r\n"));
        }
        out.push_str(&format!("From: {}\r\nTo: {}\r\nCall-ID: {}\r\n", self.from, self.to, self.id));
        out.push_str(&format!("CSeq: {} {}\r\n", asked.sequence, asked.method));
        if let Some((name, proof)) = &self.proof {
            out.push_str(&format!("{name}: {proof}\r\n"));
        }
        if asked.method == "INVITE" {
            let user = self.sip.from.split('@').next().unwrap_or("eye");
            let by = if self.wire.loses() { "" } else { ";transport=tcp" };
            out.push_str(&format!(
                "Contact: <sip:{user}@{}{by}>\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n",
                self.local
            ));
            out.push_str("User-Agent: shanshui\r\nContent-Type: application/sdp\r\n");
        }
        out.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        out.into_bytes()
    }

    fn asked(&self, method: &'static str) -> Asked {
        Asked { method, sequence: self.sequence, branch: format!("z9hG4bK{}", token()) }
    }

    /// The next message of this call; others are answered or dropped.
    async fn next(&mut self) -> Result<Message, Fault> {
        loop {
            let message = self.wire.receive().await?;
            self.left = self.left.checked_sub(1).ok_or(Fault::Garbled("too many messages"))?;
            if message.header("call-id") == Some(&self.id) {
                return Ok(message);
            }
            if matches!(&message.start, Start::Request(m) if m != "ACK") {
                self.wire.send(&message.answer(481, "Call Does Not Exist", &self.tag)).await?;
            }
        }
    }

    /// Rings until somebody answers. The outer error is a call that never came about, the inner one a call that did and is of no use.
    async fn invite(&mut self, allow: Allow<'_>, report: &mut Report) -> Result<Result<SocketAddr, Fault>, Fault> {
        let end = Instant::now() + Duration::from_secs(u64::from(self.sip.ring_s));
        loop {
            let asked = self.asked("INVITE");
            let offer = self.offer.clone();
            let request = self.request(&asked, &offer);
            report.note(format_args!("invite {}", asked.sequence));
            let mut rung = false;
            let answer = match self.final_answer(&asked, &request, end, &mut rung, report).await {
                Err(Fault::Late) if rung => return Err(self.cancel(&asked, report).await),
                other => other?,
            };
            let Start::Status(status) = answer.start else { return Err(Fault::Garbled("no answer")) };
            if status < 300 {
                return Ok(self.answered(&asked, &answer, allow).await);
            }
            self.refused(&asked, &answer).await?;
            if !matches!(status, 401 | 407) {
                return Err(if status == 488 || status == 606 { Fault::Codec } else { Fault::Status(status) });
            }
            self.prove(&answer, status, "INVITE")?;
            self.sequence += 1;
        }
    }

    /// Says a request again and again until an answer of 200 or more comes.
    async fn final_answer(
        &mut self,
        asked: &Asked,
        request: &[u8],
        end: Instant,
        rung: &mut bool,
        report: &mut Report,
    ) -> Result<Message, Fault> {
        self.wire.send(request).await?;
        let mut wait = Duration::from_millis(u64::from(self.sip.t1_ms));
        let mut again = Instant::now() + wait;
        loop {
            let until = if self.wire.loses() && !(*rung && asked.method == "INVITE") { again.min(end) } else { end };
            let Ok(message) = timeout_at(until, self.next()).await else {
                if Instant::now() >= end {
                    return Err(Fault::Late);
                }
                self.wire.send(request).await?;
                wait = if asked.method == "INVITE" { wait * 2 } else { (wait * 2).min(T2) };
                again = Instant::now() + wait;
                continue;
            };
            let message = message?;
            match message.start {
                Start::Status(status) if is_of(&message, asked) => {
                    if status >= 200 {
                        self.ringing = None;
                        return Ok(message);
                    }
                    if !*rung {
                        report.note(format_args!("{status}"));
                    }
                    *rung = true;
                    if asked.method == "INVITE" {
                        self.ringing = Some((asked.sequence, asked.branch.clone()));
                    }
                }
                Start::Status(_) => self.acknowledge_again(&message).await?,
                Start::Request(_) => self.asked_by_peer(&message).await?,
            }
        }
    }

    /// The ACK to a refusal: of the same branch, to the same target.
    async fn refused(&mut self, asked: &Asked, answer: &Message) -> Result<(), Fault> {
        let ack = Asked { method: "ACK", sequence: asked.sequence, branch: asked.branch.clone() };
        let own = std::mem::replace(&mut self.to, value(answer, "to"));
        let request = self.request(&ack, "");
        self.to = own;
        self.wire.send(&request).await
    }

    /// Takes over what the answer says of the call, acknowledges it, and tells where to send.
    async fn answered(&mut self, asked: &Asked, answer: &Message, allow: Allow<'_>) -> Result<SocketAddr, Fault> {
        self.to = value(answer, "to");
        if let Some(contact) = answer.header("contact").and_then(address) {
            contact.clone_into(&mut self.target);
        }
        let routes = answer.all("record-route").flat_map(|v| v.split(',')).filter_map(address);
        self.routes = routes.take(16).map(|a| format!("<{a}>")).collect();
        self.routes.reverse();
        let ack = Asked { method: "ACK", sequence: asked.sequence, ..self.asked("ACK") };
        let ack = self.request(&ack, "");
        self.wire.send(&ack).await?;
        self.ack = (asked.sequence, ack);
        let to = sdp::answer(&answer.body).map_err(|e| match e {
            Unfit::Codec => Fault::Codec,
            Unfit::Garbled => Fault::Garbled("its description of the sound"),
        })?;
        if allow(to) { Ok(to) } else { Err(Fault::Forbidden(to)) }
    }

    /// Answers the challenge of a refusal.
    fn prove(&mut self, answer: &Message, status: u16, method: &'static str) -> Result<(), Fault> {
        let (asks, says) = match status {
            401 => ("www-authenticate", "Authorization"),
            _ => ("proxy-authenticate", "Proxy-Authorization"),
        };
        let Some(password) = &self.sip.password else { return Err(Fault::Login(status)) };
        let old = answer.all(asks).any(auth::stale);
        self.challenges += 1;
        if self.challenges > CHALLENGES_MAX || (self.proof.is_some() && method == "INVITE" && !old) {
            return Err(Fault::Login(status));
        }
        let user = self.sip.login.as_deref().or_else(|| self.sip.from.split('@').next()).unwrap_or_default();
        let proof =
            answer.all(asks).take(8).find_map(|c| auth::answer(c, user, password.expose(), method, &self.target));
        self.proof = Some((says, proof.ok_or(Fault::Login(status))?));
        Ok(())
    }

    /// Takes the ringing back. Whoever answers all the same is acknowledged and hung up on.
    async fn cancel(&mut self, asked: &Asked, report: &mut Report) -> Fault {
        report.note(format_args!("cancel"));
        self.ringing = None;
        let cancel = Asked { method: "CANCEL", sequence: asked.sequence, branch: asked.branch.clone() };
        let request = self.request(&cancel, "");
        let end = Instant::now() + END_MAX;
        let done = async {
            self.final_answer(&cancel, &request, end, &mut false, report).await?;
            loop {
                let message = timeout_at(end, self.next()).await.map_err(|_| Fault::Late)??;
                match message.start {
                    Start::Status(200..=299) if is_of(&message, asked) => {
                        let _ = self.answered(asked, &message, &|_| false).await;
                        self.hang_up(report).await;
                        return Ok(());
                    }
                    Start::Status(300..) if is_of(&message, asked) => return self.refused(asked, &message).await,
                    _ => {}
                }
            }
        };
        // the call has failed in time already; how politely it ends is noted and changes nothing
        if let Err(fault) = done.await {
            report.note(format_args!("cancel: {fault}"));
        }
        Fault::Late
    }

    /// The answer to our INVITE has come again, because our ACK was lost.
    async fn acknowledge_again(&mut self, message: &Message) -> Result<(), Fault> {
        let of_invite = message.sequence().is_some_and(|(n, m)| m == "INVITE" && n == self.ack.0);
        if of_invite && matches!(message.start, Start::Status(200..=299)) {
            self.wire.send(&self.ack.1).await?;
        }
        Ok(())
    }

    /// What the other side asks within the call.
    async fn asked_by_peer(&mut self, message: &Message) -> Result<(), Fault> {
        let Start::Request(method) = &message.start else { return Ok(()) };
        let (status, reason) = match method.as_str() {
            "ACK" => return Ok(()),
            "BYE" | "OPTIONS" | "INFO" | "NOTIFY" => (200, "OK"),
            "INVITE" | "UPDATE" => (488, "Not Acceptable Here"),
            _ => (405, "Method Not Allowed"),
        };
        if method == "BYE" {
            self.over = true;
        }
        self.wire.send(&message.answer(status, reason, &self.tag)).await
    }

    /// Frame after frame, until the source ends or the other side hangs up.
    async fn stream(&mut self, voice: &UdpSocket, source: &mut dyn Source, report: &mut Report) -> Result<(), Fault> {
        let mut packets = Packets::new(8);
        let mut pace = Pace::new();
        let Some(mut frame) = source.next() else { return Ok(()) };
        loop {
            tokio::select! {
                biased;
                () = pace.wait() => {
                    match voice.send(&packets.packet(&frame)).await {
                        Ok(_) => report.frame(),
                        Err(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => report.refused()?,
                        Err(e) => return Err(Fault::Io(e.to_string())),
                    }
                    pace.step();
                    match source.next() {
                        Some(next) => frame = next,
                        None => break,
                    }
                }
                message = self.next() => {
                    let message = message.inspect_err(|_| self.over = true)?;
                    match &message.start {
                        Start::Request(_) => self.asked_by_peer(&message).await?,
                        Start::Status(_) => self.acknowledge_again(&message).await?,
                    }
                    if self.over {
                        report.note(format_args!("the other side hung up"));
                        return Err(Fault::HungUp);
                    }
                }
            }
        }
        // the last frame is heard before the call ends
        pace.wait().await;
        Ok(())
    }

    /// Ends the call, unless the other side has.
    async fn hang_up(&mut self, report: &mut Report) {
        if self.over {
            return;
        }
        let end = Instant::now() + END_MAX;
        // what was computed for INVITE does not hold for BYE
        self.proof = None;
        loop {
            self.sequence += 1;
            let asked = self.asked("BYE");
            let request = self.request(&asked, "");
            let answer = self.final_answer(&asked, &request, end, &mut false, report).await;
            match answer {
                Ok(Message { start: Start::Status(status @ (401 | 407)), .. }) => {
                    let proved = answer.is_ok_and(|a| self.prove(&a, status, "BYE").is_ok());
                    if !proved {
                        report.note(format_args!("bye: {status}"));
                        break;
                    }
                }
                Ok(_) => break report.note(format_args!("bye")),
                Err(fault) => break report.note(format_args!("bye: {fault}")),
            }
        }
        self.over = true;
    }
}

/// Whether an answer is one to this request.
fn is_of(message: &Message, asked: &Asked) -> bool {
    let sequence = message.sequence() == Some((asked.sequence, asked.method));
    sequence && message.branch().is_none_or(|b| b == asked.branch)
}

fn value(message: &Message, name: &str) -> String {
    // no line break can lie in a value: lines were split at them, and control characters go
    message.header(name).unwrap_or_default().chars().filter(|c| !c.is_control()).take(512).collect()
}

fn shown(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(a) => a.ip().to_string(),
        SocketAddr::V6(a) => format!("[{}]", a.ip()),
    }
}

/// Whoever drops a call, because the program ends or nobody waits any more, does not leave the device in it.
impl Drop for Call<'_> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let last = if self.ack.0 > 0 {
            self.sequence += 1;
            self.proof = None;
            self.asked("BYE")
        } else if let Some((sequence, branch)) = self.ringing.take() {
            Asked { method: "CANCEL", sequence, branch }
        } else {
            return;
        };
        self.wire.try_send(&self.request(&last, ""));
    }
}
