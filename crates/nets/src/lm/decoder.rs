//! The decoder.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor};
use rand_chacha::ChaCha8Rng;

use super::cache::Cache;
use super::config::LmConfig;
use super::host::{self, Seating, Shape};
use super::layer::{Layer, Surroundings, is_trained};
use super::place::{Place, Seats};
use super::version::Version;
use crate::NetsError;
use crate::init::{Init, linear_values, parameter};
use crate::kernel;
use crate::norm::RmsNorm;
use crate::position::Rotary;

/// A decoder of the Llama family.
#[derive(Module, Debug)]
pub struct Decoder {
    /// `[V, d]`.
    pub(super) embedding: Param<Tensor<2>>,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: RmsNorm,
    /// `[d, V]`, where the embedding does not serve.
    pub(super) head: Option<Param<Tensor<2>>>,
    version: Version,
    #[module(skip)]
    config: LmConfig,
}

/// Of which slots logits are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogitsOf {
    /// Of every slot.
    #[default]
    All,
    /// Of the last slot alone.
    Last,
    /// Of none.
    None,
}

/// How a pass goes; by default without cache and dropout, for the logits alone.
#[derive(Debug, Default)]
pub struct Pass<'a> {
    /// What was seen before; the pass appends to it.
    pub cache: Option<&'a mut Cache>,
    /// Whether the states of every layer are kept.
    pub hidden: bool,
    /// Of which slots logits are computed.
    pub logits: LogitsOf,
    /// Draws dropout masks at the rate of [`LmConfig::dropout`], in training or not; none without.
    pub dropout: Option<&'a mut ChaCha8Rng>,
}

/// What a pass gives.
#[derive(Clone, Debug)]
pub struct Output {
    /// `[B, T, V]`, or `[B, 1, V]` for [`LogitsOf::Last`].
    pub logits: Option<Tensor<3>>,
    /// States behind the final normalisation, `[B, T, d]`.
    pub last: Tensor<3>,
    /// Where [`Pass::hidden`] asks for it: the input, then the states behind each layer but the last,
    /// then [`Output::last`], which are the `hidden_states` of transformers. Otherwise empty.
    pub hidden: Vec<Tensor<3>>,
}

impl Decoder {
    /// Draws the weights of a valid configuration, or leaves them zero where they are about to be read.
    pub(super) fn new(config: LmConfig, drawn: bool, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let (vocabulary, width) = (config.vocabulary, config.width);
        let init = if drawn { Init::Normal { std: 0.02 } } else { Init::Zero };
        let mut table =
            |shape: [usize; 2]| parameter(linear_values(shape[0], shape[1], init, random).0, shape, device);
        let embedding = table([vocabulary, width]);
        let head = (!config.tied).then(|| table([width, vocabulary]));
        let layers = (0..config.layers).map(|_| Layer::new(&config, drawn, device, random)).collect();
        let norm = RmsNorm::with_epsilon(width, config.norm_epsilon, device);
        Self { embedding, layers, norm, head, version: Version::new(), config }
    }

    /// Its shape.
    pub fn config(&self) -> &LmConfig {
        &self.config
    }

    /// Which weights these are.
    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    /// The vectors of all tokens, `[V, d]`.
    pub fn embedding(&self) -> Tensor<2> {
        self.embedding.val()
    }

    /// The vectors `[B, T, d]` of `ids [B, T]`, each below the vocabulary.
    pub fn embed(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [rows, length] = ids.dims();
        let width = self.config.width;
        self.embedding.val().select(0, ids.reshape([rows * length])).reshape([rows, length, width])
    }

