//! Learning to act without actions (Schmidt and Jiang, 2024, arXiv 2312.10812): latent action
//! policies.
//!
//! Videos do not say what was done. An inverse model compresses what the past cannot explain of the
//! next frame into a few codes, jointly with a forward model that has to make the next frame from
//! the past and these codes alone: what is worth sending is what moved the world, the action up to
//! its name. A policy then learns to predict the latent action of a frame, and a small decoder that
//! knows a few true actions, or reinforcement learning, makes it a policy of the world.
//!
//! The stages of training, for windows o_(t-k), ..., o_t, o_(t+1) of k + 2 frames (numbered as below):
//!
//! ```text
//! 1   z_t = f(o_(t-k), ..., o_t, o_(t+1)),  z_q = the codes nearest to z_t
//!     (1) L = |g(o_(t-k), ..., o_t, z_q) - o_(t+1)|^2 + c |z_t - sg(z_q)|^2
//! 2   (2) L = |pi(o_t) - sg(z_t)|^2
//! 3a  (3) L = cross-entropy of d(z_t) to a_t,  few labels; acts by d(pi(o_t))
//! 3b  (4) logits = (head(features(trunk(o_t))) + d(pi(o_t))) / 2,  trained by PPO on rewards, while
//!         d is fitted anew by (3) to the actions taken
//! ```
//!
//! The two models and the policy are trained on a view of the data that has no actions. The arms of
//! the comparison are variants, with the same networks. Windows that would leave their episode are
//! left out instead of refused, because short episodes are common where the start is near the goal.

mod config;
mod experience;
mod frames;
mod method;
mod online;
mod policy;
mod probe;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use agents::{
    baseline::ppo::{
        Judged, METRICS,
        rollout::{Channel, Look, passes, shuffle},
    },
    update::update,
};
use burn::tensor::{Device, Int, Tensor, TensorData};
use learn::{
    batch,
    optim::{AdamSettings, Trained},
    policy_gradient::entropy,
    reduce,
    schedule::Piecewise,
};
use memory::Dataset;
use nets::{
    distribution::Categorical,
    dynamics::{FrameForward, FrameInverse},
    frames::FrameNetwork,
    host,
    mlp::{Mlp, MlpConfig},
    observed::Observed,
};
use rand::RngExt;
use run::{Collector, Progress, Result, Run, RunError};
use serde::{Deserialize, Serialize};
use worlds::{Actions, Array};

pub use self::config::{
    DecoderConfig, Decoding, LapoConfig, Learner, OnlineConfig, ProbeConfig, RefitConfig, StageConfig,
};
use self::{
    frames::{Frames, Labels, Windows, stack},
    online::{Branch, Online, supervised},
};

/// Share of the first stage after which a codebook has to be in use.
const PATIENCE: f64 = 0.2;
/// A codebook below this perplexity has collapsed: less than one bit of it is in use.
const COLLAPSED: f64 = 1.5;
/// Windows that are encoded at once.
const CHUNK: usize = 512;

/// Latent action policies, and what they are compared with.
pub struct Lapo {
    config: LapoConfig,
    set: Arc<Dataset>,
    frames: Frames,
    labels: Labels,
    actions: usize,
    device: Device,
    /// f.
    inverse: Trained<FrameInverse>,
    /// g.
    forward: Trained<FrameForward>,
    /// pi.
    policy: Trained<FrameNetwork>,
    /// d.
    decoder: Trained<Mlp>,
    online: Option<Online>,
    /// Step sizes of the models and of the policy over their stages.
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
    fn stages(&self) -> Vec<(Stage, u64)> {
        let models = (Stage::Models, self.models.updates);
        let policy = (Stage::Policy, self.policy.updates);
        let last = match self.decoding {
            Decoding::Offline => (Stage::Decode, self.decoder.updates),
            Decoding::Online => (Stage::Online, self.online.steps),
        };
        let stages = match self.variant {
            Learner::Lapo | Learner::NoBottleneck => vec![models, policy, last],
            Learner::NoFdm => vec![policy, last],
            Learner::Idm => vec![models, policy],
            Learner::Cloning => vec![policy],
        };
        stages.into_iter().filter(|(_, length)| *length > 0).collect()
    }
}

