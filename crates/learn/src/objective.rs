//! Representation objectives as parts that plug into any agent: what they need, how they change
//! the networks, and the losses they add.
//!
//! An agent keeps the encoder and its target network and offers them as [`Taps`]; an objective keeps its
//! own modules (a transition model, a predictor) and gives per-sample losses over windows. Whether
//! those are added to the agent's own loss or take a step of their own is the objective's to say.

mod plug;

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use nets::{
    encoder::{EncoderConfig, LatentShape},
    observed::Observed,
    parameters::NamedArray,
};
use rand_chacha::ChaCha8Rng;
use worlds::{ActionSpace, Layout};

pub use plug::{Latent, Named, OBJECTIVES, Objectives, linkme};

use crate::{LearnError, batch::Windows, optim::Trainable};

/// Which actions an objective's model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// One-hot indices or vectors.
    Any,
    /// One-hot indices only.
    Discrete,
    /// Vectors only.
    Continuous,
}

/// What an objective must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Steps of a window, K.
    pub window: usize,
    /// Kind of actions.
    pub actions: ActionKind,
    /// Whether observations must be images.
    pub images: bool,
    /// Whether rewards are part of the loss.
    pub rewards: bool,
}

/// The parts of an agent's networks that an objective may change before they are built.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkSpec {
    /// From observations to latents.
    pub encoder: EncoderConfig,
    /// Whether every latent is rescaled to [0, 1] per sample.
    pub renormalise: bool,
    /// Share of the online encoder and projection that flows into their target networks after every
    /// update; 1 makes the copies equal the online ones.
    pub target_rate: f64,
    /// Probability with which an encoder's features are dropped in training.
    pub dropout: f64,
}

/// Where the encoder's gradient comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncoderGradient {
    /// From the agent's losses and the objective's.
    Joint,
    /// From the objective alone: the agent reads latents without their graph.
    ObjectiveOnly,
    /// From nowhere: it was trained before.
    Frozen,
}

/// How an objective's losses become a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpdateRule {
    /// Added to the agent's loss.
    Summed,
    /// A backward pass and step of their own, before the agent's.
    Own {
        /// Limit of the global gradient norm over encoder and objective.
        clip: Option<f32>,
    },
    /// Added to the agent's loss where that is one over windows, else a step of their own.
    Either {
        /// Limit of the global gradient norm in a step of their own.
        clip: Option<f32>,
    },
}

/// A named loss per sample.
#[derive(Clone, Debug)]
pub struct Term {
    /// The name under `loss/`, or the whole of it, as in `diag/rank`.
    pub name: &'static str,
    /// What it is multiplied by in the sum.
    pub weight: f32,
    /// `[B]`.
    pub loss: Tensor<1>,
}

impl Term {
    /// The metric that a term of this name is logged as: under `loss/`, unless it says otherwise.
    pub fn metric(name: &str) -> String {
        if name.contains('/') { name.to_owned() } else { format!("loss/{name}") }
    }
}

/// The agent's side: its networks as functions. Latents are `[B, d]`, spatial ones flattened.
pub trait Taps {
    /// Latents of observations, with their graph.
    fn encode(&self, observed: &Observed) -> Tensor<2>;
    /// Latents of the windows' first observations as the agent has them already, with their graph.
    fn start(&self) -> Tensor<2>;
    /// Latents by the encoder's target network, without a graph.
    fn encode_target(&self, observed: &Observed) -> Tensor<2>;
    /// The projection that the agent's head begins with; the latent itself where it has none.
    fn project(&self, latent: Tensor<2>) -> Tensor<2>;
    /// The projection by the target network, without a graph.
    fn project_target(&self, latent: Tensor<2>) -> Tensor<2>;
}

/// What an objective's modules are built for.
pub struct Shapes<'a> {
    /// The observation's layout.
    pub layout: &'a Layout,
    /// The action space.
    pub action: &'a ActionSpace,
    /// Shape of the encoder's latent.
    pub latent: LatentShape,
    /// Width of [`Taps::project`]'s output.
    pub projection: usize,
    /// Where modules live.
    pub device: &'a Device,
}

/// A representation objective.
pub trait Objective: Send {
    /// Its name on the command line.
    fn id(&self) -> &'static str;

    /// What it must be given.
    fn needs(&self) -> Needs;

    /// Changes the agent's networks before they are built.
    fn edit(&self, spec: &mut NetworkSpec);

    /// Where the encoder's gradient comes from.
    fn encoder_gradient(&self) -> EncoderGradient;

    /// How its losses become a step.
    fn rule(&self) -> UpdateRule;

    /// Builds its own modules.
    ///
    /// # Errors
    /// The agent's latent does not fit the objective's model.
    fn build(&mut self, shapes: &Shapes<'_>, random: &mut ChaCha8Rng) -> Result<(), LearnError>;

    /// The losses of a batch of windows.
    ///
    /// # Errors
    /// A part refuses its input.
    fn terms(
        &self,
        taps: &dyn Taps,
        windows: &Windows,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<Term>, LearnError>;

    /// Changes an observation on its way into the encoder in training: augmentation. The agent
    /// applies it to the inputs of its own losses too, never when acting.
    fn augment(&self, observed: Observed, random: &mut ChaCha8Rng) -> Observed {
        let _ = random;
        observed
    }

    /// What is doubtful about its settings in a world whose observations have this layout.
    fn doubt(&self, _layout: &Layout) -> Option<&'static str> {
        None
    }

    /// Its modules with their optimisers.
    fn parts(&mut self) -> Vec<&mut dyn Trainable>;

    /// Appends its state under `prefix`.
    fn save(&self, prefix: &str, out: &mut Vec<NamedArray>);

    /// Takes its state back.
    ///
    /// # Errors
    /// The arrays belong to another objective or shape.
    fn load(&mut self, prefix: &str, arrays: &BTreeMap<String, NamedArray>) -> Result<(), LearnError>;
}

/// Checks an objective against a task before anything is built.
///
/// # Errors
/// One sentence that says why the cross makes no sense.
pub fn check<O: Objective + ?Sized>(
    objective: &O,
    layout: &Layout,
    action: &ActionSpace,
) -> Result<(), LearnError> {
    let (id, needs) = (objective.id(), objective.needs());
    let refusal = match (needs.actions, action) {
        (ActionKind::Discrete, ActionSpace::Box { .. }) => {
            Some("its transition model takes one-hot actions, but the world's are continuous: use `tcrl`")
        }
        (ActionKind::Continuous, ActionSpace::Discrete { .. }) => {
            Some("its model takes continuous actions, but the world's are discrete: use `spr`")
        }
        _ if needs.images && matches!(layout, Layout::Vector { .. }) => Some(
            "it augments images, but the world gives vectors: set `latent.images = false` or add +pixels",
        ),
        _ => None,
    };
    match refusal {
        Some(reason) => Err(LearnError::Objective { id, reason }),
        None => Ok(()),
    }
}
