//! TLS of the program's own door (HTTPS), by rustls, with a certificate from files.
//!
//! The files are looked at each minute: a certificate that was renewed is used for the next connection, and one that cannot be read is
//! told and the old one stays. Handshakes run beside one another with a limit of time, so that whoever connects and says nothing keeps
//! nobody waiting.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tls_listener::TlsListener;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use crate::config::Http;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Who opened a connection, with TLS or without.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Connected<IncomingStream<'_, TlsListener<TcpListener, TlsAcceptor>>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener<TcpListener, TlsAcceptor>>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// The certificate in use.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    used: RwLock<(Option<Written>, Arc<CertifiedKey>)>,
}

/// When the two files were written.
type Written = (SystemTime, SystemTime);

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.used.read().unwrap_or_else(PoisonError::into_inner).1))
    }
}

impl Certificate {
    /// The one of the configuration; none without TLS.
    ///
    /// # Errors
    /// When a file cannot be read, holds nothing of its kind, or the two do not belong together; names the key and the file.
    pub fn open(http: &Http) -> anyhow::Result<Option<Arc<Self>>> {
        if !http.has_tls() {
            return Ok(None);
        }
        let (chain, key) = (http.tls_certificate.clone(), http.tls_key.clone());
        let used = RwLock::new((written(&chain, &key), Arc::new(read(&chain, &key)?)));
        Ok(Some(Arc::new(Self { chain, key, used })))
    }

    /// Reads the files again when they were written since; whether another certificate is used now.
    ///
    /// # Errors
    /// When they cannot be read; what was used before stays.
    pub fn look(&self) -> anyhow::Result<bool> {
        let now = written(&self.chain, &self.key);
        if now == self.used.read().unwrap_or_else(PoisonError::into_inner).0 {
            return Ok(false);
        }
        let new = Arc::new(read(&self.chain, &self.key)?);
        *self.used.write().unwrap_or_else(PoisonError::into_inner) = (now, new);
        Ok(true)
    }

    /// Looks at the files as long as the program runs.
    pub async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            match self.look() {
                Ok(false) => {}
                Ok(true) => tracing::info!(file = %self.chain.display(), "the certificate was renewed"),
                Err(error) => tracing::error!(
                    error = format!("{error:#}"),
                    "the new certificate cannot be used; the old one stays"
                ),
            }
        }
    }

    /// Puts TLS before a listener.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn listen(self: &Arc<Self>, listener: TcpListener) -> anyhow::Result<TlsListener<TcpListener, TlsAcceptor>> {
        let provider = Arc::new(ring::default_provider());
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(tls_listener::builder(acceptor).handshake_timeout(HANDSHAKE).listen(listener))
    }
}

fn written(chain: &Path, key: &Path) -> Option<Written> {
    let of = |path: &Path| fs::metadata(path).and_then(|m| m.modified()).ok();
    Some((of(chain)?, of(key)?))
}

fn read(chain: &Path, key: &Path) -> anyhow::Result<CertifiedKey> {
    let (in_chain, in_key) =
        (format!("http.tls_certificate {}", chain.display()), format!("http.tls_key {}", key.display()));
    let certificates = CertificateDer::pem_file_iter(chain).with_context(|| in_chain.clone())?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>().with_context(|| in_chain.clone())?;
    ensure!(!certificates.is_empty(), "{in_chain}: holds no certificate");
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| in_key.clone())?;
    CertifiedKey::from_der(certificates, key, &ring::default_provider())
        .with_context(|| format!("{in_key}: is not the key of {in_chain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(folder: &Path, name: &str) -> Http {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
        let (tls_certificate, tls_key) = (folder.join("cert.pem"), folder.join("key.pem"));
        fs::write(&tls_certificate, made.cert.pem()).expect("written");
        fs::write(&tls_key, made.signing_key.serialize_pem()).expect("written");
        Http { tls_certificate, tls_key, ..Http::default() }
    }

    #[test]
    fn a_certificate_is_read_again_when_it_was_renewed_and_stays_when_it_is_spoilt() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Certificate::open(&Http::default()).expect("nothing to read").is_none());
        let http = made(folder.path(), "a.example");
        let certificate = Certificate::open(&http).expect("good").expect("TLS");
        let used = || Arc::clone(&certificate.used.read().expect("not poisoned").1);
        let first = used();
        assert!(!certificate.look().expect("nothing is new"));
        let later = SystemTime::now() + Duration::from_mins(1);
        let touch = || {
            let key = fs::File::options().append(true).open(&http.tls_key);
            key.and_then(|file| file.set_modified(later)).expect("touched");
        };
        made(folder.path(), "b.example");
        touch();
        assert!(certificate.look().expect("renewed"));
        let second = used();
        assert_ne!(first.cert, second.cert);
        fs::write(&http.tls_certificate, "nothing").expect("written");
        let said = format!("{:#}", certificate.look().expect_err("spoilt"));
        assert!(said.contains("http.tls_certificate") && said.contains("no certificate"), "{said}");
        assert_eq!(used().cert, second.cert);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused_by_name() {
        let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let (http, foreign) = (made(folder.path(), "a.example"), made(other.path(), "a.example"));
        let check = |tls_key: PathBuf, word: &str| {
            let said = format!("{:#}", Certificate::open(&Http { tls_key, ..http.clone() }).expect_err("refused"));
            assert!(said.contains("http.tls_key") && said.contains(word), "{said}");
        };
        check(foreign.tls_key.clone(), "is not the key of");
        check(folder.path().join("gone.pem"), "gone.pem");
        check(http.tls_certificate.clone(), "cert.pem");
    }
}
