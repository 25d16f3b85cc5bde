//! From the command line to the complete settings of a run, and from settings to its task.

use std::path::Path;

use learn::plug::{SHELVES, Shelf};
use run::{
    Entry, Preset, RunError, Settings,
    config::{set, unknown, value},
    settings::RunSettings,
};
use toml::{Table, Value};

use crate::{command::train::Arguments, failure::Failure};

/// What begins the keys that `--set` edits in the loop's settings instead of the method's.
const RUN: &str = "run.";

/// The method and the complete, checked settings that the arguments of `train` describe.
pub fn settings(arguments: &Arguments) -> Result<(&'static Entry, Settings), Failure> {
    let entry = run::registry::find(&arguments.method)?;
    let mut settings = match &arguments.config {
        Some(path) => from_file(entry, path)?,
        None => {
            let preset = Preset::parse(arguments.preset.as_deref().unwrap_or("laptop"))?;
            Settings::new(entry.card, preset, (entry.preset)(preset), 0, arguments.steps)
        }
    };
    run::PROGRAM.clone_into(&mut settings.program);
    if let Some(seed) = arguments.seed {
        settings.seed = seed;
    }
    if let Some(device) = &arguments.device {
        device.clone_into(&mut settings.device);
    }
    apply_task(&mut settings, entry, arguments)?;
    apply_run(&mut settings.run, arguments);
    apply_sets(&mut settings, entry, arguments)?;
    (entry.check)(&settings.config)?;
    settings.run.validate()?;
    agents::device::check(&settings.device)?;
    Ok((entry, settings))
}

/// The settings in a `config.toml`, which must be of the same method.
fn from_file(entry: &Entry, path: &Path) -> Result<Settings, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| RunError::io("read", path, error))?;
    let settings = Settings::parse(&text)?;
    if settings.method != entry.card.id {
        let (given, wanted) = (&settings.method, entry.card.id);
        return Err(Failure::usage(format!("`{}` configures `{given}`, not `{wanted}`", path.display())));
    }
    Ok(settings)
}

fn apply_task(settings: &mut Settings, entry: &Entry, arguments: &Arguments) -> Result<(), Failure> {
    let task = &mut settings.task;
    task.world = arguments.world.clone().or(task.world.take());
    task.data = arguments.data.clone().or(task.data.take());
    task.eval_world = arguments.eval_world.clone().or(task.eval_world.take());
    task.model = arguments.model.clone().or(task.model.take());
    let chosen = [&arguments.latent, &arguments.bonus];
    let mut chosen = SHELVES.iter().zip(chosen).filter_map(|(shelf, name)| Some((shelf, name.as_ref()?)));
    chosen.try_for_each(|(shelf, name)| choose(settings, entry, shelf, name))
}

/// Gives the method a part, under the part's settings in the run's preset.
fn choose(settings: &mut Settings, entry: &Entry, shelf: &Shelf, name: &str) -> Result<(), Failure> {
    let paper = settings.preset == Preset::Paper.name();
    let Ok(table) = (shelf.table)(name, paper) else {
        return Err(unknown(shelf.word, name, (shelf.names)().into_iter()).into());
    };
    if !takes(entry, shelf) {
        let others: Vec<&str> = takers(shelf).map(|other| other.card.id).collect();
        return Err(Failure::usage(format!(
            "`{}` takes no {}: leave out --{}, or use it with {}",
            entry.card.id,
            shelf.word,
            shelf.key,
            others.join(", ")
        )));
    }
    settings.config.insert(shelf.key.to_owned(), Value::Table(table));
    Ok(())
}

/// Applies every `--set`; what chooses a part comes before the settings of it.
fn apply_sets(settings: &mut Settings, entry: &Entry, arguments: &Arguments) -> Result<(), Failure> {
    let mut others = Vec::new();
    for assignment in &arguments.set {
        match chosen(assignment).filter(|(shelf, ..)| takes(entry, shelf)) {
            Some((shelf, name, changes)) => {
                choose(settings, entry, shelf, &name)?;
                let changes = changes.iter().map(|(key, value)| format!("{}.{key}={value}", shelf.key));
                others.extend(changes);
            }
            None => others.push(assignment.clone()),
        }
    }
    for assignment in &others {
        if assignment.starts_with(RUN) {
            settings.run = edited(&settings.run, assignment)?;
        } else {
            set(&mut settings.config, assignment)?;
        }
    }
    Ok(())
}

/// The part that `latent=spr`, `latent.name=spr` or `latent={ name = "spr", steps = 5 }` chooses, and
/// what else is set of it.
fn chosen(assignment: &str) -> Option<(&'static Shelf, String, Table)> {
    let (key, text) = assignment.split_once('=')?;
    let (first, whole) = key.strip_suffix(".name").map_or((key, true), |first| (first, false));
    let shelf = SHELVES.iter().find(|shelf| shelf.key == first)?;
    match value(text) {
        Value::String(name) => Some((shelf, name, Table::new())),
        Value::Table(mut table) if whole => match table.remove("name") {
            Some(Value::String(name)) => Some((shelf, name, table)),
            _ => None,
        },
        _ => None,
    }
}

/// The methods that carry a part of this kind.
pub fn takers(shelf: &Shelf) -> impl Iterator<Item = &'static Entry> {
    run::registry::all().iter().copied().filter(|entry| takes(entry, shelf))
}

/// Whether a method carries a part of this kind; elsewhere `latent` may be the latent's width.
fn takes(entry: &Entry, shelf: &Shelf) -> bool {
    (entry.fields)().iter().any(|field| field.key.strip_prefix(shelf.key) == Some(".name"))
}

fn apply_run(run: &mut RunSettings, arguments: &Arguments) {
    if let Some(steps) = arguments.steps {
        (run.steps, run.budget_seconds) = (steps, None);
    }
    if arguments.budget.is_some() {
        run.budget_seconds = arguments.budget;
    }
    if arguments.checkpoint_every.is_some() {
        run.checkpoint_every = arguments.checkpoint_every;
    }
}

/// The settings of budget and records after one `--set run.key=value`.
fn edited(run: &RunSettings, assignment: &str) -> Result<RunSettings, Failure> {
    let complete =
        RunSettings { budget_seconds: Some(1.0), checkpoint_every: Some(1), ..RunSettings::for_steps(1) };
    let known = Table::try_from(complete).map_err(RunError::part)?;
    let mut table = Table::try_from(run).map_err(RunError::part)?;
    let key = assignment.split('=').next().unwrap_or_default();
    let Some(example) = key.strip_prefix(RUN).and_then(|name| known.get(name)) else {
        let keys: Vec<String> = known.keys().map(|key| format!("{RUN}{key}")).collect();
        return Err(unknown("setting", key, keys.iter().map(String::as_str)).into());
    };
    table.entry(key.trim_start_matches(RUN)).or_insert_with(|| example.clone());
    let mut outer = Table::from_iter([("run".to_owned(), Value::Table(table))]);
    set(&mut outer, assignment)?;
    let wrong = |error: toml::de::Error| Failure::usage(format!("`--set {assignment}`: {}", error.message()));
    outer.remove("run").unwrap_or_else(|| Value::Table(Table::new())).try_into().map_err(wrong)
}
