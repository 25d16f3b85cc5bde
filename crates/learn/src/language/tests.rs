use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{
    advantage::{group_advantage, rloo, within_group_correlation, within_group_rank_correlation},
    latent::{self, Dimensions},
    length,
    preference::{self, Pair},
    surrogate::{clipped, kl},
    tokens::{
        entropies, self_certainty, self_certainty_over, sequence_mean, sequence_sum, sft, token_log_probs,
        top_probability,
    },
    *,
};
use crate::testing::{assert_close, check_gradient, numbers, random_values, tensor, values};

/// Values and gradients that PyTorch computed: see `reference/language.py`.
const GOLDEN: &str = include_str!("../../tests/data/language.txt");

const ROWS: usize = 4;
const STEPS: usize = 5;
const TOKENS: usize = 6;

fn golden(name: &str) -> Vec<f64> {
    numbers(GOLDEN, name).remove(0)
}

fn single(name: &str) -> Vec<f32> {
    golden(name).into_iter().map(|value| value as f32).collect()
}

fn table(name: &str) -> Tensor<2> {
    tensor(&single(name), [ROWS, STEPS])
}

fn targets() -> Tensor<2, Int> {
    let ids: Vec<i64> = golden("targets").into_iter().map(|id| id as i64).collect();
    Tensor::from_data(TensorData::new(ids, [ROWS, STEPS]), &Device::flex())
}

fn shaped(leaf: Tensor<1>) -> Tensor<3> {
    leaf.reshape([ROWS, STEPS, TOKENS])
}

/// Compares a loss of the logits and its gradient with the golden ones of this name.
fn check_loss(name: &str, loss: impl Fn(Tensor<3>) -> Tensor<1>) {
    let leaf = tensor(&single("logits"), [ROWS * STEPS * TOKENS]).autodiff().require_grad();
    let found = loss(shaped(leaf.clone()));
    assert_close(&values(found.clone()), &golden(name), 1e-5);
    let gradients = found.backward();
    let gradient = values(leaf.grad(&gradients).unwrap());
    assert_close(&gradient, &golden(&format!("{name}_gradient")), 1e-5);
}

#[test]
fn what_a_model_says_of_tokens_agrees_with_pytorch() {
    let logits = || tensor(&single("logits"), [ROWS, STEPS, TOKENS]);
    assert_close(&values(token_log_probs(logits(), targets())), &golden("log_probs"), 1e-5);
    assert_close(&values(entropies(logits())), &golden("entropies"), 1e-5);
    let offset = (TOKENS as f64).ln();
    let certain: Vec<f64> = golden("uniform_divergence").iter().map(|value| value + offset).collect();
    assert_close(&values(self_certainty(logits())), &certain, 1e-5);
    let support = tensor(&single("support"), [TOKENS]);
    assert_close(&values(self_certainty_over(logits(), support)), &golden("support_certainty"), 1e-5);
}

#[test]
fn uniform_and_certain_distributions() {
    let uniform = tensor(&[0.3; 4], [1, 1, 4]);
    let log_4 = 4f64.ln();
    assert_close(&values(entropies(uniform.clone())), &[log_4], 1e-6);
    assert_close(&values(self_certainty(uniform.clone())), &[log_4], 1e-6);
    assert_close(&values(top_probability(uniform)), &[0.25], 1e-6);
    let masked = tensor(&[0.0, f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY], [1, 1, 4]);
    assert_close(&values(entropies(masked)), &[2f64.ln()], 1e-6);
    // The direction matters: certainty punishes a token that is all but excluded, entropy does not.
    let one_excluded = tensor(&[0.0, 0.0, 0.0, -50.0], [1, 1, 4]);
    assert!(values(self_certainty(one_excluded.clone()))[0] > 10.0);
    assert_close(&values(entropies(one_excluded)), &[3f64.ln()], 1e-5);
}

#[test]
fn losses_and_gradients_agree_with_pytorch() {
    check_loss("sft", |logits| sft(logits, targets(), table("weights")));
    let advantage = || tensor(&single("advantages"), [ROWS, 1]);
    let grpo = |logits: Tensor<3>, estimator, reduction: Reduction| {
        let log_prob = token_log_probs(logits, targets());
        let surrogate = clipped(log_prob.clone(), table("old"), advantage(), 0.2, 0.28);
        let divergence = kl(log_prob, table("reference"), estimator);
        reduction.apply(surrogate.loss + divergence.mul_scalar(0.04), table("mask"), 8)
    };
    check_loss("grpo", |logits| grpo(logits, Divergence::K3, Reduction::Sequence));
    check_loss("dapo", |logits| grpo(logits, Divergence::K2, Reduction::Token));
    check_loss("dr_grpo", |logits| grpo(logits, Divergence::K1, Reduction::Constant));
    check_loss("dpo", |logits| {
        let pair = |log_probs| {
            let sums = sequence_sum(log_probs, table("mask"));
            Pair { chosen: sums.clone().narrow(0, 0, 2), rejected: sums.narrow(0, 2, 2) }
        };
        let policy = pair(token_log_probs(logits, targets()));
        preference::dpo(policy, pair(table("reference")), 0.1, 0.1).loss.mean()
    });
}

