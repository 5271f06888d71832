//! Who is there: one session of its own, on which this node holds every name, and on which it speaks and listens.
//!
//! When the line breaks, every holding is lost and every reader of notes is told that it missed some. The line is looked at every
//! three seconds; the server gives up a silent node only later (five seconds and three more tries), so that this node has
//! stopped before another begins.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_postgres::{Client, Statement};
use tokio_util::sync::CancellationToken;

use super::{Address, Purpose, Session, Sync, connect, sql};
use crate::StoreError;
use crate::node::{Hub, NOTE_BYTES_MAX, Names, NodeId, Note};

const CHANNEL: &str = "shanshui";
/// The server takes less than 8,000 bytes at a time.
const PIECE_BYTES: usize = 7_800;
const LOOK: Duration = Duration::from_secs(3);
const ANSWER_MAX: Duration = Duration::from_secs(5);
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(3);

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;
type Taken = (u64, CancellationToken);

enum Ask {
    Take(String, Answer<Option<Taken>>),
    Give(String, u64),
    Held(String, Answer<bool>),
    Publish(Vec<String>, Vec<Answer<()>>),
    Leave(oneshot::Sender<()>),
}

/// The handle; cheap to clone.
#[derive(Clone)]
pub(crate) struct Presence {
    asks: mpsc::UnboundedSender<Ask>,
    shared: Arc<Shared>,
}

struct Shared {
    hub: Hub,
    names: Names,
    serial: AtomicU64,
}

impl Presence {
    /// Connects and takes the node's own name.
    pub(crate) async fn open(address: &Address, hub: Hub) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared { hub, names: Names::default(), serial: 0.into() });
        let (asks, asked) = mpsc::unbounded_channel();
        let line = Line::open(address, &shared).await?;
        let me = Self { asks, shared: Arc::clone(&shared) };
        tokio::spawn(run(address.clone(), shared, line, asked));
        Ok(me)
    }

    async fn ask<T>(&self, ask: impl FnOnce(Answer<T>) -> Ask) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(ask(answer)).map_err(|_| StoreError::Busy)?;
        answered.await.map_err(|_| StoreError::Busy)?
    }

    pub(crate) async fn take(&self, name: &str) -> Result<Option<Taken>, StoreError> {
        self.ask(|answer| Ask::Take(name.to_owned(), answer)).await
    }

    pub(crate) fn give(&self, name: &str, number: u64) {
        let _closed = self.asks.send(Ask::Give(name.to_owned(), number));
    }

    pub(crate) async fn held(&self, name: &str) -> Result<bool, StoreError> {
        self.ask(|answer| Ask::Held(name.to_owned(), answer)).await
    }

    pub(crate) async fn publish(&self, topic: &str, body: &str) -> Result<(), StoreError> {
        let serial = self.shared.serial.fetch_add(1, Ordering::Relaxed);
        let pieces = pieces(self.shared.hub.id(), serial, topic, body);
        self.ask(|answer| Ask::Publish(pieces, vec![answer])).await
    }

    pub(crate) async fn leave(&self) {
        let (left, gone) = oneshot::channel();
        if self.asks.send(Ask::Leave(left)).is_ok() {
            let _gone = gone.await;
        }
    }
}

/// The number under which the server knows a name.
fn number(name: &str) -> i64 {
    let digest = Sha256::digest(name.as_bytes());
    i64::from_be_bytes(digest[..8].try_into().expect("a digest is longer"))
}

/// A note as the server carries it: `node:serial:part:parts:` and the part. Notes that are equal are not equal then; the server
/// would drop the second of two.
fn pieces(from: &NodeId, serial: u64, topic: &str, body: &str) -> Vec<String> {
    let whole = format!("{}\n{}", topic.replace('\n', " "), body).replace('\0', "\u{fffd}");
    let mut parts = vec![];
    let mut rest = whole.as_str();
    while rest.len() > PIECE_BYTES {
        let (part, more) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        parts.push(part);
        rest = more;
    }
    parts.push(rest);
    let all = parts.len();
    parts.iter().enumerate().map(|(i, part)| format!("{from}:{serial}:{i}:{all}:{part}")).collect()
}

