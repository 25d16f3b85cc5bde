//! Low-rank adapters (LoRA: Hu et al., 2022): the weights stay, and what is trained is added to them.

use burn::module::{Module, Param};
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::decoder::Decoder;
use super::map::LinearMap;
use super::projection::{Adapter, Projection};
use crate::NetsError;
use crate::init::{Init, linear_values, parameter};

/// Which linear maps get adapters of what size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoraConfig {
    /// Rank of the matrices that are added, at least 1.
    pub rank: usize,
    /// They are multiplied by alpha/rank; above 0.
    pub alpha: f64,
    /// The maps that get adapters, in every layer.
    pub maps: Vec<LinearMap>,
}

impl Default for LoraConfig {
    /// Rank 16 and alpha 32 on all seven maps.
    fn default() -> Self {
        Self { rank: 16, alpha: 32.0, maps: LinearMap::ALL.to_vec() }
    }
}

impl LoraConfig {
    /// Checks every range.
    ///
    /// # Errors
    /// [`NetsError::Setting`] names the first setting that is out of range.
    pub fn validate(&self) -> Result<(), NetsError> {
        let refuse = |name, value: String, need| Err(NetsError::Setting { name, value, need });
        if self.rank == 0 {
            return refuse("lora.rank", "0".to_owned(), "at least 1");
        }
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            return refuse("lora.alpha", self.alpha.to_string(), "above 0");
        }
        if self.maps.is_empty() {
            return refuse("lora.maps", "empty".to_owned(), "a list of at least one linear map");
        }
        Ok(())
    }
}

impl Decoder {
    /// The decoder with fresh adapters, which alone are trained from now on: it computes what it did,
    /// since one factor of each begins at zero; the other is uniform on ±1/sqrt(inputs). Adapters that
    /// it has already are merged into the weights first.
    ///
    /// # Errors
    /// As [`LoraConfig::validate`].
    pub fn with_lora(&self, lora: &LoraConfig, random: &mut ChaCha8Rng) -> Result<Self, NetsError> {
        lora.validate()?;
        let mut decoder = self.merged().no_grad();
        let (config, device) = (decoder.config().clone(), self.embedding().device());
        for layer in &mut decoder.layers {
            for map in LinearMap::ALL.into_iter().filter(|map| lora.maps.contains(map)) {
                let projection = map.of_mut(layer);
                let input = projection.weight.dims()[0];
                let columns = map.columns(&config);
                let (down, _) = linear_values(input, lora.rank, Init::FanIn, random);
                projection.adapters.push(Adapter {
                    down: parameter(down, [input, lora.rank], &device),
                    up: parameter(vec![0.0; lora.rank * columns.count], [lora.rank, columns.count], &device),
                    columns,
                    scale: lora.alpha / lora.rank as f64,
                });
            }
        }
        Ok(decoder)
    }

    /// Whether it has adapters.
    pub fn has_adapters(&self) -> bool {
        self.layers.iter().any(|layer| LinearMap::ALL.iter().any(|map| !map.of(layer).adapters.is_empty()))
    }

    /// The decoder with its adapters, if there are any, added to its weights, which are trained again
    /// where they can be: for export, and for generation, which is faster without adapters.
    pub fn merged(&self) -> Self {
        if !self.has_adapters() {
            return self.clone();
        }
        let device = self.embedding().device();
        let mut decoder = self.clone().set_require_grad(true);
        for layer in &mut decoder.layers {
            for projection in layer.projections_mut() {
                projection.merge(&device);
            }
        }
        decoder
    }
}

impl Projection {
    fn merge(&mut self, device: &Device) {
        if self.adapters.is_empty() {
            return;
        }
        let data = self.merged().without_autodiff().into_data();
        self.weight = Param::from_data(data, device);
        self.adapters.clear();
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Int, Tensor, TensorData};
    use rand::SeedableRng;

    use super::super::{LmConfig, Pass, Place};
    use super::*;
    use crate::{host, noise, parameters};

    fn logits(decoder: &Decoder) -> Tensor<3> {
        let device = decoder.embedding().device();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(vec![1_i64, 4, 2, 0], [1, 4]), &device);
        let output = decoder.forward(decoder.embed(ids), &Place::full(1, 4), Pass::default());
        output.expect("fits").logits.expect("asked for")
    }

    #[track_caller]
    fn close(found: &[f32], expected: &[f32]) {
        assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5));
    }

    fn config() -> LmConfig {
        LmConfig {
            width: 16,
            heads: 2,
            key_heads: 1,
            head_width: 8,
            hidden: 12,
            layers: 2,
            ..LmConfig::small(6)
        }
    }

    /// Sets every factor that begins at zero to noise.
    fn disturb(decoder: &mut Decoder, random: &mut ChaCha8Rng) {
        for layer in &mut decoder.layers {
            for projection in layer.projections_mut() {
                for adapter in &mut projection.adapters {
                    let device = adapter.up.device();
                    let values = noise::normal(adapter.up.dims(), &device.clone().without_autodiff(), random);
                    adapter.up = Param::from_data(values.into_data(), &device);
                }
            }
        }
    }

    #[test]
    fn adapters_begin_without_effect_and_merge_into_the_weights() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let device = Device::flex();
        let decoder = config().init(&device, &mut random).expect("valid");
        for maps in [LinearMap::ALL.to_vec(), vec![LinearMap::Key, LinearMap::Down], vec![LinearMap::Up]] {
            let lora = LoraConfig { rank: 3, alpha: 6.0, maps };
            let mut adapted = decoder.with_lora(&lora, &mut random).expect("valid");
            close(&host(logits(&adapted)), &host(logits(&decoder)));
            disturb(&mut adapted, &mut random);
            let (with, merged) = (host(logits(&adapted)), host(logits(&adapted.merged())));
            assert_ne!(with, host(logits(&decoder)));
            close(&with, &merged);
            assert!(!adapted.merged().has_adapters());
        }
    }

    #[test]
    fn only_adapters_get_gradients() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let decoder = config().init(&Device::flex(), &mut random).expect("valid");
        let lora = LoraConfig { rank: 2, alpha: 4.0, maps: vec![LinearMap::Query, LinearMap::Value] };
        let mut adapted = decoder.with_lora(&lora, &mut random).expect("valid").train();
        disturb(&mut adapted, &mut random);
        let gradients = logits(&adapted).square().sum().backward();
        for layer in &adapted.layers {
            for adapter in &layer.query_key_value.adapters {
                let gradient = adapter.down.val().grad(&gradients).expect("trained");
                assert!(host(gradient).iter().any(|value| *value != 0.0));
                assert!(adapter.up.val().grad(&gradients).is_some());
            }
            assert!(layer.query_key_value.weight.val().grad(&gradients).is_none());
            assert!(layer.attention_norm.gamma.val().grad(&gradients).is_none());
        }
        assert!(adapted.embedding().grad(&gradients).is_none());
        let merged = adapted.merged();
        let gradients = logits(&merged).square().sum().backward();
        assert!(merged.embedding().grad(&gradients).is_some());
        let names = |decoder: &Decoder| -> Vec<String> {
            parameters::export(decoder, "").into_iter().map(|array| array.name).collect()
        };
        assert_eq!(names(&merged), names(&decoder));
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let refused = |lora: LoraConfig| lora.validate().is_err();
        assert!(refused(LoraConfig { rank: 0, ..LoraConfig::default() }));
        assert!(refused(LoraConfig { alpha: 0.0, ..LoraConfig::default() }));
        assert!(refused(LoraConfig { maps: Vec::new(), ..LoraConfig::default() }));
    }
}
