//! Is conditional generative modeling all you need for decision-making? (Ajay et al., ICLR 2023,
//! arXiv 2211.15657): Decision Diffuser.
//!
//! A diffusion model of future states is conditioned on what is wanted (a return, a constraint, a
//! skill) by classifier-free guidance. The action that leads from the present state to the next one
//! of a sampled plan is read off by inverse dynamics, learnt apart. Scores of conditions that were
//! only ever seen one at a time in training can be added up when acting, or subtracted for what is
//! not wanted.
//!
//! With x = (s_t, ..., s_(t+H-1)) a window of states, x_k the window noised up to step k, y its
//! condition and b = 1 with the probability that a condition is dropped (numbered as below):
//!
//! ```text
//! (1) L(theta) = E |eps - eps_theta(x_k, (1 - b) y + b null, k)|^2         training, section 3.4
//! (2) L(phi)   = E |a_t - f_phi(s_t, s_(t+1))|^2                           training, section 3.4
//! (3) eps      = eps_theta(x_k, null, k)
//!                + sum_i w_i (eps_theta(x_k, y_i, k) - eps_theta(x_k, null, k))  sections 3.2, 3.3
//! (4) a_t      = f_phi(s_t, s^_(t+1)), s^ of a plan sampled by (3)         algorithm 1
//! ```
//!
//! What is different here: returns can be scaled by the data instead of by a constant per world, plans
//! are followed for a few steps and sampled with a part of the process's steps (`sampling`), and the
//! networks of the laptop preset are small.

mod bc;
mod config;
mod data;
mod evaluation;
mod method;
mod policy;
#[cfg(test)]
mod tests;

use agents::update::update;
use burn::tensor::{Bool, Device, Tensor, TensorData};
use learn::{
    batch::matrix,
    generative::{Noised, denoising},
    optim::Trained,
};
use memory::Scaling;
use nets::{
    diffusion::{self, Clamp, Guidance, Process, Sampler, Start, TemporalUnet, Term},
    dynamics::inverse::InverseModel,
    ema, host,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Result, Run};
use worlds::ActionSpace;

pub use self::config::{
    ConditionOn, DecisionDiffuserConfig, DiffusionConfig, EmaConfig, InverseSettings, LabelsConfig,
    PathModel, ReturnsConfig, SamplingConfig, Together,
};
use self::{
    bc::Cloner,
    data::{Condition, Paths},
    policy::{PlanPolicy, Row},
};

/// Decision Diffuser.
pub struct DecisionDiffuser {
    config: DecisionDiffuserConfig,
    paths: Paths,
    /// The action space, where the data have actions.
    space: Option<ActionSpace>,
    /// Whether the data are the generated paths whose constraints can be checked.
    checked: bool,
    /// What is wanted when acting.
    conditions: Vec<Condition>,
    trainee: Trainee,
}

/// What is trained.
enum Trainee {
    Diffuser(Box<Diffuser>),
    Cloner(Box<Cloner>),
}

/// Denoiser and inverse dynamics, which share no parameters.
struct Diffuser {
    shape: Shape,
    process: Process,
    /// eps_theta.
    network: Trained<TemporalUnet>,
    /// Its moving average, which plans.
    target: TemporalUnet,
    /// f_phi; nothing where actions are diffused or unknown.
    inverse: Option<Trained<InverseModel>>,
    /// Which elements of a plan the network is trained on, `[H, width]`.
    weights: Tensor<2>,
    updates: u64,
    device: Device,
}

/// Sizes of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    /// Rows H.
    rows: usize,
    /// Numbers of a state.
    state: usize,
    /// Numbers of an action in each row; 0 unless actions are diffused too. They come first.
    action: usize,
}

impl Shape {
    /// Numbers per row.
    fn width(&self) -> usize {
        self.state + self.action
    }

    /// 1 for elements that the network is trained on, 0 for those it is given, `[H, width]`: the
    /// first state is known.
    fn weights(&self) -> Vec<f32> {
        let known = |index: usize| index < self.width() && index >= self.action;
        (0..self.rows * self.width()).map(|index| if known(index) { 0.0 } else { 1.0 }).collect()
    }
}

