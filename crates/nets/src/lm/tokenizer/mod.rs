//! Text to tokens and back.
//!
//! [`CharacterTokenizer`] serves models that are trained here, [`PublishedTokenizer`] those of
//! published folders (`tokenizer.json` and their chat templates).

mod character;
mod chat;
mod error;
mod folder;
mod json;
mod published;

pub use character::CharacterTokenizer;
pub use chat::{ChatOptions, ChatTemplate, Message};
pub use error::TokenizerError;
pub use published::PublishedTokenizer;

/// Turns texts into tokens and back.
pub trait Tokenizer: Send + Sync {
    /// The tokens of `text`; special tokens that it spells out are recognised, none are added.
    ///
    /// # Errors
    /// [`TokenizerError::Character`] or [`TokenizerError::Encode`] for a text that has no tokens.
    fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError>;

    /// The same between the special tokens that the model expects around a text, such as one at its
    /// beginning. A text that comes from a chat template has them already.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    fn encode_whole(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.encode(text)
    }

    /// The text of `ids`, special tokens spelled out.
    ///
    /// # Errors
    /// [`TokenizerError::Id`] for a token that does not exist.
    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError>;

    /// One more than the largest token.
    fn vocabulary(&self) -> usize;

    /// The token that ends a text, where there is one.
    fn end(&self) -> Option<u32>;

    /// All tokens that end a text; published models may have several.
    fn ends(&self) -> Vec<u32> {
        self.end().into_iter().collect()
    }

    /// The token that is exactly `text`.
    fn token(&self, text: &str) -> Option<u32>;

    /// How the token is written in the vocabulary.
    fn name(&self, id: u32) -> Option<String>;

    /// Whether the token stands for no text.
    fn is_special(&self, id: u32) -> bool;

    /// Whether [`Tokenizer::chat`] has a template.
    fn has_chat(&self) -> bool {
        false
    }

    /// A conversation as the text that the model expects.
    ///
    /// # Errors
    /// [`TokenizerError::NoTemplate`] where there is none, [`TokenizerError::Template`] if it refuses
    /// the messages or is broken.
    fn chat(&self, _messages: &[Message], _options: &ChatOptions) -> Result<String, TokenizerError> {
        Err(TokenizerError::NoTemplate)
    }

    /// The text of `ids` without special tokens, for people.
    ///
    /// # Errors
    /// As [`Tokenizer::decode`].
    fn shown(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let ids: Vec<u32> = ids.iter().copied().filter(|id| !self.is_special(*id)).collect();
        self.decode(&ids)
    }
}

#[cfg(test)]
mod tests;
