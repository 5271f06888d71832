//! Chains as they are kept: what is appended, and what is broken. Nothing is appended to a broken chain, so that what somebody did to
//! it stays as it is, until a person who has looked at it accepts the break; it is never mended.

use shanshui_domain::act::chain::{Algorithm, Broken, Link, Walk, breaks};
use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;

use crate::audit::{AUDIT, AuditEntry, Change, body, note};
use crate::sql::{Row, Tx};
use crate::{Store, StoreError, args};

/// Reads one row of the chain table.
pub(crate) fn link(r: &Row) -> Result<Link, StoreError> {
    let algorithm = r.text(3)?;
    Ok(Link {
        stream: r.text(0)?,
        seq: r.int(1)?.cast_unsigned(),
        body: r.text(2)?,
        algorithm: Algorithm::parse(&algorithm).ok_or_else(|| StoreError::Corrupt(format!("algorithm {algorithm}")))?,
        previous: r.text(4)?,
        digest: r.text(5)?,
    })
}

/// A place where a chain is broken (断链).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakRow {
    /// Which chain.
    pub stream: String,
    /// The first link that does not fit; of a chain that has lost its end the last that there was.
    pub link: u64,
    /// What is wrong.
    pub what: String,
    /// When it was found.
    pub found: Instant,
    /// When somebody accepted it.
    pub accepted: Option<Instant>,
    /// Who did, and why.
    pub reason: String,
}

fn break_row(r: &Row) -> Result<BreakRow, StoreError> {
    Ok(BreakRow {
        stream: r.text(0)?,
        link: r.int(1)?.cast_unsigned(),
        what: r.text(2)?,
        found: Instant(r.int(3)?),
        accepted: r.int_opt(4)?.map(Instant),
        reason: r.text(5)?,
    })
}

fn refused(stream: &str, link: u64, what: String) -> StoreError {
    StoreError::Chain { stream: stream.to_owned(), link, what }
}

fn accepted(tx: &mut dyn Tx, stream: &str, seq: u64) -> Result<bool, StoreError> {
    let text = "SELECT 1 FROM chain_break WHERE stream=$1 AND link=$2 AND accepted IS NOT NULL";
    Ok(tx.row(text, args![stream, seq])?.is_some())
}

/// Refuses a chain that is known to be broken, or does not end where it should.
fn must_be_whole(tx: &mut dyn Tx, stream: &str, last: Option<&Link>) -> Result<(), StoreError> {
    let text = "SELECT stream, link, what, found, accepted, reason FROM chain_break WHERE stream=$1 AND accepted IS NULL \
        ORDER BY link LIMIT 1";
    if let Some(row) = tx.row(text, args![stream])? {
        let known = break_row(&row)?;
        return Err(refused(stream, known.link, known.what));
    }
    let head = tx.row("SELECT seq, digest FROM link_head WHERE stream=$1", args![stream])?;
    let head = head.map(|r| Ok::<_, StoreError>((r.int(0)?.cast_unsigned(), r.text(1)?))).transpose()?;
    if head != last.map(|l| (l.seq, l.digest.clone())) {
        let broken = Broken::End { stream: stream.to_owned(), seq: head.map_or(0, |(seq, _)| seq) };
        return Err(refused(stream, broken.place().1, broken.to_string()));
    }
    match last {
        Some(last) if !last.is_whole() && !accepted(tx, stream, last.seq)? => {
            let broken = Broken::Content { stream: stream.to_owned(), seq: last.seq };
            Err(refused(stream, last.seq, broken.to_string()))
        }
        _ => Ok(()),
    }
}

/// Refuses links of a stream, all of them, that are broken where nobody has accepted it.
pub(crate) fn must_fit(tx: &mut dyn Tx, links: &[Link]) -> Result<(), StoreError> {
    for broken in breaks(links) {
        let (stream, seq) = broken.place();
        if !accepted(tx, stream, seq)? {
            return Err(refused(stream, seq, broken.to_string()));
        }
    }
    Ok(())
}

