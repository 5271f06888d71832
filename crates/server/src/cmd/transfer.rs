//! `shanshui export`, `import`: everything that is kept, out of one store and into another, whatever engines they are.

use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use shanshui_store::Store;
use shanshui_store::transfer::{Manifest, Progress, Teller};

use crate::config::Config;

/// `shanshui export TO`: an archive of the store of the configuration, also while the program runs.
pub(super) fn export(config: Option<&Path>, to: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    super::keep::existing(&config)?;
    let (bar, teller) = bar();
    let manifest = super::runtime()?.block_on(Store::export(&config.store_address(), to, teller));
    bar.finish_and_clear();
    eprintln!("{}: {}", to.display(), summary(&manifest?));
    tell_of_history(&config);
    Ok(ExitCode::SUCCESS)
}

/// What has moved is not in a copy of the store: whoever makes one must know it.
pub(super) fn tell_of_history(config: &Config) {
    let place = config.history_place();
    if place.contains("://") || Path::new(&place).join("_delta_log").is_dir() {
        eprintln!(
            "历史数据不在此备份中，请随后另行复制 / the history is not in this copy, copy it too, after this one: {place}"
        );
    }
}

/// `shanshui import FROM`: fills the empty store of the configuration.
pub(super) fn import(config: Option<&Path>, from: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    super::keep::make_folder(&config)?;
    let (bar, teller) = bar();
    let manifest = super::runtime()?.block_on(Store::import(from, &config.store_address(), teller));
    bar.finish_and_clear();
    eprintln!("{}: {}", config.store_shown(), summary(&manifest?));
    Ok(ExitCode::SUCCESS)
}

fn summary(manifest: &Manifest) -> String {
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    format!("{} tables, {rows} rows, schema {}", manifest.tables.len(), manifest.schema)
}

/// A bar on standard error when somebody watches it.
fn bar() -> (ProgressBar, Teller) {
    let bar = ProgressBar::new_spinner();
    let (known, unknown) =
        ("{msg:28} {bar:30} {human_pos}/{human_len} {per_sec}", "{msg:28} {spinner} {human_pos} {per_sec}");
    let style =
        |template: &str| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let (told, mut table) = (bar.clone(), String::new());
    let teller = move |p: Progress<'_>| {
        if table != p.table {
            p.table.clone_into(&mut table);
            told.set_message(format!("{}/{} {}", p.number.0, p.number.1, p.table));
            told.set_style(style(if p.of.is_some() { known } else { unknown }));
            told.set_length(p.of.unwrap_or_default());
            told.reset_eta();
        }
        told.set_position(p.rows);
    };
    (bar, Box::new(teller))
}
