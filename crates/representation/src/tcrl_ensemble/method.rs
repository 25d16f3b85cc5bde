//! The method in a run.

use agents::{
    device,
    experience::Experience,
    state::{load_trained, save_trained},
};
use burn::tensor::Device;
use learn::optim::{AdamSettings, Trained};
use nets::{
    ensemble::EnsembleMlp,
    init::Init,
    mlp::{Activation, MlpConfig},
};
use rand_chacha::ChaCha8Rng;
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Primary, Progress, Result, Run, Snapshot, Task,
    task::World,
};

use super::{MEMBERS, TcrlEnsemble, TcrlEnsembleConfig};

/// The name on the command line.
pub(super) const ID: &str = "tcrl-ensemble";

run::register!(TcrlEnsemble);

impl Method for TcrlEnsemble {
    const CARD: Card = Card {
        id: ID,
        title: "Simplified Temporal Consistency Reinforcement Learning: the ensemble it is compared with",
        paper: "Zhao, Zhao, Boney, Kannala and Pajarinen, 2023, arXiv 2306.09466",
        family: "representation",
        summary: "five stochastic models of observations, the comparison of Zhao et al.; nothing acts on them",
        needs: &[Need::World { actions: ActionNeed::Continuous, observations: ObservationNeed::Vector }],
        metrics: &["loss/ensemble"],
        stages: &["main"],
        primary: Primary { metric: "loss/ensemble", higher_is_better: false },
        unit: "environment steps",
        steps: 15_000,
        instead: "a world of vectors with continuous actions, such as pendulum",
    };
    type Config = TcrlEnsembleConfig;

    fn build(config: TcrlEnsembleConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        Experience::check_horizon(&world.spec, config.horizon)?;
        let device = device::parse(run.device())?;
        let (observation, action) = (world.spec.input().size(), world.continuous().unwrap_or(0));
        let training = device.clone().autodiff();
        Ok(Self {
            members: members(&config, observation, action, &training, run.random("ensemble")),
            experience: Experience::new(world, config.worlds, config.capacity, run)?,
            device,
            config,
            pending: 0,
        })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.iteration(run)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("ensemble", &self.members)]);
        snapshot.put("pending", &self.pending)?;
        self.experience.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        load_trained(snapshot.arrays(), &mut [("ensemble", &mut self.members)])?;
        self.pending = snapshot.get("pending")?;
        self.experience.load(snapshot)
    }
}

/// Fresh models of observations of `observation` numbers under actions of `action` numbers, on the
/// training device: ELU, orthogonal weights, zero biases, as TCRL's latent model.
pub(super) fn members(
    config: &TcrlEnsembleConfig,
    observation: usize,
    action: usize,
    device: &Device,
    random: &mut ChaCha8Rng,
) -> Trained<EnsembleMlp> {
    let init = Init::Orthogonal { gain: 1.0 };
    let shape = MlpConfig::new(observation + action, &config.hidden, 2 * (observation + 1))
        .with_activation(Activation::Elu)
        .with_init(init, init);
    let adam = AdamSettings::new(config.learning_rate).with_weight_decay(config.weight_decay);
    Trained::new(EnsembleMlp::new(&shape, MEMBERS, device, random), adam)
}
