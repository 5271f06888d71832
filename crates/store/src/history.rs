//! Hot store and history as one: whoever reads does not know where a row lies.
//!
//! A row is in the hot store, in the history, or for a while in both; an answer holds each key and version once, and of each key
//! the newest version wherever it lies. Nothing leaves the hot store before the history has it and `generation` has grown. So an
//! answer that was read between two equal states has missed nothing, and one that was not is read again.
//!
//! A reading that comes for a time that has moved is judged beside what the history says of its key: those statements are put back
//! into the hot store in the same transaction (`Recall`).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use shanshui_domain::id::{PointId, TelegramId};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::sense::ReadingKey;
use shanshui_domain::time::{Instant, PeriodKind, Zone};
use shanshui_history::{History, HistoryError, Length, Ranged, Stored, StoredTelegram, Summary, Tally, Unread};

use crate::pack::forget;
use crate::sense::{Arrival, ReadingRow, TelegramIn, TelegramRow};
use crate::sql::Tx;
use crate::walk::{Count, Walk};
use crate::{Store, StoreError, args};

/// How often an answer is read anew because rows moved meanwhile.
const TRIES: usize = 20;

impl From<HistoryError> for StoreError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Place(_) => Self::Unavailable(error.to_string()),
            other => Self::Corrupt(other.to_string()),
        }
    }
}

/// The history beside the store, and which of its states this node has seen.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) history: History,
    generation: AtomicI64,
    /// The horizon when it was last looked at: only ever lower than it is.
    horizon: AtomicI64,
}

/// How far rows have moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedState {
    /// Readings before it may have moved.
    pub horizon: Instant,
    /// Telegrams up to it may have moved.
    pub telegrams: TelegramId,
    /// Grows with every segment that the history has taken.
    pub generation: i64,
}

pub(crate) const STATE: &str = "SELECT horizon, telegrams, generation FROM history_state";

pub(crate) fn state(row: Option<crate::sql::Row>) -> Result<MovedState, StoreError> {
    let row = row.ok_or_else(|| StoreError::Corrupt("nothing says how far readings have moved".into()))?;
    Ok(MovedState { horizon: Instant(row.int(0)?), telegrams: TelegramId(row.int(1)?), generation: row.int(2)? })
}

/// Every statement that the history has for the keys of arrivals, as of one of its states.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recall {
    generation: Option<i64>,
    pub(crate) rows: Vec<Stored>,
}

/// What became of arrivals.
pub(crate) enum Arrived {
    /// They are kept.
    Kept(Vec<crate::Receipt>),
    /// Some are for a time that has moved, and what was recalled is not of the newest state: nothing is kept.
    Moved(Vec<Arrival>),
}

impl Arrived {
    /// Readings that were kept.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Kept(receipts) => receipts.iter().map(|r| r.kept.len()).sum(),
            Self::Moved(_) => 0,
        }
    }
}

/// Whether arrivals can be judged beside what is hot and what was recalled.
pub(crate) fn admits(state: MovedState, arrivals: &[Arrival], recall: &Recall) -> bool {
    state.generation == 0
        || recall.generation == Some(state.generation)
        || arrivals.iter().flat_map(|a| &a.readings).all(|r| r.key.at >= state.horizon)
}

/// Puts recalled statements back beside the hot ones.
pub(crate) fn put_back(tx: &mut dyn Tx, recall: Recall) -> Result<(), StoreError> {
    forget(tx, recall.rows.iter().map(|row| &row.reading.key))?;
    for Stored { reading: r, version } in recall.rows {
        let number = r.number();
        tx.execute(
            "INSERT INTO reading (block, kind, at, point, version, value, number, extra, mark, arrived, late, telegram) \
             VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12) ON CONFLICT (block, kind, at, point, version) DO NOTHING",
            args![
                r.key.point.block(),
                r.key.kind.number(),
                r.key.at,
                r.key.point,
                version,
                r.value,
                number,
                r.extra,
                r.mark,
                r.arrived,
                r.late,
                r.telegram
            ],
        )?;
    }
    Ok(())
}

/// A row as every reader knows it.
pub(crate) fn row_of(Stored { reading, version }: Stored) -> ReadingRow {
    ReadingRow {
        at: reading.key.at,
        number: reading.number(),
        value: reading.value,
        extra: reading.extra,
        mark: reading.mark,
        versions: version,
        late: reading.late,
        arrived: reading.arrived,
        telegram: reading.telegram,
    }
}

/// A telegram as every reader knows it.
fn telegram_of(t: StoredTelegram) -> TelegramRow {
    let telegram = TelegramIn {
        arrived: t.arrived,
        peer: t.peer,
        mn: t.mn,
        cn: t.cn,
        qn: t.qn,
        raw: t.raw,
        problems: t.problems,
        quarantine: t.quarantine,
    };
    TelegramRow { id: t.id, telegram }
}

