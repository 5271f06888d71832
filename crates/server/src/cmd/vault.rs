//! `shanshui vault`: the keys that seal secrets in the database.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Subcommand;
use shanshui_domain::right::Caller;
use shanshui_store::{SealedState, Store};

use super::keep::{existing, with_store};
use crate::clock::Clock;
use crate::config::Config;
use crate::vault::Vault;

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Print the names of the keys, how many secrets each seals, and what does not open. Exit 1 when something does not.
    Status,
    /// Put a new key before the others; it seals from now on. With several nodes, give all of them the file, then reseal.
    Add,
    /// Seal everything anew with the first key, in one commit.
    Reseal,
    /// Both: a new key, and everything sealed with it. For a program that runs on one machine; it may go on running.
    Rotate,
    /// Take away the keys that seal nothing any more.
    Forget,
    /// Give up what does not open because its key is lost: second factors are to be set up again, devices to be registered again.
    GiveUp,
}

pub(super) fn run(path: Option<&Path>, what: &What) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    existing(&config)?;
    let vault = Vault::open(&config)?;
    let now = Clock::system().now();
    match what {
        What::Status => {
            let state = with_store(&config, async |store| Ok(store.sealed_state().await?))?;
            for (name, count) in listed(&vault, &state) {
                println!("{name} {count}");
            }
            for reason in &state.shut {
                eprintln!("{reason}");
            }
            return Ok(if state.shut.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        What::Add => {
            vault.add_key()?;
            eprintln!("{}: {} seals from now on", vault.shown(), vault.names().join(", then "));
        }
        What::Reseal => reseal(&config)?,
        What::Rotate => {
            // a key that is to seal what it cannot open is no use
            with_store(&config, async |store| opens(store).await)?;
            vault.add_key()?;
            reseal(&config)?;
        }
        What::Forget => {
            let state = with_store(&config, async |store| Ok(store.sealed_state().await?))?;
            let gone = vault.keep_keys(|name| state.by_key.contains_key(name))?;
            eprintln!("{} keys taken away, {} left", gone.len(), vault.names().len());
        }
        What::GiveUp => {
            vault.ready()?;
            let gone = with_store(&config, async |store| Ok(store.give_up_sealed(&Caller::machine(), now).await?))?;
            for secret in &gone {
                println!("{secret}");
            }
            eprintln!("{} secrets given up", gone.len());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Every key there is or should be, with how many secrets it seals; `open` for those that are not sealed.
fn listed(vault: &Vault, state: &SealedState) -> Vec<(String, u64)> {
    let count = |name: &str| state.by_key.get(name).copied().unwrap_or_default();
    let mut all: Vec<(String, u64)> = vault.names().into_iter().map(|name| (name.clone(), count(&name))).collect();
    for (name, count) in &state.by_key {
        if !all.iter().any(|(known, _)| known == name) {
            all.push((if name.is_empty() { "open".to_owned() } else { name.clone() }, *count));
        }
    }
    all
}

fn reseal(config: &Config) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let done = with_store(config, async |store| {
        store.reseal(&Caller::machine(), now, false).await.context("everything stays as it was")
    })?;
    eprintln!("{done} secrets sealed anew");
    Ok(())
}

/// Everything that is sealed opens.
///
/// # Errors
/// When something does not: says what, and what can be done.
pub(crate) async fn opens(store: &Store) -> anyhow::Result<()> {
    let state = store.sealed_state().await?;
    ensure!(
        state.shut.is_empty(),
        "{} secrets do not open, the first of them {}; put the key back, or give them up with `shanshui vault give-up`",
        state.shut.len(),
        state.shut[0]
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn keys_without_secrets_and_secrets_without_keys_are_listed() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { data: folder.path().to_owned(), ..Config::default() };
        let vault = Vault::open(&config).expect("no key yet");
        vault.ready().expect("made");
        let ours = vault.names().remove(0);
        let by_key = BTreeMap::from([(String::new(), 2), ("0badc0de".to_owned(), 3)]);
        let state = SealedState { by_key, shut: Vec::new() };
        assert_eq!(listed(&vault, &state), [(ours, 0), ("open".to_owned(), 2), ("0badc0de".to_owned(), 3)]);
    }
}
