//! The optimiser's state of one parameter, and how it is saved.

use std::collections::BTreeMap;

use burn::module::ParamId;
use burn::tensor::{Device, Tensor, TensorData};
use nets::{host, parameters::NamedArray};

use super::adam::{self, AdamSettings};
use crate::error::LearnError;

/// A step count does not fit the 24 bits that an f32 holds exactly, so it is saved in two.
const STEP_BASE: u64 = 1 << 24;

/// A gradient waiting for its step.
#[derive(Clone, Debug)]
pub(crate) enum Gradient {
    /// In host memory, contiguous f32.
    Host(TensorData),
    /// On an accelerator, flat.
    Device(Tensor<1>),
}

/// Both moments of one parameter.
#[derive(Clone, Debug)]
enum Moments {
    Host(Vec<f32>, Vec<f32>),
    Device(Box<[Tensor<1>; 2]>),
}

/// One parameter's place in the optimiser, in the order in which the module is traversed.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) path: String,
    pub(crate) id: ParamId,
    pub(crate) shape: Vec<usize>,
    pub(crate) gradient: Option<Gradient>,
    steps: u64,
    moments: Option<Moments>,
}

impl Slot {
    /// A slot before its first step.
    pub(crate) fn new(path: String, id: ParamId, shape: Vec<usize>) -> Self {
        Self { path, id, shape, gradient: None, steps: 0, moments: None }
    }

    /// Number of elements.
    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Takes over the moments and the step count of another slot of the same shape.
    pub(crate) fn inherit(&mut self, other: &Self) {
        self.steps = other.steps;
        self.moments = other.moments.clone();
    }

    /// The parameter's values after one step, consuming the waiting gradient; `None` if there is
    /// none. `values` has no gradient tracking.
    pub(crate) fn step<const D: usize>(
        &mut self,
        values: Tensor<D>,
        settings: &AdamSettings,
        scale: f32,
    ) -> Tensor<D> {
        let Some(gradient) = self.gradient.take() else {
            return values;
        };
        self.steps += 1;
        let factors = settings.factors(self.steps, scale);
        match gradient {
            Gradient::Host(gradient) => self.step_host(values, &gradient, &factors),
            Gradient::Device(gradient) => self.step_device(values, gradient, &factors),
        }
    }

    fn step_host<const D: usize>(
        &mut self,
        values: Tensor<D>,
        gradient: &TensorData,
        factors: &adam::Factors,
    ) -> Tensor<D> {
        let count = self.len();
        let (mut first, mut second) = match self.moments.take() {
            Some(Moments::Host(first, second)) => (first, second),
            Some(Moments::Device(moments)) => (*moments).map(host).into(),
            None => (vec![0.0; count], vec![0.0; count]),
        };
        let device = values.device();
        // Neither of the two reads copies when this is the tensor's only owner, as it is unless
        // somebody holds a clone of the module.
        let mut data = values.into_data();
        if let (Ok(slice), Ok(gradient)) = (data.as_mut_slice::<f32>(), gradient.as_slice::<f32>()) {
            factors.step_slices(slice, gradient, &mut first, &mut second);
        }
        self.moments = Some(Moments::Host(first, second));
        Tensor::from_data(data, &device)
    }

    fn step_device<const D: usize>(
        &mut self,
        values: Tensor<D>,
        gradient: Tensor<1>,
        factors: &adam::Factors,
    ) -> Tensor<D> {
        let count = self.len();
        let device = values.device();
        let (first, second) = match self.moments.take() {
            Some(Moments::Device(moments)) => (*moments).into(),
            Some(Moments::Host(first, second)) => (
                Tensor::from_data(TensorData::new(first, [count]), &device),
                Tensor::from_data(TensorData::new(second, [count]), &device),
            ),
            None => (Tensor::zeros([count], &device), Tensor::zeros([count], &device)),
        };
        let shape = values.shape();
        let [values, first, second] = factors.step_tensors(values.reshape([count]), gradient, first, second);
        self.moments = Some(Moments::Device(Box::new([first, second])));
        values.reshape(shape)
    }

    /// Writes the step count and, after the first step, both moments.
    pub(crate) fn save(&self, prefix: &str, out: &mut Vec<NamedArray>) {
        let base = format!("{prefix}:adam.{}", self.path);
        let steps = [self.steps / STEP_BASE, self.steps % STEP_BASE];
        out.push(NamedArray {
            name: format!("{base}.steps"),
            shape: vec![2],
            values: steps.iter().map(|&part| part as f32).collect(),
        });
        let Some(moments) = &self.moments else {
            return;
        };
        let (first, second) = match moments {
            Moments::Host(first, second) => (first.clone(), second.clone()),
            Moments::Device(moments) => (**moments).clone().map(host).into(),
        };
        for (moment, values) in [("moment_1", first), ("moment_2", second)] {
            out.push(NamedArray { name: format!("{base}.{moment}"), shape: self.shape.clone(), values });
        }
    }

