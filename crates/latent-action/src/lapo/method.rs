//! What surrounds the algorithm: building, evaluation, checkpoints.

use std::sync::Arc;

use agents::{
    device,
    state::{load_trained, save_trained},
};
use burn::tensor::Device;
use learn::optim::{AdamSettings, Trained};
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
use worlds::{ActionSpace, Layout};

use super::{
    Decoding, Lapo, LapoConfig, Learner, Position,
    frames::{self, Frames, Labels},
    online::Online,
    policy::DecodedPolicy,
};

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
        let online = world.map(|world| Online::new(&config, &world, &networks.policy, run)).transpose()?;
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
        self.learn(run)
    }

    /// What acts, from the beginning of the last stage on.
    fn policy(&self) -> Option<Box<dyn Policy>> {
        if self.position.stage + 1 < self.config.stages().len() {
            return None;
        }
        let decoder = self.config.latent().then(|| self.decoder.inference().clone());
        let heads = self.online.as_ref().map(|online| online.branch.inference());
        let (network, layout) = (self.policy.inference().clone(), self.frames.layout().clone());
        Some(Box::new(DecodedPolicy { network, decoder, heads, layout, device: self.device.clone() }))
    }

    /// The policy's scores in the world, and what the latents say about the actions.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let mut scores = scores::of_policy(self.policy(), protocol, run)?;
        scores.extend(self.probe(protocol, run)?);
        Ok(scores)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let Self { inverse, forward, policy, decoder, .. } = self;
        save_trained(
            snapshot,
            &[("inverse", inverse), ("forward", forward), ("policy", policy), ("decoder", decoder)],
        );
        snapshot.put("position", &self.position)?;
        self.online.as_ref().map_or(Ok(()), |online| online.save(snapshot))
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let Self { inverse, forward, policy, decoder, .. } = self;
        load_trained(
            snapshot.arrays(),
            &mut [("inverse", inverse), ("forward", forward), ("policy", policy), ("decoder", decoder)],
        )?;
        self.position = snapshot.get("position")?;
        self.known = None;
        self.online.as_mut().map_or(Ok(()), |online| online.load(snapshot))
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
            Learner::Lapo => {
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
