//! Care of the table: merging what a month has gathered, sweeping what nobody needs, looking whether all is there.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use arrow::array::RecordBatch;
use deltalake_core::kernel::{Action, Add};
use deltalake_core::operations::vacuum::VacuumMode;
use deltalake_core::protocol::DeltaOperation;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use sha2::{Digest, Sha256};

use crate::file::{Pen, order_of};
use crate::shape::{Moment, Part, Readings, Stored, Way, arrival_batch, common_ways, telegram_batch, telegrams, ways};
use crate::write::{Inked, blocking, blot, ink_readings, sorted};
use crate::{FileEntry, History, HistoryError};

/// Folder below the table's address where jobs over it keep files of their own while they run. It belongs to no table: what lies
/// there is neither read nor named as strange.
pub const SCRATCH: &str = "_tmp";

/// What a merge did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Merged {
    /// Files that were merged.
    pub files_before: usize,
    /// Files that hold the same now.
    pub files_after: usize,
    /// Rows of readings or telegrams that are in them.
    pub rows: u64,
    /// Rows that lay in two files and lie in one now.
    pub doubles: u64,
    /// Bytes before.
    pub bytes_before: u64,
    /// Bytes after.
    pub bytes_after: u64,
}

/// What was swept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vacuumed {
    /// Files that a merge had replaced.
    pub replaced: usize,
    /// Files of segments that were never committed.
    pub abandoned: usize,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// Figures, or the faults.
    pub detail: String,
}

type Batches = BoxStream<'static, Result<RecordBatch, HistoryError>>;

/// A sorted file being read: what lies at its head is the least that is still to come.
struct Head {
    part: Part,
    batches: Batches,
    batch: Option<RecordBatch>,
    row: usize,
}

impl Head {
    async fn of(
        history: &History,
        file: &FileEntry,
        columns: Option<&'static [&'static str]>,
    ) -> Result<Self, HistoryError> {
        let batches = history.whole(file, columns).await?;
        let mut head = Self { part: file.part, batches, batch: None, row: 0 };
        head.fill().await?;
        Ok(head)
    }

    async fn fill(&mut self) -> Result<(), HistoryError> {
        self.row = 0;
        loop {
            self.batch = self.batches.try_next().await?;
            match &self.batch {
                Some(batch) if batch.num_rows() == 0 => {}
                _ => return Ok(()),
            }
        }
    }

    fn order(&self) -> Result<Option<[i64; 5]>, HistoryError> {
        self.batch.as_ref().map(|batch| order_of(self.part, batch, self.row)).transpose()
    }

    /// Block and kind at the head.
    fn unit(&self) -> Result<Option<(i64, i64)>, HistoryError> {
        Ok(self.order()?.map(|o| (o[0], o[1])))
    }

    /// Takes the rows of a block and kind.
    async fn take(&mut self, unit: (i64, i64), into: &mut Vec<RecordBatch>) -> Result<(), HistoryError> {
        while let Some(batch) = &self.batch {
            let mut end = self.row;
            while end < batch.num_rows() {
                let order = order_of(self.part, batch, end)?;
                if (order[0], order[1]) != unit {
                    break;
                }
                end += 1;
            }
            if end > self.row {
                into.push(batch.slice(self.row, end - self.row));
            }
            if end < batch.num_rows() {
                self.row = end;
                return Ok(());
            }
            self.fill().await?;
        }
        Ok(())
    }
}

