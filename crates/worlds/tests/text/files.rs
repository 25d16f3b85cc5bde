//! Problem files, as they should be and broken.

use std::fs;

use worlds::seed::stream;
use worlds::text::{Size, Split, TextWorld, from_json_lines};

/// The world of a file `problems.jsonl` with this content, or the error without the folder's name.
fn read(content: impl AsRef<[u8]>) -> Result<Box<dyn TextWorld>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("problems.jsonl");
    fs::write(&path, content).unwrap();
    let place = format!("{}/", folder.path().display());
    from_json_lines(&path).map_err(|error| error.to_string().replace(&place, ""))
}

/// `count` questions with numbers as answers.
fn numbered(count: usize) -> String {
    (0..count).map(|i| format!("{{\"prompt\":\"double {i}?\",\"answer\":\"{}\"}}\n", 2 * i)).collect()
}

#[test]
fn a_plain_file_is_split_by_its_prompts() {
    let world = read(numbered(300)).unwrap();
    let [Size::Exactly(train), Size::Exactly(test)] = world.sizes() else { panic!() };
    assert_eq!(train + test, 300);
    let held_out = world.held_out(usize::MAX);
    assert_eq!(held_out.len(), test);
    assert!(held_out.iter().all(|problem| Split::of(&problem.prompt) == Split::Test));
    let random = &mut stream(0, "test", 0);
    assert!((0..500).all(|_| Split::of(&world.draw(Split::Train, random).prompt) == Split::Train));
    let problem = world.problem("double 21?").unwrap();
    assert_eq!((problem.answer.as_str(), world.solution(&problem).as_str()), ("42", "#42$"));
    assert_eq!(world.longest(), ["double 299?".len(), "#598$".len()]);
    assert_eq!(world.alphabet(), " 0123456789?bdelou#$");
    assert_eq!(world.corrupt(&problem, 0.5, random), None);
}

#[test]
fn names_tell_one_content_from_another() {
    let name = |count: usize| read(numbered(count)).unwrap().name().to_owned();
    assert!(name(5).starts_with("problems-") && name(5) == name(5) && name(5) != name(6));
}

#[test]
fn gsm8k_is_read_as_published() {
    let question = "A clip costs $2. What do 24 and 12 clips cost?";
    let steps = "There are 24+12 = <<24+12=36>>36 clips.\nThey cost 36*2 = $<<36*2=72>>72.";
    let line = serde_json::json!({"question": question, "answer": format!("{steps}\n#### 72")});
    let other = r#"{"question": "And a thousand?", "answer": "It is said.\n#### 1,000"}"#;
    let world = read(format!("{line}\r\n\n{other}\n")).unwrap();
    assert_eq!((world.marker(), world.end()), ("####", "\u{3}"));
    let problem = world.problem(question).unwrap();
    assert_eq!(problem.answer, "72");
    assert_eq!(problem.steps.as_deref(), Some(steps));
    assert_eq!(world.solution(&problem), format!("{steps}\n#### 72\u{3}"));
    assert!(world.verify(&problem, &world.solution(&problem)).correct);
    let thousand = world.problem("And a thousand?").unwrap();
    assert!(world.verify(&thousand, "I think\n#### 1000\u{3}").correct);
    assert_eq!(world.sizes(), [Size::Exactly(1), Size::Exactly(1)]);
}

#[test]
fn answers_are_graded_strictly() {
    let world = read(numbered(50)).unwrap();
    let problem = world.problem("double 21?").unwrap();
    let grade = |response: &str| {
        let verdict = world.verify(&problem, response);
        (verdict.correct, verdict.format, verdict.first_wrong)
    };
    for (response, expected) in [
        ("#42$", (true, true, None)),
        ("21 and 21 is # 42.0 $", (true, true, None)),
        ("it costs $5 #42$", (true, true, None)),
        ("#43$", (false, true, Some(1))),
        ("#42", (false, false, Some(3))),
        ("#42$ or so", (false, false, Some(10))),
        ("#42#42$", (false, false, Some(3))),
        ("42$", (false, false, Some(3))),
        ("é#forty-two$", (false, false, Some(2))),
        ("#$", (false, false, Some(1))),
        ("", (false, false, Some(0))),
    ] {
        assert_eq!(grade(response), expected, "{response}");
    }
    let words =
        read("{\"prompt\":\"a\",\"answer\":\"yes\",\"steps\":\"so \"}\n{\"prompt\":\"b\",\"answer\":\"no\"}")
            .unwrap();
    let problem = words.problem("a").unwrap();
    assert_eq!(words.solution(&problem), "so #yes$");
    assert!(words.verify(&problem, "# yes$").correct);
    let wrong = words.verify(&problem, "#Yes$");
    assert!(!wrong.correct && wrong.format);
}

