//! Why a fence file is refused, and where.

use super::{CORNERS_MAX, NAME_MAX, PARTS_MAX, TEXT_MAX};
use std::fmt;

/// Which part of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The polygon of the fence of that id.
    Fence(String),
    /// The area around the fence of that id.
    Approach(String),
    /// The line of that id.
    Line(String),
    /// The mask of that index, from 0.
    Mask(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fence(id) => write!(f, "fence {id}"),
            Self::Approach(id) => write!(f, "approach of fence {id}"),
            Self::Line(id) => write!(f, "line {id}"),
            Self::Mask(i) => write!(f, "mask {i}"),
        }
    }
}

impl Place {
    /// The same for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::Fence(id) => format!("围栏 {id}"),
            Self::Approach(id) => format!("围栏 {id} 的外圈"),
            Self::Line(id) => format!("越线 {id}"),
            Self::Mask(i) => format!("第 {} 个屏蔽区", i + 1),
        }
    }
}

/// Why a fence file is refused. Corners and edges are counted from 0; edge `i` goes from corner `i` to the next.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Longer than [`TEXT_MAX`].
    #[error("{0} bytes; a fence file has at most {TEXT_MAX}")]
    TooLong(usize),
    /// Not JSON of this shape; what the reader says, with line and column.
    #[error("{0}")]
    Json(String),
    /// More parts of a kind than [`PARTS_MAX`].
    #[error("{count} {what}; at most {PARTS_MAX} are taken")]
    TooMany {
        /// `fences`, `lines`, `masks`.
        what: &'static str,
        /// How many came.
        count: usize,
    },
    /// Fewer than three corners, or more than [`CORNERS_MAX`].
    #[error("{place} has {corners} corners; it must have 3 to {CORNERS_MAX}")]
    Corners {
        /// Which part.
        place: Place,
        /// How many came.
        corners: usize,
    },
    /// A corner outside of the picture.
    #[error("{place}: corner {corner} ({x}, {y}) lies outside of the picture")]
    Outside {
        /// Which part.
        place: Place,
        /// Which corner.
        corner: usize,
        /// Its x.
        x: f64,
        /// Its y.
        y: f64,
    },
    /// A corner on the one before it.
    #[error("{place}: corner {corner} lies on the one before it")]
    Repeated {
        /// Which part.
        place: Place,
        /// Which corner.
        corner: usize,
    },
    /// Two edges that cross or touch.
    #[error("{place}: edges {first} and {second} cross")]
    Crossing {
        /// Which part.
        place: Place,
        /// One edge.
        first: usize,
        /// The other.
        second: usize,
    },
    /// A polygon without area.
    #[error("{0} has no area")]
    NoArea(Place),
    /// An id twice, or none.
    #[error("id {0:?} is used twice")]
    Duplicate(String),
    /// An id, name, version or label that is empty or too long.
    #[error("{what} {text:?} must have 1 to {NAME_MAX} characters")]
    Name {
        /// Which text.
        what: &'static str,
        /// Its beginning.
        text: String,
    },
    /// A label that the detector does not know.
    #[error("{place}: the detector knows no label {label:?}")]
    UnknownLabel {
        /// Which part.
        place: Place,
        /// The label.
        label: String,
    },
    /// A threshold for a label that the detector does not know.
    #[error("thresholds: the detector knows no label {0:?}")]
    UnknownThreshold(String),
    /// A number out of its range.
    #[error("{whose}: {what} is {value}; it must be {from} to {to}")]
    Number {
        /// Which part, as text.
        whose: String,
        /// Which key.
        what: &'static str,
        /// What came.
        value: f64,
        /// Least.
        from: f64,
        /// Most.
        to: f64,
    },
}

impl PlanError {
    /// The corner that is wrong, if it is one: for the drawing board to point at.
    pub fn corner(&self) -> Option<(&Place, usize)> {
        match self {
            Self::Outside { place, corner, .. } | Self::Repeated { place, corner } => Some((place, *corner)),
            Self::Crossing { place, first, .. } => Some((place, *first)),
            _ => None,
        }
    }

    /// The same for an operator; corners and edges are counted from 1.
    pub fn zh(&self) -> String {
        match self {
            Self::TooLong(bytes) => format!("围栏文件 {bytes} 字节，最多 {TEXT_MAX} 字节"),
            Self::Json(why) => format!("围栏文件不是有效的 JSON：{why}"),
            Self::TooMany { what, count } => format!("{what} 有 {count} 个，最多 {PARTS_MAX} 个"),
            Self::Corners { place, corners } => {
                format!("{} 有 {corners} 个角，应为 3 至 {CORNERS_MAX} 个", place.zh())
            }
            Self::Outside { place, corner, x, y } => {
                format!("{} 的第 {} 个角（{x}，{y}）在画面之外", place.zh(), corner + 1)
            }
            Self::Repeated { place, corner } => format!("{} 的第 {} 个角与前一个角重合", place.zh(), corner + 1),
            Self::Crossing { place, first, second } => {
                format!("{} 的第 {} 条边与第 {} 条边相交", place.zh(), first + 1, second + 1)
            }
            Self::NoArea(place) => format!("{} 没有面积", place.zh()),
            Self::Duplicate(id) => format!("编号 {id} 重复"),
            Self::Name { what, text } => format!("{what}「{text}」应为 1 至 {NAME_MAX} 个字"),
            Self::UnknownLabel { place, label } => format!("{}：检测模型没有类别 {label}", place.zh()),
            Self::UnknownThreshold(label) => format!("阈值：检测模型没有类别 {label}"),
            Self::Number { whose, what, value, from, to } => format!("{whose}：{what} 为 {value}，应为 {from} 至 {to}"),
        }
    }
}
