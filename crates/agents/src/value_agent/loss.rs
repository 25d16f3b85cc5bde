//! The temporal-difference loss, scalar or distributional, per sample.

use burn::tensor::{Int, Tensor, activation};
use learn::td::{self, Support};

/// What the network's numbers per action mean.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// One number: the value. The Huber loss turns from square to linear at `delta`; 0 for the
    /// squared error.
    Scalar {
        /// Error at which the loss turns.
        delta: f32,
    },
    /// Logits of a distribution of returns (Bellemare et al., 2017).
    Categorical(Support),
}

impl Values {
    /// Numbers per action.
    pub fn atoms(&self) -> usize {
        match self {
            Values::Scalar { .. } => 1,
            Values::Categorical(support) => support.atoms,
        }
    }

    /// Expected returns `[B, A]` of the network's output `[B, A, N]`.
    pub fn expected(&self, output: Tensor<3>) -> Tensor<2> {
        match self {
            Values::Scalar { .. } => output.squeeze_dim(2),
            Values::Categorical(support) => support.action_values(activation::softmax(output, 2)),
        }
    }
}

/// What a loss is computed from; outputs are `[B, A, N]`, the rest `[B]`, all but `output` without
/// a graph.
pub struct Inputs {
    /// The trained network at the observations.
    pub output: Tensor<3>,
    /// The target network at the next observations.
    pub target: Tensor<3>,
    /// The trained network at the next observations, which then chooses the action (van Hasselt et
    /// al., 2016); nothing where the target network does.
    pub chooser: Option<Tensor<3>>,
    /// Actions taken.
    pub actions: Tensor<1, Int>,
    /// Discounted rewards over the transition's steps.
    pub reward: Tensor<1>,
    /// Factor of the next value.
    pub discount: Tensor<1>,
}

/// A loss with what is reported about it.
pub struct TdLoss {
    /// `[B]`, with its graph.
    pub loss: Tensor<1>,
    /// The size of each sample's error, which its priority is made from: the absolute error, or the
    /// divergence of the distribution from its target (Hessel et al., 2018, section 3). `[B]`.
    pub error: Tensor<1>,
    /// Value of the actions taken, `[B]`, without graph.
    pub value: Tensor<1>,
    /// Share of the target's mass outside the support.
    pub clipped: Option<f32>,
}

/// The loss of a batch: the Huber or squared error to `r + discount max Q'`, or the cross-entropy
/// to the projected distribution of `r + discount Z'`.
pub fn td_loss(values: &Values, inputs: Inputs) -> TdLoss {
    let Inputs { output, target, chooser, actions, reward, discount } = inputs;
    let next = td::greedy(values.expected(chooser.unwrap_or_else(|| target.clone())));
    let chosen = td::distribution_at_action(output, actions.autodiff());
    let target = td::distribution_at_action(target, next);
    match values {
        Values::Scalar { delta } => {
            let target = td::target(reward, discount, target.squeeze_dim(1));
            let value: Tensor<1> = chosen.squeeze_dim(1);
            let error = (value.clone().inner() - target.clone()).abs();
            let loss = match *delta > 0.0 {
                true => td::huber(value.clone(), target.autodiff(), *delta),
                false => td::squared_error(value.clone(), target.autodiff()),
            };
            TdLoss { loss, error, value: value.inner(), clipped: None }
        }
        Values::Categorical(support) => {
            let next = activation::softmax(target, 1);
            let projection = td::categorical_target(reward, discount, next, support);
            let target = projection.probabilities;
            let log = activation::log_softmax(chosen, 1);
            let loss = td::categorical_cross_entropy(target.clone().autodiff(), log.clone());
            let entropy = (target.clone() * target.clamp_min(1e-12).log()).sum_dim(1).squeeze_dim::<1>(1);
            let error = (loss.clone().inner() + entropy).clamp_min(0.0);
            let value = support.expectation(log.inner().exp());
            TdLoss { loss, error, value, clipped: Some(projection.clipped) }
        }
    }
}
