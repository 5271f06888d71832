//! Readings held against the telegrams they were read from: does every row say what its telegram says, and is a row there for
//! whatever a telegram says? Whoever asks reads the telegrams again, in the order of their ids, a page at a time.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use shanshui_domain::id::{Mn, PointId, TelegramId};
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::Instant;

use crate::check::{Finding, finding};
use crate::sense::{ReadingRow, kind, reading_row};
use crate::sql::clean;
use crate::{MovedState, Store, StoreError, args};

/// Keys that are asked for at once.
const ASKED_MAX: usize = 256;
/// Faults that are named.
const NAMED_MAX: usize = 5;

/// Everything kept for some blocks, kinds and moments.
static KEPT: LazyLock<String> = LazyLock::new(|| {
    let cell = |i: usize| format!("CAST(${i} AS BIGINT)");
    let row = |i: usize| format!("({},{},{})", cell(3 * i + 1), cell(3 * i + 2), cell(3 * i + 3));
    let rows = (0..ASKED_MAX).map(row).collect::<Vec<_>>().join(",");
    format!(
        "WITH asked (block, kind, at) AS (VALUES {rows}) \
         SELECT r.at, r.value, r.number, r.extra, r.mark, r.version, r.late, r.arrived, r.telegram, r.kind, r.point \
         FROM asked CROSS JOIN reading r WHERE r.block=asked.block AND r.kind=asked.kind AND r.at=asked.at"
    )
});

/// What a telegram says when it is read again.
#[derive(Debug, Clone)]
pub struct Again {
    /// Which.
    pub telegram: TelegramId,
    /// Of which device.
    pub mn: Mn,
    /// Its readings, of every point there ever was.
    pub readings: Vec<Reading>,
}

/// How far it has come.
#[derive(Debug)]
pub struct Rereading {
    begun: MovedState,
    upto: i64,
    /// Points whose values are kept now.
    current: HashSet<PointId>,
    /// Points that a telegram has brought a value of, so that a later one had to be kept too.
    known: HashSet<PointId>,
    /// Devices that were ever asked for records, and since when: what comes then is late whatever it says.
    asked: HashMap<String, Instant>,
    rows: i64,
    faults: u64,
    named: Vec<String>,
}

impl Rereading {
    /// The telegrams that are to be read: after the first, up to and with the second.
    pub fn span(&self) -> (TelegramId, TelegramId) {
        (self.begun.telegrams, TelegramId(self.upto))
    }

    fn fault(&mut self, telegram: TelegramId, key: ReadingKey, what: &str) {
        self.faults += 1;
        if self.named.len() < NAMED_MAX {
            let ReadingKey { point, kind, at } = key;
            self.named.push(format!("telegram {}, point {}, {} {at}: {what}", telegram.0, point.0, kind.as_str()));
        }
    }

    /// What a row says otherwise than its telegram.
    fn differs(&self, mn: &Mn, row: &ReadingRow, read: &Reading) -> Option<&'static str> {
        let asked = self.asked.get(&mn.0).is_some_and(|since| *since <= read.arrived);
        let checks = [
            (row.value == read.value, "another value"),
            (row.number.map(f64::to_bits) == read.number().map(f64::to_bits), "a number that is not its value's"),
            (row.extra == read.extra, "other statistics"),
            (row.mark == read.mark, "another mark"),
            (row.arrived == read.arrived, "another arrival"),
            (row.late == read.late || (row.late && asked), "late or not"),
        ];
        checks.into_iter().find(|(same, _)| !same).map(|(_, what)| what)
    }
}

fn cleaned(mut reading: Reading) -> Reading {
    for text in [&mut reading.extra, &mut reading.mark].into_iter().chain(&mut reading.value) {
        *text = clean(std::mem::take(text));
    }
    reading
}

/// All that is kept for the moment of a telegram, by point.
type Rows = HashMap<(i64, i64, i64), Vec<ReadingRow>>;

fn place(key: ReadingKey) -> (i64, i64, i64) {
    (key.kind.number(), key.at.0, key.point.0)
}

