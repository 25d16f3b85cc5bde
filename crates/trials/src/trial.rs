//! Runs of registered methods without a folder.

use run::{
    AnyMethod, Entry, Preset, Problems, Protocol, Run, Snapshot, Task, config, data::Data, policy::Mode,
    problems::is_problems, registry, task::World,
};

/// A method in a world, with its run.
pub struct Trial {
    /// The method.
    pub method: Box<dyn AnyMethod>,
    /// Its run.
    pub run: Run,
    world: Option<World>,
}

impl Trial {
    /// The laptop preset with these settings. `world` is empty where the method takes none; where it
    /// learns from data it is the recipe `data:...`, followed by ` in ` and an evaluation world where
    /// there is one; where it works on problems in text, the text world.
    pub fn new(id: &str, world: &str, settings: &[&str], steps: u64, seed: u64) -> Self {
        let entry: &Entry = registry::find(id).expect("the method is registered");
        let mut table = (entry.preset)(Preset::Laptop);
        for setting in settings {
            config::set(&mut table, setting).expect("the setting exists");
        }
        let named = |name: &str| World::new(name).expect("the world exists");
        let (world, task) = match (world.starts_with("data:"), world.split_once(" in ")) {
            (true, split) => {
                let (recipe, world) = split.unwrap_or((world, ""));
                let data = Data::open(recipe).expect("the data can be recorded");
                ((!world.is_empty()).then(|| named(world)), Task::new().with(data))
            }
            _ if is_problems(world) => {
                (None, Task::new().with(Problems::open(world).expect("the problems exist")))
            }
            (false, _) => {
                let world = (!world.is_empty()).then(|| named(world));
                let task = world.iter().cloned().fold(Task::new(), Task::with);
                (world, task)
            }
        };
        let mut run = Run::new(seed, steps, "cpu");
        let method = (entry.build)(&table, &task, &mut run).expect("the method fits the world");
        Self { method, run, world }
    }

    /// Advances until the run has taken this many steps.
    pub fn train(&mut self, steps: u64) {
        while self.run.steps() < steps {
            self.method.advance(&mut self.run).expect("training goes on");
        }
    }

    /// The mean of what training reported under this name.
    pub fn reported(&self, name: &str) -> f64 {
        self.run.reported(name).unwrap_or_else(|| panic!("nothing reports `{name}`"))
    }

    /// Mean greedy return of `episodes` episodes.
    pub fn score(&mut self, episodes: usize) -> f64 {
        self.metric("eval/return", episodes)
    }

    /// The mean of one of the evaluation's scores.
    pub fn metric(&mut self, name: &str, episodes: usize) -> f64 {
        let protocol =
            Protocol { world: self.world.clone(), problems: None, episodes, seed: 7, mode: Mode::Greedy };
        let scores = self.method.evaluate(&protocol, &mut self.run).expect("the method is scored");
        scores[name].mean
    }

    /// The complete state.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new();
        self.run.save(&mut snapshot).expect("a run can be saved");
        self.method.save(&mut snapshot).expect("a method can be saved");
        snapshot
    }

    /// Takes a complete state.
    pub fn load(&mut self, snapshot: &Snapshot) {
        self.run.load(snapshot).expect("the snapshot is of this run");
        self.method.load(snapshot).expect("the snapshot is of this method");
    }
}
