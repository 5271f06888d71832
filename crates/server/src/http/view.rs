//! What the HTTP API shows and takes: the shapes of `openapi.json`, and nothing of the domain's own.
//!
//! Instants go out as RFC 3339 text in UTC, measured values as the text the device sent. Types that come **in** refuse
//! unknown fields; types that go **out** are never read back.

use serde::{Deserialize, Serialize};
use shanshui_domain::place::Secret;
use shanshui_domain::right::{OrganisationKind, Role};
use utoipa::ToSchema;

use super::token::TokenKindView;

/// Text in the two languages of the interface.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, PartialEq, Eq)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A problem, as RFC 9457 tells it, with a stable code.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Stable code for programs.
    pub code: String,
    /// HTTP status.
    pub status: u16,
    /// What and where, for people.
    pub title: Words,
    /// Detail, in English, for the log and for developers.
    pub detail: String,
}

/// One page of a list: newest first, `next` is the cursor of the following page.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// Rows.
    pub items: Vec<T>,
    /// Give this as `before` to go on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

// ---------------------------------------------------------------------------------------------------------------- system

/// Login.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginIn {
    /// Login name.
    pub login: String,
    /// Password.
    #[schema(value_type = String)]
    pub password: Secret,
    /// Code of the authenticator, for whoever has a second factor.
    pub code: Option<String>,
}

/// The caller's password, for what asks for it again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordOnlyIn {
    /// Password.
    #[schema(value_type = String)]
    pub password: Secret,
}

/// A code of the authenticator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorCodeIn {
    /// Six digits.
    pub code: String,
}

/// The secret of a second factor, shown once.
#[derive(Serialize, ToSchema)]
pub struct FactorView {
    /// Secret in base 32, to be typed into an authenticator.
    pub secret: String,
    /// The same as an address that authenticators read.
    pub address: String,
    /// That address as a QR code, an SVG picture.
    pub picture: String,
}

macro_rules! same_words {
    ($(#[$doc:meta])* $name:ident of $of:ident { $($(#[$each:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$each])* $variant,)*
        }

        impl From<$of> for $name {
            fn from(of: $of) -> Self {
                match of {
                    $($of::$variant => Self::$variant,)*
                }
            }
        }

        impl From<$name> for $of {
            fn from(view: $name) -> Self {
                match view {
                    $($name::$variant => Self::$variant,)*
                }
            }
        }
    };
}

same_words! {
    /// Role of a person at a post.
    RoleView of Role {
        /// 值班员.
        DutyOfficer,
        /// 一审员.
        ReviewerFirst,
        /// 二审员.
        ReviewerSecond,
        /// 三审员.
        ReviewerThird,
        /// 承办人.
        CaseOfficer,
        /// 部门负责人.
        UnitHead,
        /// 领导.
        Leader,
        /// 执法人员.
        EnforcementOfficer,
        /// 视频审核员.
        VideoReviewer,
        /// 企业环保负责人.
        EnterpriseManager,
        /// 银行客户经理.
        BankOfficer,
        /// 测绘员.
        Surveyor,
        /// 会计.
        Accountant,
        /// 出纳.
        Cashier,
        /// 审计人员.
        Auditor,
        /// 市民.
        Citizen,
        /// 系统管理员.
        SystemAdministrator,
        /// 安全保密管理员.
        SecurityAdministrator,
        /// 安全审计员.
        AuditAdministrator,
    }
}

same_words! {
    /// Kind of an organisation.
    OrganisationKindView of OrganisationKind {
        /// 市生态环境局.
        Bureau,
        /// 分局.
        Branch,
        /// 其他部门.
        Department,
        /// 乡镇（街道）.
        Township,
        /// 园区.
        Park,
        /// 企业.
        Enterprise,
        /// 银行.
        Bank,
        /// 保险机构.
        Insurer,
        /// 村（社区）.
        Village,
        /// 专家机构.
        ExpertBody,
        /// 联盟城市.
        AllianceCity,
        /// 第三方服务机构.
        Contractor,
        /// 市民.
        Public,
    }
}

