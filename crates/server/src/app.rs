//! What every handler and job shares, and the changes that are told to browsers.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use shanshui_domain::id::{PersonId, PointId, StationCode};
use shanshui_domain::place::{CityPack, Registration, Station};
use shanshui_domain::report::ReportRules;
use shanshui_domain::right::{Caller, Rights, Tree};
use shanshui_domain::standard::Standards;
use shanshui_domain::standard::trace::TraceBook;
use shanshui_domain::time::Zone;
use shanshui_history::History;
use shanshui_store::{Guard, JudgementRow, PersonRow, PostRow, Store, StoreError, StoreOptions};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::city::City;
use crate::clock::Clock;
use crate::config::{Config, SyncSetting};
use crate::desk::Books;
use crate::error::ApiError;
use crate::eye::Eyes;
use crate::http::limit::Limits;
use crate::http::present::Overview;
use crate::http::view::AlarmView;
use crate::ingest::{Heard, Ingest};
use crate::job::chains::Chains;
use crate::metrics::Metrics;
use crate::notes::Bells;
use crate::oidc::Provider;
use crate::outbound::Outbound;
use crate::registry::{DeviceEntry, PointEntry, Registry};
use crate::seal::Sealer;
use crate::vault::Vault;

/// Changes a slow browser may fall behind before it is told to read everything again.
const LIVE_MAX: usize = 4_096;
/// An overview younger than this is shown again even though something has changed meanwhile.
const OVERVIEW_FRESH: Duration = Duration::from_millis(300);
/// An overview older than this is made anew even though nothing is known to have changed.
const OVERVIEW_STALE: Duration = Duration::from_secs(5);

/// What a camera or a loudspeaker has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EyeSaid {
    /// Camera; empty when it is about a loudspeaker.
    pub camera: String,
    /// Station.
    pub station: StationCode,
    /// Event.
    pub event: Option<String>,
    /// `approached`, `entered`, `left`, `filed`, `guard`, `voice`, `play`, `call`, `reviewed`.
    pub what: String,
    /// With `entered`: which kind of event has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl EyeSaid {
    /// Without an event.
    pub fn new(camera: &str, station: &StationCode, what: &str) -> Self {
        Self { camera: camera.to_owned(), station: station.clone(), event: None, what: what.to_owned(), kind: None }
    }
}

/// One change, for the event stream.
#[derive(Debug, Clone)]
pub enum Live {
    /// New readings at these stations.
    Readings(Vec<StationCode>),
    /// These stations' grades are new.
    Grades(Vec<StationCode>),
    /// An alarm came, changed or ended.
    Alarm(Box<AlarmView>),
    /// A case moved.
    Case {
        /// Its id.
        id: String,
    },
    /// A device's line changed.
    Device {
        /// Its MN.
        mn: String,
    },
    /// A camera has seen something, or sees no more; a loudspeaker has spoken.
    Eye(EyeSaid),
    /// Somebody has broken the glass, or mended it.
    Glass {
        /// Who.
        person: String,
    },
    /// Some changes were missed: read everything again.
    Lost,
}

/// What a node does. Several nodes may work on one store, each with some of the roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Takes in what devices send.
    pub ingest: bool,
    /// Serves people.
    pub web: bool,
    /// Judges, asks for what is missing, keeps the house.
    pub job: bool,
}

impl Roles {
    /// Everything.
    pub const ALL: Self = Self { ingest: true, web: true, job: true };

    /// The words of those it has.
    pub fn words(self) -> Vec<&'static str> {
        let all = [(self.ingest, "ingest"), (self.web, "web"), (self.job, "job")];
        all.into_iter().filter(|(has, _)| *has).map(|(_, word)| word).collect()
    }
}

impl FromStr for Roles {
    type Err = String;

    /// `all`, or some of `ingest`, `web`, `job` with commas between.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut roles = Self { ingest: false, web: false, job: false };
        for word in text.split(',') {
            match word.trim() {
                "all" => roles = Self::ALL,
                "ingest" => roles.ingest = true,
                "web" => roles.web = true,
                "job" => roles.job = true,
                other => return Err(format!("no such role {other:?}; there are ingest, web, job, all")),
            }
        }
        Ok(roles)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(","))
    }
}

/// The running program. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What the tasks of a node listen to.
pub struct Hearing {
    /// The judge: what this node keeps.
    pub arrivals: mpsc::Receiver<Heard>,
    /// What the other nodes are to be told.
    pub told: mpsc::Receiver<Live>,
}

