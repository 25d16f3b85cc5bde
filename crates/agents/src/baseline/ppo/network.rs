//! The actor-critic network, and the policy that acts with it.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData, activation},
};
use learn::batch;
use memory::Normaliser;
use nets::{
    argmax,
    encoder::{Encoder, EncoderConfig},
    host,
    init::Init,
    mlp::{Activation, Mlp, MlpConfig},
    observed::Observed,
    parameters,
    recipe::{self, Layer},
    recurrent::{Recurrent, RecurrentConfig},
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Exported, Mode, Policy, Result, RunError, Scope, Snapshot};
use worlds::{ActionSpace, Actions, Array, Layout, Observations, Spec};

use super::{
    PpoConfig,
    beside::{Beside, Marks},
    recurrence::Acting,
};
use crate::{export, networks::width};

/// Actor and critic on one encoder; the encoder of vectors is the identity, so that the two share
/// nothing then.
#[derive(Module, Debug)]
pub struct ActorCritic {
    encoder: Encoder,
    /// Between encoder and heads, in policies that remember.
    memory: Option<Recurrent>,
    actor: Mlp,
    critic: Mlp,
    /// Logarithm of the standard deviation of every continuous action; unused for indices.
    log_std: Param<Tensor<1>>,
}

/// What a forward pass gives.
pub struct Output {
    /// Logits `[B, count]` or means `[B, dimensions]`.
    pub head: Tensor<2>,
    /// State values of R reward channels, row after row, `[B R]`.
    pub value: Tensor<1>,
    /// `[dimensions]`.
    pub log_std: Tensor<1>,
}

