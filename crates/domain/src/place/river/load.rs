//! Strict reading of `reaches.csv`, `on_reach.csv` and `intakes.csv`. A pack has none of them, or the first two.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::{FlowLaw, Intake, IntakeUse, Reach, Rivers, Spot};
use crate::id::StationCode;
use crate::place::load::Reader;

const REACHES: &str = "reaches.csv";
const ON: &str = "on_reach.csv";
const INTAKES: &str = "intakes.csv";
/// How far, in km, the begin or end of a reach may lie from a vertex of the river's line.
const VERTEX_KM: f64 = 0.5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReachText {
    id: String,
    name_zh: String,
    name_en: String,
    from_node: String,
    to_node: String,
    length_km: f64,
    river: String,
    begin: String,
    end: String,
    low_m_s: f64,
    mean_m_s: f64,
    high_m_s: f64,
    flow_ref_m3_s: Option<f64>,
    velocity_ref_m_s: Option<f64>,
    exponent: Option<f64>,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnText {
    station: StationCode,
    reach: String,
    km: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IntakeText {
    code: String,
    name_zh: String,
    name_en: String,
    #[serde(rename = "use")]
    purpose: IntakeUse,
    county: String,
    reach: String,
    km: f64,
    demo: bool,
}

/// The network of a pack; an empty one when the pack has none.
pub(in crate::place) fn rivers(
    r: &mut Reader<'_>,
    stations: &HashSet<String>,
    counties: &HashSet<String>,
    geography: &str,
) -> Rivers {
    if ![REACHES, ON, INTAKES].iter().any(|file| r.has(file)) {
        return Rivers::default();
    }
    let texts: Vec<(u64, ReachText)> = r.rows(REACHES);
    r.unique(REACHES, &texts, |t| t.id.clone());
    let mut names = HashSet::new();
    for (line, t) in &texts {
        r.plain(REACHES, *line, &t.id);
        if !names.insert(t.name_zh.clone()) {
            r.fault(REACHES, Some(*line), format!("name_zh: {} is another reach's name already", t.name_zh));
        }
    }
    let lines = river_lines(geography);
    let mut reaches = Vec::with_capacity(texts.len());
    for (line, text) in texts {
        match reach(text, &lines) {
            Ok(reach) => reaches.push(reach),
            Err(reason) => r.fault(REACHES, Some(line), reason),
        }
    }
    let on = on(r, stations, &reaches);
    let intakes = intakes(r, counties, &reaches);
    Rivers::new(reaches, on, intakes).unwrap_or_else(|circle| {
        r.fault(REACHES, None, format!("from_node, to_node: the water runs in a circle: {}", circle.join(" → ")));
        Rivers::default()
    })
}

fn on(r: &mut Reader<'_>, stations: &HashSet<String>, reaches: &[Reach]) -> Vec<(StationCode, Spot)> {
    let rows: Vec<(u64, OnText)> = r.rows(ON);
    r.unique(ON, &rows, |t| t.station.to_string());
    let mut out = Vec::with_capacity(rows.len());
    for (line, t) in rows {
        r.known(ON, line, "station", t.station.as_str(), stations);
        match spot(reaches, &t.reach, t.km) {
            Ok(spot) => out.push((t.station, spot)),
            Err(reason) => r.fault(ON, Some(line), reason),
        }
    }
    out
}

fn intakes(r: &mut Reader<'_>, counties: &HashSet<String>, reaches: &[Reach]) -> Vec<Intake> {
    if !r.has(INTAKES) {
        return Vec::new();
    }
    let rows: Vec<(u64, IntakeText)> = r.rows(INTAKES);
    r.unique(INTAKES, &rows, |t| t.code.clone());
    let mut out = Vec::with_capacity(rows.len());
    for (line, t) in rows {
        r.plain(INTAKES, line, &t.code);
        r.known(INTAKES, line, "county", &t.county, counties);
        match spot(reaches, &t.reach, t.km) {
            Ok(spot) => {
                let IntakeText { code, name_zh, name_en, purpose, county, demo, .. } = t;
                out.push(Intake { code, name_zh, name_en, purpose, county, spot, demo });
            }
            Err(reason) => r.fault(INTAKES, Some(line), reason),
        }
    }
    out
}

fn spot(reaches: &[Reach], id: &str, km: f64) -> Result<Spot, String> {
    let reach = reaches.iter().position(|r| r.id == id).ok_or_else(|| format!("reach: no such reach {id:?}"))?;
    let length = reaches[reach].length_km;
    if !(0.0..=length).contains(&km) {
        return Err(format!("km: {km} lies outside of the reach {id}, which is {length} km long"));
    }
    Ok(Spot { reach, km })
}

fn reach(t: ReachText, lines: &[(String, Vec<[f64; 2]>)]) -> Result<Reach, String> {
    let positive =
        |name: &str, n: f64| (n > 0.0 && n.is_finite()).then_some(n).ok_or(format!("{name}: {n} is not above 0"));
    positive("length_km", t.length_km)?;
    positive("low_m_s", t.low_m_s)?;
    if !(t.low_m_s <= t.mean_m_s && t.mean_m_s <= t.high_m_s && t.high_m_s.is_finite()) {
        let (low, mean, high) = (t.low_m_s, t.mean_m_s, t.high_m_s);
        return Err(format!("mean_m_s: low {low}, mean {mean} and high {high} do not ascend"));
    }
    if t.from_node == t.to_node {
        return Err(format!("to_node: {} is where it begins", t.to_node));
    }
    let flow_ref = t.flow_ref_m3_s.map(|q| positive("flow_ref_m3_s", q)).transpose()?;
    let law = match (flow_ref, t.velocity_ref_m_s, t.exponent) {
        (_, None, None) => None,
        (Some(flow), Some(velocity), Some(exponent)) => {
            positive("velocity_ref_m_s", velocity)?;
            positive("exponent", exponent)?;
            if exponent > 1.0 {
                return Err(format!("exponent: {exponent} is above 1"));
            }
            Some(FlowLaw { flow, velocity, exponent })
        }
        _ => return Err("exponent: a power law has flow_ref_m3_s, velocity_ref_m_s and exponent".into()),
    };
    let line = if t.river.is_empty() { Vec::new() } else { part(lines, &t.river, [&t.begin, &t.end])? };
    let ReachText { id, name_zh, name_en, from_node, to_node, length_km, mark, cite, .. } = t;
    let velocities = [t.low_m_s, t.mean_m_s, t.high_m_s];
    Ok(Reach { id, name_zh, name_en, from_node, to_node, length_km, line, velocities, flow_ref, law, mark, cite })
}

/// The part of a river's line between two of its vertices.
fn part(lines: &[(String, Vec<[f64; 2]>)], river: &str, [begin, end]: [&str; 2]) -> Result<Vec<[f64; 2]>, String> {
    let line = lines.iter().find(|(name, _)| name == river);
    let (_, line) =
        line.ok_or_else(|| format!("river: geography.geojson has no line of the layer river named {river:?}"))?;
    let from = vertex(line, begin).map_err(|e| format!("begin: {e}"))?;
    let to = vertex(line, end).map_err(|e| format!("end: {e}"))?;
    if from >= to {
        return Err(format!("end: {end} does not come after {begin} on {river}"));
    }
    Ok(line[from..=to].to_vec())
}

fn vertex(line: &[[f64; 2]], text: &str) -> Result<usize, String> {
    let wrong = || format!("{text:?} is not a longitude and a latitude with a space between");
    let (lon, lat) = text.split_once(' ').ok_or_else(wrong)?;
    let place: [f64; 2] = [lon.parse().map_err(|_| wrong())?, lat.parse().map_err(|_| wrong())?];
    let distance = |i: &usize| distance_km(line[*i], place);
    let nearest = (0..line.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.filter(|i| distance(i) <= VERTEX_KM).ok_or_else(|| format!("{text} is no vertex of the river's line"))
}

/// Kilometres between two places that are near one another.
pub(super) fn distance_km(a: [f64; 2], b: [f64; 2]) -> f64 {
    let middle = f64::midpoint(a[1], b[1]).to_radians();
    let (x, y) = ((a[0] - b[0]).to_radians() * middle.cos(), (a[1] - b[1]).to_radians());
    crate::place::EARTH_KM * x.hypot(y)
}

/// Lines of the layer `river`, by Chinese name.
fn river_lines(geography: &str) -> Vec<(String, Vec<[f64; 2]>)> {
    let value: Value = serde_json::from_str(geography).unwrap_or_default();
    let features = value["features"].as_array().cloned().unwrap_or_default();
    let of_rivers = features.iter().filter(|f| f["properties"]["layer"] == "river");
    let line = |f: &Value| {
        let place = |c: &Value| Some([c[0].as_f64()?, c[1].as_f64()?]);
        let line = f["geometry"]["coordinates"].as_array()?.iter().map(place).collect::<Option<Vec<_>>>()?;
        Some((f["properties"]["name_zh"].as_str()?.to_owned(), line))
    };
    of_rivers.filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use crate::place::CityPack;
    use crate::place::load::tests::small;

    const LAND: &str = "{\"type\":\"FeatureCollection\",\"features\":[{\
        \"properties\":{\"layer\":\"river\",\"name_zh\":\"衢江\"},\
        \"geometry\":{\"type\":\"LineString\",\"coordinates\":[[118.8,28.9],[118.9,28.95],[119.0,29.0]]}}]}";
    const HEAD: &str = "id,name_zh,name_en,from_node,to_node,length_km,river,begin,end,low_m_s,mean_m_s,high_m_s,\
        flow_ref_m3_s,velocity_ref_m_s,exponent,mark,cite\n";
    const TWO: &str = "a,上段,upper,n1,n2,10,衢江,118.8 28.9,118.9 28.95,0.2,0.5,1,100,0.5,0.4,P,x\n\
        b,下段,lower,n2,n3,12,衢江,118.9 28.95,119.0 29.0,0.2,0.5,1,,,,P,x\n";

    fn parse(reaches: &str, on: &str, intakes: &str) -> Result<CityPack, Vec<String>> {
        let mut files = small();
        files.insert("geography.geojson".into(), LAND.into());
        files.insert("reaches.csv".into(), format!("{HEAD}{reaches}"));
        files.insert("on_reach.csv".into(), format!("station,reach,km\n{on}"));
        files.insert("intakes.csv".into(), format!("code,name_zh,name_en,use,county,reach,km,demo\n{intakes}"));
        CityPack::parse(&files).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    fn refused(reaches: &str, on: &str, expected: &str) {
        let said = parse(reaches, on, "").expect_err("a damaged network is refused");
        assert!(said.iter().any(|s| s.contains(expected)), "{said:?} does not say {expected:?}");
    }

    #[test]
    fn a_network_loads_with_its_lines_and_places() {
        let pack = parse(TWO, "s1,b,12\n", "i1,取水口,Intake,drinking,kc,a,0,true\n").expect("whole");
        let rivers = &pack.rivers;
        assert_eq!((rivers.reaches().len(), rivers.after(0), rivers.downwards()), (2, &[1][..], &[0, 1][..]));
        assert_eq!(rivers.reaches()[1].line, [[118.9, 28.95], [119.0, 29.0]]);
        assert_eq!(rivers.spot(&"s1".into()).map(|s| (s.reach, s.km)), Some((1, 12.0)));
        assert_eq!(rivers.intakes()[0].spot.reach, 0);
        let middle = rivers.reaches()[1].place(6.0).expect("drawn");
        assert!((middle[0] - 118.95).abs() < 1e-3 && (middle[1] - 28.975).abs() < 1e-3, "{middle:?}");
    }

    #[test]
    fn a_pack_without_a_network_has_none() {
        assert!(CityPack::parse(&small()).expect("whole").rivers.is_empty());
    }

    #[test]
    fn a_damaged_network_is_refused_with_file_line_and_column() {
        refused(TWO, "s1,c,1\n", "on_reach.csv, line 2: reach: no such reach \"c\"");
        refused(TWO, "s1,b,12.5\n", "on_reach.csv, line 2: km: 12.5 lies outside of the reach b, which is 12 km long");
        refused(TWO, "s9,b,1\n", "on_reach.csv, line 2: station: no such code \"s9\"");
        refused(TWO, "s1,b,1\ns1,a,1\n", "on_reach.csv, line 3: s1 is there already");
        refused(&TWO.replace("下段", "上段"), "", "reaches.csv, line 3: name_zh: 上段 is another reach's name already");
        refused(&TWO.replace("b,下", "a,下"), "", "reaches.csv, line 3: a is there already");
        refused(
            &TWO.replace("n2,n3", "n2,n1"),
            "",
            "reaches.csv: from_node, to_node: the water runs in a circle: b → a",
        );
        refused(&TWO.replace("n2,n3", "n2,n2"), "", "reaches.csv, line 3: to_node: n2 is where it begins");
        refused(&TWO.replace("0.2,0.5,1,,", "0.6,0.5,1,,"), "", "reaches.csv, line 3: mean_m_s");
        refused(&TWO.replace("0.5,0.4,P", "0.5,,P"), "", "reaches.csv, line 2: exponent");
        refused(&TWO.replace("118.9 28.95,119.0", "118.7 28.95,119.0"), "", "reaches.csv, line 3: begin");
        refused(&TWO.replace("12,衢江", "12,钱江"), "", "reaches.csv, line 3: river");
        refused(&TWO.replace(",10,", ",0,"), "", "reaches.csv, line 2: length_km");
    }
}
