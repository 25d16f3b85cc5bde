//! `knights`: who speaks the truth?
//!
//! n people make one statement each; knights speak the truth, knaves don't, and exactly one
//! assignment of roles fits. A statement is a literal (`kB`: B is a knight; `nB`: a knave) or `&`,
//! `|` or `>` before two literals. The prompt is each person's letter and statement and a question
//! mark, `AnBB|kAnB?`, the answer a role for each person. Puzzles of at most [`WORKED`] people come
//! with a depth-first search over the people, which judges a statement as soon as the roles so far
//! settle it: `k;kkx;kn;#kn$`.

mod puzzle;
mod search;

use std::collections::HashSet;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use self::puzzle::{CROWD, Puzzle, letter, read_role, role};
use self::search::{check, search};
use super::grade::{Parts, judge};
use super::held_out::held_out;
use super::level::levels;
use super::{END, MARKER, Problem, Size, Split, TextEntry, TextWorld, Verdict};
use crate::name::{Options, help};
use crate::{WorldError, seed::stream};

/// Most people of a puzzle with a worked solution.
pub const WORKED: usize = 3;
/// Solvable puzzles in a row that are known already, after which there are taken to be no more.
const PATIENCE: usize = 20_000;

pub(super) const ENTRY: TextEntry = TextEntry {
    name: "knights",
    summary: "knights and knaves with one solution; worked as a search for up to three people",
    options: &[
        help("n", "2", "people, from 2 to 6, or a mixture as in n=2-3"),
        help("puzzles", "1000", "different puzzles for each number of people; 2 people have 1140 in all"),
    ],
    build: |options| Ok(Box::new(Knights::new(options)?)),
};

/// The world `knights`.
#[derive(Clone, Debug)]
pub struct Knights {
    name: String,
    levels: Vec<usize>,
    /// Training and held-out puzzles of each level.
    puzzles: Vec<[Vec<Problem>; 2]>,
    alphabet: String,
    longest: [usize; 2],
}

impl Knights {
    /// The world of these options.
    ///
    /// # Errors
    /// A value is out of range.
    pub fn new(options: &Options) -> Result<Self, WorldError> {
        let levels = levels(options, "n", 2..=2, 2..=CROWD)?;
        let count = options.usize("puzzles", 1_000, 100..=200_000)?;
        let puzzles: Vec<[Vec<Problem>; 2]> = levels.iter().map(|&people| pool(people, count)).collect();
        let people = levels.last().copied().unwrap_or_default();
        let letters: String = (0..people).map(letter).collect();
        let mut world = Self {
            name: options.to_string(),
            levels,
            puzzles,
            alphabet: format!("{letters}kn&|>?x;{MARKER}{END}"),
            longest: [0, 0],
        };
        world.longest = world.measure();
        Ok(world)
    }

    fn measure(&self) -> [usize; 2] {
        self.puzzles.iter().flatten().flatten().fold([0, 0], |[prompt, response], problem| {
            [prompt.max(problem.prompt.len()), response.max(self.solution(problem).len())]
        })
    }

    fn side(&self, split: Split) -> impl Iterator<Item = &Problem> {
        self.puzzles.iter().flat_map(move |sides| &sides[split as usize])
    }
}

/// `count` different puzzles of this many people, or all where there are fewer: those to learn from
/// and those held out. More puzzles begin with the same ones.
fn pool(people: usize, count: usize) -> [Vec<Problem>; 2] {
    let random = &mut stream(0, "knights", people);
    let (mut seen, mut repeats) = (HashSet::new(), 0);
    let mut sides = [Vec::new(), Vec::new()];
    while seen.len() < count && repeats < PATIENCE {
        let puzzle = Puzzle::draw(people, random);
        let Some(problem) = solved(&puzzle) else {
            continue;
        };
        if seen.insert(puzzle) {
            repeats = 0;
            sides[Split::of(&problem.prompt) as usize].push(problem);
        } else {
            repeats += 1;
        }
    }
    sides
}

/// The problem of a puzzle with exactly one solution.
fn solved(puzzle: &Puzzle) -> Option<Problem> {
    let roles = puzzle.solution()?;
    let people = puzzle.people();
    Some(Problem {
        prompt: puzzle.prompt(),
        answer: written(&roles),
        steps: (people <= WORKED).then(|| search(puzzle, || false).steps),
        level: people,
        task: "knights",
    })
}

fn written(roles: &[bool]) -> String {
    roles.iter().map(|knight| role(*knight)).collect()
}

impl TextWorld for Knights {
    fn name(&self) -> &str {
        &self.name
    }

    fn alphabet(&self) -> &str {
        &self.alphabet
    }

    fn levels(&self) -> &[usize] {
        &self.levels
    }

    fn draw_at(&self, level: usize, split: Split, random: &mut ChaCha8Rng) -> Problem {
        let index = self.levels.iter().position(|&own| own == level).unwrap_or_default();
        let problems = &self.puzzles[index][split as usize];
        problems[random.random_range(0..problems.len())].clone()
    }

    fn held_out(&self, count: usize) -> Vec<Problem> {
        held_out(self, count, || self.side(Split::Test).cloned().collect())
    }

    fn sizes(&self) -> [Size; 2] {
        [Split::Train, Split::Test].map(|split| Size::Exactly(self.side(split).count()))
    }

    fn problem(&self, prompt: &str) -> Option<Problem> {
        let puzzle = Puzzle::read(prompt).filter(|puzzle| self.levels.contains(&puzzle.people()))?;
        solved(&puzzle)
    }

    fn verify(&self, problem: &Problem, response: &str) -> Verdict {
        let parts = Parts::of(response, MARKER, END);
        let puzzle = Puzzle::read(&problem.prompt);
        let steps = puzzle.map_or(Vec::new(), |puzzle| check(&puzzle, parts.steps));
        let people = problem.level;
        let readable =
            |answer: &str| answer.len() == people && answer.chars().all(|letter| read_role(letter).is_some());
        judge(response, &self.solution(problem), &problem.answer, parts, readable, steps)
    }

    fn corrupt(&self, problem: &Problem, probability: f64, random: &mut ChaCha8Rng) -> Option<String> {
        problem.steps.as_ref()?;
        let found = search(&Puzzle::read(&problem.prompt)?, || random.random::<f64>() < probability);
        Some(format!("{}{MARKER}{}{END}", found.steps, written(&found.roles)))
    }

    fn longest(&self) -> [usize; 2] {
        self.longest
    }
}
