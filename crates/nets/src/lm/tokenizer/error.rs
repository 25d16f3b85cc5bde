//! What can go wrong between texts and tokens.

use thiserror::Error;

/// A tokenizer could not be read or used.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum TokenizerError {
    /// A file is missing or cannot be read.
    #[error(
        "cannot read `{path}`: {reason}; a model's folder needs the tokenizer.json that was published with it"
    )]
    Read {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A file is not what it should be.
    #[error("`{path}` is broken: {reason}; fetch it again from where the model was published")]
    Broken {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// An alphabet does not serve.
    #[error("the alphabet has {problem}: every token needs a text of its own")]
    Alphabet {
        /// What is wrong.
        problem: String,
    },
    /// A character that is not in the alphabet.
    #[error(
        "the tokenizer does not know the character {character:?} at place {place}: its alphabet is `{alphabet}`"
    )]
    Character {
        /// The character.
        character: char,
        /// Its place in the text, counted in characters from 0.
        place: usize,
        /// The characters that are known.
        alphabet: String,
    },
    /// A text that a published tokenizer refuses.
    #[error("the tokenizer refuses the text: {reason}")]
    Encode {
        /// Why.
        reason: String,
    },
    /// A token that does not exist.
    #[error("there is no token {id}: the tokenizer has {vocabulary}")]
    Id {
        /// The token.
        id: u32,
        /// One more than the largest.
        vocabulary: usize,
    },
    /// A conversation without a template.
    #[error("the tokenizer has no chat template: give the prompt as the model expects it")]
    NoTemplate,
    /// A template that fails.
    #[error("the chat template fails: {reason}")]
    Template {
        /// Why.
        reason: String,
    },
}