/// Rows of a unit, whole and sorted, of however many files; how many were there twice.
fn unit_rows(readings: &[RecordBatch], arrivals: &[RecordBatch]) -> Result<(Vec<Stored>, u64), HistoryError> {
    let mut common: HashMap<Moment, Way> = HashMap::new();
    for batch in arrivals {
        common.extend(ways(batch)?);
    }
    let mut rows = Vec::new();
    for batch in readings {
        let r = Readings::of(batch)?;
        for i in 0..batch.num_rows() {
            rows.push(r.row(i, common.get(&r.moment(i)).copied())?);
        }
    }
    rows.sort_by_key(Stored::order);
    let differ = rows.windows(2).find(|w| w[0].order() == w[1].order() && w[0] != w[1]);
    if let Some([row, _]) = differ {
        return Err(HistoryError::Table(format!("two rows for version {} of {:?}", row.version, row.reading.key)));
    }
    let before = rows.len();
    sorted(&mut rows);
    let doubles = (before - rows.len()) as u64;
    Ok((rows, doubles))
}

/// Where merged rows go: a pair of files at a time.
struct Desk {
    shape: crate::Shape,
    name: String,
    month: String,
    readings: Pen,
    arrivals: Pen,
    merged: Merged,
}

impl Desk {
    fn new(shape: crate::Shape, name: &str, month: &str) -> Result<Self, HistoryError> {
        let (readings, arrivals) = (Pen::new(Part::Reading, shape)?, Pen::new(Part::Arrival, shape)?);
        let (name, month) = (name.to_owned(), month.to_owned());
        Ok(Self { shape, name, month, readings, arrivals, merged: Merged::default() })
    }

    /// Writes a unit; gives files that are full.
    fn write(&mut self, readings: &[RecordBatch], arrivals: &[RecordBatch]) -> Result<Vec<Inked>, HistoryError> {
        let (rows, doubles) = unit_rows(readings, arrivals)?;
        self.merged.rows += rows.len() as u64;
        self.merged.doubles += doubles;
        let common = common_ways(&rows);
        ink_readings(&mut self.readings, &rows, &common)?;
        let mut ways: Vec<_> = common.into_iter().collect();
        ways.sort_unstable();
        self.arrivals.write(&arrival_batch(&ways)?)?;
        if self.readings.bytes() >= self.shape.file_bytes { self.turn() } else { Ok(Vec::new()) }
    }

    fn turn(&mut self) -> Result<Vec<Inked>, HistoryError> {
        let next = (Pen::new(Part::Reading, self.shape)?, Pen::new(Part::Arrival, self.shape)?);
        let readings = std::mem::replace(&mut self.readings, next.0);
        let arrivals = std::mem::replace(&mut self.arrivals, next.1);
        let mut files = Vec::new();
        for (part, pen) in [(Part::Reading, readings), (Part::Arrival, arrivals)] {
            if pen.rows > 0 {
                files.push(blot(pen, part, &self.month, &self.name)?);
            }
        }
        Ok(files)
    }
}

impl History {
    /// Merges the files of a month (UTC, `YYYY-MM`): readings with their late versions, and telegrams. One entry of the log takes
    /// the old files out and the new ones in; a crash before it leaves the month as it was.
    ///
    /// # Errors
    /// When a file cannot be read ([`HistoryError::Damaged`]: the month stays as it is), or the place cannot be written.
    pub async fn compact(&self, month: &str) -> Result<Merged, HistoryError> {
        self.refresh().await?;
        let of = |part: Part| -> Vec<FileEntry> {
            self.known().files.iter().filter(|f| f.month == month && f.part == part).cloned().collect()
        };
        let (readings, arrivals, telegrams) = (of(Part::Reading), of(Part::Arrival), of(Part::Telegram));
        let mut done = Merged::default();
        if scattered(&readings) || scattered(&arrivals) {
            add(&mut done, self.merge_readings(month, readings, arrivals).await?);
        }
        if scattered(&telegrams) {
            add(&mut done, self.merge_telegrams(month, telegrams).await?);
        }
        Ok(done)
    }

    /// Months (UTC) in which there is something to merge, ascending.
    pub fn scattered_months(&self) -> Vec<String> {
        let mut months: BTreeMap<(String, Part), Vec<FileEntry>> = BTreeMap::new();
        for file in &self.known().files {
            months.entry((file.month.clone(), file.part)).or_default().push(file.clone());
        }
        let mut found: Vec<String> =
            months.into_iter().filter(|(_, files)| scattered(files)).map(|((month, _), _)| month).collect();
        found.dedup();
        found
    }

