//! Worlds of text: problems with worked solutions and exact verifiers, for language models.
//!
//! A [`TextWorld`] draws a [`Problem`]: a prompt and its answer, with worked steps where the world
//! has them. What should follow the prompt is the *solution*: steps, answer marker, answer, end
//! sign. After `3+1*4?` that is `3+1=4;4*4=6;#6$`. [`TextWorld::verify`] grades whatever did follow
//! as a strict examiner would.
//!
//! # Names
//!
//! [`text_world`] builds a world from a name such as `arith,m=7,n=1-3`; [`text_worlds`] describes
//! what there is. Problems of one's own come from a file: [`from_json_lines`].
//!
//! # Difficulty
//!
//! The problems of a world lie on [`TextWorld::levels`]: operations, people, lines. A world with
//! several is a mixture of them in equal parts, and [`TextWorld::draw_at`] draws from one.
//!
//! # Splits
//!
//! A prompt belongs to one split by its own text, [`Split::of`], so no problem that anybody
//! learns from is ever a held-out one, in whatever world, configuration or run it comes up.

pub mod arith;
mod catalogue;
pub mod file;
mod grade;
mod held_out;
pub mod knights;
mod level;
mod split;
pub mod stack_code;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

pub use catalogue::{TextEntry, is_text_world, text_world, text_worlds};
pub use file::from_json_lines;
pub use grade::Verdict;
pub use split::Split;

/// The answer marker of the generated worlds.
pub const MARKER: &str = "#";
/// The end sign of the generated worlds.
pub const END: &str = "$";

/// A question with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What the model is given.
    pub prompt: String,
    /// The answer alone, without marker and end sign.
    pub answer: String,
    /// The worked steps before the marker; none where the world has none for this problem.
    pub steps: Option<String>,
    /// Its difficulty, one of the world's [`TextWorld::levels`] or, with a shift, above them.
    pub level: usize,
    /// The kind of problem: `arith`, `ladder`, `knights`, `stack-code`, `file`.
    pub task: &'static str,
}

/// How many problems a split has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// Counted.
    Exactly(usize),
    /// A sixth or five sixths of all there are, which are too many to count.
    About(f64),
}

impl Size {
    /// Most problems that are counted one by one.
    const COUNTED: f64 = 1e6;

    /// The size of one side of `total` problems, which `count` counts.
    fn of(total: f64, split: Split, count: impl FnOnce() -> usize) -> Self {
        if total > Self::COUNTED {
            Self::About((total * split.share()).round())
        } else {
            Self::Exactly(count())
        }
    }
}

/// A source of problems with an exact verifier.
///
/// Texts are measured in characters (Unicode scalar values), which are the tokens of a character
/// tokenizer over [`TextWorld::alphabet`].
pub trait TextWorld: Send + Sync {
    /// The full name, options included. A world from a file has the file's name and a fingerprint
    /// of its content, so that a name stands for one set of problems.
    fn name(&self) -> &str;

    /// Every character that a prompt or a solution can hold, each once, marker and end sign last.
    fn alphabet(&self) -> &str;

    /// What stands before the answer: `#`, or `####` as GSM8K publishes it.
    fn marker(&self) -> &str {
        MARKER
    }

    /// The one character that ends a response. In text of a tokenizer with an end token of its own
    /// it stands for that token.
    fn end(&self) -> &str {
        END
    }

    /// The difficulties of the problems, ascending.
    fn levels(&self) -> &[usize];

    /// A problem of one of the [`TextWorld::levels`] in a split.
    fn draw_at(&self, level: usize, split: Split, random: &mut ChaCha8Rng) -> Problem;

    /// A problem of a level drawn uniformly.
    fn draw(&self, split: Split, random: &mut ChaCha8Rng) -> Problem {
        let levels = self.levels();
        self.draw_at(levels[random.random_range(0..levels.len())], split, random)
    }

    /// `count` different held-out problems, or all there are where there are fewer. They are fixed
    /// by the world, and fewer of them are the first of more.
    fn held_out(&self, count: usize) -> Vec<Problem>;

    /// Problems to learn from and held-out problems.
    fn sizes(&self) -> [Size; 2];

    /// The problem with this prompt, whatever its split; none where it is no prompt of this world.
    fn problem(&self, prompt: &str) -> Option<Problem>;

    /// What a perfect model says after the prompt: steps, marker, answer, end sign.
    fn solution(&self, problem: &Problem) -> String {
        format!(
            "{}{}{}{}",
            problem.steps.as_deref().unwrap_or_default(),
            self.marker(),
            problem.answer,
            self.end()
        )
    }

    /// Grades `response`, everything that followed the prompt, the end sign included where the
    /// model ended by itself.
    fn verify(&self, problem: &Problem, response: &str) -> Verdict;

    /// A solution with errors: each worked step is wrong with this probability, on its own, and
    /// what comes later follows from it. None where the problem has no steps.
    fn corrupt(&self, problem: &Problem, probability: f64, random: &mut ChaCha8Rng) -> Option<String>;

    /// No prompt and no solution, end sign included, has more characters than this.
    fn longest(&self) -> [usize; 2];

    /// Edit distance between `response` and the solution, as a share of the longer one: 0 where
    /// they are equal, 1 where they have nothing in common.
    fn distance(&self, problem: &Problem, response: &str) -> f64 {
        1.0 - strsim::normalized_levenshtein(&self.solution(problem), response)
    }
}
