//! Stage `decode`: from latent actions to actions, fitted to a few labels.

use agents::failure::failure;
use burn::tensor::{Int, Tensor, TensorData, activation};
use learn::optim::update;
use memory::Position;
use rand::RngExt;
use run::{Result, Run};

use super::Lapo;

/// Windows that are encoded at once.
pub(super) const CHUNK: usize = 512;

impl Lapo {
    /// One update of the decoder on labelled latent actions.
    pub(super) fn fit_decoder(&mut self, run: &mut Run) -> Result<()> {
        let latents = match self.known.take() {
            Some(latents) => latents,
            None => {
                let positions = self.labels.positions.clone();
                self.latents(&positions)?
            }
        };
        let random = run.random("labels");
        let count = self.config.decoder.batch;
        let drawn: Vec<usize> = (0..count).map(|_| random.random_range(0..self.labels.len())).collect();
        let actions: Vec<usize> = drawn.iter().map(|&index| self.labels.actions[index]).collect();
        let chosen = latents.clone().select(0, indices(&drawn, &latents));
        self.known = Some(latents);
        let loss = cross_entropy(self.decoder.module().forward(chosen.autodiff()), &actions, 0.0);
        let done =
            update("decoder", loss, &mut [&mut self.decoder], None).map_err(|error| failure(run, error))?;
        run.count_updates("decoder", 1);
        run.log("loss/decoder", f64::from(done.loss))
    }

    /// The latent actions, in front of the codes, of the windows that begin at these positions.
    pub(super) fn latents(&mut self, positions: &[Position]) -> Result<Tensor<2>> {
        let mut parts = Vec::new();
        for chunk in positions.chunks(CHUNK) {
            let windows = self.frames.at(chunk, &self.device)?;
            parts.push(self.inverse.inference().network.forward(windows.all));
        }
        Ok(Tensor::cat(parts, 0))
    }
}

/// Row numbers, on the device of `like`.
pub(super) fn indices(numbers: &[usize], like: &Tensor<2>) -> Tensor<1, Int> {
    let numbers: Vec<i64> = numbers.iter().map(|&number| number as i64).collect();
    let count = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [count]), &like.device())
}

/// Mean cross-entropy of `logits [B, A]` to `targets`, of which a share of `smoothing` is spread
/// evenly over all actions (Szegedy et al., 2016, section 7).
pub(super) fn cross_entropy(logits: Tensor<2>, targets: &[usize], smoothing: f64) -> Tensor<1> {
    let rows = targets.len();
    let log = activation::log_softmax(logits, 1);
    let targets: Vec<i64> = targets.iter().map(|&target| target as i64).collect();
    let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [rows, 1]), &log.device());
    let right = log.clone().gather(1, targets).mean();
    match smoothing == 0.0 {
        true => right.neg(),
        false => right.mul_scalar(smoothing - 1.0) - log.mean().mul_scalar(smoothing),
    }
}
