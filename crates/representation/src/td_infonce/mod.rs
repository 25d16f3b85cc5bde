//! Contrastive difference predictive coding (Zheng, Salakhutdinov and Eysenbach, 2023, arXiv
//! 2310.20141): which states are likely in the discounted future, learned by temporal differences.
//!
//! The future of (s, a) is the next state with weight 1 - gamma and the future of the next state
//! with weight gamma. The first part is learned by InfoNCE from the next state. The second needs no
//! sampled future: random states are weighed by the critic's own softmax at (s', a'). The critic is
//! log p(s_f | s, a) / p(s_f) up to a constant of (s, a), and a policy that picks its goal out of
//! the batch's goals climbs it.
//!
//! Two forms: this file learns to reach goals without rewards, from transitions in any order;
//! `tabular` measures the estimate against the exact answer on a growing data set. The comparators of
//! the paper are estimators of the same two forms.

mod config;
mod critic;
mod method;
mod policy;
mod tabular;
#[cfg(test)]
mod tests;

use agents::{baseline::sac::actor::SquashedActor, experience::Experience, update::update};
use burn::tensor::{Device, Tensor, activation::softmax};
use learn::{
    batch::matrix,
    contrastive::info_nce::{Labels, info_nce, td_info_nce},
    optim::Trained,
};
use memory::{Position, Relabel, Span, TransitionBatch};
use nets::{ema, host, noise};
use run::{Mode, Result, Run, RunError};
use worlds::{Actions, Array, GoalSpace, Spec, noise::Autoregressive};

pub use self::config::{Collect, DeepConfig, Estimator, TabularConfig, TdInfoNceConfig};
use self::{critic::GoalCritic, policy::GoalPolicy, tabular::Tabular};

/// Temporal-difference InfoNCE.
pub struct TdInfoNce {
    learner: Learner,
}

/// One of the forms.
enum Learner {
    Tabular(Box<Tabular>),
    Deep(Box<Deep>),
}

/// Actor, critic, worlds and memory.
struct Deep {
    config: DeepConfig,
    monte_carlo: bool,
    bootstrap: bool,
    device: Device,
    /// Of the run's world.
    spec: Spec,
    goal: GoalSpace,
    goal_field: usize,
    experience: Experience,
    smooth: Autoregressive,
    actor: Trained<SquashedActor>,
    critic: Trained<GoalCritic>,
    critic_target: GoalCritic,
    positions: Vec<Position>,
    goals: Vec<Position>,
    transitions: TransitionBatch,
    /// Whether it was said that rewards are ignored.
    noted: bool,
}

/// A minibatch on the device: B rows each.
struct Batch {
    observations: Tensor<2>,
    actions: Tensor<2>,
    next: Tensor<2>,
    /// Goals that the next observations achieve, or a future one's under Monte Carlo.
    positives: Tensor<2>,
    /// Goals of random observations, which the policy is asked to reach.
    goals: Tensor<2>,
}

impl Deep {
    /// Acts once in every copy and learns from what is remembered.
    ///
    /// # Errors
    /// The world fails, all goals of a batch are the same, or a loss is not finite.
    fn iteration(&mut self, run: &mut Run) -> Result<()> {
        let actions = self.choose(run)?;
        self.experience.step(&actions, run)?;
        let outcome = self.experience.collector().outcome();
        if !self.noted && outcome.reward.iter().any(|reward| *reward != 0.0) {
            self.noted = true;
            run.note("`td-infonce` learns without rewards: those of this world are ignored");
        }
        if run.steps() < self.config.start_steps {
            return Ok(());
        }
        for _ in 0..self.config.updates * self.config.worlds {
            let batch = self.draw(run)?;
            self.improve_critic(&batch, run)?;
            self.improve_actor(&batch, run)?;
            let critic = self.critic.inference();
            self.critic_target = ema::update(self.critic_target.clone(), critic, self.config.tau);
            run.count_updates("agent", 1);
        }
        Ok(())
    }

    fn goal_policy(&self) -> GoalPolicy {
        GoalPolicy::new(self.actor.inference().clone(), &self.spec, self.goal_field, &self.device)
    }

    fn choose(&mut self, run: &mut Run) -> Result<Actions> {
        match self.config.collect {
            Collect::Random => Ok(self.experience.random_actions(run.random("policy"))),
            Collect::Policy if run.steps() >= self.config.start_steps => {
                let observations = self.experience.collector().observations();
                self.goal_policy().choose(observations, Mode::Sample, run.random("policy"))
            }
            _ => {
                self.smooth.advance(run.random("policy"));
                let clipped = self.smooth.values.iter().map(|value| value.clamp(-1.0, 1.0) as f32);
                Ok(Actions::Continuous(clipped.collect()))
            }
        }
    }

