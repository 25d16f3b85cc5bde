//! The regularised targets and losses, per sample.

use agents::value_agent::loss::Values;
use burn::tensor::Tensor;
use learn::td;
use nets::distribution::Categorical;

use crate::mdvi::regulariser::Regulariser;

/// What the second network gives and how it learns (section 5 of the paper).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// Logits that maximise <pi, q> - lambda KL(pi || previous) + tau H(pi).
    Direct,
    /// Logits that follow the closed form of that maximum.
    Indirect,
    /// The moving average h of values; the policy is the softmax of h / tau.
    Average,
}

/// One iteration of the scheme with networks.
#[derive(Clone, Copy, Debug)]
pub struct Iteration {
    lambda: f32,
    tau: f32,
    beta: f32,
    temperature: f32,
    /// Whether the regularisers stand in the evaluation.
    evaluated: bool,
}

impl Iteration {
    /// The weights, and whether they stand in the evaluation too (type 1).
    pub fn new(regulariser: Regulariser, evaluated: bool) -> Self {
        Self {
            lambda: regulariser.lambda as f32,
            tau: regulariser.tau as f32,
            beta: regulariser.beta() as f32,
            temperature: regulariser.temperature() as f32,
            evaluated,
        }
    }

    /// What the second network's numbers are multiplied by to be logits.
    pub fn scale(&self, second: Second) -> f32 {
        match second {
            Second::Direct | Second::Indirect => 1.0,
            Second::Average => 1.0 / self.tau,
        }
    }

    /// The policy that the second network's numbers `[B, A]` stand for.
    pub fn policy(&self, second: Second, numbers: Tensor<2>) -> Categorical {
        Categorical::new(numbers.mul_scalar(self.scale(second)))
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

    /// `[B]`: the loss of the second network at `present` `[B, A]`, whose copy gives `previous`,
    /// on the values `values` of the value network's copy; the gradient enters `present` alone.
    pub fn loss(
        &self,
        second: Second,
        present: Tensor<2>,
        previous: Tensor<2>,
        values: Tensor<2>,
    ) -> Tensor<1> {
        let (previous, values) = (previous.autodiff(), values.autodiff());
        match second {
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

/// The Huber or squared error of scalar values, as `values` says; all `[B]`.
pub fn regression(values: &Values, value: Tensor<1>, target: Tensor<1>) -> Tensor<1> {
    match values {
        Values::Scalar { delta } if *delta > 0.0 => td::huber(value, target, *delta),
        _ => td::squared_error(value, target),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use agents::value_agent::policy::host;

    fn tensor(values: [f32; 3]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [1, 3]), &Device::flex())
    }

    #[test]
    fn targets_and_optima_are_those_of_the_exact_scheme() {
        let exact = Regulariser { lambda: 0.6, tau: 0.3 };
        let (values, previous) = ([0.5_f32, -1.0, 0.2], [0.1_f32, 0.7, -0.4]);
        let double = |row: [f32; 3]| row.map(f64::from).to_vec();
        let logs = crate::mdvi::regulariser::log_softmax(double(previous), 3);
        let best = exact.greedy(&logs, &double(values), 3);
        let worth = exact.state_values(&best, &logs, &double(values), 3)[0];
        let present = tensor([best[0] as f32, best[1] as f32, best[2] as f32]);
        let iteration = Iteration::new(exact, true);
        let (policy, old) = (Categorical::new(present.clone()), Categorical::new(tensor(previous)));
        let found = host(iteration.next_value(&policy, &old, tensor(values)))[0];
        assert!((f64::from(found) - worth).abs() < 1e-5, "{found} {worth}");
        let plain = Iteration::new(exact, false).next_value(&policy, &old, tensor(values));
        let expected: f64 = best.iter().zip(double(values)).map(|(log, value)| log.exp() * value).sum();
        assert!((f64::from(host(plain)[0]) - expected).abs() < 1e-5);
        // The closed form is where both losses of the policy have no slope.
        for second in [Second::Direct, Second::Indirect] {
            let logits = present.clone().autodiff().require_grad();
            let loss = iteration.loss(second, logits.clone(), tensor(previous), tensor(values));
            let gradients = loss.sum().backward();
            let slope = host(logits.grad(&gradients).unwrap());
            assert!(slope.iter().all(|slope| slope.abs() < 1e-5), "{second:?} {slope:?}");
        }
        // The average's loss is 0 at beta h + (1 - beta) q, here a third of q and two of h.
        let average = tensor(previous) * (2.0 / 3.0) + tensor(values) * (1.0 / 3.0);
        let loss = iteration.loss(Second::Average, average.autodiff(), tensor(previous), tensor(values));
        assert!(host(loss.inner())[0] < 1e-10);
    }
}
