//! Ten noisy closed curves in sixteen dimensions: classes with nearly equal means and covariances
//! but different shapes, so that linear discriminants fail where local density does not.
//!
//! Class c is x = sum over f = 1, 2, 3 of (A_cf cos f t + B_cf sin f t)/f + noise N(0, I) with
//! t uniform on the circle and A, B ~ N(0, I), drawn once per seed.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{DataEntry, DataSet, Examples, uniform};
use crate::{
    WorldError,
    name::{OptionHelp, Options},
    noise::normal,
    seed::stream,
    trigonometry::sin_cos,
};

const WIDTH: usize = 16;
const CLASSES: usize = 10;
const FREQUENCIES: usize = 3;

pub(super) const ENTRY: DataEntry = DataEntry {
    name: "curves16",
    summary: "ten noisy closed curves in R^16 with nearly equal means; harder with noise=0.3,train=60",
    options: &[
        OptionHelp { name: "noise", default: "0.15", help: "standard deviation around the curve" },
        OptionHelp { name: "train", default: "150", help: "points per class to learn from" },
        OptionHelp { name: "test", default: "40", help: "points per class held out" },
    ],
    build,
};

fn build(options: &Options, seed: u64) -> Result<DataSet, WorldError> {
    let noise = options.float("noise", 0.15, 0.0..=10.0)?;
    let train = options.usize("train", 150, 1..=100_000)?;
    let test = options.usize("test", 40, 1..=100_000)?;
    let random = &mut stream(seed, "curves16", 0);
    let curves: Vec<Curve> = (0..CLASSES).map(|_| Curve::new(random)).collect();
    let train = points(&curves, train, noise, random);
    let test = points(&curves, test, noise, random);
    Ok(DataSet { train, test, prior: uniform(CLASSES), image: None })
}

/// `count` points of each curve, class after class.
fn points(curves: &[Curve], count: usize, noise: f64, random: &mut ChaCha8Rng) -> Examples {
    let mut examples = Examples::new(WIDTH);
    for (class, curve) in curves.iter().enumerate() {
        for _ in 0..count {
            let angle = std::f64::consts::TAU * random.random::<f64>();
            let point = curve.at(angle).map(|value| (value + noise * normal(random)) as f32);
            examples.push(point, class);
        }
    }
    examples
}

/// The coefficients of cos f t and sin f t, already divided by f.
struct Curve([[[f64; WIDTH]; 2]; FREQUENCIES]);

impl Curve {
    fn new(random: &mut ChaCha8Rng) -> Self {
        let mut coefficients = [[[0.0; WIDTH]; 2]; FREQUENCIES];
        for (index, pair) in coefficients.iter_mut().enumerate() {
            pair.iter_mut().flatten().for_each(|value| *value = normal(random) / (index + 1) as f64);
        }
        Self(coefficients)
    }

    fn at(&self, angle: f64) -> [f64; WIDTH] {
        let mut point = [0.0; WIDTH];
        for (index, [cosines, sines]) in self.0.iter().enumerate() {
            let (sine, cosine) = sin_cos((index + 1) as f64 * angle);
            for (value, (a, b)) in point.iter_mut().zip(cosines.iter().zip(sines)) {
                *value += a * cosine + b * sine;
            }
        }
        point
    }
}

#[cfg(test)]
mod tests {
    use super::super::load;
    use super::*;

    #[test]
    fn classes_have_their_points_and_no_mean() {
        let data = load("curves16,train=4000,noise=0.1", 1).unwrap();
        assert_eq!((data.train.len(), data.test.len()), (40_000, 400));
        for members in data.train.by_class(CLASSES) {
            assert_eq!(members.len(), 4_000);
            let mean = members.iter().map(|&index| data.train.input(index)[0]).sum::<f32>() / 4_000.0;
            assert!(mean.abs() < 0.1, "{mean}");
        }
    }

    #[test]
    fn a_curve_is_its_fourier_series() {
        let curve = Curve::new(&mut stream(2, "test", 0));
        let quarter = curve.at(std::f64::consts::FRAC_PI_2);
        // At t = pi/2: cos t, 2t, 3t = 0, -1, 0 and sin = 1, 0, -1.
        for (k, value) in quarter.iter().enumerate() {
            let expected = curve.0[0][1][k] - curve.0[1][0][k] - curve.0[2][1][k];
            assert!((value - expected).abs() < 1e-12);
        }
    }
}