/// Puts notes together again. The pieces of one note come in order and in one transaction, without others between.
#[derive(Default)]
struct Assembler(HashMap<String, (String, usize, String)>);

impl Assembler {
    fn see(&mut self, piece: &str) -> Option<Note> {
        let mut parts = piece.splitn(5, ':');
        let (from, serial) = (parts.next()?, parts.next()?);
        let (i, all): (usize, usize) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let text = parts.next()?;
        if i == 0 {
            self.0.insert(from.to_owned(), (serial.to_owned(), 0, String::new()));
        }
        let (of, next, whole) = self.0.get_mut(from)?;
        if of != serial || *next != i || whole.len() + text.len() > NOTE_BYTES_MAX + PIECE_BYTES {
            self.0.remove(from);
            return None;
        }
        whole.push_str(text);
        *next += 1;
        if *next < all {
            return None;
        }
        let (_, _, whole) = self.0.remove(from)?;
        let (topic, body) = whole.split_once('\n')?;
        Some(Note { topic: topic.to_owned(), body: body.to_owned(), from: NodeId::told(from) })
    }
}

/// The session with what is asked of it again and again.
struct Line {
    session: Session,
    take: Statement,
    give: Statement,
    held: Statement,
    publish: Statement,
    pid: i32,
}

impl Line {
    async fn open(address: &Address, shared: &Arc<Shared>) -> Result<Self, StoreError> {
        Self::open_after(address, shared, None).await
    }

    /// `before` is the session whose line broke: the server may hold on to it for a while, and to its names.
    async fn open_after(address: &Address, shared: &Arc<Shared>, before: Option<i32>) -> Result<Self, StoreError> {
        let (id, hub, mut assembler) = (shared.hub.id(), shared.hub.clone(), Assembler::default());
        let named = format!("presence {id}");
        // a note is nothing that must outlive the server
        let purpose = Purpose { name: &named, sync: Sync::Off };
        let told = move |n: tokio_postgres::Notification| {
            if let Some(note) = assembler.see(n.payload()) {
                hub.hear(note);
            }
        };
        let session = connect(address, &purpose, told).await?;
        let client = &session.client;
        let prepare = async |text: &str| client.prepare(text).await.map_err(sql);
        let line = Self {
            take: prepare("SELECT pg_try_advisory_lock($1)").await?,
            give: prepare("SELECT pg_advisory_unlock($1)").await?,
            held: prepare(
                "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype='advisory' AND granted AND objsubid=1 \
                 AND database=(SELECT oid FROM pg_database WHERE datname=current_database()) \
                 AND (classid::int8 << 32 | objid::int8)=$1)",
            )
            .await?,
            publish: prepare(
                "SELECT pg_notify($1, piece) FROM unnest($2::text[]) WITH ORDINALITY AS p (piece, n) ORDER BY n",
            )
            .await?,
            pid: client.query_one("SELECT pg_backend_pid()", &[]).await.map_err(sql)?.get(0),
            session,
        };
        let client = &line.session.client;
        if let Some(before) = before {
            let end = "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE pid=$1 AND pid<>pg_backend_pid() \
                AND application_name=current_setting('application_name')";
            client.execute(end, &[&before]).await.map_err(sql)?;
        }
        client.batch_execute(&format!("LISTEN {CHANNEL}")).await.map_err(sql)?;
        if !line.take(&id.presence()).await? {
            return Err(StoreError::Unavailable("this node's name is still held by its former session".into()));
        }
        shared.names.take(&id.presence());
        Ok(line)
    }

    fn client(&self) -> &Client {
        &self.session.client
    }

