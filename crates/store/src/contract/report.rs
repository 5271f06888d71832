//! Reports, their publication, templates and schedules.

use shanshui_domain::analyse::span::Span;
use shanshui_domain::id::{ReportId, TemplateId};
use shanshui_domain::report::Kind;
use shanshui_domain::right::{Caller, Role};
use shanshui_domain::time::Instant;
use uuid::Uuid;

use super::{Home, caller};
use crate::{Every, ReportFilter, ReportIn, ReportRow, ScheduleRow, Store, StoreError, TemplateRow};

fn period(text: &str) -> Span {
    Span::parse(text).expect("a period")
}

async fn made(store: &Store, who: &Caller, n: u128, area: &str, body: &str) -> Result<ReportRow, StoreError> {
    let report = ReportIn {
        kind: Kind::Water,
        period: period("2026-05"),
        area: area.into(),
        title: "月报".into(),
        body: body.into(),
    };
    store.report_put(who, ReportId(Uuid::from_u128(n)), report, Instant(n as i64)).await
}

fn said(row: &ReportRow) -> (i64, i64, bool) {
    (row.edition, row.draft, row.published.is_some())
}

pub(super) async fn what_is_published_is_frozen_and_the_next_is_another_edition(store: &Store, _: &impl Home) {
    let machine = Caller::machine();
    let first = made(store, &machine, 1, "", "{\"a\":1}").await.expect("kept");
    assert_eq!(said(&first), (1, 1, false));
    let same = made(store, &machine, 2, "", "{\"a\":1}").await.expect("known");
    assert_eq!(same.id, first.id, "the same again is no other draft");
    let second = made(store, &machine, 3, "", "{\"a\":2}").await.expect("kept");
    assert_eq!(said(&second), (1, 2, false));
    let publish = async |row: &ReportRow, digest: &str| {
        store.report_publish(&Caller::machine(), row.id, (digest, "衢环报〔2026〕5号"), Instant(9)).await
    };
    assert!(matches!(publish(&first, &first.digest).await, Err(StoreError::Conflict)), "not the newest");
    assert!(matches!(publish(&second, &first.digest).await, Err(StoreError::Conflict)), "not what was seen");
    let published = publish(&second, &second.digest).await.expect("published");
    let publication = published.published.clone().expect("a publication");
    assert_eq!(
        (publication.number.as_str(), publication.template, publication.at),
        ("衢环报〔2026〕5号", 0, Instant(9))
    );
    assert!(matches!(publish(&second, &second.digest).await, Err(StoreError::Conflict)), "once");
    assert_eq!(made(store, &machine, 4, "", "{\"a\":2}").await.expect("known").id, second.id);
    let next = made(store, &machine, 5, "", "{\"a\":3}").await.expect("kept");
    assert_eq!(said(&next), (2, 1, false));
    let (kept, body) = store.report(&machine, second.id).await.expect("there");
    assert_eq!((said(&kept), body.as_str()), ((1, 2, true), "{\"a\":2}"));
    let all = ReportFilter { limit: 10, ..ReportFilter::default() };
    let rows = store.reports(&machine, &all).await.expect("rows");
    assert_eq!(rows.iter().map(said).collect::<Vec<_>>(), [(2, 1, false), (1, 2, true), (1, 1, false)]);
    let page = ReportFilter { before: Some(next.id), limit: 1, ..all.clone() };
    assert_eq!(store.reports(&machine, &page).await.expect("rows"), [kept]);
    let other = ReportFilter { kind: Some(Kind::Brief), ..all };
    assert_eq!(store.reports(&machine, &other).await.expect("rows"), []);
    assert!(store.report_made(Kind::Water, period("2026-05"), "").await.expect("an answer"));
    assert!(!store.report_made(Kind::Water, period("2026-06"), "").await.expect("an answer"));
}

