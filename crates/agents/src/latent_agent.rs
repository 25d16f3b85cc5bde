//! What the continuous-control agents share: worlds, memory and representation, acting and drawing
//! batches. The agents add actor and critics.

use burn::tensor::{Device, Tensor};
use learn::{
    batch::{Transitions, observe},
    objective::Latent,
    optim::AdamSettings,
    representation::{Representation, Setting},
};
use nets::encoder::EncoderConfig;
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, RunError, Snapshot, task::World};
use worlds::Actions;

use crate::{
    device,
    experience::Experience,
    failure::failure,
    networks,
    state::{Arrays, portable},
};

/// How an agent acts and draws.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Copies of the world that act at once.
    pub worlds: usize,
    /// Steps with random actions before learning begins.
    pub start_steps: u64,
    /// Gradient updates per step of all copies together.
    pub updates: usize,
    /// Transitions of an update.
    pub batch: usize,
    /// Steps that the replay memory holds.
    pub capacity: usize,
    /// Steps of a target before it bootstraps.
    pub n_step: usize,
    /// Discount per step.
    pub gamma: f64,
    /// Share of the encoder that flows into its slow copy per update.
    pub tau: f64,
    /// Optimiser of the encoder.
    pub adam: AdamSettings,
    /// From observations to latents.
    pub encoder: EncoderConfig,
    /// The objective that trains the encoder, if any.
    pub latent: Latent,
}

impl Settings {
    /// Checks ranges.
    ///
    /// # Errors
    /// One sentence naming the keys and what is allowed.
    pub fn validate(&self) -> std::result::Result<(), String> {
        if self.worlds == 0 || self.batch == 0 || self.n_step == 0 {
            return Err("`worlds`, `batch` and `n_step` must be at least 1".to_owned());
        }
        if !((0.0..=1.0).contains(&self.gamma) && self.tau > 0.0 && self.tau <= 1.0) {
            return Err("`gamma` must be between 0 and 1, and `tau` above 0 and at most 1".to_owned());
        }
        if self.adam.learning_rate <= 0.0 {
            return Err("`learning_rate` must be above 0".to_owned());
        }
        Ok(())
    }
}

/// Worlds, memory and representation of an agent that acts from latents.
pub struct LatentAgent {
    settings: Settings,
    device: Device,
    experience: Experience,
    representation: Representation,
}

impl LatentAgent {
    /// Builds encoder, objective, worlds and memory.
    ///
    /// # Errors
    /// There is no such objective, or it or the encoder does not fit the world.
    pub fn new(settings: Settings, world: &World, run: &mut Run) -> Result<Self> {
        let device = device::parse(run.device())?;
        let setting = Setting {
            layout: world.spec.input(),
            action: &world.spec.action,
            device: &device,
            adam: settings.adam,
        };
        let networks = networks::spec_of(&settings.encoder, world, settings.tau);
        let objective = settings.latent.build(&AdamSettings::default()).map_err(RunError::part)?;
        let representation =
            Representation::new(networks, objective, &setting, run.random("init")).map_err(RunError::part)?;
        if let Some(window) = representation.window() {
            Experience::check_horizon(&world.spec, window)?;
        }
        let experience = Experience::new(world, settings.worlds, settings.capacity, run)?;
        Ok(Self { settings, device, experience, representation })
    }

    /// Where tensors live, without automatic differentiation.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The worlds and what is remembered of them.
    pub fn experience(&self) -> &Experience {
        &self.experience
    }

    /// The encoder and what trains it.
    pub fn representation(&self) -> &Representation {
        &self.representation
    }

    /// The same, to be trained.
    pub fn representation_mut(&mut self) -> &mut Representation {
        &mut self.representation
    }

    /// Acts once in every copy: at random at first, then as `choose` says of latents `[B, d]`.
    ///
    /// # Errors
    /// The world fails.
    pub fn act(
        &mut self,
        run: &mut Run,
        choose: impl FnOnce(Tensor<2>, &mut ChaCha8Rng) -> Tensor<2>,
    ) -> Result<()> {
        let actions = if run.steps() < self.settings.start_steps {
            self.experience.random_actions(run.random("policy"))
        } else {
            let collector = self.experience.collector();
            let input = collector.observations().input();
            let observed = observe(input, self.experience.spec().input(), collector.rows(), &self.device);
            let latent = self.representation.encode(&observed);
            let actions = choose(latent, run.random("policy"));
            Actions::Continuous(actions.into_data().iter().collect())
        };
        self.experience.step(&actions, run)
    }

    /// Updates that are due now.
    pub fn due(&self, run: &Run) -> usize {
        if run.steps() < self.settings.start_steps { 0 } else { self.settings.updates * self.settings.worlds }
    }

    /// Lets the objective take its step, then draws transitions for the agent's.
    ///
    /// # Errors
    /// Nothing can be drawn yet, or the objective's loss is not finite.
    pub fn draw(&mut self, run: &mut Run) -> Result<Transitions> {
        let settings = &self.settings;
        if let Some(window) = self.representation.window() {
            let random = run.random("replay");
            let windows = self.experience.windows(settings.batch, window, random, &self.device)?;
            let report = self.representation.train(&windows, run.random("noise"));
            for (name, value) in report.map_err(|error| failure(run, error))? {
                run.log(&format!("loss/{name}"), f64::from(value))?;
            }
        }
        let (batch, n_step, gamma) = (settings.batch, settings.n_step, settings.gamma);
        self.experience.transitions(batch, n_step, gamma, run.random("replay"), &self.device)
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let mut out = Vec::new();
        self.representation.save("representation", &mut out);
        snapshot.put_arrays(portable(out));
        self.experience.save(snapshot)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another agent or world.
    pub fn load(&mut self, snapshot: &Snapshot, arrays: &Arrays) -> Result<()> {
        self.representation.load("representation", arrays).map_err(RunError::part)?;
        self.experience.load(snapshot)
    }
}
