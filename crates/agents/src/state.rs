//! Trained parts on their way into and out of a snapshot.

use std::collections::BTreeMap;

use burn::module::Module;
use learn::optim::Trainable;
use nets::parameters;
use run::{NamedArray, Result, RunError, Snapshot};

/// Arrays of a snapshot by name.
pub type Arrays = BTreeMap<String, NamedArray>;

/// Writes trained parts with their optimisers under their prefixes.
pub fn save_trained(snapshot: &mut Snapshot, parts: &[(&str, &dyn Trainable)]) {
    let mut out = Vec::new();
    for (prefix, part) in parts {
        part.save(prefix, &mut out);
    }
    snapshot.put_arrays(out);
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
    snapshot.put_arrays(parameters::export(module, prefix));
}

/// Takes a module without an optimiser back.
///
/// # Errors
/// An array is missing or of another shape.
pub fn load_module<M: Module>(arrays: &Arrays, prefix: &str, module: M) -> Result<M> {
    parameters::import(module, prefix, arrays).map_err(RunError::part)
}
