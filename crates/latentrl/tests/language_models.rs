//! What can be asked of a language model in a folder.

mod program;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

use burn::tensor::Device;
use latentrl::nets::lm::{
    LmConfig,
    checkpoint::{Companions, save},
    tokenizer::{PublishedTokenizer, Tokenizer},
};
use program::{Finished, command, folder, latentrl, succeeds};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("not one JSON document: {error}: {text}"))
}

/// A published tokenizer with a chat template.
fn tokenizer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../nets/tests/data/tokenizer")
}

/// A small model with random weights and, if asked for, that tokenizer.
fn model(place: &Path, name: &str, files: &[&str]) {
    let vocabulary = PublishedTokenizer::load(&tokenizer()).expect("a tokenizer").vocabulary();
    let config = LmConfig { layers: 1, context: 256, ..LmConfig::small(vocabulary) };
    let mut random = worlds::seed::stream(3, "test", 0);
    let decoder = config.init(&Device::flex(), &mut random).expect("a valid shape");
    let files = files.iter().map(|file| tokenizer().join(file)).collect();
    let companions = Companions { begin: Some(0), end: vec![1], files };
    save(&place.join(name), &decoder, &companions).expect("a checkpoint");
}

const ALL: [&str; 3] = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"];

fn refuses(place: &Path, arguments: &[&str], parts: &[&str]) {
    let finished = latentrl(place, arguments);
    assert_eq!(finished.code, 2, "{arguments:?}: {}{}", finished.out, finished.err);
    assert_eq!(finished.out, "");
    assert_eq!(finished.err.matches("error: ").count(), 1, "{}", finished.err);
    for part in parts {
        assert!(finished.err.contains(part), "`{part}` is missing in: {}", finished.err);
    }
}

#[test]
fn texts_are_scored() {
    let place = folder();
    model(place.path(), "model", &ALL);
    let text = "What is three plus four?";
    let found =
        json(&succeeds(place.path(), &["lm", "score", "--model", "model", "--text", text, "--json"]).out);
    let tokens = found["tokens"].as_array().expect("tokens");
    // The tokenizer begins every text with a token of its own.
    assert_eq!(tokens.len(), 8);
    assert_eq!((&tokens[0]["id"], &tokens[0]["token"]), (&Value::from(0), &Value::from("<|begin|>")));
    assert!(tokens[0]["log_prob"].is_null() && tokens[0]["entropy"].is_null());
    let vocabulary = found["logits"].as_array().expect("logits").len() as f64;
    let mut sum = 0.0;
    for token in &tokens[1..] {
        let (log_prob, entropy) = (token["log_prob"].as_f64(), token["entropy"].as_f64());
        assert!(log_prob.is_some_and(|value| value < 0.0));
        assert!(entropy.is_some_and(|value| value > 0.0 && value <= vocabulary.ln() + 1e-4));
        sum += log_prob.unwrap_or(0.0);
    }
    assert!((found["log_prob"].as_f64().expect("a sum") - sum).abs() < 1e-4);

    let ids: Vec<String> = tokens.iter().map(|token| token["id"].to_string()).collect();
    let ids = ids.join(",");
    let same =
        json(&succeeds(place.path(), &["lm", "score", "--model", "model", "--ids", &ids, "--json"]).out);
    assert_eq!(same, found);
    let table = succeeds(place.path(), &["lm", "score", "--model", "model", "--text", text]).out;
    assert!(
        table.contains("LOG-PROB") && table.contains("<|begin|>") && table.contains("PROBABILITY"),
        "{table}"
    );
}

#[test]
fn prompts_are_completed() {
    let place = folder();
    model(place.path(), "model", &ALL);
    let base = ["lm", "generate", "--model", "model", "--prompt", "3+4=", "--max-new", "12", "--json"];
    let with = |more: &[&str]| json(&succeeds(place.path(), &[&base[..], more].concat()).out);
    let found = with(&["--count", "3", "--seed", "5"]);
    let completions = found["completions"].as_array().expect("completions");
    assert_eq!(completions.len(), 3);
    for completion in completions {
        let length = completion["ids"].as_array().expect("tokens").len();
        assert!((1..=12).contains(&length) && completion["text"].is_string());
        assert_eq!(completion["log_probs"].as_array().map(Vec::len), Some(length));
        assert_eq!(completion["entropies"].as_array().map(Vec::len), Some(length));
        assert!(length == 12 || completion["ended"] == "stop", "{completion}");
    }
    assert_ne!(completions[0]["ids"], completions[1]["ids"]);
    assert_eq!(with(&["--count", "3", "--seed", "5"]), found);
    assert_ne!(with(&["--count", "3", "--seed", "6"])["completions"], found["completions"]);
    let greedy = with(&["--temperature", "0"]);
    let narrow = with(&["--top-k", "1", "--seed", "9"]);
    assert_eq!(greedy["completions"][0]["ids"], narrow["completions"][0]["ids"]);
    let text = succeeds(place.path(), &[&base[..8], &["--temperature", "0"]].concat()).out;
    assert_eq!(text.trim_end(), greedy["completions"][0]["text"].as_str().expect("a text").trim_end());
}

