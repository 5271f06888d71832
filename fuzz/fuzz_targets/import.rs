//! Tables that people bring: read by the plan that is guessed for them, every row is read, empty or a fault, and no value is made up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shanshui_domain::sense::import::{Plan, Sheet, date_time};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _at = date_time(text);
    }
    let Ok(sheet) = Sheet::csv(bytes) else { return };
    let Ok(read) = Plan::guess(&sheet).read(&sheet) else { return };
    assert!(read.rows.len() as u64 + read.empty <= sheet.rows.len() as u64);
    for row in &read.rows {
        let (_, cells) = sheet.rows.iter().find(|(line, _)| *line == row.line).expect("a row of the table");
        assert!(row.values.len() <= cells.len());
    }
});
