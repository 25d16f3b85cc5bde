//! Writes the pages of made-up reports into a folder, to look at while changing them:
//! `cargo run -p evidence --example page -- <folder>`.

#[path = "../tests/suite/sample.rs"]
#[allow(dead_code)]
mod sample;

use std::path::PathBuf;

use evidence::{page, report::Verdict};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    let claim = sample::claim();
    let comparison = sample::comparison();
    page::write(&claim, &folder.join("spr"))?;
    page::write(&comparison, &folder.join("compare"))?;
    let with = |id: &str, verdict, first: usize| {
        let mut report = claim.clone();
        report.id = id.into();
        report.verdict = Some(verdict);
        report.conditions.rotate_left(first);
        report
    };
    let reports = [
        claim.clone(),
        with("td-infonce", Verdict::Holds, 1),
        with("tcrl", Verdict::DoesNotHold, 3),
        with("reconstruction-hurts", Verdict::Invalid, 5),
    ];
    std::fs::write(folder.join("index.html"), page::overview(&reports))?;
    Ok(())
}
