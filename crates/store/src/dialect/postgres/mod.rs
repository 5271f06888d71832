//! PostgreSQL 15 or newer: several nodes write, one group after another.
//!
//! Writes are as serial as on SQLite, over all nodes together: each group's transaction first takes an advisory lock of its lane
//! and holds it until its commit is seen, so that groups follow one another, ids are given in the order of commits, and no two
//! races exist. A node has two lanes, each a connection of its own: one for what devices send, one for everything else.
//!
//! `address` and `tls` are the line, `writer` a lane, `bulk` and `copy` what it does with readings, `value`
//! what crosses, `presence` who is there and what
//! nodes tell one another, `scan` walks along series.

mod address;
pub(crate) mod bulk;
mod copy;
pub(crate) mod look;
pub(crate) mod presence;
pub(crate) mod scan;
mod tls;
mod value;
pub(crate) mod writer;

use std::time::{Duration, Instant};

use futures::future::poll_fn;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Notification};

pub(crate) use address::{Address, is_postgres};
pub(crate) use bulk::Month;

use super::Sync;
use crate::StoreError;

/// Oldest server that is known to work, as it numbers itself.
const SERVER_MIN: i64 = 150_000;
/// Advisory locks of this program: the first of two numbers; the second is the lane, or [`MIGRATING`].
pub(crate) const LOCKS: i32 = 0x7368_616e;
const MIGRATING: i32 = 0;
/// Between two tries to connect.
const RETRY: Duration = Duration::from_secs(2);

/// One session with the task that moves its bytes.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) driver: JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What a session is for; it is seen in `pg_stat_activity`.
pub(crate) struct Purpose<'a> {
    pub(crate) name: &'a str,
    pub(crate) sync: Sync,
}

/// What every session is told: how hard commits are, and how long a node that has gone or hangs may hold what others wait for.
fn settings(sync: Sync) -> String {
    let sync = match sync {
        Sync::Full => "on",
        Sync::Off => "off",
    };
    format!(
        "SET synchronous_commit={sync}; SET idle_in_transaction_session_timeout='20s'; SET lock_timeout='5s'; \
         SET statement_timeout='120s'; SET tcp_keepalives_idle=5; SET tcp_keepalives_interval=5; SET tcp_keepalives_count=3; \
         SET tcp_user_timeout='20s'; SET client_connection_check_interval='5s'; SET client_min_messages=warning; \
         SET default_transaction_isolation='read committed'; SET client_encoding='UTF8'; SET jit=off"
    )
}

/// Connects once. `told` gets the notifications; it is dropped when the line ends.
pub(crate) async fn connect(
    address: &Address,
    purpose: &Purpose<'_>,
    told: impl FnMut(Notification) + Send + 'static,
) -> Result<Session, StoreError> {
    let mut config = address.config.clone();
    config.application_name(format!("shanshui {}", purpose.name));
    let (client, mut connection) = config.connect(address.tls.clone()).await.map_err(|e| unreachable(address, &e))?;
    let mut told = told;
    let driver = tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(notification) = message {
                told(notification);
            }
        }
    });
    let session = Session { client, driver };
    session.client.batch_execute(&settings(purpose.sync)).await.map_err(sql)?;
    Ok(session)
}

fn unreachable(address: &Address, error: &tokio_postgres::Error) -> StoreError {
    StoreError::Unavailable(format!("{address}: {}", words(error)))
}

/// The driver's words with their cause.
fn words(error: &tokio_postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return format!("{} ({})", db.message(), db.code().code());
    }
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Opens the database at the start: waits up to `patience` for it to be reachable, then brings its schema up.
pub(crate) async fn open(address: &Address, patience: Duration) -> Result<(), StoreError> {
    let began = Instant::now();
    loop {
        let purpose = Purpose { name: "start", sync: Sync::Full };
        let opened = match connect(address, &purpose, |_| ()).await {
            Ok(mut session) => migrate(&mut session.client, &super::steps(|s| s.postgres)).await,
            Err(error) => Err(error),
        };
        match opened {
            Err(StoreError::Unavailable(why)) if began.elapsed() + RETRY < patience => {
                tracing::warn!(%why, "the database cannot be reached yet; trying again");
                tokio::time::sleep(RETRY).await;
            }
            done => return done,
        }
    }
}