    async fn merge_readings(
        &self,
        month: &str,
        readings: Vec<FileEntry>,
        arrivals: Vec<FileEntry>,
    ) -> Result<Merged, HistoryError> {
        let (mut heads, mut ways) = (Vec::new(), Vec::new());
        for file in &readings {
            heads.push(Head::of(self, file, None).await?);
        }
        for file in &arrivals {
            ways.push(Head::of(self, file, None).await?);
        }
        let old: Vec<FileEntry> = readings.into_iter().chain(arrivals).collect();
        let name = merge_name(month, &old);
        let mut desk = Some(Desk::new(self.inner.options.shape, &name, month)?);
        let mut adds = Vec::new();
        loop {
            let units = heads.iter().map(Head::unit).collect::<Result<Vec<_>, _>>()?;
            let Some(unit) = units.into_iter().flatten().min() else { break };
            let (mut rows, mut how) = (Vec::new(), Vec::new());
            for head in &mut heads {
                head.take(unit, &mut rows).await?;
            }
            for head in &mut ways {
                head.take(unit, &mut how).await?;
            }
            let mut at_desk = desk.take().ok_or_else(|| HistoryError::Table("the merge has lost its place".into()))?;
            let (at_desk, full) = blocking(move || {
                let full = at_desk.write(&rows, &how)?;
                Ok((at_desk, full))
            })
            .await?;
            desk = Some(at_desk);
            self.put_all(full, &mut adds).await?;
        }
        let mut desk = desk.ok_or_else(|| HistoryError::Table("the merge has lost its place".into()))?;
        self.put_all(desk.turn()?, &mut adds).await?;
        self.replace(&name, old, adds, desk.merged).await
    }

    async fn merge_telegrams(&self, month: &str, old: Vec<FileEntry>) -> Result<Merged, HistoryError> {
        let name = merge_name(month, &old);
        let shape = self.inner.options.shape;
        let mut heads = Vec::new();
        for file in &old {
            heads.push(Head::of(self, file, None).await?);
        }
        let (mut adds, mut merged, mut last) = (Vec::new(), Merged::default(), None);
        let (mut pen, mut page) = (Pen::new(Part::Telegram, shape)?, Vec::new());
        loop {
            let mut least: Option<(i64, usize)> = None;
            for (i, head) in heads.iter().enumerate() {
                if let Some(order) = head.order()?
                    && least.is_none_or(|(id, _)| order[0] < id)
                {
                    least = Some((order[0], i));
                }
            }
            if let Some((id, i)) = least {
                let head = &mut heads[i];
                if let Some(batch) = &head.batch {
                    if last == Some(id) {
                        merged.doubles += 1;
                    } else {
                        page.extend(telegrams(&batch.slice(head.row, 1))?);
                    }
                    last = Some(id);
                    head.row += 1;
                    if head.row == batch.num_rows() {
                        head.fill().await?;
                    }
                }
            }
            if page.len() >= 8_192 || (least.is_none() && !page.is_empty()) {
                merged.rows += page.len() as u64;
                pen.write(&telegram_batch(&page)?)?;
                page.clear();
            }
            if least.is_none() || pen.bytes() >= shape.file_bytes {
                let full = std::mem::replace(&mut pen, Pen::new(Part::Telegram, shape)?);
                if full.rows > 0 {
                    self.put_all(vec![blot(full, Part::Telegram, month, &name)?], &mut adds).await?;
                }
            }
            if least.is_none() {
                break;
            }
        }
        self.replace(&name, old, adds, merged).await
    }

    async fn put_all(&self, files: Vec<Inked>, adds: &mut Vec<Add>) -> Result<(), HistoryError> {
        for file in files {
            self.inner.options.stops.reach("merge: a file is to be written").await;
            self.inner.store.put(&file.path, file.bytes.into()).await.map_err(HistoryError::place)?;
            adds.push(file.add);
        }
        Ok(())
    }

