//! Reports that are made by schedule (定时编制): on a day of the month at an hour the draft over the period before, once, at one node.

use jiff::civil::{Date, DateTime};
use shanshui_domain::analyse::span::Span;
use shanshui_domain::id::ReportId;
use shanshui_domain::report::Kind;
use shanshui_domain::right::Caller;
use shanshui_store::{Every, JobIn, JobRow, ReportIn, ReportRow, ScheduleRow, StoreError};

use super::work::Outcome;
use crate::app::App;
use crate::report::gather::{self, NoReport};

/// Looks which schedules are due.
pub(super) const ROUND: &str = "report_round";
/// Makes one report; the subject is `water 2026-05`, with the county's code behind it.
pub(super) const ONE: &str = "report";

/// The period that a schedule makes a report over at a moment, and when it was due; none before that.
fn due(s: &ScheduleRow, now: DateTime) -> Option<(Span, DateTime)> {
    let today = now.date();
    let before = match s.every {
        Every::Month => Span::month_of(today).before(),
        Every::Quarter if (today.month() - 1) % 3 == 0 => quarter_of(today).before(),
        Every::Year if today.month() == 1 => Span::Year { year: today.year() }.before(),
        Every::Quarter | Every::Year => return None,
    };
    let last = i64::from(today.days_in_month());
    let day = i8::try_from(s.day.clamp(1, last)).ok()?;
    let hour = i8::try_from(s.hour.clamp(0, 23)).ok()?;
    let at = Date::new(today.year(), today.month(), day).ok()?.at(hour, 0, 0, 0);
    (at <= now).then_some((before, at))
}

fn quarter_of(day: Date) -> Span {
    Span::Quarter { year: day.year(), quarter: (day.month() - 1) / 3 + 1 }
}

/// Puts work down for each schedule that is due and whose report nobody has made. What was due before the schedule was written is not
/// made: it would surprise whoever wrote it.
pub(super) async fn round(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let civil = app.zone.civil(now);
    for s in app.store.report_schedules(&Caller::machine()).await?.into_iter().filter(|s| s.active) {
        let Some((period, at)) = due(&s, civil) else { continue };
        let written = app.zone.instant(at).is_some_and(|at| s.at <= at);
        if !written || app.store.report_made(s.kind, period, &s.area).await? {
            continue;
        }
        let subject = format!("{} {period} {}", s.kind.as_str(), s.area).trim_end().to_owned();
        if app.store.job_put(JobIn { kind: ONE, subject, body: String::new(), due: now }).await? {
            app.bells.job.ring();
        }
    }
    Ok(())
}

/// Does what was put down.
pub(super) async fn work(app: &App, job: &JobRow) -> Result<Outcome, StoreError> {
    let mut words = job.subject.split(' ');
    let read = words.next().and_then(Kind::parse).zip(words.next().and_then(|p| Span::parse(p).ok()));
    let Some((kind, period)) = read else {
        return Ok(Outcome::Over(Some(format!("{:?} names no kind and period", job.subject))));
    };
    match make(app, &Caller::machine(), kind, period, words.next().unwrap_or_default()).await {
        Ok(_) => Ok(Outcome::Over(None)),
        Err(NoReport::Store(error)) => Err(error),
        Err(error) => Ok(Outcome::Over(Some(error.to_string()))),
    }
}

/// Makes a report and keeps it as a draft; the same as the newest is that one.
///
/// # Errors
/// As [`NoReport`] says.
pub async fn make(app: &App, caller: &Caller, kind: Kind, period: Span, area: &str) -> Result<ReportRow, NoReport> {
    let report = gather::report(app, caller, kind, period, area).await?;
    let body = report.to_text().map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let title = report.title.clone();
    let new = ReportIn { kind, period, area: area.to_owned(), title, body };
    Ok(app.store.report_put(caller, ReportId(uuid::Uuid::now_v7()), new, app.clock.now()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shanshui_domain::time::Instant;

    fn check(every: Every, day: i64, now: &str, expected: &str) {
        let s = ScheduleRow {
            kind: Kind::Water,
            area: String::new(),
            version: 1,
            every,
            day,
            hour: 8,
            active: true,
            by: None,
            at: Instant(0),
        };
        let got = due(&s, now.parse().expect("a moment"));
        assert_eq!(got.map_or_else(|| "none".to_owned(), |(p, at)| format!("{p} at {at}")), expected, "{now}");
    }

    #[test]
    fn a_schedule_is_due_from_its_hour_on_and_short_months_have_their_last_day() {
        check(Every::Month, 5, "2026-06-05T07:59:59", "none");
        check(Every::Month, 5, "2026-06-05T08:00:00", "2026-05 at 2026-06-05T08:00:00");
        check(Every::Month, 5, "2026-06-30T00:00:00", "2026-05 at 2026-06-05T08:00:00");
        check(Every::Month, 31, "2026-02-28T09:00:00", "2026-01 at 2026-02-28T08:00:00");
        check(Every::Quarter, 10, "2026-04-10T08:00:00", "2026-Q1 at 2026-04-10T08:00:00");
        check(Every::Quarter, 10, "2026-05-10T08:00:00", "none");
        check(Every::Year, 15, "2026-01-15T08:00:00", "2025 at 2026-01-15T08:00:00");
        check(Every::Year, 15, "2026-02-15T08:00:00", "none");
    }
}
