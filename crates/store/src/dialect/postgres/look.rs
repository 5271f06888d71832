//! A look at a server from outside.

use shanshui_domain::time::Instant;

use super::{Address, Purpose, Sync, connect, sql};
use crate::look::{Look, Server};
use crate::{Schema, StoreError};

/// Without any of these, what was committed may be gone after a crash of the server.
const DURABLE: &str = "SELECT name::text, setting::text FROM pg_settings \
    WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name";

pub(crate) async fn look(address: &str) -> Result<Look, StoreError> {
    let address = Address::parse(address)?;
    let session = connect(&address, &Purpose { name: "look", sync: Sync::Full }, |_| ()).await?;
    let client = &session.client;
    // what the server does by itself, not what this session has asked for
    client.batch_execute("RESET synchronous_commit").await.map_err(sql)?;
    let version = client.query_one("SELECT current_setting('server_version_num')::int8", &[]).await.map_err(sql)?;
    let settings = client.query(DURABLE, &[]).await.map_err(sql)?;
    let settings = settings.iter().map(|row| Ok((row.try_get(0).map_err(sql)?, row.try_get(1).map_err(sql)?)));
    let settings: Vec<_> = settings.collect::<Result<_, StoreError>>()?;
    let server = Server { version: version.try_get(0).map_err(sql)?, settings };
    let mut look = Look {
        schema: Schema { found: 0, known: crate::dialect::known() },
        faults: Vec::new(),
        newest: None,
        server: Some(server),
    };
    let there = client.query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[]).await.map_err(sql)?;
    if there.try_get(0).map_err(sql)? {
        let row = client.query_one("SELECT version FROM schema_version", &[]).await.map_err(sql)?;
        look.schema.found = row.try_get(0).map_err(sql)?;
        let newest =
            client.query_opt("SELECT arrived FROM telegram ORDER BY id DESC LIMIT 1", &[]).await.map_err(sql)?;
        look.newest = newest.map(|row| row.try_get(0).map(Instant).map_err(sql)).transpose()?;
    }
    Ok(look)
}
