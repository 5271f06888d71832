//! Stations and devices registered while the program runs: checked, kept, audited.

use shanshui_domain::id::{FactorCode, Mn, StationCode};
use shanshui_domain::place::{Device, PointText, Registration, Station, StationKind};
use shanshui_domain::right::Caller;
use shanshui_domain::standard::WaterBody;
use shanshui_store::StoreError;

use super::view::{DeviceIn, PointIn, StationIn};
use crate::app::App;
use crate::error::ApiError;
use crate::notes;

impl App {
    /// Registers a station with its points.
    pub async fn register_station(&self, caller: &Caller, input: StationIn) -> Result<(), ApiError> {
        let registration = registration(input)?;
        let code = registration.station.code.clone();
        let alone = self.registering.lock().await;
        if self.station(&code).is_some() {
            return Err(ApiError::Exists(format!("station {code}")));
        }
        let city = self.city().with(&registration).map_err(|faults| ApiError::BadRequest(faults.join("; ")))?;
        let body = serde_json::to_string(&registration).map_err(|e| ApiError::Internal(e.into()))?;
        let factors: Vec<FactorCode> = registration.points.iter().map(|p| p.factor.clone()).collect();
        let (row, now) = ((registration.station.clone(), body), self.clock.now());
        let kept = self.store.station_register(caller, row, factors, now).await;
        kept.map_err(|error| exists(error, || format!("station {code}")))?;
        self.city_put(city).await?;
        drop(alone);
        Ok(self.publish(notes::REGISTRY, String::new()).await?)
    }

    /// Registers a device.
    pub async fn register_device(&self, caller: &Caller, input: DeviceIn) -> Result<(), ApiError> {
        let station = self.station(&StationCode(input.station.clone()));
        let station = station.ok_or_else(|| ApiError::field("station", "no such station"))?;
        let st = match station.kind {
            StationKind::AirStation => "22",
            StationKind::Outlet => outlet_system(self, &station),
            _ => "21",
        };
        let plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 64
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        if !plain(&input.mn) {
            return Err(ApiError::field("mn", "1 to 64 letters, digits, - or _"));
        }
        if !plain(input.password.expose()) {
            return Err(ApiError::field("password", "1 to 64 letters, digits, - or _"));
        }
        if hj212::Edition::parse(&input.edition).is_none() {
            return Err(ApiError::field("edition", "2005, 2017 or 2025"));
        }
        if input.key.as_ref().is_some_and(|k| hj212::Sm4Key::from_hex(k.expose()).is_none()) {
            return Err(ApiError::field("key", "not 32 hex digits"));
        }
        if !(1..=86_400).contains(&input.interval_s) {
            return Err(ApiError::field("interval_s", "1 to 86400"));
        }
        let device = Device {
            mn: Mn(input.mn.clone()),
            station: station.code.clone(),
            st: st.into(),
            password: input.password,
            edition: input.edition,
            key: input.key,
            accept_modbus_crc: input.accept_modbus_crc,
            accept_swapped_modbus_crc: input.accept_swapped_modbus_crc,
            interval_s: input.interval_s,
        };
        let kept = self.store.device_register(caller, device, self.clock.now()).await;
        kept.map_err(|error| exists(error, || format!("device {}", input.mn)))?;
        self.devices_reload().await?;
        Ok(self.publish(notes::REGISTRY, String::new()).await?)
    }
}

fn exists(error: StoreError, what: impl FnOnce() -> String) -> ApiError {
    match error {
        StoreError::Conflict => ApiError::Exists(what()),
        other => other.into(),
    }
}

fn registration(input: StationIn) -> Result<Registration, ApiError> {
    let code = StationCode(input.code);
    let water = match input.water_body.as_deref() {
        None => None,
        Some(word) => {
            let body = WaterBody::parse(word).ok_or_else(|| ApiError::field("water_body", "river or lake"))?;
            Some(body)
        }
    };
    let points = input.points.into_iter().map(|p| point(&code, p)).collect();
    let station = Station {
        code,
        kind: input.kind.into(),
        name_zh: input.name.zh,
        name_en: input.name.en,
        county: input.county,
        lon: input.place.lon,
        lat: input.place.lat,
        water,
        target: input.target,
        enterprise: input.enterprise,
        unit: input.unit,
        demo: false,
        source_zh: "接口登记".into(),
        source_en: "registered by the API".into(),
    };
    Ok(Registration { v: Registration::FORMAT, station, points })
}

fn point(station: &StationCode, p: PointIn) -> PointText {
    let (bound, limit, cite) = p.limit.map_or_else(Default::default, |l| (l.bound, l.value, l.cite));
    let (name_zh, name_en) = (p.name.zh, p.name.en);
    let factor = FactorCode(p.factor);
    PointText {
        station: station.clone(),
        factor,
        name_zh,
        name_en,
        unit: p.unit,
        decimals: p.decimals,
        bound,
        limit,
        cite,
    }
}

/// Waste water (32) or exhaust gas (31), by what the outlet measures.
fn outlet_system(app: &App, station: &shanshui_domain::place::Station) -> &'static str {
    let gas = app.points_of(&station.code).iter().any(|p| p.point.factor.as_str().starts_with('a'));
    if gas { "31" } else { "32" }
}
