//! Places at which a test makes the work end as a crash would: nothing after the place is done, and nothing is tidied up.

use std::fmt;
use std::sync::Arc;

/// Asked at every place, with its name; true ends the work there.
type Ask = dyn Fn(&'static str) -> bool + Send + Sync;

/// Where work ends. The default never ends any; what a test asks may also end the process.
#[derive(Clone, Default)]
pub struct Stops(Option<Arc<Ask>>);

impl Stops {
    /// Asks `ask` at every place.
    pub fn by(ask: impl Fn(&'static str) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(ask)))
    }

    /// Goes on, or never returns: whoever waits for the work gives it up, and drops it as it stands.
    pub async fn reach(&self, place: &'static str) {
        if let Some(ask) = &self.0
            && ask(place)
        {
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Debug for Stops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Stops(set)" } else { "Stops" })
    }
}
