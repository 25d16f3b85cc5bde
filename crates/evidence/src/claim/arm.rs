//! Arms: methods with their settings, in a world, over their preset and the points of a sweep.

use run::{
    Entry, Preset as MethodPreset, Settings, Task, config,
    settings::{RunSettings, TaskSettings},
};
use toml::{Table, Value};

use super::{
    Preset,
    document::{Item, Section},
    sweep::{self, SEED, SweepPoint},
};
use crate::Result;

/// Keys of an arm that a preset may override.
const LAYER: [&str; 6] = ["world", "data", "eval_world", "set", "steps", "run"];

/// One arm as it will run under every seed.
#[derive(Clone)]
pub struct PlannedArm {
    /// Its name, with the point of a sweep in brackets.
    pub name: String,
    /// Its name in the file.
    pub base: String,
    /// Its point of the sweep, where it has one.
    pub sweep: Option<SweepPoint>,
    /// The method.
    pub entry: &'static Entry,
    /// The world's name, in which `{seed}` stands for the run's seed.
    pub world: Option<String>,
    /// The data set's name, in which `{seed}` stands for the run's seed.
    pub data: Option<String>,
    /// The evaluation world's name, in which `{seed}` stands for the run's seed.
    pub eval_world: Option<String>,
    /// What differs from the method's preset: dotted key and value, in the order of the file.
    pub changes: Vec<(String, Value)>,
    template: Settings,
}

impl PlannedArm {
    /// The complete settings of the run with this seed.
    pub fn settings(&self, seed: u64) -> Settings {
        let mut settings = self.template.clone();
        settings.seed = seed;
        let named = |name: &Option<String>| name.as_deref().map(|name| of_seed(name, seed));
        settings.task.world = named(&self.world);
        settings.task.data = named(&self.data);
        settings.task.eval_world = named(&self.eval_world);
        settings
    }

    /// Steps of every run, in the method's unit.
    pub fn steps(&self) -> u64 {
        self.template.run.steps
    }

    /// What differs from the method's preset, as `key = value` pairs.
    pub fn changes(&self) -> String {
        let pairs: Vec<String> = self.changes.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        pairs.join(", ")
    }
}

impl std::fmt::Debug for PlannedArm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PlannedArm")
            .field("name", &self.name)
            .field("method", &self.entry.card.id)
            .field("settings", &self.template)
            .finish_non_exhaustive()
    }
}

/// A name with the run's seed in place.
fn of_seed(name: &str, seed: u64) -> String {
    name.replace(&format!("{{{SEED}}}"), &seed.to_string())
}

/// What a preset gives to all its arms.
pub(super) struct Shared<'a> {
    /// Which one it is.
    pub preset: Preset,
    /// Steps of an arm that does not say its own.
    pub steps: Option<u64>,
    /// Settings of the loop.
    pub run: Option<Item<'a>>,
}

/// An arm as the file has it.
pub(super) struct ArmSource<'a> {
    section: Section<'a>,
    /// Its name in the file.
    pub name: Item<'a>,
    /// Presets it takes part in where they do not list their arms.
    pub presets: Vec<Preset>,
    entry: &'static Entry,
    method_preset: MethodPreset,
    points: Vec<SweepPoint>,
}

impl<'a> ArmSource<'a> {
    /// Reads one `[[arm]]`.
    pub fn read(section: Section<'a>) -> Result<Self> {
        let mut keys = vec!["name", "method", "presets", "method_preset", "sweep", "quick", "full"];
        keys.extend(LAYER);
        section.known(&keys)?;
        let name = section.require("name", "conditions name the arm by it")?;
        if name.text()?.contains(['[', ']', '{', '}', '=']) {
            return Err(name.refuse("an arm's name has no brackets, braces or `=`: a sweep adds them"));
        }
        let method = section.require("method", "an arm runs a method")?;
        let entry = run::registry::find(method.text()?).map_err(|error| method.refuse(error.to_string()))?;
        let method_preset = match section.get("method_preset") {
            None => MethodPreset::default(),
            Some(item) => {
                MethodPreset::parse(item.text()?).map_err(|error| item.refuse(error.to_string()))?
            }
        };
        for preset in Preset::ALL {
            if let Some(layer) = section.section(preset.name())? {
                layer.known(&LAYER)?;
            }
        }
        let (presets, points) = (Preset::list(&section)?, sweep::points(&section)?);
        Ok(Self { section, name, presets, entry, method_preset, points })
    }

