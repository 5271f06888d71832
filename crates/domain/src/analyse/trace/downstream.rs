//! Downstream (下游影响): whom an anomaly reaches, when, and how diluted.
//!
//! Arrival is the begin of the anomaly plus the travel time; it has passed when its end plus the slow travel time is
//! over. The dilution is the flow at the anomaly over the flow at the place, of flows measured on both reaches, else of
//! their flows of reference. It is that of a stuff that neither decays nor settles in water that is mixed at once.

use serde::Serialize;

use super::after;
use super::travel::{Current, Flows, Travel};
use crate::place::river::Spot;
use crate::time::{Instant, Period};

/// Where flows of a dilution come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowsBy {
    /// Measured on both reaches.
    Measured,
    /// Flows of reference.
    Reference,
}

/// How much an anomaly is diluted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Dilution {
    /// What is left of it, above 0 and at most 1.
    pub share: f64,
    /// Of which flows.
    pub by: FlowsBy,
}

/// When it comes somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Arrival {
    /// How far and how long.
    pub travel: Travel,
    /// First moment that is possible.
    pub earliest: Instant,
    /// At mean velocities.
    pub likely: Instant,
    /// Last moment at which it begins to arrive.
    pub latest: Instant,
    /// It is over by then.
    pub passed: Instant,
    /// How diluted; none when a flow is unknown.
    pub dilution: Option<Dilution>,
}

/// Arrivals at spots below, none for spots that the water does not come to, in the order of the spots.
pub fn downstream(
    current: Current<'_>,
    at: Spot,
    during: Period,
    flows: &Flows,
    spots: &[Spot],
) -> Vec<Option<Arrival>> {
    let ways = current.down(at);
    let arrival = |spot: &Spot| {
        let travel = ways.to(*spot)?;
        Some(Arrival {
            earliest: after(during.start, travel.fast_s),
            likely: after(during.start, travel.likely_s),
            latest: after(during.start, travel.slow_s),
            passed: after(during.end, travel.slow_s),
            dilution: dilution(current, flows, at, *spot),
            travel,
        })
    };
    spots.iter().map(arrival).collect()
}

fn dilution(current: Current<'_>, flows: &Flows, from: Spot, to: Spot) -> Option<Dilution> {
    let measured = flows.of(from.reach).zip(flows.of(to.reach)).map(|pair| (pair, FlowsBy::Measured));
    let reference = |spot: Spot| current.rivers.reaches()[spot.reach].flow_ref;
    let known = measured.or_else(|| Some((reference(from).zip(reference(to))?, FlowsBy::Reference)));
    let ((here, there), by) = known?;
    // where water parts, or a meter errs, there may be less below: nothing is concentrated by that
    (here > 0.0 && there > 0.0).then(|| Dilution { share: (here / there).min(1.0), by })
}