impl ActorCritic {
    /// A network for these observations, whose critic has a value of every one of `channels` reward
    /// channels. Orthogonal weights: gain sqrt(2) inside, 0.01 for the policy head so that it begins
    /// nearly uniform, 1 for the value.
    ///
    /// # Errors
    /// The encoder does not fit the observations.
    pub fn new(
        spec: &Spec,
        encoder: &EncoderConfig,
        config: &PpoConfig,
        [channels, beside]: [usize; 2],
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Result<Self> {
        let encoder = Encoder::new(encoder, spec.input(), device, random).map_err(RunError::part)?;
        let latent = encoder.latent().size();
        let recurrent = &config.recurrent;
        let memory = recurrent
            .cell
            .map(|cell| RecurrentConfig::new(cell, latent, recurrent.hidden).init(device, random));
        let latent = memory.as_ref().map_or(latent, Recurrent::hidden);
        let inside = Init::Orthogonal { gain: std::f64::consts::SQRT_2 };
        let mut head = |input, output, gain| {
            MlpConfig::new(input, &config.hidden, output)
                .with_activation(Activation::Tanh)
                .with_init(inside, Init::Orthogonal { gain })
                .init(device, random)
        };
        let size = width(&spec.action);
        let (actor, critic) = (head(latent, size, 0.01), head(latent + beside, channels, 1.0));
        let log_std = Param::from_data(TensorData::new(vec![0.0_f32; size], [size]), device);
        Ok(Self { encoder, memory, actor, critic, log_std })
    }

    /// Numbers that a policy which remembers carries from step to step; nothing for others.
    pub fn state_size(&self) -> Option<usize> {
        self.memory.as_ref().map(Recurrent::state_size)
    }

    /// Latents `[B, d]` of a batch.
    pub fn encode(&self, observed: &Observed) -> Tensor<2> {
        self.encoder.forward(observed)
    }

    /// What a policy that remembers reads in place of the next step's latents `[B, d]`, from the state
    /// `[B, S]` on, and the state after it; an episode begins where `begins [B]` is 1. Latents of a
    /// policy that does not remember are read as they are.
    pub fn remember(&self, latent: Tensor<2>, begins: &[f32], state: &[f32]) -> (Tensor<2>, Vec<f32>) {
        let Some(memory) = &self.memory else { return (latent, Vec::new()) };
        let device = latent.device();
        let before = memory.state(batch::matrix(state, begins.len(), &device));
        let after = memory.step(latent, Some(batch::vector(begins, &device)), before);
        (after.output(), host(after.values().clone()))
    }

    /// The same for `rows` sequences of latents `[rows L, d]`, which record a graph, from their states
    /// `[rows, S]` on; episodes begin where `begins [rows, L]` is 1. No gradient reaches the states.
    pub fn recall(&self, latent: Tensor<2>, begins: &[f32], state: &[f32], rows: usize) -> Tensor<2> {
        let Some(memory) = &self.memory else { return latent };
        let device = latent.device().without_autodiff();
        let [count, width] = latent.dims();
        let before = memory.state(batch::matrix(state, rows, &device)).autodiff();
        let begins = batch::matrix(begins, rows, &device);
        let (outputs, _) = memory.sequence(latent.reshape([rows, count / rows, width]), Some(begins), before);
        outputs.reshape([count, memory.hidden()])
    }

    /// Policy head and values of what the two read.
    pub fn heads(&self, latent: Tensor<2>, marks: &Marks) -> Output {
        let value = self.critic.forward(marks.beside(latent.clone()));
        let [rows, channels] = value.dims();
        Output {
            head: self.policy(latent, marks),
            value: value.reshape([rows * channels]),
            log_std: self.log_std.val(),
        }
    }

    /// Policy head `[B, size]`.
    pub fn policy(&self, latent: Tensor<2>, marks: &Marks) -> Tensor<2> {
        marks.mask(self.actor.forward(latent))
    }
}

/// Log-probability of each row's action and the policy's entropy, both `[B]`.
pub fn log_prob_and_entropy(output: &Output, actions: &batch::ActionBatch) -> (Tensor<1>, Tensor<1>) {
    let [rows, size] = output.head.dims();
    match actions {
        batch::ActionBatch::Discrete(indices) => {
            let log = activation::log_softmax(output.head.clone(), 1);
            let chosen = log.clone().gather(1, indices.clone().reshape([rows, 1])).reshape([rows]);
            let entropy = (log.clone().exp() * log).sum_dim(1).neg().reshape([rows]);
            (chosen, entropy)
        }
        batch::ActionBatch::Continuous(values) => {
            let log_std = output.log_std.clone().reshape([1, size]);
            let scaled = (values.clone() - output.head.clone()) / log_std.clone().exp();
            let half_log_two_pi = 0.5 * (2.0 * std::f64::consts::PI).ln();
            let log_prob = (scaled.square() * -0.5 - log_std.clone() - half_log_two_pi).sum_dim(1);
            let entropy = (log_std + (half_log_two_pi + 0.5)).expand([rows, size]).sum_dim(1);
            (log_prob.reshape([rows]), entropy.reshape([rows]))
        }
    }
}

/// Draws an action per row from head values on the host, with its log-probability.
pub struct Sampler {
    /// Number of head outputs.
    pub size: usize,
    /// Whether they are logits.
    pub discrete: bool,
}

impl Sampler {
    /// For the policy head of these actions.
    pub fn new(space: &ActionSpace) -> Self {
        Self { size: width(space), discrete: matches!(space, ActionSpace::Discrete { .. }) }
    }

    /// Actions and log-probabilities `[B]` for head values `[B, size]`.
    pub fn sample(
        &self,
        head: &[f32],
        log_std: &[f32],
        random: &mut ChaCha8Rng,
        log_prob: &mut Vec<f32>,
    ) -> Actions {
        log_prob.clear();
        if self.discrete {
            let choose = |logits: &[f32]| {
                let (index, log) = categorical(logits, random);
                log_prob.push(log);
                index
            };
            Actions::Discrete(head.chunks_exact(self.size).map(choose).collect())
        } else {
            let noise = nets::noise::normal_values(head.len(), random);
            let half_log_two_pi = 0.5 * (2.0 * std::f32::consts::PI).ln();
            let mut values = Vec::with_capacity(head.len());
            for (mean, noise) in head.chunks_exact(self.size).zip(noise.chunks_exact(self.size)) {
                let mut log = 0.0;
                for dimension in 0..self.size {
                    let noise = noise[dimension] as f32;
                    values.push(mean[dimension] + log_std[dimension].exp() * noise);
                    log += -0.5 * noise * noise - log_std[dimension] - half_log_two_pi;
                }
                log_prob.push(log);
            }
            Actions::Continuous(values)
        }
    }

