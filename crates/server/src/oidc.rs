//! The house that people log in at (统一身份认证): an OpenID Provider, asked by OpenID Connect Core 1.0 with the authorization code flow
//! and PKCE (RFC 7636).
//!
//! What the provider says of itself and its keys are kept for some minutes; a signature by a key that is not among them makes them be
//! read anew, so that keys may be rotated at any time. Clocks may differ by a minute.

use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreIdTokenClaims, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyAdditionalClaims, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, SubjectIdentifier, TokenResponse as _, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::clock::Clock;
use crate::config::{OidcClaim, OidcSection};
use crate::outbound::{Outbound, OutboundError};

/// Path at which the provider sends a browser back.
pub const RETURN_PATH: &str = "/api/v1/system/oidc/return";
/// What is known of the provider is read anew after this time.
const KNOWN_FOR: Duration = Duration::from_mins(10);
/// Between two readings because of an unknown key: whoever sends forged tokens must not make us ask at each.
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// Clocks may differ by so many seconds.
const SKEW_S: i64 = 60;
/// Words of `amr` (RFC 8176) that say that more than a password was asked for.
const SECOND_FACTORS: [&str; 3] = ["mfa", "otp", "hwk"];

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// The provider as configured; off when no issuer is.
pub struct Provider {
    on: Option<Settings>,
    outbound: Outbound,
    clock: Clock,
    known: tokio::sync::Mutex<Option<(Moment, Arc<CoreProviderMetadata>)>>,
}

struct Settings {
    issuer: IssuerUrl,
    client: ClientId,
    secret: Option<ClientSecret>,
    back: RedirectUrl,
    claim: OidcClaim,
}

/// What a browser carries, sealed, while its person is at the provider.
#[derive(Serialize, Deserialize)]
pub struct Begun {
    /// Ties the answer to this browser.
    pub state: String,
    nonce: String,
    verifier: String,
}

/// Somebody whom the provider knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who knows them.
    pub issuer: String,
    /// What they are called there, forever.
    pub subject: String,
    /// Login name that they may have here.
    pub login: Option<String>,
    /// Whether they have shown a second factor there.
    pub second_factor: bool,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let issuer = self.on.as_ref().map(|on| on.issuer.as_str());
        f.debug_struct("Provider").field("issuer", &issuer).finish_non_exhaustive()
    }
}

impl Provider {
    /// As the configuration says. The provider itself is asked at the first login only: it may be down when this program starts.
    ///
    /// # Errors
    /// When an address in the configuration is none or the secret's file cannot be read; names the key.
    pub fn open(section: &OidcSection, outbound: Outbound, clock: Clock) -> anyhow::Result<Self> {
        let on = section.is_on().then(|| Settings::of(section)).transpose()?;
        Ok(Self { on, outbound, clock, known: tokio::sync::Mutex::default() })
    }

    fn on(&self) -> anyhow::Result<&Settings> {
        self.on.as_ref().context("oidc.issuer is not set")
    }

    /// Whether people may log in there.
    pub fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// Sends somebody there: the address, and what their browser has to carry meanwhile.
    ///
    /// # Errors
    /// When the provider cannot be asked what it is.
    pub async fn begin(&self) -> anyhow::Result<(Url, Begun)> {
        let client = self.client(&*self.metadata(KNOWN_FOR).await?)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        let begun =
            Begun { state: state.secret().clone(), nonce: nonce.secret().clone(), verifier: verifier.secret().clone() };
        Ok((url, begun))
    }

    /// Whether an answer names the provider that was asked, where it names one (RFC 9207).
    pub fn is_from(&self, issuer: Option<&str>) -> bool {
        issuer.is_none_or(|said| self.on.as_ref().is_some_and(|on| on.issuer.as_str() == said))
    }

    /// Somebody came back with a code: who they are.
    ///
    /// # Errors
    /// When the provider does not take the code, or what it says does not hold.
    pub async fn finish(&self, code: String, begun: Begun) -> anyhow::Result<Known> {
        let client = self.client(&*self.metadata(KNOWN_FOR).await?)?;
        let exchange = client
            .exchange_code(AuthorizationCode::new(code))?
            .set_pkce_verifier(PkceCodeVerifier::new(begun.verifier))
            .request_async(&self.outbound);
        let answer = exchange.await.context("the code was not taken")?;
        let nonce = Nonce::new(begun.nonce);
        let claims = match self.claims(&client, &answer, &nonce) {
            Ok(claims) => claims,
            // the key may be newer than what we know
            Err(first) => {
                let anew = self.client(&*self.metadata(RENEW_EVERY).await?)?;
                self.claims(&anew, &answer, &nonce).map_err(|_| first)?
            }
        };
        let on = self.on()?;
        let subject = claims.subject().clone();
        let second_factor = claims
            .auth_method_refs()
            .is_some_and(|methods| methods.iter().any(|m| SECOND_FACTORS.contains(&m.as_str())));
        let login = match on.login(&claims) {
            Some(login) => Some(login),
            None => self.asked(&client, &answer, subject.clone()).await?,
        };
        Ok(Known { issuer: on.issuer.as_str().to_owned(), subject: subject.to_string(), login, second_factor })
    }

