//! The infinitely wide limit: a wide random network is a draw from a Gaussian process, a student
//! trained to convergence on a class's inputs X is its posterior mean, and the squared error
//! expected over teachers is the posterior variance k(x,x) - k(x,X) (K + 1e-3 I)^-1 k(X,x).
//!
//! The kernel is the arc-cosine kernel of first order (Cho and Saul, 2009) of the inputs with a
//! constant 1 for the bias. Layer normalisation makes the hidden units' scale that of one, so that
//! only the angle remains.

use std::f64::consts::PI;

use nalgebra::{DMatrix, DVector};
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, RunError, Snapshot};
use worlds::data::Examples;

use super::super::classifier::{Batch, Classifier};

/// Added to the kernel matrix's diagonal.
const NOISE: f64 = 1e-3;

/// The inputs of each class, normalised to angles.
pub struct GaussianProcess {
    inputs: Vec<Vec<Vec<f64>>>,
}

impl GaussianProcess {
    /// Nothing seen yet.
    pub fn new(classes: usize) -> Self {
        Self { inputs: vec![Vec::new(); classes] }
    }
}

/// The input and a 1, scaled to unit length.
fn direction(input: &[f32]) -> Vec<f64> {
    let mut vector: Vec<f64> = input.iter().map(|&value| f64::from(value)).chain([1.0]).collect();
    let norm = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    vector.iter_mut().for_each(|value| *value /= norm);
    vector
}

/// (sin a + (pi - a) cos a)/pi of the angle a between unit vectors.
pub fn arc_cosine(left: &[f64], right: &[f64]) -> f64 {
    let cosine = left.iter().zip(right).map(|(a, b)| a * b).sum::<f64>().clamp(-1.0, 1.0);
    let angle = cosine.acos();
    (angle.sin() + (PI - angle) * cosine) / PI
}

impl Classifier for GaussianProcess {
    fn learn(&mut self, batch: &Batch<'_>, _run: &mut Run) -> Result<()> {
        let train = batch.train;
        for &index in batch.indices {
            self.inputs[train.labels[index]].push(direction(train.input(index)));
        }
        Ok(())
    }

    fn scores(&self, examples: &Examples, seen: &[usize], _random: &mut ChaCha8Rng) -> Result<Vec<f64>> {
        let points: Vec<Vec<f64>> = (0..examples.len()).map(|row| direction(examples.input(row))).collect();
        let mut scores = vec![0.0; points.len() * seen.len()];
        for (place, &class) in seen.iter().enumerate() {
            let known = &self.inputs[class];
            let kernel = DMatrix::from_fn(known.len(), known.len(), |i, j| {
                arc_cosine(&known[i], &known[j]) + if i == j { NOISE } else { 0.0 }
            });
            let cholesky = kernel.cholesky().ok_or_else(|| {
                RunError::Part(format!("the kernel matrix of class {class} is not positive definite"))
            })?;
            for (row, point) in points.iter().enumerate() {
                let towards = DVector::from_iterator(known.len(), known.iter().map(|x| arc_cosine(point, x)));
                let explained = towards.dot(&cholesky.solve(&towards));
                scores[row * seen.len() + place] = explained - arc_cosine(point, point);
            }
        }
        Ok(scores)
    }

    fn parameters(&self) -> usize {
        self.inputs.iter().flatten().map(Vec::len).sum()
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("inputs", &self.inputs)
    }

    fn load(&mut self, snapshot: &Snapshot, _train: &Examples) -> Result<()> {
        self.inputs = snapshot.get("inputs")?;
        Ok(())
    }
}