    async fn replace(
        &self,
        name: &str,
        old: Vec<FileEntry>,
        adds: Vec<Add>,
        merged: Merged,
    ) -> Result<Merged, HistoryError> {
        self.inner.options.stops.reach("merge: files are written").await;
        let sum = |sizes: &mut dyn Iterator<Item = u64>| sizes.sum::<u64>();
        let merged = Merged {
            files_before: old.len(),
            files_after: adds.len(),
            bytes_before: sum(&mut old.iter().map(|f| f.size)),
            bytes_after: sum(&mut adds.iter().map(|a| a.size as u64)),
            ..merged
        };
        let now = jiff::Timestamp::now().as_millisecond();
        let removes = old.into_iter().map(|file| {
            let mut remove = file.remove;
            remove.deletion_timestamp = Some(now);
            Action::Remove(remove)
        });
        let adds = adds.into_iter().map(|add| Action::Add(Add { data_change: false, ..add }));
        let target = self.inner.options.shape.file_bytes as i64;
        let operation = DeltaOperation::Optimize { predicate: None, target_size: target };
        self.enter(name, removes.chain(adds).collect(), operation).await?;
        self.inner.options.stops.reach("merge: done").await;
        Ok(merged)
    }

    /// Deletes files that merges have replaced, and files of segments that were never committed, when either happened longer ago
    /// than `retention`. Whoever reads by an older entry of the log has that long. Files that the history does not know stay.
    ///
    /// # Errors
    /// When the place does not answer.
    pub async fn vacuum(&self, retention: Duration) -> Result<Vacuumed, HistoryError> {
        let period = i64::try_from(retention.as_secs()).unwrap_or(i64::MAX / 1_000).min(i64::MAX / 1_000);
        let table = self.table().await?;
        let (_, metrics) = table
            .vacuum()
            .with_mode(VacuumMode::Lite)
            .with_retention_period(chrono::Duration::seconds(period))
            .with_enforce_retention_duration(false)
            .await
            .map_err(HistoryError::log)?;
        self.refresh().await?;
        let mut abandoned = 0;
        let oldest = jiff::Timestamp::now().as_second() - period;
        for file in self.lying_about().await? {
            if ours(&file.location) && file.last_modified.timestamp() < oldest {
                self.inner.store.delete(&file.location).await.map_err(HistoryError::place)?;
                abandoned += 1;
            }
        }
        abandoned += self.sweep_drafts(oldest).await?;
        Ok(Vacuumed { replaced: metrics.files_deleted.len(), abandoned })
    }

    /// Beginnings of files that a crash has left in a folder; the store does not list them.
    async fn sweep_drafts(&self, oldest: i64) -> Result<usize, HistoryError> {
        let Ok(root) = self.inner.url.to_file_path() else { return Ok(0) };
        let walk = move || -> std::io::Result<usize> {
            let (mut folders, mut swept) = (vec![root], 0);
            while let Some(folder) = folders.pop() {
                for entry in std::fs::read_dir(folder)? {
                    let entry = entry?;
                    let (kind, name) = (entry.file_type()?, entry.file_name());
                    let ending = name.to_str().and_then(|n| n.rsplit_once('#')).map(|(_, ending)| ending);
                    let draft = ending.is_some_and(|e| !e.is_empty() && e.bytes().all(|b| b.is_ascii_digit()));
                    let modified = || entry.metadata().and_then(|m| m.modified()).ok();
                    let age = || modified()?.duration_since(std::time::UNIX_EPOCH).ok();
                    if kind.is_dir() {
                        folders.push(entry.path());
                    } else if draft && age().is_some_and(|age| age.as_secs().cast_signed() < oldest) {
                        std::fs::remove_file(entry.path())?;
                        swept += 1;
                    }
                }
            }
            Ok(swept)
        };
        blocking(move || walk().map_err(|e| HistoryError::Place(e.to_string()))).await
    }

