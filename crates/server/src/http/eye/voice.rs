//! Loudspeakers: what a station's says and by which way, what came of it, and a person's own voice.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use shanshui_domain::id::StationCode;
use shanshui_domain::place::Secret;
use shanshui_domain::right::{Caller, Right};
use shanshui_store::{SoundRow, VoiceRow};
use shanshui_voice::plan::{Hours, Rules};
use shanshui_voice::{Driver, Sound};
use utoipa::ToSchema;
use uuid::Uuid;

use super::event::detail_words;
use crate::app::App;
use crate::error::ApiError;
use crate::eye::voice::{self, Body as Spoken, Speaking, TEXT_MAX, Voice, Way};
use crate::http::auth::Visitor;
use crate::http::convert::instant_out;
use crate::http::extract::{Body, File, Path};
use crate::http::present::{sees, words};
use crate::http::view::{Problem, Words};

/// Bytes of a recording, at most.
pub const SOUND_BYTES_MAX: usize = 20 << 20;
/// Bytes of a piece of a voice, at most: a second.
const PIECE_BYTES_MAX: usize = 16_000;
/// Last times of speaking that are shown.
const LAST: usize = 30;

/// What came of speaking once.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpokenView {
    /// When.
    pub at: String,
    /// The event it was about.
    pub event: Option<String>,
    /// `sent`, `acknowledged`, `failed`, `silent`.
    pub result: String,
    /// How, and what was answered.
    pub detail: Words,
    /// Milliseconds to the first byte of sound.
    pub first_byte_ms: Option<i64>,
}

/// A station's loudspeaker.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoiceView {
    /// Version; 0 when nobody has said anything of one.
    pub version: i64,
    /// Text in Chinese; `{city}` and `{station}` stand for names.
    pub text_zh: String,
    /// Text in English.
    pub text_en: String,
    /// In which languages it is said.
    pub languages: Vec<String>,
    /// Whether a recording is played instead.
    pub file: bool,
    /// The way to it: `kind` is `none`, `browser`, `http`, `rtp`, `sip`; without what opens it.
    #[schema(value_type = Object)]
    pub driver: Value,
    /// How often it is said in one bout.
    pub repeat: u32,
    /// Seconds between two times.
    pub gap_s: u32,
    /// Seconds between two bouts.
    pub cooldown_s: u32,
    /// When nothing is said: minutes since midnight, from and to.
    pub quiet: Vec<[u16; 2]>,
    /// After how many times somebody is called to the microphone; 0: never.
    pub escalate_after: u32,
    /// What came of it lately.
    pub last: Vec<SpokenView>,
}

/// A loudspeaker as somebody sets it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoiceIn {
    /// The version that was looked at.
    base_version: i64,
    /// Text in Chinese.
    text_zh: String,
    /// Text in English.
    text_en: String,
    /// In which languages.
    languages: Vec<String>,
    /// A recording that is there goes on being played.
    #[serde(default)]
    file: bool,
    /// The way; `keep_address` in it leaves the address as it is.
    #[schema(value_type = Object)]
    driver: Value,
    /// How often.
    repeat: u32,
    /// Seconds between.
    gap_s: u32,
    /// Seconds between bouts.
    cooldown_s: u32,
    /// Quiet hours.
    quiet: Vec<[u16; 2]>,
    /// After how many times somebody is called; 0: never.
    escalate_after: u32,
}

/// What came of a try.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlayedView {
    /// `sent`, `acknowledged`, `failed`, `silent`.
    pub result: String,
    /// How, and what was answered.
    pub detail: Words,
    /// Milliseconds to the first byte of sound.
    pub first_byte_ms: Option<i64>,
}

fn there(app: &App, caller: &Caller, right: Right, code: &str) -> Result<StationCode, ApiError> {
    let station = app.station(&StationCode(code.to_owned())).ok_or(ApiError::NotFound)?;
    if !sees(&caller.scope(Right::EyeRead), &station) {
        return Err(ApiError::NotFound);
    }
    if sees(&caller.scope(right), &station) { Ok(station.code.clone()) } else { Err(ApiError::Forbidden) }
}