/// A person, as others may see them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonView {
    /// Id.
    pub id: String,
    /// Login name.
    pub login: String,
    /// Name.
    pub name: Words,
    /// Role of their first post; none for somebody without one.
    pub role: Option<RoleView>,
    /// Organisation of that post.
    pub unit: Words,
    /// Whether a case can be given to them.
    pub takes_cases: bool,
}

/// Whoever is logged in, with what they may do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MeView {
    /// Who.
    pub person: PersonView,
    /// Posts held now, those of people they stand in for after their own.
    pub posts: Vec<HeldView>,
    /// Rights over at least some rows, in the words of the table of rights.
    pub rights: Vec<String>,
    /// Whether they have broken the glass: everything they read is written down.
    pub glass: bool,
    /// Whether the password was given by somebody else and has to be changed before anything else.
    pub must_change_password: bool,
    /// Whether they have a second factor.
    pub second_factor: bool,
    /// Whether they have to set one up before anything else.
    pub must_enrol: bool,
    /// What kind of token this is; none for somebody who has logged in.
    pub token: Option<TokenKindView>,
}

/// One entry of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    /// Place in the chain, from 1.
    pub seq: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Who; none for the program itself and before anybody is logged in.
    pub by: Option<PersonView>,
    /// For whom, when somebody stood in.
    pub behalf: Option<PersonView>,
    /// Whether the glass was broken.
    pub glass: bool,
    /// From which address.
    pub from: Option<String>,
    /// What.
    pub action: String,
    /// Of what.
    pub subject: String,
    /// SHA-256 of what it was before.
    pub before: Option<String>,
    /// SHA-256 of what it is afterwards.
    pub after: Option<String>,
    /// More.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// Digest of the chain link.
    pub digest: String,
}

/// A signed root of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditRootView {
    /// How many entries are under it.
    pub size: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Digest algorithm.
    pub algorithm: String,
    /// Root in hex.
    pub root: String,
    /// Public key of whoever signed: 64 hex digits of Ed25519, or `sm2:` and 130 hex digits.
    pub signer: String,
    /// Signature of `statement`, in hex.
    pub signature: String,
    /// The text that is signed.
    pub statement: String,
}

/// One step of a path to a root.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditStepView {
    /// Whether `digest` stands on the left.
    pub left: bool,
    /// Digest of the part beside.
    pub digest: String,
}

/// Proof that an entry is under a signed root.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProofView {
    /// Place in the chain, from 1.
    pub seq: u64,
    /// Name of the chain.
    pub stream: String,
    /// Digest algorithm of the link.
    pub algorithm: String,
    /// Digest of the link before.
    pub previous: String,
    /// The exact text of the entry.
    pub body: String,
    /// Digest of the link.
    pub digest: String,
    /// From the link to the root, from below.
    pub path: Vec<AuditStepView>,
    /// The root.
    pub root: AuditRootView,
}

/// A change of one's own password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordIn {
    /// The present one.
    #[schema(value_type = String)]
    pub old: Secret,
    /// The new one.
    #[schema(value_type = String)]
    pub new: Secret,
}

/// A session of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Id; it opens nothing.
    pub id: String,
    /// Since when, RFC 3339.
    pub created: String,
    /// When something was asked last, to a minute.
    pub seen: String,
    /// Until when at most.
    pub expires: String,
    /// From where it was begun.
    pub address: String,
    /// What the browser says it is.
    pub agent: String,
    /// Whether it is the one that asks.
    pub this: bool,
}

/// A post held now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeldView {
    /// Role.
    pub role: RoleView,
    /// Code of the organisation.
    pub organisation: String,
    /// Its name.
    pub name: Words,
    /// Whose post it is, for somebody who stands in.
    pub behalf: Option<Words>,
}

/// The table of rights as people read it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RightsView {
    /// Roles, in the order of the table.
    pub roles: Vec<RoleRowView>,
    /// Rights.
    pub rights: Vec<RightRowView>,
}

/// One role.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleRowView {
    /// Which.
    pub role: RoleView,
    /// Name.
    pub name: Words,
    /// Whether a post in it names a certificate.
    pub needs_certificate: bool,
}