    /// Files below the address that are neither in the table nor kept for those who read by an older entry of the log.
    pub(crate) async fn lying_about(&self) -> Result<Vec<ObjectMeta>, HistoryError> {
        let mut known: HashSet<Path> = self.known().files.iter().map(|f| f.path.clone()).collect();
        known.extend(self.known().strange.iter().filter_map(|p| Path::parse(p).ok()));
        {
            let state = self.inner.state.lock().await;
            let mut tombs = state.all_tombstones(self.inner.log.as_ref());
            while let Some(tomb) = tombs.try_next().await.map_err(HistoryError::log)? {
                known.extend(Path::from_url_path(tomb.path().as_ref()).ok());
            }
        }
        let mut found = Vec::new();
        let mut all = self.inner.store.list(None);
        while let Some(file) = all.try_next().await.map_err(HistoryError::place)? {
            let first = file.location.parts().next();
            let of_others = first.is_some_and(|p| p.as_ref() == "_delta_log" || p.as_ref() == SCRATCH);
            if !of_others && !known.contains(&file.location) {
                found.push(file);
            }
        }
        Ok(found)
    }

    /// Looks at everything: each file of the log is there and can be read, has its rows in order, and nothing lies there twice. Names
    /// files that do not belong to the table.
    ///
    /// # Errors
    /// When the place does not answer.
    pub async fn check(&self) -> Result<Vec<Finding>, HistoryError> {
        self.refresh().await?;
        let known = self.known();
        let mut faults: Vec<String> =
            known.strange.iter().map(|path| format!("{path}: not written by this program")).collect();
        let (mut rows, mut whole) = (0, Vec::new());
        for file in &known.files {
            match self.check_file(file).await {
                Ok(()) => {
                    rows += if file.part == Part::Arrival { 0 } else { file.rows };
                    whole.push(file.clone());
                }
                Err(error @ HistoryError::Place(_)) => return Err(error),
                Err(error) => faults.push(format!("{}: {error}", file.path)),
            }
        }
        let detail = if faults.is_empty() {
            format!("{} files, {rows} readings and telegrams", known.files.len())
        } else {
            faults.join("; ")
        };
        let mut findings = vec![Finding { what: "history files".into(), ok: faults.is_empty(), detail }];
        let doubled = self.check_doubles(whole).await?;
        let detail = doubled.join("; ");
        findings.push(Finding { what: "history rows".into(), ok: doubled.is_empty(), detail });
        let mut abandoned = 0;
        let mut foreign = Vec::new();
        for file in self.lying_about().await? {
            if ours(&file.location) { abandoned += 1 } else { foreign.push(file.location.to_string()) }
        }
        let named = foreign.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
        let mut detail = format!("{} files that do not belong to it", foreign.len());
        if !foreign.is_empty() {
            detail = format!("{detail}: {named}");
        }
        if abandoned > 0 {
            detail = format!("{detail}; {abandoned} of segments that were not committed");
        }
        findings.push(Finding { what: "history folder".into(), ok: foreign.is_empty(), detail });
        Ok(findings)
    }

