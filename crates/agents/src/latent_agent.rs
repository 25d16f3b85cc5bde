//! What the continuous-control agents share: worlds, memory and representation, acting and drawing
//! batches. The agents add actor and critics.

use burn::tensor::{Device, Tensor};
use learn::{
    batch::{Transitions, observe},
    intrinsic::Bonus,
    objective::{Latent, Term},
    optim::AdamSettings,
    representation::{Representation, Setting},
};
use nets::{encoder::EncoderConfig, host};
use rand_chacha::ChaCha8Rng;
use run::{Policy, Result, Run, RunError, Snapshot, task::World};
use settings::{Config, Refusal};
use worlds::Actions;

use crate::{
    device,
    experience::Experience,
    exploration::{self, Exploration},
    latent_actor::{Actor, LatentPolicy},
    networks,
    update::failure,
};

/// How an agent of continuous control acts, remembers and represents. The values are SAC's.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::bonus_fits)]
pub struct OffPolicyConfig {
    /// Copies of the world that act at once.
    #[setting(1, min = 1)]
    pub worlds: usize,
    /// Steps with random actions before learning begins.
    #[setting(1_000)]
    pub start_steps: u64,
    /// Gradient updates per step of all copies together.
    #[setting(1)]
    pub updates: usize,
    /// Transitions of an update.
    #[setting(128, paper = 256, min = 1)]
    pub batch: usize,
    /// Steps that the replay memory holds.
    #[setting(100_000, paper = 1_000_000, min = 2)]
    pub capacity: usize,
    /// Discount per step.
    #[setting(0.99, min = 0.0, max = 1.0)]
    pub gamma: f64,
    /// Steps of a target before it bootstraps.
    #[setting(1, min = 1)]
    pub n_step: usize,
    /// Share of a network that flows into its target network whenever that follows.
    #[setting(0.005, above = 0.0, max = 1.0)]
    pub tau: f64,
    /// Adam's step size of encoder, actor, critics and temperature.
    #[setting(1e-3, paper = 3e-4, above = 0.0)]
    pub learning_rate: f64,
    /// From observations to latents; identity for vectors, convolutions for images.
    #[setting(EncoderConfig::Identity)]
    pub encoder: EncoderConfig,
    /// Representation objective that trains the encoder.
    #[setting(group)]
    pub latent: Latent,
    /// Intrinsic reward.
    #[setting(group)]
    pub bonus: Bonus,
}

impl OffPolicyConfig {
    fn bonus_fits(&self) -> std::result::Result<(), Refusal> {
        exploration::fits(&self.bonus, self.n_step)
    }

    /// The optimiser.
    pub fn adam(&self) -> AdamSettings {
        AdamSettings::new(self.learning_rate)
    }
}

/// Worlds, memory and representation of an agent that acts from latents.
pub struct LatentAgent {
    config: OffPolicyConfig,
    device: Device,
    experience: Experience,
    representation: Representation,
    exploration: Option<Exploration>,
}

impl LatentAgent {
    /// Builds encoder, objective, worlds and memory, and tells what is doubtful about the objective.
    ///
    /// # Errors
    /// There is no such objective, or it or the encoder does not fit the world.
    pub fn new(config: OffPolicyConfig, world: &World, run: &mut Run) -> Result<Self> {
        let device = device::parse(run.device())?;
        let setting = Setting {
            layout: world.spec.input(),
            action: &world.spec.action,
            device: &device,
            adam: config.adam(),
        };
        let networks = networks::spec_of(&config.encoder, world, config.tau);
        let objective = config.latent.build(&AdamSettings::default()).map_err(RunError::part)?;
        let doubt = objective.as_ref().and_then(|objective| objective.doubt(setting.layout));
        let representation =
            Representation::new(networks, objective, &setting, run.random("init")).map_err(RunError::part)?;
        doubt.into_iter().for_each(|doubt| run.note(doubt));
        if let Some(window) = representation.window() {
            Experience::check_horizon(&world.spec, window)?;
        }
        let experience = Experience::new(world, config.worlds, config.capacity, run)?;
        let exploration = Exploration::new(&config.bonus, world, config.worlds, &device, run)?;
        Ok(Self { config, device, experience, representation, exploration })
    }

    /// How it acts, remembers and represents.
    pub fn config(&self) -> &OffPolicyConfig {
        &self.config
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

    /// A policy from an inference copy of the actor and one of the encoder.
    pub fn policy(&self, actor: impl Actor) -> Box<dyn Policy> {
        let encoder = self.representation.encoder().clone();
        Box::new(LatentPolicy::new(encoder, actor, self.experience.spec(), &self.device))
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
        let actions = if run.steps() < self.config.start_steps {
            self.experience.random_actions(run.random("policy"))
        } else {
            let collector = self.experience.collector();
            let input = collector.observations().input();
            let observed = observe(input, self.experience.spec().input(), collector.rows(), &self.device);
            let latent = self.representation.encode(&observed);
            let actions = choose(latent, run.random("policy"));
            Actions::Continuous(host(actions))
        };
        let exploration = &mut self.exploration;
        self.experience.step_rewarded(&actions, run, |outcome, run| match exploration {
            Some(exploration) => exploration.collected(outcome, outcome.reward.clone(), run),
            None => Ok(None),
        })
    }

    /// Updates that are due now.
    pub fn due(&self, run: &Run) -> usize {
        if run.steps() < self.config.start_steps { 0 } else { self.config.updates * self.config.worlds }
    }

    /// Lets the objective take its step, then draws transitions for the agent's.
    ///
    /// # Errors
    /// Nothing can be drawn yet, or the objective's loss is not finite.
    pub fn draw(&mut self, run: &mut Run) -> Result<Transitions> {
        let (batch, n_step, gamma) = (self.config.batch, self.config.n_step, self.config.gamma);
        if let Some(window) = self.representation.window() {
            let random = run.random("replay");
            let windows = self.experience.windows(batch, window, random, &self.device)?;
            let report = self.representation.train(&windows, run.random("noise"));
            for (name, value) in report.map_err(|error| failure(run, error))? {
                run.log(&Term::metric(name), f64::from(value))?;
            }
        }
        let transitions = self.experience.draw(batch, n_step, gamma, run.random("replay"))?;
        if let Some(exploration) = &mut self.exploration {
            exploration.draw(transitions, run)?;
        }
        Ok(self.experience.upload(&self.device))
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let mut out = Vec::new();
        self.representation.save("representation", &mut out);
        snapshot.put_arrays(out);
        if let Some(exploration) = &self.exploration {
            exploration.save(snapshot)?;
        }
        self.experience.save(snapshot)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another agent or world.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.representation.load("representation", snapshot.arrays()).map_err(RunError::part)?;
        if let Some(exploration) = &mut self.exploration {
            exploration.load(snapshot)?;
        }
        self.experience.load(snapshot)
    }
}
