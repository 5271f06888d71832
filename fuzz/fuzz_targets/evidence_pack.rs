//! A pack of evidence of any bytes: a report whose findings say something, or a reason why it is none.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use shanshui_server::eye::pack::look;
use shanshui_server::sign::signed;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(report) = look(Cursor::new(bytes), &signed, None) {
        assert!(report.findings.iter().all(|f| !f.to_string().is_empty() && !f.zh().is_empty()));
    }
});
