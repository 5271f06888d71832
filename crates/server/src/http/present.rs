//! From what is kept to what is shown: stations, points, grades, devices, alarms, people, cases.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use shanshui_domain::analyse::alarm::silent;
use shanshui_domain::id::{Mn, OrganisationCode, PersonId, PointId, StationCode};
use shanshui_domain::place::{Point, Station, StationKind};
use shanshui_domain::right::{Caller, Right, Scope, Seeker, Ties};
use shanshui_domain::standard::{Bound, Over};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_domain::unit::Quantity;
use shanshui_store::{AlarmRow, CaseSummary, CurveBound, EvidenceRow, JudgementRow, LatestRow};

use super::auth::Visitor;
use super::convert::instant_out;
use super::view::{
    AboutView, AlarmView, CaseStateView, CaseSummaryView, DemoLogin, DeviationView, DeviceCommandView, DeviceView,
    EvidenceView, GradeView, HeldView, LatestView, LimitView, LinkState, LonLat, MeView, PersonView, PointView, Scale,
    ShareView, StationView, SummaryView, Words,
};
use crate::app::{App, Member, People};
use crate::error::ApiError;
use crate::job::judge::{KIND_AIR, KIND_DISCHARGE, Verdict};
use crate::registry::{DeviceEntry, PointEntry};

/// Text in both languages.
pub fn words(zh: impl Into<String>, en: impl Into<String>) -> Words {
    Words { zh: zh.into(), en: en.into() }
}

/// Whether a station is within a scope.
pub fn sees(scope: &Scope, s: &Station) -> bool {
    let ties = [Some(&s.unit), s.enterprise.as_ref()];
    let units: Vec<OrganisationCode> = ties.into_iter().flatten().cloned().map(OrganisationCode).collect();
    scope.covers(&Ties { people: &[], units: &units, county: Some(&s.county) })
}

/// How everything stands at one moment.
pub struct Overview {
    last: HashMap<i64, Instant>,
    alarms: HashMap<StationCode, i64>,
    links: HashMap<StationCode, LinkState>,
}

impl Overview {
    pub(crate) async fn read(app: &App) -> Result<Self, ApiError> {
        let last = app.store.latest_stamps().await?.into_iter().collect();
        let alarms = app.store.alarm_counts().await?.into_iter().collect();
        let mut links: HashMap<StationCode, LinkState> = HashMap::new();
        let now = app.clock.now();
        for device in app.devices() {
            let link = app.link(&device, now);
            let held = links.entry(device.device.station.clone()).or_insert(link);
            *held = better(*held, link);
        }
        Ok(Self { last, alarms, links })
    }

    /// A station as shown.
    pub fn station(&self, app: &App, s: &Station) -> StationView {
        let points = app.points_of(&s.code);
        let last_at = points.first().and_then(|p| self.last.get(&p.id.block())).copied();
        let city = app.city();
        let enterprise = s.enterprise.as_ref().and_then(|code| city.enterprises.iter().find(|e| e.code == *code));
        StationView {
            code: s.code.to_string(),
            kind: s.kind.into(),
            name: words(&s.name_zh, &s.name_en),
            county: named(&city.counties, &s.county),
            place: LonLat { lon: s.lon, lat: s.lat },
            target: s.target,
            water_body: s.water.map(|w| w.as_str().into()),
            enterprise: enterprise.map(|e| words(&e.name_zh, &e.name_en)),
            demo: s.demo,
            source: words(&s.source_zh, &s.source_en),
            link: self.links.get(&s.code).copied().unwrap_or(LinkState::Never),
            last_at: last_at.map(instant_out),
            grade: app.grade(&s.code).as_ref().and_then(|row| app.grade_view(row)).map(GradeView::short),
            alarms: self.alarms.get(&s.code).map_or(0, |n| *n as u32),
        }
    }
}