pub(super) async fn reports_are_seen_made_and_published_within_a_scope(store: &Store, _: &impl Home) {
    let machine = Caller::machine();
    let city = made(store, &machine, 1, "", "{}").await.expect("kept");
    let county = made(store, &machine, 2, "kc", "{}").await.expect("kept");
    let all = ReportFilter { limit: 10, ..ReportFilter::default() };
    let seen = async |who: &Caller| {
        let rows = store.reports(who, &all).await.expect("rows");
        rows.into_iter().map(|r| r.area).collect::<Vec<_>>()
    };
    let (bureau, here, there) =
        (caller(1, Role::Leader, "city"), caller(2, Role::Leader, "br-kc"), caller(3, Role::DutyOfficer, "br-qj"));
    assert_eq!(seen(&bureau).await, ["kc", ""]);
    assert_eq!(seen(&here).await, ["kc"]);
    assert_eq!(seen(&there).await, Vec::<String>::new());
    assert!(matches!(store.report(&here, city.id).await, Err(StoreError::NotFound)));
    assert!(store.report(&here, county.id).await.is_ok());
    assert!(matches!(made(store, &here, 3, "", "{\"a\":1}").await, Err(StoreError::NotFound)));
    assert!(matches!(made(store, &there, 3, "kc", "{\"a\":1}").await, Err(StoreError::NotFound)));
    let reviewer = caller(4, Role::ReviewerThird, "br-kc");
    let publish = async |who: &Caller| store.report_publish(who, county.id, (&county.digest, ""), Instant(5)).await;
    assert!(matches!(publish(&reviewer).await, Err(StoreError::NotFound)), "publishing is a right of its own");
    assert!(matches!(publish(&there).await, Err(StoreError::NotFound)));
    assert!(publish(&here).await.is_ok());
    let asked = crate::AuditFilter { action: Some("report_publish".into()), ..crate::AuditFilter::default() };
    assert_eq!(store.audit_list(&machine, &asked, None, 5).await.expect("entries").len(), 1);
}

pub(super) async fn templates_and_schedules_are_versions(store: &Store, _: &impl Home) {
    let (bureau, here) = (caller(1, Role::Leader, "city"), caller(2, Role::Leader, "br-kc"));
    let row = |n: u128| TemplateRow {
        id: TemplateId(Uuid::from_u128(n)),
        kind: Kind::Water,
        version: 0,
        name: "月报.docx".into(),
        size: 1,
        digest: "d".into(),
        by: None,
        at: Instant(n as i64),
    };
    assert!(matches!(store.report_template_put(&here, row(1), vec![1]).await, Err(StoreError::NotFound)));
    assert_eq!(store.report_template_put(&bureau, row(1), vec![1]).await.expect("kept").version, 1);
    assert_eq!(store.report_template_put(&bureau, row(2), vec![2, 0]).await.expect("kept").version, 2);
    let versions: Vec<i64> = store.report_templates(&here).await.expect("rows").iter().map(|t| t.version).collect();
    assert_eq!(versions, [2, 1]);
    assert_eq!(store.report_template(&here, TemplateId(Uuid::from_u128(1))).await.expect("there").1, [1]);
    let of = async |version| store.report_template_of(Kind::Water, version).await.expect("an answer");
    assert_eq!((of(None).await, of(Some(1)).await, of(Some(3)).await), (Some(vec![2, 0]), Some(vec![1]), None));
    let report = made(store, &Caller::machine(), 3, "", "{}").await.expect("kept");
    let published =
        store.report_publish(&bureau, report.id, (&report.digest, ""), Instant(4)).await.expect("published");
    assert_eq!(published.published.map(|p| p.template), Some(2));

    let plan = |area: &str, day, active| ScheduleRow {
        kind: Kind::Water,
        area: area.into(),
        version: 0,
        every: Every::Month,
        day,
        hour: 8,
        active,
        by: None,
        at: Instant(1),
    };
    assert!(matches!(store.report_schedule_put(&here, plan("", 5, true)).await, Err(StoreError::NotFound)));
    store.report_schedule_put(&here, plan("kc", 5, true)).await.expect("kept");
    store.report_schedule_put(&here, plan("kc", 6, false)).await.expect("kept");
    store.report_schedule_put(&bureau, plan("", 3, true)).await.expect("kept");
    let seen = async |who: &Caller| {
        let rows = store.report_schedules(who).await.expect("rows");
        rows.into_iter().map(|s| (s.area, s.version, s.day, s.active)).collect::<Vec<_>>()
    };
    assert_eq!(seen(&here).await, [("kc".to_owned(), 2, 6, false)]);
    assert_eq!(seen(&bureau).await.len(), 2);
}
