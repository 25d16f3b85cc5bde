use super::*;
use crate::testing::{assert_close, check_gradient, numbers, random_tensor, tensor, values};

#[test]
fn information_of_small_tables() {
    // Independent, equal, and a noisy channel that is right three times in four.
    let product = [0.3 * 0.6, 0.3 * 0.4, 0.7 * 0.6, 0.7 * 0.4];
    assert!(mutual_information(&product, 2).abs() < 1e-12);
    let channel = [0.375, 0.125, 0.125, 0.375];
    let by_hand = 2.0_f64.ln() + 0.75 * 0.75_f64.ln() + 0.25 * 0.25_f64.ln();
    assert!((mutual_information(&[0.5, 0.0, 0.0, 0.5], 2) - 2.0_f64.ln()).abs() < 1e-12);
    assert!((mutual_information(&channel, 2) - by_hand).abs() < 1e-12);
    // Two groups of equal weight: in the one a code is the channel's output, in the other it is
    // always the first.
    let (weights, groups) = ([0.25; 4], [0, 0, 1, 1]);
    let posterior = [0.75, 0.25, 0.25, 0.75, 1.0, 0.0, 1.0, 0.0];
    let found = conditional_information(&weights, &groups, &posterior, 2);
    assert!((found - 0.5 * by_hand).abs() < 1e-12, "{found}");
    // A latent that only names the group knows nothing inside it.
    let naming = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
    assert!(conditional_information(&weights, &groups, &naming, 2).abs() < 1e-12);
    assert_eq!(group_means(&weights, &groups, &naming, 2), [1.0, 0.0, 0.0, 1.0]);
}

/// The bound on a table of joint probabilities of x (rows) and z (columns) for scores `[x, z]`.
fn bound(joint: &[f32; 4], scores: Tensor<2>) -> Tensor<1> {
    let marginal = [joint[0] + joint[1], joint[2] + joint[3]];
    // Every pair (x, z) is a row; x' stands once for each hundredth of its probability.
    let draws: Vec<usize> = (0..100).map(|draw| usize::from(draw as f32 >= 100.0 * marginal[0])).collect();
    let at = |index: Vec<usize>| {
        let count = index.len();
        let index: Vec<i64> = index.into_iter().map(|index| index as i64).collect();
        let index = Tensor::from_data(burn::tensor::TensorData::new(index, [count]), &scores.device());
        scores.clone().reshape([4]).select(0, index)
    };
    let pair = at((0..4).collect());
    let others = at((0..4).flat_map(|pair| draws.iter().map(move |x| 2 * x + pair % 2)).collect());
    let value = energy_bound(pair, others.reshape([4, 100]), None).unwrap();
    let weights = tensor(joint, [4]);
    let weights = if value.is_tracked() { weights.autodiff() } else { weights };
    (value * weights).sum()
}

#[test]
fn the_energy_bound_is_below_the_information_and_rises_to_it() {
    let joint = [0.3, 0.1, 0.2, 0.4];
    let exact = mutual_information(&joint.map(f64::from), 2) as f32;
    for seed in 0..20 {
        let found = values(bound(&joint, random_tensor::<2>(seed, [2, 2]) * 3.0))[0];
        assert!(found <= exact + 1e-5, "{found} above {exact}");
    }
    let mut scores = vec![0.0_f32; 4];
    for _ in 0..2_000 {
        let leaf = tensor(&scores, [2, 2]).autodiff().require_grad();
        let gradients = bound(&joint, leaf.clone()).backward();
        let slope = values(leaf.grad(&gradients).unwrap());
        scores.iter_mut().zip(slope).for_each(|(score, slope)| *score += 0.5 * slope);
    }
    let reached = values(bound(&joint, tensor(&scores, [2, 2])))[0];
    assert!((reached - exact).abs() < 1e-4, "{reached} {exact}");
}