impl Diffuser {
    /// One update of everything: of both losses, each on a batch of its own, and of the target.
    fn learn(&mut self, config: &DecisionDiffuserConfig, paths: &mut Paths, run: &mut Run) -> Result<()> {
        self.learn_denoising(config, paths, run)?;
        self.learn_inverse(config.inverse.batch, paths, run)?;
        self.updates += 1;
        self.follow(&config.ema);
        run.count_updates("denoiser", 1);
        Ok(())
    }

    /// Equation (1): noise predicted in windows whose condition is now and then dropped.
    fn learn_denoising(
        &mut self,
        config: &DecisionDiffuserConfig,
        paths: &mut Paths,
        run: &mut Run,
    ) -> Result<()> {
        paths.draw(config.batch, run.random("replay"));
        let clean = self.clean(paths, config.batch);
        let noised = Noised::draw(&self.process, clean.clone(), run.random("noise"));
        // The first state is given to the network as it is.
        let input = noised.input.clone() * self.weights.clone().unsqueeze_dim(0)
            + clean * self.weights.clone().neg().add_scalar(1.0).unsqueeze_dim(0);
        let noised = Noised { input, ..noised }.autodiff();
        let condition = (paths.condition > 0).then(|| {
            let random = run.random("noise");
            let dropped = config.diffusion.dropped;
            let kept = (0..config.batch).map(|_| f32::from(u8::from(random.random::<f64>() >= dropped)));
            diffusion::Condition {
                values: matrix(&paths.conditions(), config.batch, &self.device),
                kept: matrix(&kept.collect::<Vec<f32>>(), config.batch, &self.device),
            }
            .autodiff()
        });
        let steps = noised.steps();
        let predicted = self.network.module().forward(noised.input, steps, condition.as_ref());
        let loss = denoising(predicted, noised.target, self.weights.clone().autodiff()).mean();
        let done = update(run, "denoising", loss, &mut [&mut self.network], None)?;
        run.log("loss/denoising", f64::from(done.loss))
    }

    /// The plans of the places drawn, actions first where they are diffused, `[B, H, width]`.
    fn clean(&self, paths: &Paths, batch: usize) -> Tensor<3> {
        let rows = self.shape.rows;
        let upload = |values: Vec<f32>, width| {
            Tensor::<3>::from_data(TensorData::new(values, [batch, rows, width]), &self.device)
        };
        let states = upload(paths.states(0, rows), self.shape.state);
        if self.shape.action == 0 {
            return states;
        }
        Tensor::cat(vec![upload(paths.actions(rows), self.shape.action), states], 2)
    }

    /// Equation (2): the recorded action from two recorded states.
    fn learn_inverse(&mut self, batch: usize, paths: &mut Paths, run: &mut Run) -> Result<()> {
        let Some(inverse) = &mut self.inverse else { return Ok(()) };
        paths.draw_steps(batch, run.random("replay"));
        let upload = |values: &[f32]| matrix(values, batch, &self.device).autodiff();
        let (pairs, state) = (upload(&paths.states(0, 2)), self.shape.state);
        let (here, next) = (pairs.clone().narrow(1, 0, state), pairs.narrow(1, state, state));
        let loss = inverse.module().loss(here, next, upload(&paths.actions(1))).mean();
        let done = update(run, "inverse", loss, &mut [inverse], None)?;
        run.log("loss/inverse", f64::from(done.loss))
    }

    /// Moves the target: a copy at first, a moving average later.
    fn follow(&mut self, config: &EmaConfig) {
        if !self.updates.is_multiple_of(config.every) {
            return;
        }
        let rate = if self.updates <= config.start { 1.0 } else { 1.0 - config.decay };
        self.target = ema::update(self.target.clone(), self.network.inference(), rate);
    }
}

/// Everything that is needed to plan, without gradients.
#[derive(Clone)]
struct Planner {
    network: TemporalUnet,
    inverse: Option<InverseModel>,
    process: Process,
    scaling: Scaling,
    shape: Shape,
    sampling: SamplingConfig,
    /// Limit of each element of the estimate of the clean plan.
    clip: Option<f64>,
    conditions: Vec<Condition>,
    device: Device,
}