/// One right, and how far each role reaches with it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RightRowView {
    /// Word.
    pub right: String,
    /// Reach by role: own, unit, area, all; roles without it are missing.
    pub reach: std::collections::BTreeMap<String, String>,
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganisationView {
    /// Code.
    pub code: String,
    /// The one above it.
    pub parent: Option<String>,
    /// Kind.
    pub kind: OrganisationKindView,
    /// `*` for the whole city, a county's code, or empty.
    pub area: String,
    /// The area's name.
    pub area_name: Words,
    /// Name.
    pub name: Words,
}

/// An organisation to be added or changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationIn {
    /// The one above it.
    pub parent: Option<String>,
    /// Kind.
    pub kind: OrganisationKindView,
    /// `*` for the whole city, a county's code, or empty for none.
    pub area: String,
    /// Name.
    pub name: Words,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    /// Who.
    pub person: PersonView,
    /// May not log in.
    pub disabled: bool,
}

/// An account to be opened or changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountIn {
    /// Name.
    pub name: Words,
    /// May not log in.
    pub disabled: bool,
    /// Password; needed for a new account, changes that of another.
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret>,
}

/// A post somebody holds, held or will hold.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostView {
    /// Id.
    pub id: String,
    /// Who.
    pub person: PersonView,
    /// Role.
    pub role: RoleView,
    /// Code of the organisation.
    pub organisation: String,
    /// Its name.
    pub organisation_name: Words,
    /// Number of the certificate.
    pub certificate: Option<String>,
    /// From, RFC 3339.
    pub since: String,
    /// Until, exclusive.
    pub until: Option<String>,
    /// When it was ended before its time.
    pub ended: Option<String>,
    /// Whether it is held now.
    pub held: bool,
    /// Who gave it; none for the city pack and the command line.
    pub given_by: Option<Words>,
}

/// A post to be given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostIn {
    /// Id of the person.
    pub person: String,
    /// Role.
    pub role: RoleView,
    /// Code of the organisation.
    pub organisation: String,
    /// Number of the certificate, where the role needs one.
    pub certificate: Option<String>,
    /// From, RFC 3339; now when absent.
    pub since: Option<String>,
    /// Until, exclusive; without an end when absent.
    pub until: Option<String>,
}

/// Somebody stands in for somebody else.
#[derive(Debug, Serialize, ToSchema)]
pub struct DelegationView {
    /// Id.
    pub id: String,
    /// Whose posts.
    pub giver: PersonView,
    /// Who stands in.
    pub taker: PersonView,
    /// From, RFC 3339.
    pub since: String,
    /// Until, exclusive.
    pub until: String,
    /// Why.
    pub reason: String,
    /// When it was ended before its time.
    pub ended: Option<String>,
    /// Whether it holds now.
    pub holds: bool,
}

/// Lets somebody stand in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegationIn {
    /// Id of the person whose posts; the caller's own when absent.
    pub giver: Option<String>,
    /// Id of the person who stands in.
    pub taker: String,
    /// From, RFC 3339; now when absent.
    pub since: Option<String>,
    /// Until, exclusive; at most 90 days after.
    pub until: String,
    /// Why.
    pub reason: String,
}

/// Somebody sees everything for a short time.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlassView {
    /// Id.
    pub id: String,
    /// Who.
    pub person: PersonView,
    /// Why.
    pub reason: String,
    /// From, RFC 3339.
    pub since: String,
    /// Until, exclusive.
    pub until: String,
    /// When it was ended before its time.
    pub ended: Option<String>,
    /// Whether it is broken now.
    pub holds: bool,
}

/// Breaks the glass.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GlassIn {
    /// Why; at least 5 characters.
    pub reason: String,
    /// For how many minutes, at most 240.
    pub minutes: i64,
}

/// A login of the demonstration city, shown on the login page of a demonstration only.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DemoLogin {
    /// Login name.
    pub login: String,
    /// Password.
    pub password: String,
    /// Name.
    pub name: Words,
    /// Role of their first post.
    pub role: Option<RoleView>,
    /// Organisation of that post.
    pub unit: Words,
}