    /// A slot like this one with the state saved under `prefix`.
    pub(crate) fn loaded(
        &self,
        prefix: &str,
        arrays: &BTreeMap<String, NamedArray>,
    ) -> Result<Self, LearnError> {
        let base = format!("{prefix}:adam.{}", self.path);
        let steps = find(arrays, &format!("{base}.steps"), &[2])?;
        let steps = steps[0] as u64 * STEP_BASE + steps[1] as u64;
        let mut slot = Self::new(self.path.clone(), self.id, self.shape.clone());
        if steps > 0 {
            let first = find(arrays, &format!("{base}.moment_1"), &self.shape)?;
            let second = find(arrays, &format!("{base}.moment_2"), &self.shape)?;
            slot.steps = steps;
            slot.moments = Some(Moments::Host(first.to_vec(), second.to_vec()));
        }
        Ok(slot)
    }
}

/// Adam for a single number that lives outside any module.
#[derive(Clone, Debug)]
pub(crate) struct ScalarAdam {
    slot: Slot,
    settings: AdamSettings,
}

impl ScalarAdam {
    /// Starts afresh; `path` names the number in snapshots.
    pub(crate) fn new(path: &str, settings: AdamSettings) -> Self {
        Self { slot: Slot::new(path.to_owned(), ParamId::new(), vec![1]), settings }
    }

    /// `value` after one step along `gradient`.
    pub(crate) fn step(&mut self, value: f32, gradient: f32) -> f32 {
        self.slot.steps += 1;
        let factors = self.settings.factors(self.slot.steps, 1.0);
        let (mut first, mut second) = match self.slot.moments.take() {
            Some(Moments::Host(first, second)) => (first, second),
            _ => (vec![0.0], vec![0.0]),
        };
        let mut value = [value];
        factors.step_slices(&mut value, &[gradient], &mut first, &mut second);
        self.slot.moments = Some(Moments::Host(first, second));
        value[0]
    }

    /// Writes the state as [`Slot::save`] does.
    pub(crate) fn save(&self, prefix: &str, out: &mut Vec<NamedArray>) {
        self.slot.save(prefix, out);
    }

    /// Restores what [`save`](Self::save) wrote.
    pub(crate) fn load(
        &mut self,
        prefix: &str,
        arrays: &BTreeMap<String, NamedArray>,
    ) -> Result<(), LearnError> {
        self.slot = self.slot.loaded(prefix, arrays)?;
        Ok(())
    }
}

/// A gradient as this crate keeps it: on the host for the CPU, flat on an accelerator.
pub(crate) fn gradient<const D: usize>(
    tensor: Tensor<D>,
    path: &str,
    on_host: bool,
) -> Result<Gradient, LearnError> {
    if !on_host {
        let count = tensor.shape().num_elements();
        return Ok(Gradient::Device(tensor.reshape([count])));
    }
    let data = tensor.into_data();
    match data.as_slice::<f32>() {
        Ok(_) => Ok(Gradient::Host(data)),
        Err(_) => Err(LearnError::Precision { name: path.to_owned(), found: format!("{:?}", data.dtype()) }),
    }
}

/// Sum of squares over all waiting gradients.
pub(crate) fn squared_norm(slots: &[Slot]) -> f64 {
    let mut total = 0.0;
    let mut on_device = Vec::new();
    for slot in slots {
        match &slot.gradient {
            Some(Gradient::Host(data)) => {
                total += data.as_slice::<f32>().map_or(f64::NAN, adam::squared_norm);
            }
            Some(Gradient::Device(tensor)) => on_device.push(tensor.clone().square().sum()),
            None => {}
        }
    }
    if !on_device.is_empty() {
        // One read-back for all of them.
        let squares = host(Tensor::cat(on_device, 0));
        total += squares.iter().map(|&square| f64::from(square)).sum::<f64>();
    }
    total
}

/// Whether tensors on all these devices live in host memory.
pub(crate) fn on_host(devices: &[Device]) -> bool {
    devices.iter().all(|device| *device == Device::flex())
}

/// The values of the array called `name`, whose shape must be `shape`.
pub(crate) fn find<'a>(
    arrays: &'a BTreeMap<String, NamedArray>,
    name: &str,
    shape: &[usize],
) -> Result<&'a [f32], LearnError> {
    let array = arrays.get(name).ok_or_else(|| LearnError::MissingArray { name: name.to_owned() })?;
    let count: usize = shape.iter().product();
    if array.shape != shape || array.values.len() != count {
        return Err(LearnError::ArrayShape {
            name: name.to_owned(),
            expected: shape.to_vec(),
            found: array.shape.clone(),
        });
    }
    Ok(&array.values)
}