    /// The name as the provider gives it when it is asked; many give it there alone.
    async fn asked(
        &self,
        client: &Client,
        answer: &CoreTokenResponse,
        subject: SubjectIdentifier,
    ) -> anyhow::Result<Option<String>> {
        let Ok(question) = client.user_info(answer.access_token().clone(), Some(subject)) else { return Ok(None) };
        let said: UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim> =
            question.request_async(&self.outbound).await.context("the provider was asked for the name")?;
        Ok(match self.on()?.claim {
            OidcClaim::PreferredUsername => said.preferred_username().map(|name| name.to_string()),
            OidcClaim::Email => {
                said.email().filter(|_| said.email_verified() == Some(true)).map(|mail| mail.to_string())
            }
            OidcClaim::Sub => Some(said.subject().to_string()),
        })
    }

    fn claims(&self, client: &Client, answer: &CoreTokenResponse, nonce: &Nonce) -> anyhow::Result<CoreIdTokenClaims> {
        let token = answer.id_token().context("there is no ID token")?;
        let now = self.now()?;
        let issued = move |at: DateTime<Utc>| {
            if at.timestamp() <= now.timestamp() + SKEW_S { Ok(()) } else { Err("is issued in the future".to_owned()) }
        };
        let verifier = client
            .id_token_verifier()
            .set_time_fn(move || now - chrono::Duration::seconds(SKEW_S))
            .set_issue_time_verifier_fn(issued);
        Ok(token.claims(&verifier, nonce).context("the ID token does not hold")?.clone())
    }

    fn now(&self) -> anyhow::Result<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.clock.now().0).context("the clock")
    }

    /// What the provider says of itself, read anew when it is older than this.
    async fn metadata(&self, older: Duration) -> anyhow::Result<Arc<CoreProviderMetadata>> {
        let mut known = self.known.lock().await;
        if let Some((read, metadata)) = &*known
            && read.elapsed() < older
        {
            return Ok(Arc::clone(metadata));
        }
        let issuer = self.on()?.issuer.clone();
        let read = CoreProviderMetadata::discover_async(issuer, &self.outbound).await;
        let metadata =
            Arc::new(read.map_err(anyhow::Error::from).with_context(|| "oidc.issuer: what it says of itself")?);
        *known = Some((Moment::now(), Arc::clone(&metadata)));
        Ok(metadata)
    }

    fn client(&self, metadata: &CoreProviderMetadata) -> anyhow::Result<Client> {
        let on = self.on()?;
        let client = CoreClient::from_provider_metadata(metadata.clone(), on.client.clone(), on.secret.clone());
        Ok(client.set_redirect_uri(on.back.clone()))
    }
}

/// The protocol's library asks through our one way out.
impl<'c> AsyncHttpClient<'c> for Outbound {
    type Error = OutboundError;
    type Future = BoxFuture<'c, Result<HttpResponse, OutboundError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Settings {
    fn of(section: &OidcSection) -> anyhow::Result<Self> {
        ensure!(!section.client_id.is_empty(), "oidc.client_id is empty");
        let issuer = IssuerUrl::new(section.issuer.clone()).context("oidc.issuer")?;
        let public = Url::parse(&section.public_url).context("oidc.public_url")?;
        if !matches!(public.scheme(), "http" | "https") || !matches!(public.path(), "" | "/") {
            bail!("oidc.public_url {public}: is to be http or https, a host, and no path");
        }
        let back = RedirectUrl::from_url(public.join(RETURN_PATH)?);
        let file = &section.client_secret_file;
        let secret = if file.as_os_str().is_empty() {
            None
        } else {
            let text = std::fs::read_to_string(file);
            let text = text.with_context(|| format!("oidc.client_secret_file {}", file.display()))?;
            Some(ClientSecret::new(text.trim().to_owned()))
        };
        Ok(Self { issuer, client: ClientId::new(section.client_id.clone()), secret, back, claim: section.claim })
    }

    fn login(&self, claims: &CoreIdTokenClaims) -> Option<String> {
        match self.claim {
            OidcClaim::PreferredUsername => claims.preferred_username().map(|name| name.to_string()),
            OidcClaim::Email => {
                claims.email().filter(|_| claims.email_verified() == Some(true)).map(|mail| mail.to_string())
            }
            OidcClaim::Sub => Some(claims.subject().to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_in_the_configuration_is_named() {
        let good = OidcSection {
            issuer: "https://id.example".into(),
            client_id: "shanshui".into(),
            public_url: "https://eco.example".into(),
            ..OidcSection::default()
        };
        let open = |section: &OidcSection| {
            let outbound = Outbound::new(&crate::config::OutboundSection::default());
            Provider::open(section, outbound, Clock::system())
        };
        assert!(open(&good).expect("good").is_on());
        assert!(!open(&OidcSection::default()).expect("off").is_on());
        let check = |section: OidcSection, word: &str| {
            let said = format!("{:#}", open(&section).expect_err("refused"));
            assert!(said.contains(word), "{said}");
        };
        check(OidcSection { client_id: String::new(), ..good.clone() }, "oidc.client_id");
        check(OidcSection { issuer: "id.example".into(), ..good.clone() }, "oidc.issuer");
        check(OidcSection { public_url: String::new(), ..good.clone() }, "oidc.public_url");
        check(OidcSection { public_url: "https://eco.example/eco".into(), ..good.clone() }, "no path");
        check(OidcSection { client_secret_file: "no-such-file".into(), ..good }, "no-such-file");
    }
}
