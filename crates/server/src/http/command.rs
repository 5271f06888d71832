//! Commands to devices: checked, logged step by step, audited.

use shanshui_domain::id::{CommandId, Mn, PersonId};
use shanshui_store::CommandRow;

use super::auth::Caller;
use super::convert::instant_in;
use super::view::{DeviceCommandIn, DeviceCommandView};
use crate::app::App;
use crate::error::ApiError;
use crate::ingest::{self, ExchangeError, Request, Step};
use crate::registry::DeviceEntry;

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
        if !has_request(request.cn, entry.edition) {
            let edition = entry.edition.as_str();
            return Err(ApiError::field("kind", format!("edition {edition} of HJ 212 has no request {}", request.cn)));
        }
        if reason.trim().is_empty() {
            return Err(ApiError::field("reason", "missing"));
        }
        let row = self.command(&mn, request, caller.id(), reason).await?;
        Ok(self.command_view(row, &self.people()))
    }

    /// Runs a request for a person, or for the program itself, with its log.
    pub async fn command(
        &self,
        mn: &Mn,
        request: Request,
        person: PersonId,
        reason: String,
    ) -> Result<CommandRow, ApiError> {
        let id = CommandId(uuid::Uuid::now_v7());
        let (cn, at) = (request.cn.to_owned(), self.clock.now());
        let mut row = CommandRow { id, mn: mn.clone(), cn, person, reason, at, steps: "[]".into() };
        self.store.command_put(row.clone()).await?;
        let detail = serde_json::json!({"mn": mn, "cn": request.cn, "area": request.area, "reason": row.reason});
        self.audit(Some(person), "device_command", &id.to_string(), detail).await?;
        let (noted, mut notes) = tokio::sync::mpsc::unbounded_channel::<Step>();
        let mut note = move |step| {
            // the log below outlives the exchange
            let _kept = noted.send(step);
        };
        let log = async {
            let mut steps = Vec::new();
            while let Some(step) = notes.recv().await {
                steps.push(step);
                row.steps = serde_json::to_string(&steps).unwrap_or_else(|_| "[]".into());
                self.store.command_put(row.clone()).await?;
            }
            Ok::<_, ApiError>(row)
        };
        let exchange = async {
            let done = self.ingest.exchange(mn, request, &mut note).await;
            drop(note);
            done
        };
        let (done, row) = tokio::join!(exchange, log);
        match done {
            Ok(()) => row,
            Err(ExchangeError::NoDevice) => Err(ApiError::NotFound),
            Err(error @ ExchangeError::NotConnected) => Err(ApiError::Unavailable(error.to_string())),
            Err(error @ ExchangeError::Encode(_)) => Err(ApiError::field("command", error)),
        }
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
        let request = |cn: &'static str, area: String| Request { cn, area };
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
