//! Several nodes on one store: who is there, who holds which device's line, work that is done once, timers that fire once.
//!
//! Every change here is one write, and writes are serial over all nodes (`Store::write`): a row that was free when the write
//! looked at it is still free when it is taken. There is no lock on rows and none is needed.
//!
//! A node is alive while the name [`NodeId::presence`](crate::NodeId::presence) is held. What a dead node held or had taken is free at once.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use shanshui_domain::id::{Mn, StationCode, TelegramId};
use shanshui_domain::time::Instant;
use uuid::Uuid;

use crate::act::{self, AlarmRow};
use crate::analyse::{self, JudgementRow};
use crate::sense::{self, DeviceFacts};
use crate::sql::{Row, Tx};
use crate::{Store, StoreError, args};

/// Kind of the job that tells of a second connection; its body is a [`SecondConnection`] as JSON.
pub const SECOND_CONNECTION: &str = "second_connection";
/// Work that is over is remembered for so long.
const DONE_KEPT_MS: i64 = 2 * 24 * 3_600_000;
/// A node that is gone without a word is named for so long.
pub(crate) const GONE_KEPT_MS: i64 = 10 * 60_000;

/// A node as it has written itself down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// Its id, new at every start.
    pub id: String,
    /// Roles, joined by commas.
    pub roles: String,
    /// Since when.
    pub started: Instant,
    /// When it last wrote.
    pub seen: Instant,
    /// Connections of devices.
    pub connections: i64,
    /// The newest telegram when it came: whatever it has kept has a higher id.
    pub after: TelegramId,
}

/// What a node says of itself and its lines every few seconds.
#[derive(Debug, Clone)]
pub struct Beat {
    /// The node.
    pub node: String,
    /// Its roles, joined by commas.
    pub roles: String,
    /// When.
    pub at: Instant,
    /// Connections of devices.
    pub connections: i64,
    /// What happened on its lines since the last time.
    pub facts: Vec<DeviceFacts>,
    /// Lines it holds: device, connection, when it last spoke.
    pub heard: Vec<(Mn, u64, Instant)>,
}

/// Who holds a device's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRow {
    /// Device.
    pub mn: Mn,
    /// Node.
    pub node: String,
    /// Number of the connection at that node.
    pub connection: u64,
    /// Its peer.
    pub peer: String,
    /// When it last spoke, to a few seconds.
    pub heard: Instant,
}

/// A connection wants to speak for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Device.
    pub mn: Mn,
    /// Its station.
    pub station: StationCode,
    /// Number of the connection at this node.
    pub connection: u64,
    /// Its peer.
    pub peer: String,
    /// When it spoke.
    pub heard: Instant,
    /// Silence after which another may take the line over.
    pub quiet_ms: i64,
    /// Takes the line if it is free; else only asks whether another holds it.
    pub want: bool,
    /// To find the line held by another is an alarm.
    pub tell: bool,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The line is this connection's, or nobody else's.
    Own,
    /// Another node's connection speaks for the device.
    Other {
        /// The node.
        node: String,
        /// The connection's peer.
        peer: String,
    },
}

/// A second live connection speaks for a device.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SecondConnection {
    /// Station.
    pub station: StationCode,
    /// Device.
    pub mn: Mn,
    /// The newcomer.
    pub peer: String,
    /// The one that was there.
    pub held_by: String,
    /// When the newcomer spoke.
    pub at: Instant,
}

/// Work to be put down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobIn {
    /// What is to be done.
    pub kind: &'static str,
    /// To what; one of a kind is open for each subject.
    pub subject: String,
    /// Whatever the worker must know.
    pub body: String,
    /// Not before.
    pub due: Instant,
}

/// Work as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// Id.
    pub id: String,
    /// What is to be done.
    pub kind: String,
    /// To what.
    pub subject: String,
    /// Whatever the worker must know.
    pub body: String,
    /// Not before.
    pub due: Instant,
    /// Who is at it.
    pub taken_by: Option<String>,
    /// How often it was taken; whoever took it later than us has a higher number.
    pub tries: i64,
    /// When it was over.
    pub done_at: Option<Instant>,
    /// Why it did not go well, the last time.
    pub error: Option<String>,
}