/// What the program is made of.
pub struct Parts {
    /// Configuration.
    pub config: Config,
    /// Standards.
    pub standards: Box<Standards>,
    /// Rules of tracing.
    pub trace: Box<TraceBook>,
    /// Rules of reports.
    pub report_rules: Box<ReportRules>,
    /// What data review and clues go by.
    pub books: Arc<Books>,
    /// Who may do what.
    pub rights: Arc<Rights>,
    /// Zone of civil days.
    pub zone: Zone,
    /// Clock.
    pub clock: Clock,
    /// Store.
    pub store: Store,
    /// Devices and points.
    pub registry: Arc<Registry>,
    /// Stations over TCP.
    pub ingest: Ingest,
    /// What this node does.
    pub roles: Roles,
    /// What the nodes tell one another is heard here.
    pub bells: Bells,
    /// Cancelled when the program is to end.
    pub shutdown: CancellationToken,
    /// Cancelled once no new work comes from devices and people: what they left behind is finished then.
    pub closing: CancellationToken,
    /// Commands to devices being carried out by this node.
    pub tasks: TaskTracker,
    /// One registration at a time.
    pub registering: tokio::sync::Mutex<()>,
    /// A demonstration: its logins are shown.
    pub demo: bool,
    /// Figures for monitoring.
    pub metrics: Metrics,
    /// Signs the audit.
    pub sealer: Sealer,
    /// Seals secrets that the store keeps.
    pub vault: Vault,
    /// Calls to the outside.
    pub outbound: Outbound,
    /// The house that people log in at (OpenID Connect).
    pub provider: Provider,
    /// How often one may ask.
    pub limits: Limits,
    /// Chains that are broken.
    pub chains: Chains,
    /// Cameras and loudspeakers of this node.
    pub eye: Eyes,
    failed: AtomicBool,
    city: RwLock<Arc<City>>,
    grades: RwLock<HashMap<StationCode, JudgementRow>>,
    people: RwLock<Arc<People>>,
    tree: RwLock<Arc<Tree>>,
    live: broadcast::Sender<Live>,
    others: mpsc::Sender<Live>,
    changes: AtomicU64,
    overview: tokio::sync::Mutex<Option<(tokio::time::Instant, u64, Arc<Overview>)>>,
}

/// A person with every post they hold, held or will hold.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who.
    pub person: PersonRow,
    /// What.
    pub posts: Vec<PostRow>,
}

