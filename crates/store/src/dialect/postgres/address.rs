//! Where the database is: `postgres://user:password@host:port/database?sslmode=…`.

use std::fmt;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::{Tls, Trust};
use crate::StoreError;

/// How long one try to connect may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// A peer that answers nothing for so long is gone.
const SILENT_MAX: Duration = Duration::from_secs(20);

/// An address, with its password; shows without it.
#[derive(Clone)]
pub(crate) struct Address {
    text: String,
    pub(super) config: Config,
    pub(super) tls: Tls,
    shown: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Whether an address is one of PostgreSQL.
pub(crate) fn is_postgres(address: &str) -> bool {
    address.starts_with("postgres://") || address.starts_with("postgresql://")
}

impl Address {
    /// # Errors
    /// When it cannot be read; the password is not in the error.
    pub(crate) fn parse(text: &str) -> Result<Self, StoreError> {
        let wrong = |why: &dyn fmt::Display| StoreError::Unavailable(format!("address of the database: {why}"));
        let (plain, asked) = split(text).map_err(|why| wrong(&why))?;
        let mut config: Config = plain.parse().map_err(|e: tokio_postgres::Error| wrong(&cause(&e)))?;
        if config.get_hosts().is_empty() {
            return Err(wrong(&"no host"));
        }
        let local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        config.ssl_mode(if local { SslMode::Disable } else { asked.mode });
        config.connect_timeout(CONNECT_MAX).tcp_user_timeout(SILENT_MAX);
        config
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
        let tls = Tls::new(&asked.trust).map_err(|e| wrong(&e))?;
        let shown = shown(&config);
        Ok(Self { text: text.to_owned(), config, tls, shown })
    }

    /// The whole address for the pool, password and all.
    pub(crate) fn expose(&self) -> &str {
        &self.text
    }
}

fn cause(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// What the address asks of the line.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    mode: SslMode,
    trust: Trust,
}

/// Takes apart what the two drivers read differently.
fn split(text: &str) -> Result<(String, Asked), String> {
    let (base, query) = text.split_once('?').unwrap_or((text, ""));
    let (mut mode, mut authorities, mut rest) = ("prefer", None, Vec::new());
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode" | "ssl-mode", said)) => mode = said,
            Some(("sslrootcert" | "ssl-root-cert" | "ssl-ca", file)) => authorities = Some(file.replace("%2F", "/")),
            _ => rest.push(pair),
        }
    }
    let (mode, trust) = match mode {
        "disable" => (SslMode::Disable, Trust::Anybody),
        "allow" | "prefer" => (SslMode::Prefer, Trust::Anybody),
        "require" => (SslMode::Require, Trust::Anybody),
        "verify-ca" | "verify-full" => (SslMode::Require, Trust::Verified(authorities)),
        other => return Err(format!("sslmode {other:?} is not disable, prefer, require or verify-full")),
    };
    let plain = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    Ok((plain, Asked { mode, trust }))
}

fn shown(config: &Config) -> String {
    let host = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    };
    let hosts: Vec<String> = config.get_hosts().iter().map(host).collect();
    let port = config.get_ports().first().copied().unwrap_or(5_432);
    format!("postgres://{}:{port}/{}", hosts.join(","), config.get_dbname().or(config.get_user()).unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let address =
            Address::parse("postgres://u:s3cr3t@db.example:5433/shanshui?sslmode=require").expect("an address");
        assert_eq!(address.to_string(), "postgres://db.example:5433/shanshui");
        assert!(!format!("{address:?} {:?}", address.config).contains("s3cr3t"));
        assert_eq!(
            Address::parse("postgres://u@/x?host=/run/pg").expect("an address").to_string(),
            "postgres:///run/pg:5432/x"
        );
        for wrong in [
            "postgres://u:s3cr3t@db.example:port/x",
            "postgres://u:s3cr3t@h/x?sslmode=maybe",
            "postgres://u:s3cr3t@h/x?what=1",
        ] {
            let error = Address::parse(wrong).expect_err(wrong).to_string();
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }

    #[test]
    fn the_line_is_as_safe_as_asked() {
        let asked = |query: &str| split(&format!("postgres://h/x{query}")).map(|(_, asked)| asked);
        let is = |mode, trust| Ok(Asked { mode, trust });
        assert_eq!(asked(""), is(SslMode::Prefer, Trust::Anybody));
        assert_eq!(asked("?sslmode=disable&connect_timeout=3"), is(SslMode::Disable, Trust::Anybody));
        assert_eq!(asked("?sslmode=verify-full"), is(SslMode::Require, Trust::Verified(None)));
        let file = Trust::Verified(Some("/etc/ca.pem".into()));
        assert_eq!(asked("?sslrootcert=%2Fetc%2Fca.pem&sslmode=verify-full"), is(SslMode::Require, file));
    }
}
