//! `shanshui eye model add`: takes a model's file, checks it, and says what to write into the configuration.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use shanshui_vision::model::{FILE_MAX, Family, ModelSpec, Runtime, load};

use crate::cmd::ConfigArg;
use crate::config::Config;
use crate::outbound::Outbound;

/// The detector's model.
#[derive(Debug, clap::Subcommand)]
pub enum Model {
    /// Copy or fetch a model, check its SHA-256, load it and let it look at a grey picture; prints what to configure.
    Add {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// File, or address of one.
        #[arg(value_name = "PATH|URL")]
        from: String,
        /// SHA-256 that it must have, in hex.
        #[arg(long, value_name = "HEX")]
        sha256: String,
        /// Layout of its answer: nanodet, yolox, yolov8.
        #[arg(long, value_name = "FAMILY", default_value = "nanodet")]
        family: String,
        /// Height and width of its input.
        #[arg(long, value_name = "HxW", default_value = "256x416")]
        input: String,
    },
}

pub(super) fn run(model: Model) -> anyhow::Result<ExitCode> {
    let Model::Add { config, from, sha256, family, input } = model;
    let config = Config::load(config.config.as_deref())?;
    let family: Family =
        serde_json::from_value(family.as_str().into()).context("--family: nanodet, yolox or yolov8")?;
    let sides: Vec<u32> = input.split('x').filter_map(|n| n.parse().ok()).collect();
    let [height, width] = sides[..] else { bail!("--input: HxW, as 256x416") };
    let bytes = if from.starts_with("http://") || from.starts_with("https://") {
        super::super::runtime()?.block_on(fetched(&Outbound::new(&config.outbound), &from))?
    } else {
        read(&from)?
    };
    let folder = config.eye.folder(&config.data).join("models");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let part = folder.join(format!("{}.part", std::process::id()));
    let mut file = fs::File::create(&part).with_context(|| part.display().to_string())?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).with_context(|| part.display().to_string())?;
    let spec = ModelSpec {
        path: part.clone(),
        sha256: sha256.clone(),
        family,
        input: [height, width],
        labels: Vec::new(),
        runtime: Runtime::Rten,
        threads: 1,
        library: None,
    };
    if let Err(error) = load(&spec) {
        // it is no model of ours
        let _ = fs::remove_file(&part);
        bail!("{error} ({})", error.zh());
    }
    let name = from.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or("model.onnx");
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '_' }).collect();
    let to: PathBuf = folder.join(plain);
    fs::rename(&part, &to).with_context(|| to.display().to_string())?;
    let to = std::path::absolute(&to)?;
    let family = serde_json::to_value(family)?;
    println!(
        "[eye.model]\npath = {:?}\nsha256 = {:?}\nfamily = {family}\ninput = [{height}, {width}]",
        to.display().to_string(),
        sha256.to_lowercase()
    );
    Ok(ExitCode::SUCCESS)
}

fn read(from: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(from).with_context(|| from.to_owned())?;
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).with_context(|| from.to_owned())?;
    ensure!(bytes.len() as u64 <= FILE_MAX, "{from}: more than {FILE_MAX} bytes");
    Ok(bytes)
}

async fn fetched(outbound: &Outbound, url: &str) -> anyhow::Result<Vec<u8>> {
    let mut answer = outbound.client(url).await?.get(url).send().await?.error_for_status()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        ensure!((bytes.len() + chunk.len()) as u64 <= FILE_MAX, "{url}: more than {FILE_MAX} bytes");
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
