//! What can go wrong when networks are built or loaded.

use std::path::PathBuf;

use thiserror::Error;

/// A network could not be built or loaded.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum NetsError {
    /// A setting is out of range.
    #[error("{0}")]
    Refused(#[from] settings::Refusal),
    /// A parameter has no stored array.
    #[error(
        "the stored weights lack the array `{name}` of shape {shape:?}: they were written by a different \
         network; load them with the configuration they were trained with"
    )]
    MissingArray {
        /// Full name of the parameter.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A stored array belongs to no parameter.
    #[error(
        "the stored weights hold the array `{name}`, which this network does not have: load them with \
         the configuration they were trained with"
    )]
    ExtraArray {
        /// Full name of the array.
        name: String,
    },
    /// A stored array has another shape than the parameter of that name.
    #[error(
        "the stored array `{name}` has shape {found:?} where the network needs {expected:?}: load it with \
         the configuration it was trained with"
    )]
    WrongShape {
        /// Full name of the parameter.
        name: String,
        /// Shape (or number of values, where those disagree with the stored shape) found.
        found: Vec<usize>,
        /// Shape of the parameter.
        expected: Vec<usize>,
    },
    /// The encoder does not read this kind of observation.
    #[error("the encoder `{encoder}` reads {reads}, but the world gives {given}: choose {choose}")]
    Layout {
        /// Name of the encoder.
        encoder: &'static str,
        /// What it reads.
        reads: &'static str,
        /// What the world gives, with its size.
        given: String,
        /// Encoders that would fit.
        choose: &'static str,
    },
    /// The image is too small for the encoder's convolutions.
    #[error(
        "the encoder `{encoder}` needs images of at least {least}x{least} pixels, but the world gives \
         {height}x{width}: render larger images or choose `planes`"
    )]
    ImageTooSmall {
        /// Name of the encoder.
        encoder: &'static str,
        /// Smallest side it can read.
        least: usize,
        /// Rows of the world's image.
        height: usize,
        /// Columns of the world's image.
        width: usize,
    },
    /// A prompt without tokens.
    #[error("prompt {row} is empty: a model needs at least one token to go on from")]
    EmptyPrompt {
        /// Its place in the batch, from 0.
        row: usize,
    },
    /// A token that the model does not know.
    #[error(
        "{place} has the token {id}, but the model knows {vocabulary}: use the tokenizer it was trained with"
    )]
    UnknownToken {
        /// Where it stands.
        place: String,
        /// The token.
        id: u32,
        /// Number of tokens of the model.
        vocabulary: usize,
    },
    /// Logits that nothing can be drawn from.
    #[error("the logits are {what}: the model or what edits its logits is broken")]
    Logits {
        /// What is wrong with them.
        what: &'static str,
    },
    /// A setting lies outside what it may be.
    #[error("`{name}` is {value}, but it must be {need}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        need: &'static str,
    },
    /// A sequence does not fit into a language model's context.
    #[error(
        "the sequence reaches {length} tokens, but this model's context holds {context}: shorten the prompt \
         or generate fewer tokens"
    )]
    TooLong {
        /// Tokens of the longest sequence, those in the cache included.
        length: usize,
        /// What fits.
        context: usize,
    },
    /// Keys and values of other weights.
    #[error(
        "the cache was filled under other weights than those of this call: start with an empty cache after \
         every change of the model"
    )]
    StaleCache,
    /// Sequences and what describes them disagree in shape.
    #[error("{what} has shape {found:?} where {expected:?} is needed: describe the sequences that are given")]
    Sequences {
        /// What has another shape.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it needs.
        expected: Vec<usize>,
    },
    /// A folder with a language model cannot be read or written.
    #[error("{}: {problem}", path.display())]
    Checkpoint {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
}