async fn view(app: &App, caller: &Caller, station: &StationCode, voice: Voice) -> Result<VoiceView, ApiError> {
    let last = app.store.spoken(caller, station, LAST).await?;
    let body = voice.body;
    let way = serde_json::to_value(body.way).map_err(|e| ApiError::Internal(e.into()))?;
    let last = last.into_iter().map(|s| SpokenView {
        at: instant_out(s.at),
        event: s.event,
        result: s.result.as_str().into(),
        detail: detail_words(&s.detail),
        first_byte_ms: s.ms,
    });
    Ok(VoiceView {
        version: voice.version,
        text_zh: body.text_zh,
        text_en: body.text_en,
        languages: body.languages,
        file: voice.sound.is_some(),
        driver: serde_json::json!({"kind": way, "address": body.address}),
        repeat: body.rules.repeats,
        gap_s: body.rules.gap_s,
        cooldown_s: body.rules.cool_down_s,
        quiet: body.rules.quiet.iter().map(|h| [h.from, h.to]).collect(),
        escalate_after: body.rules.escalate_after.unwrap_or(0),
        last: last.collect(),
    })
}

/// A station's loudspeaker.
#[utoipa::path(get, path = "/api/v1/sense/eye/voice/{station}", tag = "sense", operation_id = "eye_voice", params(("station" = String, Path)),
    responses((status = 200, body = VoiceView), (status = 404, body = Problem)))]
pub async fn voice_of(
    State(app): State<App>,
    visitor: Visitor,
    Path(station): Path<String>,
) -> Result<Json<VoiceView>, ApiError> {
    let station = there(&app, &visitor, Right::EyeRead, &station)?;
    let voice = voice::of(&app, &visitor, &station).await?;
    view(&app, &visitor, &station, voice).await.map(Json)
}

fn shown(driver: &Driver) -> String {
    match driver {
        Driver::Http(http) => crate::eye::shown_address(http.url.expose()),
        Driver::Rtp(rtp) => rtp.address.clone(),
        Driver::Sip(sip) => format!("sip:{}@{}", sip.user, sip.peer),
    }
}

/// The way as it was written: which, its address for people, and the driver's text with what opens it.
fn way_in(mut driver: Value, was: &Voice) -> Result<(Way, String, Secret), ApiError> {
    let wrong = |e: &dyn std::fmt::Display| ApiError::field("driver", e);
    let kind = driver["kind"].clone();
    let way: Way = serde_json::from_value(kind).map_err(|e| wrong(&e))?;
    if matches!(way, Way::None | Way::Browser) {
        return Ok((way, String::new(), Secret::new(String::new())));
    }
    let keeps = driver.as_object_mut().is_some_and(|o| o.remove("keep_address") == Some(Value::Bool(true)));
    if keeps && was.body.way == way {
        return Ok((way, was.body.address.clone(), was.secret.clone()));
    }
    if way == Way::Http && driver.get("body").is_none() {
        driver["body"] = serde_json::json!({"as": "wav"});
    }
    let text = driver.to_string();
    let parsed: Driver = serde_json::from_str(&text).map_err(|e| wrong(&e))?;
    parsed.check().map_err(|e| ApiError::BadField(words(e.zh(), format!("driver: {e}"))))?;
    Ok((way, shown(&parsed), Secret::new(text)))
}

/// What a rule of speaking may be, by its name.
fn rule_words(field: &str) -> Words {
    let (zh, en) = match field {
        "repeats" => ("重复次数：1至20次", "repeat: 1 to 20"),
        "gap_s" => ("重复间隔：1至600秒", "gap_s: 1 to 600"),
        "cool_down_s" => ("冷却时间：不短于重复间隔，至多86400秒", "cooldown_s: the gap to 86,400"),
        "quiet" => ("静音时段：至多16段，都在一天之内", "quiet: at most 16, each within a day"),
        _ => ("升级次数：1次至重复次数", "escalate_after: 1 to the number of repeats"),
    };
    words(zh, en)
}