/// A point as shown, with the newest values of its block.
pub fn point(app: &App, p: &PointEntry, kind: PeriodKind, latest: &[LatestRow]) -> PointView {
    let rows = || latest.iter().filter(|r| r.key.point == p.id);
    let latest = |r: &LatestRow| LatestView {
        kind: r.key.kind.as_str().into(),
        at: instant_out(r.key.at),
        value: r.value.clone(),
        mark: r.mark.clone(),
        telegram: r.telegram.map(|t| t.0),
    };
    PointView {
        id: p.id.0,
        factor: p.point.factor.to_string(),
        name: words(&p.point.name_zh, &p.point.name_en),
        unit: p.point.unit.to_string(),
        decimals: p.point.decimals,
        kinds: rows().map(|r| r.key.kind.as_str().into()).collect(),
        latest: rows().map(latest).collect(),
        limits: app.limits_of(&p.point, kind).iter().map(LimitLine::view).collect(),
    }
}

fn better(a: LinkState, b: LinkState) -> LinkState {
    match (a, b) {
        (LinkState::Online, _) | (_, LinkState::Online) => LinkState::Online,
        (LinkState::Offline, _) | (_, LinkState::Offline) => LinkState::Offline,
        _ => LinkState::Never,
    }
}

fn named(list: &[shanshui_domain::place::Named], code: &str) -> Words {
    let found = list.iter().find(|n| n.code == code);
    found.map_or_else(|| words(code, code), |n| words(&n.name_zh, &n.name_en))
}

/// A line in a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitLine {
    /// Upper or lower bound, in the point's unit.
    pub upper: bool,
    /// Value.
    pub value: Decimal,
    /// What it is.
    pub label: Words,
    /// Clause.
    pub cite: String,
}

impl LimitLine {
    /// As the store samples by.
    pub fn bound(&self) -> Option<CurveBound> {
        let value = self.value.to_f64()?;
        Some(if self.upper { CurveBound::AtMost(value) } else { CurveBound::AtLeast(value) })
    }

    fn view(&self) -> LimitView {
        LimitView {
            bound: if self.upper { "at_most" } else { "at_least" }.into(),
            value: self.value.normalize().to_string(),
            label: self.label.clone(),
            cite: self.cite.clone(),
        }
    }
}

fn lines(bound: Bound, unit: impl Fn(Decimal) -> Option<Decimal>, label: &Words, cite: &str) -> Vec<LimitLine> {
    let line = |upper: bool, value: Decimal| {
        Some(LimitLine { upper, value: unit(value)?, label: label.clone(), cite: cite.to_owned() })
    };
    let all = match bound {
        Bound::AtMost { value } => vec![line(true, value)],
        Bound::AtLeast { value } => vec![line(false, value)],
        Bound::Between { low, high } => vec![line(false, low), line(true, high)],
    };
    all.into_iter().flatten().collect()
}

const ROMAN: [&str; 5] = ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ"];

impl App {
    /// Limit lines of a point: its permit, the boundary of its section's target class, or the hour limit of ambient air.
    pub fn limits_of(&self, point: &Point, kind: PeriodKind) -> Vec<LimitLine> {
        if let Some(limit) = &point.limit {
            return lines(limit.bound, Some, &words("许可限值", "permit limit"), &limit.cite);
        }
        let Some(station) = self.station(&point.station) else { return Vec::new() };
        let day = self.zone.day(self.clock.now());
        if let (Some(water), Some(target)) = (station.water, station.target) {
            let Some(row) = self.standards.water_on(day).and_then(|s| s.row(point.factor.as_str(), water)) else {
                return Vec::new();
            };
            let Some(bound) = row.classes.get(usize::from(target) - 1) else { return Vec::new() };
            let label = words(
                format!("{}类", ROMAN[usize::from(target) - 1]),
                format!("class {}", ROMAN[usize::from(target) - 1]),
            );
            let unit = |value| Quantity { value, unit: row.unit }.in_unit(point.unit).ok();
            return lines(*bound, unit, &label, &row.cite);
        }
        if station.kind == StationKind::AirStation && kind == PeriodKind::Hour {
            let rows = self.standards.air_limits_on(day).map_or(&[][..], |l| &l.rows);
            let found = rows.iter().find(|r| r.factor == point.factor.as_str() && r.over == Over::Hour);
            let Some(row) = found else { return Vec::new() };
            let unit = |value| Quantity { value, unit: row.unit }.in_unit(point.unit).ok();
            return lines(Bound::AtMost { value: row.level2 }, unit, &words("二级", "level 2"), &row.cite);
        }
        Vec::new()
    }

