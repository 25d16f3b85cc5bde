//! Problems as the tokens of a model, and its tokens as text.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::Arc,
};

use nets::lm::{
    Decoder,
    checkpoint::{self, Companions},
    tokenizer::{CharacterTokenizer, Tokenizer},
};
use run::{Problems, Result, RunError, folder::write_whole};
use serde_json::json;
use worlds::text::{Problem, TextWorld};

/// A tokenizer and the token that ends an answer. In text that token is the world's end sign, whatever
/// the tokenizer calls it.
#[derive(Clone)]
pub struct Codec {
    tokenizer: Arc<dyn Tokenizer>,
    end: u32,
    sign: String,
    files: Files,
}

/// Where the files of a tokenizer come from.
#[derive(Clone)]
enum Files {
    /// Its description.
    Made(serde_json::Value),
    /// A published folder.
    Folder(PathBuf),
}

/// What stands in a published folder beside the weights and their description.
const BESIDE: &[&str] = &[
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
];

impl Codec {
    /// A token for every character of the problems' alphabets together.
    ///
    /// # Errors
    /// Two alphabets have different end signs.
    pub fn characters(sources: &[&Problems]) -> Result<Self> {
        Self::characters_and(sources, "")
    }

    /// The same with the characters of `symbols` besides, each once, for what a method writes into
    /// prompts.
    ///
    /// # Errors
    /// As [`Codec::characters`].
    pub fn characters_and(sources: &[&Problems], symbols: &str) -> Result<Self> {
        let mut alphabet = String::new();
        let mut seen = BTreeSet::new();
        let alphabets = sources.iter().flat_map(|source| source.world.alphabet().chars());
        for character in alphabets.chain(symbols.chars()) {
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
        let files = Files::Made(tokenizer.to_json());
        Self::new(Arc::new(tokenizer), &*sources[0].world, files)
    }

    /// The tokenizer of the model published in `folder`.
    ///
    /// # Errors
    /// It has no token that ends a text.
    pub fn published(tokenizer: Arc<dyn Tokenizer>, folder: &Path, problems: &Problems) -> Result<Self> {
        Self::new(tokenizer, &*problems.world, Files::Folder(folder.to_owned()))
    }

    fn new(tokenizer: Arc<dyn Tokenizer>, world: &dyn TextWorld, files: Files) -> Result<Self> {
        let end = tokenizer.end().ok_or_else(|| {
            RunError::Task("the tokenizer names no token that ends a text: add `eos_token` to it".to_owned())
        })?;
        Ok(Self { tokenizer, end, sign: world.end().to_owned(), files })
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

    /// Writes a model with this tokenizer as a folder that Hugging Face transformers reads, whole or not
    /// at all.
    ///
    /// # Errors
    /// The folder holds something already, or cannot be written.
    pub fn publish(&self, decoder: &Decoder, place: &Path) -> Result<()> {
        let save = |files: Vec<PathBuf>| {
            let beside = Companions { begin: None, end: self.tokenizer.ends(), files };
            checkpoint::save(place, decoder, &beside).map_err(RunError::part)
        };
        match &self.files {
            Files::Folder(folder) => {
                let files = BESIDE.iter().map(|name| folder.join(name));
                save(files.filter(|file| file.is_file()).collect())
            }
            Files::Made(description) => {
                let folder = env::temp_dir().join(format!("latentrl-tokenizer-{}", process::id()));
                fs::create_dir_all(&folder).map_err(|error| RunError::io("create", &folder, error))?;
                let saved = self.describe(description, &folder).and_then(save);
                let _ = fs::remove_dir_all(&folder);
                saved
            }
        }
    }

    /// Writes the files of a tokenizer of characters.
    fn describe(&self, description: &serde_json::Value, folder: &Path) -> Result<Vec<PathBuf>> {
        let end = self.tokenizer.name(self.end);
        let config = json!({
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": end,
            "clean_up_tokenization_spaces": false,
        });
        let write = |(name, value): (&str, &serde_json::Value)| {
            let path = folder.join(name);
            write_whole(&path, &serde_json::to_vec_pretty(value).map_err(RunError::part)?)?;
            Ok(path)
        };
        [("tokenizer.json", description), ("tokenizer_config.json", &config)].into_iter().map(write).collect()
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
