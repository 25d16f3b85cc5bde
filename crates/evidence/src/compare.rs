//! Methods against each other in the worlds they fit, under one protocol.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use run::{Entry, RunError, Settings, folder::Folder};

use crate::{
    EvidenceError, Result,
    aggregate::aggregate,
    execute::{Audience, Job, execute},
    page,
    report::Report,
};

/// How deep below a folder runs are looked for.
const DEPTH: usize = 5;

/// One method in one world under several seeds.
pub struct Entrant {
    /// What it is called: the method's id, and what tells it from others of the same method.
    pub label: String,
    /// The method.
    pub entry: &'static Entry,
    /// The settings of its runs, but for the seed.
    pub settings: Settings,
    /// Folders of the runs, by seed.
    pub runs: BTreeMap<u64, PathBuf>,
}

impl Entrant {
    /// A method in a world, with runs in `place`.
    pub fn new(entry: &'static Entry, settings: Settings, seeds: &[u64], place: &Path) -> Self {
        let world = settings.task.world.clone().unwrap_or_default();
        let folder = place.join("runs").join(format!("{}-{}", entry.card.id, world.replace([',', '='], "-")));
        let runs = seeds.iter().map(|&seed| (seed, folder.join(format!("s{seed}")))).collect();
        Self { label: entry.card.id.to_owned(), entry, settings, runs }
    }

    /// The world's name, for people.
    pub fn world(&self) -> &str {
        self.settings.task.world.as_deref().unwrap_or("no world")
    }

    fn jobs(&self) -> impl Iterator<Item = Job> + '_ {
        self.runs.iter().map(|(&seed, place)| Job {
            arm: format!("{} in {}", self.label, self.world()),
            entry: self.entry,
            settings: Settings { seed, ..self.settings.clone() },
            place: place.clone(),
        })
    }
}

/// Does what is not done yet, aggregates and writes the report. Nothing where `stop` was set.
///
/// # Errors
/// A run fails, or entrants cannot be compared.
pub fn compare(
    entrants: &[Entrant],
    threads: usize,
    place: &Path,
    command: &str,
    stop: &AtomicBool,
    audience: &dyn Audience,
) -> Result<Option<Report>> {
    fs::create_dir_all(place).map_err(|error| RunError::io("create", place, error))?;
    let mut jobs: Vec<Job> = entrants.iter().flat_map(Entrant::jobs).collect();
    jobs.sort_by_key(|job| job.settings.seed);
    if !execute(&jobs, threads, stop, audience)? {
        return Ok(None);
    }
    let report = aggregate(entrants, command)?;
    page::write(&report, place)?;
    Ok(Some(report))
}

/// The entrants that finished runs below a folder make up: runs that differ in nothing but the seed
/// belong together.
///
/// # Errors
/// There are none, or a file cannot be read.
pub fn gather(place: &Path) -> Result<Vec<Entrant>> {
    let mut folders = Vec::new();
    search(place, DEPTH, &mut folders)?;
    let mut groups: Vec<Entrant> = Vec::new();
    for folder in folders {
        let settings = Settings::read(&folder)?;
        let entry = run::registry::find(&settings.method)?;
        let (seed, common) = (settings.seed, Settings { seed: 0, ..settings });
        let index = groups.iter().position(|group| group.settings == common).unwrap_or_else(|| {
            let label = entry.card.id.to_owned();
            groups.push(Entrant { label, entry, settings: common, runs: BTreeMap::new() });
            groups.len() - 1
        });
        groups[index].runs.insert(seed, folder.path().to_owned());
    }
    if groups.is_empty() {
        return Err(EvidenceError::Outcome(format!("there is no finished run in `{}`", place.display())));
    }
    name_apart(&mut groups);
    Ok(groups)
}

fn search(place: &Path, depth: usize, found: &mut Vec<Folder>) -> Result<()> {
    if let Ok(folder) = Folder::open(place) {
        if folder.summary().is_file() {
            found.push(folder);
        }
        return Ok(());
    }
    if depth == 0 {
        return Ok(());
    }
    let read = fs::read_dir(place).map_err(|error| RunError::io("read", place, error))?;
    let mut inner: Vec<PathBuf> =
        read.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    inner.sort();
    inner.iter().try_for_each(|path| search(path, depth - 1, found))
}

/// Gives groups of one method in one world names that tell them apart: the hyper-parameters in
/// which they differ.
fn name_apart(groups: &mut [Entrant]) {
    for method in groups.iter().map(|group| group.entry.card.id).collect::<Vec<_>>() {
        let same: Vec<usize> =
            (0..groups.len()).filter(|&index| groups[index].entry.card.id == method).collect();
        let differs = |key: &str| {
            same.iter().any(|&index| {
                groups[index].settings.config.get(key) != groups[same[0]].settings.config.get(key)
            })
        };
        let keys: Vec<String> =
            groups[same[0]].settings.config.keys().filter(|key| differs(key)).cloned().collect();
        for &index in &same {
            let value = |key: &String| {
                format!(
                    "{key}={}",
                    groups[index].settings.config.get(key).map_or(String::new(), ToString::to_string)
                )
            };
            let parts: Vec<String> = keys.iter().map(value).collect();
            if !parts.is_empty() {
                groups[index].label = format!("{method} ({})", parts.join(", "));
            }
        }
    }
}
