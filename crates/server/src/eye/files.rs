//! Files of events: a folder of each event, every file written whole or not at all, and never another in its place.

use std::fs;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shanshui_camera::{Area, blur};
use shanshui_domain::sense::eye::event::File;
use shanshui_domain::time::Instant;
use tokio::sync::Mutex;

use super::tracks::Moment;
use crate::app::App;
use crate::config::Config;

/// Bytes of a file of an event, at most.
const FILE_MAX: u64 = 512 << 20;

/// The folder of an event.
pub fn folder(app: &App, event: &str) -> PathBuf {
    folder_in(&app.config, event)
}

/// The same, by a configuration alone.
pub fn folder_in(config: &Config, event: &str) -> PathBuf {
    // ids rise with time: their first digits change every few weeks, so that no folder grows without end
    let part = event.get(..4).unwrap_or("other");
    config.eye.folder(&config.data).join("events").join(part).join(event)
}

/// What is wrong with a file of an event that should be there: missing, or not what it was.
pub fn fault(config: &Config, event: &str, file: &File) -> Option<String> {
    let path = folder_in(config, event).join(&file.name);
    match fs::File::open(&path).and_then(|mut open| digests_of(&mut open)) {
        Ok((_, found, _)) if found == file.sha256 => None,
        Ok(_) => Some(format!("{}: is not what it was", path.display())),
        Err(error) => Some(format!("{}: {error}", path.display())),
    }
}

/// SHA-256 and SM3, in hex.
pub fn digests(bytes: &[u8]) -> (String, String) {
    (hex::encode(Sha256::digest(bytes)), hex::encode(sm3::Sm3::digest(bytes)))
}

/// Keeps a file of an event, durable before it is told of; says what it is.
///
/// # Errors
/// When it cannot be written, or there is one of that name.
pub fn keep(
    app: &App,
    event: &str,
    (name, kind): (&str, &str),
    bytes: &[u8],
    span: (Instant, Instant),
) -> anyhow::Result<File> {
    let folder = folder(app, event);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let path = folder.join(name);
    let part = folder.join(format!("{name}.part"));
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::hard_link(&part, &path)?;
        fs::remove_file(&part)?;
        fs::File::open(&folder)?.sync_all()
    };
    write().with_context(|| path.display().to_string())?;
    let (sha256, sm3) = digests(bytes);
    Ok(File { name: name.into(), kind: kind.into(), size: bytes.len() as i64, sha256, sm3, span, boxes: Vec::new() })
}

/// Keeps a file that was made in the event's folder, under its name: however large it is, it does not pass through memory as a whole.
///
/// # Errors
/// When it cannot be read or named, or there is one of that name.
pub fn keep_made(
    app: &App,
    event: &str,
    (name, kind): (&str, &str),
    made: &Path,
    span: (Instant, Instant),
) -> anyhow::Result<File> {
    let folder = folder(app, event);
    let path = folder.join(name);
    let named = || -> std::io::Result<(u64, String, String)> {
        let mut file = fs::File::open(made)?;
        let digests = digests_of(&mut file)?;
        file.sync_all()?;
        fs::hard_link(made, &path)?;
        fs::remove_file(made)?;
        fs::File::open(&folder)?.sync_all()?;
        Ok(digests)
    };
    let (size, sha256, sm3) = named().with_context(|| path.display().to_string())?;
    let size = i64::try_from(size)?;
    Ok(File { name: name.into(), kind: kind.into(), size, sha256, sm3, span, boxes: Vec::new() })
}

/// Length, SHA-256 and SM3 of a file, read piece by piece.
fn digests_of(file: &mut fs::File) -> std::io::Result<(u64, String, String)> {
    let (mut sha256, mut sm3, mut size) = (Sha256::new(), sm3::Sm3::new(), 0);
    let mut piece = vec![0; 256 << 10];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok((size, hex::encode(sha256.finalize()), hex::encode(sm3.finalize()))),
            n => {
                sha256.update(&piece[..n]);
                sm3.update(&piece[..n]);
                size += n as u64;
            }
        }
    }
}

/// A file of an event, as it was kept.
///
/// # Errors
/// When it is not there, or is not what it was.
pub fn read(app: &App, event: &str, file: &File) -> anyhow::Result<Vec<u8>> {
    let path = path(app, event, &file.name)?;
    let size = fs::metadata(&path).with_context(|| path.display().to_string())?.len();
    ensure!(size <= FILE_MAX, "{}: too large", path.display());
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    ensure!(hex::encode(Sha256::digest(&bytes)) == file.sha256, "{}: is not what it was", path.display());
    Ok(bytes)
}

/// Where a file of an event lies.
///
/// # Errors
/// When its name is none.
pub fn path(app: &App, event: &str, name: &str) -> anyhow::Result<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    ensure!(!name.starts_with('.') && name.chars().all(plain), "{name:?} is no name of a file");
    Ok(folder(app, event).join(name))
}

