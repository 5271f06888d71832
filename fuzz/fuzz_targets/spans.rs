//! Spans and measurements as people and laboratories write them: what reads is written as it was, lies where it says, and follows the
//! one before.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::analyse::water::mean::Measured;

fuzz_target!(|text: &str| {
    if let Ok(span) = Span::parse(text) {
        assert_eq!(span.to_string(), text);
        assert!(span.first() <= span.last() && span.contains(span.first()) && span.contains(span.last()));
        assert_eq!(
            u32::try_from(span.first().until(span.last()).expect("days").get_days()).expect("forward") + 1,
            span.days()
        );
    }
    if let Some(Measured::Below(limit)) = Measured::parse(text) {
        assert!(limit.is_sign_positive() && !limit.is_zero());
    }
});
