//! Commands to devices: checked, logged step by step, audited.

use std::time::Duration;

use shanshui_domain::id::{CommandId, Mn, PersonId};
use shanshui_domain::right::Caller;
use shanshui_store::{CommandRow, StoreError};

use super::convert::instant_in;
use super::view::{DeviceCommandIn, DeviceCommandView};
use crate::app::App;
use crate::error::ApiError;
use crate::ingest::{self, ExchangeError, Request, Step};
use crate::notes;
use crate::registry::DeviceEntry;

/// A node that was given a command begins within this time.
const BEGIN_MAX: Duration = Duration::from_secs(10);
/// Whoever waits for a command looks by itself so often.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

impl App {
    /// Sends a command and follows it to its end; what has happened so far is kept with every step.
    pub async fn send_command(
        &self,
        caller: &Caller,
        mn: Mn,
        input: DeviceCommandIn,
    ) -> Result<DeviceCommandView, ApiError> {
        if !self.config.hj212.commands {
            return Err(ApiError::Unavailable("hj212.commands is off".into()));
        }
        let entry = self.registry.index().device(mn.0.as_bytes()).cloned().ok_or(ApiError::NotFound)?;
        let (request, reason) = self.request(&entry, input)?;
        if !has_request(&request.cn, entry.edition) {
            let edition = entry.edition.as_str();
            return Err(ApiError::field("kind", format!("edition {edition} of HJ 212 has no request {}", request.cn)));
        }
        if reason.trim().is_empty() {
            return Err(ApiError::field("reason", "missing"));
        }
        let row = self.command(&mn, request, caller, reason).await?;
        Ok(self.command_view(row, &self.people()))
    }

    /// Asks for a request for a person, or for the program itself, and follows it to its end. The node that holds the device's
    /// line carries it out, whichever node was asked.
    pub async fn command(
        &self,
        mn: &Mn,
        request: Request,
        caller: &Caller,
        reason: String,
    ) -> Result<CommandRow, ApiError> {
        let (id, at) = (CommandId(uuid::Uuid::now_v7()), self.clock.now());
        let entry = self.registry.index().device(mn.0.as_bytes()).cloned().ok_or(ApiError::NotFound)?;
        request.frame(&entry, at, &self.zone).map_err(|e| ApiError::field("command", e))?;
        let node = self.holder(&entry).await?;
        let steps = match &node {
            Some(_) => Vec::new(),
            None => vec![Step::no_connection(at, ExchangeError::NotConnected.to_string())],
        };
        let steps = serde_json::to_string(&steps).unwrap_or_else(|_| "[]".into());
        let (mn, ended) = (mn.clone(), node.is_none().then_some(at));
        let (cn, area) = (request.cn, request.area);
        let person = caller.id().unwrap_or(PersonId(uuid::Uuid::nil()));
        let row = CommandRow { id, mn, cn, area, person, reason, at, steps, node: node.clone(), begun: None, ended };
        self.store.command_put(caller, row).await?;
        let Some(node) = node else {
            return Err(ApiError::Unavailable(ExchangeError::NotConnected.to_string()));
        };
        self.publish(notes::COMMAND, node.clone()).await?;
        self.follow(id, &node).await
    }

    /// The node whose connection speaks for a device.
    async fn holder(&self, entry: &DeviceEntry) -> Result<Option<String>, ApiError> {
        let here = entry.line().speaker().is_some();
        if here {
            return Ok(Some(self.store.node().to_string()));
        }
        Ok(self.store.line_holder(&entry.device.mn).await?.map(|h| h.node))
    }

    /// Waits for the end of a command. Should its node end first, or not begin, that is its last step.
    async fn follow(&self, id: CommandId, node: &str) -> Result<CommandRow, ApiError> {
        let asked = tokio::time::Instant::now();
        let mut ear = self.bells.went_on.listen();
        loop {
            let row = self.store.command(id).await?;
            if row.ended.is_some() || self.shutdown.is_cancelled() {
                return Ok(row);
            }
            let lives = self.store.node_lives(node).await?;
            let late = row.begun.is_none() && asked.elapsed() > BEGIN_MAX;
            if !lives || late {
                let (now, why) =
                    (self.clock.now(), if lives { "its node did not begin" } else { "its node has ended" });
                let step = serde_json::json!(Step::no_connection(now, why));
                let row = self.store.command_end(id, step, (now, !lives)).await?;
                if row.ended.is_some() {
                    return Ok(row);
                }
            }
            ear.wait(FOLLOW_EVERY).await;
        }
    }

