//! Reports (报告): every making is kept; publishing freezes one, and what is made afterwards is the next edition. Templates and schedules
//! are versions: another one is added, none is changed.

use shanshui_domain::analyse::span::Span;
use shanshui_domain::id::{PersonId, PointId, ReportId, TemplateId};
use shanshui_domain::report::Kind;
use shanshui_domain::right::{Caller, Right, Ties};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_history::Ranged;

use crate::audit::{Change, note};
use crate::scope::{Within, everything};
use crate::sql::{Row, Tx};
use crate::walk::{Held, Seen, Walk};
use crate::{Store, StoreError, args};

/// A report to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportIn {
    /// Kind.
    pub kind: Kind,
    /// What it is over.
    pub period: Span,
    /// Code of a county; empty for the whole city.
    pub area: String,
    /// Title.
    pub title: String,
    /// The report as JSON.
    pub body: String,
}

/// A report as it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// Id; later ones are greater.
    pub id: ReportId,
    /// Kind.
    pub kind: Kind,
    /// What it is over.
    pub period: Span,
    /// Code of a county; empty for the whole city.
    pub area: String,
    /// From 1: one more than the editions that were published before.
    pub edition: i64,
    /// From 1 within an edition.
    pub draft: i64,
    /// Title.
    pub title: String,
    /// SHA-256 of the body.
    pub digest: String,
    /// Who made it; nobody when a schedule did.
    pub by: Option<PersonId>,
    /// When.
    pub made: Instant,
    /// Its publication; none of a draft.
    pub published: Option<PublicationRow>,
}

/// The publication (发布) of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationRow {
    /// Number of the document (文号); empty when it has none.
    pub number: String,
    /// Version of the template that its files are made with; 0 for the built-in one.
    pub template: i64,
    /// Who.
    pub by: Option<PersonId>,
    /// When.
    pub at: Instant,
}

/// Which reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportFilter {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Over this period.
    pub period: Option<Span>,
    /// Made before this one.
    pub before: Option<ReportId>,
    /// At most so many.
    pub limit: usize,
}

/// A template as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRow {
    /// Id.
    pub id: TemplateId,
    /// Kind of report.
    pub kind: Kind,
    /// From 1.
    pub version: i64,
    /// Name of its file.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256.
    pub digest: String,
    /// Who.
    pub by: Option<PersonId>,
    /// When.
    pub at: Instant,
}

/// How often a schedule makes a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Each month, of the month before.
    Month,
    /// Each quarter, of the quarter before, in its first month.
    Quarter,
    /// Each year, of the year before, in January.
    Year,
}

impl Every {
    /// The word that is kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// Reads [`Every::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Month, Self::Quarter, Self::Year].into_iter().find(|every| every.as_str() == word)
    }
}

/// A schedule (定时编制): newest version of a kind and area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRow {
    /// Kind of report.
    pub kind: Kind,
    /// Area; empty for the whole city.
    pub area: String,
    /// From 1; given by the store.
    pub version: i64,
    /// How often.
    pub every: Every,
    /// Day of the month, from 1; a month that is shorter has its last.
    pub day: i64,
    /// Hour, 0 to 23.
    pub hour: i64,
    /// Whether it makes reports.
    pub active: bool,
    /// Who.
    pub by: Option<PersonId>,
    /// When.
    pub at: Instant,
}

/// How many values of a series there are: the newest version of each key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Without a mark.
    pub valid: u64,
    /// With a mark, or none.
    pub marked: u64,
    /// Late or restated, of both.
    pub odd: u64,
}

impl Walk for Counted {
    fn see(&mut self, seen: Seen, _: Held) {
        let valid = seen.number.is_some() && !seen.marked;
        self.valid += u64::from(valid);
        self.marked += u64::from(!valid);
        self.odd += u64::from(seen.odd);
    }
}

macro_rules! columns {
    () => {
        "SELECT r.id, r.kind, r.span, r.area, r.edition, r.draft, r.title, r.digest, r.person, r.made, p.number, p.template, \
         p.person, p.at"
    };
}

macro_rules! from {
    () => {
        " FROM report r LEFT JOIN report_publication p ON p.report = r.id "
    };
}

/// Whether the area of a report `r` is within a scope: the whole city only within all of it.
macro_rules! in_area {
    ($counties:literal) => {
        concat!("(", $counties, " = '*' OR replace(", $counties, ", ',' || r.area || ',', '') <> ", $counties, ")")
    };
}