/// What the interface must know before anybody has logged in.
#[derive(Debug, Serialize, ToSchema)]
pub struct AboutView {
    /// Version of the program.
    pub version: String,
    /// City.
    pub city: Words,
    /// IANA zone of the city.
    pub zone: String,
    /// Middle of the map.
    pub center: LonLat,
    /// Whether this is a demonstration with invented enterprises.
    pub demo: bool,
    /// Logins, in a demonstration.
    pub demo_logins: Vec<DemoLogin>,
    /// What stands on the button of the house that people may log in at; none when there is none.
    pub oidc: Option<Words>,
}

/// Longitude and latitude, WGS 84 degrees.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct LonLat {
    /// Longitude.
    pub lon: f64,
    /// Latitude.
    pub lat: f64,
}

/// Whether the program can do its work.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthView {
    /// Whether new data is being made durable (and so acknowledged).
    pub writable: bool,
    /// Why not.
    pub error: Option<String>,
    /// Writes waiting.
    pub queued: u64,
    /// TCP connections of devices.
    pub connections: u64,
    /// Room on the disk under the data folder.
    pub disk: DiskView,
    /// Chains that are broken and can only be read, as they were a moment ago.
    pub chains: Vec<ChainBreakView>,
}

/// A chain that is broken (断链).
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainBreakView {
    /// Which: `audit`, or `case:` with the case's id.
    pub stream: String,
    /// The first link that does not fit.
    pub link: u64,
    /// What is wrong.
    pub what: String,
    /// When it was found.
    pub found: String,
}

/// Room on the disk.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiskView {
    /// How much there is.
    pub room: RoomView,
    /// Bytes free; none when the disk does not say.
    pub free_bytes: Option<u64>,
    /// Below so many bytes there is a warning, below a quarter of them no telegram and no evidence is taken.
    pub free_min_bytes: u64,
}

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomView {
    /// Enough.
    Enough,
    /// Little: make room.
    Low,
    /// Too little: no telegram and no evidence is taken.
    Full,
}

impl From<shanshui_store::Room> for RoomView {
    fn from(room: shanshui_store::Room) -> Self {
        use shanshui_store::Room::{Enough, Full, Low};
        match room {
            Enough => Self::Enough,
            Low => Self::Low,
            Full => Self::Full,
        }
    }
}

/// The process lives.
#[derive(Debug, Serialize, ToSchema)]
pub struct AliveView {
    /// Always true.
    pub alive: bool,
    /// Version of the program.
    pub version: String,
}

/// Whether this node can be given work.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadyView {
    /// All of the checks are good.
    pub ready: bool,
    /// Each check.
    pub checks: Vec<CheckView>,
}

/// One check.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckView {
    /// `schema`, `judge`, `store` or `disk`.
    pub name: String,
    /// Whether it is good.
    pub ok: bool,
    /// Figures, or why not.
    pub detail: String,
}

/// A node: one of the processes that share the store.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeView {
    /// Its id, new at every start.
    pub id: String,
    /// What it does: `ingest`, `web`, `job`.
    pub roles: Vec<String>,
    /// Since when.
    pub started: String,
    /// When it last wrote.
    pub seen: String,
    /// TCP connections of devices.
    pub connections: u64,
    /// Whether it lives. One that is gone without a word is named for ten minutes.
    pub alive: bool,
    /// The one that answers.
    pub this: bool,
}

// ----------------------------------------------------------------------------------------------------------------- sense

/// What a station watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StationKindView {
    /// 市控断面.
    MunicipalSection,
    /// 交接断面.
    BoundarySection,
    /// 饮用水水源地.
    DrinkingSource,
    /// 环境空气站.
    AirStation,
    /// 企业排放口.
    Outlet,
}

/// Whether data arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// 在线.
    Online,
    /// 断线: nothing for longer than allowed.
    Offline,
    /// 从未上线.
    Never,
}

/// Which of the interface's scales a grade belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// GB 3838 classes, 1 (I) to 6 (worse than V).
    Water,
    /// HJ 633 levels, 1 to 6.
    Air,
    /// Discharge against its limit: 1 within, 6 exceeding.
    Discharge,
}

