//! Configuration: one TOML file, unknown keys refused; an empty file works. `shanshui config --explain` prints [`KEYS`].

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use shanshui_vision::model::{Family, ModelSpec, Runtime};

use crate::sign::Scheme;

/// Everything that can be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder of the database and of everything else that is kept.
    pub data: PathBuf,
    /// Where the database is.
    pub database: Database,
    /// IANA zone of civil days; empty: the city pack's.
    pub zone: String,
    /// City packs, folders; empty: the built-in demonstration city.
    pub city_packs: Vec<PathBuf>,
    /// Where mass computation runs: empty for this process, or `ballista://host:port`.
    pub engine: String,
    /// HTTP.
    pub http: Http,
    /// Logging in.
    pub auth: Auth,
    /// The audit.
    pub audit: AuditSection,
    /// Secrets in the database.
    pub vault: VaultSection,
    /// Logging in at another house.
    pub oidc: OidcSection,
    /// Calls to the outside.
    pub outbound: OutboundSection,
    /// HJ 212.
    pub hj212: Hj212,
    /// Store.
    pub store: StoreSection,
    /// History.
    pub history: HistorySection,
    /// Alarms.
    pub alarm: Alarm,
    /// Reports.
    pub report: ReportSection,
    /// Cameras at stations.
    pub eye: EyeSection,
    /// Figures for monitoring.
    pub metrics: MetricsSection,
}

/// Address of the database: empty for a file in the data folder, or `postgres://…`. It may hold a password and does not show.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Database(String);

impl Database {
    /// The address; none for a file in the data folder.
    pub fn address(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|address| !address.is_empty())
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "Database(file)" } else { "Database(…)" })
    }
}

/// HTTP section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// File of the certificate and those that vouch for it, PEM; empty: no TLS of its own.
    pub tls_certificate: PathBuf,
    /// File of its private key, PEM.
    pub tls_key: PathBuf,
    /// Whether the cookie is sent over TLS only; set it when a TLS proxy stands before the program.
    pub secure_cookie: bool,
    /// Largest evidence file in bytes.
    pub evidence_bytes_max: usize,
    /// Addresses of proxies whose `x-forwarded-for` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Requests a second of one address, averaged over ten seconds; 0: no limit.
    pub address_requests_per_s: u32,
    /// Requests a second of one account, averaged over ten seconds; 0: no limit.
    pub account_requests_per_s: u32,
}

impl Http {
    /// Whether browsers come over TLS, to the program itself or to a proxy before it.
    pub fn secure(&self) -> bool {
        self.secure_cookie || self.has_tls()
    }

    /// Whether the program itself speaks TLS.
    pub fn has_tls(&self) -> bool {
        !self.tls_certificate.as_os_str().is_empty()
    }
}

/// Auth section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// Hours that a session lasts at most: one shift.
    pub session_hours: u32,
    /// Minutes without any request after which it ends.
    pub idle_minutes: u32,
    /// Fewest characters of a new password.
    pub password_chars_min: usize,
    /// How hard a new password is to guess at least, 0 to 4, as zxcvbn reckons.
    pub password_score_min: u8,
    /// Who must have a second factor.
    pub second_factor: SecondFactor,
}

/// Who must have a second factor; everybody else may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    /// Whoever holds an administrator's post.
    Administrators,
    /// Everybody.
    Everybody,
    /// Nobody.
    Nobody,
}

/// Vault section.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VaultSection {
    /// File of the keys, one a line, the first of which seals; empty: `vault.key` in the data folder.
    pub key_file: PathBuf,
    /// Variable of the environment that holds them instead; empty: none.
    pub key_variable: String,
    /// Program with its arguments that prints them instead; empty: none.
    pub key_command: Vec<String>,
}

/// Section of logging in at another house (统一身份认证), by OpenID Connect.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OidcSection {
    /// Address of the house that knows the people, as it writes it itself; empty: nobody logs in elsewhere.
    pub issuer: String,
    /// What this program is called there.
    pub client_id: String,
    /// File of the secret that was agreed with it; empty: none, PKCE alone.
    pub client_secret_file: PathBuf,
    /// Address by which browsers reach this program, as `https://eco.example.gov.cn`.
    pub public_url: String,
    /// What is written on the button, in Chinese.
    pub label_zh: String,
    /// The same in English.
    pub label_en: String,
    /// Claim whose value is the login name here, at the first time: `preferred_username`, `email` or `sub`.
    pub claim: OidcClaim,
}