/// Reads between two equal states: what was read while rows moved is read again.
macro_rules! settled {
    ($store:expr, |$state:ident, $history:ident| $read:block) => {{
        let mut $state = $store.moved_state().await?;
        let mut left = TRIES;
        loop {
            let $history = $store.past($state).await?;
            let answer: Result<_, StoreError> = async $read.await;
            let after = $store.moved_state().await?;
            if after == $state {
                break answer;
            }
            if left == 0 {
                break Err(StoreError::Unavailable("rows move too fast to be read".into()));
            }
            left -= 1;
            $state = after;
        }
    }};
}

/// Two ascending lists as one; of the same stamp the newer version.
fn merged(hot: Vec<ReadingRow>, past: Vec<ReadingRow>, max: usize) -> Vec<ReadingRow> {
    let mut all: Vec<ReadingRow> = hot.into_iter().chain(past).collect();
    all.sort_by_key(|row| (row.at, std::cmp::Reverse(row.versions)));
    all.dedup_by_key(|row| row.at);
    all.truncate(max);
    all
}

impl Store {
    /// The same store with a history beside it.
    pub fn with_history(mut self, history: History) -> Self {
        let (generation, horizon) = (AtomicI64::new(-1), AtomicI64::new(i64::MIN));
        self.past = Some(Arc::new(Past { history, generation, horizon }));
        self
    }

    /// The history beside the store.
    pub fn history(&self) -> Option<&History> {
        self.past.as_deref().map(|past| &past.history)
    }

    /// The history beside the store, seen as new as the last row that has moved.
    pub async fn history_now(&self) -> Result<Option<&History>, StoreError> {
        Ok(self.past(self.moved_state().await?).await?.or(self.history()))
    }

    /// How far rows have moved.
    pub async fn moved_state(&self) -> Result<MovedState, StoreError> {
        state(self.read_one(STATE, args![]).await?)
    }

    /// The last segment of which a history has rows that may be nowhere else; none when the store stands by itself.
    pub async fn last_handed_over(&self) -> Result<Option<String>, StoreError> {
        self.read_one(crate::transfer::LAST, args![]).await?.map(|row| row.text(0)).transpose()
    }

    /// Whether a history has what the store has handed over.
    ///
    /// # Errors
    /// When one of both cannot be read.
    pub async fn is_of(&self, history: &History) -> Result<bool, StoreError> {
        Ok(match self.last_handed_over().await? {
            None => true,
            Some(last) => history.committed(&last).await?,
        })
    }

    /// The history as new as a state; none when nothing has moved.
    pub(crate) async fn past(&self, state: MovedState) -> Result<Option<&History>, StoreError> {
        if state.generation == 0 {
            return Ok(None);
        }
        let missing = || StoreError::Io("readings have moved to a history that is not set".into());
        let past = self.past.as_deref().ok_or_else(missing)?;
        if past.generation.load(Ordering::Acquire) < state.generation {
            past.history.refresh().await?;
            past.generation.fetch_max(state.generation, Ordering::AcqRel);
        }
        past.horizon.fetch_max(state.horizon.0, Ordering::AcqRel);
        Ok(Some(&past.history))
    }

    /// What the history says of the keys of arrivals that are for a time that has moved.
    async fn recall(&self, arrivals: &[Arrival]) -> Result<Recall, StoreError> {
        let state = self.moved_state().await?;
        let Some(history) = self.past(state).await? else { return Ok(Recall::default()) };
        let all = arrivals.iter().flat_map(|a| &a.readings).map(|r| r.key).filter(|key| key.at < state.horizon);
        let mut keys: Vec<ReadingKey> = all.collect();
        keys.sort_unstable();
        keys.dedup();
        let found = history.statements(&keys).await?;
        if let Some(unread) = found.unread.into_iter().next() {
            return Err(HistoryError::from(unread).into());
        }
        Ok(Recall { generation: Some(state.generation), rows: found.rows })
    }

    /// Hands arrivals to the writer, with what is recalled for them where that is needed.
    pub(crate) async fn arrive_beside(&self, arrivals: Vec<Arrival>) -> Result<Vec<crate::Receipt>, StoreError> {
        let horizon = self.past.as_deref().map_or(i64::MIN, |past| past.horizon.load(Ordering::Acquire));
        let old = arrivals.iter().flat_map(|a| &a.readings).any(|r| r.key.at.0 < horizon);
        let mut recall = if old { self.recall(&arrivals).await? } else { Recall::default() };
        let mut arrivals = arrivals;
        for _ in 0..TRIES {
            match self.arrive_recalled(arrivals, recall).await? {
                Arrived::Kept(receipts) => return Ok(receipts),
                Arrived::Moved(back) => {
                    arrivals = back;
                    recall = self.recall(&arrivals).await?;
                }
            }
        }
        Err(StoreError::Unavailable("readings move too fast to be judged".into()))
    }

