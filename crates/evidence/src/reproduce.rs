//! Re-runs a claim: every arm under every seed, the conditions, the verdict, the report.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use run::{
    RunError,
    folder::{Folder, write_whole},
};
use serde::{Deserialize, Serialize};

use crate::{
    EvidenceError, Result,
    claim::{At, Claim, ClaimPlan, PlannedArm, Preset},
    claims,
    condition::{self, Outcomes, RunOutcome},
    execute::{Audience, Job, execute},
    measure::Measured,
    page,
    report::{Arm, Report, Verdict},
    summarise::{self, Measure},
};

/// The claim's text, in the folder of its report.
const CLAIM: &str = "claim.toml";

/// How it was run, in the same folder.
const REQUEST: &str = "request.toml";

/// What is to be re-run, and how.
pub struct Request<'a> {
    /// The claim.
    pub claim: &'a Claim,
    /// Its file's text, kept beside the report.
    pub text: &'a str,
    /// How much is spent.
    pub preset: Preset,
    /// Seeds of every arm, where it is not the claim's number.
    pub seeds: Option<usize>,
    /// The first of them.
    pub first_seed: u64,
    /// Runs at once.
    pub jobs: usize,
    /// Folder of the report and the runs.
    pub place: &'a Path,
}

/// What `request.toml` holds: with the claim's text, all that the report depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    preset: String,
    seeds: Vec<u64>,
    /// The command that asked.
    command: String,
}

/// Does what is not done yet, judges, and writes the report. Nothing where `stop` was set: the same
/// request goes on from there.
///
/// # Errors
/// A run fails or does not have a metric that a condition asks for, or the disk fails.
pub fn reproduce(
    request: &Request<'_>,
    stop: &AtomicBool,
    audience: &dyn Audience,
) -> Result<Option<Report>> {
    let plan = request.claim.plan(request.preset)?;
    let count = request.seeds.unwrap_or(plan.seeds) as u64;
    let last = request.first_seed.checked_add(count).ok_or_else(|| {
        EvidenceError::Outcome(format!(
            "{count} seeds from {} on are more than there are numbers",
            request.first_seed
        ))
    })?;
    let seeds: Vec<u64> = (request.first_seed..last).collect();
    let Some(studied) = study(request, plan, stop, audience)? else { return Ok(None) };
    let jobs = jobs(plan, &seeds, request.place);
    let command = command(request.claim, plan, &seeds);
    keep(request, &seeds, &command)?;
    if !execute(&jobs, request.jobs, stop, audience)? {
        return Ok(None);
    }
    let report = Report { command, ..judge(request.claim, plan, &seeds, request.place, &studied)? };
    page::write(&report, request.place)?;
    Ok(Some(report))
}

/// Judges the finished runs in the folder of an earlier request once more, and writes its report.
///
/// # Errors
/// The folder holds no request, its claim cannot be read, or a run is missing.
pub fn again(place: &Path) -> Result<Report> {
    let read = |name: &str| {
        let path = place.join(name);
        fs::read_to_string(&path).map_err(|error| RunError::io("read", &path, error))
    };
    let claim = Claim::parse(&read(CLAIM)?, &place.join(CLAIM).display().to_string())?;
    let kept: Kept = toml::from_str(&read(REQUEST)?).map_err(|error| {
        EvidenceError::Outcome(format!("`{}`: {}", place.join(REQUEST).display(), error.message()))
    })?;
    let preset = if kept.preset == Preset::Full.name() { Preset::Full } else { Preset::Quick };
    let plan = claim.plan(preset)?;
    let mut studied = BTreeMap::new();
    for id in plan.studied() {
        let verdict = again(&place.join(id))?.verdict.unwrap_or(Verdict::Undecided);
        studied.insert(id.to_owned(), verdict);
    }
    let judged = judge(&claim, plan, &kept.seeds, place, &studied)?;
    let report = Report { command: kept.command, ..judged };
    page::write(&report, place)?;
    Ok(report)
}

/// Whether a request was made for this folder.
pub fn is_at(place: &Path) -> bool {
    place.join(REQUEST).is_file() && place.join(CLAIM).is_file()
}

/// Removes what an investigation left in its folder, and nothing else.
///
/// # Errors
/// A file cannot be removed.
pub fn clear(place: &Path) -> Result<()> {
    for claim in claims::all().iter().map(|(id, _)| place.join(id)).filter(|inner| is_at(inner)) {
        clear(&claim)?;
        let _ = fs::remove_dir(claim);
    }
    let remove = |path: PathBuf| {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(RunError::io("remove", &path, error))
            }
            _ => Ok(()),
        }
    };
    let ours = ["runs", CLAIM, REQUEST].into_iter().chain(page::FILES);
    Ok(ours.map(|name| place.join(name)).try_for_each(remove)?)
}

/// The verdicts of the claims that a study counts, each re-run in a folder below the study's.
fn study(
    request: &Request<'_>,
    plan: &ClaimPlan,
    stop: &AtomicBool,
    audience: &dyn Audience,
) -> Result<Option<BTreeMap<String, Verdict>>> {
    let mut verdicts = BTreeMap::new();
    for id in plan.studied() {
        let Some((_, text)) = claims::all().iter().find(|(other, _)| *other == id) else { continue };
        let claim = Claim::parse(text, &format!("claims/{id}.toml"))?;
        let place = request.place.join(id);
        let inner = Request { claim: &claim, text, place: &place, ..*request };
        let Some(report) = reproduce(&inner, stop, audience)? else { return Ok(None) };
        verdicts.insert(id.to_owned(), report.verdict.unwrap_or(Verdict::Undecided));
    }
    Ok(Some(verdicts))
}