/// What the other house says of a person, as far as it can be a login name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OidcClaim {
    /// `preferred_username`.
    PreferredUsername,
    /// `email`, once the house has verified it.
    Email,
    /// `sub`.
    Sub,
}

impl OidcSection {
    /// Whether people may log in elsewhere.
    pub fn is_on(&self) -> bool {
        !self.issuer.is_empty()
    }
}

impl Default for OidcSection {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret_file: PathBuf::new(),
            public_url: String::new(),
            label_zh: "统一身份认证登录".into(),
            label_en: "Single sign-on".into(),
            claim: OidcClaim::PreferredUsername,
        }
    }
}

/// Section of calls to the outside.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundSection {
    /// Ranges of private addresses that may be called all the same, as `10.20.0.0/16`.
    pub allow: Vec<IpNet>,
    /// Seconds that a call may take.
    pub timeout_s: u64,
}

impl Default for OutboundSection {
    fn default() -> Self {
        Self { allow: Vec::new(), timeout_s: 10 }
    }
}

/// Audit section.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditSection {
    /// File of the key that signs; empty: `audit.key` in the data folder.
    pub key_file: PathBuf,
    /// How roots are signed.
    pub signature: Scheme,
    /// File that each root is appended to, best on another disk; empty: none.
    pub copy: PathBuf,
    /// Address that each root is posted to; empty: none.
    pub webhook: String,
    /// File of the token that goes along; empty: none.
    pub webhook_token_file: PathBuf,
}

impl Auth {
    /// How long a session lasts at most.
    pub fn session_ms(&self) -> i64 {
        i64::from(self.session_hours) * 3_600_000
    }

    /// How long nothing may be asked in it.
    pub fn idle_ms(&self) -> i64 {
        i64::from(self.idle_minutes) * 60_000
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            session_hours: 12,
            idle_minutes: 120,
            password_chars_min: 12,
            password_score_min: 3,
            second_factor: SecondFactor::Administrators,
        }
    }
}

/// HJ 212 section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hj212 {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Whether commands may be sent to devices (反控).
    pub commands: bool,
    /// Most connections at one time.
    pub connections_max: usize,
    /// Largest data segment in bytes; the standards say 1024, devices send more.
    pub segment_bytes_max: usize,
    /// Half a telegram is kept as damage after this many seconds; the line goes on.
    pub half_frame_s: u64,
    /// A connection without any byte is closed after this many seconds.
    pub idle_s: u64,
    /// Telegrams a second of one connection and of one device, averaged; more is slowed down, not lost.
    pub frames_per_s_max: u32,
    /// Telegrams of one peer address that are kept in quarantine within an hour; more are counted only.
    pub quarantine_per_hour_max: u32,
    /// Seconds before a request without an answer is sent again (HJ 212-2017 §6.2: 10).
    pub request_timeout_s: u64,
    /// How often a request is sent again (HJ 212-2017 §6.2: 3).
    pub request_resends: u32,
}

/// Store section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSection {
    /// `full`: acknowledged means durable. `off` is for the negative control of crash tests only.
    pub sync: SyncSetting,
    /// Most writes waiting; beyond it senders wait.
    pub queue: usize,
    /// Most writes of one group commit.
    pub group_max: usize,
    /// Seconds that a database that cannot be reached is waited for at the start.
    pub connect_s: u64,
    /// Statements that take at least so many milliseconds are logged.
    pub slow_ms: u64,
    /// MiB that are to be free under the data folder; below a quarter of it no telegram is taken; 0: nobody watches.
    pub disk_free_min_mb: u64,
}

/// Section of reports.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportSection {
    /// Program with its arguments that turns Word into PDF as LibreOffice does; empty: none.
    pub pdf_command: Vec<String>,
    /// Seconds that it may take.
    pub pdf_timeout_s: u64,
}

