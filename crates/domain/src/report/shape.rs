//! The tables of each kind of report: their ids, titles and columns. Templates name them, and are held against them before a report is
//! there. A report has every table of its kind, with or without rows.

use serde::{Deserialize, Serialize};

use super::Kind;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Id, as templates name it.
    pub key: String,
    /// Heading.
    pub title: String,
}

/// A table without rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Id.
    pub id: &'static str,
    /// Title.
    pub title: &'static str,
    /// Key and heading of each column.
    pub heads: &'static [(&'static str, &'static str)],
}

impl Shape {
    /// Its columns.
    pub fn columns(&self) -> Vec<Column> {
        self.heads.iter().map(|(key, title)| Column { key: (*key).to_owned(), title: (*title).to_owned() }).collect()
    }
}

/// Sections by kind and class.
pub const GROUPS: Shape = Shape {
    id: "groups",
    title: "各类断面水质类别分布",
    heads: &[
        ("group", "类型"),
        ("total", "断面数"),
        ("judged", "已评价"),
        ("c1", "Ⅰ类"),
        ("c2", "Ⅱ类"),
        ("c3", "Ⅲ类"),
        ("c4", "Ⅳ类"),
        ("c5", "Ⅴ类"),
        ("c6", "劣Ⅴ类"),
        ("share2", "Ⅱ类及以上（%）"),
        ("share3", "Ⅲ类及以上（%）"),
        ("met", "达标率（%）"),
    ],
};
/// Every section.
pub const SECTIONS: Shape = Shape {
    id: "sections",
    title: "断面水质状况",
    heads: &[
        ("name", "断面"),
        ("kind", "类型"),
        ("county", "县（市、区）"),
        ("class", "类别"),
        ("quality", "水质状况"),
        ("target", "目标"),
        ("verdict", "达标"),
        ("main", "主要污染指标（超标倍数）"),
        ("before", "环比"),
        ("year", "同比"),
        ("coverage", "数据覆盖率（%）"),
    ],
};
/// Means of the items that automatic stations measure.
pub const MEANS: Shape = Shape {
    id: "means",
    title: "断面主要指标均值（pH值无量纲，其余为mg/L）",
    heads: &[
        ("name", "断面"),
        ("w01001", "pH值"),
        ("w01009", "溶解氧"),
        ("w01019", "高锰酸盐指数"),
        ("w21003", "氨氮"),
        ("w21011", "总磷"),
        ("w21001", "总氮"),
    ],
};
/// Rivers.
pub const RIVERS: Shape = Shape {
    id: "rivers",
    title: "河流水质状况",
    heads: &[
        ("name", "范围"),
        ("sections", "断面数"),
        ("quality", "水质状况"),
        ("share3", "Ⅰ～Ⅲ类（%）"),
        ("worse", "劣Ⅴ类（%）"),
        ("before", "环比"),
        ("year", "同比"),
        ("main", "主要污染指标（断面超标率）"),
    ],
};
/// Lakes and reservoirs.
pub const LAKES: Shape = Shape {
    id: "lakes",
    title: "湖库水质与营养状态",
    heads: &[
        ("name", "湖库"),
        ("class", "类别"),
        ("quality", "水质状况"),
        ("nitrogen", "总氮类别（单独评价）"),
        ("tli", "营养状态指数"),
        ("state", "营养状态"),
        ("lacking", "缺少指标"),
    ],
};
/// Main pollutants over all sections.
pub const POLLUTANTS: Shape = Shape {
    id: "pollutants",
    title: "主要污染指标",
    heads: &[
        ("item", "指标"),
        ("sections", "劣于Ⅲ类断面数"),
        ("share", "断面超标率（%）"),
        ("most", "最大超标倍数"),
        ("where", "最大超标断面"),
    ],
};
/// Boundary sections.
pub const HANDOVER: Shape = Shape {
    id: "handover",
    title: "跨行政区域河流交接断面",
    heads: &[
        ("name", "断面"),
        ("county", "县（市、区）"),
        ("class", "类别"),
        ("target", "目标"),
        ("verdict", "达标"),
        ("year", "同比"),
        ("grade", "考核等次"),
    ],
};
/// Drinking water sources.
pub const SOURCES: Shape = Shape {
    id: "sources",
    title: "集中式饮用水水源地",
    heads: &[
        ("name", "水源地"),
        ("county", "县（市、区）"),
        ("class", "类别"),
        ("verdict", "达标"),
        ("items", "超标项目"),
    ],
};
/// What was not judged.
pub const NOT_JUDGED: Shape =
    Shape { id: "not_judged", title: "未评价断面及原因", heads: &[("name", "断面"), ("reason", "原因")] };
/// Counties by their index.
pub const COUNTIES: Shape = Shape {
    id: "counties",
    title: "县（市、区）地表水环境质量排名",
    heads: &[
        ("rank", "名次"),
        ("name", "县（市、区）"),
        ("index", "水质指数"),
        ("sections", "断面数"),
        ("share3", "Ⅲ类及以上（%）"),
        ("change", "指数同比（%）"),
        ("improved", "改善名次"),
    ],
};
/// Sections by their index.
pub const SECTION_RANKING: Shape = Shape {
    id: "section_ranking",
    title: "断面水质排名",
    heads: &[
        ("rank", "名次"),
        ("name", "断面"),
        ("county", "县（市、区）"),
        ("index", "水质指数"),
        ("class", "类别"),
        ("year", "同比"),
    ],
};
/// What has no place in a ranking.
pub const NOT_RANKED: Shape =
    Shape { id: "not_ranked", title: "未参加排名", heads: &[("name", "名称"), ("reason", "原因")] };
