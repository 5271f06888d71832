//! A fence file of any text: a plan whose parts lie inside of the picture, or a reason why not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shanshui_vision::Plan;

fuzz_target!(|text: &str| {
    let plan = match Plan::parse(text, None) {
        Ok(plan) => plan,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.zh().is_empty());
            return;
        }
    };
    let corners = plan.fences.iter().flat_map(|f| f.polygon.iter().chain(f.approach.iter().flatten()));
    assert!(corners.chain(plan.masks.iter().flatten()).flatten().all(|v| (0.0..=1.0).contains(v)));
});