/// One thing that the judge has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// A judgement, as [`Store::judgement_put`] takes it.
    Judgement(JudgementRow),
    /// A condition holds, as [`Store::alarm_raise`] takes it.
    Raise(AlarmRow),
    /// It has ended, as [`Store::alarm_end`] takes it.
    End(String, Instant),
}

/// What came of a timer being looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    /// The instant it has fired for, if it has.
    pub due: Option<Instant>,
    /// When it is due next.
    pub next: Instant,
}

/// Rows of one statement.
const ROWS: usize = 64;
static HEARD: LazyLock<String> = LazyLock::new(|| {
    let row = |i: usize| {
        let n = i * 3 + 2;
        format!("(CAST(${} AS TEXT),CAST(${} AS BIGINT),CAST(${} AS BIGINT))", n, n + 1, n + 2)
    };
    let rows = (0..ROWS).map(row).collect::<Vec<_>>().join(",");
    format!(
        "WITH said (mn, connection, heard) AS (VALUES {rows}) UPDATE device_hold SET heard=said.heard FROM said \
         WHERE device_hold.mn=said.mn AND device_hold.node=$1 AND device_hold.connection=said.connection"
    )
});
const JOB: &str = "SELECT id, kind, subject, body, due, taken_by, tries, done_at, error FROM job WHERE id=$1";
/// Nobody has it, or had it for longer than they may.
const FREE: &str = "SELECT id FROM job WHERE kind=$1 AND due<=$2 AND done_at IS NULL AND (taken_by IS NULL OR taken_until<=$2) \
    ORDER BY due, id LIMIT $3";
const TAKERS: &str = "SELECT DISTINCT taken_by FROM job WHERE taken_by IS NOT NULL AND done_at IS NULL";
const TAKEN: &str =
    "SELECT id FROM job WHERE taken_by=$4 AND kind=$1 AND due<=$2 AND done_at IS NULL ORDER BY due, id LIMIT $3";

fn node_row(r: &Row) -> Result<NodeRow, StoreError> {
    Ok(NodeRow {
        id: r.text(0)?,
        roles: r.text(1)?,
        started: Instant(r.int(2)?),
        seen: Instant(r.int(3)?),
        connections: r.int(4)?,
        after: TelegramId(r.int(5)?),
    })
}

fn hold_row(r: &Row) -> Result<HoldRow, StoreError> {
    Ok(HoldRow {
        mn: Mn(r.text(0)?),
        node: r.text(1)?,
        connection: r.int(2)?.cast_unsigned(),
        peer: r.text(3)?,
        heard: Instant(r.int(4)?),
    })
}

fn job_row(r: &Row) -> Result<JobRow, StoreError> {
    Ok(JobRow {
        id: r.text(0)?,
        kind: r.text(1)?,
        subject: r.text(2)?,
        body: r.text(3)?,
        due: Instant(r.int(4)?),
        taken_by: r.text_opt(5)?,
        tries: r.int(6)?,
        done_at: r.int_opt(7)?.map(Instant),
        error: r.text_opt(8)?,
    })
}

fn put_node(tx: &mut dyn Tx, id: &str, roles: &str, (started, connections): (Instant, i64)) -> Result<(), StoreError> {
    let newest = tx.row("SELECT MAX(id) FROM telegram", args![])?;
    let newest = newest.map_or(Ok(None), |r| r.int_opt(0))?.unwrap_or(0);
    tx.execute(
        "INSERT INTO node (id, roles, started, seen, connections, after) VALUES ($1,$2,$3,$3,$4,$5)",
        args![id, roles, started, connections, newest],
    )?;
    Ok(())
}

pub(crate) fn put_job(tx: &mut dyn Tx, job: &JobIn) -> Result<bool, StoreError> {
    let put = tx.execute(
        "INSERT INTO job (id, kind, subject, body, due, tries) VALUES ($1,$2,$3,$4,$5,0) ON CONFLICT DO NOTHING",
        args![Uuid::now_v7().to_string(), job.kind, &job.subject, &job.body, job.due],
    )?;
    Ok(put == 1)
}