    /// Size, rows, order, and what the log says of all that; every page is read.
    async fn check_file(&self, file: &FileEntry) -> Result<(), HistoryError> {
        let wrong = |detail: String| HistoryError::Table(detail);
        let meta = self.inner.store.head(&file.path).await.map_err(|error| match error {
            object_store::Error::NotFound { path, .. } => HistoryError::Gone(path),
            other => HistoryError::place(other),
        })?;
        if meta.size != file.size {
            return Err(wrong(format!("{} bytes, not {}", meta.size, file.size)));
        }
        let folder = format!("part={}/month={}/", file.part.as_str(), file.month);
        if !file.path.as_ref().starts_with(&folder) {
            return Err(wrong(format!("the log says it is one of {folder}")));
        }
        let (mut rows, mut last) = (0, None);
        let mut batches = self.whole(file, None).await?;
        while let Some(batch) = batches.try_next().await? {
            rows += batch.num_rows() as u64;
            for i in 0..batch.num_rows() {
                let order = order_of(file.part, &batch, i)?;
                if last.is_some_and(|l| l >= order) {
                    return Err(wrong(format!("row {order:?} does not come after {last:?}")));
                }
                last = Some(order);
                // a row beyond what the log says of its file is never looked for in it
                let beyond =
                    |(name, value): (&&str, i64)| file.range(name).is_some_and(|(l, h)| value < l || value > h);
                if file.part.order().iter().zip(order).any(beyond) {
                    return Err(wrong(format!("row {order:?} is beyond what the log says of the file")));
                }
            }
        }
        if rows == file.rows { Ok(()) } else { Err(wrong(format!("{rows} rows, not {}", file.rows))) }
    }

    /// Rows that lie in two files of a month, by walking all of them at once.
    async fn check_doubles(&self, files: Vec<FileEntry>) -> Result<Vec<String>, HistoryError> {
        let mut months: BTreeMap<(String, Part), Vec<FileEntry>> = BTreeMap::new();
        for file in files {
            months.entry((file.month.clone(), file.part)).or_default().push(file);
        }
        let mut doubled = Vec::new();
        for ((month, part), files) in months.into_iter().filter(|(_, files)| files.len() > 1) {
            let mut heads = Vec::new();
            for file in &files {
                heads.push(Head::of(self, file, Some(part.order())).await?);
            }
            let (mut count, mut last) = (0_u64, None);
            loop {
                let mut least: Option<([i64; 5], usize)> = None;
                for (i, head) in heads.iter().enumerate() {
                    if let Some(order) = head.order()?
                        && least.is_none_or(|(l, _)| order < l)
                    {
                        least = Some((order, i));
                    }
                }
                let Some((order, i)) = least else { break };
                count += u64::from(last == Some(order));
                last = Some(order);
                let head = &mut heads[i];
                head.row += 1;
                if head.batch.as_ref().is_none_or(|b| head.row >= b.num_rows()) {
                    head.fill().await?;
                }
            }
            if count > 0 {
                doubled.push(format!("{count} rows of {} in {month} lie there twice", part.as_str()));
            }
        }
        Ok(doubled)
    }
}

fn add(to: &mut Merged, one: Merged) {
    to.files_before += one.files_before;
    to.files_after += one.files_after;
    to.rows += one.rows;
    to.doubles += one.doubles;
    to.bytes_before += one.bytes_before;
    to.bytes_after += one.bytes_after;
}

/// Whether files are worth merging: more than one, unless all come from one merge.
fn scattered(files: &[FileEntry]) -> bool {
    let one_merge = files.iter().all(|f| f.segment.starts_with("merge-") && f.segment == files[0].segment);
    files.len() > 1 && !one_merge
}

/// The same files make the same name: a merge that was entered is not entered again.
fn merge_name(month: &str, old: &[FileEntry]) -> String {
    let mut digest = Sha256::new();
    for file in old {
        digest.update(file.path.as_ref().as_bytes());
        digest.update(b"\n");
    }
    format!("merge-{month}-{}", &hex::encode(digest.finalize())[..16])
}

/// Whether a file's name is one that segments and merges give: `part=…/month=…/SEGMENT.ATTEMPT.parquet`.
pub(crate) fn ours(path: &Path) -> bool {
    let parts: Vec<_> = path.parts().map(|p| p.as_ref().to_owned()).collect();
    let [part, month, name] = parts.as_slice() else { return false };
    let named = part.strip_prefix("part=").and_then(Part::named).is_some() && month.starts_with("month=");
    let mut dots = name.split('.');
    let attempt = dots.nth(1).is_some_and(|a| a.split('-').count() == 3);
    named && attempt && dots.next() == Some("parquet") && dots.next().is_none()
}