    /// The most likely action of every row.
    pub fn mode(&self, head: &[f32]) -> Actions {
        if self.discrete {
            Actions::Discrete(head.chunks_exact(self.size).map(|logits| argmax(logits) as u32).collect())
        } else {
            Actions::Continuous(head.to_vec())
        }
    }
}

/// An index drawn by inverting the cumulative distribution, and its log-probability.
fn categorical(logits: &[f32], random: &mut ChaCha8Rng) -> (u32, f32) {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = logits.iter().map(|logit| (logit - top).exp()).sum();
    let mut left = random.random::<f32>() * total;
    let mut chosen = logits.len() - 1;
    for (index, logit) in logits.iter().enumerate() {
        left -= (logit - top).exp();
        if left < 0.0 {
            chosen = index;
            break;
        }
    }
    (chosen as u32, logits[chosen] - top - total.ln())
}

/// Acts with a copy of the network.
#[derive(Clone)]
pub struct ActorPolicy {
    network: ActorCritic,
    normaliser: Option<Normaliser>,
    layout: Layout,
    space: ActionSpace,
    device: Device,
    beside: Beside,
    /// Of a policy that remembers.
    acting: Acting,
}

impl ActorPolicy {
    /// A policy from an inference copy of the network.
    pub fn new(
        network: ActorCritic,
        normaliser: Option<Normaliser>,
        beside: Beside,
        spec: &Spec,
        device: &Device,
    ) -> Self {
        Self {
            beside,
            network,
            normaliser,
            layout: spec.input().clone(),
            space: spec.action.clone(),
            device: device.clone(),
            acting: Acting::default(),
        }
    }
}

/// The policy's input, normalised where there is a normaliser.
pub fn normalised(input: &Array, normaliser: Option<&Normaliser>) -> Result<Array> {
    let mut input = input.clone();
    if let (Array::Float(values), Some(normaliser)) = (&mut input, normaliser) {
        normaliser.normalise(values)?;
    }
    Ok(input)
}

impl Policy for ActorPolicy {
    fn begin(&mut self, _: Scope, rows: &[usize]) {
        self.acting.begin(rows);
    }

    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let input = normalised(observations.input(), self.normaliser.as_ref())?;
        let observed = batch::observe(&input, &self.layout, observations.rows, &self.device);
        let mut latent = self.network.encode(&observed);
        if let Some(size) = self.network.state_size() {
            latent = self.acting.step(&self.network, latent, size);
        }
        let rows = self.beside.rows(observations);
        let head =
            host(self.network.policy(latent, &self.beside.upload(&rows, observations.rows, &self.device)));
        let sampler = Sampler::new(&self.space);
        let actions = match mode {
            Mode::Greedy => sampler.mode(&head),
            Mode::Sample => {
                let log_std = host(self.network.log_std.val());
                sampler.sample(&head, &log_std, random, &mut Vec::new())
            }
        };
        Ok(ActionScale::new(&self.space).to_world(&actions))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("acting", &(&self.acting.state, &self.acting.begins))
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        (self.acting.state, self.acting.begins) = snapshot.get("acting")?;
        Ok(())
    }

    fn export(&self) -> Result<Exported> {
        if self.network.state_size().is_some() {
            return Err(RunError::Task(
                "a policy that remembers has no form as a chain of layers: act with `latentrl eval` and \
                 `play`, or train without `recurrent.cell`"
                    .to_owned(),
            ));
        }
        if self.beside.masks() {
            return Err(RunError::Task(
                "a policy that reads which actions are legal has no form as a chain of layers: act with \
                 `latentrl eval` and `play`"
                    .to_owned(),
            ));
        }
        let mut layers: Vec<Layer> = recipe::input(&self.layout).into_iter().collect();
        layers.extend(self.normaliser.as_ref().map(export::normalise));
        layers.extend(self.network.encoder.layers("encoder"));
        layers.extend(self.network.actor.layers("actor"));
        layers.push(export::to_world(&self.space));
        let mut arrays = parameters::export(&self.network.encoder, "encoder");
        arrays.extend(parameters::export(&self.network.actor, "actor"));
        let note = match &self.space {
            ActionSpace::Discrete { .. } => "The most likely action: before argmax stand the logits.",
            ActionSpace::Box { .. } => {
                "The mean of the Gaussian, which may lie outside the world's box: the world clips it."
            }
        };
        export::exported(layers, arrays, note)
    }
}