impl Default for ReportSection {
    fn default() -> Self {
        Self { pdf_command: vec!["soffice".into()], pdf_timeout_s: 120 }
    }
}

/// Section of cameras (环境眼).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EyeSection {
    /// Folder of recordings and of files of events; empty: `eye` in the data folder.
    pub folder: PathBuf,
    /// Folders in which a file may lie that is played as a camera; empty: none.
    pub files: Vec<PathBuf>,
    /// Days that recordings are kept; 0: nothing is recorded.
    pub ring_days: f64,
    /// MiB of recordings of one camera.
    pub ring_mb: u64,
    /// Days that files of an event are kept after it ended.
    pub event_days: i64,
    /// MiB of files of all events; 0: no bound.
    pub events_mb: u64,
    /// Seconds of a clip before somebody enters.
    pub before_s: u64,
    /// Seconds of a clip after they have left.
    pub after_s: u64,
    /// Seconds before and after a stay in which the station's data is in doubt.
    pub margin_s: u64,
    /// Program that speaks a text.
    pub speech_program: PathBuf,
    /// A drawn camera shows a visitor each so many seconds; 0: never.
    pub drawn_every_s: f64,
    /// Detector; an empty path: only motion is seen.
    pub model: ModelSection,
}

/// Section of the detector.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSection {
    /// ONNX file.
    pub path: PathBuf,
    /// SHA-256 of it, in hex.
    pub sha256: String,
    /// Layout: `nanodet`, `yolox`, `yolov8`.
    pub family: Family,
    /// Height and width of its input.
    pub input: [u32; 2],
    /// Labels in order; empty: the eighty of COCO.
    pub labels: Vec<String>,
    /// `rten`, or `ort` where the program was built with it.
    pub runtime: Runtime,
    /// Threads that compute one picture.
    pub threads: usize,
    /// Library of ONNX Runtime; empty: that of the variable `ORT_DYLIB_PATH`.
    pub library: PathBuf,
}

impl Default for ModelSection {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            sha256: String::new(),
            family: Family::NanoDet,
            input: [256, 416],
            labels: Vec::new(),
            runtime: Runtime::Rten,
            threads: 1,
            library: PathBuf::new(),
        }
    }
}

impl Default for EyeSection {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            files: Vec::new(),
            ring_days: 7.0,
            ring_mb: 20_480,
            event_days: 180,
            events_mb: 0,
            before_s: 10,
            after_s: 10,
            margin_s: 60,
            speech_program: PathBuf::from("espeak-ng"),
            drawn_every_s: 600.0,
            model: ModelSection::default(),
        }
    }
}

impl EyeSection {
    /// The folder, within a data folder when none is named.
    pub fn folder(&self, data: &Path) -> PathBuf {
        if self.folder.as_os_str().is_empty() { data.join("eye") } else { self.folder.clone() }
    }

    /// Whether a file may be played as a camera.
    pub fn may_read(&self, file: &str) -> bool {
        let Ok(file) = Path::new(file).canonicalize() else { return false };
        self.files.iter().filter_map(|folder| folder.canonicalize().ok()).any(|folder| file.starts_with(folder))
    }

    /// Doubt on either side of a stay, milliseconds.
    pub fn margin_ms(&self) -> i64 {
        ms(self.margin_s)
    }

    /// Clip before a stay, milliseconds.
    pub fn before_ms(&self) -> i64 {
        ms(self.before_s)
    }

    /// Clip after a stay, milliseconds.
    pub fn after_ms(&self) -> i64 {
        ms(self.after_s)
    }

    /// The detector; none when no file is named.
    pub fn spec(&self) -> Option<ModelSpec> {
        let m = &self.model;
        (!m.path.as_os_str().is_empty()).then(|| ModelSpec {
            path: m.path.clone(),
            sha256: m.sha256.clone(),
            family: m.family,
            input: m.input,
            labels: m.labels.clone(),
            runtime: m.runtime,
            threads: m.threads,
            library: Some(m.library.clone()).filter(|l| !l.as_os_str().is_empty()),
        })
    }
}

fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds.min(86_400) * 1_000).unwrap_or(0)
}

/// Metrics section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsSection {
    /// Address to listen on; empty: nothing listens.
    #[serde(with = "address_or_empty")]
    pub listen: Option<SocketAddr>,
}

/// An address as text, where empty text stands for none.
mod address_or_empty {
    use std::net::SocketAddr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde gives the field as it is")]
    pub(super) fn serialize<S: Serializer>(address: &Option<SocketAddr>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&address.map(|a| a.to_string()).unwrap_or_default())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(from)?;
        let parsed = (!text.is_empty()).then(|| text.parse().map_err(|e| D::Error::custom(format!("{text:?}: {e}"))));
        parsed.transpose()
    }
}

/// History section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistorySection {
    /// Where it lies: a folder, or `s3://bucket/prefix`; empty: `history` in the data folder.
    pub url: String,
    /// Readings and telegrams older than so many days move there; 0: nothing moves.
    pub hot_days: u32,
    /// Seconds between two looks for what is old enough.
    pub every_s: u64,
    /// Whether the files of a month are merged, and swept, by itself.
    pub compact: bool,
    /// Days for which files that a merge has replaced stay for those who still read them.
    pub vacuum_days: u32,
    /// Address of an object store that speaks S3; empty: the one of the region.
    pub endpoint: String,
    /// Its region; empty: `us-east-1`.
    pub region: String,
    /// Access key; empty: none.
    pub access_key: String,
    /// Secret key; does not show.
    pub secret_key: Hidden,
}

/// A key in the configuration that does not show.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "Hidden(none)" } else { "Hidden(…)" })
    }
}

impl HistorySection {
    /// What the history is opened with.
    pub fn options(&self) -> shanshui_history::HistoryOptions {
        let said = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        shanshui_history::HistoryOptions {
            endpoint: said(&self.endpoint),
            region: said(&self.region),
            access_key: said(&self.access_key),
            secret_key: said(&self.secret_key.0).map(shanshui_domain::place::Secret::new),
            ..shanshui_history::HistoryOptions::default()
        }
    }
}

/// How hard a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncSetting {
    /// Every commit reaches the disk before it is acknowledged.
    Full,
    /// Nothing is promised.
    Off,
}

/// Alarm section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alarm {
    /// Beyond the limit this many times in a row raises an alarm.
    pub raise_after: u32,
    /// Within the limit this many times in a row ends it.
    pub clear_after: u32,
    /// No data for this many expected intervals raises 断线.
    pub no_data_intervals: f64,
    /// pH moved by at least this much …
    pub spike_ph: f64,
    /// … and came back within this many seconds: 突变.
    pub spike_s: u64,
    /// Telegrams that may wait for the judge in memory; beyond it, it reads them from the store.
    pub queue: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            database: Database::default(),
            zone: String::new(),
            city_packs: Vec::new(),
            engine: String::new(),
            http: Http::default(),
            auth: Auth::default(),
            audit: AuditSection::default(),
            vault: VaultSection::default(),
            oidc: OidcSection::default(),
            outbound: OutboundSection::default(),
            hj212: Hj212::default(),
            store: StoreSection::default(),
            history: HistorySection::default(),
            alarm: Alarm::default(),
            report: ReportSection::default(),
            eye: EyeSection::default(),
            metrics: MetricsSection::default(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 8080).into(),
            tls_certificate: PathBuf::new(),
            tls_key: PathBuf::new(),
            secure_cookie: false,
            evidence_bytes_max: 20 << 20,
            trusted_proxies: Vec::new(),
            address_requests_per_s: 200,
            account_requests_per_s: 50,
        }
    }
}

impl Default for Hj212 {
    fn default() -> Self {
        Self {
            listen: ([0, 0, 0, 0], 2120).into(),
            commands: false,
            connections_max: 10_000,
            segment_bytes_max: 4_096,
            half_frame_s: 30,
            idle_s: 1_800,
            frames_per_s_max: 20_000,
            quarantine_per_hour_max: 1_000,
            request_timeout_s: 10,
            request_resends: 3,
        }
    }
}

