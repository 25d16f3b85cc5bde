//! What plans: the slow network with its process, scaling and inverse dynamics.

use burn::tensor::{Bool, Device, Tensor, TensorData};
use memory::Scaling;
use nets::{
    diffusion::{
        Clamp, Guidance, Noising, Prediction, Process, Sampler, Schedule, Start, TemporalUnet, Term,
    },
    dynamics::inverse::InverseModel,
};
use rand_chacha::ChaCha8Rng;
use run::{Result, RunError};

use super::{
    config::{DecisionDiffuserConfig, DiffusionConfig, SamplingConfig},
    data::Asked,
};

/// Sizes of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Rows H.
    pub rows: usize,
    /// Numbers of a state.
    pub state: usize,
    /// Numbers of an action in each row; 0 unless actions are diffused too. They come first.
    pub action: usize,
}

impl Shape {
    /// Numbers per row.
    pub(super) fn width(&self) -> usize {
        self.state + self.action
    }

    /// 1 for elements that the network is trained on, 0 for those it is given, `[H, width]`: the
    /// first state is known.
    pub(super) fn weights(&self) -> Vec<f32> {
        let known = |index: usize| index < self.width() && index >= self.action;
        (0..self.rows * self.width()).map(|index| if known(index) { 0.0 } else { 1.0 }).collect()
    }
}

/// The noising process of the settings.
///
/// # Errors
/// It has no step.
pub(super) fn process(config: &DiffusionConfig) -> Result<Process> {
    let (noising, prediction): (Noising, Prediction) = (config.noising, config.prediction);
    let schedule = Schedule::new(noising, config.steps).map_err(RunError::part)?;
    Ok(Process { schedule, prediction })
}

/// Everything that is needed to plan, without gradients.
#[derive(Clone)]
pub(super) struct Planner {
    pub network: TemporalUnet,
    pub inverse: Option<InverseModel>,
    pub process: Process,
    pub scaling: Scaling,
    pub shape: Shape,
    pub sampling: SamplingConfig,
    pub clip: f64,
    pub asked: Vec<Asked>,
    pub device: Device,
}

impl Planner {
    /// Puts the parts together.
    pub(super) fn new(
        config: &DecisionDiffuserConfig,
        (network, inverse): (TemporalUnet, Option<InverseModel>),
        (process, scaling): (Process, Scaling),
        shape: Shape,
        asked: Vec<Asked>,
        device: Device,
    ) -> Self {
        let (sampling, clip) = (config.sampling.clone(), config.diffusion.clip);
        Self { network, inverse, process, scaling, shape, sampling, clip, asked, device }
    }

    /// Plans of scaled states (after actions where those are diffused), `[B, H, width]` each row in
    /// turn. `known` holds for each plan the scaled states that it begins with; `last` earlier plans
    /// to begin from instead of noise.
    pub(super) fn plan(
        &self,
        known: &[Vec<f32>],
        last: Option<Vec<f32>>,
        random: &mut ChaCha8Rng,
    ) -> Vec<f32> {
        let count = known.len();
        let shape = [count, self.shape.rows, self.shape.width()];
        let clamp = self.clamp(known, shape);
        let term = |asked: &Asked| Term {
            condition: Tensor::<2>::from_data(
                TensorData::new(asked.values.repeat(count), [count, asked.values.len()]),
                &self.device,
            ),
            weight: asked.weight,
        };
        let guidance = Guidance::new(self.asked.iter().map(term).collect(), count, &self.device);
        let sampler = Sampler {
            steps: self.sampling.steps,
            eta: self.sampling.eta,
            temperature: self.sampling.temperature,
            clip: (self.clip > 0.0).then_some(self.clip),
        };
        let start = match last {
            Some(last) => Start::Warm {
                sample: Tensor::from_data(TensorData::new(last, shape), &self.device),
                step: self.sampling.warm,
            },
            None => Start::Noise { shape, device: self.device.clone() },
        };
        let plans = sampler.sample(&self.process, &self.network, &guidance, Some(&clamp), start, random);
        plans.into_data().iter::<f32>().collect()
    }

    /// The known states of each plan in their rows.
    fn clamp(&self, known: &[Vec<f32>], shape: [usize; 3]) -> Clamp<3> {
        let [count, rows, width] = shape;
        let (mut mask, mut values) = (vec![false; count * rows * width], vec![0.0; count * rows * width]);
        let plans = mask.chunks_exact_mut(rows * width).zip(values.chunks_exact_mut(rows * width));
        for ((mask, values), known) in plans.zip(known) {
            let states = known.chunks_exact(self.shape.state);
            let places = mask.chunks_exact_mut(width).zip(values.chunks_exact_mut(width));
            for ((mask, values), state) in places.zip(states) {
                mask[self.shape.action..].fill(true);
                values[self.shape.action..].copy_from_slice(state);
            }
        }
        Clamp {
            known: Tensor::<3, Bool>::from_data(TensorData::new(mask, shape), &self.device),
            values: Tensor::from_data(TensorData::new(values, shape), &self.device),
        }
    }

    /// The most likely action of each pair of scaled states `[B, state]`, as the inverse model gives
    /// it; nothing without one.
    pub(super) fn action(&self, states: Vec<f32>, next: Vec<f32>) -> Option<Vec<f32>> {
        let shape = [states.len() / self.shape.state, self.shape.state];
        let upload = |values| Tensor::<2>::from_data(TensorData::new(values, shape), &self.device);
        let inverse = self.inverse.as_ref()?;
        Some(inverse.action(upload(states), upload(next)).into_data().iter::<f32>().collect())
    }
}
