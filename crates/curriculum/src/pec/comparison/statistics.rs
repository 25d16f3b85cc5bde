//! Classifiers without gradients: nearest mean, and streaming linear discriminant analysis (Hayes
//! and Kanan, 2020).

use learn::continual::moments::ClassMoments;
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, RunError, Snapshot};
use worlds::data::Examples;

use super::super::classifier::{Batch, Classifier};

/// Running class means, and a shared covariance for discriminants.
pub struct Statistics {
    moments: ClassMoments,
    /// Share of the identity in the covariance; nothing for the nearest mean.
    shrinkage: Option<f64>,
    parameters: usize,
}

impl Statistics {
    /// Nothing seen yet.
    pub fn new(classes: usize, width: usize, shrinkage: Option<f64>) -> Self {
        let covariance = if shrinkage.is_some() { width * width } else { 0 };
        Self {
            moments: ClassMoments::new(classes, width),
            shrinkage,
            parameters: classes * width + covariance,
        }
    }
}

impl Classifier for Statistics {
    fn learn(&mut self, batch: &Batch<'_>, _run: &mut Run) -> Result<()> {
        let train = batch.train;
        for &index in batch.indices {
            self.moments.observe(train.input(index), train.labels[index]);
        }
        Ok(())
    }

    fn scores(&self, inputs: &Examples, seen: &[usize], _random: &mut ChaCha8Rng) -> Result<Vec<f64>> {
        let discriminants = match self.shrinkage {
            None => None,
            Some(shrinkage) => Some(self.moments.discriminants(shrinkage).ok_or_else(|| {
                RunError::Part("the covariance is singular: raise `baseline.shrinkage`".to_owned())
            })?),
        };
        let score = |input: &[f32], class: usize| match &discriminants {
            None => {
                let apart = input.iter().zip(self.moments.mean(class)).map(|(x, m)| f64::from(*x) - m);
                -apart.map(|difference| difference * difference).sum::<f64>()
            }
            Some(discriminants) => {
                let (weights, bias) = &discriminants[class];
                bias + input.iter().zip(weights).map(|(x, w)| f64::from(*x) * w).sum::<f64>()
            }
        };
        let rows = (0..inputs.len()).map(|row| inputs.input(row));
        Ok(rows
            .flat_map(|input| seen.iter().map(move |&class| (input, class)))
            .map(|(x, c)| score(x, c))
            .collect())
    }

    fn parameters(&self) -> usize {
        self.parameters
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("moments", &self.moments)
    }

    fn load(&mut self, snapshot: &Snapshot, _train: &Examples) -> Result<()> {
        self.moments = snapshot.get("moments")?;
        Ok(())
    }
}
