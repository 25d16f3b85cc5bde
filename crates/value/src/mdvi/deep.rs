//! The scheme with networks (section 5 of the paper): one for the values and a second one for the
//! policy or the average, each with a target that is renewed together with the other's every so many
//! updates, which is one iteration of the scheme.

use agents::{
    networks,
    state::{load_module, load_trained, save_module, save_trained},
    update::update,
    value_agent::{
        config::ValueSettings,
        interaction::Interaction,
        memory::{Memory, Shape},
        network::{HeadShape, Interface, QNetwork},
        policy::{Actor, ValuePolicy, Values},
        regression,
    },
};
use burn::tensor::{Int, Tensor};
use learn::{batch::Transitions, optim::Trained, reduce, schedule::Schedule, td};
use nets::{Observed, distribution::Categorical, ema};
use run::{AnyMethod, Policy, Progress, Result, Run, Snapshot, task::World};

use super::{
    config::{Instantiation, Kind, MdviConfig},
    policy::{Chooser, NetworkPolicy},
    regulariser::Regulariser,
};

/// What the second network gives and how it learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// Logits that maximise <pi, q> - lambda KL(pi || previous) + tau H(pi).
    Direct,
    /// Logits that follow the closed form of that maximum.
    Indirect,
    /// The moving average h of values; the policy is the softmax of h / tau.
    Average,
}

/// One iteration of the scheme: its targets and losses, per sample.
#[derive(Clone, Copy, Debug)]
pub struct Iteration {
    second: Second,
    lambda: f32,
    tau: f32,
    beta: f32,
    temperature: f32,
    /// Whether the regularisers stand in the evaluation.
    evaluated: bool,
}

impl Iteration {
    /// The weights, and whether they stand in the evaluation too (type 1).
    pub fn new(second: Second, regulariser: Regulariser, evaluated: bool) -> Self {
        Self {
            second,
            lambda: regulariser.lambda as f32,
            tau: regulariser.tau as f32,
            beta: regulariser.beta() as f32,
            temperature: regulariser.temperature() as f32,
            evaluated,
        }
    }

    /// What the second network's numbers are multiplied by to be logits.
    pub fn scale(&self) -> f32 {
        match self.second {
            Second::Direct | Second::Indirect => 1.0,
            Second::Average => 1.0 / self.tau,
        }
    }

    /// The policy that the second network's numbers `[B, A]` stand for.
    pub fn policy(&self, numbers: Tensor<2>) -> Categorical {
        Categorical::new(numbers.mul_scalar(self.scale()))
    }

    /// `[B]`: <pi, q> - lambda KL(pi || previous) + tau H(pi) with `values` q `[B, A]`; <pi, q>
    /// alone in type 2.
    pub fn next_value(&self, policy: &Categorical, previous: &Categorical, values: Tensor<2>) -> Tensor<1> {
        let expected = expectation(policy, values);
        match self.evaluated {
            true => expected + self.bonus(policy, previous),
            false => expected,
        }
    }

    /// `[B]`: the loss of the second network at `present` `[B, A]`, whose target gives `previous`,
    /// on the values `values` of the value network's target; the gradient enters `present` alone.
    pub fn loss(&self, present: Tensor<2>, previous: Tensor<2>, values: Tensor<2>) -> Tensor<1> {
        let (previous, values) = (previous.autodiff(), values.autodiff());
        match self.second {
            Second::Direct => {
                let (policy, previous) = (Categorical::new(present), Categorical::new(previous));
                (expectation(&policy, values) + self.bonus(&policy, &previous)).neg()
            }
            Second::Indirect => {
                let logs = Categorical::new(previous).log_probabilities();
                let wanted = Categorical::new(logs * self.beta + values.div_scalar(self.temperature));
                wanted.kl(&Categorical::new(present))
            }
            Second::Average => {
                let target = previous * self.beta + values * (1.0 - self.beta);
                td::squared_error(present, target).mean_dim(1).squeeze_dim(1)
            }
        }
    }

    /// `[B]`: -lambda KL(pi || previous) + tau H(pi).
    fn bonus(&self, policy: &Categorical, previous: &Categorical) -> Tensor<1> {
        policy.entropy() * self.tau - policy.kl(previous) * self.lambda
    }
}

/// `[B]`: expectation of `values [B, A]` under the policy.
fn expectation(policy: &Categorical, values: Tensor<2>) -> Tensor<1> {
    (policy.probabilities() * values).sum_dim(1).squeeze_dim(1)
}

/// A trained network, and its target: what it was in the last iteration.
struct Pair {
    trained: Trained<QNetwork>,
    target: QNetwork,
}