/// A station's present grade.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GradeView {
    /// Scale.
    pub scale: Scale,
    /// 1 (best) to 6 (worst); none when not judged.
    pub level: Option<u8>,
    /// The letter or number shown on the map: `II`, `劣V`/`>V`, an AQI.
    pub label: Words,
    /// Period's instant.
    pub at: String,
    /// Edition that was applied, for example `GB 3838-2002`.
    pub edition: String,
    /// Deciding factors by code.
    pub deciding: Vec<String>,
    /// Worse than the target class or beyond its limit.
    pub exceeds: bool,
    /// The whole explanation: edition, clause, per factor value and boundaries, what was missing. Left out in lists of stations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub explanation: Option<serde_json::Value>,
}

impl GradeView {
    /// Without the explanation, for lists.
    pub fn short(self) -> Self {
        Self { explanation: None, ..self }
    }
}

/// The newest value of one point.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LatestView {
    /// Kind of period: real, minute, hour, day, cycle.
    pub kind: String,
    /// Stamp.
    pub at: String,
    /// Value as sent; none with a mark that means no measurement.
    pub value: Option<String>,
    /// Data mark.
    pub mark: String,
    /// The telegram it was read from.
    pub telegram: Option<i64>,
}

/// One factor at one station.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PointView {
    /// Id.
    pub id: i64,
    /// Factor code.
    pub factor: String,
    /// Factor name.
    pub name: Words,
    /// Unit of this point.
    pub unit: String,
    /// Decimals shown.
    pub decimals: u8,
    /// Kinds of period the point has data of.
    pub kinds: Vec<String>,
    /// Newest values.
    pub latest: Vec<LatestView>,
    /// The line drawn in the curve: permit limit, or the boundary of the target class.
    pub limits: Vec<LimitView>,
}

/// A limit line.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LimitView {
    /// `at_most` or `at_least`.
    pub bound: String,
    /// Value in the point's unit.
    pub value: String,
    /// What it is: `III`, `permit`.
    pub label: Words,
    /// Standard and clause.
    pub cite: String,
}

/// A station, in the list and on the map.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StationView {
    /// Code.
    pub code: String,
    /// Kind.
    pub kind: StationKindView,
    /// Name.
    pub name: Words,
    /// County.
    pub county: Words,
    /// Place.
    pub place: LonLat,
    /// Target class 1 to 5, of a water section.
    pub target: Option<u8>,
    /// River or lake column of GB 3838, of a water section.
    pub water_body: Option<String>,
    /// Enterprise, of an outlet.
    pub enterprise: Option<Words>,
    /// Invented for the demonstration.
    pub demo: bool,
    /// Where the row comes from.
    pub source: Words,
    /// Link.
    pub link: LinkState,
    /// Newest data of any point.
    pub last_at: Option<String>,
    /// Grade.
    pub grade: Option<GradeView>,
    /// Open alarms.
    pub alarms: u32,
}

/// Registers a station.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StationIn {
    /// Code: letters, digits, - or _.
    pub code: String,
    /// Kind.
    pub kind: StationKindView,
    /// Name.
    pub name: Words,
    /// County's code.
    pub county: String,
    /// Place.
    pub place: LonLat,
    /// `river` or `lake`, of a section: the column for total phosphorus.
    #[serde(default)]
    pub water_body: Option<String>,
    /// Target class 1 to 5, of a section.
    #[serde(default)]
    pub target: Option<u8>,
    /// Enterprise's code, of an outlet.
    #[serde(default)]
    pub enterprise: Option<String>,
    /// Code of the unit that answers for it.
    pub unit: String,
    /// Points.
    pub points: Vec<PointIn>,
}

/// A point of a station to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PointIn {
    /// Factor code, as the device sends it.
    pub factor: String,
    /// Name.
    pub name: Words,
    /// Unit the device sends.
    pub unit: String,
    /// Decimals shown.
    pub decimals: u8,
    /// Permit limit, of an outlet.
    #[serde(default)]
    pub limit: Option<LimitIn>,
}

/// A permit limit to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitIn {
    /// `at_most`, `at_least` or `between`.
    pub bound: String,
    /// A number, or `low:high`.
    pub value: String,
    /// Clause.
    pub cite: String,
}

/// A station with its points.
#[derive(Debug, Serialize, ToSchema)]
pub struct StationDetail {
    /// As in the list.
    pub station: StationView,
    /// Points.
    pub points: Vec<PointView>,
    /// Its devices' MNs.
    pub devices: Vec<String>,
}

