//! The tables of who may do what, of any texts: read, or refused with file and line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shanshui_domain::right::Rights;

fuzz_target!(|texts: (&str, &str)| {
    if let Err(fault) = Rights::parse(texts.0, texts.1) {
        assert!(!fault.to_string().is_empty());
    }
});
