//! 环境眼 (Eye): cameras and their fences, what was seen, announced visits, loudspeakers, the month's report.

pub mod camera;
pub mod event;
pub mod fence;
pub mod file;
pub mod report;
pub mod visit;
pub mod voice;

use serde::Serialize;
use shanshui_domain::id::StationCode;
use shanshui_domain::sense::eye::event::Model;
use shanshui_domain::sense::eye::guard::Reason;
use utoipa::ToSchema;

use super::present::words;
use super::view::Words;
use crate::app::App;

/// Detector that looked.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeModelView {
    /// Layout of its answer.
    pub family: String,
    /// Name of its file.
    pub name: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// What runs it.
    pub runtime: String,
}

impl From<&Model> for EyeModelView {
    fn from(m: &Model) -> Self {
        Self { family: m.family.clone(), name: m.name.clone(), sha256: m.sha256.clone(), runtime: m.runtime.clone() }
    }
}

fn station_name(app: &App, code: &StationCode) -> Words {
    app.station(code).map_or_else(|| words(code.as_str(), code.as_str()), |s| words(&s.name_zh, &s.name_en))
}

fn reason_words(reason: Reason) -> Words {
    words(reason.zh(), reason.en())
}

/// What a detector calls it, as people say it.
fn label_words(label: &str) -> Words {
    let zh = match label {
        "person" => "人员",
        "bicycle" => "自行车",
        "car" => "汽车",
        "motorcycle" => "摩托车",
        "bus" => "客车",
        "truck" => "货车",
        "boat" => "船",
        "bird" => "鸟",
        "cat" => "猫",
        "dog" => "狗",
        "cow" => "牛",
        "sheep" => "羊",
        "unclassified" => "未分类目标",
        other => other,
    };
    let en = if label == "unclassified" { "unclassified target" } else { label };
    words(zh, en)
}
