//! How fast a method advances, environment steps and learning together.

use std::time::{Duration, Instant};

use run::{AnyMethod, Preset, Run, Settings, Task, config::set, session, task::World};
use serde_json::{Value, json};

use super::Measured;
use crate::failure::Failure;

/// What is measured, and after how many steps of warm-up.
struct Course {
    method: &'static str,
    world: &'static str,
    settings: &'static [&'static str],
    warm_up: u64,
}

/// Time that is measured.
const TIME: Duration = Duration::from_secs(8);

/// What a second held.
struct Speed {
    steps: f64,
    updates: f64,
}

/// Four worlds, 128 steps, four epochs of four minibatches, two 64-wide tanh networks.
pub fn ppo() -> Result<Vec<Measured>, Failure> {
    let course = Course {
        method: "ppo",
        world: "cartpole",
        settings: &["worlds=4", "rollout=128", "epochs=4", "minibatches=4", "hidden=[64, 64]"],
        warm_up: 20_000,
    };
    let speed = time(&course)?;
    Ok(vec![course.measured("ppo", speed.steps, "environment steps/s")])
}

/// 256-wide networks, batches of 256, one update per environment step.
pub fn sac() -> Result<Vec<Measured>, Failure> {
    let course = Course {
        method: "sac",
        world: "pendulum",
        settings: &["hidden=[256, 256]", "batch=256", "worlds=1", "updates=1"],
        warm_up: 2_000,
    };
    let speed = time(&course)?;
    Ok(vec![
        course.measured("sac updates", speed.updates, "updates/s"),
        course.measured("sac steps", speed.steps, "environment steps/s"),
    ])
}

impl Course {
    fn measured(&self, name: &str, value: f64, unit: &'static str) -> Measured {
        let mut settings = json!({"method": self.method, "world": self.world});
        if let Value::Object(fields) = &mut settings {
            for (key, value) in self.settings.iter().filter_map(|text| text.split_once('=')) {
                fields.insert(key.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into()));
            }
        }
        Measured { name: name.to_owned(), value, unit, settings }
    }
}

/// Advances a method past its warm-up and then for a while by the clock.
fn time(course: &Course) -> Result<Speed, Failure> {
    eprintln!("{} on {} ...", course.method, course.world);
    let entry = run::registry::find(course.method)?;
    let mut config = (entry.preset)(Preset::Laptop);
    for assignment in course.settings {
        set(&mut config, assignment)?;
    }
    (entry.check)(&config)?;
    let mut settings = Settings::new(entry.card, Preset::Laptop, config, 0, Some(10_000_000));
    settings.task.world = Some(course.world.to_owned());
    let task = Task::new().with(World::new(course.world)?);
    let (mut method, mut run) = session::build(entry, &settings, &task)?;
    while run.steps() < course.warm_up {
        advance(method.as_mut(), &mut run)?;
    }
    let (steps, updates, began) = (run.steps(), most_updates(&run), Instant::now());
    while began.elapsed() < TIME {
        advance(method.as_mut(), &mut run)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(Speed {
        steps: (run.steps() - steps) as f64 / seconds,
        updates: (most_updates(&run) - updates) as f64 / seconds,
    })
}

fn advance(method: &mut dyn AnyMethod, run: &mut Run) -> Result<(), Failure> {
    method.advance(run).map(drop).map_err(Failure::failed)
}

/// Gradient updates of the part that has had most; parts of one update count once.
fn most_updates(run: &Run) -> u64 {
    run.meters().updates.values().copied().max().unwrap_or(0)
}
