//! What tracing tells.

use serde::Serialize;
use shanshui_domain::analyse::trace::air::Air;
use shanshui_domain::analyse::trace::downstream::FlowsBy;
use shanshui_domain::analyse::trace::sight::Seen;
use shanshui_domain::analyse::trace::travel::{By, Side, Travel};
use shanshui_domain::place::river::IntakeUse;
use utoipa::ToSchema;

use crate::http::view::{LonLat, StationKindView, Words};

/// A station.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceStationView {
    /// Code.
    pub code: String,
    /// Name.
    pub name: Words,
    /// Kind.
    pub kind: StationKindView,
    /// Place.
    pub place: LonLat,
    /// Enterprise, of an outlet.
    pub enterprise: Option<Words>,
}

/// How far and how long water goes.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct TraceTravelView {
    /// Kilometres.
    pub km: f64,
    /// Seconds at the high velocities.
    pub fast_s: f64,
    /// Seconds at the mean velocities.
    pub likely_s: f64,
    /// Seconds at the low velocities.
    pub slow_s: f64,
}

impl From<Travel> for TraceTravelView {
    fn from(t: Travel) -> Self {
        Self { km: t.km, fast_s: t.fast_s, likely_s: t.likely_s, slow_s: t.slow_s }
    }
}

/// What velocities were taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceSpeedBy {
    /// A flow on this reach.
    Flow,
    /// A flow on another reach, as a ratio to the flows of reference.
    Ratio,
    /// Low, mean and high velocities of the city pack.
    Velocities,
}

impl From<By> for TraceSpeedBy {
    fn from(by: By) -> Self {
        match by {
            By::Flow => Self::Flow,
            By::Ratio => Self::Ratio,
            By::Velocities => Self::Velocities,
        }
    }
}

/// Which side of the station.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceSide {
    /// Its water comes to the station.
    Up,
    /// The station's water comes to it.
    Down,
}

impl From<Side> for TraceSide {
    fn from(side: Side) -> Self {
        match side {
            Side::Up => Self::Up,
            Side::Down => Self::Down,
        }
    }
}

/// What was seen in a window.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceSeen {
    /// Not measured.
    Unwatched,
    /// Too few readings.
    Absent,
    /// As usual.
    Usual,
    /// Raised.
    Raised,
    /// Beyond the limit.
    Exceeded,
}

impl From<Seen> for TraceSeen {
    fn from(seen: Seen) -> Self {
        match seen {
            Seen::Unwatched => Self::Unwatched,
            Seen::Absent => Self::Absent,
            Seen::Usual => Self::Usual,
            Seen::Raised => Self::Raised,
            Seen::Exceeded => Self::Exceeded,
        }
    }
}

/// Part of a score.
#[derive(Debug, Serialize, ToSchema)]
pub struct TracePartView {
    /// `permit`, `own`, `between`, `timing`, `distance`; of air `middle`, `recent`, `own`.
    pub name: String,
    /// Weight, 0 to 1.
    pub weight: f64,
    /// How much of it is there, 0 to 1.
    pub value: f64,
}

/// What a station's own readings say of a window.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceOwnView {
    /// What.
    pub seen: TraceSeen,
    /// Factor looked at.
    pub factor: String,
    /// Its name.
    pub factor_name: Words,
    /// Unit.
    pub unit: String,
    /// What was usual before.
    pub usual: Option<f64>,
    /// The reading that departs most from it.
    pub peak: Option<f64>,
    /// First raised reading.
    pub raised_from: Option<String>,
    /// End of the last raised reading.
    pub raised_to: Option<String>,
    /// Share of the window that readings cover, 0 to 1.
    pub coverage: f64,
}

/// A section between a candidate and the station.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceBetweenView {
    /// Section.
    pub station: TraceStationView,
    /// When the water passed it: begin.
    pub from: String,
    /// End.
    pub to: String,
    /// What it saw.
    pub own: TraceOwnView,
    /// All water of the candidate passes it.
    pub all_pass: bool,
}

/// Somebody above the station.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceCandidateView {
    /// From 1; none when ruled out.
    pub rank: Option<u32>,
    /// Station.
    pub station: TraceStationView,
    /// How far and how long.
    pub travel: TraceTravelView,
    /// Window of departure: first moment that is possible.
    pub from: String,
    /// Last moment that is possible.
    pub to: String,
    /// Likely window: begin.
    pub likely_from: String,
    /// End.
    pub likely_to: String,
    /// What its own readings say of the window.
    pub own: TraceOwnView,
    /// Sections between it and the station, in the order of the water.
    pub between: Vec<TraceBetweenView>,
    /// 0 to 1.
    pub score: f64,
    /// What it is made of.
    pub parts: Vec<TracePartView>,
    /// Why; of one that is ruled out the last says why.
    pub reasons: Vec<Words>,
    /// Ids of the reaches that its water takes.
    pub reaches: Vec<String>,
}

/// A stretch of a reach above or below the station.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceStretchView {
    /// Id of the reach.
    pub reach: String,
    /// Its name.
    pub name: Words,
    /// Side.
    pub side: TraceSide,
    /// Line of the whole reach, in the direction of the water; empty when it is not drawn.
    pub line: Vec<[f64; 2]>,
    /// Length of the whole reach in km.
    pub length_km: f64,
    /// Begin of the stretch in km from the reach's head.
    pub from_km: f64,
    /// End of it.
    pub to_km: f64,
    /// Travel between its begin and the station.
    pub begin: TraceTravelView,
    /// Travel between its end and the station.
    pub end: TraceTravelView,
    /// Low, mean and high velocity in m/s.
    pub velocity: [f64; 3],
    /// What they were taken from.
    pub by: TraceSpeedBy,
    /// How sure the pack's velocities are.
    pub mark: String,
}

