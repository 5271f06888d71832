//! The monthly water report of a large city from stored evaluations to Word and Excel, beside the same tables written by openpyxl and
//! python-docx. Our side opens the store, reads three spans, compares them and writes; the peer starts at the finished report.

use std::process::Command;

use super::{Figure, Goal, Lab, quiet};

/// 31 sections of a city and as many again as a province's register has outlets.
const SECTIONS: usize = 1_031;

pub(super) fn run(lab: &Lab) -> anyhow::Result<Vec<Figure>> {
    let program = crate::rig::example("report")?;
    let folder = lab.dir.join("report");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    lab.bar.set_message("filling");
    let data = folder.join("data");
    quiet(Command::new(&program).arg("fill").arg(&data).arg(SECTIONS.to_string()))?;
    let (ours, theirs) = (folder.join("ours"), folder.join("theirs"));
    let mut make = Command::new(&program);
    make.arg("make").arg(&data).arg(&ours);
    // the peer reads the report that ours has made
    quiet(&mut make)?;
    let json = ours.with_extension("json");
    let peer = lab.python("report_peer.py", &["openpyxl", "python-docx"], &[&json, &theirs])?;
    let seconds = lab.alternate(std::collections::BTreeMap::from([("ours", make), ("openpyxl, python-docx", peer)]))?;
    let theirs = Some((seconds["openpyxl, python-docx"], "openpyxl and python-docx, tables alone"));
    let goal = Goal::AtMost { ours_at_most: 10.0 };
    let unit = "CPU seconds for the monthly report of 1,031 sections as Word and Excel";
    Ok(vec![Figure::new("report", unit, seconds["ours"], theirs, goal)])
}

/// Nothing to time by itself: the example is a process already.
pub(super) fn measure(_: &[String]) -> anyhow::Result<()> {
    anyhow::bail!("the report is measured from outside")
}