    async fn take(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.client().query_one(&self.take, &[&number(name)]).await.map_err(sql)?.get(0))
    }

    async fn give(&self, name: &str) -> Result<(), StoreError> {
        self.client().query_one(&self.give, &[&number(name)]).await.map(|_| ()).map_err(sql)
    }

    async fn give_all(&self) -> Result<(), StoreError> {
        self.client().batch_execute("SELECT pg_advisory_unlock_all()").await.map_err(sql)
    }

    async fn held(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.client().query_one(&self.held, &[&number(name)]).await.map_err(sql)?.get(0))
    }

    async fn publish(&self, pieces: &[String]) -> Result<(), StoreError> {
        self.client().query(&self.publish, &[&CHANNEL, &pieces]).await.map(|_| ()).map_err(sql)
    }

    async fn look(&self) -> Result<(), StoreError> {
        self.client().simple_query("").await.map(|_| ()).map_err(sql)
    }
}

async fn run(address: Address, shared: Arc<Shared>, first: Line, mut asked: mpsc::UnboundedReceiver<Ask>) {
    let mut line = first;
    loop {
        let ended = attend(&line, &shared, &mut asked).await;
        let before = line.pid;
        drop(line);
        shared.names.lose();
        shared.hub.gap();
        match ended {
            End::Left(left) => {
                asked.close();
                let _gone = left.map(|left| left.send(()));
                return;
            }
            End::Lost(why) => tracing::warn!(%why, "the line on which this node holds its names broke"),
        }
        let Some(again) = reconnect(&address, &shared, &mut asked, before).await else { return };
        line = again;
        // whatever was said between the break and now was not heard
        shared.hub.gap();
        tracing::info!("this node is there again");
    }
}

enum End {
    Left(Option<oneshot::Sender<()>>),
    Lost(StoreError),
}

async fn attend(line: &Line, shared: &Arc<Shared>, asked: &mut mpsc::UnboundedReceiver<Ask>) -> End {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut waiting = Vec::new();
    loop {
        tokio::select! {
            biased;
            n = asked.recv_many(&mut waiting, 256) => {
                if n == 0 {
                    return End::Left(None);
                }
                let mut asks = together(waiting.drain(..)).into_iter();
                while let Some(ask) = asks.next() {
                    if let Ask::Leave(left) = ask {
                        asks.for_each(|ask| refuse(ask, &StoreError::Busy));
                        // the server notices the end of a line a moment later; others shall not have to wait for that
                        if let Err(error) = within(line.give_all()).await {
                            tracing::debug!(%error, "left without giving back");
                        }
                        return End::Left(Some(left));
                    }
                    if let Err(error) = answer(line, shared, ask).await {
                        asks.for_each(|ask| refuse(ask, &error));
                        return End::Lost(error);
                    }
                }
            }
            _ = look.tick() => {
                if let Err(error) = within(line.look()).await {
                    return End::Lost(error);
                }
            }
        }
        if line.session.driver.is_finished() {
            return End::Lost(StoreError::Unavailable("closed by the server".into()));
        }
    }
}

/// Notes that follow one another go in one statement.
fn together(asks: impl Iterator<Item = Ask>) -> Vec<Ask> {
    let mut out: Vec<Ask> = Vec::new();
    for ask in asks {
        match (out.last_mut(), ask) {
            (Some(Ask::Publish(pieces, answers)), Ask::Publish(more, answer)) => {
                pieces.extend(more);
                answers.extend(answer);
            }
            (_, ask) => out.push(ask),
        }
    }
    out
}

async fn within<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = || StoreError::Unavailable(format!("no answer within {} s", ANSWER_MAX.as_secs()));
    timeout(ANSWER_MAX, work).await.unwrap_or_else(|_| Err(late()))
}