fn body_in(input: VoiceIn, was: &Voice) -> Result<(Spoken, Secret, bool), ApiError> {
    for (zh, en, text) in [("中文播报词", "text_zh", &input.text_zh), ("英文播报词", "text_en", &input.text_en)]
    {
        if text.trim().is_empty() || text.chars().count() > TEXT_MAX {
            let (zh, en) = (format!("{zh}：1至{TEXT_MAX}字"), format!("{en}: 1 to {TEXT_MAX} characters"));
            return Err(ApiError::BadField(words(zh, en)));
        }
    }
    let known = |l: &String| l == "zh" || l == "en";
    if input.languages.is_empty() || input.languages.len() > 2 || !input.languages.iter().all(known) {
        return Err(ApiError::field("languages", "zh, en or both"));
    }
    let rules = Rules {
        repeats: input.repeat,
        gap_s: input.gap_s,
        cool_down_s: input.cooldown_s,
        quiet: input.quiet.iter().map(|[from, to]| Hours { from: *from, to: *to }).collect(),
        escalate_after: (input.escalate_after > 0).then_some(input.escalate_after),
        quiet_calls: false,
    };
    if let Some(field) = rules.wrong() {
        return Err(ApiError::BadField(rule_words(field)));
    }
    let (way, address, secret) = way_in(input.driver, was)?;
    let body = Spoken {
        text_zh: input.text_zh.trim().to_owned(),
        text_en: input.text_en.trim().to_owned(),
        languages: input.languages,
        speed: was.body.speed,
        rules,
        way,
        address,
    };
    Ok((body, secret, input.file))
}

async fn put(
    app: &App,
    visitor: &Visitor,
    station: &StationCode,
    (base, body, secret): (i64, &Spoken, Secret),
    (sound, new): (Option<String>, Option<SoundRow>),
) -> Result<VoiceView, ApiError> {
    let row = VoiceRow {
        station: station.clone(),
        version: base.saturating_add(1),
        body: serde_json::to_string(body).map_err(|e| ApiError::Internal(e.into()))?,
        secret,
        sound,
        by: Some(visitor.id()),
        at: app.clock.now(),
    };
    app.store.voice_put(visitor, row, new).await?;
    let voice = voice::of(app, visitor, station).await?;
    view(app, visitor, station, voice).await
}

/// Sets a station's loudspeaker: its next version.
#[utoipa::path(put, path = "/api/v1/sense/eye/voice/{station}", tag = "sense", operation_id = "eye_voice_put", params(("station" = String, Path)),
    request_body = VoiceIn, responses((status = 200, body = VoiceView), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub async fn voice_put(
    State(app): State<App>,
    visitor: Visitor,
    Path(station): Path<String>,
    Body(input): Body<VoiceIn>,
) -> Result<Json<VoiceView>, ApiError> {
    let station = there(&app, &visitor, Right::VoiceSpeak, &station)?;
    let was = voice::of(&app, &visitor, &station).await?;
    let base = input.base_version;
    let (body, secret, file) = body_in(input, &was)?;
    let sound = was.sound.filter(|_| file);
    put(&app, &visitor, &station, (base, &body, secret), (sound, None)).await.map(Json)
}

/// What would be played.
#[utoipa::path(get, path = "/api/v1/sense/eye/voice/{station}/sound", tag = "sense", operation_id = "eye_sound", params(("station" = String, Path)),
    responses((status = 200, description = "WAV; X-Sound-From says what made it: file, speech or tone", body = Vec<u8>, content_type = "audio/wav"),
        (status = 404, body = Problem), (status = 502, body = Problem)))]
