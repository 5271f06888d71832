//! Walks along series and blocks with typed columns, row by row as they come: a year by the minute has half a million of them.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use futures::TryStreamExt;
use shanshui_domain::id::{PointId, TelegramId};
use shanshui_domain::time::{Instant, PeriodKind};
use tokio_postgres::Statement;
use tokio_postgres::types::{ToSql, Type};

use super::{Address, Purpose, Session, connect, sql};
use crate::StoreError;
use crate::dialect::Sync;
use crate::sense::ReadingRow;
use crate::walk::{BLOCK, HotRow, SERIES, Series, Thin, WHOLE};

/// Sessions kept for the next walk.
const IDLE: usize = 4;

/// Sessions that only read.
#[derive(Clone)]
pub(crate) struct Scanner {
    address: Arc<Address>,
    idle: Arc<Mutex<Vec<Open>>>,
}

/// A session with its statements.
struct Open {
    session: Session,
    series: Statement,
    block: Statement,
    newest: Statement,
}

/// The newest of some keys; block, kind, stamps, point. Each stamp is a look at the key: given the stamps as a condition, the planner
/// would rather read the whole series.
static NEWEST: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT newest.* FROM unnest($3::BIGINT[]) AS wanted(stamp) CROSS JOIN LATERAL (\
         SELECT {WHOLE} FROM reading WHERE block=$1 AND kind=$2 AND at=wanted.stamp AND point=$4 \
         ORDER BY version DESC LIMIT 1) newest ORDER BY newest.at"
    )
});

impl Scanner {
    pub(crate) fn new(address: &Address) -> Self {
        Self { address: Arc::new(address.clone()), idle: Arc::default() }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Open>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open(&self) -> Result<Open, StoreError> {
        loop {
            let Some(open) = self.idle().pop() else { break };
            if !open.session.client.is_closed() {
                return Ok(open);
            }
        }
        let session = connect(&self.address, &Purpose { name: "walks", sync: Sync::Full }, |_| ()).await?;
        session.client.batch_execute("SET default_transaction_read_only=on").await.map_err(sql)?;
        let types = [const { Type::INT8 }; 5];
        let series = session.client.prepare_typed(SERIES, &types).await.map_err(sql)?;
        let block = session.client.prepare_typed(BLOCK, &types[..4]).await.map_err(sql)?;
        let types = [Type::INT8, Type::INT8, Type::INT8_ARRAY, Type::INT8];
        let newest = session.client.prepare_typed(&NEWEST, &types).await.map_err(sql)?;
        Ok(Open { session, series, block, newest })
    }

    fn keep(&self, open: Open) {
        let mut idle = self.idle();
        if idle.len() < IDLE {
            idle.push(open);
        }
    }

    /// The hot rows of a series, newest version of each key, ascending.
    pub(crate) async fn scan(
        &self,
        (point, kind): Series,
        (from, to): (Instant, Instant),
    ) -> Result<Vec<Thin>, StoreError> {
        let open = self.open().await?;
        let args: [i64; 5] = [point.block(), kind.number(), from.0, to.0, point.0];
        let args = args.iter().map(|n| n as &(dyn ToSql + std::marker::Sync));
        let rows = open.session.client.query_raw(&open.series, args).await.map_err(sql)?;
        futures::pin_mut!(rows);
        let mut all: Vec<Thin> = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(sql)? {
            let thin = Thin {
                at: Instant(row.try_get(0).map_err(sql)?),
                number: row.try_get(1).map_err(sql)?,
                marked: row.try_get::<_, &str>(2).map_err(sql)? != "N",
                late: row.try_get::<_, i64>(3).map_err(sql)? != 0,
                version: row.try_get(4).map_err(sql)?,
            };
            Thin::push(&mut all, thin);
        }
        self.keep(open);
        Ok(all)
    }

    /// The hot rows of a block and kind, newest version of each key.
    pub(crate) async fn block(
        &self,
        (block, kind): (i64, PeriodKind),
        (from, to): (Instant, Instant),
    ) -> Result<Vec<HotRow>, StoreError> {
        let open = self.open().await?;
        let args: [i64; 4] = [block, kind.number(), from.0, to.0];
        let args = args.iter().map(|n| n as &(dyn ToSql + std::marker::Sync));
        let rows = open.session.client.query_raw(&open.block, args).await.map_err(sql)?;
        futures::pin_mut!(rows);
        let mut all: Vec<HotRow> = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(sql)? {
            let row = HotRow {
                at: Instant(row.try_get(0).map_err(sql)?),
                point: PointId(row.try_get(1).map_err(sql)?),
                version: row.try_get(2).map_err(sql)?,
                number: row.try_get(3).map_err(sql)?,
                value: row.try_get(4).map_err(sql)?,
                extra: row.try_get(5).map_err(sql)?,
                mark: row.try_get(6).map_err(sql)?,
            };
            HotRow::push(&mut all, row);
        }
        self.keep(open);
        Ok(all)
    }

    /// The newest version of some keys of a series.
    pub(crate) async fn newest(
        &self,
        (point, kind): Series,
        stamps: Vec<Instant>,
    ) -> Result<Vec<ReadingRow>, StoreError> {
        let open = self.open().await?;
        let (block, kind, stamps) =
            (point.block(), kind.number(), stamps.into_iter().map(|at| at.0).collect::<Vec<_>>());
        let args: [&(dyn ToSql + std::marker::Sync); 4] = [&block, &kind, &stamps, &point.0];
        let rows = open.session.client.query(&open.newest, &args).await.map_err(sql)?;
        let read = |row: &tokio_postgres::Row| {
            Ok(ReadingRow {
                at: Instant(row.try_get(0)?),
                value: row.try_get(1)?,
                number: row.try_get(2)?,
                extra: row.try_get(3)?,
                mark: row.try_get(4)?,
                versions: row.try_get(5)?,
                late: row.try_get::<_, i64>(6)? != 0,
                arrived: Instant(row.try_get(7)?),
                telegram: row.try_get::<_, Option<i64>>(8)?.map(TelegramId),
            })
        };
        let rows = rows.iter().map(read).collect::<Result<_, _>>().map_err(sql)?;
        self.keep(open);
        Ok(rows)
    }

    /// Gives the sessions back.
    pub(crate) fn close(&self) {
        self.idle().clear();
    }
}