fn put_hold(tx: &mut dyn Tx, node: &str, c: &Claim) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO device_hold (mn, node, connection, peer, heard) VALUES ($1,$2,$3,$4,$5) ON CONFLICT (mn) DO UPDATE SET \
         node=excluded.node, connection=excluded.connection, peer=excluded.peer, heard=excluded.heard",
        args![&c.mn, node, c.connection, &c.peer, c.heard],
    )?;
    Ok(())
}

/// The holder stays while its node lives and it is not quiet for too long (ADR 0004).
fn claim(tx: &mut dyn Tx, node: &str, dead: &HashSet<String>, c: &Claim) -> Result<Claimed, StoreError> {
    // a node that is not written down has left
    let holder = tx.row(
        "SELECT h.mn, h.node, h.connection, h.peer, h.heard FROM device_hold h JOIN node n ON n.id=h.node WHERE h.mn=$1",
        args![&c.mn],
    )?;
    let holder = holder.as_ref().map(hold_row).transpose()?;
    let lives = |h: &HoldRow| h.node != node && !dead.contains(&h.node) && c.heard.ms_since(h.heard) <= c.quiet_ms;
    let Some(holder) = holder.filter(lives) else {
        if c.want {
            put_hold(tx, node, c)?;
        }
        return Ok(Claimed::Own);
    };
    if c.tell {
        let second = SecondConnection {
            station: c.station.clone(),
            mn: c.mn.clone(),
            peer: c.peer.clone(),
            held_by: holder.peer.clone(),
            at: c.heard,
        };
        put_job(tx, &second.job(node, c.connection))?;
    }
    Ok(Claimed::Other { node: holder.node, peer: holder.peer })
}

impl SecondConnection {
    /// The job that tells of it, once for each connection of a node.
    pub fn job(&self, node: &str, connection: u64) -> JobIn {
        JobIn {
            kind: SECOND_CONNECTION,
            subject: format!("{} {node}:{connection}", self.mn),
            body: serde_json::to_string(self).unwrap_or_default(),
            due: self.at,
        }
    }
}

/// The first instant of the timer's grid after `now`.
fn next(now: Instant, every_ms: i64) -> Instant {
    let every = every_ms.max(1) * 1_000;
    Instant((now.0.div_euclid(every) + 1) * every)
}

impl Store {
    /// This node is there from now on.
    pub async fn node_join(&self, roles: &str, now: Instant) -> Result<(), StoreError> {
        let (id, roles) = (self.node().to_string(), roles.to_owned());
        self.write(move |tx| put_node(tx, &id, &roles, (now, 0))).await
    }

    /// This node ends: its lines are free, what it had taken is done by others.
    pub async fn node_leave(&self) -> Result<(), StoreError> {
        let id = self.node().to_string();
        self.write(move |tx| {
            tx.execute(
                "UPDATE job SET taken_by=NULL, taken_until=NULL WHERE taken_by=$1 AND done_at IS NULL",
                args![&id],
            )?;
            tx.execute("DELETE FROM device_hold WHERE node=$1", args![&id])?;
            tx.execute("DELETE FROM node WHERE id=$1", args![&id])?;
            Ok(())
        })
        .await
    }

    /// Every node that is written down, oldest first; some may be gone without a word.
    pub async fn nodes(&self) -> Result<Vec<NodeRow>, StoreError> {
        let text = "SELECT id, roles, started, seen, connections, after FROM node ORDER BY started, id";
        self.read(text, args![]).await?.iter().map(node_row).collect()
    }

    /// Whether a node lives.
    pub async fn node_lives(&self, id: &str) -> Result<bool, StoreError> {
        if id == self.node().as_str() {
            return Ok(true);
        }
        self.held(&format!("node:{id}")).await
    }

    /// Those of the nodes that do not live.
    async fn dead(&self, ids: impl IntoIterator<Item = String>) -> Result<HashSet<String>, StoreError> {
        let mut dead = HashSet::new();
        for id in ids {
            if !self.node_lives(&id).await? {
                dead.insert(id);
            }
        }
        Ok(dead)
    }

    async fn dead_nodes(&self) -> Result<HashSet<String>, StoreError> {
        let ids: Vec<String> = self.nodes().await?.into_iter().map(|n| n.id).collect();
        self.dead(ids).await
    }

