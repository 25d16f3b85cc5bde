//! Ridge regression, and how much of the targets a prediction explains.

use nalgebra::DMatrix;

use crate::error::{LearnError, expect_setting};

/// A linear map fitted by ridge regression: it minimises the mean squared error plus `ridge` times the
/// squared weights, without a penalty on the intercept.
#[derive(Clone, Debug)]
pub struct Ridge {
    /// `[width, out]`.
    weights: DMatrix<f64>,
    /// Means of the features and of the targets.
    centre: [DMatrix<f64>; 2],
}

impl Ridge {
    /// Fits targets `[N, outputs]` to features `[N, width]`, both row-major, N at least 1. The penalty
    /// compares numbers of one size: the features should be standardised.
    ///
    /// # Errors
    /// [`LearnError::Setting`]: `ridge` is not above 0.
    pub fn fit(
        features: &[f32],
        width: usize,
        targets: &[f32],
        outputs: usize,
        ridge: f64,
    ) -> Result<Self, LearnError> {
        expect_setting("ridge", ridge, ridge > 0.0, "above 0")?;
        let centred = |values: &[f32], width| {
            let mut matrix = rows(values, width);
            let mean = DMatrix::from_rows(&[matrix.row_mean()]);
            matrix.row_iter_mut().for_each(|mut row| row -= mean.row(0));
            (matrix, mean)
        };
        let ((x, x_mean), (y, y_mean)) = (centred(features, width), centred(targets, outputs));
        let count = x.nrows() as f64;
        let moment = x.tr_mul(&x) / count + DMatrix::identity(width, width) * ridge;
        let product = x.tr_mul(&y) / count;
        // The moment is positive definite, by at least the penalty.
        let weights = moment.clone().cholesky().map(|factor| factor.solve(&product));
        let weights = weights.or_else(|| moment.lu().solve(&product));
        let refuse = || LearnError::Setting {
            name: "ridge",
            value: ridge,
            range: "larger, for features that \
            differ so much in size: standardise them",
        };
        Ok(Self { weights: weights.ok_or_else(refuse)?, centre: [x_mean, y_mean] })
    }

    /// Predictions for features `[N, width]`, row-major `[N, outputs]`.
    pub fn predict(&self, features: &[f32]) -> Vec<f32> {
        let [x_mean, y_mean] = &self.centre;
        let mut x = rows(features, x_mean.ncols());
        x.row_iter_mut().for_each(|mut row| row -= x_mean.row(0));
        let mut y = x * &self.weights;
        y.row_iter_mut().for_each(|mut row| row += y_mean.row(0));
        y.transpose().iter().map(|&value| value as f32).collect()
    }
}

fn rows(values: &[f32], width: usize) -> DMatrix<f64> {
    DMatrix::from_row_iterator(values.len() / width, width, values.iter().map(|&value| f64::from(value)))
}

/// Share of the targets' variance that the predictions explain, 1 - Σ (y - ŷ)²/Σ (y - mean y)², the mean
/// over those of the `outputs` that vary; both are row-major `[N, outputs]`. Nothing where none varies.
pub fn explained(targets: &[f32], predictions: &[f32], outputs: usize) -> Option<f64> {
    let shares: Vec<f64> = (0..outputs)
        .filter_map(|output| {
            let column = |values: &'_ [f32]| -> Vec<f64> {
                values.iter().skip(output).step_by(outputs).map(|&value| f64::from(value)).collect()
            };
            let (truth, found) = (column(targets), column(predictions));
            let mean = truth.iter().sum::<f64>() / truth.len() as f64;
            let all: f64 = truth.iter().map(|value| (value - mean).powi(2)).sum();
            let left: f64 = truth.iter().zip(&found).map(|(truth, found)| (truth - found).powi(2)).sum();
            (all > 0.0).then(|| 1.0 - left / all)
        })
        .collect();
    (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
}
