//! The whole crate over real files, in this process and on a cluster of this process.

#[path = "../../examples/measure/made/mod.rs"]
#[allow(dead_code)]
mod made;

mod air;
mod cluster;
mod statistics;

use shanshui_query::{Place, S3, Settings};

fn place(folder: &tempfile::TempDir) -> Place {
    Place::open(folder.path().to_str().expect("plain path"), &S3::default()).expect("the folder exists")
}

fn two_threads() -> Settings {
    Settings { threads: 2, ..Settings::default() }
}
