use crate::support::{assert_close, check_input, golden, numbers, scalar, seeded, tensor, training, values};
use burn::tensor::{Int, Tensor, TensorData};
use nets::distribution::{BOUND, Categorical, Correction, DiagonalGaussian, TanhNormal, TruncatedNormal};
use nets::noise;
use serde_json::Value;

fn row(section: &Value, name: &str) -> Tensor<2> {
    tensor(numbers(section, name), [1, 3], &training())
}

fn gaussian(section: &Value, mean: &str, std: &str) -> DiagonalGaussian {
    DiagonalGaussian::new(row(section, mean), row(section, std).log())
}

fn indices(tensor: &Tensor<1, Int>) -> Vec<i64> {
    tensor.to_data().iter::<i64>().collect()
}

#[test]
fn gaussian_densities_entropies_and_divergences_match_scipy() {
    let golden = golden("gaussian");
    let distribution = gaussian(&golden, "mean", "std");
    let other = gaussian(&golden, "other_mean", "other_std");
    let log_prob = distribution.log_prob(row(&golden, "value"));
    assert_close(&values(&log_prob), &numbers(&golden, "log_prob"), 1e-5);
    assert_close(&values(&distribution.entropy()), &numbers(&golden, "entropy"), 1e-5);
    assert_close(&values(&distribution.kl(&other)), &numbers(&golden, "kl"), 1e-5);
    assert_close(&values(&distribution.kl(&distribution)), &[0.0; 3], 1e-6);
    assert_eq!(values(&distribution.mode()), numbers(&golden, "mean"));
}

#[test]
fn gradients_of_gaussian_samples_and_densities_match_finite_differences() {
    let device = training();
    let noise = noise::normal([2, 3], &device, &mut seeded(1));
    let log_std = noise::normal([2, 3], &device, &mut seeded(2)).mul_scalar(0.3);
    let value = noise::normal([2, 3], &device, &mut seeded(3));
    let loss = |mean: Tensor<2>, log_std: Tensor<2>| {
        let distribution = DiagonalGaussian::new(mean, log_std);
        let sampled = distribution.sample(noise.clone());
        sampled.powi_scalar(3).sum() + distribution.log_prob(value.clone()).sum()
    };
    check_input(value.clone(), 2e-2, |mean| loss(mean, log_std.clone()));
    check_input(log_std, 2e-2, |log_std| loss(value.clone(), log_std));
}

#[test]
fn squashed_densities_match_the_derivative_of_the_distribution_function() {
    let golden = golden("tanh_normal");
    for correction in [Correction::Exact, Correction::Floored] {
        let distribution = TanhNormal::new(gaussian(&golden, "mean", "std"), correction);
        let log_prob = distribution.log_prob(row(&golden, "action"));
        assert_close(&values(&log_prob), &numbers(&golden, "log_prob"), 2e-5);
    }
}

#[test]
fn squashed_samples_have_the_density_of_their_action() {
    let device = training();
    let noise = noise::normal([4, 3], &device, &mut seeded(4));
    let mean = noise::normal([4, 3], &device, &mut seeded(5));
    let build = |mean, correction| {
        let base = DiagonalGaussian::new(mean, Tensor::full([4, 3], -0.7, &device));
        TanhNormal::new(base, correction)
    };
    for correction in [Correction::Exact, Correction::Floored] {
        let distribution = build(mean.clone(), correction);
        let (action, unsquashed) = distribution.sample(noise.clone());
        let direct = distribution.log_prob_unsquashed(unsquashed);
        assert_close(&values(&direct), &values(&distribution.log_prob(action)), 1e-3);
        check_input(mean.clone(), 2e-2, |mean| {
            let distribution = build(mean, correction);
            let (action, unsquashed) = distribution.sample(noise.clone());
            distribution.log_prob_unsquashed(unsquashed).sum() + action.square().sum()
        });
    }
}

#[test]
fn squashed_densities_are_finite_at_the_bounds() {
    let device = training();
    let base = DiagonalGaussian::new(Tensor::zeros([1, 2], &device), Tensor::zeros([1, 2], &device));
    let distribution = TanhNormal::new(base, Correction::Exact);
    let edge = tensor(vec![1.0, -1.0], [1, 2], &device);
    assert!(values(&distribution.log_prob(edge)).iter().all(|value| value.is_finite()));
    // ln N(20; 0, 1) + 40 - 2 ln 2: the derivative of tanh underflows long before.
    let far = distribution.log_prob_unsquashed(tensor(vec![20.0, -20.0], [1, 2], &device));
    let expected = -0.5 * 400.0 - 0.918_938_5 + 40.0 - 2.0 * std::f32::consts::LN_2;
    assert_close(&values(&far), &[expected; 2], 1e-5);
}

