//! A Ballista cluster out of one program: scheduler and executor are commands of the same binary as the client, so that all three
//! know the same functions and standards.
//!
//! Plans travel as they were made; a node of another version could give other results without any error. So each says who it is
//! ([`Identity`]): a client and an executor ask the scheduler before they begin, and the scheduler asks of every call the identity
//! in its user agent. Whoever differs is refused with both versions named. The cluster has no passwords: its ports belong on a
//! private network.

mod client;
mod executor;
mod scheduler;
mod slots;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::extension::EndpointOverrideFn;
use serde::{Deserialize, Serialize};

use crate::{QueryError, functions};

pub(crate) use client::{Ended, Remote, RemoteJob};
pub use executor::{Executor, run_executor};
pub use scheduler::Scheduler;

/// Where the scheduler says who it is.
const ABOUT: &str = "/shanshui";

/// A node that says nothing for so long is not there.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A scheduler that has not answered a call for so long has stopped.
const CALL_WITHIN: Duration = Duration::from_mins(1);

/// Largest message between nodes, in bytes: a plan names every file it reads.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// Which build a node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Version of the program.
    pub version: String,
    /// Digest of its functions and standards.
    pub functions: String,
}

impl Identity {
    /// This program.
    pub fn ours() -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), functions: functions::digest().to_owned() }
    }

    /// One word of a header.
    fn word(&self) -> String {
        format!("shanshui/{}+{}", self.version, self.functions)
    }

    /// The identity in a user agent.
    fn of_agent(agent: &str) -> Option<Self> {
        let (version, functions) = agent.split_whitespace().next()?.strip_prefix("shanshui/")?.split_once('+')?;
        Some(Self { version: version.to_owned(), functions: functions.to_owned() })
    }

    /// Refuses another one.
    fn accept(&self, here: &str, there: &str, theirs: Option<&Self>) -> Result<(), QueryError> {
        if theirs == Some(self) {
            return Ok(());
        }
        Err(QueryError::Skew {
            here: here.to_owned(),
            ours: self.to_string(),
            there: there.to_owned(),
            theirs: theirs.map_or_else(|| "no node of this program".to_owned(), Self::to_string),
        })
    }

    /// Makes every call carry this identity.
    fn on_calls(&self) -> EndpointOverrideFn {
        let word = self.word();
        Arc::new(move |endpoint| Ok(endpoint.user_agent(word.clone())?))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {} with functions {}", self.version, self.functions)
    }
}

/// What the scheduler says about itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct About {
    /// Its build.
    #[serde(flatten)]
    pub identity: Identity,
    /// Executors that are registered.
    pub executors: usize,
    /// Tasks that they run at one time.
    pub slots: usize,
}

/// How far a job is, as the scheduler says it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Stages {
    pub(crate) count: u64,
    pub(crate) done: u64,
    pub(crate) tasks: u64,
    pub(crate) tasks_done: u64,
    /// Some task did not succeed at its first try, or ran twice.
    pub(crate) again: bool,
    /// Some task was lost with its executor.
    pub(crate) lost: bool,
    /// No executor runs a task of any job.
    pub(crate) idle: bool,
}

/// Asks a scheduler who it is, and refuses one of another build. `address` is `host:port`; `who` is told to the operator.
///
/// # Errors
/// When it does not answer, or is of another build.
pub async fn handshake(address: &str, who: &str, ours: &Identity) -> Result<About, QueryError> {
    let failed = |reason: String| QueryError::Cluster { address: address.to_owned(), reason };
    let scheduler = format!("the scheduler at {address}");
    let answer = web(address)?.get(format!("http://{address}{ABOUT}")).send().await.map_err(|e| failed(plain(&e)))?;
    let about = if answer.status().is_success() { answer.json::<About>().await.ok() } else { None };
    ours.accept(who, &scheduler, about.as_ref().map(|a| &a.identity))?;
    about.ok_or_else(|| failed("it did not say who it is".to_owned()))
}

/// Asks nodes; never by way of a proxy.
fn web(address: &str) -> Result<reqwest::Client, QueryError> {
    let built = reqwest::Client::builder().no_proxy().timeout(ANSWER_WITHIN).build();
    built.map_err(|e| QueryError::Cluster { address: address.to_owned(), reason: plain(&e) })
}

/// An error with its causes.
fn plain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        said = format!("{said}: {inner}");
        cause = inner.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_read_from_the_agent_it_wrote() {
        let ours = Identity::ours();
        assert_eq!(Identity::of_agent(&format!("{} tonic/0.14.9", ours.word())), Some(ours.clone()));
        assert_eq!(Identity::of_agent("tonic/0.14.9"), None);
        assert_eq!(Identity::of_agent("shanshui/1"), None);
        let other = Identity { version: "9.9.9".to_owned(), functions: "x".to_owned() };
        let said = ours.accept("this executor", "the scheduler", Some(&other)).expect_err("refused").to_string();
        assert!(said.contains("9.9.9") && said.contains(&ours.version) && said.contains(&ours.functions), "{said}");
    }
}
