//! Convolutions as one matrix product.
//!
//! The CPU backend multiplies one image after the other by the kernels, in products too small to be
//! fast, and a gradient takes it longer still. Here the patches of all images are the rows of one
//! matrix: fetching them, and giving their gradients back, is copying and adding rows.

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// Numbers that the matrix of patches holds at most; beyond, it costs more memory than it saves time.
const LIMIT: usize = 1 << 24;

/// What `layer` computes of `image [B, C, H, W]`, without groups or dilation and with padding that
/// is the same on opposite sides. On other devices than the CPU, and where the images are large, the
/// layer computes it itself.
pub fn convolve(layer: &Conv2d, image: Tensor<4>) -> Tensor<4> {
    let PaddingConfig2d::Explicit(top, left, ..) = layer.padding else { return layer.forward(image) };
    let device = image.device();
    let [rows, channels, height, width] = image.dims();
    let [outputs, _, down, across] = layer.weight.dims();
    let patches = Patches {
        image: [height, width],
        kernel: [down, across],
        stride: layer.stride,
        padding: [top, left],
    };
    let [high, wide] = patches.output();
    let count = rows * high * wide * down * across * channels;
    if device.clone().without_autodiff() != Device::flex() || count > LIMIT {
        return layer.forward(image);
    }
    let pixels: Tensor<2> = image.permute([0, 2, 3, 1]).reshape([rows * height * width, channels]);
    let pixels = match top + left {
        0 => pixels,
        _ => Tensor::cat(vec![pixels, Tensor::zeros([1, channels], &device)], 0),
    };
    let fetched = pixels.select(0, patches.indices(rows, &device));
    let fetched: Tensor<2> = fetched.reshape([rows * high * wide, down * across * channels]);
    let weight: Tensor<2> =
        layer.weight.val().permute([2, 3, 1, 0]).reshape([down * across * channels, outputs]);
    let product = fetched.matmul(weight);
    let product = match &layer.bias {
        Some(bias) => product + bias.val().reshape([1, outputs]),
        None => product,
    };
    product.reshape([rows, high, wide, outputs]).permute([0, 3, 1, 2])
}

/// Which pixels a kernel sees: rows and columns of each.
struct Patches {
    image: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
}

impl Patches {
    /// Rows and columns of the result.
    fn output(&self) -> [usize; 2] {
        std::array::from_fn(|axis| {
            (self.image[axis] + 2 * self.padding[axis] - self.kernel[axis]) / self.stride[axis] + 1
        })
    }

    /// For every pixel of the result of `rows` images and every pixel of the kernel, the number of
    /// the pixel that it sees; beyond the images' edges, the number after the last.
    fn indices(&self, rows: usize, device: &Device) -> Tensor<1, Int> {
        let ([height, width], [high, wide]) = (self.image, self.output());
        let seen = |axis: usize, place: usize, offset: usize| {
            let at = (place * self.stride[axis] + offset).checked_sub(self.padding[axis])?;
            (at < self.image[axis]).then_some(at)
        };
        let mut one = Vec::with_capacity(high * wide * self.kernel[0] * self.kernel[1]);
        for row in 0..high {
            for column in 0..wide {
                for down in 0..self.kernel[0] {
                    for across in 0..self.kernel[1] {
                        let at = seen(0, row, down).zip(seen(1, column, across));
                        one.push(at.map(|(row, column)| (row * width + column) as i64));
                    }
                }
            }
        }
        let size = height * width;
        let edge = (rows * size) as i64;
        let of = |image: usize| {
            let first = (image * size) as i64;
            one.iter().map(move |at| at.map_or(edge, |at| first + at))
        };
        let all: Vec<i64> = (0..rows).flat_map(of).collect();
        let count = all.len();
        Tensor::from_data(TensorData::new(all, [count]), device)
    }
}
