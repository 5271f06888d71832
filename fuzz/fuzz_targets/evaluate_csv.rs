//! The table evaluators on any bytes: a reason or a result for every row, the same each time, and output that is a table.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use shanshui_domain::analyse::air::Report;
use shanshui_domain::analyse::table::{EditionChoice, Reading, evaluate_air, evaluate_water};
use shanshui_domain::standard::Standards;

static STANDARDS: LazyLock<Standards> = LazyLock::new(|| Standards::embedded().expect("the shipped standards load"));

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    water: bool,
    day: bool,
    edition: u8,
    zero_is_missing: bool,
    /// Put a whole header before the bytes.
    headed: bool,
    bytes: &'a [u8],
}

fn evaluate(input: &Input<'_>, table: &[u8], standards: &Standards) -> Option<(Vec<u8>, u64, u64, u64)> {
    let reading = Reading { zero_is_missing: input.zero_is_missing };
    let (mut out, mut said) = (Vec::new(), 0);
    let complain = |_: u64, _: &str, _: &str| said += 1;
    let summary = if input.water {
        evaluate_water(table, &mut out, standards, reading, complain)
    } else {
        let report = if input.day { Report::Day } else { Report::Hour };
        let choice = [EditionChoice::Auto, EditionChoice::V2012, EditionChoice::V2026][usize::from(input.edition % 3)];
        evaluate_air(table, &mut out, standards, (report, choice), reading, complain)
    };
    let summary = summary.ok()?;
    Some((out, summary.rows, summary.bad, said))
}

fuzz_target!(|input: Input<'_>| {
    let header: &[u8] = match (input.headed, input.water) {
        (false, _) => b"",
        (true, true) => b"section,kind,time,ph,do,codmn,nh3n,tp\n",
        (true, false) => b"site,time,so2,no2,co,o3,o3_8h,pm10,pm2_5\n",
    };
    let table = [header, input.bytes].concat();
    let Some((out, rows, bad, said)) = evaluate(&input, &table, &STANDARDS) else { return };
    assert!(bad <= rows && said == bad, "{bad} of {rows} bad, {said} named");
    assert_eq!(evaluate(&input, &table, &STANDARDS).map(|again| again.0), Some(out.clone()));
    // one line of output for every row, and one for the header: quotes balance, so a reader of CSV sees as many
    let (mut lines, mut quoted) = (0, false);
    for b in out {
        quoted ^= b == b'"';
        lines += u64::from(b == b'\n' && !quoted);
    }
    assert!(!quoted && lines == rows + 1, "{lines} lines for {rows} rows");
});