/// The figures of a brief.
pub const FIGURES: Shape = Shape {
    id: "figures",
    title: "关键指标",
    heads: &[("figure", "指标"), ("now", "本期"), ("before", "上期"), ("year", "上年同期")],
};
/// Data of stations.
pub const STATIONS: Shape = Shape {
    id: "stations",
    title: "站点数据质量",
    heads: &[
        ("name", "站点"),
        ("kind", "类型"),
        ("county", "县（市、区）"),
        ("due", "应有"),
        ("valid", "有效"),
        ("share", "有效率（%）"),
        ("marked", "带标记"),
        ("odd", "迟到或更正"),
        ("findings", "审核发现"),
        ("verdict", "结论"),
    ],
};
/// Stations of a day of air.
pub const AIR_DAY: Shape = Shape {
    id: "air_day",
    title: "站点空气质量",
    heads: &[
        ("name", "站点"),
        ("aqi", "AQI"),
        ("level", "级别"),
        ("primary", "首要污染物"),
        ("pm25", "PM2.5（μg/m³）"),
        ("pm10", "PM10（μg/m³）"),
        ("so2", "SO₂（μg/m³）"),
        ("no2", "NO₂（μg/m³）"),
        ("co", "CO（mg/m³）"),
        ("o3", "O₃-8h（μg/m³）"),
    ],
};
/// Areas over a month or a year of air.
pub const AIR_SPAN: Shape = Shape {
    id: "air_span",
    title: "空气质量统计",
    heads: &[
        ("name", "范围"),
        ("valid", "有效天数"),
        ("good", "优良天数"),
        ("share", "优良率（%）"),
        ("pm25", "PM2.5（μg/m³）"),
        ("pm10", "PM10（μg/m³）"),
        ("so2", "SO₂（μg/m³）"),
        ("no2", "NO₂（μg/m³）"),
        ("co", "CO-95（mg/m³）"),
        ("o3", "O₃-90（μg/m³）"),
        ("index", "综合指数"),
        ("rank", "名次"),
        ("attained", "达标"),
    ],
};
/// Outlets.
pub const OUTLETS: Shape = Shape {
    id: "outlets",
    title: "排放口达标情况",
    heads: &[
        ("name", "排放口"),
        ("enterprise", "企业"),
        ("county", "县（市、区）"),
        ("valid", "有效时段"),
        ("exceeded", "超标时段"),
        ("share", "达标率（%）"),
        ("worst", "最大超标项目（倍数）"),
    ],
};
/// Loads of outlets.
pub const LOADS: Shape = Shape {
    id: "loads",
    title: "污染物排放量",
    heads: &[("name", "排放口"), ("enterprise", "企业"), ("item", "污染物"), ("mass", "排放量（kg）")],
};
/// Transmission of outlets.
pub const RATES: Shape = Shape {
    id: "rates",
    title: "数据传输有效率",
    heads: &[
        ("name", "排放口"),
        ("enterprise", "企业"),
        ("item", "项目"),
        ("due", "应传"),
        ("received", "实传"),
        ("valid", "有效"),
        ("transmission", "传输率（%）"),
        ("effective", "有效率（%）"),
        ("combined", "传输有效率（%）"),
    ],
};

impl Kind {
    /// Every table that a report of this kind may have.
    pub fn shapes(self) -> &'static [Shape] {
        match self {
            Self::Water => {
                const { &[GROUPS, SECTIONS, MEANS, RIVERS, LAKES, POLLUTANTS, HANDOVER, SOURCES, NOT_JUDGED] }
            }
            Self::WaterRanking => const { &[COUNTIES, SECTION_RANKING, NOT_RANKED] },
            Self::Brief => const { &[FIGURES] },
            Self::DataQuality => const { &[STATIONS] },
            Self::Air => const { &[AIR_DAY, AIR_SPAN] },
            Self::OutletCompliance => const { &[OUTLETS, LOADS] },
            Self::Transmission => const { &[RATES] },
        }
    }

    /// Ids of the chapters that a report of this kind has.
    pub fn chapters(self) -> &'static [&'static str] {
        match self {
            Self::Water => {
                &["overview", "sections", "rivers", "lakes", "pollutants", "handover", "sources", "not_judged"]
            }
            Self::WaterRanking => &["counties", "section_ranking", "not_ranked"],
            Self::Brief => &["state", "problems", "watch"],
            Self::DataQuality => &["stations"],
            Self::Air => &["air"],
            Self::OutletCompliance => &["outlets", "loads"],
            Self::Transmission => &["rates"],
        }
    }

    /// A table by its id.
    pub fn shape(self, id: &str) -> Option<&'static Shape> {
        self.shapes().iter().find(|shape| shape.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_keys_are_words_that_a_template_can_name_and_none_is_there_twice() {
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        for kind in Kind::ALL {
            let shapes = kind.shapes();
            assert!(!shapes.is_empty());
            for (i, shape) in shapes.iter().enumerate() {
                assert!(word(shape.id) && !shapes[..i].iter().any(|s| s.id == shape.id), "{}", shape.id);
                for (j, (key, title)) in shape.heads.iter().enumerate() {
                    let twice = shape.heads[..j].iter().any(|(k, _)| k == key);
                    assert!(word(key) && !title.is_empty() && !twice, "{} {key}", shape.id);
                }
            }
        }
    }
}
