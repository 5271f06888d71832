//! `shanshui check`: is what is kept whole?

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use shanshui_domain::right::Caller;
use shanshui_domain::time::Zone;
use shanshui_store::{EventFilter, Finding, RootRow, Store, check_log};

use super::inputs::Inputs;
use super::keep::{existing, with_store};
use crate::app::registered;
use crate::config::Config;
use crate::eye::files;
use crate::ingest::Reader;
use crate::seal::Sealer;
use crate::vault::Vault;
use crate::{city, seal};

/// Telegrams in memory at a time.
const PAGE: usize = 1_024;
/// Damaged telegrams that are named.
const NAMED_MAX: usize = 5;

/// One JSON line per finding, exit 1 when something is wrong.
pub(super) fn run(path: Option<&Path>, audit: bool, readings: bool) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    existing(&config)?;
    let mut findings = Vec::new();
    if config.database.address().is_none() {
        // before it is opened
        findings.push(check_log(&config.database())?);
    }
    let looked = with_store(&config, async |store| look(path, &config, store, (audit, readings)).await);
    findings.extend(said("database", looked.with_context(|| config.store_shown())));
    for finding in &findings {
        println!("{}", serde_json::to_string(finding)?);
    }
    Ok(if findings.iter().all(|f| f.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn look(
    path: Option<&Path>,
    config: &Config,
    store: &Store,
    (audit, readings): (bool, bool),
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = if audit { store.check_chain_of_audit().await? } else { store.check().await? };
    findings.extend(said("audit signatures", signatures(config, store).await));
    if audit {
        return Ok(findings);
    }
    findings.extend(said("vault key", vault_key(config, store).await));
    let inputs = async { Ok(vec![Inputs::of(path, config)?.finding(store).await?]) };
    findings.extend(said("configuration and city packs", inputs.await));
    findings.extend(said("telegrams", telegrams(config, store, readings).await));
    findings.extend(said("files of events", files_of_events(config, store).await));
    Ok(findings)
}

/// Files of events against the digests in their chains.
async fn files_of_events(config: &Config, store: &Store) -> anyhow::Result<Vec<Finding>> {
    let (mut looked, mut faults, mut after) = (0, Vec::new(), None);
    loop {
        let page = store.eye_events(&Caller::machine(), &EventFilter::default(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.event.begun.entered, last.id.clone()));
        for row in &page {
            for (file, _) in row.event.files.iter().filter(|(_, there)| *there) {
                looked += 1;
                faults.extend(files::fault(config, &row.id, file));
            }
        }
    }
    let (count, whole) = (faults.len(), faults.is_empty());
    faults.truncate(NAMED_MAX);
    let detail = if whole { format!("{looked} files") } else { format!("{count} of {looked}: {}", faults.join("; ")) };
    Ok(vec![finding("files of events", whole, detail)])
}

/// What could not be looked at does not keep the rest from being looked at.
fn said(what: &str, found: anyhow::Result<Vec<Finding>>) -> Vec<Finding> {
    found.unwrap_or_else(|error| vec![finding(what, false, format!("{error:#}"))])
}

async fn signatures(config: &Config, store: &Store) -> anyhow::Result<Vec<Finding>> {
    let roots = store.audit_roots(&Caller::machine(), usize::MAX >> 1).await?;
    let copy = Some(config.audit.copy.as_path()).filter(|copy| copy.exists());
    let faults = seal::faults(&roots, copy)?;
    let detail = if faults.is_empty() { format!("{} signatures", roots.len()) } else { faults.join("; ") };
    let mut findings = vec![finding("audit signatures", faults.is_empty(), detail)];
    findings.extend(audit_key(config, &roots)?);
    Ok(findings)
}

fn finding(what: &str, ok: bool, detail: impl Into<String>) -> Finding {
    Finding { what: what.to_owned(), ok, detail: detail.into() }
}

/// The key that signs, where it lies here: a key that has changed signs on as if nothing had happened.
fn audit_key(config: &Config, roots: &[RootRow]) -> anyhow::Result<Option<Finding>> {
    let Some(newest) = roots.first().filter(|_| Sealer::path(config).exists()) else { return Ok(None) };
    let signer = Sealer::open(config)?.signer();
    let same = signer == newest.signer;
    let said =
        if same { String::new() } else { format!("it is not the key of the newest root; its public key is {signer}") };
    Ok(Some(finding("audit key", same, said)))
}

/// Whatever is sealed opens with a key that is here.
async fn vault_key(config: &Config, store: &Store) -> anyhow::Result<Vec<Finding>> {
    let state = store.sealed_state().await?;
    let sealed: u64 = state.by_key.iter().filter(|(key, _)| !key.is_empty()).map(|(_, count)| count).sum();
    if sealed == 0 {
        return Ok(Vec::new());
    }
    if Vault::open(config)?.names().is_empty() {
        return Ok(vec![finding("vault key", true, "not here")]);
    }
    let said = if state.shut.is_empty() { format!("{sealed} secrets") } else { state.shut.join("; ") };
    Ok(vec![finding("vault key", state.shut.is_empty(), said)])
}

/// Every telegram that has not moved against its CRC, and where it is asked for every reading against its telegram.
async fn telegrams(config: &Config, store: &Store, readings: bool) -> anyhow::Result<Vec<Finding>> {
    let pack = registered(store, city::load(&config.city_packs)?).await?;
    let zone = Zone::named(if config.zone.is_empty() { &pack.city.zone } else { &config.zone })?;
    let reader = Reader::of(store, &pack, zone).await?;
    let mut so_far = store.rereading(reader.current()).await?;
    let (mut after, upto) = so_far.span();
    let bar = ProgressBar::new((upto.0 - after.0).max(0).cast_unsigned());
    bar.set_style(ProgressStyle::with_template("telegrams {bar:30} {human_pos}/{human_len} {per_sec}")?);
    let (mut looked, mut damaged, mut named) = (0_u64, 0_u64, Vec::new());
    while after < upto {
        let page = store.telegrams_after(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        let passed = last.id.0 - after.0;
        after = last.id;
        let page: Vec<_> = page.into_iter().filter(|row| row.id <= upto).collect();
        for row in &page {
            looked += 1;
            let Some(fault) = reader.fault(&row.telegram) else { continue };
            damaged += 1;
            if named.len() < NAMED_MAX {
                named.push(format!("telegram {}: {fault}", row.id.0));
            }
        }
        if readings {
            let again: Vec<_> = page.iter().filter_map(|row| reader.again(row)).collect();
            store.reread(&mut so_far, again).await?;
        }
        bar.inc(passed.cast_unsigned());
    }
    bar.finish_and_clear();
    let said =
        if damaged == 0 { format!("{looked} looked at") } else { format!("{damaged} wrong: {}", named.join("; ")) };
    let mut findings = vec![finding("telegrams", damaged == 0, said)];
    if readings {
        findings.push(store.reread_all(so_far).await?);
    }
    Ok(findings)
}