    /// Whether a device's data arrives.
    pub fn link(&self, device: &DeviceEntry, now: Instant) -> LinkState {
        let Some(last) = device.line().last_data() else { return LinkState::Never };
        if silent(Some(last), now, device.device.interval_s, self.config.alarm.no_data_intervals) {
            LinkState::Offline
        } else {
            LinkState::Online
        }
    }

    /// A judgement as shown; none when what is kept cannot be read.
    pub fn grade_view(&self, row: &JudgementRow) -> Option<GradeView> {
        let verdict: Verdict = serde_json::from_str(&row.result).ok()?;
        let scale = match row.kind.as_str() {
            KIND_AIR => Scale::Air,
            KIND_DISCHARGE => Scale::Discharge,
            _ => Scale::Water,
        };
        Some(GradeView {
            scale,
            level: row.level.map(|l| l as u8),
            label: words(verdict.label_zh, verdict.label_en),
            at: instant_out(row.at),
            edition: row.edition.clone(),
            deciding: verdict.deciding,
            exceeds: verdict.exceeds,
            explanation: serde_json::from_str(&row.explanation).ok(),
        })
    }

    /// Counts for the head of the map.
    pub async fn summary(&self, caller: &Caller) -> Result<SummaryView, ApiError> {
        let (city, scope) = (self.city(), caller.scope(Right::StationRead));
        let seen: HashMap<&StationCode, &Station> =
            city.stations.iter().filter(|s| sees(&scope, s)).map(|s| (&s.code, s)).collect();
        let share = |kind: StationKind, good_to: i64| {
            let stations = seen.values().filter(|s| s.kind == kind);
            let levels: Vec<Option<i64>> = stations.map(|s| self.grade(&s.code).and_then(|g| g.level)).collect();
            ShareView {
                total: levels.len() as u32,
                judged: levels.iter().flatten().count() as u32,
                good: levels.iter().flatten().filter(|l| **l <= good_to).count() as u32,
            }
        };
        let now = self.clock.now();
        let devices: Vec<_> = self.devices().into_iter().filter(|d| seen.contains_key(&d.device.station)).collect();
        let online = devices.iter().filter(|d| self.link(d, now) == LinkState::Online).count();
        let lasting = caller.scope(Right::AlarmRead);
        let mine = |code: &StationCode| lasting.everywhere() || city.station(code).is_some_and(|s| sees(&lasting, s));
        let counts = self.store.alarm_counts().await?;
        let alarms: i64 = counts.iter().filter(|(code, _)| mine(code)).map(|(_, n)| n).sum();
        let (open, overdue) = self.store.case_counts(caller, now).await?;
        Ok(SummaryView {
            municipal: share(StationKind::MunicipalSection, 2),
            boundary: share(StationKind::BoundarySection, 2),
            sources: share(StationKind::DrinkingSource, 2),
            air: share(StationKind::AirStation, 2),
            devices_online: online as u32,
            devices: devices.len() as u32,
            alarms_open: alarms as u32,
            cases_open: open as u32,
            cases_overdue: overdue as u32,
        })
    }

    /// Devices within the caller's scope, with their lines.
    pub async fn device_views(&self, caller: &Caller) -> Result<Vec<DeviceView>, ApiError> {
        let now = self.clock.now();
        self.facts_reload().await?;
        let counts: HashMap<PointId, i64> =
            self.store.counts(PeriodKind::Real, now.plus_ms(-3_600_000)).await?.into_iter().collect();
        let scope = caller.scope(Right::DeviceRead);
        let seen = |d: &Arc<DeviceEntry>| {
            scope.everywhere() || self.station(&d.device.station).is_some_and(|s| sees(&scope, &s))
        };
        Ok(self.devices().iter().filter(|d| seen(d)).map(|d| self.device_view(d, now, &counts)).collect())
    }

