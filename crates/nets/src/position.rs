//! Where in a sequence something stands.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use crate::init::parameter;
use crate::noise::normal_values;

/// A learned vector for every position.
#[derive(Module, Debug)]
pub struct LearnedPosition {
    /// `[count, width]`.
    table: Param<Tensor<2>>,
}

impl LearnedPosition {
    /// Vectors from N(0, 0.02²), as in GPT-2.
    pub fn new(count: usize, width: usize, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let values = normal_values(count * width, random);
        let values = values.into_iter().map(|value| (0.02 * value) as f32).collect();
        Self { table: parameter(values, [count, width], device) }
    }

    /// Number of positions.
    pub fn count(&self) -> usize {
        self.table.dims()[0]
    }

    /// The vectors `[B, T, width]` of `positions [B, T]`; positions beyond the last share its vector.
    pub fn forward(&self, positions: Tensor<2, Int>) -> Tensor<3> {
        let [rows, length] = positions.dims();
        let [count, width] = self.table.dims();
        let flat = positions.reshape([rows * length]).clamp(0, count as i64 - 1);
        self.table.val().select(0, flat).reshape([rows, length, width])
    }
}

/// Wave number `index` of `width` dimensions turns by this much per position: base^(-2 index / width).
fn frequency(index: usize, width: usize, base: f64) -> f64 {
    base.powf(-2.0 * index as f64 / width as f64)
}

/// The fixed vectors of positions 0 to `count` - 1 (Vaswani et al., 2017, section 3.5):
/// `[count, width]`, element 2i = sin(t / 10000^(2i / width)), element 2i + 1 the cosine.
pub fn sinusoidal(count: usize, width: usize, device: &Device) -> Tensor<2> {
    let entry = |position: usize, element: usize| {
        let angle = position as f64 * frequency(element / 2, width, 10_000.0);
        (if element.is_multiple_of(2) { angle.sin() } else { angle.cos() }) as f32
    };
    let values: Vec<f32> = (0..count * width).map(|index| entry(index / width, index % width)).collect();
    Tensor::from_data(TensorData::new(values, [count, width]), device)
}

/// What pairs of elements of a head of `width` elements turn by per position, of rotary positions
/// without scaling: base^(-2i / width) for i below width/2.
pub fn frequencies(width: usize, base: f64) -> Vec<f64> {
    (0..width / 2).map(|index| frequency(index, width, base)).collect()
}

/// Rotary positions (Su et al., 2021): elements i and i + d/2 of a head's vector of even width d are
/// turned by the angle t / base^(2i / d), so that scores depend on differences of positions alone.
#[derive(Clone, Debug)]
pub struct Rotary {
    /// `[B or 1, 1, T, d/2]` each.
    cosine: Tensor<4>,
    sine: Tensor<4>,
}

impl Rotary {
    /// The angles of `positions`, `rows` sequences of equal length (or 1 for all alike), for heads of
    /// width `width`, which is even; the usual `base` is 10000.
    pub fn new(positions: &[i64], rows: usize, width: usize, base: f64, device: &Device) -> Self {
        Self::of(positions, rows, &frequencies(width, base), device)
    }

    /// The same for heads of twice as many elements as there are `frequencies`: elements i and
    /// i + d/2 are turned by `frequencies[i]` per position.
    pub fn of(positions: &[i64], rows: usize, frequencies: &[f64], device: &Device) -> Self {
        let (half, length) = (frequencies.len(), positions.len() / rows.max(1));
        let angle = |index: usize| positions[index / half] as f64 * frequencies[index % half];
        let tensor = |function: fn(f64) -> f64| {
            let values: Vec<f32> =
                (0..positions.len() * half).map(|index| function(angle(index)) as f32).collect();
            Tensor::from_data(TensorData::new(values, [rows, 1, length, half]), device)
        };
        Self { cosine: tensor(f64::cos), sine: tensor(f64::sin) }
    }

    /// Turns the vectors `[B, H, T, d]`.
    pub fn turn(&self, heads: Tensor<4>) -> Tensor<4> {
        let half = heads.dims()[3] / 2;
        let (first, second) = (heads.clone().narrow(3, 0, half), heads.narrow(3, half, half));
        let turned = first.clone() * self.cosine.clone() - second.clone() * self.sine.clone();
        let other = second * self.cosine.clone() + first * self.sine.clone();
        Tensor::cat(vec![turned, other], 3)
    }
}
