//! Distributions of returns on a fixed grid (Bellemare et al., 2017).

use burn::tensor::{Device, Tensor, TensorData};
use nets::host;
use settings::{Config, Refusal};

/// Share of a grid step within which a location counts as lying on an atom, so that f32 rounding
/// does not spread what should stay in one place.
const ON_ATOM: f64 = 1e-5;

/// Equally spaced return values.
#[derive(Clone, Copy, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct Support {
    /// The lowest return.
    #[setting(-10.0)]
    pub low: f32,
    /// The highest return, above `low`.
    #[setting(10.0)]
    pub high: f32,
    /// Number of atoms N.
    #[setting(51, min = 2)]
    pub atoms: usize,
}

impl Support {
    fn combinations(&self) -> Result<(), Refusal> {
        match self.high > self.low {
            true => Ok(()),
            false => Err(Refusal::new("high", self.high, format!("above `.low`, {}", self.low))),
        }
    }

    /// Distance of neighbouring atoms.
    pub fn step(&self) -> f32 {
        (self.high - self.low) / (self.atoms - 1) as f32
    }

    /// The return of each atom, lowest first.
    pub fn locations(&self) -> Vec<f32> {
        let last = (self.atoms - 1) as f32;
        let at = |atom: usize| self.low + (self.high - self.low) * (atom as f32 / last);
        (0..self.atoms).map(at).collect()
    }

    /// The return of each atom as `[N]`.
    pub fn tensor(&self, device: &Device) -> Tensor<1> {
        Tensor::from_data(TensorData::new(self.locations(), [self.atoms]), &device.clone().without_autodiff())
    }

    /// Expected return of `probabilities [B, N]`, as `[B]`.
    pub fn expectation(&self, probabilities: Tensor<2>) -> Tensor<1> {
        let atoms = self.tensor(&probabilities.device()).unsqueeze::<2>();
        (probabilities * atoms).sum_dim(1).squeeze_dim(1)
    }

    /// Expected return of each action under `probabilities [B, A, N]`, as `[B, A]`.
    pub fn action_values(&self, probabilities: Tensor<3>) -> Tensor<2> {
        let atoms = self.tensor(&probabilities.device()).unsqueeze::<3>();
        (probabilities * atoms).sum_dim(2).squeeze_dim(2)
    }
}

/// Distributions moved onto a support.
#[derive(Clone, Debug)]
pub struct Projection {
    /// `[B, N]`, without gradient.
    pub probabilities: Tensor<2>,
    /// Mean over B of the mass that lay outside the support and was moved to its end, in [0, 1]:
    /// more than a trace of it means the support is too narrow.
    pub clipped: f32,
}

/// The projection onto `support` that is closest in Cramér distance (Rowland et al., 2018,
/// proposition 6) of distributions with `weights [B, M]` at `locations [B, M]`: each mass goes to
/// its two neighbours in proportion to their nearness, and whole to an atom it lies on.
///
/// Runs on the host: the loop over B M masses costs microseconds, while tensor operations would
/// build `[B, M, N]`. Locations and weights are read back once, and carry no gradient.
pub fn project(locations: Tensor<2>, weights: Tensor<2>, support: &Support) -> Projection {
    let [rows, masses] = locations.dims();
    let device = locations.device().without_autodiff();
    let (locations, weights) = (host(locations), host(weights));
    let atoms = support.atoms;
    let low = f64::from(support.low);
    let step = (f64::from(support.high) - low) / (atoms - 1) as f64;
    let last = (atoms - 1) as f64;
    let mut probabilities = vec![0.0f32; rows * atoms];
    let mut clipped = 0.0f64;
    for (row, out) in probabilities.chunks_exact_mut(atoms).enumerate() {
        let range = row * masses..(row + 1) * masses;
        for (&location, &weight) in locations[range.clone()].iter().zip(&weights[range]) {
            let position = (f64::from(location) - low) / step;
            if position < -ON_ATOM || position > last + ON_ATOM {
                clipped += f64::from(weight);
            }
            let position = position.clamp(0.0, last);
            let nearest = position.round();
            if (position - nearest).abs() <= ON_ATOM {
                out[nearest as usize] += weight;
            } else {
                let below = position.floor();
                let upper = (position - below) as f32;
                out[below as usize] += weight * (1.0 - upper);
                out[below as usize + 1] += weight * upper;
            }
        }
    }
    Projection {
        probabilities: Tensor::from_data(TensorData::new(probabilities, [rows, atoms]), &device),
        clipped: (clipped / rows.max(1) as f64) as f32,
    }
}

/// The target distribution of `r + discount Z'` (Bellemare et al., 2017, algorithm 1) with `Z'`
/// distributed on `support` as `next_probabilities [B, N]`; `reward` and `discount` are `[B]`.
/// A terminal step, whose discount is 0, puts all mass at its reward.
pub fn categorical_target(
    reward: Tensor<1>,
    discount: Tensor<1>,
    next_probabilities: Tensor<2>,
    support: &Support,
) -> Projection {
    let atoms = support.tensor(&reward.device()).unsqueeze::<2>();
    let locations = reward.unsqueeze_dim::<2>(1) + discount.unsqueeze_dim::<2>(1) * atoms;
    project(locations, next_probabilities, support)
}

/// `-sum_i p_i log q_i` of `target [B, N]`, which gets no gradient, and `log_probabilities
/// [B, N]`, as `[B]`.
pub fn categorical_cross_entropy(target: Tensor<2>, log_probabilities: Tensor<2>) -> Tensor<1> {
    (target.detach() * log_probabilities).sum_dim(1).squeeze_dim::<1>(1).neg()
}