/// Does what is asked. An error is one of the line: the session is of no use any more, and whoever was not answered sees it closed.
async fn answer(line: &Line, shared: &Shared, ask: Ask) -> Result<(), StoreError> {
    match ask {
        Ask::Take(name, answer) => {
            let Some(taken) = shared.names.take(&name) else {
                return say(answer, Ok(None));
            };
            let done = within(line.take(&name)).await;
            if !matches!(done, Ok(true)) {
                shared.names.give(&name, taken.0);
            }
            // nobody waits for it any more: the name must not be held for nobody
            let abandoned = answer.is_closed() && matches!(done, Ok(true));
            say(answer, done.map(|granted| granted.then_some(taken.clone())))?;
            if abandoned && shared.names.give(&name, taken.0) {
                within(line.give(&name)).await?;
            }
            Ok(())
        }
        Ask::Give(name, number) => {
            if shared.names.give(&name, number) {
                within(line.give(&name)).await?;
            }
            Ok(())
        }
        Ask::Held(name, answer) => say(answer, within(line.held(&name)).await),
        Ask::Publish(pieces, answers) => {
            let done = within(line.publish(&pieces)).await;
            answers.into_iter().try_for_each(|answer| say(answer, done.clone()))
        }
        Ask::Leave(_) => Ok(()),
    }
}

/// Answers, and gives back an error of the line.
fn say<T>(answer: Answer<T>, done: Result<T, StoreError>) -> Result<(), StoreError> {
    let broken = match &done {
        Err(error @ StoreError::Unavailable(_)) => Err(error.clone()),
        _ => Ok(()),
    };
    let _gone = answer.send(done);
    broken
}

fn refuse(ask: Ask, error: &StoreError) {
    match ask {
        Ask::Take(_, answer) => drop(answer.send(Err(error.clone()))),
        Ask::Held(_, answer) => drop(answer.send(Err(error.clone()))),
        Ask::Publish(_, answers) => answers.into_iter().for_each(|answer| drop(answer.send(Err(error.clone())))),
        Ask::Leave(left) => drop(left.send(())),
        Ask::Give(..) => {}
    }
}

async fn reconnect(
    address: &Address,
    shared: &Arc<Shared>,
    asked: &mut mpsc::UnboundedReceiver<Ask>,
    before: i32,
) -> Option<Line> {
    let mut pause = RETRY_FIRST;
    loop {
        let wait = sleep(pause);
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => break,
                ask = asked.recv() => match ask? {
                    Ask::Leave(left) => {
                        let _gone = left.send(());
                        return None;
                    }
                    ask => refuse(ask, &StoreError::Unavailable("the database cannot be reached".into())),
                },
            }
        }
        match timeout(ANSWER_MAX * 2, Line::open_after(address, shared, Some(before))).await {
            Ok(Ok(line)) => return Some(line),
            Ok(Err(error)) => tracing::debug!(%error, "not there yet"),
            Err(_) => tracing::debug!("not there yet: no answer"),
        }
        pause = (pause * 2).min(RETRY_LAST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(topic: &str, body: &str) -> Option<Note> {
        let (me, mut assembler) = (Hub::new(), Assembler::default());
        let pieces = pieces(me.id(), 7, topic, body);
        assert!(pieces.iter().all(|p| p.len() < 8_000));
        let (last, first) = pieces.split_last().expect("at least one");
        assert!(first.iter().all(|p| assembler.see(p).is_none()));
        let note = assembler.see(last)?;
        assert_eq!((&note.from, note.topic.as_str()), (me.id(), topic));
        Some(note)
    }

    #[test]
    fn a_note_of_any_length_arrives_whole() {
        for body in ["", "a:b:c\n\n", &"水质".repeat(9_000), &"x".repeat(NOTE_BYTES_MAX - 9)] {
            assert_eq!(through("alarm", body).expect("whole").body, body);
        }
    }

    #[test]
    fn a_note_without_its_beginning_is_none() {
        let (me, mut assembler) = (Hub::new(), Assembler::default());
        let first = pieces(me.id(), 1, "t", &"x".repeat(20_000));
        assert!(first[1..].iter().all(|p| assembler.see(p).is_none()));
        let second = pieces(me.id(), 2, "t", &"y".repeat(20_000));
        let seen: Vec<_> = first[..2].iter().chain(&second).filter_map(|p| assembler.see(p)).collect();
        assert_eq!(seen.len(), 1, "only the whole one");
        assert!(assembler.see("nonsense").is_none());
    }
}