    /// The arms it becomes in a preset: one, or one for every point of its sweep.
    pub fn plan(&self, shared: &Shared<'a>) -> Result<Vec<PlannedArm>> {
        let layers = self.layers(shared.preset)?;
        if self.points.is_empty() {
            return Ok(vec![self.resolve(shared, &layers, None)?]);
        }
        self.check_use(&layers)?;
        self.points.iter().map(|point| self.resolve(shared, &layers, Some(point))).collect()
    }

    /// Refuses a sweep whose placeholder stands nowhere.
    fn check_use(&self, layers: &[Section<'a>]) -> Result<()> {
        let (Some(item), Some(point)) = (self.section.get("sweep"), self.points.first()) else {
            return Ok(());
        };
        let placeholder = point.placeholder();
        for key in ["world", "data", "eval_world", "steps", "set"] {
            for layer in layers {
                let value = layer.get(key).map(|item| item.value()).transpose()?;
                if value.is_some_and(|value| value.to_string().contains(&placeholder)) {
                    return Ok(());
                }
            }
        }
        Err(item.refuse(format!(
            "`{placeholder}` stands neither in `world`, `data` or `eval_world` nor in `steps` nor in `set`, so all points of the sweep would be equal"
        )))
    }

    /// Where its settings stand for a preset, the stronger last.
    fn layers(&self, preset: Preset) -> Result<Vec<Section<'a>>> {
        Ok([Some(self.section.clone()), self.section.section(preset.name())?].into_iter().flatten().collect())
    }