#[test]
fn advantages_agree_with_pytorch() {
    let rewards = single("rewards");
    let of = |centre, deviation| group_advantage(&rewards, 2, centre, deviation, 1e-6).unwrap().values;
    assert_close(&of(Centre::Group, Deviation::Group), &golden("advantages"), 1e-6);
    assert_close(&of(Centre::Group, Deviation::None), &golden("undivided"), 1e-6);
    assert_close(&of(Centre::Batch, Deviation::Batch), &golden("of_batch"), 1e-6);
    assert_close(&rloo(&rewards, 2).unwrap().values, &golden("leave_one_out"), 1e-6);
}

#[test]
fn advantages_of_a_group_sum_to_zero_and_do_not_see_shift_or_scale() {
    let rewards = random_values(1, 12);
    let of =
        |rewards: &[f32]| group_advantage(rewards, 4, Centre::Group, Deviation::Group, 0.0).unwrap().values;
    let plain = of(&rewards);
    for group in plain.chunks(4) {
        assert!(group.iter().sum::<f32>().abs() < 1e-5);
    }
    let moved: Vec<f32> = rewards.iter().map(|reward| 3.0 * reward + 7.0).collect();
    assert_close(&of(&moved), &plain.iter().map(|&value| f64::from(value)).collect::<Vec<_>>(), 1e-4);
}

#[test]
fn groups_without_a_spread_are_silent_and_counted() {
    let rewards = [0.1, 0.1, 0.1, 0.0, 1.0, 0.0];
    for centre in [Centre::Group, Centre::LeaveOneOut] {
        let found = group_advantage(&rewards, 3, centre, Deviation::Group, 1e-8).unwrap();
        assert_eq!((found.flat, found.groups), (1, 2));
        assert_eq!(found.values[..3], [0.0; 3]);
        assert!(found.values[4] > 0.0);
    }
    let of_batch = group_advantage(&rewards, 3, Centre::Batch, Deviation::None, 0.0).unwrap();
    assert!(of_batch.values[0] < 0.0);
}

#[test]
fn rewards_that_differ_by_rounding_are_equal() {
    let advantages = |rewards: &[f32]| {
        group_advantage(rewards, 2, Centre::Group, Deviation::Group, 1e-6).expect("two groups")
    };
    let noisy = advantages(&[-0.25, -0.250_000_1, 3.0, 3.000_000_5]);
    assert_eq!((noisy.values.as_slice(), noisy.flat), (&[0.0; 4][..], 2));
    let apart = advantages(&[-0.25, -0.251, 3.0, 3.01]);
    assert!(apart.flat == 0 && apart.values.iter().all(|value| value.abs() > 0.5), "{apart:?}");
}

#[test]
fn groups_that_make_no_sense_are_refused() {
    let refused = |rewards: &[f32], group| {
        let found = group_advantage(rewards, group, Centre::Group, Deviation::Group, 1e-6);
        found.unwrap_err().to_string()
    };
    assert!(refused(&[1.0, 2.0], 1).contains("at least 2"));
    assert!(refused(&[1.0, 2.0, 3.0], 2).contains("whole number of groups"));
    assert!(refused(&[1.0, f32::NAN], 2).contains("finite"));
}

#[test]
fn correlation_inside_groups() {
    let rewards = [1.0, 2.0, 3.0, 30.0, 20.0, 10.0, 5.0, 5.0, 5.0];
    let outcomes = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0];
    // Pearson's correlation of (1, 2, 3) with (0, 0, 1) is sqrt(3)/2; the second group is its mirror
    // image, and the third has no spread.
    let first = within_group_correlation(&rewards[..3], &outcomes[..3], 3).unwrap();
    assert!((first - 0.75f64.sqrt()).abs() < 1e-9);
    assert!(within_group_correlation(&rewards, &outcomes, 3).unwrap().abs() < 1e-9);
    assert_eq!(within_group_correlation(&rewards[6..], &outcomes[6..], 3), None);
    // Ranks 1, 2.5, 2.5, 4 with 1.5, 3.5, 1.5, 3.5: 3 / sqrt(4.5 * 4), however large the last reward is.
    for last in [11.0, 1_000.0] {
        let ranked = within_group_rank_correlation(&[1.0, 10.0, 10.0, last], &[0.0, 1.0, 0.0, 1.0], 4);
        assert!((ranked.unwrap() - 0.5f64.sqrt()).abs() < 1e-6);
    }
}