/// One row of a curve.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReadingView {
    /// Stamp.
    pub at: String,
    /// Value as sent.
    pub value: Option<String>,
    /// As a number, for drawing.
    pub number: Option<f64>,
    /// Other statistics as sent.
    pub extra: String,
    /// Data mark.
    pub mark: String,
    /// How many different statements the device has made for this stamp.
    pub versions: i64,
    /// Arrived late (back-filled).
    pub late: bool,
    /// When it arrived.
    pub arrived: String,
    /// Telegram.
    pub telegram: Option<i64>,
    /// Beyond a limit of the point.
    pub exceeds: bool,
}

/// A curve.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurveView {
    /// Point.
    pub point: PointView,
    /// Kind of period.
    pub kind: String,
    /// Rows, ascending.
    pub rows: Vec<ReadingView>,
    /// True when rows were left out; extremes, marked and exceeding rows never are.
    pub sampled: bool,
    /// Stretches of the history that cannot be read: nothing is known of them.
    pub missing: Vec<MissingView>,
}

/// A stretch of the history that cannot be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct MissingView {
    /// From, inclusive.
    pub from: String,
    /// To, exclusive.
    pub to: String,
    /// The segment it lies in.
    pub segment: String,
}

/// What is known of a point in each period.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatisticsView {
    /// Point.
    pub point: i64,
    /// Kind of period of the values.
    pub kind: String,
    /// Periods in which there was something, ascending.
    pub rows: Vec<StatisticsRow>,
    /// Stretches of the history that cannot be read: they are not reckoned with.
    pub missing: Vec<MissingView>,
}

/// What is known of a point in one civil period.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatisticsRow {
    /// First instant of the period.
    pub from: String,
    /// First instant after.
    pub to: String,
    /// Values, whatever their mark; of each stamp the newest.
    pub count: u64,
    /// Values whose mark is another than N: not reckoned with.
    pub marked: u64,
    /// Numbers reckoned with.
    pub valid: u64,
    /// The least.
    pub min: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
    /// The mean.
    pub mean: Option<f64>,
    /// The sum.
    pub sum: f64,
}

/// One problem found in a telegram.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TelegramProblem {
    /// Stable code.
    pub code: String,
    /// Where and what.
    pub detail: String,
}

/// A raw telegram with what was read from it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TelegramView {
    /// Id.
    pub id: i64,
    /// Arrival.
    pub arrived: String,
    /// Peer address.
    pub peer: String,
    /// Device.
    pub mn: Option<String>,
    /// Why it lies in quarantine, if it does.
    pub quarantine: Option<String>,
    /// The bytes, with escapes `\xHH`, `\r`, `\n` for what is not text.
    pub raw: String,
    /// Problems found.
    pub problems: Vec<TelegramProblem>,
    /// What the decoder reads: header and data area.
    #[schema(value_type = Object)]
    pub decoded: serde_json::Value,
}

/// A device and its line.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceView {
    /// MN.
    pub mn: String,
    /// Station code.
    pub station: String,
    /// Station name.
    pub station_name: Words,
    /// Edition by registration.
    pub edition: String,
    /// Whether its data area is encrypted.
    pub encrypted: bool,
    /// Link.
    pub link: LinkState,
    /// Peer address.
    pub peer: Option<String>,
    /// Last telegram.
    pub last_seen: Option<String>,
    /// Device clock minus ours, in milliseconds.
    pub clock_offset_ms: Option<i64>,
    /// Good telegrams.
    pub frames_ok: i64,
    /// Damaged telegrams.
    pub frames_bad: i64,
    /// Share of the real-time telegrams expected in the last hour that arrived, 0 to 1.
    pub transmission_rate: Option<f64>,
    /// Deviations from the standard, by code, with how often.
    pub deviations: Vec<DeviationView>,
}

/// One deviation of a device.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeviationView {
    /// Stable code.
    pub code: String,
    /// How often.
    pub count: i64,
}

