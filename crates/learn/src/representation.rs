//! An encoder with its target network and, perhaps, an objective that trains it: the part of a
//! continuous-control agent that turns observations into what actor and critic read.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use nets::{
    ema,
    encoder::Encoder,
    observed::Observed,
    parameters::{self, NamedArray},
};
use rand_chacha::ChaCha8Rng;
use worlds::{ActionSpace, Layout};

use crate::{
    LearnError,
    batch::Windows,
    objective::{EncoderGradient, NetworkSpec, Objective, Shapes, Taps, UpdateRule, check},
    optim::{AdamSettings, Trainable, Trained, update},
};

/// Encoder, target network and objective of an agent.
pub struct Representation {
    encoder: Trained<Encoder>,
    target: Encoder,
    rate: f64,
    objective: Option<Box<dyn Objective>>,
}

/// What a representation is built for.
pub struct Setting<'a> {
    /// The observation's layout.
    pub layout: &'a Layout,
    /// The action space.
    pub action: &'a ActionSpace,
    /// Where modules live, without automatic differentiation.
    pub device: &'a Device,
    /// The encoder's optimiser.
    pub adam: AdamSettings,
}

impl Representation {
    /// Builds the encoder that `networks` describes, after the objective has edited it.
    ///
    /// # Errors
    /// The objective does not fit the task, wants to share the agent's update, or the encoder does
    /// not fit the observations.
    pub fn new(
        mut networks: NetworkSpec,
        mut objective: Option<Box<dyn Objective>>,
        setting: &Setting<'_>,
        random: &mut ChaCha8Rng,
    ) -> Result<Self, LearnError> {
        if let Some(objective) = &objective {
            check(objective.as_ref(), setting.layout, setting.action)?;
            objective.edit(&mut networks);
            if objective.rule() == UpdateRule::Summed {
                return Err(LearnError::Objective {
                    id: objective.id(),
                    reason: "it adds its loss to a value loss over windows, which this agent does not have",
                });
            }
        }
        let training = setting.device.clone().autodiff();
        let encoder = Encoder::new(&networks.encoder, setting.layout, &training, random)?;
        if let Some(objective) = &mut objective {
            let shapes = Shapes {
                layout: setting.layout,
                action: setting.action,
                latent: encoder.latent(),
                projection: encoder.latent().size(),
                device: &training,
            };
            objective.build(&shapes, random)?;
        }
        let target = ema::target_of(&encoder);
        let encoder = Trained::new(encoder, setting.adam);
        Ok(Self { encoder, target, rate: networks.target_rate, objective })
    }

    /// Width of a latent.
    pub fn size(&self) -> usize {
        self.encoder.module().latent().size()
    }

    /// Steps of the windows that the objective learns from, where there is one.
    pub fn window(&self) -> Option<usize> {
        self.objective.as_ref().map(|objective| objective.needs().window)
    }

    /// The objective, where there is one.
    pub fn objective(&self) -> Option<&dyn Objective> {
        self.objective.as_deref()
    }

    /// The encoder without its graph, to act with.
    pub fn encoder(&self) -> &Encoder {
        self.encoder.inference()
    }

    /// Latents `[B, d]` without a graph.
    pub fn encode(&self, observed: &Observed) -> Tensor<2> {
        self.encoder.inference().forward(observed)
    }

    /// Latents `[B, d]` by the target network.
    pub fn encode_target(&self, observed: &Observed) -> Tensor<2> {
        self.target.forward(observed)
    }

    /// Latents `[B, d]` for the critic's loss: with their graph where the critic trains the
    /// encoder, as constants where an objective alone does.
    pub fn encode_for_critic(&self, observed: &Observed) -> Tensor<2> {
        if self.joint() {
            self.encoder.module().forward(&observed.clone().autodiff())
        } else {
            self.encode(observed).autodiff()
        }
    }

    /// The parts that the critic's loss trains besides the critic.
    pub fn critic_parts(&mut self) -> Vec<&mut dyn Trainable> {
        if self.joint() && parameters::count(self.encoder.module()) > 0 {
            vec![&mut self.encoder]
        } else {
            Vec::new()
        }
    }

    fn joint(&self) -> bool {
        self.objective.as_ref().is_none_or(|objective| objective.encoder_gradient() == EncoderGradient::Joint)
    }

    /// One step of the objective on windows; gives the mean of every term by name, none without an
    /// objective.
    ///
    /// # Errors
    /// A term is not finite; nothing was changed then.
    pub fn train(
        &mut self,
        windows: &Windows,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<(&'static str, f32)>, LearnError> {
        let Some(objective) = &mut self.objective else { return Ok(Vec::new()) };
        let taps = EncoderTaps {
            online: self.encoder.module(),
            target: &self.target,
            start: windows.observation(0),
        };
        let terms = objective.terms(&taps, windows, random)?;
        let mut report = Vec::new();
        let mut total: Option<Tensor<1>> = None;
        for term in terms {
            let mean = term.loss.mean();
            report.push((term.name, mean.clone().without_autodiff()));
            if term.weight == 0.0 {
                continue;
            }
            let weighted = mean * term.weight;
            total = Some(match total {
                Some(sum) => sum + weighted,
                None => weighted,
            });
        }
        if let Some(loss) = total {
            let clip = match objective.rule() {
                UpdateRule::Own { clip } | UpdateRule::Either { clip } => clip,
                UpdateRule::Summed => None,
            };
            let mut parts = objective.parts();
            parts.push(&mut self.encoder);
            update(objective_name(&report), loss, &mut parts, clip)?;
        }
        Ok(report.into_iter().map(|(name, mean)| (name, mean.into_scalar::<f32>())).collect())
    }

    /// Lets the target network follow the encoder.
    pub fn follow(&mut self) {
        self.target = ema::update(self.target.clone(), self.encoder.inference(), self.rate);
    }

    /// Appends everything under `prefix`.
    pub fn save(&self, prefix: &str, out: &mut Vec<NamedArray>) {
        self.encoder.save(&format!("{prefix}-encoder"), out);
        out.extend(parameters::export(&self.target, &format!("{prefix}-target")));
        if let Some(objective) = &self.objective {
            objective.save(&format!("{prefix}-objective"), out);
        }
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// An array is missing or of another shape.
    pub fn load(&mut self, prefix: &str, arrays: &BTreeMap<String, NamedArray>) -> Result<(), LearnError> {
        self.encoder.load(&format!("{prefix}-encoder"), arrays)?;
        self.target = parameters::import(self.target.clone(), &format!("{prefix}-target"), arrays)?;
        match &mut self.objective {
            Some(objective) => objective.load(&format!("{prefix}-objective"), arrays),
            None => Ok(()),
        }
    }
}

fn objective_name(report: &[(&'static str, Tensor<1>)]) -> &'static str {
    report.first().map_or("objective", |(name, _)| name)
}

/// An encoder without a projection as taps.
struct EncoderTaps<'a> {
    online: &'a Encoder,
    target: &'a Encoder,
    start: Observed,
}

impl Taps for EncoderTaps<'_> {
    fn encode(&self, observed: &Observed) -> Tensor<2> {
        self.online.forward(&observed.clone().autodiff())
    }

    fn start(&self) -> Tensor<2> {
        self.encode(&self.start)
    }

    fn encode_target(&self, observed: &Observed) -> Tensor<2> {
        self.target.forward(observed)
    }

    fn project(&self, latent: Tensor<2>) -> Tensor<2> {
        latent
    }

    fn project_target(&self, latent: Tensor<2>) -> Tensor<2> {
        latent
    }
}