#[test]
fn truncated_samples_are_clipped_but_keep_their_gradient() {
    let device = training();
    let mean = tensor(vec![0.0, 0.95, -0.5], [1, 3], &device).require_grad();
    let distribution = TruncatedNormal::new(mean.clone(), 0.5);
    let noise = tensor(vec![2.0, 1.0, -0.2], [1, 3], &device);
    let sample = distribution.sample(noise.clone(), Some(0.3));
    assert_close(&values(&sample), &[0.3, BOUND as f32, -0.6], 1e-6);
    let unclipped = values(&distribution.sample(noise, None));
    assert_close(&unclipped, &[BOUND as f32, BOUND as f32, -0.6], 1e-6);
    assert!(unclipped.iter().all(|value| value.abs() <= BOUND as f32));
    let gradients = sample.sum().backward();
    assert_eq!(values(&mean.grad(&gradients).unwrap()), [1.0; 3]);
    // scipy.stats.norm.logpdf(0.4, -0.5, 0.5)
    let log_prob = distribution.log_prob(tensor(vec![0.0, 0.95, 0.4], [1, 3], &device));
    let peak = -0.225_791_35;
    assert_close(&values(&log_prob), &[peak, peak, peak - 1.62], 1e-5);
}

#[test]
fn categorical_probabilities_entropies_and_divergences_match_scipy() {
    let golden = golden("categorical");
    let device = training();
    let build = |name| Categorical::new(tensor(numbers(&golden, name), [2, 4], &device));
    let (distribution, other) = (build("logits"), build("other"));
    let expected = numbers(&golden, "log_probabilities");
    assert_close(&values(&distribution.log_probabilities()), &expected, 1e-5);
    assert_close(&values(&distribution.entropy()), &numbers(&golden, "entropy"), 1e-5);
    assert_close(&values(&distribution.kl(&other)), &numbers(&golden, "kl"), 1e-5);
    let index = Tensor::from_data(TensorData::new(vec![3_i64, 1], [2]), &device);
    assert_close(&values(&distribution.log_prob(index)), &[expected[3], expected[5]], 1e-5);
    let best = |row: usize| {
        let row = &expected[4 * row..4 * row + 4];
        (0..4).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap() as i64
    };
    assert_eq!(indices(&distribution.mode()), [best(0), best(1)]);
    let own = distribution.cross_entropy(distribution.probabilities());
    assert_close(&values(&own), &numbers(&golden, "entropy"), 1e-5);
    let one_hot = tensor(vec![0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0], [2, 4], &device);
    let found = values(&distribution.cross_entropy(one_hot.clone()));
    assert_close(&found, &[-expected[3], -expected[5]], 1e-5);
    let logits = tensor(numbers(&golden, "logits"), [2, 4], &device);
    check_input(logits.clone(), 2e-2, |logits| Categorical::new(logits).entropy().sum());
    check_input(logits, 2e-2, |logits| Categorical::new(logits).cross_entropy(one_hot.clone()).sum());
}

#[test]
fn categorical_samples_come_at_their_probabilities() {
    let device = training();
    let probabilities = [0.1_f32, 0.0, 0.6, 0.3];
    let logits = probabilities.map(|p| p.max(1e-30).ln());
    let count = 20_000;
    let logits = tensor(logits.to_vec(), [1, 4], &device).expand([count, 4]);
    let distribution = Categorical::new(logits);
    let drawn = indices(&distribution.sample(noise::uniform([count], &device, &mut seeded(6))));
    for (index, expected) in probabilities.iter().enumerate() {
        let found = drawn.iter().filter(|&&drawn| drawn == index as i64).count();
        let error = (found as f32 / count as f32 - expected).abs();
        assert!(error < 0.015, "index {index}: {found} of {count}");
    }
}

#[test]
fn categorical_samples_at_the_ends_are_possible_indices() {
    let device = training();
    let logits = tensor([-200.0, 0.0, 0.5, -200.0].repeat(3), [3, 4], &device);
    let ends = tensor(vec![0.0, 1.0 - f32::EPSILON / 2.0, 0.377], [3], &device);
    assert_eq!(indices(&Categorical::new(logits).sample(ends)), [1, 2, 1]);
}

#[test]
fn means_of_many_samples_are_those_of_the_distribution() {
    let device = training();
    let shape = [20_000, 1];
    let base = DiagonalGaussian::new(Tensor::full(shape, 0.4, &device), Tensor::full(shape, -1.0, &device));
    let sampled = base.sample(noise::normal(shape, &device, &mut seeded(7)));
    assert!((scalar(&sampled.clone().mean()) - 0.4).abs() < 0.01);
    let log_prob = scalar(&base.log_prob(sampled).mean());
    assert!((log_prob + scalar(&base.entropy().mean())).abs() < 0.02);
}
