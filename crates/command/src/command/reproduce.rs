//! `latentrl reproduce`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::AtomicBool,
};

use evidence::{
    claim::{Claim, Preset},
    claims, page,
    report::{Report, Verdict},
    reproduce::{Request, reproduce},
};

use crate::{
    failure::{Failure, INTERRUPTED},
    findings, interrupt,
    output::{print, print_json},
    parse,
    runs_shown::RunsShown,
};

const EXAMPLES: &str = "\
Examples:
  latentrl reproduce mdvi                          about a minute; seeds from 100 up
  latentrl reproduce td-infonce --full --jobs 2
  latentrl reproduce pec --seeds 10 --first-seed 200
  latentrl reproduce --claim my-claim.toml --out reports/mine
  latentrl reproduce --all --quick

Exit code: 0 the claim holds, 1 it does not, 2 the command is wrong, 3 undecided, 4 invalid (a sanity
condition failed), 5 a run failed, 130 interrupted (the same command goes on from there).";

/// Exit code where a run failed, so that nothing can be said.
const FAILED: u8 = 5;

/// Re-run a paper's central claim and say whether it holds
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The claim's id, as `latentrl reproduce --list` shows it
    #[arg(required_unless_present_any = ["claim", "all", "list"], conflicts_with_all = ["claim", "all", "list"])]
    id: Option<String>,
    /// About a minute on two cores (the default)
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// As close to the paper as a workstation allows
    #[arg(long)]
    full: bool,
    /// Seeds of every arm, instead of the claim's number
    #[arg(long, value_name = "N", value_parser = parse::positive_count, allow_negative_numbers = true)]
    seeds: Option<usize>,
    /// The first seed
    #[arg(long, value_name = "K", default_value = "100", value_parser = parse::seed, allow_negative_numbers = true)]
    first_seed: u64,
    /// Runs at once; one per core where it is missing
    #[arg(long, value_name = "J", value_parser = parse::positive_count, allow_negative_numbers = true)]
    jobs: Option<usize>,
    /// A claim file instead of one that comes with the program
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    claim: Option<PathBuf>,
    /// Every claim, one after the other
    #[arg(long)]
    all: bool,
    /// List the claims
    #[arg(long)]
    list: bool,
    /// Folder of the report and its runs
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Re-runs one claim or all of them.
pub fn execute(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.list {
        return list(arguments.json).map(|()| ExitCode::SUCCESS);
    }
    run::threads::prepare();
    let preset = if arguments.full { Preset::Full } else { Preset::Quick };
    let stop = interrupt::on_interrupt()?;
    if arguments.all {
        return all(arguments, preset, &stop);
    }
    let (text, file) = source(arguments)?;
    let claim = Claim::parse(&text, &file)?;
    let place = arguments.out.clone().unwrap_or_else(|| place(&claim.id, preset));
    start_over_if_done(&place)?;
    let Some(report) = one(arguments, &claim, &text, preset, &place, &stop)? else {
        return Ok(interrupted());
    };
    if arguments.json {
        print_json(&report)?;
    } else {
        let page = place.join(page::PAGE);
        print(&format!("{}\n\nreport:  {}", findings::told(&report), page.display()))?;
    }
    Ok(exit_code(&report))
}

/// The claim's text, and the file that errors name.
fn source(arguments: &Arguments) -> Result<(String, String), Failure> {
    if let Some(path) = &arguments.claim {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", path.display())))?;
        return Ok((text, path.display().to_string()));
    }
    let id = arguments.id.as_deref().unwrap_or_default();
    let text = claims::find(id)?;
    Ok((text.to_owned(), format!("claims/{id}.toml")))
}

/// One claim; nothing where the user stopped it.
fn one(
    arguments: &Arguments,
    claim: &Claim,
    text: &str,
    preset: Preset,
    place: &Path,
    stop: &AtomicBool,
) -> Result<Option<Report>, Failure> {
    let request = Request {
        claim,
        text,
        preset,
        seeds: arguments.seeds,
        first_seed: arguments.first_seed,
        jobs: arguments.jobs.unwrap_or_else(crate::seeds::cores),
        place,
    };
    let shown = RunsShown::new(&claim.id);
    let report = reproduce(&request, stop, &shown).map_err(|error| Failure::with_code(FAILED, error));
    shown.clear();
    report
}

/// Every claim of the program, then a table of verdicts. A folder in which some are finished is
/// continued.
fn all(arguments: &Arguments, preset: Preset, stop: &AtomicBool) -> Result<ExitCode, Failure> {
    let place = arguments.out.clone().unwrap_or_else(|| place("all", preset));
    start_over_if_done(&place)?;
    let parsed =
        claims::all().iter().map(|(id, text)| Ok((Claim::parse(text, &format!("claims/{id}.toml"))?, *text)));
    let parsed: Vec<(Claim, &str)> = parsed.collect::<Result<_, Failure>>()?;
    let mut reports = Vec::new();
    for (claim, text) in &parsed {
        let Some(report) = one(arguments, claim, text, preset, &place.join(&claim.id), stop)? else {
            return Ok(interrupted());
        };
        reports.push(report);
    }
    page::write_overview(&reports, &place).map_err(Failure::failed)?;
    if arguments.json {
        print_json(&reports)?;
    } else {
        print(&format!("{}\n\nreport:  {}", findings::overview(&reports), place.join(page::PAGE).display()))?;
    }
    let worst = reports.iter().filter_map(|report| report.verdict).max_by_key(|verdict| severity(*verdict));
    Ok(ExitCode::from(worst.map_or(0, code)))
}

fn list(json: bool) -> Result<(), Failure> {
    let mut lines = crate::table::Table::new(&["claim", "what the paper says"]);
    let mut documents = Vec::new();
    for (id, text) in claims::all() {
        let claim = Claim::parse(text, &format!("claims/{id}.toml"))?;
        documents.push(serde_json::json!({"id": claim.id, "claim": claim.claim, "source": claim.source}));
        lines.row([claim.id, claim.claim]);
    }
    if json { print_json(&documents) } else { print(&lines.render()) }
}

/// `runs/reproduce-<id>-<preset>`: the same command finds what it left when it was interrupted.
fn place(id: &str, preset: Preset) -> PathBuf {
    PathBuf::from("runs").join(format!("reproduce-{id}-{}", preset.name()))
}

/// A finished investigation is done afresh; an interrupted one is continued.
fn start_over_if_done(place: &Path) -> Result<(), Failure> {
    if place.join(page::PAGE).is_file() {
        evidence::reproduce::clear(place)?;
    }
    Ok(())
}

fn interrupted() -> ExitCode {
    eprintln!("interrupted and saved: the same command goes on from there");
    ExitCode::from(INTERRUPTED)
}

fn exit_code(report: &Report) -> ExitCode {
    ExitCode::from(report.verdict.map_or(0, code))
}

fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Holds => 0,
        Verdict::DoesNotHold => 1,
        Verdict::Undecided => 3,
        Verdict::Invalid => 4,
    }
}

fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Holds => 0,
        Verdict::Undecided => 1,
        Verdict::DoesNotHold => 2,
        Verdict::Invalid => 3,
    }
}