    /// Writes down what a node says of itself and its lines. Gives those lines that it does not hold: it seemed dead for a while,
    /// and must claim them again.
    pub async fn beat(&self, beat: Beat) -> Result<Vec<(Mn, u64)>, StoreError> {
        self.write(move |tx| {
            let seen = tx.execute(
                "UPDATE node SET seen=$2, connections=$3 WHERE id=$1",
                args![&beat.node, beat.at, beat.connections],
            )?;
            if seen == 0 {
                put_node(tx, &beat.node, &beat.roles, (beat.at, beat.connections))?;
            }
            let mut lost = Vec::new();
            for some in beat.heard.chunks(ROWS) {
                let mut args = args![&beat.node];
                // a row that stands twice says the same twice: one statement serves any number
                for (mn, connection, heard) in some.iter().chain(some.last().into_iter().cycle()).take(ROWS) {
                    args.extend(args![mn, *connection, *heard]);
                }
                if tx.execute(&HEARD, args)? < some.len() {
                    for (mn, connection, _) in some {
                        let own = "SELECT 1 FROM device_hold WHERE mn=$1 AND node=$2 AND connection=$3";
                        if tx.row(own, args![mn, &beat.node, *connection])?.is_none() {
                            lost.push((mn.clone(), *connection));
                        }
                    }
                }
            }
            sense::add_facts(tx, &beat.facts)?;
            Ok(lost)
        })
        .await
    }

    /// Connections of a node want lines, others of its connections have ended. Gives for each claim what became of it. Where it
    /// is to be told that another node's connection holds the line, the job [`SECOND_CONNECTION`] is put down in the same write;
    /// `seconds` are such findings that the node has made by itself.
    pub async fn lines_claim(
        &self,
        node: &str,
        claims: Vec<Claim>,
        ended: Vec<(Mn, u64)>,
        seconds: Vec<(u64, SecondConnection)>,
    ) -> Result<Vec<Claimed>, StoreError> {
        let dead = if claims.is_empty() { HashSet::new() } else { self.dead_nodes().await? };
        let node = node.to_owned();
        self.write(move |tx| {
            for (connection, second) in &seconds {
                put_job(tx, &second.job(&node, *connection))?;
            }
            for (mn, connection) in &ended {
                tx.execute(
                    "DELETE FROM device_hold WHERE mn=$1 AND node=$2 AND connection=$3",
                    args![mn, &node, *connection],
                )?;
            }
            claims.iter().map(|c| claim(tx, &node, &dead, c)).collect()
        })
        .await
    }

    /// Who holds a device's line; none when nobody does whose node lives.
    pub async fn line_holder(&self, mn: &Mn) -> Result<Option<HoldRow>, StoreError> {
        let text = "SELECT mn, node, connection, peer, heard FROM device_hold WHERE mn=$1";
        let Some(row) = self.read_one(text, args![mn]).await? else { return Ok(None) };
        let row = hold_row(&row)?;
        Ok(self.node_lives(&row.node).await?.then_some(row))
    }

    /// Devices whose line is held, whether or not the holder's node lives.
    pub async fn lines_held(&self) -> Result<HashMap<Mn, HoldRow>, StoreError> {
        let rows = self.read("SELECT mn, node, connection, peer, heard FROM device_hold", args![]).await?;
        rows.iter().map(|r| hold_row(r).map(|h| (h.mn.clone(), h))).collect()
    }

    /// Puts work down, unless the same is open already; true when it was put down.
    pub async fn job_put(&self, job: JobIn) -> Result<bool, StoreError> {
        self.write(move |tx| put_job(tx, &job)).await
    }