    fn resolve(
        &self,
        shared: &Shared<'a>,
        layers: &[Section<'a>],
        point: Option<&SweepPoint>,
    ) -> Result<PlannedArm> {
        let base = self.name.text()?;
        let last = |key| layers.iter().rev().find_map(|layer| layer.get(key));
        let steps = match last("steps") {
            Some(item) => steps(&item, point)?,
            None => shared.steps.ok_or_else(|| {
                let name = shared.preset.name();
                self.section.missing("steps", &format!("neither the arm nor [preset.{name}] says how long"))
            })?,
        };
        let name = |key| -> Result<Option<(Item<'a>, String)>> {
            let Some(item) = last(key) else { return Ok(None) };
            let text = item.text()?;
            let text = point.map_or_else(|| text.to_owned(), |point| point.fill(text));
            Ok(Some((item, text)))
        };
        let (world, data, eval_world) = (name("world")?, name("data")?, name("eval_world")?);
        self.check_task([&world, &data, &eval_world])?;
        let [world, data, eval_world] = [world, data, eval_world].map(|named| named.map(|(_, name)| name));
        let (config, changes) = self.config(layers, point)?;
        let mut template = Settings::new(self.entry.card, self.method_preset, config, 0, Some(steps));
        for item in shared.run.iter().cloned().chain(layers.iter().filter_map(|layer| layer.get("run"))) {
            template.run = edited(&template.run, &item)?;
        }
        Ok(PlannedArm {
            name: point.map_or_else(|| base.to_owned(), |point| point.name(base)),
            base: base.to_owned(),
            sweep: point.cloned(),
            entry: self.entry,
            world,
            data,
            eval_world,
            changes,
            template,
        })
    }

    /// Checks what the arm works on, with seed 0: world, data and evaluation world.
    fn check_task(&self, named: [&Option<(Item<'a>, String)>; 3]) -> Result<()> {
        let settings = |index: usize| named[index].as_ref().map(|(_, name)| of_seed(name, 0));
        let task = TaskSettings {
            world: settings(0),
            data: settings(1),
            eval_world: settings(2),
            ..TaskSettings::default()
        };
        let Err(error) = Task::check(self.entry.card, &task) else { return Ok(()) };
        Err(match named.iter().find_map(|named| named.as_ref()) {
            Some((item, _)) => item.refuse(error.to_string()),
            None => self
                .section
                .missing(if self.entry.card.takes_data() { "data" } else { "world" }, &error.to_string()),
        })
    }

    /// The method's hyper-parameters, checked, and what differs from its preset.
    fn config(
        &self,
        layers: &[Section<'a>],
        point: Option<&SweepPoint>,
    ) -> Result<(Table, Vec<(String, Value)>)> {
        let mut table = (self.entry.preset)(self.method_preset);
        let mut changes: Vec<(String, Value)> = Vec::new();
        // A later key may mend what two settings together demand, so the first refusal counts only
        // if the whole is refused too.
        let mut first = None;
        for layer in layers {
            let Some(set) = layer.get("set") else { continue };
            for (key, item) in leaves(&set.section()?, "")? {
                let value = match point {
                    Some(point) => point.fill_value(item.value()?),
                    None => item.value()?,
                };
                config::insert(&mut table, &key, value.clone()).map_err(|cause| item.refuse(cause))?;
                let refusal = (self.entry.check)(&table).err().map(|error| item.refuse(error.to_string()));
                first = first.or(refusal);
                changes.retain(|(old, _)| *old != key);
                changes.push((key, value));
            }
        }
        match ((self.entry.check)(&table), first) {
            (Ok(()), _) => Ok((table, changes)),
            (Err(_), Some(refusal)) => Err(refusal),
            (Err(error), None) => Err(self.section.refuse("method", error.to_string())),
        }
    }
}

/// Every value below a table of settings, with its dotted key. A table that names its `kind` is one
/// value: it replaces the preset's, whose other settings may belong to another kind.
fn leaves<'a>(section: &Section<'a>, prefix: &str) -> Result<Vec<(String, Item<'a>)>> {
    let mut out = Vec::new();
    for item in section.keys() {
        let key =
            if prefix.is_empty() { item.name().to_owned() } else { format!("{prefix}.{}", item.name()) };
        match item.section() {
            Ok(inner) if inner.get("kind").is_none() => out.extend(leaves(&inner, &key)?),
            _ => out.push((key, item)),
        }
    }
    Ok(out)
}

fn steps(item: &Item<'_>, point: Option<&SweepPoint>) -> Result<u64> {
    match (item.as_text(), point) {
        (Some(text), Some(point)) => {
            point.fill(text).parse().ok().filter(|&steps| steps > 0).ok_or_else(|| {
                item.refuse(format!("`{}` is no whole number of at least 1", point.fill(text)))
            })
        }
        _ => item.positive(),
    }
}

/// Settings of the loop after the keys of a `run` table.
fn edited(run: &RunSettings, item: &Item<'_>) -> Result<RunSettings> {
    let mut known = Table::try_from(RunSettings::for_steps(1)).map_err(run::RunError::part)?;
    known.remove("steps");
    let mut table = Table::try_from(run).map_err(run::RunError::part)?;
    for entry in item.section()?.keys() {
        if !known.contains_key(entry.name()) {
            return Err(entry.unknown("key", entry.name(), known.keys().map(String::as_str)));
        }
        config::insert(&mut table, entry.name(), entry.value()?).map_err(|cause| entry.refuse(cause))?;
    }
    let run: RunSettings =
        table.try_into().map_err(|error: toml::de::Error| item.refuse(error.message().to_owned()))?;
    run.validate().map_err(|error| item.refuse(error.to_string()))?;
    Ok(run)
}
