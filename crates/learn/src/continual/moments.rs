//! Running means of classes with one covariance for all: what nearest-mean classification and
//! streaming linear discriminant analysis (Hayes and Kanan, 2020) are made of.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

/// Means and shared covariance of what has been seen, in f64.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMoments {
    width: usize,
    counts: Vec<u64>,
    means: Vec<Vec<f64>>,
    /// Row-major `[width, width]`.
    covariance: Vec<f64>,
}

impl ClassMoments {
    /// Nothing seen of `classes` classes in `width` dimensions.
    pub fn new(classes: usize, width: usize) -> Self {
        let covariance = vec![0.0; width * width];
        Self { width, counts: vec![0; classes], means: vec![vec![0.0; width]; classes], covariance }
    }

    /// Takes in an example of a class below the number of classes. The covariance moves before the
    /// mean: S <- (t S + t/(t+1) (x - m)(x - m)ᵀ)/(t + 1), where t is the number of examples so far.
    pub fn observe(&mut self, input: &[f32], class: usize) {
        let total = self.counts.iter().sum::<u64>() as f64;
        let mean = &mut self.means[class];
        let apart: Vec<f64> = input.iter().zip(&*mean).map(|(x, m)| f64::from(*x) - m).collect();
        // The first example of a class says nothing about the spread around its mean.
        if self.counts[class] > 0 {
            let share = total / (total + 1.0);
            for (row, a) in self.covariance.chunks_exact_mut(self.width).zip(&apart) {
                row.iter_mut().zip(&apart).for_each(|(s, b)| *s = share * (*s + a * b / (total + 1.0)));
            }
        }
        self.counts[class] += 1;
        let count = self.counts[class] as f64;
        mean.iter_mut().zip(&apart).for_each(|(m, a)| *m += a / count);
    }

    /// Whether a class has been seen.
    pub fn seen(&self, class: usize) -> bool {
        self.counts[class] > 0
    }

    /// Mean of a class.
    pub fn mean(&self, class: usize) -> &[f64] {
        &self.means[class]
    }

    /// Weights and bias of each class's linear discriminant, w = P m and b = -mᵀ P m/2 with
    /// P = ((1 - shrinkage) S + shrinkage I)^-1; nothing where that matrix is singular.
    pub fn discriminants(&self, shrinkage: f64) -> Option<Vec<(Vec<f64>, f64)>> {
        let covariance = DMatrix::from_row_slice(self.width, self.width, &self.covariance);
        let identity = DMatrix::identity(self.width, self.width);
        let cholesky = (covariance * (1.0 - shrinkage) + identity * shrinkage).cholesky()?;
        let one = |mean: &Vec<f64>| {
            let mean = DVector::from_column_slice(mean);
            let weights = cholesky.solve(&mean);
            let bias = -0.5 * mean.dot(&weights);
            (weights.as_slice().to_vec(), bias)
        };
        Some(self.means.iter().map(one).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_values;

    #[test]
    fn means_are_exact_and_the_covariance_comes_close_to_the_pooled_one() {
        let (width, count) = (3, 6_000);
        let mut values = random_values(5, width * count);
        values.chunks_exact_mut(width).for_each(|row| row[1] += 0.5 * row[0]);
        let mut moments = ClassMoments::new(2, width);
        for (index, row) in values.chunks_exact(width).enumerate() {
            let shifted: Vec<f32> = row.iter().map(|value| value + 5.0 * (index % 2) as f32).collect();
            moments.observe(&shifted, index % 2);
        }
        let first: f64 =
            values.chunks_exact(width * 2).map(|pair| f64::from(pair[0])).sum::<f64>() / (count / 2) as f64;
        assert!((moments.mean(0)[0] - first).abs() < 1e-9);
        // Uniform on [-1, 1): variance 1/3.
        let expected = [1.0 / 3.0, 1.0 / 6.0, 0.0, 1.0 / 6.0, 5.0 / 12.0, 0.0, 0.0, 0.0, 1.0 / 3.0];
        for (found, expected) in moments.covariance.iter().zip(expected) {
            assert!((found - expected).abs() < 0.02, "{:?}", moments.covariance);
        }
    }

    #[test]
    fn discriminants_solve_their_equation() {
        let mut moments = ClassMoments::new(1, 2);
        for point in [[1.0, 0.0], [3.0, 1.0], [2.0, 5.0]] {
            moments.observe(&point, 0);
        }
        let discriminants = moments.discriminants(0.1).unwrap();
        let (weights, bias) = &discriminants[0];
        let s = &moments.covariance;
        let back = [
            (0.9 * s[0] + 0.1) * weights[0] + 0.9 * s[1] * weights[1],
            0.9 * s[2] * weights[0] + (0.9 * s[3] + 0.1) * weights[1],
        ];
        assert!(back.iter().zip(moments.mean(0)).all(|(a, b)| (a - b).abs() < 1e-9));
        let inner: f64 = weights.iter().zip(moments.mean(0)).map(|(w, m)| w * m).sum();
        assert!((bias + inner / 2.0).abs() < 1e-9);
    }
}