impl Default for StoreSection {
    fn default() -> Self {
        Self {
            sync: SyncSetting::Full,
            queue: 65_536,
            group_max: 4_096,
            connect_s: 60,
            slow_ms: 500,
            disk_free_min_mb: 512,
        }
    }
}

impl Default for MetricsSection {
    fn default() -> Self {
        Self { listen: Some(([127, 0, 0, 1], 9120).into()) }
    }
}

impl Default for HistorySection {
    fn default() -> Self {
        Self {
            url: String::new(),
            hot_days: 90,
            every_s: 3_600,
            compact: true,
            vacuum_days: 7,
            endpoint: String::new(),
            region: String::new(),
            access_key: String::new(),
            secret_key: Hidden::default(),
        }
    }
}

impl Default for Alarm {
    fn default() -> Self {
        Self { raise_after: 1, clear_after: 3, no_data_intervals: 5.0, spike_ph: 1.0, spike_s: 180, queue: 16_384 }
    }
}

/// Every key with what it means, in the order of the file.
pub const KEYS: &[(&str, &str)] = &[
    ("data", "folder of the database and of everything else that is kept"),
    ("database", "empty: a file in the data folder; or postgres://user:password@host:port/database?sslmode=…"),
    ("zone", "IANA zone of civil days; empty: the city pack's"),
    ("city_packs", "folders of city packs; empty: the built-in demonstration city"),
    ("engine", "where `shanshui query` computes: empty for this process, or ballista://host:port"),
    ("http.listen", "address of the interface and of the HTTP API"),
    ("http.tls_certificate", "file of the certificate and of those that vouch for it, PEM; empty: no TLS of its own"),
    ("http.tls_key", "file of its private key, PEM; both are read again when they change"),
    ("http.secure_cookie", "send the session cookie over TLS only; set it behind a TLS proxy"),
    ("http.evidence_bytes_max", "largest evidence file in bytes"),
    ("http.trusted_proxies", "addresses of proxies whose x-forwarded-for is believed"),
    ("http.address_requests_per_s", "requests a second of one address, averaged over ten seconds; 0: no limit"),
    ("http.account_requests_per_s", "requests a second of one account, averaged over ten seconds; 0: no limit"),
    ("auth.session_hours", "hours that a session lasts at most"),
    ("auth.idle_minutes", "minutes without any request after which a session ends"),
    ("auth.password_chars_min", "fewest characters of a new password"),
    ("auth.password_score_min", "how hard a new password is to guess at least, 0 to 4, as zxcvbn reckons"),
    ("auth.second_factor", "who must have a second factor: administrators, everybody or nobody"),
    (
        "audit.key_file",
        "file of the key that signs the audit's roots, made at the first start; empty: audit.key in the data folder",
    ),
    ("audit.signature", "how those roots are signed: ed25519, or sm2 with SM3"),
    ("audit.copy", "file that each signed root is appended to, best on another disk; empty: none"),
    ("audit.webhook", "address that each signed root is posted to as JSON, until it is taken; empty: none"),
    ("audit.webhook_token_file", "file of the token that is sent along, `Authorization: Bearer …`; empty: none"),
    (
        "vault.key_file",
        "file of the keys that seal secrets in the database, one a line, made at the first start; empty: vault.key in the data folder",
    ),
    ("vault.key_variable", "variable of the environment that holds those keys instead of the file; empty: none"),
    ("vault.key_command", "program with its arguments that prints those keys instead; empty: none"),
    (
        "oidc.issuer",
        "address of the house that people log in at by OpenID Connect, as it writes it itself; empty: none",
    ),
    ("oidc.client_id", "what this program is called there"),
    ("oidc.client_secret_file", "file of the secret agreed with it; empty: none, PKCE alone"),
    (
        "oidc.public_url",
        "address by which browsers reach this program; the way back is /api/v1/system/oidc/return below it",
    ),
    ("oidc.label_zh", "what is written on the button, in Chinese"),
    ("oidc.label_en", "the same in English"),
    ("oidc.claim", "claim that is the login name here, at the first login: preferred_username, email or sub"),
    ("outbound.allow", "ranges of private addresses that the program may call all the same, as \"10.20.0.0/16\""),
    ("outbound.timeout_s", "seconds that a call to the outside may take"),
    ("hj212.listen", "address for stations (HJ 212 over TCP)"),
    ("hj212.commands", "whether commands may be sent to devices"),
    ("hj212.connections_max", "most connections at one time"),
    ("hj212.segment_bytes_max", "largest data segment in bytes; the standards say 1024, devices send more"),
    ("hj212.half_frame_s", "half a telegram is kept as damage after this many seconds; the line goes on"),
    ("hj212.idle_s", "a connection without any byte is closed after this many seconds"),
    ("hj212.frames_per_s_max", "telegrams a second of one connection and of one device; more is slowed down, not lost"),
    (
        "hj212.quarantine_per_hour_max",
        "telegrams of one peer address kept in quarantine within an hour; more are counted only",
    ),
    ("hj212.request_timeout_s", "seconds before a request without an answer is sent again"),
    ("hj212.request_resends", "how often a request is sent again"),
    ("store.sync", "full: acknowledged means durable; off: nothing is promised, for crash tests only"),
    ("store.queue", "most writes waiting; beyond it senders wait"),
    ("store.group_max", "most writes of one group commit"),
    ("store.connect_s", "seconds that a database that cannot be reached is waited for at the start"),
    ("store.slow_ms", "statements that take at least so many milliseconds are logged, without the values in them"),
    (
        "store.disk_free_min_mb",
        "MiB that are to be free under the data folder; below a quarter of it no telegram is taken; 0: nobody watches",
    ),
    (
        "history.url",
        "where old readings and telegrams lie: a folder, or s3://bucket/prefix; empty: `history` in the data folder",
    ),
    ("history.hot_days", "readings and telegrams older than so many days move into the history; 0: nothing moves"),
    ("history.every_s", "seconds between two looks for what is old enough"),
    ("history.compact", "whether the files of a month are merged, and swept, by itself"),
    ("history.vacuum_days", "days for which files that a merge has replaced stay for those who still read them"),
    (
        "history.endpoint",
        "address of an object store that speaks S3 and keeps the condition `If-None-Match`; empty: the one of the region",
    ),
    ("history.region", "its region; empty: us-east-1"),
    ("history.access_key", "its access key; empty: none"),
    ("history.secret_key", "its secret key; does not show"),
    ("alarm.raise_after", "beyond the limit this many times in a row raises an alarm"),
    ("alarm.clear_after", "within the limit this many times in a row ends it"),
    ("alarm.no_data_intervals", "no data for this many expected intervals raises an alarm"),
    ("alarm.spike_ph", "a pH that moves by at least this much and returns is a spike"),
    ("alarm.spike_s", "within this many seconds"),
    ("alarm.queue", "telegrams that may wait for the judge in memory; beyond it, it reads them from the store"),
    (
        "report.pdf_command",
        "program with its arguments that turns Word into PDF as LibreOffice's soffice does; empty: no PDF",
    ),
    ("report.pdf_timeout_s", "seconds that it may take"),
    ("eye.folder", "folder of recordings and of files of events; empty: eye in the data folder"),
    ("eye.files", "folders in which a file may lie that is played as a camera; empty: none"),
    ("eye.ring_days", "days that recordings are kept; 0: nothing is recorded"),
    ("eye.ring_mb", "MiB of recordings of one camera"),
    (
        "eye.event_days",
        "days that files of an event are kept after it ended; an open case or question holds them longer",
    ),
    ("eye.events_mb", "MiB of files of all events, the oldest go first; 0: no bound"),
    ("eye.before_s", "seconds of a clip before somebody enters"),
    ("eye.after_s", "seconds of a clip after they have left"),
    ("eye.margin_s", "seconds before and after a stay in which the station's data is in doubt"),
    ("eye.speech_program", "program that speaks a text, as espeak-ng does; without it a tone is played"),
    ("eye.drawn_every_s", "a drawn camera shows a visitor each so many seconds; 0: never"),
    ("eye.model.path", "ONNX file of the detector; empty: only motion is seen, and nothing is called a person"),
    ("eye.model.sha256", "SHA-256 of that file; another file is refused"),
    ("eye.model.family", "its layout: nanodet, yolox or yolov8"),
    ("eye.model.input", "height and width of its input, multiples of 32"),
    ("eye.model.labels", "its labels in order; empty: the eighty of COCO"),
    ("eye.model.runtime", "rten, or ort where the program was built with the feature ort"),
    ("eye.model.threads", "threads that compute one picture"),
    ("eye.model.library", "library of ONNX Runtime, for ort; empty: that of the variable ORT_DYLIB_PATH"),
    ("metrics.listen", "address of the figures for monitoring, /metrics; empty: nothing listens"),
];

