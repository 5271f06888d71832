//! Live events to the browser (SSE): what changed, so that the page can fetch it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::{Stream, StreamExt};
use shanshui_domain::id::StationCode;
use shanshui_domain::right::{Right, Scope};
use tokio_stream::wrappers::BroadcastStream;

use super::auth::Visitor;
use super::present::sees;
use crate::app::{App, Live};

/// A stream ends after this time and the browser asks again: what it may see is found anew then.
const LASTS: Duration = Duration::from_mins(10);

/// The stream of changes the caller may see: events `readings` and `grades` (lists of stations), `alarm`, `case`, `device`,
/// `glass`, `eye` (a camera has seen something, or sees no more); `lost` when the reader was too slow and must read everything again; `renew` at its end, after some minutes: ask again.
#[utoipa::path(get, path = "/api/v1/events", tag = "system",
    responses((status = 200, content_type = "text/event-stream")))]
pub async fn events(State(app): State<App>, visitor: Visitor) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = futures::stream::once(async { Event::default().event("hello").data("{}") });
    let sight = Arc::new(Sight {
        stations: visitor.scope(Right::StationRead),
        alarms: visitor.scope(Right::AlarmRead),
        devices: visitor.scope(Right::DeviceRead),
        eye: visitor.scope(Right::EyeRead),
        visitor,
        app: app.clone(),
    });
    let rest = BroadcastStream::new(app.live()).filter_map(move |live| {
        let sight = Arc::clone(&sight);
        async move { sight.of(live.unwrap_or(Live::Lost)).await.map(|live| event(&live)) }
    });
    let until = rest.take_until(app.shutdown.clone().cancelled_owned()).take_until(tokio::time::sleep(LASTS));
    // the browser is told that this end is none to be afraid of
    let renew = futures::stream::once(async { Event::default().event("renew").data("{}") });
    Sse::new(first.chain(until).chain(renew).map(Ok)).keep_alive(KeepAlive::default())
}

/// What one browser may hear of.
struct Sight {
    app: App,
    visitor: Visitor,
    stations: Scope,
    alarms: Scope,
    devices: Scope,
    eye: Scope,
}

impl Sight {
    /// A change as far as it may be heard of.
    async fn of(&self, live: Live) -> Option<Live> {
        let some = |codes: Vec<StationCode>| -> Option<Vec<StationCode>> {
            let seen: Vec<_> = codes.into_iter().filter(|code| self.station(&self.stations, code)).collect();
            (!seen.is_empty()).then_some(seen)
        };
        match live {
            Live::Readings(codes) => some(codes).map(Live::Readings),
            Live::Grades(codes) => some(codes).map(Live::Grades),
            Live::Alarm(alarm) => {
                let heard = self.station(&self.alarms, &StationCode(alarm.station.clone()));
                heard.then_some(Live::Alarm(alarm))
            }
            Live::Case { id } => {
                let case = id.parse().ok()?;
                self.app.store.case_must_be_seen(&self.visitor, case).await.ok().map(|()| Live::Case { id })
            }
            Live::Device { mn } => {
                let station = self.app.registry.index().device(mn.as_bytes()).map(|d| d.device.station.clone())?;
                self.station(&self.devices, &station).then_some(Live::Device { mn })
            }
            Live::Eye(ref said) => self.station(&self.eye, &said.station).then_some(live),
            Live::Glass { person } => {
                let all = self.visitor.scope(Right::GlassRead).everywhere();
                all.then_some(Live::Glass { person })
            }
            Live::Lost => Some(Live::Lost),
        }
    }

    fn station(&self, scope: &Scope, code: &StationCode) -> bool {
        scope.everywhere() || self.app.station(code).is_some_and(|s| sees(scope, &s))
    }
}

fn event(live: &Live) -> Event {
    let (name, data) = match live {
        Live::Readings(stations) => ("readings", serde_json::json!({"stations": stations})),
        Live::Grades(stations) => ("grades", serde_json::json!({"stations": stations})),
        Live::Alarm(alarm) => ("alarm", serde_json::json!(alarm)),
        Live::Case { id } => ("case", serde_json::json!({"id": id})),
        Live::Device { mn } => ("device", serde_json::json!({"mn": mn})),
        Live::Glass { person } => ("glass", serde_json::json!({"person": person})),
        Live::Eye(said) => ("eye", serde_json::json!(said)),
        Live::Lost => ("lost", serde_json::json!({})),
    };
    Event::default().event(name).data(data.to_string())
}
