//! Learning to act without actions (Schmidt and Jiang, 2024, arXiv 2312.10812): latent action
//! policies.
//!
//! Videos do not say what was done. An inverse model compresses what the past cannot explain of the
//! next frame into a few codes, jointly with a forward model that has to make the next frame from
//! the past and these codes alone: what is worth sending is what moved the world, the action up to
//! its name. A policy then learns to predict the latent action of a frame, and a small decoder that
//! knows a few true actions, or reinforcement learning, makes it a policy of the world.
//!
//! The two models and the policy are trained on a view of the data that has no actions. The arms of
//! the comparison are variants, with the same networks. Windows that would leave their episode are
//! left out instead of refused, because short episodes are common where the start is near the goal.

mod config;
mod decode;
mod experience;
mod frames;
mod imitate;
mod models;
mod online;
mod online_config;
mod policy;
mod probe;
#[cfg(test)]
mod tests;
mod two_heads;

use std::sync::Arc;

use agents::{
    device,
    state::{arrays, load_trained, save_trained},
};
use burn::tensor::{Device, Tensor};
use learn::{
    optim::{AdamSettings, Trained},
    schedule::Piecewise,
};
use memory::Dataset;
use nets::{
    dynamics::{FrameForward, FrameInverse},
    frames::FrameNetwork,
    mlp::{Mlp, MlpConfig},
    unet::UNetShape,
};
use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task, data::Data, scores, task::World,
};
use serde::{Deserialize, Serialize};
use worlds::{ActionSpace, Layout};

pub use self::config::{Decoding, LapoConfig, Variant};
use self::{
    frames::{Frames, Labels},
    online::Online,
    policy::DecodedPolicy,
};

/// Latent action policies, and what they are compared with.
pub struct Lapo {
    config: LapoConfig,
    set: Arc<Dataset>,
    frames: Frames,
    labels: Labels,
    actions: usize,
    device: Device,
    inverse: Trained<FrameInverse>,
    forward: Trained<FrameForward>,
    policy: Trained<FrameNetwork>,
    decoder: Trained<Mlp>,
    online: Option<Online>,
    schedules: [Piecewise; 2],
    position: Position,
    /// The latent actions of the labelled windows, once the inverse model is fixed.
    known: Option<Tensor<2>>,
    /// What the probe is tested on, once it has been recorded.
    held_out: Option<Arc<Dataset>>,
}

/// A stage of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Models,
    Policy,
    Decode,
    Online,
}

/// Where training stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// Stages done.
    stage: usize,
    /// Updates, or steps in the world, of the current stage.
    done: u64,
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Models => "latent-actions",
            Self::Policy => "latent-policy",
            Self::Decode => "decode",
            Self::Online => "online",
        }
    }
}

impl LapoConfig {
    /// The stages in order, each with its length.
    fn plan(&self) -> Vec<(Stage, u64)> {
        let models = (Stage::Models, self.models.updates);
        let policy = (Stage::Policy, self.policy.updates);
        let last = match self.decoding {
            Decoding::Offline => (Stage::Decode, self.decoder.updates),
            Decoding::Online => (Stage::Online, self.online.steps),
        };
        let plan = match self.variant {
            Variant::Lapo | Variant::NoBottleneck => vec![models, policy, last],
            Variant::NoFdm => vec![policy, last],
            Variant::Idm => vec![models, policy],
            Variant::Cloning => vec![policy],
        };
        plan.into_iter().filter(|(_, length)| *length > 0).collect()
    }

    /// Whether there are latent actions, which need decoding.
    fn latent(&self) -> bool {
        !matches!(self.variant, Variant::Idm | Variant::Cloning)
    }

    /// Width of what the inverse model and the policy put out.
    fn size(&self, actions: usize) -> usize {
        match self.variant {
            Variant::Lapo | Variant::NoFdm => self.quantiser.size(),
            Variant::NoBottleneck => self.unquantised,
            Variant::Idm | Variant::Cloning => actions,
        }
    }
}

run::register!(Lapo);