/// Registers a device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceIn {
    /// MN.
    pub mn: String,
    /// Station code.
    pub station: String,
    /// Access password (PW).
    #[schema(value_type = String)]
    pub password: Secret,
    /// `2005`, `2017` or `2025`.
    pub edition: String,
    /// SM4 key, 32 hex digits.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub key: Option<Secret>,
    /// Expected real-time interval in seconds.
    pub interval_s: u32,
    /// Takes CRC-16/MODBUS from this device.
    #[serde(default)]
    pub accept_modbus_crc: bool,
    /// Takes CRC-16/MODBUS with swapped bytes from this device.
    #[serde(default)]
    pub accept_swapped_modbus_crc: bool,
}

/// Telegrams in quarantine, grouped.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuarantineGroup {
    /// Reason.
    pub reason: String,
    /// MN as sent.
    pub mn: Option<String>,
    /// Peer.
    pub peer: String,
    /// How many.
    pub count: i64,
    /// Newest.
    pub last: String,
    /// Id of the newest.
    pub telegram: i64,
}

/// What to ask of a device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeviceCommandIn {
    /// 校时 (1012).
    SetClock {
        /// Why.
        reason: String,
    },
    /// 实时数据间隔 (1062).
    RealInterval {
        /// 30 to 3600.
        seconds: u32,
        /// Why.
        reason: String,
    },
    /// 补取历史数据 (2011, 2051, 2061, 2031).
    Pull {
        /// real, minute, hour or day.
        data: String,
        /// RFC 3339.
        begin: String,
        /// RFC 3339.
        end: String,
        /// Why.
        reason: String,
    },
    /// 即时采样 (3012).
    SampleNow {
        /// Factor code.
        factor: String,
        /// Why.
        reason: String,
    },
    /// 留样 (3015, 2025: 3022).
    KeepSample {
        /// Factor code, needed by the 2025 edition.
        #[serde(default)]
        factor: Option<String>,
        /// Why.
        reason: String,
    },
    /// 提取现场信息 (3020).
    Info {
        /// Information code.
        info: String,
        /// Factor code.
        #[serde(default)]
        factor: Option<String>,
        /// RFC 3339, for logs.
        #[serde(default)]
        begin: Option<String>,
        /// RFC 3339, for logs.
        #[serde(default)]
        end: Option<String>,
        /// Why.
        reason: String,
    },
}

/// A command and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceCommandView {
    /// Id.
    pub id: String,
    /// MN.
    pub mn: String,
    /// CN.
    pub cn: String,
    /// Who.
    pub by: Words,
    /// Why.
    pub reason: String,
    /// When.
    pub at: String,
    /// Steps: sent, resent, 9011 with QnRtn, data, 9012 with ExeRtn, time-out.
    #[schema(value_type = Vec<Object>)]
    pub steps: Vec<serde_json::Value>,
}

// ------------------------------------------------------------------------------------------------------------------- act

/// Kind of alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKindView {
    /// 超标.
    Exceedance,
    /// 突变.
    Spike,
    /// 断线.
    NoData,
    /// 重复连接.
    SecondConnection,
    /// 同键异值.
    ValueChanged,
}

/// State of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmStateView {
    /// 未确认.
    Open,
    /// 已确认.
    Acknowledged,
    /// 已恢复.
    Ended,
}

/// An alarm.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AlarmView {
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: AlarmKindView,
    /// State.
    pub state: AlarmStateView,
    /// Station code.
    pub station: String,
    /// Station name.
    pub station_name: Words,
    /// Point.
    pub point: Option<i64>,
    /// Factor code.
    pub factor: Option<String>,
    /// Value that raised it.
    pub value: Option<String>,
    /// Limit in words.
    pub limit: Option<String>,
    /// What happened.
    pub message: Words,
    /// Edition, clause and inputs.
    #[schema(value_type = Object)]
    pub basis: serde_json::Value,
    /// Since when.
    pub opened: String,
    /// Last seen.
    pub last: String,
    /// How often seen.
    pub count: i64,
    /// When it ended.
    pub ended: Option<String>,
    /// Who took notice.
    pub acknowledged_by: Option<Words>,
    /// The case it became.
    pub case: Option<String>,
}

