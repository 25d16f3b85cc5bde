//! The temporal U-Net.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use super::block::{ConvBlock, Convolution1d, ResidualBlock};
use super::embedding::{Condition, Embedding};
use super::guidance::Denoiser;
use crate::NetsError;
use crate::mish::mish;

/// Shape of a [`TemporalUnet`].
#[derive(Clone, Debug, PartialEq)]
pub struct UnetConfig {
    /// Rows of a sample, H; divisible by 2 as often as there are steps between levels.
    pub rows: usize,
    /// Numbers per row, d.
    pub width: usize,
    /// Numbers of a condition; 0 for none.
    pub condition: usize,
    /// Channels of the first level, and width of the embeddings.
    pub base: usize,
    /// Channels of each level in units of `base`; every level after the first has half the rows of
    /// the one before it.
    pub multipliers: Vec<usize>,
    /// Rows that a convolution sees, odd.
    pub kernel: usize,
    /// Groups of the normalisation; divides the channels of every level.
    pub groups: usize,
}

impl UnetConfig {
    /// The usual kernel of 5 and 8 groups.
    pub fn new(rows: usize, width: usize, condition: usize, base: usize, multipliers: &[usize]) -> Self {
        Self { rows, width, condition, base, multipliers: multipliers.to_vec(), kernel: 5, groups: 8 }
    }

    /// Draws the network's weights.
    ///
    /// # Errors
    /// A number does not fit the others.
    pub fn init(&self, device: &Device, random: &mut ChaCha8Rng) -> Result<TemporalUnet, NetsError> {
        self.check()?;
        let embedding = Embedding::new(self.base, self.condition, device, random);
        let told = embedding.size();
        let shape = [self.kernel, self.groups];
        let channels: Vec<usize> = self.multipliers.iter().map(|factor| factor * self.base).collect();
        let last = channels.len() - 1;
        let residual =
            |ends: [usize; 2], random: &mut ChaCha8Rng| ResidualBlock::new(ends, told, shape, device, random);
        let mut down = Vec::new();
        let mut input = self.width;
        for (level, &output) in channels.iter().enumerate() {
            let blocks = vec![residual([input, output], random), residual([output, output], random)];
            let ends = [output, output];
            let resize = (level < last).then(|| Convolution1d::new(ends, 3, 2, device, random));
            down.push(Stage { blocks, resize });
            input = output;
        }
        let middle = vec![residual([input, input], random), residual([input, input], random)];
        let mut up = Vec::new();
        for pair in channels.windows(2).rev() {
            let (output, input) = (pair[0], pair[1]);
            let blocks = vec![residual([2 * input, output], random), residual([output, output], random)];
            let resize = Some(Convolution1d::new([output, 2 * output], 3, 1, device, random));
            up.push(Stage { blocks, resize });
        }
        let first = channels[0];
        Ok(TemporalUnet {
            embedding,
            down,
            middle,
            up,
            last: ConvBlock::new([first, first], self.kernel, self.groups, device, random),
            output: Convolution1d::new([first, self.width], 1, 1, device, random),
        })
    }

    fn check(&self) -> Result<(), NetsError> {
        let refuse =
            |name, value: usize, need| Err(NetsError::Setting { name, value: value.to_string(), need });
        let levels = self.multipliers.len();
        if levels == 0 || self.multipliers.contains(&0) {
            let (name, value) = ("multipliers", format!("{:?}", self.multipliers));
            return Err(NetsError::Setting {
                name,
                value,
                need: "numbers of at least 1, one for each level",
            });
        }
        if self.rows == 0 || !self.rows.is_multiple_of(1 << (levels - 1).min(31)) {
            return refuse(
                "horizon",
                self.rows,
                "divisible by 2 as often as there are levels after the first",
            );
        }
        if self.kernel.is_multiple_of(2) {
            return refuse("kernel", self.kernel, "odd");
        }
        if self.groups == 0 || self.base == 0 || !self.base.is_multiple_of(self.groups) {
            return refuse("base width", self.base, "a multiple of the number of groups, which is 8");
        }
        Ok(())
    }
}

/// Two residual blocks and a change of the number of rows.
#[derive(Module, Debug)]
struct Stage {
    blocks: Vec<ResidualBlock>,
    resize: Option<Convolution1d>,
}

/// A U-Net over the rows of a sample (Janner et al., 2022; Ajay et al., 2023): residual blocks of
/// temporal convolutions, rows halved between levels on the way down and doubled on the way up, each
/// level's map carried across. Every residual block is told the step and the condition.
///
/// Rows are doubled by a convolution of kernel 3 with two outputs per row, which can compute all that
/// a transposed convolution of kernel 4 and stride 2 can.
#[derive(Module, Debug)]
pub struct TemporalUnet {
    embedding: Embedding,
    down: Vec<Stage>,
    middle: Vec<ResidualBlock>,
    up: Vec<Stage>,
    last: ConvBlock,
    output: Convolution1d,
}

impl TemporalUnet {
    /// What is predicted for `noised [B, H, d]` at `steps [B]` under a condition, the null condition
    /// where there is none.
    pub fn forward(&self, noised: Tensor<3>, steps: Tensor<1>, condition: Option<&Condition>) -> Tensor<3> {
        let embedding = mish(self.embedding.forward(steps, condition));
        let through = |map, blocks: &[ResidualBlock]| {
            blocks.iter().fold(map, |map, block| block.forward(map, &embedding))
        };
        let mut map = noised.permute([1, 2, 0]);
        let mut carried = Vec::new();
        for stage in &self.down {
            map = through(map, &stage.blocks);
            carried.push(map.clone());
            if let Some(resize) = &stage.resize {
                map = resize.forward(map);
            }
        }
        map = through(map, &self.middle);
        for (stage, across) in self.up.iter().zip(carried.into_iter().rev()) {
            map = through(Tensor::cat(vec![map, across], 1), &stage.blocks);
            if let Some(resize) = &stage.resize {
                let [rows, channels, samples] = map.dims();
                map = resize.forward(map).reshape([2 * rows, channels, samples]);
            }
        }
        self.output.forward(self.last.forward(map)).permute([2, 0, 1])
    }
}

impl Denoiser<3> for TemporalUnet {
    fn predict(&self, noised: Tensor<3>, step: usize, condition: Option<&Condition>) -> Tensor<3> {
        let [samples, ..] = noised.dims();
        let steps = Tensor::full([samples], step as f32, &noised.device());
        self.forward(noised, steps, condition)
    }
}
