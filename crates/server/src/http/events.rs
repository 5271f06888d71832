//! Live events to the browser (SSE): what changed, so that the page can fetch it.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::{Stream, StreamExt};
use tokio_stream::wrappers::BroadcastStream;

use super::auth::Caller;
use crate::app::{App, Live};

/// The stream of changes: events `readings` and `grades` (lists of stations), `alarm`, `case`, `device`; `lost` when the reader was too slow and must
/// read everything again.
#[utoipa::path(get, path = "/api/v1/events", tag = "system",
    responses((status = 200, content_type = "text/event-stream")))]
pub async fn events(State(app): State<App>, _caller: Caller) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = futures::stream::once(async { Event::default().event("hello").data("{}") });
    let rest = BroadcastStream::new(app.live()).map(|live| match live {
        Ok(live) => event(&live),
        Err(_) => Event::default().event("lost").data("{}"),
    });
    let until_shutdown = rest.take_until(app.shutdown.clone().cancelled_owned());
    Sse::new(first.chain(until_shutdown).map(Ok)).keep_alive(KeepAlive::default())
}

fn event(live: &Live) -> Event {
    let (name, data) = match live {
        Live::Readings(stations) => ("readings", serde_json::json!({"stations": stations})),
        Live::Grades(stations) => ("grades", serde_json::json!({"stations": stations})),
        Live::Alarm(alarm) => ("alarm", serde_json::json!(alarm)),
        Live::Case { id } => ("case", serde_json::json!({"id": id})),
        Live::Device { mn } => ("device", serde_json::json!({"mn": mn})),
        Live::Lost => ("lost", serde_json::json!({})),
    };
    Event::default().event(name).data(data.to_string())
}
