//! Recipes: which arrays they name, and that their JSON reads back.

use crate::support::{seeded, training};
use nets::heads::{QHead, QHeadConfig};
use nets::mlp::Activation;
use nets::parameters::export;
use nets::recipe::{Layer, Recipe};

fn head() -> QHead {
    let config = QHeadConfig { latent: 3, hidden: 4, actions: 2, atoms: 5, dueling: true, noisy: Some(0.5) };
    QHead::new(&config, &training(), &mut seeded(1))
}

#[test]
fn a_recipe_keeps_the_arrays_it_names_and_misses_the_others() {
    let head = head();
    let recipe = Recipe::new(head.layers("head"), "");
    let arrays = recipe.select(export(&head, "head")).unwrap();
    let shapes: Vec<&[usize]> = arrays.iter().map(|array| array.shape.as_slice()).collect();
    // Four layers of mean weights [in, out] and biases [out]; the scales of the noise are left out.
    let expected: [&[usize]; 8] = [&[3, 4], &[4], &[4, 5], &[5], &[3, 4], &[4], &[4, 10], &[10]];
    assert_eq!(shapes, expected);
    let missing = recipe.select(arrays[1..].to_vec()).unwrap_err();
    assert_eq!(missing, arrays[0].name);
}

#[test]
fn a_recipe_explains_every_kind_in_it_and_reads_back() {
    let recipe = Recipe::new(head().layers("head"), "a note");
    let kinds: Vec<&str> = recipe.meaning.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["activation relu", "dueling", "linear"]);
    let text = serde_json::to_string(&recipe).unwrap();
    assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), recipe);
}

#[test]
fn names_are_those_of_the_json() {
    use Activation::{Elu, Gelu, LeakyRelu, Mish, Relu, Silu, Tanh};
    for name in [Relu, Elu, Silu, Gelu, Mish, Tanh, LeakyRelu] {
        assert_eq!(serde_json::to_value(name).unwrap(), name.name());
    }
    let arrays = || ("w".to_string(), "b".to_string());
    let ((weight, bias), (gain, offset)) = (arrays(), arrays());
    let layers = [
        Layer::Normalise { mean: vec![], deviation: vec![], clip: None },
        Layer::Planes { height: 1, width: 1, channels: 1, scale: 1.0 },
        Layer::Shift { by: -0.5 },
        Layer::Linear { weight: weight.clone(), bias: bias.clone() },
        Layer::LayerNorm { gain, offset, epsilon: 1e-5 },
        Layer::Convolution { weight, bias, stride: [1; 2], padding: [0; 2] },
        Layer::MaxPool { size: 3, stride: 2, padding: 1 },
        Layer::Residual { layers: vec![] },
        Layer::Flatten,
        Layer::Renormalise { epsilon: 1e-5 },
        Layer::Dueling { value: vec![], advantage: vec![], actions: 2, atoms: 1 },
        Layer::Expectation { support: vec![] },
        Layer::First { count: 1 },
        Layer::Affine { centre: vec![], half_width: vec![] },
        Layer::Argmax,
    ];
    for layer in layers {
        assert_eq!(serde_json::to_value(&layer).unwrap()["kind"], layer.meaning().0);
    }
}
