//! Policies on their way into a file: the layers of their networks, and the arrays these name.

use memory::Normaliser;
use nets::{
    parameters::NamedArray,
    recipe::{Layer, Recipe},
};
use run::{ActionScale, Exported, Result, RunError};
use worlds::ActionSpace;

/// A policy of these layers; of `arrays` it keeps those that the layers name.
///
/// # Errors
/// The layers name an array that is not there.
pub fn exported(layers: Vec<Layer>, arrays: Vec<NamedArray>, note: &str) -> Result<Exported> {
    let recipe = Recipe::new(layers, note);
    let missing = |name| RunError::Task(format!("the policy has no array `{name}` to export"));
    let weights = recipe.select(arrays).map_err(missing)?;
    let recipe = serde_json::to_value(recipe).map_err(RunError::part)?;
    Ok(Exported { weights, recipe })
}

/// The layer that makes an action of the world from logits, values or a vector in [-1, 1].
pub fn to_world(space: &ActionSpace) -> Layer {
    match space {
        ActionSpace::Discrete { .. } => Layer::Argmax,
        ActionSpace::Box { .. } => {
            let scale = ActionScale::new(space);
            Layer::Affine { centre: scale.centre().to_vec(), half_width: scale.half_width().to_vec() }
        }
    }
}

/// The layer that normalises observations.
pub fn normalise(normaliser: &Normaliser) -> Layer {
    Layer::Normalise {
        mean: normaliser.mean().to_vec(),
        deviation: normaliser.deviation().collect(),
        clip: Some(normaliser.clip()).filter(|clip| clip.is_finite()),
    }
}