    /// A curve: newest version of each key in `[from, to)`, ascending; at most `max` rows. Stretches of the history that cannot be
    /// read are said.
    pub async fn range_covered(
        &self,
        series: (PointId, PeriodKind),
        span: (Instant, Instant),
        max: usize,
    ) -> Result<Ranged<ReadingRow>, StoreError> {
        settled!(self, |state, history| {
            let hot = self.range_hot(series, span, max).await?;
            let Some(history) = history.filter(|_| span.0 < state.horizon) else {
                return Ok(Ranged { rows: hot, unread: Vec::new() });
            };
            let past = history.range(series, (span.0, span.1.min(state.horizon)), max).await?;
            let rows = past.rows.into_iter().map(row_of).collect();
            Ok(Ranged { rows: merged(hot, rows, max), unread: past.unread })
        })
    }

    /// Walks as [`Self::walk`] does, anew with what `fresh` gives when rows moved meanwhile.
    pub(crate) async fn walked<W: Walk>(
        &self,
        series: (PointId, PeriodKind),
        span: (Instant, Instant),
        fresh: impl Fn() -> W,
    ) -> Result<(W, Vec<Unread>), StoreError> {
        settled!(self, |state, history| {
            let mut walk = fresh();
            let unread = self.walk((state, history), series, span, &mut walk).await?;
            Ok((walk, unread))
        })
    }

    /// Count, least, greatest and sum of series by civil days, months or years, of the newest version of each key.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station of one of them.
    pub async fn statistics(
        &self,
        caller: &Caller,
        points: &[PointId],
        kind: PeriodKind,
        span: (Instant, Instant),
        (length, zone): (Length, &Zone),
    ) -> Result<Ranged<(PointId, Summary)>, StoreError> {
        let mut out = Ranged::default();
        for point in points {
            self.point_seen(caller, Right::StationRead, *point).await?;
            let (tally, unread) = self.walked((*point, kind), span, || Tally::new(length, zone.clone())).await?;
            out.rows.extend(tally.finish().into_iter().map(|summary| (*point, summary)));
            out.unread.extend(unread);
        }
        Ok(out)
    }

    /// How many rows of readings lie hot.
    pub async fn count_hot(&self) -> Result<i64, StoreError> {
        self.read_one("SELECT COUNT(*) FROM reading", args![]).await?.ok_or(StoreError::NotFound)?.int(0)
    }

    /// Keys of a kind before the horizon, by point.
    pub(crate) async fn counts_before(
        &self,
        kind: PeriodKind,
        span: (Instant, Instant),
    ) -> Result<Vec<(PointId, i64)>, StoreError> {
        let mut counts = Vec::new();
        for point in self.points().await? {
            let (count, _) = self.walked((point.id, kind), span, || Count(0)).await?;
            counts.push((point.id, count.0));
        }
        Ok(counts)
    }

    /// Every statement made for one key, oldest first, wherever it lies.
    pub(crate) async fn versions_anywhere(&self, key: ReadingKey) -> Result<Vec<ReadingRow>, StoreError> {
        settled!(self, |state, history| {
            let mut rows = self.versions_hot(key).await?;
            if let Some(history) = history.filter(|_| key.at < state.horizon) {
                let past = history.versions(key).await?;
                if let Some(unread) = past.unread.into_iter().next() {
                    return Err(HistoryError::from(unread).into());
                }
                rows.extend(past.rows.into_iter().map(row_of));
                rows.sort_by_key(|row| row.versions);
                rows.dedup_by_key(|row| row.versions);
            }
            Ok(rows)
        })
    }

    /// One telegram, wherever it lies.
    pub(crate) async fn telegram_anywhere(&self, id: TelegramId) -> Result<TelegramRow, StoreError> {
        settled!(self, |state, history| {
            if let Some(row) = self.telegram_hot(id).await? {
                return Ok(row);
            }
            let Some(history) = history.filter(|_| id <= state.telegrams) else { return Err(StoreError::NotFound) };
            history.telegram(id).await?.map(telegram_of).ok_or(StoreError::NotFound)
        })
    }

    /// Telegrams after one, wherever they lie.
    pub(crate) async fn telegrams_anywhere(
        &self,
        after: TelegramId,
        limit: usize,
    ) -> Result<Vec<TelegramRow>, StoreError> {
        settled!(self, |state, history| {
            let mut rows = self.telegrams_hot(after, limit).await?;
            if let Some(history) = history.filter(|_| after < state.telegrams) {
                let past = history.telegrams_after(after, limit).await?;
                if let Some(unread) = past.unread.into_iter().next() {
                    return Err(HistoryError::from(unread).into());
                }
                rows.extend(past.rows.into_iter().map(telegram_of));
                rows.sort_by_key(|row| row.id);
                rows.dedup_by_key(|row| row.id);
                rows.truncate(limit);
            }
            Ok(rows)
        })
    }
}
