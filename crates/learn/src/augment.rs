//! Random changes to images, one draw for each image.

use burn::tensor::{DType, Tensor, TensorData};
use nets::noise::normal_values;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Shifts each of `images [B, C, H, W]` by up to `pad` pixels along both axes, repeating the edge
/// into what the shift uncovers: the same as replicating the edge `pad` times and cropping back at
/// random (Kostrikov et al., 2021, section 3.1). All channels of an image move together.
///
/// Images are copied row by row on the host and carry no gradient.
pub fn random_shift(images: Tensor<4>, pad: usize, random: &mut ChaCha8Rng) -> Tensor<4> {
    let [count, channels, height, width] = images.dims();
    if pad == 0 || images.shape().num_elements() == 0 {
        return images;
    }
    let device = images.device().without_autodiff();
    let data = images.without_autodiff().into_data_dtype(DType::F32);
    let Ok(source) = data.as_slice::<f32>() else {
        return Tensor::from_data(data, &device);
    };
    let mut shifted = Vec::with_capacity(source.len());
    for image in source.chunks_exact(channels * height * width) {
        let down = random.random_range(0..=2 * pad);
        let right = random.random_range(0..=2 * pad);
        for plane in image.chunks_exact(height * width) {
            for row in 0..height {
                let row = (row + down).saturating_sub(pad).min(height - 1);
                let row = &plane[row * width..(row + 1) * width];
                push_shifted(&mut shifted, row, right, pad);
            }
        }
    }
    Tensor::from_data(TensorData::new(shifted, [count, channels, height, width]), &device)
}

/// Appends `row` as seen through a window that starts `offset - pad` to the right.
fn push_shifted(out: &mut Vec<f32>, row: &[f32], offset: usize, pad: usize) {
    let width = row.len();
    let before = pad.saturating_sub(offset).min(width);
    let after = offset.saturating_sub(pad).min(width);
    out.extend(std::iter::repeat_n(row[0], before));
    out.extend_from_slice(&row[after..width - before]);
    out.extend(std::iter::repeat_n(row[width - 1], after));
}

/// Multiplies each of `images [B, C, H, W]` by `1 + scale * n` with n standard normal, clipped to
/// [-2, 2] (Laskin et al., 2020).
pub fn intensity(images: Tensor<4>, scale: f32, random: &mut ChaCha8Rng) -> Tensor<4> {
    let count = images.dims()[0];
    let factors: Vec<f32> = normal_values(count, random)
        .into_iter()
        .map(|normal| 1.0 + scale * (normal as f32).clamp(-2.0, 2.0))
        .collect();
    let factors = TensorData::new(factors, [count, 1, 1, 1]);
    images.clone() * Tensor::from_data(factors, &images.device().without_autodiff())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::testing::{random_values, tensor, values};

    /// Pixel of an image padded by replication, by definition.
    fn padded(plane: &[f32], height: usize, width: usize, row: isize, column: isize) -> f32 {
        let row = row.clamp(0, height as isize - 1) as usize;
        let column = column.clamp(0, width as isize - 1) as usize;
        plane[row * width + column]
    }

    #[test]
    fn every_image_is_one_crop_of_the_padded_original_and_all_crops_occur() {
        for (height, width, pad) in [(4, 5, 2), (2, 2, 3)] {
            let (count, channels) = (200, 2);
            let plane = height * width;
            let source = random_values(1, count * channels * plane);
            let images = tensor(&source, [count, channels, height, width]);
            let mut random = ChaCha8Rng::seed_from_u64(7);
            let found = values(random_shift(images, pad, &mut random));
            let mut seen = std::collections::BTreeSet::new();
            for image in 0..count {
                let range = image * channels * plane..(image + 1) * channels * plane;
                let (before, after) = (&source[range.clone()], &found[range]);
                let range = -(pad as isize)..=pad as isize;
                let mut shifts = range.clone().flat_map(|y| range.clone().map(move |x| (y, x)));
                let matching = shifts.find(|&(y, x)| {
                    (0..channels * plane).all(|at| {
                        let channel = &before[at / plane * plane..][..plane];
                        let row = (at % plane / width) as isize + y;
                        let column = (at % width) as isize + x;
                        after[at] == padded(channel, height, width, row, column)
                    })
                });
                seen.insert(matching.expect("a crop"));
            }
            let distinct = (2 * pad.min(height - 1) + 1) * (2 * pad.min(width - 1) + 1);
            assert_eq!(seen.len(), distinct);
        }
    }

    #[test]
    fn intensity_is_one_bounded_factor_per_image() {
        let images = tensor(&vec![2.0; 300 * 4], [300, 1, 2, 2]);
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let found = values(intensity(images, 0.05, &mut random));
        let mut total = 0.0;
        for image in found.chunks(4) {
            assert!(image.iter().all(|&value| value == image[0]));
            assert!((1.8 - 1e-6..=2.2 + 1e-6).contains(&image[0]));
            total += (image[0] / 2.0 - 1.0).powi(2) / 300.0;
        }
        assert!((total.sqrt() - 0.048).abs() < 0.006, "{total}");
    }
}
