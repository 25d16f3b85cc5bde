//! Batches on the device: one upload per array of a host batch.

use burn::tensor::{Device, Int, Tensor, TensorData};
use memory::{TransitionBatch, WindowBatch};
use nets::observed::Observed;
use worlds::{Actions, Array, Layout};

/// A batch of actions on the device.
#[derive(Clone, Debug)]
pub enum ActionBatch {
    /// Indices `[B]`.
    Discrete(Tensor<1, Int>),
    /// `[B, dimensions]`, each in [-1, 1].
    Continuous(Tensor<2>),
}

impl ActionBatch {
    /// Uploads `rows` actions.
    pub fn upload(actions: &Actions, rows: usize, device: &Device) -> Self {
        match actions {
            Actions::Discrete(indices) => {
                let indices: Vec<i64> = indices.iter().map(|index| i64::from(*index)).collect();
                Self::Discrete(Tensor::from_data(TensorData::new(indices, [rows]), device))
            }
            Actions::Continuous(values) => {
                let size = values.len().checked_div(rows).unwrap_or(0);
                Self::Continuous(Tensor::from_data(TensorData::new(values.clone(), [rows, size]), device))
            }
        }
    }

    /// The actions as vectors: one-hot `[B, count]` for indices, themselves otherwise.
    pub fn vectors(&self, count: usize) -> Tensor<2> {
        match self {
            Self::Discrete(indices) => indices.clone().one_hot::<2>(count).float(),
            Self::Continuous(values) => values.clone(),
        }
    }

    /// The same actions on the device with automatic differentiation.
    pub fn autodiff(&self) -> Self {
        match self {
            Self::Discrete(indices) => Self::Discrete(indices.clone().autodiff()),
            Self::Continuous(values) => Self::Continuous(values.clone().autodiff()),
        }
    }

    /// The indices; continuous actions have none.
    pub fn indices(&self) -> Option<Tensor<1, Int>> {
        match self {
            Self::Discrete(indices) => Some(indices.clone()),
            Self::Continuous(_) => None,
        }
    }

    /// The vectors; discrete actions have none.
    pub fn continuous(&self) -> Option<Tensor<2>> {
        match self {
            Self::Discrete(_) => None,
            Self::Continuous(values) => Some(values.clone()),
        }
    }
}

/// Uploads `rows` observations; image bytes become `[rows, C, H, W]` times the layout's scale.
pub fn observe(array: &Array, layout: &Layout, rows: usize, device: &Device) -> Observed {
    match (array, layout) {
        (Array::Byte(bytes), Layout::Image { height, width, channels, scale, .. }) => {
            let shape = [rows, *channels, *height, *width];
            let planes = to_planes(bytes, height * width, *channels, *scale);
            Observed::Image(Tensor::from_data(TensorData::new(planes, shape), device))
        }
        (Array::Float(values), _) => {
            let shape = [rows, layout.size()];
            Observed::Flat(Tensor::from_data(TensorData::new(values.clone(), shape), device))
        }
        (Array::Byte(bytes), Layout::Vector { size }) => {
            let values: Vec<f32> = bytes.iter().map(|byte| f32::from(*byte)).collect();
            Observed::Flat(Tensor::from_data(TensorData::new(values, [rows, *size]), device))
        }
    }
}

/// Rows of pixels with interleaved channels to planes of numbers.
fn to_planes(bytes: &[u8], pixels: usize, channels: usize, scale: f32) -> Vec<f32> {
    let mut planes = vec![0.0; bytes.len()];
    let size = pixels * channels;
    for (image, planes) in bytes.chunks_exact(size).zip(planes.chunks_exact_mut(size)) {
        for (pixel, values) in image.chunks_exact(channels).enumerate() {
            for (channel, value) in values.iter().enumerate() {
                planes[channel * pixels + pixel] = f32::from(*value) * scale;
            }
        }
    }
    planes
}