impl Pair {
    fn new(network: QNetwork, settings: &ValueSettings) -> Self {
        Self { target: ema::target_of(&network), trained: Trained::new(network, settings.adam()) }
    }

    /// One step along the gradient of a loss.
    fn step(&mut self, term: &str, loss: Tensor<1>, clip: Option<f32>, run: &mut Run) -> Result<()> {
        let done = update(run, term, loss, &mut [&mut self.trained], clip)?;
        run.log(&format!("loss/{term}"), f64::from(done.loss))?;
        run.log(&format!("diag/gradient_norm_{term}"), f64::from(done.gradient_norm))
    }

    fn renew(&mut self) {
        self.target = self.trained.inference().clone();
    }

    fn save(&self, name: &str, snapshot: &mut Snapshot) {
        save_trained(snapshot, &[(name, &self.trained)]);
        save_module(snapshot, &format!("{name}-target"), &self.target);
    }

    fn load(&mut self, name: &str, snapshot: &Snapshot) -> Result<()> {
        load_trained(snapshot.arrays(), &mut [(name, &mut self.trained)])?;
        self.target = load_module(snapshot.arrays(), &format!("{name}-target"), self.target.clone())?;
        Ok(())
    }
}

/// A learner in one of the deep forms.
pub struct Deep {
    settings: ValueSettings,
    huber: f32,
    iteration: Iteration,
    chooser: Chooser,
    values: Pair,
    /// The policy's logits, or the average of values; nothing without a regulariser.
    second: Option<Pair>,
    interaction: Interaction,
}

impl Deep {
    /// Builds networks, replay and worlds.
    ///
    /// # Errors
    /// The encoder or the replay does not fit the world.
    pub fn new(config: &MdviConfig, world: &World, run: &mut Run) -> Result<Self> {
        let (regulariser, mut settings) = (config.regulariser(), config.values.clone());
        let second = match config.variant {
            Instantiation::MdIndirect => Second::Indirect,
            Instantiation::Da => Second::Average,
            Instantiation::Auto | Instantiation::Tabular | Instantiation::MdDirect => Second::Direct,
        };
        let iteration = Iteration::new(second, regulariser, config.kind == Kind::Both);
        if config.softmax() {
            settings.epsilon = Schedule::Constant(0.0);
        }
        let interface = Interface::new(world, run)?;
        let layers = networks::normalised_layers(settings.hidden);
        let spec = networks::spec_of(&networks::or_layers(&settings.encoder, layers, world), world, 1.0);
        let head = HeadShape::plain(settings.hidden, interface.actions, 1);
        let values = Pair::new(interface.network(&spec, head, run)?, &settings);
        let second = match regulariser.none() {
            true => None,
            false => Some(Pair::new(interface.network(&spec, head, run)?, &settings)),
        };
        let shape = Shape::new(&settings, 1, 0);
        let memory = Memory::new(&world.spec, config.copies.worlds, settings.capacity, shape, None)?;
        Ok(Self {
            huber: config.huber,
            iteration,
            chooser: Chooser {
                actor: Actor { values: Values::Scalar, noisy: false, interface },
                scale: config.softmax().then(|| iteration.scale()),
            },
            values,
            second,
            interaction: Interaction::new(&settings, &config.copies, memory, world, run)?,
            settings,
        })
    }

    /// Draws a batch and takes a step of each network; renews the targets where they are due.
    fn learn(&mut self, run: &mut Run) -> Result<()> {
        self.interaction.memory_mut().sample(0.0, run.random("replay"))?;
        let Interface { layout, device, .. } = &self.chooser.actor.interface;
        let (batch, actions) = self.interaction.memory().upload(layout, device)?;
        self.learn_values(&batch, actions, run)?;
        self.learn_second(&batch, run)?;
        if self.interaction.updated(run) {
            self.values.renew();
            self.second.iter_mut().for_each(Pair::renew);
        }
        Ok(())
    }

    /// The values regress to r + gamma <pi, q>, with the regularisers in type 1, a constant: q is the
    /// value network's target, and the policy before pi the second network's.
    fn learn_values(&mut self, batch: &Transitions, actions: Tensor<1, Int>, run: &mut Run) -> Result<()> {
        let next_values = output(&self.values.target, &batch.next);
        let next = match &self.second {
            Some(second) => {
                let policy = self.iteration.policy(output(second.trained.inference(), &batch.next));
                let previous = self.iteration.policy(output(&second.target, &batch.next));
                self.iteration.next_value(&policy, &previous, next_values)
            }
            None => next_values.max_dim(1).squeeze_dim(1),
        };
        let target = td::target(batch.reward.clone(), batch.discount.clone(), next);
        let values = output(self.values.trained.module(), &batch.observations.clone().autodiff());
        let value = td::at_action(values, actions.autodiff());
        let mean = f64::from(value.clone().inner().mean().into_scalar::<f32>());
        let loss = regression(value, target.autodiff(), self.huber);
        self.values.step("td", reduce::mean(loss), self.settings.clip(), run)?;
        run.log("diag/value", mean)
    }

