//! Problems of one's own, from a file of JSON lines.
//!
//! A line is an object with the texts `prompt` and `answer` and, where there are any, `steps`; or,
//! as GSM8K is published, with `question` and an `answer` that ends in `#### ` and the result.
//! Other keys are ignored. Problems are split by their prompts like those of every text world.
//!
//! Answers that are numbers are compared as numbers (`1,000` is `1000.0`), others letter by letter,
//! without the space around them. Where every answer of the file is a number, nothing else can be
//! read as an answer.

mod lines;
mod number;

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use self::lines::{Fault, Numbered, Style, read};
use super::held_out::held_out;
use super::{END, MARKER, Problem, Size, Split, TextWorld, Verdict};
use crate::WorldError;
use crate::seed::fnv1a;

/// Marker of GSM8K, and of a file whose texts hold the shorter one.
const LONG_MARKER: &str = "####";
/// End sign of a file whose texts hold the usual one: the control character "end of text".
const RARE_END: &str = "\u{3}";
/// The one level of the problems of a file.
const LEVEL: usize = 1;

/// The world of a file.
#[derive(Clone, Debug)]
pub struct Problems {
    name: String,
    /// What stands between steps and marker, and between marker and answer.
    gaps: [&'static str; 2],
    marker: &'static str,
    end: &'static str,
    alphabet: String,
    /// Problems to learn from and held-out problems.
    sides: [Vec<Problem>; 2],
    numbers: bool,
    longest: [usize; 2],
}

/// The problems of a file of JSON lines.
///
/// # Errors
/// The file cannot be read, or a line is not what it should be; the sentence names file, line and
/// key.
pub fn from_json_lines(path: &Path) -> Result<Box<dyn TextWorld>, WorldError> {
    Ok(Box::new(Problems::open(path)?))
}

impl Problems {
    /// The problems of a file of JSON lines.
    ///
    /// # Errors
    /// As of [`from_json_lines`].
    pub fn open(path: &Path) -> Result<Self, WorldError> {
        let shown = path.display();
        let bytes = std::fs::read(path)
            .map_err(|error| WorldError::Invalid(format!("cannot read problems from `{shown}`: {error}")))?;
        let fail = |fault: Fault| fault.of(&shown.to_string());
        let (style, numbered) = read(&bytes).map_err(fail)?;
        let gsm8k = style == Style::Gsm8k;
        let marker = if gsm8k || holder(&numbered, MARKER).is_some() { LONG_MARKER } else { MARKER };
        let end = if holder(&numbered, END).is_some() { RARE_END } else { END };
        if let Some(fault) = holder(&numbered, marker).or_else(|| holder(&numbered, end)) {
            return Err(fail(fault));
        }
        let problems: Vec<Problem> = numbered.into_iter().map(|(_, problem)| problem).collect();
        let numbers = problems.iter().all(|problem| number::read(&problem.answer).is_some());
        let stem: String =
            path.file_stem().unwrap_or_default().to_string_lossy().chars().map(plain).collect();
        let mut world = Self {
            name: format!("{stem}-{:016x}", fnv1a(&bytes)),
            gaps: if gsm8k { ["\n", " "] } else { ["", ""] },
            marker,
            end,
            alphabet: String::new(),
            sides: sides(problems).ok_or_else(|| {
                WorldError::Invalid(format!(
                    "`{shown}` needs at least two different prompts, one to learn from and one held out"
                ))
            })?,
            numbers,
            longest: [0, 0],
        };
        world.measure();
        Ok(world)
    }

    /// Fills in alphabet and lengths.
    fn measure(&mut self) {
        let (mut characters, mut longest) = (BTreeSet::new(), [0, 0]);
        for problem in self.sides.iter().flatten() {
            let texts = [problem.prompt.clone(), self.solution(problem)];
            for (longest, text) in longest.iter_mut().zip(&texts) {
                *longest = text.chars().count().max(*longest);
                characters.extend(text.chars());
            }
        }
        let last: Vec<char> = self.marker.chars().take(1).chain(self.end.chars()).collect();
        characters.retain(|character| !last.contains(character));
        self.alphabet = characters.into_iter().chain(last).collect();
        self.longest = longest;
    }

