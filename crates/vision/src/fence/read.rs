//! From text to a plan.

use super::{Fence, Kind, Plan, PlanError, TEXT_MAX};
use crate::geometry::Point;
use serde::Deserialize;

/// What is read of a ground-truth file; it has other keys, which say nothing of the fence.
#[derive(Deserialize)]
struct Truth {
    polygon_norm: Vec<Point>,
    #[serde(default)]
    clip: String,
}

pub(super) fn parse(text: &str, known: Option<&[String]>) -> Result<Plan, PlanError> {
    if text.len() > TEXT_MAX {
        return Err(PlanError::TooLong(text.len()));
    }
    let json = |e: serde_json::Error| PlanError::Json(e.to_string());
    let plan = if is_truth(text) {
        of_truth(serde_json::from_str(text).map_err(json)?)
    } else {
        serde_json::from_str(text).map_err(json)?
    };
    plan.check(known)?;
    Ok(plan)
}

fn is_truth(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Peek {
        polygon_norm: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_str::<Peek>(text).is_ok_and(|p| p.polygon_norm.is_some())
}

fn of_truth(truth: Truth) -> Plan {
    let fence = Fence {
        id: "fence".to_owned(),
        name: truth.clip.chars().take(super::NAME_MAX).collect(),
        kind: Kind::SamplingHead,
        polygon: truth.polygon_norm,
        approach: None,
        labels: Vec::new(),
        hours: Vec::new(),
        enter_hits: super::three(),
        dwell_s: 0.0,
        leave_s: super::leave(),
        left_behind: None,
    };
    Plan { fences: vec![fence], ..Plan::default() }
}