    /// The second network takes its step on the same targets, at the observations.
    fn learn_second(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let Some(second) = &mut self.second else { return Ok(()) };
        let values = output(&self.values.target, &batch.observations);
        let previous = output(&second.target, &batch.observations);
        let present = output(second.trained.module(), &batch.observations.clone().autodiff());
        let entropy = self.iteration.policy(present.clone().inner()).entropy();
        let loss = self.iteration.loss(present, previous, values);
        second.step("policy", reduce::mean(loss), self.settings.clip(), run)?;
        run.log("diag/entropy", f64::from(entropy.mean().into_scalar::<f32>()))
    }
}

impl AnyMethod for Deep {
    /// One step of every copy of the world, and the updates that are due. The network whose largest
    /// output is the best action acts.
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let (chooser, acting) = (&self.chooser, self.second.as_ref().unwrap_or(&self.values));
        let actions = self.interaction.step(run, |seen, epsilon, random| {
            chooser.act(acting.trained.inference(), seen, epsilon, random)
        })?;
        self.interaction.remember(&actions, None)?;
        for _ in 0..self.interaction.due() {
            self.learn(run)?;
        }
        Ok(Progress::MAIN)
    }

    /// A policy from a copy of the network that acts.
    fn policy(&self) -> Option<Box<dyn Policy>> {
        let (chooser, acting) = (self.chooser.clone(), self.second.as_ref().unwrap_or(&self.values));
        let network = acting.trained.inference().clone();
        let values = ValuePolicy { network, actor: chooser.actor.clone(), epsilon: 0.0 };
        Some(Box::new(NetworkPolicy { values, chooser }))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.values.save("values", snapshot);
        if let Some(second) = &self.second {
            second.save("policy", snapshot);
        }
        self.interaction.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.values.load("values", snapshot)?;
        if let Some(second) = &mut self.second {
            second.load("policy", snapshot)?;
        }
        self.interaction.load(snapshot)
    }
}

/// `[B, A]`: the network's numbers.
fn output(network: &QNetwork, observed: &Observed) -> Tensor<2> {
    network.forward(observed, None).squeeze_dim(2)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use nets::host;

    use super::*;
    use crate::mdvi::regulariser::log_softmax;

    fn tensor(values: [f32; 3]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [1, 3]), &Device::flex())
    }

    #[test]
    fn targets_and_optima_are_those_of_the_exact_scheme() {
        let exact = Regulariser { lambda: 0.6, tau: 0.3 };
        let (values, previous) = ([0.5_f32, -1.0, 0.2], [0.1_f32, 0.7, -0.4]);
        let double = |row: [f32; 3]| row.map(f64::from).to_vec();
        let logs = log_softmax(double(previous), 3);
        let best = exact.greedy(&logs, &double(values), 3);
        let worth = exact.state_values(&best, &logs, &double(values), 3)[0];
        let present = tensor([best[0] as f32, best[1] as f32, best[2] as f32]);
        let iteration = |second| Iteration::new(second, exact, true);
        let (policy, old) = (Categorical::new(present.clone()), Categorical::new(tensor(previous)));
        let found = host(iteration(Second::Direct).next_value(&policy, &old, tensor(values)))[0];
        assert!((f64::from(found) - worth).abs() < 1e-5, "{found} {worth}");
        let plain = Iteration::new(Second::Direct, exact, false).next_value(&policy, &old, tensor(values));
        let expected: f64 = best.iter().zip(double(values)).map(|(log, value)| log.exp() * value).sum();
        assert!((f64::from(host(plain)[0]) - expected).abs() < 1e-5);
        // The closed form is where both losses of the policy have no slope.
        for second in [Second::Direct, Second::Indirect] {
            let logits = present.clone().autodiff().require_grad();
            let loss = iteration(second).loss(logits.clone(), tensor(previous), tensor(values));
            let gradients = loss.sum().backward();
            let slope = host(logits.grad(&gradients).unwrap());
            assert!(slope.iter().all(|slope| slope.abs() < 1e-5), "{second:?} {slope:?}");
        }
        // The average's loss is 0 at beta h + (1 - beta) q, here a third of q and two of h.
        let average = tensor(previous) * (2.0 / 3.0) + tensor(values) * (1.0 / 3.0);
        let loss = iteration(Second::Average).loss(average.autodiff(), tensor(previous), tensor(values));
        assert!(host(loss.inner())[0] < 1e-10);
    }
}