    fn draw(&mut self, run: &mut Run) -> Result<Batch> {
        let (count, random) = (self.config.batch, run.random("replay"));
        let replay = self.experience.replay();
        replay.sample_uniform(count, Span::transition(1), random, &mut self.positions)?;
        replay.transitions(&self.positions, 1, 1.0, &mut self.transitions)?;
        let mut inputs = Array::Float(Vec::new());
        replay.goals(&self.positions, Relabel::Random, random, &mut self.goals)?;
        replay.observations(&self.goals, &mut inputs)?;
        let goals = achieved(&self.goal, &inputs, count);
        let first = &goals[..self.goal.size()];
        if goals.chunks(first.len()).all(|goal| goal == first) {
            return Err(RunError::Part(format!(
                "all {count} goals of a batch are the same, so that it has no negatives: collect transitions \
                 that move, or raise `deep.start_steps`"
            )));
        }
        let positives = if self.monte_carlo {
            let relabel = Relabel::Geometric { gamma: self.config.gamma };
            replay.goals(&self.positions, relabel, random, &mut self.goals)?;
            replay.observations(&self.goals, &mut inputs)?;
            achieved(&self.goal, &inputs, count)
        } else {
            achieved(&self.goal, &self.transitions.next, count)
        };
        let upload = |array: &Array| matrix(floats(array), count, &self.device);
        let Actions::Continuous(actions) = &self.transitions.actions else {
            return Err(RunError::Part("the memory holds no continuous actions".to_owned()));
        };
        Ok(Batch {
            observations: upload(&self.transitions.observations),
            actions: matrix(actions, count, &self.device),
            next: upload(&self.transitions.next),
            positives: matrix(&positives, count, &self.device),
            goals: matrix(&goals, count, &self.device),
        })
    }

    /// Both losses of the critic (equation 10), or the one of Monte Carlo: with f_ij the logits of anchor
    /// (s_i, a_i, g_i) and candidate j, and w_ij those of the smaller target critic at (s'_i, a'_i, g_i),
    ///
    /// (1 - gamma) CE(i; softmax_j f_ij over next states) + gamma CE(softmax_j w_ij; softmax_j f_ij over random
    /// states), the mean over i and twins. Gradient enters through f alone; a' and w are constants.
    fn improve_critic(&mut self, batch: &Batch, run: &mut Run) -> Result<()> {
        let rows = self.config.batch;
        let goals = batch.goals.clone();
        // The goals moved on by one, so that no candidate is the goal its anchor is asked to reach.
        let random =
            Tensor::cat(vec![goals.clone().narrow(0, 1, rows - 1), goals.clone().narrow(0, 0, 1)], 0);
        let anchors = joined([&batch.observations, &batch.actions, &goals]).autodiff();
        let candidates = Tensor::cat(vec![batch.positives.clone(), random.clone()], 0).autodiff();
        let pairs = self.critic.module().forward(anchors, candidates);
        let accuracy = accuracy(pairs[0].clone().inner().narrow(1, 0, rows));
        let weights = if self.monte_carlo || !self.bootstrap {
            None
        } else {
            let noise = self.noise(rows, run);
            let (next_actions, _) = self.actor.inference().act(joined([&batch.next, &goals]), noise);
            let anchors = joined([&batch.next, &next_actions, &goals]);
            Some(softmax(self.critic_target.smaller(anchors, random), 1).autodiff())
        };
        let losses = pairs.map(|logits| {
            let near = logits.clone().narrow(1, 0, rows);
            match &weights {
                Some(weights) => {
                    td_info_nce(near, logits.narrow(1, rows, rows), weights.clone(), self.config.gamma)
                }
                None => info_nce(near, Labels::Paired),
            }
        });
        let [first, second] = losses.map(Tensor::mean);
        let loss = (first + second).mul_scalar(0.5);
        let done = update(run, "critic", loss, &mut [&mut self.critic], None)?;
        run.log("loss/critic", f64::from(done.loss))?;
        run.log("diag/accuracy", accuracy)
    }

    /// The actor makes its goal the most likely one among the batch's goals: CE(i; softmax_j min f_ij) at its
    /// own reparameterised actions. The critic passes the gradient on; its own share of it is dropped.
    fn improve_actor(&mut self, batch: &Batch, run: &mut Run) -> Result<()> {
        let rows = self.config.batch;
        let noise = self.noise(rows, run).autodiff();
        let (observations, goals) = (batch.observations.clone().autodiff(), batch.goals.clone().autodiff());
        let (actions, _) = self.actor.module().act(joined([&observations, &goals]), noise);
        let anchors = joined([&observations, &actions, &goals]);
        let logits = self.critic.module().smaller(anchors, goals);
        let mut loss = info_nce(logits, Labels::Paired).mean();
        let share = self.config.imitation;
        if share > 0.0 {
            let apart = (actions - batch.actions.clone().autodiff()).square().mean_dim(1).mean();
            loss = loss.mul_scalar(1.0 - share) + apart.mul_scalar(share);
        }
        let done = update(run, "actor", loss, &mut [&mut self.actor], None)?;
        run.log("loss/actor", f64::from(done.loss))
    }

    fn noise(&self, rows: usize, run: &mut Run) -> Tensor<2> {
        noise::normal([rows, self.actor.module().dimensions()], &self.device, run.random("noise"))
    }
}

fn joined<const N: usize>(parts: [&Tensor<2>; N]) -> Tensor<2> {
    Tensor::cat(parts.map(Tensor::clone).to_vec(), 1)
}

fn floats(array: &Array) -> &[f32] {
    match array {
        Array::Float(values) => values,
        Array::Byte(_) => &[],
    }
}

/// The goals that `rows` observations have achieved.
fn achieved(goal: &GoalSpace, inputs: &Array, rows: usize) -> Vec<f32> {
    let values = floats(inputs);
    values.chunks((values.len() / rows).max(1)).flat_map(|input| goal.achieved(input)).collect()
}

/// Share of rows whose largest logit is that of their own candidate.
fn accuracy(logits: Tensor<2>) -> f64 {
    let [rows, columns] = logits.dims();
    let values = host(logits);
    let right = |(index, row): &(usize, &[f32])| row.iter().all(|value| *value <= row[*index]);
    values.chunks(columns).enumerate().filter(right).count() as f64 / rows as f64
}