/// People by id.
pub type People = HashMap<PersonId, Member>;

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Opens the store, makes the city known, and gives the program with what its tasks listen to.
    ///
    /// # Errors
    /// When the data folder, the store, the standards or the city cannot be used; names which and why.
    pub async fn open(
        config: Config,
        pack: CityPack,
        clock: Clock,
        demo: bool,
        roles: Roles,
    ) -> anyhow::Result<(Self, Hearing)> {
        let zone_name = if config.zone.is_empty() { &pack.city.zone } else { &config.zone };
        let zone = Zone::named(zone_name).with_context(|| format!("zone {zone_name:?}"))?;
        let standards = Box::new(Standards::embedded().context("standards")?);
        let trace = Box::new(TraceBook::embedded().context("standards/trace")?);
        let report_rules = Box::new(ReportRules::embedded().context("rules of reports")?);
        let books = Arc::new(Books::embedded().context("rules of data review")?);
        let store = open_store(&config).await?;
        // before a new key is made for one that is only missing
        crate::cmd::vault::opens(&store).await?;
        store.reseal(&Caller::machine(), clock.now(), true).await.context("secrets that are not sealed yet")?;
        store.pack_apply(&pack).await.context("city pack into the store")?;
        let pack = registered(&store, pack).await?;
        store.places_put(&pack.stations).await.context("places of stations")?;
        let rights = Arc::new(Rights::embedded().context("table of rights")?);
        let registry = Arc::new(Registry::default());
        registry.put(&pack, &store.points().await?, store.devices().await?, store.device_facts().await?);
        let (hj212, queue) = (config.hj212.clone(), config.alarm.queue);
        let (ingest, hears) =
            Ingest::new(hj212, store.clone(), Arc::clone(&registry), clock.clone(), zone.clone(), queue);
        let grades = store.judgement_latest().await?.into_iter().map(|j| (j.station.clone(), j)).collect();
        let (others, told) = mpsc::channel(LIVE_MAX);
        let metrics = Metrics::new(ingest.intake(), &store);
        let (sealer, vault) = (Sealer::open(&config)?, Vault::open(&config)?);
        vault.ready()?;
        let outbound = Outbound::new(&config.outbound);
        let provider = Provider::open(&config.oidc, outbound.clone(), clock.clone())?;
        let limits = Limits::new(&config.http);
        let parts = Parts {
            config,
            standards,
            trace,
            report_rules,
            books,
            rights,
            zone,
            clock,
            store,
            registry,
            ingest,
            roles,
            bells: Bells::default(),
            shutdown: CancellationToken::new(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            registering: tokio::sync::Mutex::default(),
            demo,
            metrics,
            sealer,
            vault,
            outbound,
            provider,
            limits,
            chains: Chains::default(),
            eye: Eyes::default(),
            failed: AtomicBool::new(false),
            city: RwLock::new(Arc::new(City::new(pack))),
            grades: RwLock::new(grades),
            people: RwLock::default(),
            tree: RwLock::default(),
            live: broadcast::channel(LIVE_MAX).0,
            others,
            changes: AtomicU64::new(0),
            overview: tokio::sync::Mutex::default(),
        };
        let app = Self(Arc::new(parts));
        app.tree_reload().await?;
        app.people_reload().await?;
        Ok((app, Hearing { arrivals: hears, told }))
    }

    /// The program cannot go on: it ends, and says so with its exit code.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
        self.shutdown.cancel();
    }

    /// Whether the program ended because it could not go on.
    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// A station by code.
    pub fn station(&self, code: &StationCode) -> Option<Arc<Station>> {
        self.city().station(code).cloned()
    }

    /// The city as it is known now.
    pub fn city(&self) -> Arc<City> {
        Arc::clone(&self.city.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The city is known anew, with its devices.
    pub async fn city_put(&self, city: City) -> anyhow::Result<()> {
        *self.city.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(city);
        self.devices_reload().await
    }

    /// A point by row number.
    pub fn point(&self, id: PointId) -> Option<Arc<PointEntry>> {
        self.registry.index().point(id).cloned()
    }

    /// Points of a station.
    pub fn points_of(&self, code: &StationCode) -> Vec<Arc<PointEntry>> {
        self.registry.index().points_of(code).to_vec()
    }

    /// Every device.
    pub fn devices(&self) -> Vec<Arc<DeviceEntry>> {
        self.registry.index().devices()
    }

    /// Reads the devices again, after one was registered.
    pub async fn devices_reload(&self) -> anyhow::Result<()> {
        let (points, devices) = (self.store.points().await?, self.store.devices().await?);
        self.registry.put(&self.city(), &points, devices, self.store.device_facts().await?);
        self.changes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Reads again what was registered, after another node has registered something.
    pub async fn registry_reload(&self) -> anyhow::Result<()> {
        let _alone = self.registering.lock().await;
        let mut city = City::clone(&self.city());
        for body in self.store.registered_stations().await? {
            let registration: Registration = serde_json::from_str(&body).context("a registered station")?;
            if city.station(&registration.station.code).is_some() {
                continue;
            }
            match city.with(&registration) {
                Ok(with) => city = with,
                Err(faults) => {
                    tracing::warn!(station = %registration.station.code, ?faults, "a registered station does not fit the city pack");
                }
            }
        }
        self.city_put(city).await
    }

    /// Reads again what the store knows of the lines, of all nodes.
    pub async fn facts_reload(&self) -> Result<(), StoreError> {
        self.registry.facts(self.store.device_facts().await?);
        Ok(())
    }

    /// Everybody with a login.
    pub fn people(&self) -> Arc<People> {
        Arc::clone(&self.people.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The organisations.
    pub fn tree(&self) -> Arc<Tree> {
        Arc::clone(&self.tree.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the organisations again.
    pub async fn tree_reload(&self) -> Result<(), StoreError> {
        let tree = self.store.tree().await?;
        *self.tree.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tree);
        Ok(())
    }

    /// Reads the people again.
    pub async fn people_reload(&self) -> Result<(), StoreError> {
        let (rows, mut posts) = (self.store.people().await?, HashMap::<PersonId, Vec<PostRow>>::new());
        for post in self.store.posts(&Caller::machine()).await? {
            posts.entry(post.person).or_default().push(post);
        }
        let member = |person: PersonRow| {
            let posts = posts.remove(&person.id).unwrap_or_default();
            (person.id, Member { person, posts })
        };
        let people: People = rows.into_iter().map(member).collect();
        *self.people.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(people);
        Ok(())
    }

    /// A station's present grade.
    pub fn grade(&self, code: &StationCode) -> Option<JudgementRow> {
        self.grades.read().unwrap_or_else(PoisonError::into_inner).get(code).cloned()
    }

    /// The present grade of a station is this one.
    pub fn grade_put(&self, row: JudgementRow) {
        self.grades.write().unwrap_or_else(PoisonError::into_inner).insert(row.station.clone(), row);
    }

    /// Reads again what the judge has written of every station.
    pub async fn grades_reload(&self) -> Result<(), StoreError> {
        for row in self.store.judgement_latest().await? {
            self.grade_put(row);
        }
        Ok(())
    }

    /// Tells every browser, those of the other nodes too.
    pub fn tell(&self, live: Live) {
        if self.others.try_send(live.clone()).is_err() {
            tracing::warn!("more changes than other nodes can be told");
        }
        self.show(live);
    }

    /// Tells the browsers of this node.
    pub fn show(&self, live: Live) {
        self.changes.fetch_add(1, Ordering::Relaxed);
        // nobody listens when no browser is open
        let _listeners = self.live.send(live);
    }

    /// Tells every node.
    pub async fn publish(&self, topic: &'static str, body: String) -> Result<(), StoreError> {
        self.store.publish(topic, body).await
    }

    /// The stream of changes from now on.
    pub fn live(&self) -> broadcast::Receiver<Live> {
        self.live.subscribe()
    }

    /// How many listen to it.
    pub fn listeners(&self) -> usize {
        self.live.receiver_count()
    }

    /// How everything stands. Many who ask at once share one reading of the store.
    pub async fn overview(&self) -> Result<Arc<Overview>, ApiError> {
        let mut held = self.overview.lock().await;
        let changes = self.changes.load(Ordering::Relaxed);
        if let Some((made, at_change, overview)) = &*held {
            let age = made.elapsed();
            if age < OVERVIEW_FRESH || (*at_change == changes && age < OVERVIEW_STALE) {
                return Ok(Arc::clone(overview));
            }
        }
        let overview = Arc::new(Overview::read(self).await?);
        *held = Some((tokio::time::Instant::now(), changes, Arc::clone(&overview)));
        Ok(overview)
    }
}

/// A pack with the stations that were registered while the program ran. One that no longer fits, because the pack has its code
/// now or lacks its county, is named and left out; what it measured stays.
pub(crate) async fn registered(store: &Store, mut pack: CityPack) -> anyhow::Result<CityPack> {
    for body in store.registered_stations().await? {
        let registration: Registration = serde_json::from_str(&body).context("a registered station")?;
        if let Err(faults) = pack.register(&registration) {
            tracing::warn!(station = %registration.station.code, ?faults, "a registered station does not fit the city pack");
        }
    }
    Ok(pack)
}

/// Opens the database of a configuration.
///
/// # Errors
/// When the folder cannot be made or the database not be opened.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    std::fs::create_dir_all(&config.data).with_context(|| format!("data folder {}", config.data.display()))?;
    let sync = match config.store.sync {
        SyncSetting::Full => shanshui_store::Sync::Full,
        SyncSetting::Off => shanshui_store::Sync::Off,
    };
    let (section, slow) = (&config.store, Duration::from_millis(config.store.slow_ms));
    let (queue, group_max, connect_s) = (section.queue, section.group_max, section.connect_s);
    let options = StoreOptions { sync, queue, group_max, connect_s, slow };
    let store = if let Some(address) = config.database.address() {
        Store::connect(address, options).await.context("database")?
    } else {
        let path = config.database();
        Store::open(&path, options).await.with_context(|| format!("database {}", path.display()))?
    };
    let store = store.guarded(Guard::new(&config.data, section.disk_free_min_mb << 20));
    let store = store.sealed_by(Arc::new(Vault::open(config)?));
    let (place, options) = (config.history_place(), config.history.options());
    if store.moved_state().await?.generation == 0 {
        if config.history.hot_days == 0 {
            return Ok(store);
        }
        let history = History::open(&place, options).await.with_context(|| format!("history {place}"))?;
        return Ok(store.with_history(history));
    }
    // another table would answer for what has moved as if it had never been
    let history = History::existing(&place, options).await.with_context(|| format!("history {place}"))?;
    if let Some(history) = history
        && store.is_of(&history).await.with_context(|| format!("history {place}"))?
    {
        return Ok(store.with_history(history));
    }
    tracing::error!(place, "readings have moved to a history that is not there: they cannot be read until it is");
    Ok(store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_and_written() {
        let check = |text: &str, expected: Result<&str, ()>| {
            let roles = text.parse::<Roles>();
            assert_eq!(roles.map(|r| r.to_string()).map_err(|_| ()), expected.map(str::to_owned), "{text}");
        };
        check("all", Ok("ingest,web,job"));
        check("job", Ok("job"));
        check("web, ingest", Ok("ingest,web"));
        check("", Err(()));
        check("judge", Err(()));
    }
}
