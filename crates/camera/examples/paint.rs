//! Paints the drawn camera into JPEGs, to look at: `cargo run -p shanshui-camera --example paint -- FOLDER`.

use std::path::PathBuf;

use jiff::Timestamp;
use shanshui_camera::drawn::{Mode, Painter, SAMPLING_AREA, Settings};
use shanshui_camera::jpeg;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".into()));
    let noon: Timestamp = "2026-06-01T04:00:00Z".parse()?;
    let shots = [
        ("empty", 0.0, Mode::Normal),
        ("walks", 27.0, Mode::Normal),
        ("stands", 36.0, Mode::Normal),
        ("covered", 0.0, Mode::Covered),
        ("moved", 0.0, Mode::Moved),
    ];
    let night = [("dawn", -5.6 * 3600.0), ("night", 10.0 * 3600.0 + 36.0)];
    let all = shots.into_iter().chain(night.map(|(n, s)| (n, s, Mode::Normal)));
    for (name, s, mode) in all {
        let mut painter = Painter::new(Settings { mode, ..Settings::default() }, 1280);
        let at = noon.checked_add(jiff::SignedDuration::from_millis((s * 1000.0) as i64))?;
        let Some(mut picture) = painter.paint(at) else { continue };
        if name == "stands" {
            jpeg::draw_polygon(&mut picture, &SAMPLING_AREA, [255, 210, 0]);
        }
        std::fs::write(folder.join(format!("{name}.jpg")), jpeg::encode(&picture, 90)?)?;
    }
    Ok(())
}
