//! Chains are walked at the start and once a day, and every node knows which are broken.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use shanshui_store::{BreakRow, StoreError};

use crate::app::App;

/// How often a node asks what others have found, or somebody has accepted.
const ASK_EVERY: Duration = Duration::from_secs(15);

/// Chains that are broken, as this node knows it.
#[derive(Debug, Clone, Default)]
pub struct Chains(Arc<RwLock<Vec<BreakRow>>>);

impl Chains {
    /// Breaks that nobody has accepted.
    pub fn broken(&self) -> Vec<BreakRow> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, broken: Vec<BreakRow>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = broken;
    }
}

/// Walks every chain, or one, and says loudly what is broken.
pub(super) async fn look(app: &App, only: Option<&str>) -> Result<(), StoreError> {
    let broken = app.store.chains_look(app.clock.now(), only).await?;
    for row in &broken {
        tracing::error!(
            stream = row.stream,
            link = row.link,
            what = row.what,
            "a chain is broken; it can only be read"
        );
    }
    app.chains.set(broken);
    Ok(())
}

/// The look at the start.
pub(super) async fn first(app: App) {
    if let Err(error) = look(&app, None).await {
        tracing::warn!(%error, "the chains could not be walked");
    }
}

impl App {
    /// Somebody came upon a break in a chain: it is written down, unless it is known.
    pub(crate) async fn chain_is_broken(&self, stream: &str) -> Result<(), StoreError> {
        if self.chains.broken().iter().any(|row| row.stream == stream) {
            return Ok(());
        }
        look(self, Some(stream)).await
    }
}

/// Keeps a node told, until the program ends.
pub(super) async fn follow(app: App) {
    loop {
        match app.store.chain_breaks().await {
            Ok(rows) => app.chains.set(rows.into_iter().filter(|row| row.accepted.is_none()).collect()),
            Err(error) => tracing::warn!(%error, "whether chains are broken could not be asked"),
        }
        tokio::select! {
            () = tokio::time::sleep(ASK_EVERY) => {}
            () = app.shutdown.cancelled() => return,
        }
    }
}