impl Config {
    /// Reads a file; none gives the defaults.
    ///
    /// # Errors
    /// When the file cannot be read, or a key in it is unknown or has a wrong value: names file, line and key.
    pub fn load(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("config {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("config {}", path.display()))
    }

    /// The database file, where the database is one.
    pub fn database(&self) -> PathBuf {
        self.data.join("shanshui.db")
    }

    /// The address of the store: a file's path, or `postgres://…` with its password.
    pub fn store_address(&self) -> String {
        let file = || self.database().to_string_lossy().into_owned();
        self.database.address().map_or_else(file, ToOwned::to_owned)
    }

    /// The same for people, without a password.
    pub fn store_shown(&self) -> String {
        match self.database.address() {
            None => self.database().display().to_string(),
            Some(address) => {
                let after = address.rsplit_once('@').map_or(address, |(_, rest)| rest);
                after.split('?').next().unwrap_or_default().to_owned()
            }
        }
    }

    /// Where the history lies.
    pub fn history_place(&self) -> String {
        match self.history.url.as_str() {
            "" => self.data.join("history").to_string_lossy().into_owned(),
            url => url.to_owned(),
        }
    }

    /// One line per key: `key = default   # meaning`.
    ///
    /// # Errors
    /// Never for the keys of [`KEYS`]; a test holds them against the structures.
    pub fn explain() -> anyhow::Result<String> {
        let defaults = toml::Table::try_from(Self::default())?;
        let mut out = String::new();
        for (key, meaning) in KEYS {
            let mut value = Some(&toml::Value::Table(defaults.clone())).cloned();
            for part in key.split('.') {
                value = value.and_then(|v| v.get(part).cloned());
            }
            let value = value.with_context(|| format!("no default for {key}"))?;
            out.push_str(&format!("{key} = {value}   # {meaning}\n"));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(prefix: &str, table: &toml::Table, into: &mut Vec<String>) {
        for (key, value) in table {
            match value {
                toml::Value::Table(inner) => leaves(&format!("{prefix}{key}."), inner, into),
                _ => into.push(format!("{prefix}{key}")),
            }
        }
    }

    #[test]
    fn an_empty_file_works_and_an_unknown_key_is_named() {
        let config: Config = toml::from_str("").expect("an empty file");
        assert_eq!(config.hj212.listen.port(), 2120);
        let error = toml::from_str::<Config>("[http]\nlisten_on = \"x\"\n").expect_err("unknown key").to_string();
        assert!(error.contains("listen_on") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn an_empty_address_of_the_figures_means_that_nothing_listens() {
        let at = |text: &str| toml::from_str::<Config>(text).map(|c| c.metrics.listen);
        assert_eq!(at("metrics.listen = \"\""), Ok(None));
        assert_eq!(at("metrics.listen = \"0.0.0.0:1\""), Ok(Some(([0, 0, 0, 0], 1).into())));
        assert!(at("metrics.listen = \"9120\"").is_err());
    }

    #[test]
    fn every_key_is_explained_and_nothing_else() {
        let mut keys = Vec::new();
        leaves("", &toml::Table::try_from(Config::default()).expect("plain values"), &mut keys);
        let mut explained: Vec<String> = KEYS.iter().map(|(k, _)| (*k).to_owned()).collect();
        keys.sort();
        explained.sort();
        assert_eq!(keys, explained);
        assert!(Config::explain().expect("every key has a default").contains("hj212.half_frame_s = 30"));
    }
}