const LIST: &str = concat!(
    columns!(),
    from!(),
    "WHERE ",
    in_area!("$1"),
    " AND ($2 = '' OR r.kind = $2) AND ($3 = '' OR r.span = $3) AND ($4 = '' OR r.id < $4) ORDER BY r.id DESC LIMIT $5"
);
const ONE: &str = concat!(columns!(), ", r.body", from!(), "WHERE r.id = $2 AND ", in_area!("$1"));
const SCHEDULES: &str = concat!(
    "SELECT r.kind, r.area, r.version, r.every, r.day, r.hour, r.active, r.person, r.at FROM report_schedule r \
     WHERE r.version = (SELECT MAX(n.version) FROM report_schedule n WHERE n.kind = r.kind AND n.area = r.area) AND ",
    in_area!("$1"),
    " ORDER BY r.kind, r.area"
);
const NEWEST: &str = concat!(
    columns!(),
    from!(),
    "WHERE r.kind = $1 AND r.span = $2 AND r.area = $3 ORDER BY r.edition DESC, r.draft DESC LIMIT 1"
);
const BY_ID: &str = concat!(columns!(), from!(), "WHERE r.id = $1");
const BODY: usize = 14;

fn kind(r: &Row, at: usize) -> Result<Kind, StoreError> {
    let word = r.text(at)?;
    Kind::parse(&word).ok_or_else(|| StoreError::Corrupt(format!("report {word}")))
}

fn report(r: &Row) -> Result<ReportRow, StoreError> {
    let span = r.text(2)?;
    let published = match r.int_opt(13)? {
        None => None,
        Some(at) => {
            Some(PublicationRow { number: r.text(10)?, template: r.int(11)?, by: r.parsed_opt(12)?, at: Instant(at) })
        }
    };
    Ok(ReportRow {
        id: r.parsed(0)?,
        kind: kind(r, 1)?,
        period: Span::parse(&span).map_err(|e| StoreError::Corrupt(e.to_string()))?,
        area: r.text(3)?,
        edition: r.int(4)?,
        draft: r.int(5)?,
        title: r.text(6)?,
        digest: r.text(7)?,
        by: r.parsed_opt(8)?,
        made: Instant(r.int(9)?),
        published,
    })
}

fn template(r: &Row) -> Result<TemplateRow, StoreError> {
    Ok(TemplateRow {
        id: r.parsed(0)?,
        kind: kind(r, 1)?,
        version: r.int(2)?,
        name: r.text(3)?,
        size: r.int(4)?,
        digest: r.text(5)?,
        by: r.parsed_opt(6)?,
        at: Instant(r.int(7)?),
    })
}

fn schedule(r: &Row) -> Result<ScheduleRow, StoreError> {
    let every = r.text(3)?;
    Ok(ScheduleRow {
        kind: kind(r, 0)?,
        area: r.text(1)?,
        version: r.int(2)?,
        every: Every::parse(&every).ok_or_else(|| StoreError::Corrupt(format!("every {every}")))?,
        day: r.int(4)?,
        hour: r.int(5)?,
        active: r.int(6)? != 0,
        by: r.parsed_opt(7)?,
        at: Instant(r.int(8)?),
    })
}

/// Whether a caller may do this to a report of an area.
fn covered(caller: &Caller, right: Right, area: &str) -> Result<(), StoreError> {
    let scope = caller.scope(right);
    let ties = Ties { county: Some(area).filter(|a| !a.is_empty()), ..Ties::default() };
    if scope.covers(&ties) { Ok(()) } else { Err(StoreError::NotFound) }
}

impl Store {
    /// Keeps a report that was made. The same as the newest one of its kind, period and area is that one, and nothing is written; else
    /// it is the next draft of its edition, or the first of the next edition when the newest was published.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller may make none of this area.
    pub async fn report_put(
        &self,
        caller: &Caller,
        id: ReportId,
        r: ReportIn,
        at: Instant,
    ) -> Result<ReportRow, StoreError> {
        covered(caller, Right::ReportMake, &r.area)?;
        let (caller, digest) = (caller.clone(), shanshui_domain::report::Report::digest_of(&r.body));
        self.write(move |tx| {
            let (kind, span) = (r.kind.as_str(), r.period.to_string());
            let newest = tx.row(NEWEST, args![kind, &span, &r.area])?.as_ref().map(report).transpose()?;
            let (edition, draft) = match newest {
                Some(newest) if newest.digest == digest => return Ok(newest),
                Some(newest) if newest.published.is_some() => (newest.edition + 1, 1),
                Some(newest) => (newest.edition, newest.draft + 1),
                None => (1, 1),
            };
            tx.execute(
                "INSERT INTO report (id, kind, span, area, edition, draft, title, body, digest, person, made) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
                args![id, kind, &span, &r.area, edition, draft, &r.title, &r.body, &digest, caller.id(), at],
            )?;
            let after = serde_json::json!({"kind": kind, "span": span, "area": r.area, "edition": edition, "draft": draft,
                "digest": digest});
            note(tx, &caller, at, "report_make", &id.to_string(), Change { before: None, after: Some(after) })?;
            by_id(tx, id)
        })
        .await
    }

