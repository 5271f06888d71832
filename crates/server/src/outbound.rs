//! Calls to the outside (对外调用): the one way by which this program asks another over HTTP.
//!
//! An address that somebody typed in must not become a way into the bureau's own network. Before each call the name is looked up, and
//! unless every address is a public one, or lies in a range of `outbound.allow`, nothing is sent. The call then goes to these
//! addresses and to no others, whatever the name says a moment later; no redirect is followed, no proxy is asked, and the answer has a
//! limit of size and time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::http;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::config::OutboundSection;

/// Bytes of an answer, at most.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// What calls itself so can be asked for.
const AGENT: &str = concat!("shanshui/", env!("CARGO_PKG_VERSION"));

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The address is none that is ever called.
    #[error("{0}: {1}")]
    Refused(String, &'static str),
    /// The name has no address.
    #[error("{0}: no address: {1}")]
    Unknown(String, std::io::Error),
    /// The answer is too long.
    #[error("{0}: the answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLong(String),
    /// The call failed.
    #[error("{0}")]
    Failed(#[from] reqwest::Error),
    /// The answer cannot be passed on.
    #[error(transparent)]
    Answer(#[from] http::Error),
}

/// Calls to the outside.
#[derive(Debug, Clone)]
pub struct Outbound {
    allow: Arc<[IpNet]>,
    timeout: Duration,
}

/// Where a call may go.
struct Target {
    url: Url,
    addresses: Vec<SocketAddr>,
}

/// Whatever the name: these addresses, which were looked at.
struct Pinned(Vec<SocketAddr>);

impl Resolve for Pinned {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(async { Ok(addresses) })
    }
}

impl Outbound {
    /// With the ranges that are allowed beside the public ones.
    pub fn new(section: &OutboundSection) -> Self {
        Self { allow: section.allow.clone().into(), timeout: Duration::from_secs(section.timeout_s) }
    }

    /// Whether an address may be called by other means than HTTP.
    pub fn allows(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.allow.iter().any(|net| net.contains(&ip)) || is_public(ip)
    }

    /// A client that calls the addresses which this one has now, and no others.
    ///
    /// # Errors
    /// When the address is refused.
    pub async fn client(&self, url: &str) -> Result<reqwest::Client, OutboundError> {
        let target = self.target(url).await?;
        Ok(self.pinned(target.addresses)?)
    }

    fn pinned(&self, addresses: Vec<SocketAddr>) -> reqwest::Result<reqwest::Client> {
        reqwest::Client::builder()
            .dns_resolver(Arc::new(Pinned(addresses)))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(self.timeout)
            .user_agent(AGENT)
            .build()
    }

    /// Sends a request, and gives the answer whatever its status.
    ///
    /// # Errors
    /// When the address is refused, or no whole answer comes in time; names the address.
    pub async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, OutboundError> {
        let (parts, body) = request.into_parts();
        let target = self.target(&parts.uri.to_string()).await?;
        let shown = target.url.to_string();
        let client = self.pinned(target.addresses)?;
        let sent = client.request(parts.method, target.url).headers(parts.headers).body(body).send();
        let mut answer = sent.await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(OutboundError::TooLong(shown));
            }
            bytes.extend_from_slice(&chunk);
        }
        let mut passed = http::Response::builder().status(status);
        if let Some(all) = passed.headers_mut() {
            *all = headers;
        }
        Ok(passed.body(bytes)?)
    }

    /// Looks an address up, and says whether it may be called.
    async fn target(&self, text: &str) -> Result<Target, OutboundError> {
        let refused = |why| OutboundError::Refused(text.to_owned(), why);
        let url = Url::parse(text).map_err(|_| refused("is no address"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("only http and https are called"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("a name or password does not belong in an address"));
        }
        let port = url.port_or_known_default().ok_or_else(|| refused("has no port"))?;
        let addresses: Vec<SocketAddr> = match url.host().ok_or_else(|| refused("has no host"))? {
            Host::Ipv4(ip) => vec![(ip, port).into()],
            Host::Ipv6(ip) => vec![(ip, port).into()],
            // what calls itself so is this machine, whatever a name server says of it (RFC 6761 §6.3)
            Host::Domain(name) if is_localhost(name) => vec![(Ipv4Addr::LOCALHOST, port).into()],
            Host::Domain(name) => {
                let found = tokio::net::lookup_host((name, port)).await;
                found.map_err(|e| OutboundError::Unknown(text.to_owned(), e))?.collect()
            }
        };
        let listed = |ip: IpAddr| self.allow.iter().any(|net| net.contains(&ip.to_canonical()));
        // one private address among several is as good as none: the next look-up could give it first
        if addresses.is_empty() || !addresses.iter().all(|a| listed(a.ip()) || is_public(a.ip())) {
            return Err(refused("is private, of this machine or reserved, and not in outbound.allow"));
        }
        if url.scheme() == "http" && !addresses.iter().all(|a| listed(a.ip())) {
            return Err(refused("over the public network only https is called"));
        }
        Ok(Target { url, addresses })
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether an address is one that anybody on the Internet may have, by the registries of special-purpose addresses (RFC 6890 and
/// those after it).
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(a == 0
        || a == 10
        || a == 127
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // global unicast, without protocol assignments, documentation, and 6to4, which carries any IPv4 address
    a & 0xe000 == 0x2000 && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8)) && a != 0x2002 && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbound(allow: &[&str]) -> Outbound {
        let allow = allow.iter().map(|net| net.parse().expect("a range")).collect();
        Outbound::new(&OutboundSection { allow, timeout_s: 5 })
    }

    /// Every way we know to write this machine, its network, or what looks like the outside and is not.
    const INWARD: [&str; 73] = [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://127.255.255.254/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0x7F.0x0.0x0.0x1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://0177.1/",
        "https://127.0.0.1./",
        "https://%31%32%37.0.0.1/",
        "https://127.0.0.1:8080/x?y=1",
        "https://①②⑦.0.0.1/",
        "https://127。0。0。1/",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://localhost./",
        "https://api.localhost/",
        "https://lo%63alhost/",
        "https://localhost/",
        "https://localhost:443/",
        "https://0/",
        "https://0.0.0.0/",
        "https://0.0.0.1/",
        "https://10.0.0.1/",
        "https://10.255.255.255/",
        "https://167772161/",
        "https://0x0a000001/",
        "https://012.0.0.1/",
        "https://172.16.0.1/",
        "https://172.31.255.255/",
        "https://0xac100001/",
        "https://192.168.1.1/",
        "https://192.168.257/",
        "https://3232235777/",
        "https://0xc0a80101/",
        "https://0300.0250.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://100.64.0.1/",
        "https://100.100.100.200/",
        "https://192.0.0.8/",
        "https://192.0.2.1/",
        "https://192.88.99.1/",
        "https://198.18.0.1/",
        "https://198.51.100.1/",
        "https://203.0.113.1/",
        "https://224.0.0.1/",
        "https://240.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001::1]/",
        "https://[2001:db8::1]/",
        "https://[3fff::1]/",
        "https://[fc00::1]/",
        "https://[fd12:3456::1]/",
        "https://[fe80::1]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://[100::1]/",
    ];

    #[tokio::test]
    async fn no_way_of_writing_it_leads_inside() {
        let outbound = outbound(&[]);
        for text in INWARD {
            let refused = outbound.target(text).await.err();
            assert!(matches!(refused, Some(OutboundError::Refused(..))), "{text}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn only_plain_calls_are_made() {
        let outbound = outbound(&["127.0.0.0/8"]);
        let check = async |text: &str, why: Option<&str>| {
            let said = outbound.target(text).await.err().map(|e| e.to_string());
            let told = said.as_deref().is_some_and(|said| why.is_some_and(|why| said.contains(why)));
            assert!(told || (said.is_none() && why.is_none()), "{text}: {said:?}");
        };
        check("https://127.0.0.1:1/", None).await;
        check("http://127.0.0.1:1/", None).await;
        check("http://[::ffff:127.0.0.1]:1/", None).await;
        check("https://[::1]/", Some("outbound.allow")).await;
        check("https://8.8.8.8/", None).await;
        check("http://8.8.8.8/", Some("only https")).await;
        check("https://[2606:4700::1]/", None).await;
        for text in ["file:///etc/passwd", "gopher://8.8.8.8/", "ftp://8.8.8.8/", "unix:/run/x", "data:,x"] {
            check(text, Some("only http and https")).await;
        }
        check("https://a:b@8.8.8.8/", Some("does not belong")).await;
        check("https://127.0.0.1@8.8.8.8/", Some("does not belong")).await;
        check("8.8.8.8", Some("no address")).await;
        check("https:///", Some("no address")).await;
    }

    #[tokio::test]
    async fn a_redirect_is_given_back_and_not_followed_and_an_endless_answer_is_cut() {
        use axum::response::Redirect;
        use axum::routing::get;
        let inner = axum::Router::new()
            .route("/away", get(|| async { Redirect::temporary("http://127.0.0.1:9/") }))
            .route("/long", get(|| async { vec![b'x'; ANSWER_BYTES_MAX + 1] }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("bound");
        let served = tokio::spawn(async move { axum::serve(listener, inner).await });
        let outbound = outbound(&["127.0.0.1/32"]);
        let ask = async |path: &str| {
            let request = http::Request::get(format!("http://{at}{path}")).body(Vec::new()).expect("a request");
            outbound.send(request).await
        };
        let answer = ask("/away").await.expect("an answer");
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key("location")), (307, true));
        assert!(matches!(ask("/long").await, Err(OutboundError::TooLong(_))));
        served.abort();
    }
}
