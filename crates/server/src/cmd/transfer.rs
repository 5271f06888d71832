//! `shanshui export`, `import`: everything that is kept, out of one store and into another, whatever engines they are.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use shanshui_history::History;
use shanshui_store::transfer::{HISTORY, Manifest, Place, Progress, Teller};
use shanshui_store::{Store, check_database};

use crate::config::Config;

/// `shanshui export TO`: an archive of the store of the configuration, also while the program runs.
pub(super) fn export(config: Option<&Path>, to: &Path, without_history: bool) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    super::keep::existing(&config)?;
    let (bar, teller) = bar();
    let address = config.store_address();
    let manifest = super::runtime()?.block_on(async {
        let history = if without_history { None } else { history_of(&config).await? };
        Ok::<_, anyhow::Error>(Store::export_with(&address, to, history.as_ref(), teller).await?)
    });
    bar.finish_and_clear();
    eprintln!("{}: {}", to.display(), summary(&manifest?));
    if without_history {
        tell_of_history(&config);
    }
    Ok(of_whole(&config))
}

/// Rows are copied, and their second copies made anew: what is damaged would look whole in a copy. So the source is looked at, and
/// whoever keeps copies is told that the earlier ones are needed.
pub(super) fn of_whole(config: &Config) -> ExitCode {
    if config.database.address().is_some() {
        return ExitCode::SUCCESS;
    }
    let detail = match check_database(&config.database()) {
        Ok(found) if found.ok => return ExitCode::SUCCESS,
        Ok(found) => found.detail,
        Err(error) => error.to_string(),
    };
    eprintln!(
        "此备份复制自已损坏的数据库，请保留更早的备份 / copied from a database that is damaged, keep the earlier copies: {detail}"
    );
    ExitCode::FAILURE
}

/// The history that a copy of the store takes along; none when the store stands by itself.
///
/// # Errors
/// When the store has handed rows over and the history is not there.
pub(super) async fn history_of(config: &Config) -> anyhow::Result<Option<History>> {
    if Store::handed_over(&config.store_address()).await?.is_none() {
        return Ok(None);
    }
    let place = config.history_place();
    let history =
        History::existing(&place, config.history.options()).await.with_context(|| format!("history {place}"))?;
    let history = history.with_context(|| {
        format!("history {place}: readings have moved there, and no table is there; --without-history copies the rest")
    })?;
    Ok(Some(history))
}

/// What has moved is not in a copy of the store alone: whoever makes one must know it.
pub(super) fn tell_of_history(config: &Config) {
    let place = config.history_place();
    if place.contains("://") || Path::new(&place).join("_delta_log").is_dir() {
        eprintln!(
            "历史数据不在此备份中，请随后另行复制 / the history is not in this copy, copy it too, after this one: {place}"
        );
    }
}

/// Where the history of a copy goes; none when it is left out.
pub(super) fn place_of(config: &Config, without_history: bool) -> Option<Place> {
    (!without_history).then(|| Place { location: config.history_place(), options: config.history.options() })
}

/// A store that was filled without its history answers nothing for what has moved: whoever filled it must know it.
pub(super) async fn tell_what_is_missing(config: &Config) -> anyhow::Result<()> {
    let Some(last) = Store::handed_over(&config.store_address()).await? else { return Ok(()) };
    let place = config.history_place();
    let history =
        History::existing(&place, config.history.options()).await.with_context(|| format!("history {place}"))?;
    let there = match history {
        Some(history) => history.committed(&last).await.with_context(|| format!("history {place}"))?,
        None => false,
    };
    if !there {
        eprintln!(
            "此前已移出的数据不在 {place}，放回之前无法读取 / what had moved is not at {place} and cannot be read until it is"
        );
    }
    Ok(())
}

/// `shanshui import FROM`: fills the empty store of the configuration.
pub(super) fn import(config: Option<&Path>, from: &Path, without_history: bool) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    super::keep::make_folder(&config)?;
    let (bar, teller) = bar();
    let (address, place) = (config.store_address(), place_of(&config, without_history));
    let manifest = super::runtime()?.block_on(async {
        let manifest = Store::import_with(from, &address, place.as_ref(), teller).await;
        let manifest = manifest.map_err(|error| say_how_to_go_on(error.into(), without_history))?;
        tell_what_is_missing(&config).await?;
        Ok::<_, anyhow::Error>(manifest)
    });
    bar.finish_and_clear();
    eprintln!("{}: {}", config.store_shown(), summary(&manifest?));
    Ok(ExitCode::SUCCESS)
}

/// The option that goes with a copy whose history is not to be put in place.
pub(super) fn say_how_to_go_on(error: anyhow::Error, without_history: bool) -> anyhow::Error {
    let said = error.to_string();
    let about_history =
        ["does not bring", "holds another table", "is not this store's"].iter().any(|words| said.contains(words));
    if about_history && !without_history {
        return error.context("--without-history fills the store without it");
    }
    error
}

fn summary(manifest: &Manifest) -> String {
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    let history = if bytes == 0 { String::new() } else { format!(", history of {bytes} bytes") };
    format!("{} tables, {rows} rows, schema {}{history}", manifest.tables.len(), manifest.schema)
}

/// A bar on standard error when somebody watches it.
pub(super) fn bar() -> (ProgressBar, Teller) {
    let bar = ProgressBar::new_spinner();
    let (known, unknown) =
        ("{msg:28} {bar:30} {human_pos}/{human_len} {per_sec}", "{msg:28} {spinner} {human_pos} {per_sec}");
    let bytes = "{msg:28} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}";
    let style =
        |template: &str| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let (told, mut table) = (bar.clone(), String::new());
    let teller = move |p: Progress<'_>| {
        if table != p.table {
            p.table.clone_into(&mut table);
            told.set_message(format!("{}/{} {}", p.number.0, p.number.1, p.table));
            let template = match p.of {
                Some(_) if p.table == HISTORY => bytes,
                Some(_) => known,
                None => unknown,
            };
            told.set_style(style(template));
            told.set_length(p.of.unwrap_or_default());
            told.reset_eta();
        }
        told.set_position(p.rows);
    };
    (bar, Box::new(teller))
}