    /// Reports that the caller sees, newest first.
    pub async fn reports(&self, caller: &Caller, f: &ReportFilter) -> Result<Vec<ReportRow>, StoreError> {
        let [counties, _, _] = Within::of(caller, Right::ReportRead).args();
        let text = |value: Option<String>| value.unwrap_or_default();
        let kind = f.kind.map_or("", Kind::as_str);
        let (period, before) = (text(f.period.map(|p| p.to_string())), text(f.before.map(|id| id.to_string())));
        let rows = self.read(LIST, args![counties, kind, period, before, f.limit as i64]).await?;
        rows.iter().map(report).collect()
    }

    /// A report with its body.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees none such; [`StoreError::Corrupt`] when the body is not what its digest says.
    pub async fn report(&self, caller: &Caller, id: ReportId) -> Result<(ReportRow, String), StoreError> {
        let [counties, _, _] = Within::of(caller, Right::ReportRead).args();
        let row = self.read_one(ONE, args![counties, id]).await?.ok_or(StoreError::NotFound)?;
        let (found, body) = (report(&row)?, row.text(BODY)?);
        if shanshui_domain::report::Report::digest_of(&body) != found.digest {
            return Err(StoreError::Corrupt(format!("report {id}: its text is not what its digest says")));
        }
        Ok((found, body))
    }

    /// Whether anything was made of a kind, period and area.
    pub async fn report_made(&self, kind: Kind, period: Span, area: &str) -> Result<bool, StoreError> {
        Ok(self.read_one(NEWEST, args![kind.as_str(), period.to_string(), area]).await?.is_some())
    }

    /// Publishes the newest draft of a report, whose digest the caller has seen. Its files are made with the newest template of its
    /// kind from now on and for ever.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller may not publish it; [`StoreError::Conflict`] when it is published already, is not the
    /// newest, or is not what was seen.
    pub async fn report_publish(
        &self,
        caller: &Caller,
        id: ReportId,
        (digest, number): (&str, &str),
        at: Instant,
    ) -> Result<ReportRow, StoreError> {
        let (caller, digest, number) = (caller.clone(), digest.to_owned(), number.to_owned());
        self.write(move |tx| {
            let seen = tx.row(BY_ID, args![id])?.ok_or(StoreError::NotFound)?;
            let seen = report(&seen)?;
            covered(&caller, Right::ReportPublish, &seen.area)?;
            let newest = tx.row(NEWEST, args![seen.kind.as_str(), seen.period.to_string(), &seen.area])?;
            let newest = newest.as_ref().map(report).transpose()?;
            if seen.digest != digest || seen.published.is_some() || newest.is_none_or(|newest| newest.id != id) {
                return Err(StoreError::Conflict);
            }
            let text = "SELECT COALESCE(MAX(version), 0) FROM report_template WHERE kind=$1";
            let template = tx.row(text, args![seen.kind.as_str()])?.map_or(Ok(0), |row| row.int(0))?;
            tx.execute(
                "INSERT INTO report_publication (report, number, template, digest, person, at) VALUES ($1,$2,$3,$4,$5,$6)",
                args![id, &number, template, &digest, caller.id(), at],
            )?;
            let after = serde_json::json!({"edition": seen.edition, "number": number, "digest": digest, "template": template});
            note(tx, &caller, at, "report_publish", &id.to_string(), Change { before: None, after: Some(after) })?;
            by_id(tx, id)
        })
        .await
    }

    /// Keeps a template as the next version of its kind.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller may not arrange the reports of the whole city.
    pub async fn report_template_put(
        &self,
        caller: &Caller,
        t: TemplateRow,
        bytes: Vec<u8>,
    ) -> Result<TemplateRow, StoreError> {
        self.guard().admit()?;
        everything(caller, Right::ReportArrange)?;
        let caller = caller.clone();
        self.write(move |tx| {
            let text = "SELECT COALESCE(MAX(version), 0) FROM report_template WHERE kind=$1";
            let version = tx.row(text, args![t.kind.as_str()])?.map_or(Ok(0), |row| row.int(0))? + 1;
            let t = TemplateRow { version, by: caller.id(), ..t };
            tx.execute(
                "INSERT INTO report_template (id, kind, version, name, size, digest, person, at, bytes) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
                args![t.id, t.kind.as_str(), version, &t.name, t.size, &t.digest, t.by, t.at, bytes],
            )?;
            let after = serde_json::json!({"kind": t.kind.as_str(), "version": version, "sha256": t.digest});
            note(tx, &caller, t.at, "report_template", &t.id.to_string(), Change { before: None, after: Some(after) })?;
            Ok(t)
        })
        .await
    }

