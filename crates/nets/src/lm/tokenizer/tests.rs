use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tokenizer")
}

fn golden() -> Value {
    serde_json::from_str(include_str!("../../../tests/data/tokenizer/golden.json")).expect("golden values")
}

fn ids(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).expect("tokens")
}

#[test]
fn a_published_tokenizer_gives_the_tokens_of_transformers() {
    let tokenizer = PublishedTokenizer::load(&folder()).expect("a tokenizer");
    for case in golden()["texts"].as_array().expect("texts") {
        let text = case["text"].as_str().expect("a text");
        let whole = tokenizer.encode_whole(text).expect("tokens");
        assert_eq!(tokenizer.encode(text).expect("tokens"), ids(&case["plain"]), "{text:?}");
        assert_eq!(whole, ids(&case["whole"]), "{text:?}");
        assert_eq!(tokenizer.decode(&whole).expect("a text"), case["decoded"], "{text:?}");
        assert_eq!(tokenizer.shown(&whole).expect("a text"), case["shown"], "{text:?}");
    }
    assert_eq!((tokenizer.end(), tokenizer.ends()), (Some(3), vec![3, 1]));
    assert_eq!(tokenizer.token("<|start|>"), Some(2));
    assert!(tokenizer.is_special(0) && !tokenizer.is_special(40));
    let vocabulary = tokenizer.vocabulary();
    assert!(tokenizer.name(vocabulary as u32 - 1).is_some() && tokenizer.name(vocabulary as u32).is_none());
    let error = tokenizer.decode(&[vocabulary as u32]).expect_err("no such token");
    assert_eq!(error, TokenizerError::Id { id: vocabulary as u32, vocabulary });
}

#[test]
fn conversations_are_those_of_transformers() {
    let golden = golden();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(golden["now"].as_u64().expect("a time"));
    let special = golden["special"].as_object().expect("tokens");
    let tokenizer = PublishedTokenizer::load(&folder()).expect("a tokenizer");
    for case in golden["chats"].as_array().expect("chats") {
        let name = case["template"].as_str().expect("a name");
        let source = golden["templates"][name].as_str().expect("a template");
        let template = ChatTemplate::new(source, special.clone()).expect("a template");
        let messages: Vec<Message> = serde_json::from_value(case["messages"].clone()).expect("messages");
        let options = ChatOptions {
            answer: case["answer"].as_bool().expect("a choice"),
            now: Some(now),
            ..ChatOptions::default()
        };
        match case["text"].as_str() {
            Some(expected) => assert_eq!(template.apply(&messages, &options).expect("a text"), expected),
            None => {
                let error = template.apply(&messages, &options).expect_err("refused").to_string();
                assert!(error.contains(case["text"]["error"].as_str().expect("a reason")), "{error}");
            }
        }
        if name == "default" {
            assert_eq!(tokenizer.chat(&messages, &options), template.apply(&messages, &options));
        }
    }
}

#[test]
fn variables_reach_the_template_and_loops_end() {
    let template =
        ChatTemplate::new("{{ mood }}{{ messages | length }}", Default::default()).expect("a template");
    let mut options = ChatOptions::default();
    options.variables.insert("mood".to_owned(), "glad".into());
    assert_eq!(template.apply(&[Message::user("x")], &options).expect("a text"), "glad1");
    let source = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
    let endless = ChatTemplate::new(source, Default::default()).expect("a template");
    assert!(endless.apply(&[], &options).is_err());
    assert!(ChatTemplate::new("{% if %}", Default::default()).is_err());
}

/// The file that a character tokenizer writes is read as the same tokenizer.
#[test]
fn a_character_tokenizer_can_be_published() {
    let tokenizer =
        CharacterTokenizer::new("0123456789+=\n é.$", '$').and_then(|it| it.with_special(&["@10"]));
    let tokenizer = tokenizer.expect("an alphabet");
    let place = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| std::fs::write(place.path().join(name), text).expect("writable");
    write("tokenizer.json", tokenizer.to_json().to_string());
    write("tokenizer_config.json", r#"{"eos_token": "$"}"#.to_owned());
    let published = PublishedTokenizer::load(place.path()).expect("a tokenizer");
    for text in ["12+30=42$", "é\n .@101", ""] {
        let ids = tokenizer.encode(text).expect("tokens");
        assert_eq!(published.encode(text).expect("tokens"), ids, "{text:?}");
        assert_eq!(published.decode(&ids).expect("a text"), text);
    }
    assert_eq!((published.vocabulary(), published.ends()), (tokenizer.vocabulary(), tokenizer.ends()));
    assert!(published.encode("x").is_err());
    assert!(published.encode_whole("12").is_ok());
}

#[test]
fn broken_folders_are_refused_with_the_file() {
    let place = tempfile::tempdir().expect("a folder");
    let refused = || PublishedTokenizer::load(place.path()).expect_err("refused").to_string();
    assert!(refused().contains("cannot read") && refused().contains("tokenizer.json"));
    std::fs::write(place.path().join("tokenizer.json"), "{").expect("writable");
    assert!(refused().contains("is broken"));
    std::fs::copy(folder().join("tokenizer.json"), place.path().join("tokenizer.json")).expect("a copy");
    assert!(!PublishedTokenizer::load(place.path()).expect("enough").has_chat());
    std::fs::write(place.path().join("tokenizer_config.json"), "[").expect("writable");
    assert!(refused().contains("tokenizer_config.json"));
    let config = r#"{"chat_template": [{"name": "default", "template": "{% if %}"}]}"#;
    std::fs::write(place.path().join("tokenizer_config.json"), config).expect("writable");
    assert!(refused().contains("chat template"));
}
