use crate::support::{check_input, check_parameters, named, seeded, training, values};
use burn::tensor::{Device, Tensor};
use nets::encoder::{Encoder, EncoderConfig, LatentShape};
use nets::parameters::{export, import};
use nets::{NetsError, Observed, noise};
use serde_json::{Value, from_value, json};
use worlds::Layout;

fn config(value: Value) -> EncoderConfig {
    from_value(value).unwrap()
}

fn image(side: usize, channels: usize) -> Layout {
    Layout::Image { height: side, width: side, channels, frames: 1, scale: 1.0 }
}

fn build(value: Value, layout: &Layout) -> Result<Encoder, NetsError> {
    Encoder::new(&config(value), layout, &training(), &mut seeded(1))
}

fn observed(layout: &Layout, rows: usize, device: &Device) -> Observed {
    let mut random = seeded(2);
    match *layout {
        Layout::Vector { size } => Observed::Flat(noise::normal([rows, size], device, &mut random)),
        Layout::Image { height, width, channels, .. } => {
            let shape = [rows, channels, height, width];
            Observed::Image(noise::uniform(shape, device, &mut random))
        }
    }
}

#[test]
fn latents_have_the_shape_that_the_encoder_states() {
    let map = |channels, height, width| LatentShape::Map { channels, height, width };
    let vector = Layout::Vector { size: 5 };
    let mlp = json!({"kind": "mlp", "hidden": [8], "output": 3, "activation": "elu",
        "init": {"kind": "orthogonal", "gain": 1.0}});
    let flattening = json!({"kind": "mlp", "hidden": [], "output": 3, "flatten": true});
    let cases = [
        (json!({"kind": "identity"}), vector.clone(), LatentShape::Flat(5)),
        (json!({"kind": "identity"}), image(4, 2), map(2, 4, 4)),
        (mlp, vector, LatentShape::Flat(3)),
        (flattening, image(4, 2), LatentShape::Flat(3)),
        (json!({"kind": "planes", "channels": [16, 8]}), image(10, 4), map(8, 6, 6)),
        (json!({"kind": "nature"}), image(84, 4), map(64, 7, 7)),
        (json!({"kind": "drq"}), image(84, 3), map(32, 35, 35)),
        (json!({"kind": "dreamer", "depth": 4}), image(64, 3), map(32, 2, 2)),
        (json!({"kind": "impala", "width": 1}), image(20, 3), map(32, 3, 3)),
        (json!({"kind": "impala", "width": 1}), image(64, 3), map(32, 8, 8)),
    ];
    for (value, layout, latent) in cases {
        let encoder = build(value.clone(), &layout).unwrap();
        let output = encoder.forward(&observed(&layout, 2, &training()));
        assert_eq!(encoder.latent(), latent, "{value}");
        assert_eq!(output.dims(), [2, latent.size()], "{value}");
        assert!(values(&output).iter().all(|value| value.is_finite()));
    }
}

#[test]
fn an_image_given_flat_is_read_as_the_same_image() {
    let layout = image(10, 4);
    let encoder = build(json!({"kind": "planes", "channels": [4]}), &layout).unwrap();
    let Observed::Image(pixels) = observed(&layout, 2, &training()) else { unreachable!() };
    let flat = Observed::Flat(pixels.clone().flatten(1, 3));
    assert_eq!(values(&encoder.forward(&flat)), values(&encoder.forward(&Observed::Image(pixels))));
}

#[test]
fn residual_blocks_pass_their_input_on() {
    let layout = image(8, 1);
    let encoder = build(json!({"kind": "impala", "width": 1}), &layout).unwrap();
    let mut arrays = named(export(&encoder, ""));
    for array in arrays.values_mut().filter(|array| array.name.contains(".blocks.")) {
        array.values.fill(0.0);
    }
    let encoder = import(encoder, "", &arrays).unwrap();
    let latents = values(&encoder.forward(&observed(&layout, 2, &training())));
    assert_ne!(latents[..32], latents[32..]);
}

#[test]
fn layouts_that_do_not_fit_are_refused_in_a_sentence() {
    let error = build(json!({"kind": "nature"}), &Layout::Vector { size: 6 }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the encoder `nature` reads images, but the world gives vectors of 6 numbers: choose `mlp` or \
         `identity`"
    );
    let mlp = json!({"kind": "mlp", "hidden": [8], "output": 3});
    let error = build(mlp, &image(10, 4)).unwrap_err();
    assert!(error.to_string().contains("flatten = true"), "{error}");
    let nature = json!({"kind": "nature"});
    let error = build(nature.clone(), &image(35, 4)).unwrap_err();
    assert!(matches!(error, NetsError::ImageTooSmall { least: 36, .. }), "{error}");
    assert!(build(nature, &image(36, 4)).is_ok());
    let planes = |channels: Value| build(json!({"kind": "planes", "channels": channels}), &image(10, 4));
    assert!(matches!(planes(json!([])), Err(NetsError::Refused(_))));
    assert!(matches!(planes(json!([4, 0])), Err(NetsError::Refused(_))));
    assert!(from_value::<EncoderConfig>(json!({"kind": "planes", "channel": [4]})).is_err());
}

#[test]
fn gradients_of_encoders_match_finite_differences() {
    let cases = [
        (json!({"kind": "planes", "channels": [3, 2]}), image(6, 2)),
        (json!({"kind": "impala", "width": 1}), image(5, 1)),
    ];
    for (value, layout) in cases {
        let encoder = build(value, &layout).unwrap();
        let seen = observed(&layout, 2, &training());
        check_parameters(&encoder, 3e-2, |encoder| encoder.forward(&seen).square().mean());
        let Observed::Image(pixels) = seen else { unreachable!() };
        check_input(pixels, 3e-2, |pixels: Tensor<4>| {
            encoder.forward(&Observed::Image(pixels)).square().mean()
        });
    }
}