/// Each step and its number go in one transaction, under a lock: of several nodes that start, one does it.
pub(crate) async fn migrate(client: &mut Client, steps: &[&str]) -> Result<(), StoreError> {
    let known = steps.len() as i64;
    let version = client.query_one("SELECT current_setting('server_version_num')::int8", &[]).await.map_err(sql)?;
    if version.get::<_, i64>(0) < SERVER_MIN {
        return Err(StoreError::Sql(format!("server {} is older than PostgreSQL 15", version.get::<_, i64>(0))));
    }
    loop {
        let tx = client.transaction().await.map_err(sql)?;
        // another node may be at a long step
        tx.batch_execute("SET LOCAL lock_timeout=0; SET LOCAL statement_timeout=0").await.map_err(sql)?;
        tx.execute("SELECT pg_advisory_xact_lock($1, $2)", &[&LOCKS, &MIGRATING]).await.map_err(sql)?;
        let found = schema(&tx).await?;
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
        let Some(step) = steps.get(found as usize) else { return tx.commit().await.map_err(sql) };
        if found == 0 {
            let number = "CREATE TABLE schema_version (version BIGINT NOT NULL); INSERT INTO schema_version VALUES (0)";
            tx.batch_execute(number).await.map_err(sql)?;
        }
        tx.batch_execute(step).await.map_err(sql)?;
        tx.execute("UPDATE schema_version SET version=$1", &[&(found + 1)]).await.map_err(sql)?;
        tx.commit().await.map_err(sql)?;
    }
}

async fn schema(tx: &tokio_postgres::Transaction<'_>) -> Result<i64, StoreError> {
    let there = "SELECT to_regclass('schema_version') IS NOT NULL";
    if !tx.query_one(there, &[]).await.map_err(sql)?.get::<_, bool>(0) {
        return Ok(0);
    }
    let row = tx.query_opt("SELECT version FROM schema_version", &[]).await.map_err(sql)?;
    row.map(|row| row.get(0)).ok_or_else(|| StoreError::Corrupt("schema_version is empty".into()))
}

/// What the server's words mean to the store.
pub(crate) fn sql(error: tokio_postgres::Error) -> StoreError {
    let said = words(&error);
    match error.code() {
        None if error.is_closed() || is_io(&error) => StoreError::Unavailable(said),
        Some(code) => by_state(code.code(), said),
        None => StoreError::Sql(said),
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
}

/// The same for both drivers.
pub(crate) fn by_state(code: &str, said: String) -> StoreError {
    let is = |state: &SqlState| state.code() == code;
    match code.get(..2).unwrap_or("") {
        "23" => StoreError::Conflict,
        "58" => StoreError::Full(said),
        _ if is(&SqlState::DISK_FULL) || is(&SqlState::READ_ONLY_SQL_TRANSACTION) => StoreError::Full(said),
        "08" | "28" | "3D" | "40" | "53" | "57" => StoreError::Unavailable(said),
        _ if is(&SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT) => StoreError::Unavailable(said),
        // a newer program has changed a table under a statement that was prepared before
        "0A" if said.contains("cached plan") => StoreError::Unavailable(said),
        _ if is(&SqlState::DATA_CORRUPTED) || is(&SqlState::INDEX_CORRUPTED) => StoreError::Corrupt(said),
        _ => StoreError::Sql(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_told_apart() {
        let kind = |code: &str| format!("{:?}", by_state(code, "said".into()));
        for (code, expected) in [
            ("23505", "Conflict"),
            ("53100", "Full(\"said\")"),
            ("58030", "Full(\"said\")"),
            ("25006", "Full(\"said\")"),
            ("53300", "Unavailable(\"said\")"),
            ("57P01", "Unavailable(\"said\")"),
            ("57P03", "Unavailable(\"said\")"),
            ("57014", "Unavailable(\"said\")"),
            ("08006", "Unavailable(\"said\")"),
            ("40P01", "Unavailable(\"said\")"),
            ("25P03", "Unavailable(\"said\")"),
            ("28P01", "Unavailable(\"said\")"),
            ("XX001", "Corrupt(\"said\")"),
            ("42P01", "Sql(\"said\")"),
            ("55P03", "Sql(\"said\")"),
            ("", "Sql(\"said\")"),
        ] {
            assert_eq!(kind(code), expected, "{code}");
        }
    }
}