    /// Carries out a command that was given to this node; what has happened so far is kept with every step.
    pub async fn carry_out(&self, id: CommandId) -> Result<(), StoreError> {
        let node = self.store.node().as_str();
        let Some(row) = self.store.command_begin(id, node, self.clock.now()).await? else { return Ok(()) };
        let (noted, mut steps) = tokio::sync::mpsc::unbounded_channel::<Step>();
        let mut note = move |step| {
            // the log below outlives the exchange
            let _kept = noted.send(step);
        };
        let request = Request { cn: row.cn, area: row.area };
        let exchange = async {
            let why = tokio::select! {
                done = self.ingest.exchange(&row.mn, request, &mut note) => done.err().map(|e| e.to_string()),
                () = self.shutdown.cancelled() => Some("its node ends".to_owned()),
            };
            if let Some(why) = why {
                note(Step::no_connection(self.clock.now(), why));
            }
            drop(note);
        };
        let log = async {
            let mut kept = Vec::new();
            while let Some(step) = steps.recv().await {
                let ended = step.is_last().then(|| self.clock.now());
                kept.push(step);
                let text = serde_json::to_string(&kept).unwrap_or_else(|_| "[]".into());
                self.store.command_steps(id, text, ended).await?;
                if let Err(error) = self.publish(notes::COMMAND, String::new()).await {
                    tracing::debug!(%error, "whoever asked will look by itself");
                }
            }
            Ok(())
        };
        let ((), logged) = tokio::join!(exchange, log);
        logged
    }

    fn request(&self, entry: &DeviceEntry, input: DeviceCommandIn) -> Result<(Request, String), ApiError> {
        let civil = |field: &str, text: &str| -> Result<String, ApiError> {
            Ok(ingest::civil(instant_in(field, text)?, &self.zone))
        };
        let span = |begin: &str, end: &str| -> Result<String, ApiError> {
            if instant_in("begin", begin)? > instant_in("end", end)? {
                return Err(ApiError::field("begin", "is after end"));
            }
            Ok(format!("BeginTime={},EndTime={}", civil("begin", begin)?, civil("end", end)?))
        };
        let request = |cn: &str, area: String| Request { cn: cn.to_owned(), area };
        Ok(match input {
            DeviceCommandIn::SetClock { reason } => {
                let now = ingest::civil(self.clock.now(), &self.zone);
                (request("1012", format!("SystemTime={now}")), reason)
            }
            DeviceCommandIn::RealInterval { seconds, reason } => {
                if !(30..=3_600).contains(&seconds) {
                    return Err(ApiError::field("seconds", "30 to 3600 (HJ 212-2017 RtdInterval)"));
                }
                (request("1062", format!("RtdInterval={seconds}")), reason)
            }
            DeviceCommandIn::Pull { data, begin, end, reason } => {
                let cn = match data.as_str() {
                    "real" => "2011",
                    "minute" => "2051",
                    "hour" => "2061",
                    "day" => "2031",
                    other => return Err(ApiError::field("data", format!("no such data {other:?}"))),
                };
                (request(cn, span(&begin, &end)?), reason)
            }
            DeviceCommandIn::SampleNow { factor, reason } => {
                (request("3012", format!("PolId={}", code("factor", &factor)?)), reason)
            }
            DeviceCommandIn::KeepSample { factor, reason } => {
                let area = match &factor {
                    Some(factor) => format!("PolId={}", code("factor", factor)?),
                    None => String::new(),
                };
                let cn = if entry.edition == hj212::Edition::V2025 { "3022" } else { "3015" };
                (request(cn, area), reason)
            }
            DeviceCommandIn::Info { info, factor, begin, end, reason } => {
                let mut parts = Vec::new();
                if let Some(factor) = &factor {
                    parts.push(format!("PolId={}", code("factor", factor)?));
                }
                parts.push(format!("InfoId={}", code("info", &info)?));
                if let (Some(begin), Some(end)) = (&begin, &end) {
                    parts.push(span(begin, end)?);
                }
                (request("3020", parts.join(",")), reason)
            }
        })
    }
}

/// Whether an edition knows a request of the centre, by the command table.
fn has_request(cn: &str, edition: hj212::Edition) -> bool {
    let year = &edition.as_str()[2..];
    let rows = cn.parse().map(hj212::command::rows).into_iter().flatten();
    rows.filter(|row| row.direction != "up").any(|row| row.editions.split(' ').any(|e| e == year))
}

fn code<'a>(field: &str, text: &'a str) -> Result<&'a str, ApiError> {
    let good = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if good { Ok(text) } else { Err(ApiError::field(field, "letters and digits, at most 12")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hj212::Edition::{V2005, V2017, V2025};

    #[test]
    fn a_request_is_sent_only_to_editions_that_have_it() {
        let check = |cn: &str, expected: [bool; 3]| {
            assert_eq!([V2005, V2017, V2025].map(|e| has_request(cn, e)), expected, "{cn}");
        };
        check("1012", [true, true, true]);
        check("2061", [true, true, true]);
        check("3015", [false, true, false]);
        check("3022", [false, false, true]);
        check("9999", [false, false, false]);
    }
}