    /// All slots of `input [B, T, d]` in one pass. Gradients reach the input, the parameters, and
    /// through the cache what filled it, unless it was detached.
    ///
    /// # Errors
    /// [`NetsError::Sequences`] if `place` or the cache describe other sequences than `input`,
    /// [`NetsError::TooLong`] beyond the context, [`NetsError::StaleCache`] if the weights have changed
    /// since the cache was made. The cache is unchanged then.
    pub fn forward(&self, input: Tensor<3>, place: &Place, pass: Pass<'_>) -> Result<Output, NetsError> {
        let [rows, length, width] = input.dims();
        if rows == 0 || length == 0 || width != self.config.width {
            let (found, expected) = (vec![rows, length, width], vec![1, 1, self.config.width]);
            return Err(NetsError::Sequences { what: "the input", found, expected });
        }
        let Pass { mut cache, hidden: keep, logits, dropout } = pass;
        if let Some(cache) = &cache {
            cache.check(rows, &self.version)?;
        }
        let cached = cache.as_ref().map_or(&[][..], |cache| cache.present());
        let seats = place.seats([rows, length], cached)?;
        self.check_context(&seats.positions)?;
        let (last, hidden) = self.run(input, &seats, cache.as_deref_mut(), dropout, keep);
        if let Some(cache) = cache {
            cache.occupy(&seats.present);
        }
        let logits = match logits {
            LogitsOf::All => Some(self.head(last.clone())),
            LogitsOf::Last => Some(self.head(last.clone().narrow(1, length - 1, 1))),
            LogitsOf::None => None,
        };
        Ok(Output { logits, last, hidden })
    }

    /// What comes out of all layers and the final normalisation, and the hidden states if wanted.
    fn run(
        &self,
        input: Tensor<3>,
        seats: &Seats,
        cache: Option<&mut Cache>,
        dropout: Option<&mut ChaCha8Rng>,
        keep: bool,
    ) -> (Tensor<3>, Vec<Tensor<3>>) {
        let [rows, length, _] = input.dims();
        let dropout = dropout.filter(|_| self.config.dropout > 0.0);
        let by_loops = dropout.is_none() && !self.has_adapters() && kernel::holds(&input);
        let seating = match by_loops {
            true => Seating::of(seats, rows, &self.config.frequencies()),
            false => None,
        };
        let remembered = cache.as_ref().is_some_and(|cache| cache.is_tracked());
        let tracked = input.is_tracked() || remembered || is_trained(&self.layers) || is_trained(&self.norm);
        let mut cache = cache;
        if let Some(seating) = &seating
            && !tracked
            && let Some((last, mut hidden)) = host::infer(self, &input, seating, cache.as_deref_mut(), keep)
        {
            if keep {
                hidden.push(last.clone());
            }
            return (last, hidden);
        }
        let seating = seating.filter(|_| cache.is_none()).map(Arc::new);
        let (shape, device) = (Shape::of(&self.config), input.device());
        let mut dropout = dropout;
        let mut around = None;
        let mut hidden = Vec::new();
        let mut state = input;
        for (index, layer) in self.layers.iter().enumerate() {
            if keep {
                hidden.push(state.clone());
            }
            let fast =
                seating.as_ref().and_then(|seating| host::forward(layer, shape, state.clone(), seating));
            state = match fast {
                Some(state) => state,
                None => {
                    let around = around.get_or_insert_with(|| Surroundings {
                        rotary: Rotary::of(&seats.positions, rows, &self.config.frequencies(), &device),
                        mask: seats.mask.mask(length, &device.clone().without_autodiff()),
                        cache: cache.take(),
                        dropout: dropout.take(),
                    });
                    layer.forward(state, index, around)
                }
            };
        }
        let last = self.norm.forward(state);
        if keep {
            hidden.push(last.clone());
        }
        (last, hidden)
    }

    /// Logits `[B, T, V]` of states behind the final normalisation.
    pub fn head(&self, last: Tensor<3>) -> Tensor<3> {
        let [rows, length, width] = last.dims();
        let weight = match &self.head {
            Some(head) => head.val(),
            None => self.embedding.val().transpose(),
        };
        last.reshape([rows * length, width]).matmul(weight).reshape([rows, length, self.config.vocabulary])
    }

    /// Checks that a tokenizer with `tokens` tokens, the special ones included, can be used.
    ///
    /// # Errors
    /// [`NetsError::Setting`] if some tokens have no embedding.
    pub fn check_tokens(&self, tokens: usize) -> Result<(), NetsError> {
        if tokens <= self.config.vocabulary {
            return Ok(());
        }
        let need =
            "at most the number of rows of the model's embedding: use the tokenizer it was trained with";
        Err(NetsError::Setting { name: "tokenizer vocabulary", value: tokens.to_string(), need })
    }

    fn check_context(&self, positions: &[i64]) -> Result<(), NetsError> {
        let length = positions.iter().max().map_or(0, |last| *last as usize + 1);
        let context = self.config.context;
        if length > context { Err(NetsError::TooLong { length, context }) } else { Ok(()) }
    }
}