impl Lapo {
    /// One update of the stage under way, or one rollout of the last.
    fn learn(&mut self, run: &mut Run) -> Result<Progress> {
        let stages = self.config.stages();
        let Some(&(stage, length)) = stages.get(self.position.stage) else {
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
        Ok(Progress { stage: stage.name(), finished: self.position.stage == stages.len() })
    }
}

/// Stage 1, `latent-actions`: the inverse model and the forward model.
impl Lapo {
    fn fit_models(&mut self, run: &mut Run) -> Result<()> {
        let rate = self.schedules[0].value(self.position.done);
        self.inverse.set_learning_rate(rate);
        self.forward.set_learning_rate(rate);
        match self.config.variant {
            Learner::Idm => self.fit_classifier(run),
            _ => self.reconstruct(run),
        }
    }

    /// Equation (1): the error of the forward model trains both, the inverse model straight through
    /// the code; codes follow by moving averages.
    fn reconstruct(&mut self, run: &mut Run) -> Result<()> {
        let stage = self.config.models;
        let windows = self.frames.draw(stage.batch, run.random("windows"), &self.device)?;
        let inferred = self.inverse.module().forward(windows.all.clone().autodiff(), true);
        let code = inferred.code();
        let made = self.forward.module().forward(windows.past().autodiff(), code, true);
        let error = reduce::mean((made - windows.next().autodiff()).square());
        let (mut loss, mut perplexity) = (error.clone(), Vec::new());
        if let Some(quantised) = inferred.quantised {
            run.log("loss/commitment", f64::from(quantised.commitment.clone().into_scalar::<f32>()))?;
            loss = loss + quantised.commitment;
            perplexity = host(quantised.perplexity);
        }
        run.log("loss/reconstruction", f64::from(error.into_scalar::<f32>()))?;
        for (codebook, &value) in perplexity.iter().enumerate() {
            run.log(&format!("diag/perplexity_{codebook}"), f64::from(value))?;
        }
        let done = update(run, "models", loss, &mut [&mut self.inverse, &mut self.forward], stage.clip())?;
        run.count_updates("models", 1);
        let updates = self.position.done + 1;
        if updates == (PATIENCE * stage.updates as f64).ceil() as u64 {
            let books = perplexity.iter().enumerate();
            books
                .filter_map(|(book, &value)| collapse(book, f64::from(value), updates, stage.updates))
                .for_each(|sentence| run.note(sentence));
        }
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }

    /// The variant `idm`: the inverse model as a classifier of the labelled windows, without a
    /// forward model.
    fn fit_classifier(&mut self, run: &mut Run) -> Result<()> {
        let stage = self.config.models;
        let (windows, actions) = self.labelled(stage.batch, run)?;
        let logits = self.inverse.module().network.forward(windows.all.autodiff());
        let loss = cross_entropy(logits, &actions, 0.0);
        let done = update(run, "classifier", loss, &mut [&mut self.inverse], stage.clip())?;
        run.count_updates("models", 1);
        run.log("loss/classifier", f64::from(done.loss))
    }

    /// `count` labelled windows with their actions, drawn with replacement.
    fn labelled(&mut self, count: usize, run: &mut Run) -> Result<(Windows, Vec<usize>)> {
        let drawn = self.draw_labels(count, run);
        let positions: Vec<_> = drawn.iter().map(|&index| self.labels.positions[index]).collect();
        let actions = drawn.iter().map(|&index| self.labels.actions[index]).collect();
        Ok((self.frames.at(&positions, &self.device)?, actions))
    }

    fn draw_labels(&self, count: usize, run: &mut Run) -> Vec<usize> {
        let random = run.random("labels");
        (0..count).map(|_| random.random_range(0..self.labels.len())).collect()
    }
}

/// What is to be said of a codebook of this perplexity after `done` of `updates` updates: nothing
/// unless it has collapsed.
fn collapse(codebook: usize, perplexity: f64, done: u64, updates: u64) -> Option<String> {
    (perplexity < COLLAPSED).then(|| {
        format!(
            "codebook {codebook} has collapsed: its perplexity is {perplexity:.2} after {done} of {updates} \
             updates, where 1 is a single code in use; raise `quantiser.commitment` or lower \
             `models.learning_rate`"
        )
    })
}

/// Stage 2, `latent-policy`: the policy predicts from one frame what the inverse model, now fixed,
/// sees in the window.
impl Lapo {
    fn fit_policy(&mut self, run: &mut Run) -> Result<()> {
        let stage = self.config.policy;
        self.policy.set_learning_rate(self.schedules[1].value(self.position.done));
        let loss = match self.config.variant {
            Learner::Cloning => {
                let (windows, actions) = self.labelled(stage.batch, run)?;
                cross_entropy(self.predict(&windows), &actions, 0.0)
            }
            Learner::Idm => {
                let windows = self.frames.draw(stage.batch, run.random("windows"), &self.device)?;
                let logits = self.inverse.inference().network.forward(windows.all.clone());
                let actions: Vec<usize> =
                    logits.argmax(1).into_data().iter::<i64>().map(|index| index as usize).collect();
                cross_entropy(self.predict(&windows), &actions, 0.0)
            }
            // Equation (2). The latent in front of the codes: a smooth target.
            _ => {
                let windows = self.frames.draw(stage.batch, run.random("windows"), &self.device)?;
                let latent = self.inverse.inference().network.forward(windows.all.clone());
                reduce::mean((self.predict(&windows) - latent.autodiff()).square())
            }
        };
        let done = update(run, "policy", loss, &mut [&mut self.policy], stage.clip())?;
        run.count_updates("policy", 1);
        run.log("loss/policy", f64::from(done.loss))
    }