    fn device_view(&self, d: &Arc<DeviceEntry>, now: Instant, counts: &HashMap<PointId, i64>) -> DeviceView {
        let station = self.station(&d.device.station);
        let most = d.points.values().filter_map(|p| counts.get(p)).max().copied().unwrap_or(0);
        let expected = 3_600.0 / f64::from(d.device.interval_s);
        let link = self.link(d, now);
        let facts = d.line().facts(&d.device.mn);
        let deviations: BTreeMap<String, i64> = serde_json::from_str(&facts.deviations).unwrap_or_default();
        DeviceView {
            mn: d.device.mn.to_string(),
            station: d.device.station.to_string(),
            station_name: station.map_or_else(|| words("", ""), |s| words(&s.name_zh, &s.name_en)),
            edition: d.device.edition.clone(),
            encrypted: d.policy.key.is_some(),
            link,
            peer: facts.peer,
            last_seen: facts.last_seen.map(instant_out),
            clock_offset_ms: facts.clock_offset_ms,
            frames_ok: facts.frames_ok,
            frames_bad: facts.frames_bad,
            transmission_rate: facts.last_seen.map(|_| (most as f64 / expected).min(1.0)),
            deviations: deviations.into_iter().map(|(code, count)| DeviationView { code, count }).collect(),
        }
    }

    /// Commands sent to a device, newest first.
    pub async fn command_views(&self, caller: &Caller, mn: &Mn) -> Result<Vec<DeviceCommandView>, ApiError> {
        if self.registry.index().device(mn.0.as_bytes()).is_none() {
            return Err(ApiError::NotFound);
        }
        let people = self.people();
        let rows = self.store.commands(caller, mn).await?;
        Ok(rows.into_iter().map(|row| self.command_view(row, &people)).collect())
    }

    /// One command as shown.
    pub fn command_view(&self, row: shanshui_store::CommandRow, people: &People) -> DeviceCommandView {
        DeviceCommandView {
            id: row.id.to_string(),
            mn: row.mn.to_string(),
            cn: row.cn,
            by: self.person_of(row.person, people).name,
            reason: row.reason,
            at: instant_out(row.at),
            steps: serde_json::from_str(&row.steps).unwrap_or_default(),
        }
    }

    /// An alarm as shown.
    pub fn alarm_view(&self, a: &AlarmRow) -> AlarmView {
        let people = self.people();
        let station = self.station(&a.station);
        AlarmView {
            id: a.id.to_string(),
            kind: a.kind.into(),
            state: a.state.into(),
            station: a.station.to_string(),
            station_name: station
                .map_or_else(|| words(a.station.as_str(), a.station.as_str()), |s| words(&s.name_zh, &s.name_en)),
            point: a.point.map(|p| p.0),
            factor: a.factor.clone(),
            value: a.value.clone(),
            limit: a.limit_text.clone(),
            message: words(&a.message_zh, &a.message_en),
            basis: serde_json::from_str(&a.basis).unwrap_or_default(),
            opened: instant_out(a.opened),
            last: instant_out(a.last),
            count: a.count,
            ended: a.ended.map(instant_out),
            acknowledged_by: a.acknowledged_by.map(|p| self.person_of(p, &people).name),
            case: a.case.map(|c| c.to_string()),
        }
    }

    /// A person as others may see them.
    pub fn person_view(&self, m: &Member) -> PersonView {
        let now = self.clock.now();
        let first = m.posts.iter().find(|p| p.holds(now));
        PersonView {
            id: m.person.id.to_string(),
            login: m.person.login.clone(),
            name: words(&m.person.name_zh, &m.person.name_en),
            role: first.map(|p| p.role.into()),
            unit: first.map_or_else(|| words("", ""), |p| self.organisation_name(&p.organisation)),
            takes_cases: self.may_be_given_cases(m),
        }
    }

    /// Whether a case can be given to somebody: whoever may report one can be asked to.
    pub fn may_be_given_cases(&self, m: &Member) -> bool {
        let now = self.clock.now();
        let reports = |role| self.rights.reach(Right::CaseReport, Seeker::Role(role)).is_some();
        !m.person.disabled && m.posts.iter().any(|p| p.holds(now) && reports(p.role))
    }

