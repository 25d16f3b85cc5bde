//! One token per character.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Tokenizer, TokenizerError};

/// One token per character of a fixed alphabet, in its order, then special tokens, whose texts may be
/// longer. A text is read from left to right, the longest special token first.
#[derive(Clone, Debug)]
pub struct CharacterTokenizer {
    characters: Vec<char>,
    special: Vec<String>,
    places: HashMap<char, u32>,
    end: Option<u32>,
}

impl CharacterTokenizer {
    /// The characters of `alphabet`, of which `end` (`$` in the text worlds) ends a text.
    ///
    /// # Errors
    /// [`TokenizerError::Alphabet`] if it is empty, repeats a character or lacks `end`.
    pub fn new(alphabet: &str, end: char) -> Result<Self, TokenizerError> {
        let characters: Vec<char> = alphabet.chars().collect();
        let refuse = |problem: String| Err(TokenizerError::Alphabet { problem });
        if characters.is_empty() {
            return refuse("no characters".to_owned());
        }
        let mut places = HashMap::new();
        for (place, character) in characters.iter().enumerate() {
            if places.insert(*character, place as u32).is_some() {
                return refuse(format!("the character {character:?} twice"));
            }
        }
        let Some(end) = places.get(&end).copied() else {
            return refuse(format!("no {end:?}, which should end texts"));
        };
        Ok(Self { characters, special: Vec::new(), places, end: Some(end) })
    }

    /// With special tokens behind the characters.
    ///
    /// # Errors
    /// [`TokenizerError::Alphabet`] if one is empty or exists already.
    pub fn with_special(mut self, texts: &[&str]) -> Result<Self, TokenizerError> {
        for text in texts {
            if text.is_empty() || self.token(text).is_some() {
                return Err(TokenizerError::Alphabet {
                    problem: format!("the token {text:?} twice or empty"),
                });
            }
            self.special.push((*text).to_owned());
        }
        Ok(self)
    }

    /// The characters, in the order of their tokens.
    pub fn alphabet(&self) -> String {
        self.characters.iter().collect()
    }

    /// The same tokenizer as a `tokenizer.json`, for folders that others can load.
    pub fn to_json(&self) -> Value {
        let vocabulary: serde_json::Map<String, Value> =
            (0..self.vocabulary() as u32).filter_map(|id| Some((self.name(id)?, json!(id)))).collect();
        let first = self.characters.len();
        let added: Vec<Value> =
            self.special.iter().enumerate().map(|(place, text)| added(first + place, text)).collect();
        json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": added,
            "normalizer": null,
            "pre_tokenizer": {
                "type": "Split",
                // Any character, in a form that every engine of regular expressions reads.
                "pattern": {"Regex": "[\\s\\S]"},
                "behavior": "Isolated",
                "invert": false,
            },
            "post_processor": null,
            "decoder": {"type": "Fuse"},
            // A character that is not in the vocabulary is refused, since this token is not either.
            "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unknown>"},
        })
    }
}

fn added(id: usize, text: &str) -> Value {
    json!({
        "id": id, "content": text, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
    })
}

impl Tokenizer for CharacterTokenizer {
    fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let fits = |special: &&String| rest.starts_with(special.as_str());
            if let Some(special) = self.special.iter().filter(fits).max_by_key(|special| special.len()) {
                ids.extend(self.token(special));
                rest = &rest[special.len()..];
                continue;
            }
            let Some(id) = self.places.get(&character) else {
                let place = text.chars().count() - rest.chars().count();
                return Err(TokenizerError::Character { character, place, alphabet: self.alphabet() });
            };
            ids.push(*id);
            rest = &rest[character.len_utf8()..];
        }
        Ok(ids)
    }

    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let text = |id: &u32| {
            self.name(*id).ok_or_else(|| TokenizerError::Id { id: *id, vocabulary: self.vocabulary() })
        };
        ids.iter().map(text).collect()
    }

    fn vocabulary(&self) -> usize {
        self.characters.len() + self.special.len()
    }

    fn end(&self) -> Option<u32> {
        self.end
    }

    fn token(&self, text: &str) -> Option<u32> {
        let mut characters = text.chars();
        if let (Some(character), None) = (characters.next(), characters.next())
            && let Some(id) = self.places.get(&character)
        {
            return Some(*id);
        }
        let place = self.special.iter().position(|special| special == text)?;
        Some((self.characters.len() + place) as u32)
    }

    fn name(&self, id: u32) -> Option<String> {
        let place = id as usize;
        match self.characters.get(place) {
            Some(character) => Some(character.to_string()),
            None => self.special.get(place - self.characters.len()).cloned(),
        }
    }

    fn is_special(&self, id: u32) -> bool {
        id as usize >= self.characters.len() || self.end == Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_there_and_back() {
        let tokenizer = CharacterTokenizer::new("01+?$é", '$').unwrap().with_special(&["@1", "@10"]).unwrap();
        let ids = tokenizer.encode("1+@10é?@11$").unwrap();
        assert_eq!(ids, [1, 2, 7, 5, 3, 6, 1, 4]);
        assert_eq!(tokenizer.decode(&ids).unwrap(), "1+@10é?@11$");
        assert_eq!(tokenizer.shown(&ids).unwrap(), "1+é?1");
        assert_eq!((tokenizer.vocabulary(), tokenizer.end(), tokenizer.token("@10")), (8, Some(4), Some(7)));
        assert_eq!(tokenizer.encode(""), Ok(Vec::new()));
    }

    #[test]
    fn what_has_no_token_is_refused_with_its_place() {
        let tokenizer = CharacterTokenizer::new("01$", '$').unwrap();
        let error = tokenizer.encode("01x").unwrap_err().to_string();
        assert!(error.contains("'x' at place 2"), "{error}");
        assert!(tokenizer.decode(&[3]).unwrap_err().to_string().contains("no token 3"));
        assert!(tokenizer.chat(&[], &Default::default()).is_err());
        for (alphabet, end) in [("", '$'), ("aba", 'a'), ("ab", '$')] {
            assert!(CharacterTokenizer::new(alphabet, end).is_err());
        }
        assert!(tokenizer.clone().with_special(&["1"]).is_err());
        assert!(tokenizer.with_special(&["@a", "@a"]).is_err());
    }
}