/// Removes a file whose time is over.
///
/// # Errors
/// When it cannot be removed; one that is gone already is as good as removed.
pub fn remove(app: &App, event: &str, name: &str) -> anyhow::Result<()> {
    gone(&path(app, event, name)?)?;
    if name != CLIP {
        return Ok(());
    }
    // a copy goes with what it was made from
    let copy = folder(app, event).join(BLURRED_CLIP);
    blur::tidy(&copy);
    gone(&copy)
}

/// Where the boxes of a clip are kept.
pub const BOXES: &str = "clip.json";

/// Somebody or something on a clip: seconds from its beginning, what, left, top, right, bottom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boxed(pub f64, pub String, pub [f64; 4]);

impl Boxed {
    /// Everybody of a moment.
    pub(super) fn of(moment: &Moment, begin: Instant) -> impl Iterator<Item = Self> + '_ {
        let at = (moment.at.0 - begin.0) as f64 / 1e6;
        moment.tracks.iter().map(move |t| {
            let r = t.bbox;
            Self(at, t.label.clone(), [r.x0, r.y0, r.x1, r.y1].map(f64::from))
        })
    }
}

/// What is covered of a box: the face of a person, the plate of a vehicle, all of whatever nobody could name.
fn covered(label: &str, [x0, y0, x1, y1]: [f64; 4]) -> Area {
    let area = Area { x: x0 as f32, y: y0 as f32, w: (x1 - x0) as f32, h: (y1 - y0) as f32 };
    match label {
        "person" | "bicycle" => blur::face(area),
        "car" | "truck" | "bus" | "motorcycle" => blur::plate(area),
        _ => area,
    }
}

fn gone(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| path.display().to_string())
        }
        _ => Ok(()),
    }
}

/// The clip of an event.
pub const CLIP: &str = "clip.mp4";
/// A clip without faces, made once its recording is there.
const BLURRED_CLIP: &str = "clip.blurred.mp4";

/// Held while a clip is blurred.
static BLURRING: Mutex<()> = Mutex::const_new(());

/// Whether a clip is being blurred now.
pub fn is_blurring() -> bool {
    BLURRING.try_lock().is_err()
}

/// The clip of an event without faces; makes it where it is not there yet, one at a time.
///
/// # Errors
/// When clip or boxes are not there or not what they were, or the copy cannot be made.
pub async fn clip_without_faces(app: &App, event: &str, clip: &File, boxes: &File) -> anyhow::Result<PathBuf> {
    let alone = BLURRING.lock().await;
    let folder = folder(app, event);
    let to = folder.join(BLURRED_CLIP);
    if to.exists() {
        return Ok(to);
    }
    let (app, id, [clip, boxes], made) = (app.clone(), event.to_owned(), [clip, boxes].map(Clone::clone), to.clone());
    let work = tokio::task::spawn_blocking(move || -> anyhow::Result<()> {
        // whoever waits for the copy may go away: the work goes on, and nobody else begins before it ends
        let _alone = alone;
        // a face stays covered only where the boxes are those that were kept with this clip
        if let Some(fault) = fault(&app.config, &id, &clip) {
            bail!(fault);
        }
        let boxes: Vec<Boxed> = serde_json::from_slice(&read(&app, &id, &boxes)?)?;
        blurred_clip(&path(&app, &id, &clip.name)?, &made, &boxes, &|| !app.shutdown.is_cancelled())
    });
    work.await??;
    Ok(to)
}

/// Whether the clip of an event can be shown at once.
pub fn is_clip_ready(app: &App, event: &str) -> bool {
    folder(app, event).join(BLURRED_CLIP).exists()
}

/// A copy of a picture in which faces and plates cannot be recognised.
///
/// # Errors
/// When the picture cannot be read.
pub fn blurred(bytes: &[u8], file: &File) -> anyhow::Result<Vec<u8>> {
    let areas: Vec<_> = file.boxes.iter().map(|(_, label, bbox)| covered(label, *bbox)).collect();
    Ok(blur::blur_jpeg(bytes, &areas)?)
}

/// The same of a clip, into another file. A box holds until the next picture on which somebody was looked for.
///
/// # Errors
/// When the clip cannot be read or made anew.
fn blurred_clip(from: &Path, to: &Path, boxes: &[Boxed], go: &dyn Fn() -> bool) -> anyhow::Result<()> {
    const LOOKED_EVERY_S: f64 = 0.5;
    let place = |Boxed(at, label, bbox): &Boxed| blur::Place {
        area: covered(label, *bbox),
        from_s: *at,
        to_s: at + LOOKED_EVERY_S,
    };
    let places: Vec<_> = boxes.iter().map(place).collect();
    Ok(blur::blur_clip(from, &places, to, go)?)
}