pub async fn sound(
    State(app): State<App>,
    visitor: Visitor,
    Path(station): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let station = there(&app, &visitor, Right::EyeRead, &station)?;
    let voice = voice::of(&app, &visitor, &station).await?;
    let (sound, from) = voice::sound(&app, &station, &voice).await.map_err(not_heard)?;
    let headers = [(CONTENT_TYPE.as_str(), "audio/wav"), (CACHE_CONTROL.as_str(), "no-store"), ("x-sound-from", from)];
    Ok((headers, sound.to_wav()))
}

fn not_heard(why: String) -> ApiError {
    ApiError::NotHeard(words(why.clone(), why))
}

/// A recording that is played from now on instead of the text: a WAV file.
#[utoipa::path(post, path = "/api/v1/sense/eye/voice/{station}/sound", tag = "sense", operation_id = "eye_sound_put", params(("station" = String, Path)),
    request_body(content = Vec<u8>, content_type = "audio/wav"),
    responses((status = 200, body = VoiceView), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem)))]
pub async fn sound_put(
    State(app): State<App>,
    visitor: Visitor,
    Path(station): Path<String>,
    File(bytes): File,
) -> Result<Json<VoiceView>, ApiError> {
    let station = there(&app, &visitor, Right::VoiceSpeak, &station)?;
    Sound::from_wav(&bytes).map_err(|error| ApiError::BadField(words(error.zh(), error.to_string())))?;
    let was = voice::of(&app, &visitor, &station).await?;
    let id = Uuid::now_v7().to_string();
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let new = SoundRow { id: id.clone(), sha256, bytes: bytes.to_vec() };
    put(&app, &visitor, &station, (was.version, &was.body, was.secret), (Some(id), Some(new))).await.map(Json)
}

/// Speaks now, to try it or because somebody is there.
#[utoipa::path(post, path = "/api/v1/sense/eye/voice/{station}/play", tag = "sense", operation_id = "eye_play", params(("station" = String, Path)),
    responses((status = 200, body = PlayedView), (status = 404, body = Problem), (status = 502, body = Problem)))]
pub async fn play(
    State(app): State<App>,
    visitor: Visitor,
    Path(station): Path<String>,
) -> Result<Json<PlayedView>, ApiError> {
    let station = there(&app, &visitor, Right::VoiceSpeak, &station)?;
    let (result, detail, first_byte_ms) =
        voice::said(&app, &visitor, &station, None, &Speaking::default()).await.map_err(not_heard)?;
    Ok(Json(PlayedView { result: result.as_str().into(), detail: detail_words(&detail), first_byte_ms }))
}

/// A piece of a person's voice (喊话): 8 kHz, mono, 16 bits, little endian, some 200 ms. `X-Talk` names the call, `X-Talk-End` ends it.
#[utoipa::path(post, path = "/api/v1/sense/eye/voice/{station}/talk", tag = "sense", operation_id = "eye_talk", params(("station" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem), (status = 502, body = Problem)))]
pub async fn talk(
    State(app): State<App>,
    visitor: Visitor,
    Path(station): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let station = there(&app, &visitor, Right::VoiceSpeak, &station)?;
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let id = text("x-talk").filter(|id| (8..=64).contains(&id.len()));
    let id = id.ok_or_else(|| ApiError::field("x-talk", "a name of 8 to 64 characters"))?;
    let bytes = axum::body::to_bytes(request.into_body(), PIECE_BYTES_MAX).await.map_err(|_| ApiError::TooLarge)?;
    if !bytes.is_empty() {
        app.eye.voices.talk(&app, (&visitor, visitor.id()), &station, id, &bytes).await.map_err(not_heard)?;
    }
    if text("x-talk-end") == Some("1") {
        app.eye.voices.hang_up(id, visitor.id());
    }
    Ok(StatusCode::NO_CONTENT)
}
