//! Functions that plans call. All of them give the same bits whatever the order or the cut of their input, so that one process and
//! a cluster agree by construction: sums are integers, percentiles come from counted values, an hour has its place in its day.
//!
//! Client, scheduler and executors carry the same set; [`digest`] tells two sets apart.

mod air;
mod civil;
pub(crate) use civil::instant_type;
mod fold;
mod ranked;
mod spread;

use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use ballista_core::registry::BallistaFunctionRegistry;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use sha2::{Digest, Sha256};
use shanshui_domain::analyse::year::AirRules;
use shanshui_domain::standard::Standards;

pub use air::POLLUTANT_COLUMNS;

/// The standards that functions judge by: those of the program.
static STANDARDS: LazyLock<Standards> =
    LazyLock::new(|| Standards::embedded().expect("a test of the domain reads every shipped standard"));

/// The air rules of every edition.
static RULES: LazyLock<AirRules<'static>> =
    LazyLock::new(|| AirRules::new(&STANDARDS).expect("a test of the domain makes every shipped edition ready"));

/// Raised when a function gives other results for the same input.
const EDITION: u32 = 1;

/// Scalar functions.
pub fn scalar() -> Vec<Arc<ScalarUDF>> {
    vec![
        Arc::new(ScalarUDF::from(civil::CivilDay::default())),
        Arc::new(ScalarUDF::from(civil::CivilHour::default())),
        Arc::new(ScalarUDF::from(air::AirCell::default())),
    ]
}

/// Aggregate functions.
pub fn aggregate() -> Vec<Arc<AggregateUDF>> {
    vec![
        Arc::new(AggregateUDF::from(fold::Aggregate::<spread::Spread>::default())),
        Arc::new(AggregateUDF::from(fold::Aggregate::<ranked::Ranked>::default())),
        Arc::new(AggregateUDF::from(fold::Aggregate::<air::HourState>::default())),
        Arc::new(AggregateUDF::from(fold::Aggregate::<air::DayState>::default())),
        Arc::new(AggregateUDF::from(fold::Aggregate::<air::YearState>::default())),
    ]
}

/// What an executor knows: the engine's own functions and ours.
pub fn registry() -> BallistaFunctionRegistry {
    let mut registry = BallistaFunctionRegistry::default();
    registry.scalar_functions.extend(scalar().into_iter().map(|f| (f.name().to_owned(), f)));
    registry.aggregate_functions.extend(aggregate().into_iter().map(|f| (f.name().to_owned(), f)));
    registry
}

/// Columns of what an aggregate function gives.
pub(crate) fn judged_names(function: &str) -> Vec<String> {
    let of = aggregate().into_iter().find(|f| f.name() == function);
    match of.and_then(|f| f.return_type(&[]).ok()) {
        Some(DataType::Struct(fields)) => fields.iter().map(|f| f.name().clone()).collect(),
        _ => Vec::new(),
    }
}

/// Adds our functions to a session.
pub(crate) fn install(session: &mut SessionState) -> datafusion::common::Result<()> {
    for f in scalar() {
        session.register_udf(f)?;
    }
    for f in aggregate() {
        session.register_udaf(f)?;
    }
    Ok(())
}

/// Tells one set of functions from another: their names and signatures, and every value of the standards that they judge by.
/// Hexadecimal, twelve digits.
pub fn digest() -> &'static str {
    static DIGEST: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Sha256::new();
        hash.update(EDITION.to_le_bytes());
        for f in scalar() {
            hash.update(format!("{} {:?}\n", f.name(), f.signature()));
        }
        for f in aggregate() {
            hash.update(format!("{} {:?}\n", f.name(), f.signature()));
        }
        hash.update(serde_json::to_vec(&*STANDARDS).expect("standards are plain values"));
        let mut digest = hex::encode(hash.finalize());
        digest.truncate(12);
        digest
    });
    &DIGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_same_every_time_and_short() {
        assert_eq!(digest(), digest());
        assert_eq!(digest().len(), 12);
        assert!(registry().aggregate_functions.contains_key("spread"));
    }
}