    /// Takes work that is due and free: nobody has it, its time is over, or who had it does not live. Each is given to one node;
    /// it must be done, or [kept](Self::jobs_keep), within `lease_ms`.
    pub async fn jobs_take(
        &self,
        by: &str,
        kinds: &'static [&'static str],
        (now, lease_ms): (Instant, i64),
        max: usize,
    ) -> Result<Vec<JobRow>, StoreError> {
        let takers: Vec<String> =
            self.read(TAKERS, args![]).await?.iter().map(|r| r.text(0)).collect::<Result<_, _>>()?;
        let dead = self.dead(takers).await?;
        let mut waits = !dead.is_empty();
        for kind in kinds {
            waits = waits || self.read_one(FREE, args![*kind, now, 1_i64]).await?.is_some();
        }
        if !waits {
            return Ok(Vec::new());
        }
        let (by, until) = (by.to_owned(), now.plus_ms(lease_ms));
        self.write(move |tx| {
            let mut taken = Vec::new();
            let mut take = |tx: &mut dyn Tx, rows: Vec<Row>| {
                for row in rows {
                    let id = row.text(0)?;
                    tx.execute(
                        "UPDATE job SET taken_by=$2, taken_until=$3, tries=tries+1 WHERE id=$1",
                        args![&id, &by, until],
                    )?;
                    let row = tx.row(JOB, args![&id])?.ok_or(StoreError::NotFound)?;
                    taken.push(job_row(&row)?);
                }
                Ok::<_, StoreError>(max.saturating_sub(taken.len()) as i64)
            };
            let mut room = max as i64;
            for kind in kinds {
                let free = tx.query(FREE, args![*kind, now, room])?;
                room = take(tx, free)?;
                for taker in &dead {
                    let theirs = tx.query(TAKEN, args![*kind, now, room, taker])?;
                    room = take(tx, theirs)?;
                }
            }
            Ok(taken)
        })
        .await
    }

    /// Work that goes on longer: it stays its taker's until then. Gives those that are the taker's no longer.
    pub async fn jobs_keep(&self, jobs: Vec<JobRow>, until: Instant) -> Result<Vec<String>, StoreError> {
        self.write(move |tx| {
            let mut lost = Vec::new();
            for job in &jobs {
                let kept = tx.execute(
                    "UPDATE job SET taken_until=$4 WHERE id=$1 AND taken_by=$2 AND tries=$3 AND done_at IS NULL",
                    args![&job.id, job.taken_by.clone(), job.tries, until],
                )?;
                if kept == 0 {
                    lost.push(job.id.clone());
                }
            }
            Ok(lost)
        })
        .await
    }

    /// Work is over, well or with a reason why not. False when another has taken it meanwhile, who will say the same.
    pub async fn job_done(&self, job: &JobRow, now: Instant, error: Option<String>) -> Result<bool, StoreError> {
        let (id, by, tries) = (job.id.clone(), job.taken_by.clone(), job.tries);
        self.write(move |tx| {
            let done = tx.execute(
                "UPDATE job SET done_at=$4, error=$5, taken_by=NULL, taken_until=NULL \
                 WHERE id=$1 AND taken_by=$2 AND tries=$3 AND done_at IS NULL",
                args![id, by, tries, now, error],
            )?;
            Ok(done == 1)
        })
        .await
    }

    /// Work did not go well and is to be tried again from `due` on. False when another has taken it meanwhile.
    pub async fn job_retry(&self, job: &JobRow, due: Instant, error: String) -> Result<bool, StoreError> {
        let (id, by, tries) = (job.id.clone(), job.taken_by.clone(), job.tries);
        self.write(move |tx| {
            let put_back = tx.execute(
                "UPDATE job SET due=$4, error=$5, taken_by=NULL, taken_until=NULL \
                 WHERE id=$1 AND taken_by=$2 AND tries=$3 AND done_at IS NULL",
                args![id, by, tries, due, error],
            )?;
            Ok(put_back == 1)
        })
        .await
    }

    /// Work of a kind, open or over, newest first; what was over for two days is gone.
    pub async fn jobs(&self, kind: &'static str) -> Result<Vec<JobRow>, StoreError> {
        let text = "SELECT id, kind, subject, body, due, taken_by, tries, done_at, error FROM job WHERE kind=$1 ORDER BY id DESC";
        self.read(text, args![kind]).await?.iter().map(job_row).collect()
    }

    /// Looks at a timer: when it is due it fires, that is, the job `kind` is put down with the instant as its subject, in the
    /// same write. Over all nodes it fires once for each instant of its grid (multiples of `every_ms` since 1970, UTC); instants
    /// that passed while no node looked are fired for once together. A timer that nobody has looked at yet is due at the next
    /// instant.
    pub async fn timer_fire(
        &self,
        name: &'static str,
        kind: &'static str,
        (now, every_ms): (Instant, i64),
    ) -> Result<Fired, StoreError> {
        self.write(move |tx| {
            let next = next(now, every_ms);
            let Some(row) = tx.row("SELECT due FROM timer WHERE name=$1", args![name])? else {
                tx.execute("INSERT INTO timer (name, due, fired) VALUES ($1,$2,0)", args![name, next])?;
                return Ok(Fired { due: None, next });
            };
            let due = Instant(row.int(0)?);
            if due > now {
                return Ok(Fired { due: None, next: due });
            }
            tx.execute("UPDATE timer SET due=$2, fired=fired+1 WHERE name=$1", args![name, next])?;
            put_job(tx, &JobIn { kind, subject: due.to_string(), body: String::new(), due })?;
            Ok(Fired { due: Some(due), next })
        })
        .await
    }

    /// Clears away what nobody needs any more: work that is long over, sessions that have ended, nodes that are long gone with
    /// their lines. Commands at nodes that do not live are ended, each with `step` as its last.
    pub async fn sweep(&self, now: Instant, step: serde_json::Value) -> Result<(), StoreError> {
        let dead = self.dead_nodes().await?;
        let at_nodes = self.read("SELECT DISTINCT node FROM command WHERE ended IS NULL AND node IS NOT NULL", args![]);
        let at_nodes = at_nodes.await?.iter().map(|r| r.text(0)).collect::<Result<Vec<_>, _>>()?;
        let silent = self.dead(at_nodes).await?;
        self.write(move |tx| {
            tx.execute("DELETE FROM job WHERE done_at IS NOT NULL AND done_at<$1", args![now.plus_ms(-DONE_KEPT_MS)])?;
            tx.execute("DELETE FROM session WHERE expires<$1", args![now])?;
            for node in &silent {
                for row in tx.query("SELECT id FROM command WHERE node=$1 AND ended IS NULL", args![node])? {
                    sense::end_command(tx, &row.text(0)?, &step, now)?;
                }
            }
            for node in &dead {
                tx.execute("DELETE FROM device_hold WHERE node=$1", args![node])?;
                tx.execute("DELETE FROM node WHERE id=$1 AND seen<$2", args![node, now.plus_ms(-GONE_KEPT_MS)])?;
            }
            Ok(())
        })
        .await
    }

    /// Writes what the judge has found, in its order, with the states of its rules: all of it or nothing. Gives the alarms that
    /// have begun or ended by it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the state `holder` is not `token`: another is the judge.
    pub async fn rulings_put(
        &self,
        (holder, token): (&'static str, String),
        rulings: Vec<Ruling>,
        states: Vec<(String, String)>,
    ) -> Result<Vec<AlarmRow>, StoreError> {
        self.write(move |tx| {
            let now = tx.row("SELECT value FROM rule_state WHERE key=$1", args![holder])?;
            if now.map_or(Ok(None), |r| r.text_opt(0))?.as_deref() != Some(token.as_str()) {
                return Err(StoreError::Conflict);
            }
            let mut turned = Vec::new();
            for ruling in &rulings {
                match ruling {
                    Ruling::Judgement(judgement) => _ = analyse::put_judgement(tx, judgement)?,
                    Ruling::Raise(alarm) => {
                        let (row, new) = act::raise_alarm(tx, alarm)?;
                        turned.extend(new.then_some(row));
                    }
                    Ruling::End(condition, at) => turned.extend(act::end_alarm(tx, condition, *at)?),
                }
            }
            analyse::put_states(tx, states)?;
            Ok(turned)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_due_at_multiples_of_its_period() {
        let check =
            |now: i64, every_ms: i64, expected: i64| assert_eq!(next(Instant(now), every_ms), Instant(expected));
        check(0, 1, 1_000);
        check(999, 1, 1_000);
        check(1_000, 1, 2_000);
        check(59_999_999, 60_000, 60_000_000);
        check(-1, 60_000, 0);
    }
}