/// Appends one body to a chain.
///
/// # Errors
/// [`StoreError::Chain`] when the chain is broken.
pub(crate) fn append(tx: &mut dyn Tx, stream: &str, body: String) -> Result<Link, StoreError> {
    let last = last_of(tx, stream)?;
    must_be_whole(tx, stream, last.as_ref())?;
    let next = Link::after(last.as_ref(), stream, body, Algorithm::default());
    put_link(tx, &next)?;
    put_head(tx, &next)?;
    Ok(next)
}

fn last_of(tx: &mut dyn Tx, stream: &str) -> Result<Option<Link>, StoreError> {
    let last = tx.row(
        "SELECT stream, seq, body, algorithm, previous, digest FROM link WHERE stream=$1 ORDER BY seq DESC LIMIT 1",
        args![stream],
    )?;
    last.as_ref().map(link).transpose()
}

fn put_link(tx: &mut dyn Tx, link: &Link) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO link (stream, seq, body, algorithm, previous, digest) VALUES ($1,$2,$3,$4,$5,$6)",
        args![&link.stream, link.seq, &link.body, link.algorithm.as_str(), &link.previous, &link.digest],
    )?;
    Ok(())
}

fn put_head(tx: &mut dyn Tx, last: &Link) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO link_head (stream, seq, digest) VALUES ($1,$2,$3) \
         ON CONFLICT (stream) DO UPDATE SET seq=excluded.seq, digest=excluded.digest",
        args![&last.stream, last.seq, &last.digest],
    )?;
    Ok(())
}

/// Links looked at a time.
const PAGE: usize = 5_000;

impl Store {
    /// Breaks that are known, those that nobody has accepted first.
    pub async fn chain_breaks(&self) -> Result<Vec<BreakRow>, StoreError> {
        let text = "SELECT stream, link, what, found, accepted, reason FROM chain_break \
            ORDER BY accepted IS NOT NULL, stream, link";
        self.read(text, args![]).await?.iter().map(break_row).collect()
    }

    /// What is wrong with a chain that was read whole, and that nobody has accepted.
    pub(crate) async fn chain_broken(&self, stream: &str, links: &[Link]) -> Result<Option<String>, StoreError> {
        let text = "SELECT stream, link, what, found, accepted, reason FROM chain_break WHERE stream=$1 ORDER BY link";
        let rows = self.read(text, args![stream]).await?;
        let known = rows.iter().map(break_row).collect::<Result<Vec<_>, _>>()?;
        let open = known.iter().find(|row| row.accepted.is_none()).map(|row| row.what.clone());
        let accepted = |broken: &Broken| known.iter().any(|k| k.accepted.is_some() && k.link == broken.place().1);
        Ok(open.or_else(|| breaks(links).into_iter().find(|b| !accepted(b)).map(|b| b.to_string())))
    }

    /// Every break of every chain, or of one, as it is now; with the number of chains and links.
    pub(crate) async fn chains_walk(&self, only: Option<&str>) -> Result<(Vec<Broken>, u64, u64), StoreError> {
        let (mut walk, mut broken, mut chains, mut links) = (Walk::default(), Vec::new(), 0, 0);
        let (mut stream, mut seq) = (only.unwrap_or_default().to_owned(), 0);
        loop {
            let rows = match only {
                None => {
                    let text = "SELECT stream, seq, body, algorithm, previous, digest FROM link WHERE (stream, seq) > ($1, $2) \
                        ORDER BY stream, seq LIMIT $3";
                    self.read(text, args![&stream, seq, PAGE as i64]).await?
                }
                Some(only) => {
                    let text = "SELECT stream, seq, body, algorithm, previous, digest FROM link WHERE stream=$1 AND seq>$2 \
                        ORDER BY seq LIMIT $3";
                    self.read(text, args![only, seq, PAGE as i64]).await?
                }
            };
            for row in &rows {
                let link = link(row)?;
                chains += u64::from(links == 0 || link.stream != stream);
                links += 1;
                broken.extend(walk.step(&link));
                (stream, seq) = (link.stream, link.seq.cast_signed());
            }
            if rows.len() < PAGE {
                break;
            }
        }
        for (stream, seq) in self.ends_wrong().await? {
            if only.is_none_or(|only| only == stream) {
                broken.push(Broken::End { stream, seq });
            }
        }
        Ok((broken, chains, links))
    }