#[test]
fn on_policy_the_surrogate_is_the_score() {
    let log_prob = tensor(&random_values(3, 6), [2, 3]).autodiff().require_grad();
    let advantage = tensor(&[2.0, -1.0], [2, 1]);
    let found = clipped(log_prob.clone(), log_prob.clone(), advantage, 0.2, 0.2);
    assert_eq!(values(found.clipped), [0.0; 6]);
    let gradients = found.loss.sum().backward();
    assert_eq!(values(log_prob.grad(&gradients).unwrap()), [-2.0, -2.0, -2.0, 1.0, 1.0, 1.0]);
}

#[test]
fn a_higher_clip_lets_unlikely_tokens_grow() {
    let gradient = |high: f32| {
        let log_prob = tensor(&[0.25], [1, 1]).autodiff().require_grad();
        let found = clipped(log_prob.clone(), tensor(&[0.0], [1, 1]), tensor(&[1.0], [1, 1]), 0.2, high);
        let gradients = found.loss.sum().backward();
        values(log_prob.grad(&gradients).unwrap())[0]
    };
    assert_eq!(gradient(0.2), 0.0);
    assert!(gradient(0.3) < 0.0);
}

#[test]
fn the_divergences_estimate_the_divergence() {
    // Two distributions over three tokens: estimates weighted by the policy's probabilities are exact
    // means.
    let (policy, reference) = ([0.5f32, 0.3, 0.2], [0.4f32, 0.4, 0.2]);
    let logs = |probabilities: [f32; 3]| tensor(&probabilities.map(f32::ln), [1, 3]);
    let mean = |estimator| {
        let found = values(kl(logs(policy), logs(reference), estimator));
        found.iter().zip(policy).map(|(value, weight)| f64::from(value * weight)).sum::<f64>()
    };
    let exact: f64 = policy.iter().zip(reference).map(|(p, q)| f64::from(p * (p / q).ln())).sum();
    assert!((mean(Divergence::K1) - exact).abs() < 1e-6);
    assert!((mean(Divergence::K3) - exact).abs() < 1e-6);
    assert!((mean(Divergence::K2) - exact).abs() < 0.1 * exact);
    assert!(values(kl(logs(policy), logs(reference), Divergence::K3)).iter().all(|value| *value >= 0.0));
}

#[test]
fn reductions_weigh_long_and_short_responses_as_they_say() {
    let losses = tensor(&[1.0, 1.0, 1.0, 1.0, 5.0, 9.0, 9.0, 9.0], [2, 4]);
    let mask = || tensor(&[1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0], [2, 4]);
    let of = |reduction: Reduction| values(reduction.apply(losses.clone(), mask(), 10))[0];
    assert_eq!(of(Reduction::Sequence), 3.0);
    assert_eq!(of(Reduction::Token), 9.0 / 5.0);
    assert_eq!(of(Reduction::Constant), 9.0 / 20.0);
    assert_eq!(values(sequence_mean(losses, mask())), [1.0, 5.0]);
}

#[test]
fn padding_changes_nothing_and_has_no_gradient() {
    let logits = single("logits");
    let gradient = |logits: &[f32]| {
        let leaf = tensor(logits, [logits.len()]).autodiff().require_grad();
        let loss = sft(shaped(leaf.clone()), targets(), table("mask"));
        let gradients = loss.clone().backward();
        (values(loss), values(leaf.grad(&gradients).unwrap()))
    };
    let mut disturbed = logits.clone();
    for (position, keep) in single("mask").iter().enumerate() {
        if *keep == 0.0 {
            disturbed[position * TOKENS..][..TOKENS].fill(f32::from(position as u8));
        }
    }
    assert_eq!(gradient(&logits), gradient(&disturbed));
    let nothing = sft(shaped(tensor(&logits, [logits.len()])), targets(), table("mask").zeros_like());
    assert_eq!(values(nothing), [0.0]);
}