#[test]
fn draws_that_are_not_valid_do_not_count() {
    let pair = tensor(&[0.5, -0.2], [2]);
    let others = tensor(&[0.5, 0.1, 99.0, -0.2, 0.3, 1e4], [2, 3]);
    let valid = tensor(&[1.0, 1.0, 0.0, 1.0, 1.0, 0.0], [2, 3]);
    let found = values(energy_bound(pair.clone(), others.clone(), Some(valid)).unwrap());
    let fewer = values(energy_bound(pair.clone(), others.narrow(1, 0, 2), None).unwrap());
    assert!(found.iter().zip(&fewer).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?} {fewer:?}");
    let error = energy_bound(pair, tensor(&[1.0, 1.0], [2, 1]), None).unwrap_err().to_string();
    assert!(error.contains("the energy term needs batch >= 2"), "{error}");
}

#[test]
fn the_bound_has_the_gradient_of_its_differences() {
    check_gradient(&[0.3, -0.4, 0.8, 0.1, -1.0, 0.6], |leaf| {
        let others = leaf.reshape([2, 3]);
        let pair = others.clone().narrow(1, 0, 1).squeeze_dim(1);
        energy_bound(pair, others, None).unwrap().mean()
    });
}

#[test]
fn balanced_divergence_moves_each_side_by_its_share() {
    let point = [0.3_f32, -0.2, 0.1, 0.4, -0.5, 0.2, 0.0, -0.3];
    let slopes = |share, free| {
        let leaf = tensor(&point, [8]).autodiff().require_grad();
        let part = |start| leaf.clone().narrow(0, start, 2).reshape([1, 2]);
        let (q, p) = (DiagonalGaussian::new(part(0), part(2)), DiagonalGaussian::new(part(4), part(6)));
        let gradients = balanced(&q, &p, share, free).sum().backward();
        leaf.grad(&gradients).map_or(vec![0.0; 8], values)
    };
    let (half, most) = (slopes(0.5, FreeNats::None), slopes(0.8, FreeNats::None));
    for index in 0..8 {
        let factor = if index < 4 { 0.4 } else { 1.6 };
        assert!((most[index] - factor * half[index]).abs() < 1e-6, "{index}: {most:?} {half:?}");
    }
    assert!(slopes(0.0, FreeNats::None)[4..].iter().all(|slope| *slope == 0.0));
    for free in [FreeNats::Mean(100.0), FreeNats::Element(100.0)] {
        assert!(slopes(0.5, free).iter().all(|slope| *slope == 0.0));
    }
    let (one, other) =
        (Categorical::new(random_tensor(1, [3, 4])), Categorical::new(random_tensor(2, [3, 4])));
    let (found, plain) = (values(balanced(&one, &other, 0.3, FreeNats::None)), values(one.kl(&other)));
    assert!(found.iter().zip(plain).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn balanced_divergences_are_those_of_pytorch() {
    const GOLDEN: &str = include_str!("../../tests/data/information.txt");
    let point: Vec<f32> = numbers(GOLDEN, "values").concat().iter().map(|&value| value as f32).collect();
    for name in ["none", "mean", "element"] {
        let cases = numbers(GOLDEN, &format!("balanced-{name}"));
        assert!(cases.len() >= 2);
        for case in cases {
            let [share, nats, loss, gradient @ ..] = &case[..] else { panic!("a whole line") };
            let free = match name {
                "none" => FreeNats::None,
                "mean" => FreeNats::Mean(*nats),
                _ => FreeNats::Element(*nats),
            };
            let leaf = tensor(&point, [4, 3, 2]).autodiff().require_grad();
            let part = |index| leaf.clone().narrow(0, index, 1).reshape([3, 2]);
            let posterior = DiagonalGaussian::new(part(0), part(1));
            let prior = DiagonalGaussian::new(part(2), part(3));
            let found = balanced(&posterior, &prior, *share, free).mean();
            assert_close(&values(found.clone()), &[*loss], 1e-5);
            let slopes = leaf.grad(&found.backward()).map_or(vec![0.0; 24], values);
            assert_close(&slopes, gradient, 1e-5);
        }
    }
}

#[test]
fn the_divergence_of_codes_is_the_sum_over_their_vectors() {
    let [one, other] = [1, 2].map(|seed| OneHotCategorical::new(random_tensor(seed, [3, 8]), 2, 0.01));
    let by_vector = values(one.kl(&other));
    let found = values(balanced(&one, &other, 0.8, FreeNats::None));
    for (found, pair) in found.iter().zip(by_vector.chunks(2)) {
        assert!((found - pair.iter().sum::<f32>()).abs() < 1e-6);
    }
}