impl Store {
    /// Begins; `current` are the points whose values are kept now.
    pub async fn rereading(&self, current: HashSet<PointId>) -> Result<Rereading, StoreError> {
        let begun = self.moved_state().await?;
        let upto = self.read_one("SELECT COALESCE(MAX(id), 0) FROM telegram", args![]).await?;
        let upto = upto.ok_or(StoreError::NotFound)?.int(0)?;
        let asked = self.read("SELECT mn, MIN(at) FROM command GROUP BY mn", args![]).await?;
        let asked = asked.iter().map(|r| Ok((r.text(0)?, Instant(r.int(1)?)))).collect::<Result<_, StoreError>>()?;
        let known = HashSet::new();
        Ok(Rereading { begun, upto, current, known, asked, rows: 0, faults: 0, named: Vec::new() })
    }

    /// Holds the rows of some telegrams, which follow those before, against what they say.
    pub async fn reread(&self, so_far: &mut Rereading, page: Vec<Again>) -> Result<(), StoreError> {
        let moment = |r: &Reading| (r.key.point.block(), r.key.kind.number(), r.key.at.0);
        let mut moments: Vec<_> = page.iter().flat_map(|again| &again.readings).map(moment).collect();
        moments.sort_unstable();
        moments.dedup();
        let mut rows = Rows::new();
        for some in moments.chunks(ASKED_MAX) {
            let mut args = Vec::with_capacity(ASKED_MAX * 3);
            // filled up with what is nowhere: points have no negative numbers
            for (block, kind, at) in some.iter().chain(std::iter::repeat(&(-1, -1, 0))).take(ASKED_MAX) {
                args.extend(args![*block, *kind, *at]);
            }
            for r in self.read(&KEPT, args).await? {
                let row = reading_row(&r)?;
                let key = ReadingKey { point: PointId(r.int(10)?), kind: kind(r.int(9)?)?, at: row.at };
                rows.entry(place(key)).or_default().push(row);
            }
        }
        let horizon = self.moved_state().await?.horizon;
        for Again { telegram, mn, readings } in page {
            for read in readings.into_iter().map(cleaned) {
                compare(so_far, (telegram, &mn), &read, rows.get(&place(read.key)).map_or(&[], Vec::as_slice), horizon);
            }
        }
        Ok(())
    }

    /// Ends: says what was found.
    pub async fn reread_all(&self, mut done: Rereading) -> Result<Finding, StoreError> {
        let text = "SELECT COUNT(*) FROM reading WHERE telegram > $1 AND telegram <= $2";
        let there = self.read_one(text, args![done.begun.telegrams, done.upto]).await?;
        let there = there.ok_or(StoreError::NotFound)?.int(0)?;
        // what moved meanwhile was counted and is not there any more
        if there != done.rows && self.moved_state().await? == done.begun {
            done.faults += 1;
            done.named.push(format!("{} rows are of telegrams that do not say them", (there - done.rows).abs()));
        }
        let said = if done.faults == 0 {
            format!("{} rows are as their telegrams say", done.rows)
        } else {
            format!("{} differ: {}", done.faults, done.named.join("; "))
        };
        Ok(finding("readings", done.faults == 0, said))
    }
}

/// One thing that a telegram says: it became a row, or was a repeat of what was there.
fn compare(
    so_far: &mut Rereading,
    (telegram, mn): (TelegramId, &Mn),
    read: &Reading,
    rows: &[ReadingRow],
    horizon: Instant,
) {
    let moved = so_far.begun.telegrams;
    if let Some(row) = rows.iter().find(|row| row.telegram == Some(telegram)) {
        so_far.rows += 1;
        so_far.known.insert(read.key.point);
        if let Some(what) = so_far.differs(mn, row, read) {
            so_far.fault(telegram, read.key, &format!("the row has {what}"));
        }
        return;
    }
    let repeats = |row: &ReadingRow| {
        let earlier = row.telegram.is_none_or(|t| t < telegram);
        // a row of this arrival that names a telegram nobody can look up any more
        let renamed = row.telegram.is_none_or(|t| t <= moved) && row.arrived == read.arrived;
        earlier && !renamed && (&row.value, &row.extra, &row.mark) == (&read.value, &read.extra, &read.mark)
    };
    // a point may have been registered after the telegram, or given up before it
    let due = so_far.known.contains(&read.key.point) && so_far.current.contains(&read.key.point);
    if due && read.key.at >= horizon && !rows.iter().any(repeats) {
        so_far.fault(telegram, read.key, "there is no such row");
    }
}