    /// The policy's output for the frames in which the agent acts.
    fn predict(&self, windows: &Windows) -> Tensor<2> {
        self.policy.module().forward(windows.current().autodiff())
    }
}

/// Stage 3a, `decode`: from latent actions to actions, fitted to a few labels.
impl Lapo {
    /// Equation (3).
    fn fit_decoder(&mut self, run: &mut Run) -> Result<()> {
        let latents = match self.known.take() {
            Some(latents) => latents,
            None => {
                let positions = self.labels.positions.clone();
                self.latents(&positions)?
            }
        };
        let drawn = self.draw_labels(self.config.decoder.batch, run);
        let actions: Vec<usize> = drawn.iter().map(|&index| self.labels.actions[index]).collect();
        let chosen = latents.clone().select(0, indices(&drawn, &latents));
        self.known = Some(latents);
        let loss = cross_entropy(self.decoder.module().forward(chosen.autodiff()), &actions, 0.0);
        let done = update(run, "decoder", loss, &mut [&mut self.decoder], None)?;
        run.count_updates("decoder", 1);
        run.log("loss/decoder", f64::from(done.loss))
    }

    /// The latent actions, in front of the codes, of the windows that begin at these positions.
    fn latents(&mut self, positions: &[memory::Position]) -> Result<Tensor<2>> {
        let mut parts = Vec::new();
        for chunk in positions.chunks(CHUNK) {
            let windows = self.frames.at(chunk, &self.device)?;
            parts.push(self.inverse.inference().network.forward(windows.all));
        }
        Ok(Tensor::cat(parts, 0))
    }
}

/// Stage 3b, `online`: reinforcement learning on top of the latent policy, whose decoder is refitted
/// to the actions that were really taken.
impl Lapo {
    /// One rollout in the world and what is learnt from it.
    fn act_and_learn(&mut self, run: &mut Run) -> Result<()> {
        let Some(online) = &mut self.online else {
            return Err(RunError::Task("the online stage needs `decoding = \"online\"`".to_owned()));
        };
        let done = self.position.done;
        if done == 0 {
            online.begin(self.policy.inference());
        }
        let before = run.steps();
        online.collect(self.policy.inference(), self.decoder.inference(), self.inverse.inference(), run)?;
        online.improve(done, run)?;
        if online.refits(done + run.steps() - before) {
            self.decoder = self.refit(run)?;
        }
        Ok(())
    }