/// What is reached.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceReachedKind {
    /// A section.
    Section,
    /// A drinking water source or an intake for drinking.
    Drinking,
    /// An intake for irrigation.
    Irrigation,
    /// An intake of industry.
    Industry,
}

impl From<IntakeUse> for TraceReachedKind {
    fn from(purpose: IntakeUse) -> Self {
        match purpose {
            IntakeUse::Drinking => Self::Drinking,
            IntakeUse::Irrigation => Self::Irrigation,
            IntakeUse::Industry => Self::Industry,
        }
    }
}

/// Where flows come from.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceFlowsBy {
    /// Measured.
    Measured,
    /// Flows of reference of the city pack.
    Reference,
}

impl From<FlowsBy> for TraceFlowsBy {
    fn from(by: FlowsBy) -> Self {
        match by {
            FlowsBy::Measured => Self::Measured,
            FlowsBy::Reference => Self::Reference,
        }
    }
}

/// Somebody below the station.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceArrivalView {
    /// Code of the section or intake.
    pub code: String,
    /// Name.
    pub name: Words,
    /// What it is.
    pub kind: TraceReachedKind,
    /// A boundary section.
    pub boundary: bool,
    /// It is a station, with a page of its own.
    pub station: bool,
    /// Place; none when its reach is not drawn.
    pub place: Option<LonLat>,
    /// How far and how long.
    pub travel: TraceTravelView,
    /// First moment that is possible.
    pub earliest: String,
    /// At mean velocities.
    pub likely: String,
    /// Last moment at which it begins to arrive.
    pub latest: String,
    /// It is over by then.
    pub passed: String,
    /// What is left of it by dilution, above 0 and at most 1; none when a flow is unknown.
    pub diluted_to: Option<f64>,
    /// Of which flows.
    pub flows: Option<TraceFlowsBy>,
}

/// A flow that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceFlowView {
    /// Station that measured it; none when it was given with the question.
    pub station: Option<Words>,
    /// Reach.
    pub reach: String,
    /// m3/s.
    pub m3_s: f64,
}

/// Where it came from and where it goes.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaterTraceView {
    /// Station of the anomaly.
    pub station: TraceStationView,
    /// Reach it lies on.
    pub reach: Words,
    /// Factor.
    pub factor: String,
    /// Its name.
    pub factor_name: Words,
    /// Its unit.
    pub unit: String,
    /// Begin.
    pub from: String,
    /// End.
    pub to: String,
    /// What the station itself saw then.
    pub own: TraceOwnView,
    /// Flows that were taken.
    pub flows: Vec<TraceFlowView>,
    /// Ways in which velocities were taken, of the stretches below.
    pub by: Vec<TraceSpeedBy>,
    /// Likeliest first.
    pub candidates: Vec<TraceCandidateView>,
    /// Ruled out, with why.
    pub ruled_out: Vec<TraceCandidateView>,
    /// Outlets with waste water that the network does not place: nothing can be said of them.
    pub unplaced: Vec<TraceStationView>,
    /// Sections and intakes below, in the order of arrival.
    pub arrivals: Vec<TraceArrivalView>,
    /// The network above and below.
    pub stretches: Vec<TraceStretchView>,
    /// Rules and their versions.
    pub rules: Vec<String>,
}

/// How an hour of air was taken.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceAirKind {
    /// With its wind.
    Moving,
    /// Calm: it stays, and widens.
    Calm,
    /// No wind was read: as calm.
    Missing,
}

impl From<Air> for TraceAirKind {
    fn from(air: Air) -> Self {
        match air {
            Air::Moving => Self::Moving,
            Air::Calm => Self::Calm,
            Air::Missing => Self::Missing,
        }
    }
}

/// The area an hour's air came over.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceSectorView {
    /// Hours back, from 1.
    pub hour: u32,
    /// Begin of the hour.
    pub from: String,
    /// End of it.
    pub to: String,
    /// How it was taken.
    pub air: TraceAirKind,
    /// Wind speed in m/s.
    pub speed_m_s: Option<f64>,
    /// Direction the wind comes from, degrees from north by east.
    pub direction: Option<f64>,
    /// Middle at the begin of the hour.
    pub middle: LonLat,
    /// Half width there in km.
    pub radius_km: f64,
    /// Corners of the area; the first is not repeated.
    pub area: Vec<[f64; 2]>,
}

/// A source of air.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceSourceView {
    /// From 1; none outside.
    pub rank: Option<u32>,
    /// Station.
    pub station: TraceStationView,
    /// Hours back whose area holds it best; none outside of all.
    pub hour: Option<u32>,
    /// Kilometres from the middle line.
    pub km: f64,
    /// What it discharged then.
    pub own: Option<TraceOwnView>,
    /// 0 to 1.
    pub score: f64,
    /// What it is made of.
    pub parts: Vec<TracePartView>,
    /// Why.
    pub reasons: Vec<Words>,
}

/// Where air came from.
#[derive(Debug, Serialize, ToSchema)]
pub struct AirTraceView {
    /// Station.
    pub station: TraceStationView,
    /// Factor that is traced.
    pub factor: Option<String>,
    /// Its name.
    pub factor_name: Option<Words>,
    /// Moment.
    pub at: String,
    /// Hour by hour, the last first.
    pub sectors: Vec<TraceSectorView>,
    /// Inside, likeliest first.
    pub candidates: Vec<TraceSourceView>,
    /// Outside of all hours.
    pub outside: Vec<TraceSourceView>,
    /// Rules and their versions.
    pub rules: Vec<String>,
}
