//! A look at a store from outside: nothing is opened for writing, made or brought up.

use std::path::Path;

use shanshui_domain::time::Instant;

use crate::dialect::postgres::is_postgres;
use crate::{Schema, StoreError};

/// What was seen.
#[derive(Debug, Clone)]
pub struct Look {
    /// Number of the schema, and the one that this program knows.
    pub schema: Schema,
    /// What the engine finds damaged at a quick look; empty when nothing.
    pub faults: Vec<String>,
    /// When the newest telegram arrived.
    pub newest: Option<Instant>,
    /// The server, when the store lies on one.
    pub server: Option<Server>,
}

/// A PostgreSQL server.
#[derive(Debug, Clone)]
pub struct Server {
    /// As it numbers itself: 150004 is 15.4.
    pub version: i64,
    /// Settings that decide whether what is committed survives a crash, with their values.
    pub settings: Vec<(String, String)>,
}

/// Looks at the store at an address: the path of a file that is there, or `postgres://…`.
///
/// # Errors
/// When it cannot be read at all.
pub async fn look(address: &str) -> Result<Look, StoreError> {
    if is_postgres(address) {
        return crate::dialect::postgres::look::look(address).await;
    }
    let path = Path::new(address).to_owned();
    let looked = tokio::task::spawn_blocking(move || crate::dialect::sqlite::file::look(&path));
    looked.await.map_err(|e| StoreError::Io(e.to_string()))?
}
