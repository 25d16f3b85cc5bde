//! Tokenizers of published models.

use std::fs;
use std::path::Path;

use super::folder::Beside;
use super::{ChatOptions, ChatTemplate, Message, Tokenizer, TokenizerError};

/// The tokenizer of a folder as Hugging Face transformers writes it.
#[derive(Clone, Debug)]
pub struct PublishedTokenizer {
    inner: tokenizers::Tokenizer,
    template: Option<ChatTemplate>,
    ends: Vec<u32>,
    vocabulary: usize,
}

impl PublishedTokenizer {
    /// Reads `tokenizer.json` in `folder` and what stands beside it: the chat template, and the tokens
    /// that end a text.
    ///
    /// # Errors
    /// [`TokenizerError::Read`], [`TokenizerError::Broken`], or [`TokenizerError::Template`] for a
    /// template that cannot be parsed.
    pub fn load(folder: &Path) -> Result<Self, TokenizerError> {
        let file = folder.join("tokenizer.json");
        let path = file.display().to_string();
        let bytes = fs::read(&file)
            .map_err(|error| TokenizerError::Read { path: path.clone(), reason: error.to_string() })?;
        let inner = tokenizers::Tokenizer::from_bytes(&bytes)
            .map_err(|error| TokenizerError::Broken { path, reason: error.to_string() })?;
        Self::of(inner, Beside::read(folder)?)
    }

    fn of(inner: tokenizers::Tokenizer, beside: Beside) -> Result<Self, TokenizerError> {
        let vocabulary = inner.get_vocab(true).values().max().map_or(0, |id| *id as usize + 1);
        let end = beside.special.get("eos_token").and_then(|text| inner.token_to_id(text.as_str()?));
        // What the model's configuration says comes with the model, but not with every tokenizer.
        let mut ends: Vec<u32> = end.into_iter().collect();
        ends.extend(beside.ends.into_iter().filter(|id| Some(*id) != end && (*id as usize) < vocabulary));
        let template =
            beside.template.map(|source| ChatTemplate::new(&source, beside.special)).transpose()?;
        Ok(Self { inner, template, ends, vocabulary })
    }

    fn tokens(&self, text: &str, whole: bool) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self.inner.encode_fast(text, whole);
        let encoding = encoding.map_err(|error| TokenizerError::Encode { reason: error.to_string() })?;
        Ok(encoding.get_ids().to_vec())
    }
}

impl Tokenizer for PublishedTokenizer {
    fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.tokens(text, false)
    }

    fn encode_whole(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.tokens(text, true)
    }

    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        if let Some(id) = ids.iter().find(|id| self.name(**id).is_none()) {
            return Err(TokenizerError::Id { id: *id, vocabulary: self.vocabulary });
        }
        self.inner.decode(ids, false).map_err(|error| TokenizerError::Encode { reason: error.to_string() })
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn end(&self) -> Option<u32> {
        self.ends.first().copied()
    }

    fn ends(&self) -> Vec<u32> {
        self.ends.clone()
    }

    fn token(&self, text: &str) -> Option<u32> {
        self.inner.token_to_id(text)
    }

    fn name(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    fn is_special(&self, id: u32) -> bool {
        let name = self.name(id);
        self.ends.contains(&id)
            || name.is_some_and(|name| self.inner.get_added_vocabulary().is_special_token(&name))
    }

    fn has_chat(&self) -> bool {
        self.template.is_some()
    }

    fn chat(&self, messages: &[Message], options: &ChatOptions) -> Result<String, TokenizerError> {
        self.template.as_ref().ok_or(TokenizerError::NoTemplate)?.apply(messages, options)
    }
}