#[test]
fn ties_and_orders_of_pairs() {
    let margin = || tensor(&[0.0, 3.0], [2]);
    let tie = values(preference::bradley_terry(margin(), tensor(&[0.5, 0.5], [2])));
    assert!((tie[0] - 2f32.ln()).abs() < 1e-6 && tie[1] > tie[0]);
    let pair = |chosen: f32, rejected: f32| Pair {
        chosen: tensor(&[chosen], [1]),
        rejected: tensor(&[rejected], [1]),
    };
    let found = preference::dpo(pair(-2.0, -5.0), pair(-3.0, -3.0), 0.5, 0.0);
    assert_close(&values(found.margin), &[0.5 * (1.0 + 2.0)], 1e-6);
    assert_close(&values(found.loss), &[(1.0 + (-1.5f64).exp()).ln()], 1e-6);
}

#[test]
fn thoughts_agree_with_pytorch() {
    let thoughts = |name: &str| tensor(&single(name), [2, 3, 4]);
    let leaves = || ["mean", "log_variance"].map(|name| thoughts(name).autodiff().require_grad());
    for (dimensions, name) in [(Dimensions::Mean, "density_mean"), (Dimensions::Sum, "density_sum")] {
        let found =
            latent::log_density(thoughts("thoughts"), thoughts("mean"), thoughts("log_variance"), dimensions);
        assert_close(&values(found), &golden(name), 1e-5);
    }
    let check = |name: &str, loss: &dyn Fn(Tensor<3>, Tensor<3>) -> Tensor<2>| {
        let [mean, log_variance] = leaves();
        let gradients = loss(mean.clone(), log_variance.clone()).sum().backward();
        let found = [mean, log_variance].map(|leaf| values(leaf.grad(&gradients).unwrap())).concat();
        assert_close(&found, &golden(name), 1e-5);
    };
    check("density_gradients", &|mean, log_variance| {
        latent::log_density(thoughts("thoughts"), mean, log_variance, Dimensions::Mean)
    });
    let soft = |mean, log_variance| {
        latent::soft_squared_error(mean, log_variance, thoughts("thoughts"), thoughts("noise"), 0.01)
    };
    check("soft_gradients", &soft);
    assert_close(&values(soft(thoughts("mean"), thoughts("log_variance"))), &golden("soft"), 1e-5);
}

#[test]
fn gradients_agree_with_finite_differences() {
    let logits = random_values(7, 12);
    let ids = || Tensor::<2, Int>::from_data([[2, 0], [1, 2]], &Device::flex());
    let shaped = |leaf: Tensor<1>| leaf.reshape([2, 2, 3]);
    check_gradient(&logits, |leaf| token_log_probs(shaped(leaf), ids()).square().sum());
    check_gradient(&logits, |leaf| entropies(shaped(leaf)).square().sum());
    check_gradient(&logits, |leaf| self_certainty(shaped(leaf)).square().sum());
    check_gradient(&logits, |leaf| {
        self_certainty_over(shaped(leaf), tensor(&[1.0, 0.0, 1.0], [3])).square().sum()
    });
    check_gradient(&logits, |leaf| sft(shaped(leaf), ids(), tensor(&[1.0, 0.0, 0.5, 2.0], [2, 2])));
    for estimator in [Divergence::K1, Divergence::K2, Divergence::K3] {
        check_gradient(&random_values(8, 4), |leaf| {
            kl(leaf.reshape([2, 2]), tensor(&random_values(9, 4), [2, 2]), estimator).square().sum()
        });
    }
    check_gradient(&[0.05, -0.5, 0.6, 0.1], |leaf| {
        let advantage = tensor(&[1.0, -1.0], [2, 1]);
        clipped(leaf.reshape([2, 2]), tensor(&[0.0; 4], [2, 2]), advantage, 0.2, 0.3).loss.sum()
    });
    check_gradient(&random_values(10, 6), |leaf| {
        let part = |start| leaf.clone().narrow(0, start, 2).reshape([1, 1, 2]);
        latent::log_density(part(0), part(2), part(4), Dimensions::Sum).sum()
            + latent::draw(part(0), part(2), tensor(&[0.3, -1.2], [1, 1, 2])).square().sum()
    });
}

#[test]
fn lengths() {
    assert_eq!(length::per_length(1.0, 4), 0.25);
    assert_eq!(length::per_length(0.0, 4), 0.0);
    assert_eq!(length::per_length(1.0, 0), 1.0);
    let found: Vec<f32> = [5, 8, 9, 10, 12, 20].map(|length| length::overlong(length, 12, 4)).to_vec();
    assert_eq!(found, [0.0, 0.0, -0.25, -0.5, -1.0, -1.0]);
    assert_eq!([10, 11].map(|length| length::overlong(length, 10, 0)), [0.0, -1.0]);
}
