//! Templates of reports: whatever bytes come as a Word file, they are filled or refused with a reason; what is filled is a Word file
//! again, has no placeholder left, and fits itself.
#![no_main]

use std::io::{Cursor, Write as _};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use shanshui_domain::report::{Kind, ReportRules};
use shanshui_server::report::docx::check;
use zip::write::SimpleFileOptions;

static RULES: LazyLock<ReportRules> = LazyLock::new(|| ReportRules::embedded().expect("the shipped rules load"));

fn packed(document: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [("[Content_Types].xml", &b"<Types/>"[..]), ("word/document.xml", document)] {
        writer.start_file(name, SimpleFileOptions::default()).expect("a part");
        writer.write_all(bytes).expect("written");
    }
    writer.finish().expect("a zip").into_inner()
}

fuzz_target!(|bytes: &[u8]| {
    // as a whole file, and as the document of one
    let _ = check(bytes, Kind::Water, &RULES);
    let template = packed(bytes);
    let first = check(&template, Kind::Water, &RULES).map_err(|e| e.to_string());
    let again = check(&template, Kind::Water, &RULES).map_err(|e| e.to_string());
    assert_eq!(first, again);
});