/// Every run, seed by seed, so that what is finished early covers all arms.
fn jobs(plan: &ClaimPlan, seeds: &[u64], place: &Path) -> Vec<Job> {
    let job = |seed: u64, arm: &PlannedArm| Job {
        arm: arm.name.clone(),
        entry: arm.entry,
        settings: arm.settings(seed),
        place: run_place(place, &arm.name, seed),
    };
    seeds.iter().flat_map(|&seed| plan.arms.iter().map(move |arm| job(seed, arm))).collect()
}

/// `runs/<arm>/s<seed>`, with a swept arm's brackets left out.
fn run_place(place: &Path, arm: &str, seed: u64) -> PathBuf {
    let name = arm.replace('[', "-").replace(']', "");
    place.join("runs").join(name).join(format!("s{seed}"))
}

/// Writes what the report depends on. Runs of an earlier request stay where they fit this one.
fn keep(request: &Request<'_>, seeds: &[u64], command: &str) -> Result<()> {
    fs::create_dir_all(request.place).map_err(|error| RunError::io("create", request.place, error))?;
    let (preset, command) = (request.preset.name().to_owned(), command.to_owned());
    let kept = Kept { preset, seeds: seeds.to_vec(), command };
    let text = toml::to_string(&kept).map_err(RunError::part)?;
    write_whole(&request.place.join(CLAIM), request.text.as_bytes())?;
    Ok(write_whole(&request.place.join(REQUEST), text.as_bytes())?)
}

fn judge(
    claim: &Claim,
    plan: &ClaimPlan,
    seeds: &[u64],
    place: &Path,
    studied: &BTreeMap<String, Verdict>,
) -> Result<Report> {
    let mut runs: BTreeMap<&str, Vec<Measured>> = BTreeMap::new();
    for arm in &plan.arms {
        let read = |&seed: &u64| Measured::read(&Folder::open(&run_place(place, &arm.name, seed))?);
        runs.insert(&arm.name, seeds.iter().map(read).collect::<Result<_>>()?);
    }
    let outcomes = outcomes(plan, seeds, &runs, studied);
    let judged = condition::judge(plan, &outcomes)?;
    let arms = plan.arms.iter().map(|arm| describe(claim, plan, arm, &runs[arm.name.as_str()])).collect();
    let seconds = runs.values().flatten().map(|run| run.summary().clock.seconds).sum();
    let entry = plan.arms.iter().find(|arm| arm.entry.card.id == claim.id).or(plan.arms.first());
    Ok(Report {
        id: claim.id.clone(),
        title: claim.claim.clone(),
        source: claim.source.clone(),
        paper: entry
            .map(|arm| format!("{}. {}", arm.entry.card.title, arm.entry.card.paper))
            .unwrap_or_default(),
        preset: plan.preset.name().to_owned(),
        seeds: seeds.to_vec(),
        verdict: Some(judged.verdict),
        remark: judged.remark,
        arms,
        conditions: judged.conditions,
        comparison: None,
        seconds,
        program: run::PROGRAM.to_owned(),
        processor: run::summary::processor_name(),
        command: String::new(),
    })
}

/// What the conditions need of the runs.
fn outcomes(
    plan: &ClaimPlan,
    seeds: &[u64],
    runs: &BTreeMap<&str, Vec<Measured>>,
    studied: &BTreeMap<String, Verdict>,
) -> Outcomes {
    let of_arm = |(&name, runs): (&&str, &Vec<Measured>)| {
        let of_run = |(&seed, run): (&u64, &Measured)| {
            let named = |(metric, _): (&str, At)| Some((metric.to_owned(), run.series(metric)?));
            RunOutcome { seed, series: plan.measured(name).into_iter().filter_map(named).collect() }
        };
        (name.to_owned(), seeds.iter().zip(runs).map(of_run).collect())
    };
    Outcomes { arms: runs.iter().map(of_arm).collect(), claims: studied.clone() }
}

/// What the report says of an arm: whatever the conditions ask of it, else its primary metric.
fn describe(claim: &Claim, plan: &ClaimPlan, arm: &PlannedArm, runs: &[Measured]) -> Arm {
    let (card, name) = (arm.entry.card, format!("{}/{}", claim.id, arm.name));
    let mut measured = plan.measured(&arm.name);
    if measured.is_empty() {
        measured.push((card.primary.metric, At::End));
    }
    let better = |metric: &str| (metric == card.primary.metric).then_some(card.primary.higher_is_better);
    let metrics = measured.into_iter().filter_map(|(metric, at)| {
        summarise::metric(runs, Measure { metric, at, higher_is_better: better(metric) }, &name)
    });
    Arm {
        name: arm.name.clone(),
        method: card.id.to_owned(),
        world: arm.world.clone().or_else(|| arm.eval_world.clone()),
        data: arm.data.clone(),
        settings: arm.changes(),
        steps: arm.steps(),
        unit: card.unit.to_owned(),
        metrics: metrics.collect(),
    }
}

/// The command that prints the report again.
fn command(claim: &Claim, plan: &ClaimPlan, seeds: &[u64]) -> String {
    let known = claims::all().iter().any(|(id, _)| *id == claim.id);
    let what = if known { claim.id.clone() } else { format!("--claim {}", claim.file()) };
    let first = seeds.first().copied().unwrap_or_default();
    format!("latentrl reproduce {what} --{} --seeds {} --first-seed {first}", plan.preset.name(), seeds.len())
}
