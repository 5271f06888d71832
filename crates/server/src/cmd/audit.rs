//! `shanshui audit`: sealing by hand, proofs, the public key.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use shanshui_domain::right::Caller;
use shanshui_store::StoreError;

use super::keep::with_store;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::audit::proof_view;
use crate::seal::Sealer;

/// What to do with the audit.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Print the public key that signs the roots. Write it down where nobody who holds the database can change it.
    Key,
    /// Sign what has come since the last root, now and not at the next hour.
    Seal,
    /// Accept that a chain is broken, once somebody has looked at it: it goes on behind the break, which every check tells of from then
    /// on. Nothing is mended.
    Accept {
        /// Which chain: `audit`, or `case:` with the case's id, as `check` names it.
        stream: String,
        /// Who has looked, what it was, where that is written down.
        #[arg(long)]
        reason: String,
    },
    /// Prove that an entry is under a signed root: JSON that anybody can check without this program.
    Prove {
        /// Number of the entry.
        seq: u64,
    },
}

pub(super) fn run(config: Option<&Path>, what: &What) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    super::keep::existing(&config)?;
    match what {
        What::Key => println!("{}", Sealer::open(&config)?.signer()),
        What::Seal => {
            let sealer = Sealer::open(&config)?;
            let sealed = with_store(&config, async |store| sealer.seal(store, Clock::system().now()).await)?;
            match sealed {
                Some(root) => eprintln!("{} entries, root {}", root.size, root.root),
                None => eprintln!("nothing has come since the last root"),
            }
        }
        What::Accept { stream, reason } => {
            ensure!(
                reason.trim().chars().count() >= 10,
                "--reason: say who has looked and what it was, in ten characters at least"
            );
            let now = Clock::system().now();
            let done = with_store(&config, async |store| {
                store.chains_look(now, Some(stream)).await?;
                match store.chain_accept(&Caller::machine(), stream, reason.trim(), now).await {
                    Err(StoreError::NotFound) => bail!("{stream}: no break of it is known"),
                    other => Ok(other?),
                }
            })?;
            eprintln!("{stream}: {done} accepted");
        }
        What::Prove { seq } => {
            let proof = with_store(&config, async |store| match store.audit_proof(&Caller::machine(), *seq).await {
                Err(StoreError::NotFound) => {
                    Err(StoreError::NotFound).with_context(|| format!("{seq}: no such entry, or no root over it yet"))
                }
                other => Ok(other?),
            })?;
            println!("{}", serde_json::to_string_pretty(&proof_view(&proof))?);
        }
    }
    Ok(ExitCode::SUCCESS)
}
