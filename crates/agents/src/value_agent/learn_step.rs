//! One update of a value agent.

use burn::tensor::Tensor;
use learn::{
    batch::{Transitions, Windows},
    objective::{EncoderGradient, Objective, Term},
    optim::{Trainable, update},
    reduce,
};
use nets::{ema, heads::HeadNoise};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, RunError};

use super::{
    ValueAgent,
    loss::{Inputs, TdLoss, td_loss},
    network::{Dropout, NetworkTaps},
    policy::host,
};
use crate::failure::failure;

/// What an update draws at random besides its batch.
struct Draws {
    /// The trained network's head at the observations.
    online: HeadNoise,
    /// The trained network's head at the next observations.
    chooser: HeadNoise,
    /// The target network's head.
    target: HeadNoise,
    dropout: Option<Dropout>,
}

impl ValueAgent {
    /// Draws a batch and takes one step along the gradient of the value loss and the objective's.
    pub(super) fn learn(&mut self, run: &mut Run) -> Result<()> {
        self.draw(run)?;
        let draws = self.random_draws(run);
        let (layout, device) = (&self.actor.layout, &self.actor.device);
        let mut transitions = Transitions::upload(&self.memory.transitions, layout, device);
        if let Some(objective) = &self.objective {
            let random = run.random("augment");
            transitions.observations = objective.augment(transitions.observations, random);
            transitions.next = objective.augment(transitions.next, random);
        }
        let start = self
            .network
            .module()
            .encode(&transitions.observations.clone().autodiff(), draws.dropout.as_ref());
        let td = self.value_loss(&transitions, start.clone(), &draws)?;
        let terms = self.objective_terms(start, &draws, run)?;
        let value_loss = reduce::weighted_mean(td.loss.clone(), transitions.weight.autodiff());
        let mut report = vec![("td", value_loss.clone().inner())];
        let mut total = value_loss;
        for Term { name, weight, loss } in terms {
            let mean = reduce::mean(loss);
            report.push((name, mean.clone().inner()));
            if weight != 0.0 {
                total = total + mean.autodiff() * weight;
            }
        }
        let mut parts: Vec<&mut dyn Trainable> = vec![&mut self.network];
        parts.extend(self.objective.iter_mut().flat_map(|objective| objective.parts()));
        let done = update("td", total, &mut parts, self.settings.gradient_clip)
            .map_err(|error| failure(run, error))?;
        self.updates += 1;
        run.count_updates("network", 1);
        self.follow();
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))?;
        self.report(report, td, run)
    }

    /// Draws transitions, and windows where there is an objective.
    fn draw(&mut self, run: &mut Run) -> Result<()> {
        let window = self.shape.window;
        if self.updates == 0 && window > 0 {
            let longest = self.memory.replay().longest_episode();
            if longest < window + 1 {
                return Err(RunError::Task(format!(
                    "the objective predicts K = {window} steps beside n = {} step returns, but the longest \
                     episode so far has {longest} steps: predict fewer steps or choose a world with longer \
                     episodes",
                    self.shape.steps
                )));
            }
        }
        let beta = self.settings.priority.map_or(0.0, |priority| {
            let done = (run.steps() as f64 / run.total_steps() as f64).min(1.0);
            priority.importance + (1.0 - priority.importance) * done
        });
        Ok(self.memory.sample(&self.shape, beta, run.random("replay"))?)
    }

    fn random_draws(&self, run: &mut Run) -> Draws {
        let online = self.network.module().head();
        let plain = self.network.inference().head();
        let random = run.random("noise");
        let (online, chooser, target) =
            (online.sample_noise(random), plain.sample_noise(random), plain.sample_noise(random));
        let dropout = match self.dropout > 0.0 {
            true => {
                let seed = run.random("dropout").next_u64();
                Dropout::new(self.dropout, ChaCha8Rng::seed_from_u64(seed))
            }
            false => None,
        };
        Draws { online, chooser, target, dropout }
    }

    fn value_loss(&self, batch: &Transitions, start: Tensor<2>, draws: &Draws) -> Result<TdLoss> {
        let joint = |objective: &dyn Objective| objective.encoder_gradient() == EncoderGradient::Joint;
        let latent = match self.objective.as_deref().is_none_or(joint) {
            true => start,
            false => start.detach(),
        };
        let output = self.network.module().head().forward(latent, Some(&draws.online));
        let network = self.network.inference();
        let dropout = draws.dropout.as_ref();
        let next = network.encode(&batch.next, dropout);
        let target = match &self.target {
            Some(target) => target.head().forward(target.encode(&batch.next, dropout), Some(&draws.target)),
            None => network.head().forward(next.clone(), Some(&draws.target)),
        };
        let chooser = self.settings.double.then(|| network.head().forward(next, Some(&draws.chooser)));
        let actions = batch
            .actions
            .indices()
            .ok_or_else(|| RunError::Part("the replay holds continuous actions".to_owned()))?;
        let (reward, discount) = (batch.reward.clone(), batch.discount.clone());
        Ok(td_loss(&self.settings.values, Inputs { output, target, chooser, actions, reward, discount }))
    }

    /// The objective's terms; none without one.
    fn objective_terms(&self, start: Tensor<2>, draws: &Draws, run: &mut Run) -> Result<Vec<Term>> {
        let Some(objective) = &self.objective else { return Ok(Vec::new()) };
        let windows = Windows::upload(&self.memory.windows, &self.actor.layout, &self.actor.device);
        let taps = NetworkTaps {
            online: self.network.module(),
            slow: self.target.as_ref().unwrap_or(self.network.inference()),
            start,
            noise: &draws.online,
            slow_noise: &draws.target,
            dropout: draws.dropout.as_ref(),
        };
        objective.terms(&taps, &windows, run.random("objective")).map_err(|error| failure(run, error))
    }

    /// Lets the target network follow where it is due.
    fn follow(&mut self) {
        if self.updates.is_multiple_of(self.target_every)
            && let Some(target) = self.target.take()
        {
            self.target = Some(ema::update(target, self.network.inference(), self.target_rate));
        }
    }

    /// Logs what the update found and sets the priorities of its batch.
    fn report(&mut self, report: Vec<(&'static str, Tensor<1>)>, td: TdLoss, run: &mut Run) -> Result<()> {
        let (names, means): (Vec<_>, Vec<_>) = report.into_iter().unzip();
        for (name, mean) in names.into_iter().zip(host(Tensor::cat(means, 0))) {
            let full = if name.contains('/') { name.to_owned() } else { format!("loss/{name}") };
            run.log(&full, f64::from(mean))?;
        }
        run.log("diag/value", f64::from(td.value.mean().into_scalar::<f32>()))?;
        if let Some(clipped) = td.clipped {
            run.log("diag/clipped", f64::from(clipped))?;
        }
        if self.memory.prioritised() {
            self.memory.set_priorities(&host(td.error))?;
        }
        Ok(())
    }
}