    /// Chains that do not end where it is written beside them, with the end that is written there.
    async fn ends_wrong(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let text = "SELECT h.stream, h.seq FROM link_head h WHERE NOT EXISTS (SELECT 1 FROM link l WHERE l.stream=h.stream AND \
            l.seq=h.seq AND l.digest=h.digest) OR EXISTS (SELECT 1 FROM link n WHERE n.stream=h.stream AND n.seq>h.seq) \
            UNION ALL SELECT DISTINCT l.stream, CAST(0 AS BIGINT) FROM link l WHERE NOT EXISTS \
            (SELECT 1 FROM link_head h WHERE h.stream=l.stream)";
        let rows = self.read(text, args![]).await?;
        rows.iter().map(|r| Ok((r.text(0)?, r.int(1)?.cast_unsigned()))).collect()
    }

    /// Walks every chain, or one, and writes down what is broken; gives all breaks that nobody has accepted yet.
    pub async fn chains_look(&self, at: Instant, only: Option<&str>) -> Result<Vec<BreakRow>, StoreError> {
        let (broken, ..) = self.chains_walk(only).await?;
        if !broken.is_empty() {
            self.write(move |tx| {
                for one in &broken {
                    let (stream, link) = one.place();
                    tx.execute(
                        "INSERT INTO chain_break (stream, link, what, found, reason) VALUES ($1,$2,$3,$4,'') \
                         ON CONFLICT (stream, link) DO NOTHING",
                        args![stream, link, one.to_string(), at],
                    )?;
                }
                Ok(())
            })
            .await?;
        }
        Ok(self.chain_breaks().await?.into_iter().filter(|row| row.accepted.is_none()).collect())
    }

    /// Accepts every known break of a chain: what lies there stays as it is and is told of by every check, and the chain goes on behind
    /// it. Gives how many.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when no break of it is known that is not accepted.
    pub async fn chain_accept(
        &self,
        caller: &Caller,
        stream: &str,
        reason: &str,
        at: Instant,
    ) -> Result<usize, StoreError> {
        let (caller, stream, reason) = (caller.clone(), stream.to_owned(), reason.to_owned());
        self.write(move |tx| {
            let text = "UPDATE chain_break SET accepted=$2, reason=$3 WHERE stream=$1 AND accepted IS NULL";
            let done = tx.execute(text, args![&stream, at, &reason])?;
            if done == 0 {
                return Err(StoreError::NotFound);
            }
            // the chain goes on from its last link that there is; numbers of entries are named elsewhere, and none is given twice
            let mut last = last_of(tx, &stream)?;
            let head = tx.row("SELECT seq FROM link_head WHERE stream=$1", args![&stream])?;
            let head = head.map_or(Ok(0), |r| r.int(0))?.cast_unsigned();
            while stream == AUDIT && last.as_ref().map_or(0, |last| last.seq) < head {
                let entry = AuditEntry::of(&caller, at, "lost", &stream, serde_json::json!({"reason": reason}));
                let next = Link::after(last.as_ref(), &stream, body(&entry)?, Algorithm::default());
                put_link(tx, &next)?;
                last = Some(next);
            }
            match last {
                Some(last) => put_head(tx, &last)?,
                None => {
                    tx.execute("DELETE FROM link_head WHERE stream=$1", args![&stream])?;
                }
            }
            let after = serde_json::json!({"breaks": done, "reason": reason});
            note(tx, &caller, at, "chain_accept", &stream, Change { before: None, after: Some(after) })?;
            Ok(done)
        })
        .await
    }
}
