//! What happens in a season, done to a store and to the model at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use shanshui_domain::act::alarm::{AlarmKind, AlarmState};
use shanshui_domain::act::case::{Action, ActionName, Event};
use shanshui_domain::id::{AlarmId, CaseId, EvidenceId, PersonId, PointId, PostId, StationCode};
use shanshui_domain::place::{Station, StationKind};
use shanshui_domain::right::{Caller, Organisation, OrganisationKind, Rights, Role, Tree};
use shanshui_domain::sense::{Kept, Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::{
    AlarmRow, Arrival, AuditFilter, CaseIn, DelegationRow, Holdings, PersonRow, PostRow, Store, StoreError,
    StoreOptions, Sync, TelegramIn,
};

use super::Done;
use super::model::{
    Alarm, Answer, BUREAU, COUNTIES, Case, Deed, Delegation, ENTERPRISES, Model, Post, Stands, branch, enterprise,
};
use crate::prove::mix;

const STATIONS: usize = 200;
const DAYS: i64 = 90;
const DAY_US: i64 = 86_400_000_000;
/// 2026-01-01 00:00 in China.
const BEGIN: i64 = 1_767_196_800_000_000;
/// What people try to do on a day.
const DEEDS: u64 = 12;
/// Officers, then managers of enterprises, then citizens.
const OFFICERS: usize = 30;
const PEOPLE: usize = OFFICERS + ENTERPRISES + 10;

/// Everything random comes from here.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = mix(self.0);
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.roll() >> 16) as usize % n.max(1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        (self.roll() >> 16).is_multiple_of(n)
    }
}

struct Life {
    store: Store,
    model: Model,
    dice: Dice,
    tree: Tree,
    rights: Arc<Rights>,
    done: Done,
    now: i64,
}

fn person(n: usize) -> PersonId {
    PersonId(uuid(1, n))
}

fn uuid(kind: u128, n: usize) -> uuid::Uuid {
    uuid::Uuid::from_u128(kind << 64 | n as u128)
}

fn station_code(n: usize) -> StationCode {
    StationCode::from(format!("s{n}").as_str())
}

fn organisations() -> Vec<Organisation> {
    let one = |code: String, parent: Option<&str>, kind, area: String| Organisation {
        code: code.as_str().into(),
        parent: parent.map(Into::into),
        kind,
        area,
        name_zh: code.clone(),
        name_en: code,
    };
    let mut all = vec![one(BUREAU.into(), None, OrganisationKind::Bureau, "*".into())];
    all.extend((0..COUNTIES).map(|n| one(format!("b{n}"), Some(BUREAU), OrganisationKind::Branch, format!("c{n}"))));
    all.extend((0..ENTERPRISES).map(|n| one(format!("e{n}"), None, OrganisationKind::Enterprise, String::new())));
    all
}

fn station(n: usize) -> Station {
    Station {
        code: station_code(n),
        kind: if enterprise(n).is_some() { StationKind::Outlet } else { StationKind::AirStation },
        name_zh: "站".into(),
        name_en: "station".into(),
        county: format!("c{}", n % COUNTIES),
        lon: 118.8,
        lat: 28.9,
        water: None,
        target: None,
        enterprise: enterprise(n).map(|e| e.as_str().into()),
        unit: branch(n),
        demo: true,
        source_zh: "试".into(),
        source_en: "test".into(),
    }
}

/// What somebody is, by number.
fn role(n: usize) -> (Role, String) {
    match n {
        0..3 => (Role::DutyOfficer, BUREAU.into()),
        3..9 => (Role::DutyOfficer, format!("b{}", n - 3)),
        9..15 => (Role::UnitHead, format!("b{}", n - 9)),
        15..27 => (Role::CaseOfficer, format!("b{}", (n - 15) % COUNTIES)),
        27..OFFICERS => (Role::EnforcementOfficer, format!("b{}", n - 27)),
        _ if n < OFFICERS + ENTERPRISES => (Role::EnterpriseManager, format!("e{}", n - OFFICERS)),
        _ => (Role::Citizen, BUREAU.into()),
    }
}

