//! What one device is and measures, and what befalls it: everything [`super::play()`] needs, and nothing that changes.

use hj212::{Edition, Sm4Key};
use shanshui_domain::place::{CityPack, Device as Registered};
use shanshui_domain::time::{Instant, Period, PeriodKind, Zone};

use super::stamp;
use super::tally;
use super::value::{Series, mix};

/// Seconds between the four values of a spike: all within two minutes.
const SPIKE_STEP_S: i64 = 30;
/// The spike of the article that this scenario replays, in the digits it was seen.
const SPIKE: [&str; 4] = ["7.91", "9.34", "10.21", "8.47"];
/// Values behind one statistic of a period.
const PERIOD_SAMPLES: i64 = 60;

/// Something that befalls a station.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// pH 7.91 → 9.34 → 10.21 → 8.47 within two minutes (突变).
    Spike {
        /// Station code.
        station: String,
        /// Of the first value.
        at: Instant,
    },
    /// A factor beyond its limit for a while (超标).
    Exceed {
        /// Station code.
        station: String,
        /// Factor code.
        factor: String,
        /// First moment.
        from: Instant,
        /// First moment after.
        until: Instant,
        /// Value around which it moves, in the point's unit; none: two fifths beyond the point's limit.
        value: Option<f64>,
    },
    /// Nothing is sent (断线); the logger goes on measuring, a history pull finds its data.
    Dead {
        /// Station code.
        station: String,
        /// First moment.
        from: Instant,
        /// First moment after.
        until: Instant,
    },
}

impl Event {
    fn station(&self) -> &str {
        match self {
            Self::Spike { station, .. } | Self::Exceed { station, .. } | Self::Dead { station, .. } => station,
        }
    }
}

/// A run of a city.
#[derive(Debug, Clone, Default)]
pub struct Scenario {
    /// Decides every value.
    pub seed: u64,
    /// What happens.
    pub events: Vec<Event>,
    /// Send minute, hour and day data at the end of their periods.
    pub periods: bool,
    /// Real-time interval of every device in seconds; none: as registered.
    pub interval_s: Option<u32>,
}

/// One device.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Device id.
    pub mn: String,
    /// Station code.
    pub station: String,
    /// System code.
    pub st: String,
    /// Password.
    pub password: String,
    /// Edition it speaks.
    pub edition: Edition,
    /// Key of its encrypted data areas, 2025.
    pub key: Option<Sm4Key>,
    /// Real-time interval in seconds.
    pub interval_s: u32,
    /// Length of minute data in minutes.
    pub minute_interval: u32,
    /// Error of its clock in milliseconds; positive: it runs ahead.
    pub clock_offset_ms: i64,
    /// Factors.
    pub series: Vec<Series>,
    /// What befalls it.
    pub events: Vec<Event>,
    /// Decides every value.
    pub seed: u64,
    /// Zone of its clock.
    pub zone: Zone,
    /// Send minute, hour and day data.
    pub periods: bool,
}

/// Plans for all devices of a city pack.
pub fn city(pack: &CityPack, scenario: &Scenario) -> Vec<Plan> {
    let zone = Zone::named(&pack.city.zone).unwrap_or_default();
    pack.devices.iter().filter_map(|device| plan(pack, device, scenario, &zone)).collect()
}

fn plan(pack: &CityPack, device: &Registered, scenario: &Scenario, zone: &Zone) -> Option<Plan> {
    let kind = pack.stations.iter().find(|s| s.code == device.station)?.kind;
    let points = pack.points.iter().filter(|p| p.station == device.station);
    let events = scenario.events.iter().filter(|e| e.station() == device.station.as_str());
    let own = mix(scenario.seed ^ tally::fnv(device.mn.as_str().as_bytes()));
    Some(Plan {
        mn: device.mn.to_string(),
        station: device.station.to_string(),
        st: device.st.clone(),
        password: device.password.expose().to_owned(),
        edition: Edition::parse(&device.edition)?,
        key: device.key.as_ref().and_then(|k| Sm4Key::from_hex(k.expose())),
        interval_s: scenario.interval_s.unwrap_or(device.interval_s).max(1),
        minute_interval: 10,
        // clocks of loggers are a little wrong
        clock_offset_ms: (own % 3_000) as i64 - 1_500,
        series: points.map(|p| Series::of(kind, p)).collect(),
        events: events.cloned().collect(),
        seed: scenario.seed,
        zone: zone.clone(),
        periods: scenario.periods,
    })
}