    /// An organisation's name.
    pub fn organisation_name(&self, code: &OrganisationCode) -> Words {
        let tree = self.tree();
        tree.get(code).map_or_else(|| words(code.as_str(), code.as_str()), |o| words(&o.name_zh, &o.name_en))
    }

    /// Whoever is logged in, with what they may do.
    pub fn me_view(&self, visitor: &Visitor) -> MeView {
        let people = self.people();
        let posts = visitor.seats().iter().map(|seat| HeldView {
            role: seat.held.role.into(),
            organisation: seat.held.organisation.to_string(),
            name: self.organisation_name(&seat.held.organisation),
            behalf: seat.held.behalf.map(|p| self.person_of(p, &people).name),
        });
        let rights = visitor.rights().map(|r| r.as_str().to_owned()).collect();
        let posts: Vec<HeldView> = posts.collect();
        let person = PersonView {
            id: visitor.person.id.to_string(),
            login: visitor.person.login.clone(),
            name: words(&visitor.person.name_zh, &visitor.person.name_en),
            role: posts.first().map(|p| p.role),
            unit: posts.first().map_or_else(|| words("", ""), |p| p.name.clone()),
            takes_cases: visitor.may(Right::CaseReport),
        };
        MeView {
            person,
            posts,
            rights,
            glass: visitor.glass(),
            must_change_password: visitor.person.must_change,
            second_factor: visitor.second_factor,
            must_enrol: visitor.must_enrol,
            token: visitor.token.map(Into::into),
        }
    }

    /// A person by id; the program itself, and people no longer known, are named as such.
    pub fn person_of(&self, id: PersonId, people: &People) -> PersonView {
        match people.get(&id) {
            Some(m) => self.person_view(m),
            None => PersonView {
                id: id.to_string(),
                login: String::new(),
                name: if id.0.is_nil() {
                    words("系统自动", "the system")
                } else {
                    words("未知人员", "unknown person")
                },
                role: None,
                unit: words("", ""),
                takes_cases: false,
            },
        }
    }

    /// A case in a list.
    pub fn case_summary(&self, c: &CaseSummary, people: &People, now: Instant) -> CaseSummaryView {
        CaseSummaryView {
            id: c.id.to_string(),
            number: c.number.clone(),
            title: c.title.clone(),
            state: CaseStateView::parse(&c.state).unwrap_or(CaseStateView::Open),
            opened: instant_out(c.opened),
            due: c.due.map(instant_out),
            overdue: c.due.is_some_and(|due| due < now),
            assignee: c.assignee.map(|p| self.person_of(p, people)),
        }
    }

    /// A file of a case.
    pub fn evidence_view(&self, e: &EvidenceRow, people: &People) -> EvidenceView {
        EvidenceView {
            id: e.id.to_string(),
            name: e.name.clone(),
            media_type: e.media_type.clone(),
            size: e.size,
            sha256: e.sha256.clone(),
            by: self.person_of(e.by, people).name,
            at: instant_out(e.at),
        }
    }

    /// What the interface must know before anybody has logged in.
    pub fn about(&self) -> AboutView {
        let known = self.city();
        let city = &known.city;
        let post = |login: &str| known.posts.iter().find(|p| p.login == login);
        let login = |p: &shanshui_domain::place::PackPerson| DemoLogin {
            login: p.login.clone(),
            password: p.password.expose().to_owned(),
            name: words(&p.name_zh, &p.name_en),
            role: post(&p.login).map(|post| post.role.into()),
            unit: post(&p.login).map_or_else(|| words("", ""), |post| self.organisation_name(&post.organisation)),
        };
        let oidc = &self.config.oidc;
        AboutView {
            oidc: oidc.is_on().then(|| words(&oidc.label_zh, &oidc.label_en)),
            version: env!("CARGO_PKG_VERSION").into(),
            city: words(&city.name_zh, &city.name_en),
            zone: city.zone.clone(),
            center: LonLat { lon: city.center_lon, lat: city.center_lat },
            demo: self.demo,
            demo_logins: if self.demo { known.people.iter().map(login).collect() } else { Vec::new() },
        }
    }
}
