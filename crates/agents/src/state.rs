//! Trained parts on their way into and out of a snapshot.

use std::collections::BTreeMap;

use burn::module::Module;
use learn::optim::Trainable;
use nets::parameters::{self, NamedArray};
use run::{Result, RunError, Snapshot};

/// Arrays of a snapshot by name, as the libraries read them.
pub type Arrays = BTreeMap<String, NamedArray>;

/// All arrays of a snapshot.
pub fn arrays(snapshot: &Snapshot) -> Arrays {
    let convert = |array: &run::NamedArray| NamedArray {
        name: array.name.clone(),
        shape: array.shape.clone(),
        values: array.values.clone(),
    };
    snapshot.arrays().iter().map(|(name, array)| (name.clone(), convert(array))).collect()
}

/// Arrays as the run's files hold them.
pub fn portable(arrays: Vec<NamedArray>) -> Vec<run::NamedArray> {
    let convert =
        |array: NamedArray| run::NamedArray { name: array.name, shape: array.shape, values: array.values };
    arrays.into_iter().map(convert).collect()
}

/// Writes trained parts with their optimisers under their prefixes.
pub fn save_trained(snapshot: &mut Snapshot, parts: &[(&str, &dyn Trainable)]) {
    let mut out = Vec::new();
    for (prefix, part) in parts {
        part.save(prefix, &mut out);
    }
    snapshot.put_arrays(portable(out));
}

/// Takes trained parts back.
///
/// # Errors
/// An array is missing or of another shape.
pub fn load_trained(arrays: &Arrays, parts: &mut [(&str, &mut dyn Trainable)]) -> Result<()> {
    for (prefix, part) in parts {
        part.load(prefix, arrays).map_err(RunError::part)?;
    }
    Ok(())
}

/// Writes a module without an optimiser, such as a target network.
pub fn save_module<M: Module>(snapshot: &mut Snapshot, prefix: &str, module: &M) {
    snapshot.put_arrays(portable(parameters::export(module, prefix)));
}

/// Takes a module without an optimiser back.
///
/// # Errors
/// An array is missing or of another shape.
pub fn load_module<M: Module>(arrays: &Arrays, prefix: &str, module: M) -> Result<M> {
    parameters::import(module, prefix, arrays).map_err(RunError::part)
}
