//! A module together with its optimiser.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use nets::norm;
use nets::parameters::{self, NamedArray};

use super::Trainable;
use super::adam::AdamSettings;
use super::state::{self, Slot};
use crate::error::LearnError;

/// Why taking the module out of its place cannot be seen from outside.
const PRESENT: &str = "the module is away only within a step, which always puts it back";

/// A module with Adam's state for each of its parameters, keyed by the parameter's path.
///
/// A parameter that receives no gradient in an update keeps its value, moments and step count.
#[derive(Clone, Debug)]
pub struct Trained<M: Module> {
    module: Option<M>,
    settings: AdamSettings,
    slots: Vec<Slot>,
    inference: OnceCell<M>,
    on_host: bool,
    spares_vectors: bool,
    /// Whether weights are spectrally normalised.
    spectral: bool,
}

impl<M: Module> Trained<M> {
    /// Takes a module, turns automatic differentiation on for it, and starts Adam afresh.
    pub fn new(module: M, settings: AdamSettings) -> Self {
        let module = module.train();
        let on_host = state::on_host(&module.devices());
        let slots = slots(&module);
        let spectral = slots.iter().any(|slot| norm::is_state(&slot.path));
        let inference = OnceCell::new();
        Self { slots, module: Some(module), settings, inference, on_host, spares_vectors: false, spectral }
    }

    /// The same without weight decay on parameters of one dimension: the biases and the scales of
    /// normalisations, which language models are usually trained without decaying.
    pub fn sparing_vectors(self) -> Self {
        Self { spares_vectors: true, ..self }
    }

    /// The module with gradient tracking, for losses.
    pub fn module(&self) -> &M {
        self.module.as_ref().expect(PRESENT)
    }

    /// The same module without gradient tracking, for acting and for targets. It is rebuilt on
    /// the first call after a step, sharing the parameters' memory.
    pub fn inference(&self) -> &M {
        self.inference.get_or_init(|| self.module().valid())
    }

    /// The settings in force.
    pub fn settings(&self) -> &AdamSettings {
        &self.settings
    }

    /// Changes the step size from the next step on.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.settings.learning_rate = learning_rate;
    }

    /// Puts other parameters in place. Moments and step counts stay with every parameter whose
    /// path and shape are unchanged; the others start afresh. Gradients not yet applied are lost.
    pub fn replace(&mut self, module: M) {
        let module = module.train();
        let old = std::mem::replace(&mut self.slots, slots(&module));
        let by_path: BTreeMap<&str, &Slot> = old.iter().map(|slot| (slot.path.as_str(), slot)).collect();
        for slot in &mut self.slots {
            if let Some(other) = by_path.get(slot.path.as_str())
                && other.shape == slot.shape
            {
                slot.inherit(other);
            }
        }
        self.on_host = state::on_host(&module.devices());
        self.spectral = self.slots.iter().any(|slot| norm::is_state(&slot.path));
        self.inference.take();
        self.module = Some(module);
    }

    /// Keeps Adam's state in tensors even on the CPU, to compare the two implementations.
    #[cfg(test)]
    pub(crate) fn force_tensors(&mut self) {
        self.on_host = false;
    }
}

impl<M: Module> Trainable for Trained<M> {
    fn collect(&mut self, gradients: &mut Gradients) -> Result<(), LearnError> {
        let mut collector =
            Collector { gradients, slots: self.slots.iter_mut(), on_host: self.on_host, failure: None };
        self.module.as_ref().expect(PRESENT).visit(&mut collector);
        collector.failure.map_or(Ok(()), Err)
    }

    fn squared_norm(&self) -> f64 {
        state::squared_norm(&self.slots)
    }

    fn apply(&mut self, scale: f32) {
        // The inference copy shares the parameters' memory: while it exists the step could not
        // work in place.
        self.inference.take();
        let settings = self.settings;
        let spared = AdamSettings { weight_decay: 0.0, ..settings };
        let of_vectors = if self.spares_vectors { spared } else { settings };
        let mut stepper = Stepper { slots: self.slots.iter_mut(), settings, of_vectors, scale };
        self.module = self.module.take().map(|module| module.map(&mut stepper));
        if self.spectral {
            self.module = self.module.take().map(norm::iterate);
        }
    }

    fn discard(&mut self) {
        for slot in &mut self.slots {
            slot.gradient = None;
        }
    }

    fn save(&self, prefix: &str, out: &mut Vec<NamedArray>) {
        out.extend(parameters::export(self.module(), prefix));
        for slot in &self.slots {
            slot.save(prefix, out);
        }
    }

    fn load(&mut self, prefix: &str, arrays: &BTreeMap<String, NamedArray>) -> Result<(), LearnError> {
        let loaded: Result<Vec<Slot>, LearnError> =
            self.slots.iter().map(|slot| slot.loaded(prefix, arrays)).collect();
        let loaded = loaded?;
        self.module = Some(parameters::import(self.module().clone(), prefix, arrays)?);
        self.slots = loaded;
        self.inference.take();
        Ok(())
    }
}

/// One slot for each parameter, in the order of traversal.
fn slots<M: Module>(module: &M) -> Vec<Slot> {
    let mut lister = Lister { path: Vec::new(), slots: Vec::new() };
    module.visit(&mut lister);
    lister.slots
}

struct Lister {
    path: Vec<String>,
    slots: Vec<Slot>,
}

impl ModuleVisitor for Lister {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = param.shape().to_vec();
        self.slots.push(Slot::new(self.path.join("."), param.id, shape));
    }
}

struct Collector<'a> {
    gradients: &'a mut Gradients,
    slots: std::slice::IterMut<'a, Slot>,
    on_host: bool,
    failure: Option<LearnError>,
}

impl ModuleVisitor for Collector<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(slot) = self.slots.next() else {
            return;
        };
        debug_assert_eq!(slot.id, param.id);
        slot.gradient = None;
        let Some(gradient) = param.base().grad_remove(self.gradients) else {
            return;
        };
        match state::gradient(gradient, &slot.path, self.on_host) {
            Ok(gradient) => slot.gradient = Some(gradient),
            Err(error) => self.failure = Some(error),
        }
    }
}

struct Stepper<'a> {
    slots: std::slice::IterMut<'a, Slot>,
    settings: AdamSettings,
    /// For parameters of one dimension.
    of_vectors: AdamSettings,
    scale: f32,
}

impl ModuleMapper for Stepper<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(slot) = self.slots.next() else {
            return param;
        };
        if slot.gradient.is_none() {
            return param;
        }
        let (id, tensor, mapper) = param.consume();
        let settings = if D == 1 { &self.of_vectors } else { &self.settings };
        let values = slot.step(tensor.without_autodiff(), settings, self.scale);
        Param::from_mapped_value(id, values.autodiff().require_grad(), mapper)
    }
}