#[test]
fn signs_in_the_texts_make_way() {
    let two = |first: &str| format!("{first}\n{{\"prompt\":\"b\",\"answer\":\"2\"}}");
    let world = read(two(r#"{"prompt":"a","answer":"1","steps":"item # 1 for $2 "}"#)).unwrap();
    assert_eq!((world.marker(), world.end()), ("####", "\u{3}"));
    let problem = world.problem("a").unwrap();
    assert!(world.verify(&problem, &world.solution(&problem)).correct);
    let error = read(two(r#"{"prompt":"a","answer":"1","steps":"so #### 1"}"#)).err();
    assert_eq!(
        error.unwrap(),
        "`problems.jsonl`, line 1: `steps` holds \"####\", which sets answers apart; leave it out"
    );
}

#[test]
fn small_files_have_both_sides() {
    for count in 2..40 {
        let world = read(numbered(count)).unwrap();
        let [Size::Exactly(train), Size::Exactly(test)] = world.sizes() else { panic!() };
        assert!(train > 0 && test > 0 && train + test == count, "{count}: {train} {test}");
    }
    let twice = "{\"prompt\":\"a\",\"answer\":\"1\"}\n{\"prompt\":\"a\",\"answer\":\"1\"}";
    assert_eq!(
        read(twice).err().unwrap(),
        "`problems.jsonl` needs at least two different prompts, one to learn from and one held out"
    );
}

#[test]
fn broken_files_are_refused_with_line_and_key() {
    let good = "{\"prompt\":\"a\",\"answer\":\"1\"}\n";
    for (line, expected) in [
        ("{\"prompt\":\"b\"", "broken JSON at column 13: EOF while parsing an object"),
        ("{'prompt':'b'}", "broken JSON at column 2: key must be a string"),
        ("{\"prompt\":\"b\"}", "key `answer` is missing"),
        ("{\"prompt\":\"b\",\"anser\":\"1\"}", "key `answer` is missing; is it what `anser` should be?"),
        ("{\"question\":\"b\",\"answer\":\"1\"}", "key `prompt` is missing"),
        ("{\"prompt\":\"b\",\"answer\":1}", "key `answer` must be text in quotes, not a number"),
        ("{\"prompt\":[\"b\"],\"answer\":\"1\"}", "key `prompt` must be text in quotes, not an array"),
        (
            "{\"prompt\":\"b\",\"answer\":\"1\",\"steps\":{}}",
            "key `steps` must be text in quotes, not an object",
        ),
        ("{\"prompt\":\"b\",\"answer\":\" \"}", "key `answer` is empty"),
        (
            "{\"prompt\":\"b\",\"answer\":\"so\\n1\"}",
            "key `answer` must be one line; working belongs into `steps`",
        ),
        ("[1]", "a problem must be an object with `prompt` and `answer`, not an array"),
    ] {
        let error = read(format!("{good}\n{line}\n")).err().unwrap();
        assert_eq!(error, format!("`problems.jsonl`, line 3: {expected}"));
    }
    let question = "{\"question\":\"a\",\"answer\":\"so\\n#### 1\"}\n";
    for answer in ["1", "#### ", "#### 1 #### 2"] {
        let line = format!("{{\"question\":\"b\",\"answer\":\"{answer}\"}}");
        let error = read(format!("{question}{line}")).err().unwrap();
        let expected = "key `answer` must hold `####` once, with the result after it";
        assert_eq!(error, format!("`problems.jsonl`, line 2: {expected}"));
    }
    for empty in ["", "\n \n"] {
        assert_eq!(read(empty).err().unwrap(), "`problems.jsonl` is empty; it needs a JSON object a line");
    }
    assert_eq!(read(b"\xff\xfe").err().unwrap(), "`problems.jsonl`, line 1: the text is not UTF-8");
    let missing = from_json_lines(std::path::Path::new("/nowhere/problems.jsonl")).err().unwrap().to_string();
    assert!(missing.starts_with("cannot read problems from `/nowhere/problems.jsonl`: "), "{missing}");
}
