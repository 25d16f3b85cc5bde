//! Problems as the tokens of a model, and its tokens as text.

use std::{collections::BTreeSet, sync::Arc};

use nets::lm::tokenizer::{CharacterTokenizer, Tokenizer};
use run::{Problems, Result, RunError};
use worlds::text::{Problem, TextWorld};

/// A tokenizer and the token that ends an answer. In text that token is the world's end sign, whatever
/// the tokenizer calls it.
#[derive(Clone)]
pub struct Codec {
    tokenizer: Arc<dyn Tokenizer>,
    end: u32,
    sign: String,
    characters: bool,
}

impl Codec {
    /// A token for every character of the problems' alphabets together.
    ///
    /// # Errors
    /// Two alphabets have different end signs.
    pub fn characters(sources: &[&Problems]) -> Result<Self> {
        let mut alphabet = String::new();
        let mut seen = BTreeSet::new();
        for character in sources.iter().flat_map(|source| source.world.alphabet().chars()) {
            if seen.insert(character) {
                alphabet.push(character);
            }
        }
        let sign = sources.first().map_or("", |source| source.world.end());
        if let Some(other) = sources.iter().find(|source| source.world.end() != sign) {
            return Err(RunError::Task(format!(
                "answers of `{}` end with {sign:?}, those of `{}` with {:?}: they cannot share a model",
                sources[0].name,
                other.name,
                other.world.end()
            )));
        }
        let end = sign.chars().next().unwrap_or('$');
        let tokenizer = CharacterTokenizer::new(&alphabet, end).map_err(RunError::part)?;
        Self::new(Arc::new(tokenizer), &*sources[0].world, true)
    }

    /// The tokenizer of a published model.
    ///
    /// # Errors
    /// It has no token that ends a text.
    pub fn published(tokenizer: Arc<dyn Tokenizer>, problems: &Problems) -> Result<Self> {
        Self::new(tokenizer, &*problems.world, false)
    }

    fn new(tokenizer: Arc<dyn Tokenizer>, world: &dyn TextWorld, characters: bool) -> Result<Self> {
        let end = tokenizer.end().ok_or_else(|| {
            RunError::Task("the tokenizer names no token that ends a text: add `eos_token` to it".to_owned())
        })?;
        Ok(Self { tokenizer, end, sign: world.end().to_owned(), characters })
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Arc<dyn Tokenizer> {
        &self.tokenizer
    }

    /// Number of tokens, special ones included.
    pub fn vocabulary(&self) -> usize {
        self.tokenizer.vocabulary()
    }

    /// The token that ends an answer.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// Whether every character is a token.
    pub fn of_characters(&self) -> bool {
        self.characters
    }

    /// The tokens of some text.
    ///
    /// # Errors
    /// A character is no token.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        self.tokenizer.encode(text).map_err(RunError::part)
    }

    /// A problem's prompt.
    ///
    /// # Errors
    /// A character is no token.
    pub fn prompt(&self, problem: &Problem) -> Result<Vec<u32>> {
        self.encode(&problem.prompt)
    }

    /// What a perfect model says after the prompt, the end token last.
    ///
    /// # Errors
    /// A character is no token.
    pub fn solution(&self, world: &dyn TextWorld, problem: &Problem) -> Result<Vec<u32>> {
        self.ended(&world.solution(problem))
    }

    /// The tokens of a text that may end with the world's end sign, as the end token.
    ///
    /// # Errors
    /// A character is no token.
    pub fn ended(&self, text: &str) -> Result<Vec<u32>> {
        let Some(body) = text.strip_suffix(&self.sign) else { return self.encode(text) };
        let mut ids = self.encode(body)?;
        ids.push(self.end);
        Ok(ids)
    }

    /// Tokens as text; the end token is the world's end sign.
    ///
    /// # Errors
    /// A token is unknown.
    pub fn text(&self, ids: &[u32]) -> Result<String> {
        let decode = |ids: &[u32]| self.tokenizer.decode(ids).map_err(RunError::part);
        match ids.split_last() {
            Some((last, body)) if *last == self.end => Ok(decode(body)? + &self.sign),
            _ => decode(ids),
        }
    }
}