#[test]
fn tokens_serve_where_there_is_no_tokenizer() {
    let place = folder();
    model(place.path(), "bare", &[]);
    let found = json(
        &succeeds(
            place.path(),
            &["lm", "generate", "--model", "bare", "--ids", "1,2,3", "--max-new", "4", "--json"],
        )
        .out,
    );
    assert!(found["completions"][0]["text"].is_null());
    let text =
        succeeds(place.path(), &["lm", "generate", "--model", "bare", "--ids", "1,2,3", "--max-new", "4"])
            .out;
    assert!(text.trim().split(',').all(|id| id.parse::<u32>().is_ok()), "{text}");
    succeeds(place.path(), &["lm", "score", "--model", "bare", "--ids", "1"]);
    refuses(
        place.path(),
        &["lm", "score", "--model", "bare", "--text", "a"],
        &["no tokenizer.json", "--ids"],
    );
    refuses(place.path(), &["chat", "bare"], &["no tokenizer.json"]);
}

/// Runs `latentrl chat` with these lines typed.
fn chat(place: &Path, arguments: &[&str], lines: &str) -> Finished {
    let mut child = command(place, &[&["chat"][..], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that refuses may be gone before it reads.
    let _ = child.stdin.take().expect("a pipe").write_all(lines.as_bytes());
    let output = child.wait_with_output().expect("a process of ours");
    Finished {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn a_conversation_goes_on_until_its_end() {
    let place = folder();
    model(place.path(), "model", &ALL);
    model(place.path(), "plain", &ALL[..2]);
    let greedy = ["model", "--temperature", "0", "--max-new", "3"];
    let finished = chat(place.path(), &greedy, "Hi\n/quit\nnever\n");
    assert_eq!(finished.code, 0, "{}", finished.err);
    let once = finished.out;
    let twice = chat(place.path(), &greedy, "Hi\nHi\n").out;
    assert!(twice.starts_with(&once) && twice.len() > once.len(), "{once:?} {twice:?}");
    assert_eq!(chat(place.path(), &greedy, "Hi\n").out, once);

    // Without a template every line is a prompt of its own.
    let alone = ["plain", "--temperature", "0", "--max-new", "3"];
    let finished = chat(place.path(), &alone, "Hi\nHi\n");
    assert_eq!(finished.code, 0, "{}", finished.err);
    let complete =
        ["lm", "generate", "--model", "plain", "--prompt", "Hi", "--temperature", "0", "--max-new", "3"];
    let expected = succeeds(place.path(), &complete).out;
    assert!(finished.out.contains(expected.trim_end()), "{:?} {expected:?}", finished.out);
    let refused = chat(place.path(), &["plain", "--system", "Be brief."], "Hi\n");
    assert!(refused.code == 2 && refused.err.contains("no chat template"), "{}", refused.err);
    // The conversation and the answer outgrow the context.
    let finished = chat(place.path(), &greedy, &format!("{}\n", "word ".repeat(200)));
    assert!(finished.code == 2 && finished.err.contains("256"), "{}", finished.err);
}

/// Settings of a model that is trained in no time.
const TINY: &[&str] = &["model.width=16", "model.layers=1", "model.heads=2", "model.hidden=16"];

fn train(place: &Path, method: &str, more: &[&str], settings: &[&str]) {
    let mut arguments = vec!["train", method, "--world", "arith,m=5,n=1"];
    arguments.extend(more);
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    succeeds(place, &arguments);
}

#[test]
fn a_trained_model_is_spoken_to_published_and_trained_on() {
    let place = folder();
    let steps = ["--steps", "2", "--out", "run"];
    train(place.path(), "sft", &steps, &[TINY, &["supervised.batch=2"]].concat());
    let finished = chat(place.path(), &["run", "--temperature", "0", "--max-new", "4"], "1+2?\n");
    assert_eq!(finished.code, 0, "{}", finished.err);
    assert!((1..=5).contains(&finished.out.chars().count()), "{:?}", finished.out);
    let refused = chat(place.path(), &["run"], "one\n");
    assert!(refused.code == 2 && refused.err.contains("does not know the character 'o'"), "{}", refused.err);
    refuses(place.path(), &["lm", "score", "--model", "run", "--text", "1"], &["latentrl export"]);

    succeeds(place.path(), &["export", "run", "--out", "model"]);
    let complete = ["--temperature", "0", "--max-new", "4"];
    let exported = succeeds(
        place.path(),
        &[&["lm", "generate", "--model", "model", "--prompt", "1+2?"], &complete[..]].concat(),
    );
    let spoken = chat(place.path(), &[&["run"], &complete[..]].concat(), "1+2?\n").out;
    assert_eq!(exported.out.trim_end(), spoken.trim_end());
    for (out, rank) in [("full", "0"), ("adapted", "2")] {
        let rank = format!("model.lora_rank={rank}");
        let settings = ["rollout.prompts=2", "rollout.group=2", "rollout.max_new=4", &rank];
        train(place.path(), "grpo", &["--model", "model", "--steps", "1", "--out", out], &settings);
        succeeds(place.path(), &["export", out, "--out", &format!("{out}-model")]);
        succeeds(place.path(), &["lm", "score", "--model", &format!("{out}-model"), "--text", "1+2?"]);
    }
}

#[test]
fn latent_thoughts_are_shown_and_their_speed_is_chosen() {
    let place = folder();
    let settings = ["supervised.batch=2", "updates=2", "rl.updates=0", "max_latents=3"];
    train(place.path(), "colar", &["--steps", "2", "--out", "run"], &[TINY, &settings].concat());
    for prompt in ["1+2?\n", "1+2?@5\n"] {
        let finished = chat(place.path(), &["run", "--temperature", "0", "--max-new", "2"], prompt);
        assert_eq!(finished.code, 0, "{}", finished.err);
        assert!(finished.out.matches('·').count() <= 3 && finished.out.contains('#'), "{:?}", finished.out);
    }
    refuses(place.path(), &["export", "run", "--out", "model"], &["talk to it with `latentrl chat`"]);
}

#[test]
fn problems_that_do_not_fit_are_refused_before_anything_is_written() {
    let place = folder();
    let write = |name: &str, prompt: &dyn Fn(usize) -> String| {
        let line = |index| format!("{{\"prompt\":\"{}\",\"answer\":\"2\"}}\n", prompt(index));
        fs::write(place.path().join(name), (1..30).map(line).collect::<String>()).expect("writable");
    };
    write("bare.jsonl", &|index| format!("1+{index}?"));
    write("long.jsonl", &|index| format!("{} {index}", "one ".repeat(300)));
    let colar = ["train", "colar", "--data", "bare.jsonl", "--steps", "2", "--out", "a"];
    refuses(place.path(), &colar, &["`bare.jsonl` has problems without reasoning to compress"]);
    model(place.path(), "model", &ALL);
    let grpo = ["train", "grpo", "--data", "long.jsonl", "--model", "model", "--steps", "2", "--out", "b"];
    refuses(place.path(), &grpo, &["`long.jsonl`", "the model's context holds 256"]);
    assert!(!place.path().join("a").exists() && !place.path().join("b").exists());
}

#[test]
fn what_is_no_model_is_refused() {
    let place = folder();
    model(place.path(), "model", &ALL);
    let score = |more: &[&'static str]| [&["lm", "score"][..], more].concat();
    refuses(place.path(), &score(&["--model", "nowhere", "--ids", "1"]), &["no folder `nowhere`"]);
    refuses(place.path(), &score(&["--model", "model"]), &["--text", "--ids"]);
    refuses(place.path(), &score(&["--model", "model", "--ids", "1,x"]), &["1,2,3"]);
    refuses(place.path(), &score(&["--model", "model", "--ids", "99999"]), &["token 99999"]);
    let many = vec!["5"; 257].join(",");
    refuses(place.path(), &["lm", "score", "--model", "model", "--ids", &many], &["257", "256"]);
    let generate =
        |more: &[&'static str]| [&["lm", "generate", "--model", "model", "--ids", "1"][..], more].concat();
    refuses(place.path(), &generate(&["--temperature", "-1"]), &["temperature", "at least 0"]);
    refuses(place.path(), &generate(&["--top-p", "0"]), &["top_p"]);
    refuses(place.path(), &generate(&["--max-new", "0"]), &["--max-new"]);
    refuses(place.path(), &generate(&["--count", "-2"]), &["--count"]);

    let run = ["train", "random", "--world", "cartpole", "--steps", "100", "--out", "run"];
    succeeds(place.path(), &run);
    refuses(place.path(), &["chat", "run"], &["`run` is the folder of a run that trained no language model"]);
    fs::write(place.path().join("model/tokenizer.json"), "{").expect("writable");
    refuses(place.path(), &["chat", "model"], &["tokenizer.json` is broken"]);
    fs::remove_file(place.path().join("model/model.safetensors")).expect("a file");
    refuses(place.path(), &["chat", "model"], &["model"]);
}
