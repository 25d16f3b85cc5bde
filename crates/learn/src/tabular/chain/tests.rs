use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn pair() -> (DMatrix<f64>, DVector<f64>) {
    (DMatrix::from_row_slice(2, 2, &[0.25, 0.75, 0.5, 0.5]), DVector::from_row_slice(&[0.4, 0.6]))
}

fn refusal(transitions: DMatrix<f64>, weights: DVector<f64>) -> String {
    Chain::new(transitions, weights).unwrap_err().to_string()
}

#[test]
fn what_is_no_chain_is_refused() {
    let (matrix, weights) = pair();
    let short = DMatrix::from_row_slice(2, 2, &[0.25, 0.75, 0.5, 0.4]);
    assert!(refusal(short, weights.clone()).contains("row 1"), "the row is named");
    let negative = DMatrix::from_row_slice(2, 2, &[-0.25, 1.25, 0.5, 0.5]);
    assert!(refusal(negative, weights.clone()).contains("row 0"), "the row is named");
    let zero = DVector::from_row_slice(&[1.0, 0.0]);
    assert!(refusal(matrix.clone(), zero).contains("state 1"), "the state is named");
    let heavy = DVector::from_row_slice(&[1.0, 1.0]);
    assert!(refusal(matrix.clone(), heavy).contains("sum to 1, not 2"), "the sum is named");
    assert!(refusal(DMatrix::zeros(2, 3), weights).contains("square"), "the shape is named");
}

#[test]
fn a_representation_without_full_rank_is_refused() {
    let text = |matrix| expect_full_rank(&matrix).unwrap_err().to_string();
    assert!(text(DMatrix::from_element(3, 2, 1.0)).contains("singular"));
    assert!(text(DMatrix::from_element(2, 3, 1.0)).contains("take 1 to 2"));
    assert!(text(DMatrix::zeros(2, 0)).contains("take 1 to 2"));
    assert!(text(DMatrix::from_element(2, 1, f64::NAN)).contains("singular"));
    assert!(expect_full_rank(&DMatrix::identity(3, 2)).is_ok());
}

#[test]
fn gradients_agree_with_finite_differences_and_the_best_predictor_has_none() {
    let (matrix, weights) = pair();
    let chain = Chain::new(matrix, weights).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut draw = || DMatrix::from_fn(2, 2, |_, _| random.random_range(-1.0..1.0));
    for direction in [chain.forward(), chain.backward()] {
        let point = [draw(), draw(), draw()];
        let loss = |point: &[DMatrix<f64>; 3]| direction.loss(&point[0], &point[1], &point[2]);
        let [source, predictor, target] = &point;
        let found = [
            direction.source_gradient(source, predictor, target),
            direction.predictor_gradient(source, predictor, target),
            direction.target_gradient(source, predictor, target),
        ];
        for (part, gradient) in found.iter().enumerate() {
            for index in 0..4 {
                let at = |offset: f64| {
                    let mut moved = point.clone();
                    moved[part][index] += offset;
                    loss(&moved)
                };
                let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((gradient[index] - expected).abs() < 1e-8, "{part}, {index}");
            }
        }
        let best = direction.best_predictor(source, target);
        assert!(direction.predictor_gradient(source, &best, target).amax() < 1e-12);
    }
}