impl Planner {
    /// Plans of scaled states (after actions where those are diffused), `[B, H, width]` each row in
    /// turn, sampled under equation (3). `known` holds for each plan the scaled states that it begins
    /// with, which are put back before and after every step; `last` earlier plans to begin from
    /// instead of noise.
    fn plan(&self, known: &[Vec<f32>], last: Option<Vec<f32>>, random: &mut ChaCha8Rng) -> Vec<f32> {
        let count = known.len();
        let shape = [count, self.shape.rows, self.shape.width()];
        let term = |condition: &Condition| Term {
            condition: matrix(&condition.values.repeat(count), count, &self.device),
            weight: condition.weight,
        };
        let guidance = Guidance::new(self.conditions.iter().map(term).collect(), count, &self.device);
        let SamplingConfig { steps, eta, temperature, warm, .. } = self.sampling;
        let start = match last {
            Some(last) => Start::Warm {
                sample: Tensor::from_data(TensorData::new(last, shape), &self.device),
                step: warm,
            },
            None => Start::Noise { shape, device: self.device.clone() },
        };
        let sampler = Sampler { steps, eta, temperature, clip: self.clip };
        let clamp = self.clamp(known, shape);
        host(sampler.sample(&self.process, &self.network, &guidance, Some(&clamp), start, random))
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
}

/// Algorithm 1: plans that begin with what was seen, followed for `sampling.reuse` steps.
impl PlanPolicy {
    /// An action vector for every row, in scaled `states [B, state]`.
    fn follow(&mut self, states: &[f32], random: &mut ChaCha8Rng) -> Vec<f32> {
        self.see(states);
        self.replan(random);
        self.lead()
    }

    /// Takes in what is seen, and moves along the plans.
    fn see(&mut self, states: &[f32]) {
        let width = self.fields.width;
        self.rows.resize_with(states.len() / width, Row::default);
        for (row, state) in self.rows.iter_mut().zip(states.chunks_exact(width)) {
            row.seen.extend_from_slice(state);
            let excess = (row.seen.len() / width).saturating_sub(self.history);
            row.seen.drain(..excess * width);
            row.at += 1;
        }
    }

    /// Makes new plans for the rows that need one: those with an earlier plan may begin from it.
    fn replan(&mut self, random: &mut ChaCha8Rng) {
        let (reuse, warm) = (self.planner.sampling.reuse, self.planner.sampling.warm > 0);
        for from_last in [false, true] {
            let chosen = |row: &&mut Row| {
                (row.plan.is_empty() || row.used >= reuse) && (warm && !row.plan.is_empty()) == from_last
            };
            let mut due: Vec<&mut Row> = self.rows.iter_mut().filter(chosen).collect();
            if due.is_empty() {
                continue;
            }
            let (state, shape) = (self.fields.width, self.planner.shape);
            let known: Vec<Vec<f32>> = due.iter().map(|row| row.seen.clone()).collect();
            let moved = |row: &&mut Row| {
                let shift = (row.at + 1).saturating_sub(row.seen.len() / state);
                moved_on(&row.plan, shift, shape.width())
            };
            let last = from_last.then(|| due.iter().flat_map(moved).collect());
            let plans = self.planner.plan(&known, last, random);
            for (row, plan) in due.iter_mut().zip(plans.chunks_exact(shape.rows * shape.width())) {
                row.plan = plan.to_vec();
                (row.at, row.used) = (row.seen.len() / state - 1, 0);
            }
        }
    }

    /// Equation (4): what leads each row to the next state of its plan. Where actions are diffused they
    /// are read off the plan.
    fn lead(&mut self) -> Vec<f32> {
        let Shape { state, action, .. } = self.planner.shape;
        let width = self.planner.shape.width();
        let (mut here, mut there, mut diffused) = (Vec::new(), Vec::new(), Vec::new());
        for row in &mut self.rows {
            here.extend_from_slice(&row.seen[row.seen.len() - state..]);
            there.extend_from_slice(&row.plan[(row.at + 1) * width + action..][..state]);
            diffused.extend_from_slice(&row.plan[row.at * width..][..action]);
            row.used += 1;
        }
        let Some(inverse) = &self.planner.inverse else { return diffused };
        let upload = |states: &[f32]| matrix(states, states.len() / state, &self.planner.device);
        host(inverse.action(upload(&here), upload(&there)))
    }
}

/// A plan without its first `shift` rows, the last one repeated instead.
fn moved_on(plan: &[f32], shift: usize, width: usize) -> Vec<f32> {
    let rows = plan.len() / width;
    (0..rows).flat_map(|row| plan[(row + shift).min(rows - 1) * width..][..width].iter().copied()).collect()
}
