//! The comparator on labelled paths: the next state cloned from the two before it and a label.

use agents::{
    state::{load_trained, save_trained},
    update::update,
};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use learn::{
    batch::matrix,
    optim::{AdamSettings, Trained},
};
use nets::{
    distribution::DiagonalGaussian,
    host,
    mlp::{Mlp, MlpConfig},
    noise,
};
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, Snapshot};

use super::data::{Condition, Paths, summed};

/// Smallest and largest logarithm of a standard deviation.
const LOG_STD: (f64, f64) = (-6.0, 1.0);

/// A normal distribution of the change of state.
#[derive(Module, Debug)]
struct NextState {
    network: Mlp,
    #[module(skip)]
    width: usize,
}

impl NextState {
    fn forward(&self, input: Tensor<2>) -> DiagonalGaussian {
        let output = self.network.forward(input);
        let log_std = output.clone().narrow(1, self.width, self.width).clamp(LOG_STD.0, LOG_STD.1);
        DiagonalGaussian::new(output.narrow(1, 0, self.width), log_std)
    }
}

/// Clones paths one state after the other.
pub(super) struct Cloner {
    network: Trained<NextState>,
    /// States of a path after the first, which steps are counted in.
    length: usize,
    device: Device,
}

impl Cloner {
    pub(super) fn new(
        paths: &Paths,
        (hidden, rate): (&[usize], f64),
        length: usize,
        device: &Device,
        run: &mut Run,
    ) -> Self {
        let width = paths.fields.width;
        let shape = MlpConfig::new(2 * width + 1 + paths.condition, hidden, 2 * width);
        let network = shape.init(&device.clone().autodiff(), run.random("init"));
        let network = Trained::new(NextState { network, width }, AdamSettings::new(rate));
        Self { network, length, device: device.clone() }
    }

    /// One update on `batch` steps: the log-likelihood of the next state.
    pub(super) fn learn(&mut self, paths: &mut Paths, batch: usize, run: &mut Run) -> Result<()> {
        paths.draw_steps(batch, run.random("replay"));
        let upload = |values: Vec<f32>| matrix(&values, batch, &self.device).autodiff();
        let [before, here, next] =
            [upload(paths.states(1, 1)), upload(paths.states(0, 1)), upload(paths.states(0, 2))];
        let width = paths.fields.width;
        let next = next.narrow(1, width, width);
        let steps = upload(paths.drawn_steps().map(|step| self.share(step)).collect());
        let input = Tensor::cat(vec![here.clone(), before, steps, upload(paths.conditions())], 1);
        let likely = self.network.module().forward(input).log_prob(next - here);
        let loss = likely.sum_dim(1).mean().neg();
        let done = update(run, "clone", loss, &mut [&mut self.network], None)?;
        run.log("loss/clone", f64::from(done.loss))
    }

    /// Paths of scaled states `[B, rows, width]` from `first [B, width]`, under the sum of the
    /// conditions.
    pub(super) fn roll(
        &self,
        first: &[f32],
        rows: usize,
        conditions: &[Condition],
        random: &mut ChaCha8Rng,
    ) -> Vec<f32> {
        let network = self.network.inference();
        let count = first.len() / network.width;
        let sum = summed(conditions, 1.0).into_iter().next().map_or(Vec::new(), |one| one.values);
        let condition = matrix(&sum.repeat(count), count, &self.device);
        let mut here = matrix(first, count, &self.device);
        let mut before = here.clone();
        let mut states = vec![here.clone()];
        for step in 0..rows - 1 {
            let at = Tensor::full([count, 1], self.share(step), &self.device);
            let input = Tensor::cat(vec![here.clone(), before, at, condition.clone()], 1);
            let noise = noise::normal([count, network.width], &self.device, random);
            before = here.clone();
            // Inside the range of the data, as a diffuser's plans are.
            here = (here + network.forward(input).sample(noise)).clamp(-1.0, 1.0);
            states.push(here.clone());
        }
        host(Tensor::stack::<3>(states, 1))
    }

    fn share(&self, step: usize) -> f32 {
        step as f32 / self.length as f32
    }

    pub(super) fn save(&self, snapshot: &mut Snapshot) {
        save_trained(snapshot, &[("clone", &self.network)]);
    }

    pub(super) fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        load_trained(snapshot.arrays(), &mut [("clone", &mut self.network)])
    }
}
