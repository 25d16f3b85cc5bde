//! `latentrl export`.

use std::path::{Path, PathBuf};

use run::{NamedArray, folder::write_whole};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    output::{count, print},
    stored::Stored,
};

const EXAMPLES: &str = "\
Examples:
  latentrl export runs/ppo-cartpole-s0-20260131-120000 --out policy.safetensors

Beside the weights stands policy.json, which says all that is needed to act without this program.
`observation` and `action` describe what goes in and comes out, `arrays` the names and shapes in the
file of weights. `recipe.layers` lists the computation for one observation in order: how the input
is scaled, every layer with the arrays it reads, and how the last numbers become an action;
`recipe.meaning` gives the formula of each kind of layer in it. The action is the greedy one; what
only training needs, such as critics, is left out.

A language model becomes a folder in the form in which such models are published:
  latentrl export runs/grpo-arith-s0-20260131-120000 --out model";

/// Write a policy's weights and how to feed them
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The run's folder
    run: PathBuf,
    /// File of the weights; for a language model, the folder
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

/// Writes the weights and the JSON beside them.
pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let (weights, recipe) = (&arguments.out, arguments.out.with_extension("json"));
    if *weights == recipe {
        return Err(Failure::usage(
            "--out names the weights, as in policy.safetensors; the .json goes beside them",
        ));
    }
    if let Some(path) = [weights, &recipe].into_iter().find(|path| path.exists() && !arguments.force) {
        return Err(Failure::usage(format!(
            "`{}` exists already: choose another --out or add --force",
            path.display()
        )));
    }
    let stored = Stored::load(&arguments.run)?;
    if stored.method.publish(&arguments.out).map_err(Failure::failed)? {
        return print(&format!(
            "{}: a folder that Hugging Face transformers reads, and --model and `latentrl lm` too",
            arguments.out.display()
        ));
    }
    let spec = stored.world(stored.settings.task.world.as_deref())?.spec;
    let exported = stored.policy()?.export()?;
    let document = json!({
        "format": 1,
        "program": run::PROGRAM,
        "method": stored.settings.method,
        "world": spec.name,
        "step": stored.step,
        "weights": file_name(weights),
        "arrays": exported.weights.iter().map(shape).collect::<Value>(),
        "observation": spec.fields[0],
        "action": spec.action,
        "recipe": exported.recipe,
    });
    let text = serde_json::to_string_pretty(&document).map_err(Failure::failed)?;
    write_whole(weights, &encode(&exported.weights)?)?;
    write_whole(&recipe, text.as_bytes())?;
    let numbers: usize = exported.weights.iter().map(|array| array.values.len()).sum();
    print(&format!(
        "{}: {} arrays, {} numbers\n{}: how to feed them",
        weights.display(),
        exported.weights.len(),
        count(numbers as u64),
        recipe.display()
    ))
}

fn shape(array: &NamedArray) -> Value {
    json!({"name": array.name, "shape": array.shape})
}

fn file_name(path: &Path) -> Option<String> {
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

fn encode(weights: &[NamedArray]) -> Result<Vec<u8>, Failure> {
    let bytes: Vec<Vec<u8>> = weights
        .iter()
        .map(|array| array.values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let mut views = Vec::new();
    for (array, bytes) in weights.iter().zip(&bytes) {
        let view = TensorView::new(Dtype::F32, array.shape.clone(), bytes).map_err(Failure::failed)?;
        views.push((array.name.clone(), view));
    }
    safetensors::serialize(views, None).map_err(Failure::failed)
}