/// One season of a seed.
///
/// # Errors
/// The first answer or row that is not what the model says.
pub(super) async fn season(seed: u64, sparse: u64) -> anyhow::Result<Done> {
    let folder = Folder::new(seed)?;
    let options = StoreOptions { sync: Sync::Off, ..StoreOptions::default() };
    let store = Store::open(&folder.0.join("season.db"), options).await?;
    let tree = Tree::new(organisations()).map_err(|e| anyhow::anyhow!("{e:?}"))?;
    let rights = Arc::new(Rights::embedded()?);
    let dice = Dice(mix(seed));
    let mut life = Life { store, model: Model::default(), dice, tree, rights, done: Done::default(), now: BEGIN };
    life.settle().await?;
    for day in 0..DAYS {
        life.now = BEGIN + day * DAY_US;
        life.upload(day, sparse).await.with_context(|| format!("day {day}"))?;
        for _ in 0..DEEDS {
            life.now += DAY_US / (DEEDS as i64 + 1);
            life.something().await.with_context(|| format!("day {day}"))?;
        }
    }
    life.compare().await?;
    life.store.close().await;
    Ok(life.done)
}

/// A folder that is gone afterwards.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(seed: u64) -> anyhow::Result<Self> {
        let shm = std::path::Path::new("/dev/shm");
        let place = if shm.is_dir() { shm.to_owned() } else { std::env::temp_dir() };
        let path = place.join(format!("shanshui-season-{}-{seed}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

fn answer<T>(result: Result<T, StoreError>) -> anyhow::Result<Answer> {
    Ok(match result {
        Ok(_) => Answer::Done,
        Err(StoreError::NotFound) => Answer::NotFound,
        Err(StoreError::Forbidden) => Answer::Forbidden,
        Err(StoreError::Conflict) => Answer::Conflict,
        Err(StoreError::Refused(_)) => Answer::Refused,
        Err(other) => return Err(other.into()),
    })
}

impl Life {
    async fn settle(&mut self) -> anyhow::Result<()> {
        let (machine, at) = (Caller::machine(), Instant(BEGIN - DAY_US));
        for organisation in organisations() {
            self.store.organisation_put(&machine, organisation, at).await?;
            self.model.note("organisation_put");
        }
        self.store.places_put(&(0..STATIONS).map(station).collect::<Vec<_>>()).await?;
        for n in 0..PEOPLE {
            let row = PersonRow {
                id: person(n),
                login: format!("p{n}"),
                name_zh: format!("人{n}"),
                name_en: format!("person {n}"),
                password_hash: String::new(),
                disabled: false,
                must_change: false,
            };
            self.store.person_put(&machine, row, at).await?;
            self.model.note("person_put");
            self.give(n, at).await?;
        }
        Ok(())
    }

    /// Somebody gets the post that is theirs.
    async fn give(&mut self, n: usize, at: Instant) -> anyhow::Result<()> {
        let (role, organisation) = role(n);
        let row = PostRow {
            id: PostId(uuid(2, self.model.posts.len())),
            person: person(n),
            organisation: organisation.as_str().into(),
            role,
            certificate: role.needs_certificate().then(|| format!("33-{n}")),
            since: at,
            until: None,
            given_by: None,
            given_at: at,
            ended_at: None,
        };
        self.store.post_give(&Caller::machine(), row).await?;
        self.model.posts.push(Post { person: n, role, organisation, ended: false });
        self.model.note("post_give");
        Ok(())
    }

    /// What stations say on a day: something new, the same again, another value for it, or something from days ago.
    async fn upload(&mut self, day: i64, sparse: u64) -> anyhow::Result<()> {
        let mut said = Vec::new();
        for station in 0..STATIONS {
            if !self.dice.one_in(sparse) {
                continue;
            }
            let late = self.dice.one_in(8);
            let back = if late { self.dice.below(5) as i64 } else { 0 };
            let at = BEGIN + (day - back).max(0) * DAY_US;
            let value = format!("{}.{}", self.dice.below(9), self.dice.below(10));
            let mark = if self.dice.one_in(12) { "D" } else { "N" };
            said.push((station, at, value, mark.to_owned(), late));
            if self.dice.one_in(9) {
                let again = said[said.len() - 1].clone();
                said.push(again);
            }
        }
        let (mut arrivals, mut expected) = (Vec::new(), Vec::new());
        for (station, at, value, mark, late) in said {
            let statements = self.model.readings.entry((station, at)).or_default();
            let statement = (value.clone(), mark.clone());
            expected.push(if statements.is_empty() {
                Kept::New
            } else if statements.last() == Some(&statement) {
                Kept::Repeat
            } else {
                Kept::Version(statements.len() as i64 + 1)
            });
            if expected.last() != Some(&Kept::Repeat) {
                statements.push(statement);
            }
            let (now, point) = (Instant(self.now), point(station));
            let key = ReadingKey { point, kind: PeriodKind::Day, at: Instant(at) };
            let reading =
                Reading { key, value: Some(value), extra: String::new(), mark, arrived: now, late, telegram: None };
            let telegram = TelegramIn {
                arrived: now,
                peer: "192.0.2.7:1".into(),
                mn: None,
                cn: None,
                qn: None,
                raw: b"##".to_vec(),
                problems: "[]".into(),
                quarantine: None,
            };
            arrivals.push(Arrival { telegram, readings: vec![reading] });
        }
        self.done.uploads += arrivals.len() as u64;
        let receipts = self.store.arrive(arrivals).await?;
        let kept: Vec<Kept> = receipts.into_iter().flat_map(|r| r.kept).collect();
        ensure!(kept == expected, "kept {kept:?}, not {expected:?}");
        Ok(())
    }

    async fn something(&mut self) -> anyhow::Result<()> {
        self.done.actions += 1;
        match self.dice.below(20) {
            0..4 => self.raise().await,
            4 => self.end().await,
            5 | 6 => self.acknowledge().await,
            7..10 => self.open().await,
            10..18 => self.act().await,
            18 => self.stand_in().await,
            _ => self.posts().await,
        }
    }

    async fn raise(&mut self) -> anyhow::Result<()> {
        let station = self.dice.below(STATIONS);
        let value = format!("{}", self.dice.below(100));
        let n = self.model.alarms.len();
        let (opened, last) = (self.now, self.now);
        let alarm = Alarm {
            station,
            opened,
            last,
            count: 1,
            value: value.clone(),
            ended: None,
            acknowledged: None,
            case: None,
        };
        let row = alarm_row(n, &alarm);
        let (_, new) = self.store.alarm_raise(row).await?;
        ensure!(new != self.model.lasting.contains_key(&station), "an alarm of {station} is new: {new}");
        if let Some(lasting) = self.model.lasting.get(&station) {
            let lasting = &mut self.model.alarms[*lasting];
            (lasting.count, lasting.last, lasting.value) = (lasting.count + 1, self.now, value);
        } else {
            self.model.lasting.insert(station, n);
            self.model.alarms.push(alarm);
        }
        Ok(())
    }

    async fn end(&mut self) -> anyhow::Result<()> {
        let station = self.dice.below(STATIONS);
        let ended = self.store.alarm_end(format!("s{station}:x"), Instant(self.now)).await?;
        let lasting = self.model.lasting.remove(&station);
        ensure!(ended.is_some() == lasting.is_some(), "an alarm of {station} has ended: {}", ended.is_some());
        if let Some(n) = lasting {
            self.model.alarms[n].ended = Some(self.now);
        }
        Ok(())
    }

    async fn caller(&self, n: usize) -> anyhow::Result<Caller> {
        let Holdings { held, glass } = self.store.holdings(person(n), Instant(self.now)).await?;
        let seen: Vec<(Role, String, PersonId)> =
            held.iter().map(|h| (h.role, h.organisation.to_string(), h.behalf.unwrap_or(person(n)))).collect();
        let mut expected: Vec<_> =
            self.model.held(n, self.now).into_iter().map(|(r, o, owner)| (r, o.to_owned(), person(owner))).collect();
        let (mut sorted, by) = (seen, |a: &(Role, String, PersonId)| (a.2.0, a.1.clone(), a.0.as_str()));
        sorted.sort_by_key(by);
        expected.sort_by_key(by);
        ensure!(sorted == expected, "person {n} holds {sorted:?}, not {expected:?}");
        Ok(Caller::person(person(n), held, glass, &self.tree, Arc::clone(&self.rights)))
    }

    /// Mostly somebody whose work it is.
    fn somebody(&mut self) -> usize {
        let all = if self.dice.one_in(3) { PEOPLE } else { OFFICERS };
        self.dice.below(all)
    }

    fn holds(&mut self, answer: Answer, expected: Answer, what: impl FnOnce() -> String) -> anyhow::Result<()> {
        self.done.refused += u64::from(expected != Answer::Done);
        if answer == expected {
            return Ok(());
        }
        bail!("{}: {answer:?}, not {expected:?}", what())
    }

    async fn acknowledge(&mut self) -> anyhow::Result<()> {
        if self.model.alarms.is_empty() {
            return Ok(());
        }
        let (alarm, by) = (self.dice.below(self.model.alarms.len()), self.somebody());
        let caller = self.caller(by).await?;
        let done = self.store.alarm_acknowledge(&caller, AlarmId(uuid(3, alarm)), Instant(self.now)).await;
        let expected = self.model.acknowledge(alarm, by, self.now);
        self.holds(answer(done)?, expected, || format!("{by} acknowledges alarm {alarm}"))
    }

    fn deed(&mut self, name: ActionName, by: usize) -> Deed {
        let late = self.dice.one_in(15);
        let due = if late { self.now } else { self.now + (1 + self.dice.below(20) as i64) * DAY_US };
        // an officer of a branch, or an enterprise
        let to = 9 + self.dice.below(OFFICERS + ENTERPRISES - 9);
        Deed { name, by, at: self.now, to, due, proof: !self.dice.one_in(10) }
    }

    async fn open(&mut self) -> anyhow::Result<()> {
        if self.model.alarms.is_empty() {
            return Ok(());
        }
        let (alarm, by) = (self.dice.below(self.model.alarms.len()), self.somebody());
        let (deed, titled) = (self.deed(ActionName::Open, by), !self.dice.one_in(20));
        let title = if titled { "案" } else { " " };
        let event =
            event(&deed, Action::Open { title: title.into(), alarm: Some(AlarmId(uuid(3, alarm))), finding: None });
        let id = CaseId(uuid(4, self.model.cases.len()));
        let new = CaseIn { id, series: "QZ".into(), event, area: String::new() };
        let caller = self.caller(by).await?;
        let done = answer(self.store.case_open(&caller, new).await)?;
        let expected = self.model.open(alarm, &deed, titled);
        self.holds(done, expected, || format!("{by} opens a case of alarm {alarm}"))
    }

    async fn act(&mut self) -> anyhow::Result<()> {
        use ActionName::{Assign, Close, Open, Report, SendBack, Verify};
        if self.model.cases.is_empty() {
            return Ok(());
        }
        let n = self.dice.below(self.model.cases.len());
        let (stands, station) = (self.model.cases[n].stands, self.model.cases[n].station);
        // mostly what comes next, by whom it falls to
        let (name, by) = match stands {
            _ if self.dice.one_in(4) => {
                ([Assign, Report, SendBack, Verify, Close, Open][self.dice.below(6)], self.somebody())
            }
            Stands::Open => (Assign, 3 + station % COUNTIES),
            Stands::Assigned { to, .. } => (Report, self.stand_in_of(to)),
            Stands::Reported { .. } => (if self.dice.one_in(3) { SendBack } else { Verify }, self.somebody()),
            Stands::Verified | Stands::Closed => (Close, self.dice.below(9)),
        };
        let deed = self.deed(name, by);
        let (to, due) = (person(deed.to), Instant(deed.due));
        let evidence = if deed.proof { vec![EvidenceId(uuid(5, n))] } else { vec![] };
        let action = match name {
            Open => Action::Open { title: "又".into(), alarm: None, finding: None },
            Assign => Action::Assign { to, due },
            Report => Action::Report { evidence },
            SendBack => Action::SendBack { due },
            Verify => Action::Verify { evidence },
            Close => Action::Close,
        };
        let events = self.model.cases[n].events;
        let seen = if self.dice.one_in(12) { events.saturating_sub(1) } else { events };
        let caller = self.caller(by).await?;
        let sees = self.store.case_must_be_seen(&caller, CaseId(uuid(4, n))).await.is_ok();
        ensure!(sees == self.model.sees(by, n, self.now), "{by} sees case {n}: {sees}");
        let done = answer(self.store.case_commit(&caller, CaseId(uuid(4, n)), seen, &[event(&deed, action)]).await)?;
        let expected = self.model.act(n, &deed, seen);
        self.holds(done, expected, || format!("{by}: {name:?} of case {n}, which stands {stands:?}"))
    }

    /// The person, or whoever stands in for them.
    fn stand_in_of(&mut self, n: usize) -> usize {
        let at = self.now;
        let lasts = |d: &&Delegation| d.giver == n && !d.ended && d.since <= at && at < d.until;
        let taker = self.model.delegations.iter().find(lasts).map(|d| d.taker);
        taker.filter(|_| self.dice.one_in(2)).unwrap_or(n)
    }

    /// A case officer goes on leave, or comes back early.
    async fn stand_in(&mut self) -> anyhow::Result<()> {
        let (at, giver) = (self.now, 15 + self.dice.below(12));
        let lasts = |d: &Delegation| !d.ended && at < d.until;
        if let Some(n) = self.model.delegations.iter().position(|d| d.giver == giver && lasts(d)) {
            self.store.delegation_end(&Caller::machine(), PostId(uuid(6, n)), Instant(at)).await?;
            self.model.delegations[n].ended = true;
            self.model.note("delegation_end");
            return Ok(());
        }
        let taker = 9 + self.dice.below(18);
        if taker == giver || self.model.delegations.iter().any(|d| d.taker == taker && lasts(d)) {
            return Ok(());
        }
        let (since, until) = (at + DAY_US, at + (2 + self.dice.below(14) as i64) * DAY_US);
        let row = DelegationRow {
            id: PostId(uuid(6, self.model.delegations.len())),
            giver: person(giver),
            taker: person(taker),
            since: Instant(since),
            until: Instant(until),
            reason: "休假".into(),
            given_by: None,
            given_at: Instant(at),
            ended_at: None,
        };
        self.store.delegate(&Caller::machine(), row).await?;
        self.model.delegations.push(Delegation { giver, taker, since, until, ended: false });
        self.model.note("delegation_make");
        Ok(())
    }

    /// A post ends, or is given again.
    async fn posts(&mut self) -> anyhow::Result<()> {
        let n = 9 + self.dice.below(PEOPLE - 9);
        if let Some(post) = self.model.posts.iter().position(|p| p.person == n && !p.ended) {
            self.store.post_end(&Caller::machine(), PostId(uuid(2, post)), Instant(self.now)).await?;
            self.model.posts[post].ended = true;
            self.model.note("post_end");
            Ok(())
        } else {
            self.give(n, Instant(self.now)).await
        }
    }

    async fn compare(&mut self) -> anyhow::Result<()> {
        let machine = Caller::machine();
        let mut newest: BTreeMap<PointId, (i64, String)> = BTreeMap::new();
        for ((station, at), statements) in &self.model.readings {
            let key = ReadingKey { point: point(*station), kind: PeriodKind::Day, at: Instant(*at) };
            let rows = self.store.versions(key).await?;
            let kept: Vec<(String, String)> =
                rows.into_iter().map(|row| (row.value.unwrap_or_default(), row.mark)).collect();
            ensure!(kept == *statements, "{key:?} has {kept:?}, not {statements:?}");
            let value = statements.last().map(|(value, _)| value.clone()).unwrap_or_default();
            newest.insert(key.point, (*at, value));
            self.done.compared += 1;
        }
        let latest: BTreeMap<PointId, (i64, String)> = self
            .store
            .latest()
            .await?
            .into_iter()
            .map(|l| (l.key.point, (l.key.at.0, l.value.unwrap_or_default())))
            .collect();
        ensure!(latest == newest, "the newest values are others");
        for (n, alarm) in self.model.alarms.iter().enumerate() {
            let row = self.store.alarm(&machine, AlarmId(uuid(3, n))).await?;
            let expected = alarm_row(n, alarm);
            ensure!(row == expected, "alarm {n} is {row:?}, not {expected:?}");
            self.done.compared += 1;
        }
        for (n, case) in self.model.cases.iter().enumerate() {
            let detail = self.store.case(&machine, CaseId(uuid(4, n))).await?;
            let row = detail.summary();
            let (due, assignee) = expected_of(case);
            let seen = (row.state.as_str(), row.version, row.number.as_str(), row.due, row.assignee);
            let number = format!("QZ{:04}", case.number);
            let expected = (case.stands.word(), case.events as i64, number.as_str(), due, assignee);
            ensure!(seen == expected, "case {n} is {seen:?}, not {expected:?}");
            ensure!(detail.events.len() as u64 == case.events && detail.broken.is_none(), "case {n}: its chain");
            self.done.compared += 1;
        }
        for n in 0..PEOPLE {
            self.caller(n).await?;
        }
        for (action, count) in &self.model.audit {
            let filter = AuditFilter { action: Some((*action).to_owned()), ..AuditFilter::default() };
            let entries = self.store.audit_list(&machine, &filter, None, 1_000_000).await?.len() as u64;
            ensure!(entries == *count, "the audit has {entries} of {action}, not {count}");
        }
        let wrong: Vec<_> = self.store.check().await?.into_iter().filter(|finding| !finding.ok).collect();
        ensure!(wrong.is_empty(), "the check finds {wrong:?}");
        Ok(())
    }
}

fn alarm_row(n: usize, alarm: &Alarm) -> AlarmRow {
    let state = match (alarm.ended, alarm.acknowledged) {
        (Some(_), _) => AlarmState::Ended,
        (None, Some(_)) => AlarmState::Acknowledged,
        (None, None) => AlarmState::Open,
    };
    AlarmRow {
        id: AlarmId(uuid(3, n)),
        condition: format!("s{}:x", alarm.station),
        kind: AlarmKind::Exceedance,
        station: station_code(alarm.station),
        point: Some(point(alarm.station)),
        factor: Some("w01001".into()),
        value: Some(alarm.value.clone()),
        limit_text: None,
        message_zh: "超标".into(),
        message_en: "exceeds".into(),
        basis: "{}".into(),
        state,
        opened: Instant(alarm.opened),
        last: Instant(alarm.last),
        count: alarm.count,
        ended: alarm.ended.map(Instant),
        acknowledged_by: alarm.acknowledged.map(|(by, _)| person(by)),
        acknowledged_at: alarm.acknowledged.map(|(_, at)| Instant(at)),
        case: alarm.case.map(|n| CaseId(uuid(4, n))),
    }
}

fn event(deed: &Deed, action: Action) -> Event {
    let (at, by) = (Instant(deed.at), person(deed.by));
    Event { v: Event::FORMAT, at, by, behalf: None, action, note: String::new() }
}

fn point(station: usize) -> PointId {
    PointId(station as i64 * PointId::BLOCK + 1)
}

fn expected_of(case: &Case) -> (Option<Instant>, Option<PersonId>) {
    match case.stands {
        Stands::Assigned { to, due } => (Some(Instant(due)), Some(person(to))),
        _ => (None, None),
    }
}
