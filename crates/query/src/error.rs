use datafusion::error::DataFusionError;

/// Why a query did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// `engine` is neither empty nor `ballista://host:port`.
    #[error("engine {0:?} is neither empty nor ballista://host:port")]
    Engine(String),
    /// The folder or bucket cannot be reached or does not exist.
    #[error("place {place}: {reason}")]
    Place {
        /// Its address.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// Client, scheduler and executors must be one build.
    #[error("{here} is {ours}, {there} is {theirs}: client, scheduler and executors must be the same version")]
    Skew {
        /// Who refuses.
        here: String,
        /// Its version.
        ours: String,
        /// Who is refused.
        there: String,
        /// Its version.
        theirs: String,
    },
    /// The cluster cannot be reached.
    #[error("cluster {address}: {reason}")]
    Cluster {
        /// Scheduler.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// It was told to stop.
    #[error("the job was cancelled")]
    Cancelled,
    /// The caller's rows of the hot store ended with an error.
    #[error("rows of the hot store: {0}")]
    Hot(String),
    /// Planning or running failed.
    #[error("query {job}: {reason}")]
    Failed {
        /// Name of the job.
        job: String,
        /// What is wrong.
        reason: String,
    },
    /// A question that has no answer, such as a month that is none.
    #[error("{0}")]
    Question(String),
}

impl QueryError {
    pub(crate) fn failed(job: &str, reason: impl std::fmt::Display) -> Self {
        Self::Failed { job: job.to_owned(), reason: reason.to_string() }
    }
}

impl From<DataFusionError> for QueryError {
    fn from(error: DataFusionError) -> Self {
        Self::Failed { job: "plan".to_owned(), reason: error.strip_backtrace() }
    }
}
