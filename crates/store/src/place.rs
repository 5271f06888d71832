//! Named places at which a proof ends the program, as if the machine had gone. Without the feature `failpoints` there are none.

/// Every place, in the order in which a telegram passes them.
pub const PLACES: [&str; 6] =
    ["group-begun", "group-written", "commit-before", "commit-after", "answer-before", "answer-after"];

/// Ends the process at once when the environment's `FAILPOINTS` says so of this place: `commit-before=20*off->1*return`.
pub fn place(name: &'static str) {
    debug_assert!(PLACES.contains(&name), "{name}");
    fail::fail_point!(name, |_| std::process::abort());
}

/// Reads what the environment says of places; held as long as the program runs.
#[cfg(feature = "failpoints")]
pub fn places_from_environment() -> impl Drop {
    fail::FailScenario::setup()
}