impl Method for Lapo {
    const CARD: Card = Card {
        id: "lapo",
        title: "Learning to Act without Actions",
        paper: "Schmidt & Jiang, 2024, arXiv 2312.10812",
        family: "latent-action",
        summary: "latent actions from videos alone, a policy over them, a decoder from few labels or rewards",
        needs: &[Need::Data {
            actions: DataActions::None,
            rewards: false,
            observations: ObservationNeed::Image,
        }],
        metrics: &[
            "loss/reconstruction",
            "loss/commitment",
            "loss/classifier",
            "loss/policy",
            "loss/decoder",
            "loss/value",
            "diag/gradient_norm",
            "diag/perplexity_*",
            "diag/codes_*",
            "diag/entropy",
            "diag/clip_fraction",
            "probe/accuracy",
        ],
        stages: &["latent-actions", "latent-policy", "decode", "online"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 3_500,
        instead: "a method that reads vectors",
    };
    type Config = LapoConfig;

    fn build(config: LapoConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
        let set = Arc::clone(&data.set);
        frames::check_range(&set)?;
        let frames = Frames::new(&set, config.past)?;
        note_short_episodes(&set, config.past, run);
        let world = match config.decoding {
            Decoding::Online => Some(online_world(&config, &set)?),
            Decoding::Offline => None,
        };
        let actions = number_of_actions(&set, world.as_ref())?;
        let random = &mut run.derived("labels", 0);
        let labels = Labels::draw(&set, frames.starts(), config.past, config.labels, random);
        if labels.len() == 0 && config.decoding == Decoding::Offline {
            return Err(RunError::Task(
                "no labelled transitions: use online decoding (`--set decoding=online`) or supply \
                 labels (the data has no actions)"
                    .to_owned(),
            ));
        }
        let device = device::parse(run.device())?;
        let networks = Networks::new(&config, frames.layout(), actions, &device.clone().autodiff(), run)?;
        let online = world.map(|world| Online::new(&config, &world, &networks, run)).transpose()?;
        let schedules = [config.models.schedule("models.warm_up"), config.policy.schedule("policy.warm_up")];
        let [models, policy] = schedules.map(|schedule| schedule.map_err(RunError::part));
        let rate = |rate| AdamSettings::new(rate);
        Ok(Self {
            schedules: [models?, policy?],
            inverse: Trained::new(networks.inverse, rate(config.models.learning_rate)),
            forward: Trained::new(networks.forward, rate(config.models.learning_rate)),
            policy: Trained::new(networks.policy, rate(config.policy.learning_rate)),
            decoder: Trained::new(networks.decoder, rate(config.decoder.learning_rate)),
            online,
            position: Position::default(),
            known: None,
            held_out: None,
            set,
            frames,
            labels,
            actions,
            device,
            config,
        })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let plan = self.config.plan();
        let Some(&(stage, length)) = plan.get(self.position.stage) else {
            return Ok(Progress { stage: Stage::Policy.name(), finished: true });
        };
        let before = run.steps();
        match stage {
            Stage::Models => self.fit_models(run)?,
            Stage::Policy => self.fit_policy(run)?,
            Stage::Decode => self.fit_decoder(run)?,
            Stage::Online => self.act_and_learn(run)?,
        }
        if stage != Stage::Online {
            run.count_steps(1);
        }
        self.position.done += run.steps() - before;
        if self.position.done >= length {
            self.position = Position { stage: self.position.stage + 1, done: 0 };
        }
        Ok(Progress { stage: stage.name(), finished: self.position.stage == plan.len() })
    }

    /// What acts, from the beginning of the last stage on.
    fn policy(&self) -> Option<Box<dyn Policy>> {
        if self.position.stage + 1 < self.config.plan().len() {
            return None;
        }
        if let Some(online) = &self.online {
            return Some(Box::new(online.policy(&self.policy, &self.decoder)));
        }
        let decoder = self.config.latent().then(|| self.decoder.inference().clone());
        let network = self.policy.inference().clone();
        Some(Box::new(DecodedPolicy::new(network, decoder, self.frames.layout(), &self.device)))
    }

    /// The policy's scores in the world, and what the latents say about the actions.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let mut scores = match (self.policy(), &protocol.world) {
            (Some(mut policy), Some(world)) => {
                let random = &mut run.derived("eval", protocol.seed);
                scores::evaluate(policy.as_mut(), world, protocol, random)?
            }
            _ => Scores::new(),
        };
        scores.extend(self.probe(protocol, run)?);
        Ok(scores)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(
            snapshot,
            &[
                ("inverse", &self.inverse),
                ("forward", &self.forward),
                ("policy", &self.policy),
                ("decoder", &self.decoder),
            ],
        );
        snapshot.put("position", &self.position)?;
        self.online.as_ref().map_or(Ok(()), |online| online.save(snapshot))
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = arrays(snapshot);
        let parts: &mut [(&str, &mut dyn learn::optim::Trainable)] = &mut [
            ("inverse", &mut self.inverse),
            ("forward", &mut self.forward),
            ("policy", &mut self.policy),
            ("decoder", &mut self.decoder),
        ];
        load_trained(&arrays, parts)?;
        self.position = snapshot.get("position")?;
        self.known = None;
        self.online.as_mut().map_or(Ok(()), |online| online.load(snapshot, &arrays))
    }
}

