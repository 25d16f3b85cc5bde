//! Latent classes with exactly known probabilities, after the data model of Arora et al., 2019:
//! class means lie on the unit sphere in R^10, and an input is
//! x = tanh-MLP(mean + spread N(0, I)) + 0.1 N(0, I), the network being one and the same for every
//! seed.

use rand_chacha::ChaCha8Rng;

use super::{DataEntry, DataSet, Examples, uniform};
use crate::{
    WorldError,
    name::{OptionHelp, Options},
    noise::normal,
    seed::stream,
};

/// Dimensions in which the class means lie.
const LATENT: usize = 10;
const HIDDEN: usize = 64;
/// Standard deviation of the noise on the inputs.
const NOISE: f64 = 0.1;
/// Factor on the second layer's weights, which keeps the outputs spread over tanh's range.
const GAIN: f64 = 1.5;

pub(super) const ENTRY: DataEntry = DataEntry {
    name: "latent-classes",
    summary: "latent classes seen through a fixed tanh network, with exactly known probabilities",
    options: &[
        OptionHelp { name: "classes", default: "10", help: "number of classes" },
        OptionHelp { name: "width", default: "50", help: "numbers per input" },
        OptionHelp { name: "spread", default: "0.3", help: "standard deviation around a class mean" },
        OptionHelp { name: "rho", default: "uniform", help: "class probabilities: uniform or zipf (1/rank)" },
        OptionHelp { name: "train", default: "2000", help: "examples to learn from, all classes together" },
        OptionHelp { name: "test", default: "1000", help: "examples held out, all classes together" },
    ],
    build,
};

fn build(options: &Options, seed: u64) -> Result<DataSet, WorldError> {
    let classes = options.usize("classes", 10, 1..=10_000)?;
    let width = options.usize("width", 50, 1..=10_000)?;
    let spread = options.float("spread", 0.3, 0.0..=100.0)?;
    let rho = options.choice("rho", "uniform", &["uniform", "zipf"])?;
    let train = options.usize("train", 2_000, classes..=10_000_000)?;
    let test = options.usize("test", 1_000, classes..=10_000_000)?;
    let random = &mut stream(seed, "latent-classes", 0);
    let source = Source {
        means: (0..classes).map(|_| unit_vector(random)).collect(),
        network: Network::new(width),
        spread,
    };
    let prior = if rho == "zipf" { zipf(classes) } else { uniform(classes) };
    let (train, test) = (source.draw(train, random), source.draw(test, random));
    Ok(DataSet { train, test, prior, image: None })
}

/// Probabilities proportional to 1/rank.
fn zipf(classes: usize) -> Vec<f64> {
    let total: f64 = (1..=classes).map(|rank| 1.0 / rank as f64).sum();
    (1..=classes).map(|rank| 1.0 / (rank as f64 * total)).collect()
}

fn unit_vector(random: &mut ChaCha8Rng) -> [f64; LATENT] {
    let mut vector = [0.0; LATENT];
    vector.iter_mut().for_each(|value| *value = normal(random));
    let norm = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    vector.map(|value| value / norm)
}

struct Source {
    means: Vec<[f64; LATENT]>,
    network: Network,
    spread: f64,
}

impl Source {
    /// `count` examples, as many of each class as divide evenly: whoever learns draws classes by
    /// their probabilities and then an example of the class.
    fn draw(&self, count: usize, random: &mut ChaCha8Rng) -> Examples {
        let mut examples = Examples::new(self.network.output.len() / HIDDEN);
        for index in 0..count {
            let class = index % self.means.len();
            let latent = self.means[class].map(|mean| mean + self.spread * normal(random));
            let clean = self.network.forward(&latent);
            examples.push(clean.into_iter().map(|value| (value + NOISE * normal(random)) as f32), class);
        }
        examples
    }
}

/// tanh(W2 tanh(W1 z)) with weights of its own fixed seed.
struct Network {
    /// Row-major `[HIDDEN, LATENT]`.
    hidden: Vec<f64>,
    /// Row-major `[width, HIDDEN]`.
    output: Vec<f64>,
}

impl Network {
    fn new(width: usize) -> Self {
        let random = &mut stream(0, "latent-classes-network", width);
        let hidden = (0..HIDDEN * LATENT).map(|_| normal(random)).collect();
        let scale = GAIN / (HIDDEN as f64).sqrt();
        let output = (0..width * HIDDEN).map(|_| scale * normal(random)).collect();
        Self { hidden, output }
    }

    fn forward(&self, latent: &[f64]) -> Vec<f64> {
        layer(&self.output, &layer(&self.hidden, latent))
    }
}

fn layer(weights: &[f64], input: &[f64]) -> Vec<f64> {
    let rows = weights.chunks_exact(input.len());
    rows.map(|row| row.iter().zip(input).map(|(w, x)| w * x).sum::<f64>().tanh()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::load;

    #[test]
    fn probabilities_are_exact() {
        let data = load("latent-classes,classes=3,rho=zipf,train=30,test=3", 0).unwrap();
        assert!((data.prior[0] - 6.0 / 11.0).abs() < 1e-12 && (data.prior[2] - 2.0 / 11.0).abs() < 1e-12);
        assert_eq!(data.train.by_class(3).iter().map(Vec::len).collect::<Vec<_>>(), [10; 3]);
        assert!(load("latent-classes,classes=50,train=49", 0).is_err());
    }

    #[test]
    fn classes_are_told_apart_but_overlap() {
        let data = load("latent-classes", 1).unwrap();
        let members = data.train.by_class(10);
        let mean = |of: &[usize]| -> Vec<f64> {
            let at = |k| of.iter().map(|&i| f64::from(data.train.input(i)[k])).sum::<f64>() / of.len() as f64;
            (0..50).map(at).collect()
        };
        let means: Vec<Vec<f64>> = members.iter().map(|of| mean(of)).collect();
        let distance =
            |x: &[f32], m: &[f64]| -> f64 { x.iter().zip(m).map(|(x, m)| (f64::from(*x) - m).powi(2)).sum() };
        let nearest = |x: &[f32]| {
            (0..10).min_by(|&a, &b| distance(x, &means[a]).total_cmp(&distance(x, &means[b]))).unwrap()
        };
        let right = (0..data.test.len()).filter(|&i| nearest(data.test.input(i)) == data.test.labels[i]);
        let accuracy = right.count() as f64 / data.test.len() as f64;
        assert!((0.7..0.999).contains(&accuracy), "{accuracy}");
    }
}