/// Uploads numbers as `[B]`.
pub fn vector(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

/// Uploads numbers as `[rows, values / rows]`.
pub fn matrix(values: &[f32], rows: usize, device: &Device) -> Tensor<2> {
    let columns = values.len().checked_div(rows).unwrap_or(0);
    Tensor::from_data(TensorData::new(values.to_vec(), [rows, columns]), device)
}

/// Transitions over one or several steps.
#[derive(Clone, Debug)]
pub struct Transitions {
    /// B observations.
    pub observations: Observed,
    /// B actions.
    pub actions: ActionBatch,
    /// Discounted reward sum of the first channel, `[B]`.
    pub reward: Tensor<1>,
    /// gamma^m (1 - terminated), `[B]`.
    pub discount: Tensor<1>,
    /// B observations after m steps.
    pub next: Observed,
    /// Importance weights, `[B]`.
    pub weight: Tensor<1>,
}

impl Transitions {
    /// Uploads a host batch of observations of `layout`.
    pub fn upload(batch: &TransitionBatch, layout: &Layout, device: &Device) -> Self {
        let rows = batch.rows;
        Self {
            observations: observe(&batch.observations, layout, rows, device),
            actions: ActionBatch::upload(&batch.actions, rows, device),
            reward: first_channel(&batch.reward, rows, device),
            discount: vector(&batch.discount, device),
            next: observe(&batch.next, layout, rows, device),
            weight: vector(&batch.weight, device),
        }
    }
}

/// Windows of T consecutive steps: T + 1 observations each.
#[derive(Clone, Debug)]
pub struct Windows {
    /// Number of windows, B.
    pub batch: usize,
    /// Steps per window, T.
    pub length: usize,
    /// `B (T + 1)` observations, those of one window together.
    pub observations: Observed,
    /// `B T` actions, those of one window together.
    pub actions: ActionBatch,
    /// First reward channel, `[B, T]`.
    pub reward: Tensor<2>,
    /// 1 - terminated, `[B, T]`.
    pub discount: Tensor<2>,
    /// 1 for steps inside the episode, `[B, T]`.
    pub mask: Tensor<2>,
    /// Importance weights, `[B]`.
    pub weight: Tensor<1>,
}

impl Windows {
    /// Uploads a host batch of observations of `layout`.
    pub fn upload(batch: &WindowBatch, layout: &Layout, device: &Device) -> Self {
        let (rows, length) = (batch.batch, batch.length);
        let steps = rows * length;
        Self {
            batch: rows,
            length,
            observations: observe(&batch.observations, layout, rows * (length + 1), device),
            actions: ActionBatch::upload(&batch.actions, steps, device),
            reward: first_channel(&batch.reward, steps, device).reshape([rows, length]),
            discount: matrix(&batch.discount, rows, device),
            mask: matrix(&batch.mask, rows, device),
            weight: vector(&batch.weight, device),
        }
    }

    /// Observation `step` (0 to T) of every window.
    pub fn observation(&self, step: usize) -> Observed {
        let indices: Vec<i64> = (0..self.batch).map(|row| (row * (self.length + 1) + step) as i64).collect();
        let device = self.reward.device();
        self.observations.select(Tensor::from_data(TensorData::new(indices, [self.batch]), &device))
    }

    /// Observations 1 to T of every window, `B T` rows, those of one window together.
    pub fn futures(&self) -> Observed {
        let stride = self.length + 1;
        let indices: Vec<i64> =
            (0..self.batch * stride).filter(|index| index % stride != 0).map(|index| index as i64).collect();
        let device = self.reward.device();
        let count = self.batch * self.length;
        self.observations.select(Tensor::from_data(TensorData::new(indices, [count]), &device))
    }

    /// Action `step` (0 to T - 1) of every window as vectors (one-hot over `count` for indices),
    /// `[B, count or dimensions]`.
    pub fn action(&self, step: usize, count: usize) -> Tensor<2> {
        let vectors = self.actions.vectors(count);
        let [_, size] = vectors.dims();
        vectors.reshape([self.batch, self.length, size]).narrow(1, step, 1).reshape([self.batch, size])
    }
}

fn first_channel(reward: &[f32], rows: usize, device: &Device) -> Tensor<1> {
    let channels = reward.len().checked_div(rows).unwrap_or(1).max(1);
    let values: Vec<f32> = reward.iter().copied().step_by(channels).collect();
    vector(&values, device)
}

#[cfg(test)]
mod tests {
    use nets::host;

    use super::*;

    #[test]
    fn images_become_planes() {
        // Two pixels of three channels.
        let planes = to_planes(&[1, 2, 3, 4, 5, 6], 2, 3, 0.5);
        assert_eq!(planes, [0.5, 2.0, 1.0, 2.5, 1.5, 3.0]);
    }

    #[test]
    fn windows_give_their_steps() {
        let mut batch = WindowBatch::new();
        (batch.batch, batch.length) = (2, 2);
        batch.observations = Array::Float((0..6).map(|value| value as f32).collect());
        batch.actions = Actions::Discrete(vec![0, 1, 1, 0]);
        batch.reward = vec![1.0, 2.0, 3.0, 4.0];
        batch.discount = vec![1.0; 4];
        batch.mask = vec![1.0; 4];
        batch.weight = vec![1.0; 2];
        let windows = Windows::upload(&batch, &Layout::Vector { size: 1 }, &Device::flex());
        let values = |observed: Observed| match observed {
            Observed::Flat(tensor) => host(tensor),
            Observed::Image(_) => Vec::new(),
        };
        assert_eq!(values(windows.observation(1)), [1.0, 4.0]);
        assert_eq!(values(windows.futures()), [1.0, 2.0, 4.0, 5.0]);
        let action = host(windows.action(1, 2));
        assert_eq!(action, [0.0, 1.0, 1.0, 0.0]);
    }
}