/// The networks before training.
struct Networks {
    inverse: FrameInverse,
    forward: FrameForward,
    policy: FrameNetwork,
    decoder: Mlp,
}

impl Networks {
    fn new(
        config: &LapoConfig,
        layout: &Layout,
        actions: usize,
        device: &Device,
        run: &mut Run,
    ) -> Result<Self> {
        let LapoConfig { encoder, hidden, quantiser, .. } = config;
        let (random, frames) = (run.random("init"), config.past + 2);
        let size = config.size(actions);
        let shape = [*hidden, size];
        let inverse = match config.variant {
            Variant::Lapo => {
                FrameInverse::quantised(encoder, layout, frames, *hidden, *quantiser, device, random)
            }
            _ => FrameInverse::free(encoder, layout, frames, shape, device, random),
        };
        let (channels, height, width) = match *layout {
            Layout::Image { channels, height, width, .. } => (channels, height, width),
            Layout::Vector { size } => (size, 1, 1),
        };
        let image =
            UNetShape { input: (config.past + 1) * channels, vector: size, output: channels, height, width };
        let forward = FrameForward::new(config.forward, image, device, random).map_err(RunError::part)?;
        let policy = FrameNetwork::new(encoder, layout, 1, shape, device, random).map_err(RunError::part)?;
        let decoder = MlpConfig::new(size, &config.decoder.hidden, actions).init(device, random);
        Ok(Self { inverse: inverse.map_err(RunError::part)?, forward, policy, decoder })
    }
}

/// Number of actions of the data set, or of the world where the data set has none.
fn number_of_actions(set: &Dataset, world: Option<&World>) -> Result<usize> {
    let space = set.spec().action.as_ref().or(world.map(|world| &world.spec.action));
    match space {
        Some(ActionSpace::Discrete { count }) => Ok(*count),
        Some(ActionSpace::Box { low, .. }) => Err(RunError::Task(format!(
            "`lapo` decodes latent actions into discrete actions, but there are {} continuous action \
             dimensions: discretise them, or try a method of behaviour cloning",
            low.len()
        ))),
        None => Ok(1),
    }
}

/// The world of the online stage, which must look and act like the data.
fn online_world(config: &LapoConfig, set: &Dataset) -> Result<World> {
    let world = World::new(&config.online.world)?;
    let differ = |what: &str| {
        Err(RunError::Task(format!(
            "`online.world` is `{}`, but its {what} differ from those of the data: name the world that \
             the data shows",
            config.online.world
        )))
    };
    if world.spec.input() != set.spec().input() {
        return differ("observations");
    }
    match &set.spec().action {
        Some(action) if *action != world.spec.action => differ("actions"),
        _ => Ok(world),
    }
}

/// Tells of episodes that are shorter than a window.
fn note_short_episodes(set: &Dataset, past: usize, run: &mut Run) {
    let needed = past + 1;
    let short = set.episodes().iter().filter(|episode| episode.length < needed).count();
    if let Some(first) = set.episodes().iter().position(|episode| episode.length < needed) {
        run.note(format!(
            "{short} of {} episodes are shorter than a window of {needed} steps and are left out, the \
             first of them number {first}",
            set.episodes().len()
        ));
    }
}