    /// Whether `answer` can be read as an answer, and whether it is the problem's.
    fn compare(&self, problem: &Problem, answer: &str) -> (bool, bool) {
        match (number::read(answer), number::read(&problem.answer)) {
            (Some(given), Some(right)) => (true, given == right),
            (None, _) if self.numbers => (false, false),
            _ => (!answer.is_empty() && !answer.contains('\n'), answer == problem.answer),
        }
    }
}

/// The first text that holds `sign`, as the fault that it is where the sign marks answers.
fn holder(problems: &[Numbered], sign: &str) -> Option<Fault> {
    problems.iter().find_map(|(line, problem)| {
        let texts = [
            ("prompt", Some(&problem.prompt)),
            ("steps", problem.steps.as_ref()),
            ("answer", Some(&problem.answer)),
        ];
        let (key, _) = texts.into_iter().find(|(_, text)| text.is_some_and(|text| text.contains(sign)))?;
        let cause = format!("`{key}` holds {sign:?}, which sets answers apart; leave it out");
        Some(Fault { line: Some(*line), cause })
    })
}

/// The characters that a world's name is made of; `-` for others.
fn plain(character: char) -> char {
    if character.is_ascii_alphanumeric() || "_.".contains(character) { character } else { '-' }
}

/// Problems to learn from and held-out problems. Where all are on one side, the prompt with the
/// lowest hash goes over; none where there is only one prompt.
fn sides(problems: Vec<Problem>) -> Option<[Vec<Problem>; 2]> {
    let prompts: HashSet<&str> = problems.iter().map(|problem| problem.prompt.as_str()).collect();
    let held_out = |prompt: &str| Split::of(prompt) == Split::Test;
    let tests = prompts.iter().filter(|prompt| held_out(prompt)).count();
    let lowest = prompts.iter().min_by_key(|prompt| fnv1a(prompt.as_bytes()))?.to_string();
    let goes_over = tests == 0 || tests == prompts.len();
    if prompts.len() < 2 {
        return None;
    }
    let (test, train) = problems
        .into_iter()
        .partition(|problem| held_out(&problem.prompt) != (goes_over && problem.prompt == lowest));
    Some([train, test])
}

impl TextWorld for Problems {
    fn name(&self) -> &str {
        &self.name
    }

    fn alphabet(&self) -> &str {
        &self.alphabet
    }

    fn marker(&self) -> &str {
        self.marker
    }

    fn end(&self) -> &str {
        self.end
    }

    fn levels(&self) -> &[usize] {
        &[LEVEL]
    }

    fn draw_at(&self, _level: usize, split: Split, random: &mut ChaCha8Rng) -> Problem {
        let problems = &self.sides[split as usize];
        problems[random.random_range(0..problems.len())].clone()
    }

    fn held_out(&self, count: usize) -> Vec<Problem> {
        held_out(self, count, || self.sides[Split::Test as usize].clone())
    }

    fn sizes(&self) -> [Size; 2] {
        [Split::Train, Split::Test].map(|split| Size::Exactly(self.sides[split as usize].len()))
    }

    fn problem(&self, prompt: &str) -> Option<Problem> {
        self.sides.iter().flatten().find(|problem| problem.prompt == prompt).cloned()
    }

    fn solution(&self, problem: &Problem) -> String {
        let (marker, [before, after]) = (self.marker, self.gaps);
        let steps = problem.steps.as_ref().map_or(String::new(), |steps| format!("{steps}{before}"));
        format!("{steps}{marker}{after}{}{}", problem.answer, self.end)
    }

    /// Steps are free text here and not judged; `first_wrong` is where an answer that is wrong or
    /// cannot be read begins, a second marker, or the length of a response without a marker or an
    /// end. An end sign is one only at the very end, so that a published model may write it.
    fn verify(&self, problem: &Problem, response: &str) -> Verdict {
        let position = |bytes: usize| response[..bytes].chars().count();
        let wrong = |bytes: usize, format: bool| Verdict {
            correct: false,
            format,
            steps: Vec::new(),
            first_wrong: Some(position(bytes)),
        };
        let Some(marker) = response.find(self.marker) else {
            return wrong(response.len(), false);
        };
        let start = marker + self.marker.len();
        if let Some(second) = response[start..].find(self.marker) {
            return wrong(start + second, false);
        }
        let Some(answer) = response[start..].strip_suffix(self.end) else {
            return wrong(response.len(), false);
        };
        match self.compare(problem, answer.trim()) {
            (true, true) => Verdict { correct: true, format: true, steps: Vec::new(), first_wrong: None },
            (format, _) => wrong(start, format),
        }
    }

    fn corrupt(&self, _: &Problem, _: f64, _: &mut ChaCha8Rng) -> Option<String> {
        None
    }

    fn longest(&self) -> [usize; 2] {
        self.longest
    }
}