/// State of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseStateView {
    /// 待交办.
    Open,
    /// 办理中.
    Assigned,
    /// 待核查.
    Reported,
    /// 待销号.
    Verified,
    /// 已销号.
    Closed,
}

/// What may be done to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseActionView {
    /// 立案.
    Open,
    /// 交办.
    Assign,
    /// 反馈.
    Report,
    /// 退回.
    SendBack,
    /// 核查.
    Verify,
    /// 销号.
    Close,
}

/// A case in the list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseSummaryView {
    /// Id.
    pub id: String,
    /// Business number.
    pub number: String,
    /// Title.
    pub title: String,
    /// State.
    pub state: CaseStateView,
    /// Opened.
    pub opened: String,
    /// Deadline, while somebody must act.
    pub due: Option<String>,
    /// Deadline passed.
    pub overdue: bool,
    /// Who must act.
    pub assignee: Option<PersonView>,
}

/// One event of a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseEventView {
    /// Place in the chain, from 1.
    pub seq: u64,
    /// When.
    pub at: String,
    /// Who.
    pub by: PersonView,
    /// In whose stead, when somebody stood in.
    pub behalf: Option<PersonView>,
    /// What.
    pub action: CaseActionView,
    /// To whom, when assigned.
    pub to: Option<PersonView>,
    /// Deadline, when assigned or sent back.
    pub due: Option<String>,
    /// Words.
    pub note: String,
    /// Evidence ids.
    pub evidence: Vec<String>,
    /// Digest of the chain link.
    pub digest: String,
    /// Algorithm of the digest.
    pub algorithm: String,
}

/// A stored file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EvidenceView {
    /// Id; bytes at `/api/v1/act/evidence/{id}`.
    pub id: String,
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Who.
    pub by: Words,
    /// When.
    pub at: String,
}

/// A case with its history.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseView {
    /// As in the list.
    pub summary: CaseSummaryView,
    /// Version to give back with the next action.
    pub version: u64,
    /// The alarm it came from.
    pub alarm: Option<AlarmView>,
    /// The clue it came from: id of a finding of data review.
    pub finding: Option<String>,
    /// Events, oldest first.
    pub events: Vec<CaseEventView>,
    /// Files.
    pub evidence: Vec<EvidenceView>,
    /// What the caller may do now.
    pub actions: Vec<CaseActionView>,
    /// What is wrong with its chain; nothing can be done to it then.
    pub broken: Option<String>,
}

/// Opens a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseIn {
    /// Title.
    pub title: String,
    /// The alarm it comes from.
    #[serde(default)]
    pub alarm: Option<String>,
    /// Words.
    #[serde(default)]
    pub note: String,
}

/// Moves a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseActionIn {
    /// Version the caller has seen.
    pub version: u64,
    /// What.
    pub action: CaseActionView,
    /// To whom (assign).
    #[serde(default)]
    pub to: Option<String>,
    /// Deadline, RFC 3339 (assign, send back).
    #[serde(default)]
    pub due: Option<String>,
    /// Evidence ids (report, verify).
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Words.
    #[serde(default)]
    pub note: String,
}

// --------------------------------------------------------------------------------------------------------------- analyse

/// Counts for the head of the map.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryView {
    /// Municipal sections, and how many of the judged are class II or better.
    pub municipal: ShareView,
    /// Boundary sections.
    pub boundary: ShareView,
    /// Drinking-water sources.
    pub sources: ShareView,
    /// Air stations; good means AQI of 100 or less.
    pub air: ShareView,
    /// Devices.
    pub devices_online: u32,
    /// Devices in all.
    pub devices: u32,
    /// Open alarms.
    pub alarms_open: u32,
    /// Cases not closed.
    pub cases_open: u32,
    /// Cases overdue.
    pub cases_overdue: u32,
}

/// A count and a share.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareView {
    /// In all.
    pub total: u32,
    /// Judged now.
    pub judged: u32,
    /// Good.
    pub good: u32,
}

/// One judgement, newest version of each period first.
#[derive(Debug, Serialize, ToSchema)]
pub struct JudgementView {
    /// Grade.
    pub grade: GradeView,
    /// Replaces an earlier judgement of the same period, because data came late or changed.
    pub supersedes: bool,
}