impl Plan {
    /// Whether it sends nothing at a moment.
    pub fn dead(&self, at: Instant) -> Option<Instant> {
        self.events.iter().find_map(|e| match e {
            Event::Dead { from, until, .. } if *from <= at && at < *until => Some(*until),
            _ => None,
        })
    }

    /// The first moment of measuring after `after`: whole intervals, and the moments of a spike.
    pub fn next_sample(&self, after: Instant, interval_s: u32) -> Instant {
        let step = i64::from(interval_s.max(1)) * 1_000_000;
        let regular = (after.0.div_euclid(step) + 1) * step;
        let spikes = self.spike_moments().filter(|at| *at > after.0);
        Instant(spikes.fold(regular, i64::min))
    }

    fn spike_moments(&self) -> impl Iterator<Item = i64> {
        let starts = self.events.iter().filter_map(|e| match e {
            Event::Spike { at, .. } => Some(whole_seconds(*at)),
            _ => None,
        });
        starts.flat_map(|at| (0..4).map(move |i| at + i * SPIKE_STEP_S * 1_000_000))
    }

    /// The text of one factor at a moment.
    pub fn value(&self, series: &Series, at: Instant) -> String {
        for event in &self.events {
            match event {
                Event::Spike { at: start, .. } if series.factor == "w01001" => {
                    let step = (at.0 - whole_seconds(*start)).div_euclid(SPIKE_STEP_S * 1_000_000);
                    if let Some(text) = usize::try_from(step).ok().and_then(|i| SPIKE.get(i)) {
                        return (*text).to_owned();
                    }
                }
                Event::Exceed { factor, from, until, value, .. }
                    if *factor == series.factor && *from <= at && at < *until =>
                {
                    return series.text(series.exceeding(*value, self.seed, &self.station, at));
                }
                _ => {}
            }
        }
        series.text(series.at(self.seed, &self.station, &self.zone, at))
    }

    /// Real-time values of every factor.
    pub fn real(&self, at: Instant) -> Vec<(&str, String)> {
        self.series.iter().map(|s| (s.factor.as_str(), self.value(s, at))).collect()
    }

    /// Smallest, mean and largest value of every factor over a period.
    pub fn period(&self, period: Period) -> Vec<(&str, [String; 3])> {
        let step = ((period.end.0 - period.start.0) / PERIOD_SAMPLES).max(1_000_000);
        let moments = || (period.start.0..period.end.0).step_by(step as usize).map(Instant);
        let statistics = |series: &Series| {
            let values: Vec<f64> = moments().filter_map(|at| self.value(series, at).parse().ok()).collect();
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            [least, mean, most].map(|v| series.text(v))
        };
        self.series.iter().map(|s| (s.factor.as_str(), statistics(s))).collect()
    }

    /// The period of a kind that holds a moment; minute data last `minutes`.
    pub fn period_of(&self, kind: PeriodKind, at: Instant, minutes: u32) -> Option<Period> {
        match kind {
            PeriodKind::Minute => {
                let step = i64::from(minutes.max(1)) * 60_000_000;
                let start = at.0.div_euclid(step) * step;
                Some(Period { start: Instant(start), end: Instant(start + step) })
            }
            PeriodKind::Hour => Period::hour_of(at, &self.zone),
            PeriodKind::Day => Period::day_of(at, &self.zone),
            PeriodKind::Real | PeriodKind::Cycle | PeriodKind::Sample => None,
        }
    }

    /// A moment as it stands in `DataTime`.
    pub fn data_time(&self, at: Instant) -> String {
        stamp::text(&stamp::seconds(&self.zone, at)).to_owned()
    }
}

/// `DataTime` has whole seconds.
fn whole_seconds(at: Instant) -> i64 {
    at.0.div_euclid(1_000_000) * 1_000_000
}