    /// Equation (3) again: a decoder drawn anew and fitted to all windows acted in so far.
    fn refit(&self, run: &mut Run) -> Result<Trained<Mlp>> {
        let RefitConfig { epochs, batch, learning_rate, smoothing, .. } = self.config.online.refit;
        let shape = MlpConfig::new(self.config.size(self.actions), &self.config.decoder.hidden, self.actions);
        let decoder = shape.init(&self.device.clone().autodiff(), run.random("decoder"));
        let mut decoder = Trained::new(decoder, AdamSettings::new(learning_rate));
        let Some((latents, actions)) = self.online.as_ref().and_then(|online| online.experience.labelled())
        else {
            return Ok(decoder);
        };
        let latents: Tensor<2> = batch::matrix(latents, actions.len(), &self.device);
        let mut order: Vec<usize> = (0..actions.len()).collect();
        for _ in 0..epochs {
            shuffle(&mut order, run.random("decoder"));
            for chunk in order.chunks(batch) {
                let chosen = latents.clone().select(0, indices(chunk, &latents)).autodiff();
                let targets: Vec<usize> = chunk.iter().map(|&index| actions[index]).collect();
                let loss = cross_entropy(decoder.module().forward(chosen), &targets, smoothing);
                let done = update(run, "decoder", loss, &mut [&mut decoder], None)?;
                run.log("loss/decoder", f64::from(done.loss))?;
            }
        }
        Ok(decoder)
    }
}

impl Online {
    /// Fills the rollout by the policy of equation (4), and takes down latent actions beside the
    /// actions taken.
    fn collect(
        &mut self,
        policy: &FrameNetwork,
        decoder: &Mlp,
        inverse: &FrameInverse,
        run: &mut Run,
    ) -> Result<()> {
        let Self { layout, device, sampler, collector, rollout, experience, branch, .. } = self;
        let heads = branch.inference();
        let look = |collector: &Collector, _| {
            let frames = stack(collector.observations().input(), layout, 1, collector.rows(), device);
            let (trunk, other) = supervised(policy, decoder, frames.all);
            let kept = Array::Float(host(Tensor::cat(vec![trunk.clone(), other.clone()], 1)));
            let (logits, value) = heads.forward(trunk, other);
            Ok(Look { kept, beside: Vec::new(), head: host(logits), log_std: Vec::new(), value: host(value) })
        };
        rollout.fill(collector, sampler, run, look, |collector, actions, _, _| {
            let outcome = collector.outcome();
            experience.see(outcome.observations.input(), &outcome.reset);
            if let Actions::Discrete(taken) = actions {
                experience.label(inverse, taken, device);
            }
            Ok(())
        })?;
        self.rollouts += 1;
        self.rollout.estimate_advantages(&[Channel::reward(self.config.gamma)], self.config.lambda)
    }

    /// Several passes of minibatch steps over the rollout, `done` steps into the stage. The head of
    /// the value learns first, then that of the policy, the features last.
    fn improve(&mut self, done: u64, run: &mut Run) -> Result<()> {
        let [policy, value, features] = &self.schedules;
        self.branch.policy.set_learning_rate(policy.value(done));
        self.branch.value.set_learning_rate(value.value(done));
        self.branch.features.set_learning_rate(features.value(done));
        let cuts = [self.config.epochs, self.config.minibatches];
        passes(self.rollout.taken(), cuts, run, |minibatch, run| self.step(minibatch, run))
    }

    /// One step of PPO on a minibatch. The supervised branch enters as numbers, so that gradients
    /// reach the other one alone.
    fn step(&mut self, indices: &[usize], run: &mut Run) -> Result<()> {
        let batch = self.rollout.minibatch(indices, &self.seen, &self.device);
        let (Observed::Flat(seen), Some(actions)) = (&batch.observations, batch.actions.indices()) else {
            return Err(RunError::Part("a rollout holds neither vectors nor indices".to_owned()));
        };
        let trunk = self.seen.size() - self.sampler.size;
        let other = seen.clone().narrow(1, trunk, self.sampler.size).autodiff();
        let (logits, value) =
            self.branch.modules().forward(seen.clone().narrow(1, 0, trunk).autodiff(), other);
        let acting = Categorical::new(logits);
        let (log_prob, entropy) = (acting.log_prob(actions.autodiff()), entropy(acting.log_probabilities()));
        let objective = self.config.objective();
        let Branch { features, policy, value: critic } = &mut self.branch;
        let judged = Judged { log_prob, entropy, value };
        let means = objective.step(&batch, judged, &mut [features, policy, critic], run)?;
        run.count_updates("branch", 1);
        // All but the divergence.
        METRICS.iter().zip(means).take(4).try_for_each(|(name, mean)| run.log(name, mean))
    }

    /// Whether the decoder is fitted anew after this rollout, `done` steps into the stage.
    fn refits(&self, done: u64) -> bool {
        let refit = &self.config.refit;
        (refit.from + 1..refit.until).contains(&done)
            && (done < refit.dense_until || self.rollouts.is_multiple_of(refit.every))
    }
}

/// Row numbers, on the device of `like`.
fn indices(numbers: &[usize], like: &Tensor<2>) -> Tensor<1, Int> {
    let numbers: Vec<i64> = numbers.iter().map(|&number| number as i64).collect();
    let count = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [count]), &like.device())
}

/// Mean cross-entropy of `logits [B, A]` to `targets`, of which a share of `smoothing` is spread
/// evenly over all actions (Szegedy et al., 2016, section 7).
fn cross_entropy(logits: Tensor<2>, targets: &[usize], smoothing: f64) -> Tensor<1> {
    let targets = indices(targets, &logits);
    let policy = Categorical::new(logits);
    let right = policy.log_prob(targets).mean();
    match smoothing == 0.0 {
        true => right.neg(),
        false => right.mul_scalar(smoothing - 1.0) - policy.log_probabilities().mean().mul_scalar(smoothing),
    }
}
