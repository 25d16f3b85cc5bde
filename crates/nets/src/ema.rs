//! Target networks: frozen copies that follow the online network.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use std::any::Any;
use std::collections::VecDeque;

/// A target copy of `online`: the same values on the plain device behind the autodiff device, with
/// batch normalisation's running statistics of its own.
///
/// Nothing a target computes is recorded, so it needs no gradient and costs no memory. Its inputs
/// have to live on the plain device too (`tensor.inner()`); `Tensor::from_inner` brings its outputs
/// back beside tensors that are being recorded.
pub fn target_of<M: Module>(online: &M) -> M {
    online.valid()
}

/// target ← (1 - rate) target + rate online, `rate_of_new` being the share of the *new* value; 1
/// copies exactly. Running statistics of batch normalisation are copied, whatever the rate. Works
/// for targets on the plain and on the autodiff device; neither they nor the update is recorded.
///
/// # Panics
/// Where the two modules are not built alike.
pub fn update<M: Module>(target: M, online: &M, rate_of_new: f64) -> M {
    let mut collector = Collector { values: VecDeque::new() };
    online.visit(&mut collector);
    let mut updater = Updater { online: collector.values, rate: rate_of_new, name: String::new() };
    target.map(&mut updater)
}

struct Collector {
    values: VecDeque<Box<dyn Any>>,
}

impl ModuleVisitor for Collector {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.values.push_back(Box::new(param.val().inner()));
    }
}

struct Updater {
    online: VecDeque<Box<dyn Any>>,
    rate: f64,
    /// The field last entered; parameters are fields.
    name: String,
}

impl ModuleMapper for Updater {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        name.clone_into(&mut self.name);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let online = self.online.pop_front().and_then(|value| value.downcast::<Tensor<D>>().ok());
        let online = *online.unwrap_or_else(|| {
            panic!("target and online network differ in their parameters at `{}`", self.name)
        });
        let copied = self.rate == 1.0 || self.name.starts_with("running_");
        let rate = self.rate;
        param.map(|target| {
            let recorded = target.is_autodiff();
            let new = match copied {
                true => online,
                false => target.inner().mul_scalar(1.0 - rate).add(online.mul_scalar(rate)),
            };
            if recorded { Tensor::from_inner(new) } else { new }
        })
    }
}