    /// Every template, newest first within its kind.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for whoever may read no reports.
    pub async fn report_templates(&self, caller: &Caller) -> Result<Vec<TemplateRow>, StoreError> {
        may_read(caller)?;
        let text = "SELECT id, kind, version, name, size, digest, person, at FROM report_template \
            ORDER BY kind, version DESC LIMIT 500";
        self.read(text, vec![]).await?.iter().map(template).collect()
    }

    /// A template with its bytes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none such.
    pub async fn report_template(&self, caller: &Caller, id: TemplateId) -> Result<(TemplateRow, Vec<u8>), StoreError> {
        may_read(caller)?;
        let text = "SELECT id, kind, version, name, size, digest, person, at, bytes FROM report_template WHERE id=$1";
        let row = self.read_one(text, args![id]).await?.ok_or(StoreError::NotFound)?;
        Ok((template(&row)?, row.blob(8)?))
    }

    /// The bytes of a version of a kind, or of the newest; none when there is none.
    pub async fn report_template_of(&self, kind: Kind, version: Option<i64>) -> Result<Option<Vec<u8>>, StoreError> {
        let text =
            "SELECT bytes FROM report_template WHERE kind=$1 AND ($2 < 0 OR version=$2) ORDER BY version DESC LIMIT 1";
        let row = self.read_one(text, args![kind.as_str(), version.unwrap_or(-1)]).await?;
        row.map(|row| row.blob(0)).transpose()
    }

    /// Keeps a schedule as the next version of its kind and area.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller may not arrange reports of this area.
    pub async fn report_schedule_put(&self, caller: &Caller, s: ScheduleRow) -> Result<ScheduleRow, StoreError> {
        covered(caller, Right::ReportArrange, &s.area)?;
        let caller = caller.clone();
        self.write(move |tx| {
            let text = "SELECT COALESCE(MAX(version), 0) FROM report_schedule WHERE kind=$1 AND area=$2";
            let version = tx.row(text, args![s.kind.as_str(), &s.area])?.map_or(Ok(0), |row| row.int(0))? + 1;
            let s = ScheduleRow { version, by: caller.id(), ..s };
            tx.execute(
                "INSERT INTO report_schedule (kind, area, version, every, day, hour, active, person, at) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
                args![s.kind.as_str(), &s.area, version, s.every.as_str(), s.day, s.hour, s.active, s.by, s.at],
            )?;
            let after = serde_json::json!({"version": version, "every": s.every.as_str(), "day": s.day, "hour": s.hour,
                "active": s.active});
            let subject = format!("{} {}", s.kind.as_str(), s.area);
            note(
                tx,
                &caller,
                s.at,
                "report_schedule",
                subject.trim_end(),
                Change { before: None, after: Some(after) },
            )?;
            Ok(s)
        })
        .await
    }

    /// How many values of each point there are in `[from, to)`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station of one of them.
    pub async fn values_counted(
        &self,
        caller: &Caller,
        points: &[PointId],
        kind: PeriodKind,
        span: (Instant, Instant),
    ) -> Result<Ranged<(PointId, Counted)>, StoreError> {
        let mut out = Ranged::default();
        for point in points {
            self.point_seen(caller, Right::StationRead, *point).await?;
            let (counted, unread) = self.walked((*point, kind), span, Counted::default).await?;
            out.rows.push((*point, counted));
            out.unread.extend(unread);
        }
        Ok(out)
    }

    /// The newest version of each schedule that the caller sees.
    pub async fn report_schedules(&self, caller: &Caller) -> Result<Vec<ScheduleRow>, StoreError> {
        let [counties, _, _] = Within::of(caller, Right::ReportRead).args();
        self.read(SCHEDULES, args![counties]).await?.iter().map(schedule).collect()
    }
}

fn may_read(caller: &Caller) -> Result<(), StoreError> {
    if caller.may(Right::ReportRead) { Ok(()) } else { Err(StoreError::NotFound) }
}

fn by_id(tx: &mut dyn Tx, id: ReportId) -> Result<ReportRow, StoreError> {
    tx.row(BY_ID, args![id])?.as_ref().map(report).transpose()?.ok_or(StoreError::NotFound)
}
