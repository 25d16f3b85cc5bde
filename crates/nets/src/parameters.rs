//! Parameters as named arrays: what checkpoints and exports hold.

use crate::NetsError;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use std::collections::{BTreeMap, BTreeSet};
pub use worlds::NamedArray;

/// All floating-point parameters of `module` in the order of its fields, running statistics of
/// batch normalisation included, each named by `prefix` and its path.
pub fn export<M: Module>(module: &M, prefix: &str) -> Vec<NamedArray> {
    let mut exporter = Exporter { path: Path::new(prefix), arrays: Vec::new() };
    module.valid().visit(&mut exporter);
    exporter.arrays
}

/// `module` with the values of `arrays`, which may also hold arrays outside `prefix`. Identifiers,
/// device and whether a parameter is trained stay as they are. Running statistics are written in
/// place: clones of `module` that share them see the new values too.
///
/// # Errors
/// An array that is missing, has another shape, or lies under `prefix` and belongs to no parameter.
/// Nothing is changed then.
pub fn import<M: Module>(
    module: M,
    prefix: &str,
    arrays: &BTreeMap<String, NamedArray>,
) -> Result<M, NetsError> {
    let mut checker = Checker { path: Path::new(prefix), arrays, known: BTreeSet::new(), error: None };
    module.visit(&mut checker);
    if let Some(error) = checker.error {
        return Err(error);
    }
    let start = format!("{prefix}.");
    let inside = |name: &&String| prefix.is_empty() || name.starts_with(&start);
    let extra = arrays.keys().filter(inside).find(|name| !checker.known.contains(*name));
    if let Some(name) = extra {
        return Err(NetsError::ExtraArray { name: name.clone() });
    }
    Ok(module.map(&mut Importer { path: Path::new(prefix), arrays }))
}

/// Number of floating-point values in `module`, running statistics included.
pub fn count<M: Module>(module: &M) -> usize {
    module.num_params()
}

/// Names of the modules entered so far.
struct Path(Vec<String>);

impl Path {
    fn new(prefix: &str) -> Self {
        Self(if prefix.is_empty() { Vec::new() } else { vec![prefix.to_string()] })
    }

    fn name(&self) -> String {
        self.0.join(".")
    }
}

struct Exporter {
    path: Path,
    arrays: Vec<NamedArray>,
}

impl ModuleVisitor for Exporter {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.0.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.0.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        let values = tensor.into_data_as::<f32>().iter::<f32>().collect();
        self.arrays.push(NamedArray { name: self.path.name(), shape, values });
    }
}

struct Checker<'a> {
    path: Path,
    arrays: &'a BTreeMap<String, NamedArray>,
    known: BTreeSet<String>,
    error: Option<NetsError>,
}

impl ModuleVisitor for Checker<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.0.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.0.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (name, expected) = (self.path.name(), param.dims().to_vec());
        match self.arrays.get(&name) {
            None => {
                let missing = NetsError::MissingArray { name: name.clone(), shape: expected };
                self.error.get_or_insert(missing);
            }
            Some(array) if array.shape != expected => {
                let found = array.shape.clone();
                let wrong = NetsError::WrongShape { name: name.clone(), found, expected };
                self.error.get_or_insert(wrong);
            }
            Some(array) if array.values.len() != expected.iter().product::<usize>() => {
                let found = vec![array.values.len()];
                let wrong = NetsError::WrongShape { name: name.clone(), found, expected };
                self.error.get_or_insert(wrong);
            }
            Some(_) => {}
        }
        self.known.insert(name);
    }
}

struct Importer<'a> {
    path: Path,
    arrays: &'a BTreeMap<String, NamedArray>,
}

impl ModuleMapper for Importer<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.0.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.0.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(array) = self.arrays.get(&self.path.name()) else {
            return param;
        };
        let trained = param.is_require_grad();
        param.map(|old| {
            let data = TensorData::new(array.values.clone(), old.dims());
            let new = Tensor::from_data(data, &old.device());
            if trained { new.require_grad() } else { new }
        })
    }
}
