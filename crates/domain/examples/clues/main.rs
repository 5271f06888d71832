//! Measures the detectors of clues: injects kinds of falsification into backgrounds, a hundred times each, and prints what was
//! found, by which detector, and how often untouched series give clues.
//!
//! ```text
//! cargo run --release -p shanshui-domain --example clues -- FILE.csv SEED [tune|report [TRIALS]]
//! ```
//!
//! The file has the columns of the national release of surface water (`section`, `file_date`, `time`, `status`, `ph_raw`, …).
//! Sections are halved by a checksum of their names: parameters are chosen on the half `tune` with one seed, figures are reported
//! on the half `report` with another.

mod background;
mod inject;
mod score;

use std::process::ExitCode;

use shanshui_domain::standard::review::RuleBook;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [path, seed, rest @ ..] = args.as_slice() else {
        eprintln!("usage: clues FILE.csv SEED [tune|report [TRIALS]]");
        return ExitCode::from(2);
    };
    let half = match rest.first().map(String::as_str) {
        Some("tune") => 0,
        None | Some("report") => 1,
        Some(word) => {
            eprintln!("{word:?} is neither tune nor report");
            return ExitCode::from(2);
        }
    };
    let trials = rest.get(1).map_or(Ok(100), |t| t.parse::<usize>());
    let Ok(trials) = trials else { return fail("the number of trials is no number") };
    match (std::fs::read_to_string(path), seed.parse()) {
        (Ok(text), Ok(seed)) => measure(&text, (seed, half, trials)),
        (Err(e), _) => fail(&format!("{path}: {e}")),
        (_, Err(e)) => fail(&format!("seed {seed:?}: {e}")),
    }
}

fn fail(reason: &str) -> ExitCode {
    eprintln!("{reason}");
    ExitCode::FAILURE
}

fn measure(text: &str, (seed, half, trials): (u64, u32, usize)) -> ExitCode {
    let book = match RuleBook::clue() {
        Ok(book) => book,
        Err(e) => return fail(&e.to_string()),
    };
    let real = background::real(text, half);
    if real.is_empty() {
        return fail("no section with enough values");
    }
    println!(
        "seed {seed}, half {}, {} sections, {trials} trials of each kind\n",
        ["tune", "report"][half as usize],
        real.len()
    );
    let mut tally = score::Tally::new(trials);
    for kind in inject::KINDS {
        tally.kind(&kind, &real, &book, seed);
    }
    tally.print();
    score::untouched(&real, &book, seed, trials);
    ExitCode::SUCCESS
}
