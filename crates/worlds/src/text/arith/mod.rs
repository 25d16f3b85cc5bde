//! `arith`: sums, differences and products modulo m, evaluated from left to right.
//!
//! The prompt `3+1*4?` asks for ((3 + 1) 4) mod m. Its worked solution modulo 7 is
//! `3+1=4;4*4=2;#2$`: an operation a step, each beginning with the result of the one before. Under
//! `ladder` the steps are their results alone, `42#2$`, and a level is the number of operands.

mod chain;
mod form;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use self::chain::{Chain, Operator, all, digit, residue};
use self::form::Form;
use super::grade::{Parts, judge};
use super::held_out::held_out;
use super::level::levels;
use super::{END, MARKER, Problem, Size, Split, TextEntry, TextWorld, Verdict};
use crate::WorldError;
use crate::name::{Options, help, nearest};

/// Most operations of a problem.
const LONGEST: usize = 12;
/// Highest level of the ladder.
const HIGHEST: usize = 12;
/// A level with more problems than this has some on both sides of the split.
const SMALL: f64 = 20_000.0;

pub(super) const ENTRY: TextEntry = TextEntry {
    name: "arith",
    summary: "sums, differences and products modulo m from left to right, with worked steps",
    options: &[
        help("m", "10", "modulus, from 2 to 10"),
        help("n", "2", "operations of a problem, or a mixture as in n=1-3"),
        help("ops", "plus-minus-times", "operations to draw from, joined by `-`"),
        help("shift", "0", "operations that held-out problems have more than those learnt from"),
        help(
            "ladder",
            "",
            "level, or levels as in 2-9: that many operands, plus and times modulo 10, results alone",
        ),
    ],
    build: |options| Ok(Box::new(Arith::new(options)?)),
};

/// The world `arith`.
#[derive(Clone, Debug)]
pub struct Arith {
    name: String,
    modulus: u8,
    operators: Vec<Operator>,
    levels: Vec<usize>,
    shift: usize,
    form: Form,
    alphabet: String,
}

impl Arith {
    /// The world of these options.
    ///
    /// # Errors
    /// A value is out of range, `ladder` is given with what it fixes, or one side of the split has
    /// no problem.
    pub fn new(options: &Options) -> Result<Self, WorldError> {
        let form = if options.text("ladder").is_some() { Form::Partial } else { Form::Worked };
        let (modulus, operators, levels) = match form {
            Form::Partial => (10, vec![Operator::Plus, Operator::Times], ladder(options)?),
            Form::Worked => {
                let modulus = options.usize("m", 10, 2..=10)? as u8;
                (modulus, operators(options)?, levels(options, "n", 2..=2, 1..=LONGEST)?)
            }
        };
        let digits: String = (0..modulus).map(digit).collect();
        let world = Self {
            name: options.to_string(),
            modulus,
            operators,
            levels,
            shift: options.usize("shift", 0, 0..=4)?,
            form,
            alphabet: format!("{digits}+-*=;?{MARKER}{END}"),
        };
        world.check_split()?;
        Ok(world)
    }

    /// Refuses levels too small to have problems on both sides of the split.
    fn check_split(&self) -> Result<(), WorldError> {
        for split in [Split::Train, Split::Test] {
            for &level in &self.levels {
                let empty = self.total(level, split) <= SMALL && self.side(level, split).next().is_none();
                if empty {
                    return Err(WorldError::Invalid(format!(
                        "world `{}`: none of its {} problems of level {level} is on the {} side of the split; \
                         take a larger `m`, a larger `n` or more `ops`",
                        self.name,
                        self.total(level, split),
                        if split == Split::Train { "training" } else { "held-out" }
                    )));
                }
            }
        }
        Ok(())
    }

    /// Operations of a problem of this level in this split.
    fn operations(&self, level: usize, split: Split) -> usize {
        let shift = if split == Split::Test { self.shift } else { 0 };
        shift + if self.form == Form::Partial { level - 1 } else { level }
    }

    /// Problems of as many operations as a level has in a split, on whatever side.
    fn total(&self, level: usize, split: Split) -> f64 {
        let modulus = f64::from(self.modulus);
        let operations = self.operations(level, split);
        modulus * (modulus * self.operators.len() as f64).powi(operations as i32)
    }

    /// All chains of a level in a split.
    fn side(&self, level: usize, split: Split) -> impl Iterator<Item = Chain> {
        all(self.modulus, &self.operators, self.operations(level, split))
            .filter(move |chain| Split::of(&chain.prompt()) == split)
    }

    fn size(&self, split: Split) -> Size {
        let total: f64 = self.levels.iter().map(|&level| self.total(level, split)).sum();
        Size::of(total, split, || self.levels.iter().map(|&level| self.side(level, split).count()).sum())
    }

    fn solved(&self, chain: &Chain) -> Problem {
        let values = chain.values(self.modulus, |value| value);
        let partial = self.form == Form::Partial;
        Problem {
            prompt: chain.prompt(),
            answer: digit(last(chain, &values)).to_string(),
            steps: Some(self.form.write(chain, &values)),
            level: chain.links.len() + usize::from(partial),
            task: if partial { "ladder" } else { "arith" },
        }
    }

    fn chain(&self, prompt: &str) -> Option<Chain> {
        Chain::read(prompt, self.modulus, &self.operators)
    }
}

impl TextWorld for Arith {
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
        let operations = self.operations(level, split);
        loop {
            let chain = Chain::draw(self.modulus, &self.operators, operations, random);
            if Split::of(&chain.prompt()) == split {
                return self.solved(&chain);
            }
        }
    }

    fn held_out(&self, count: usize) -> Vec<Problem> {
        held_out(self, count, || {
            let chains = self.levels.iter().flat_map(|&level| self.side(level, Split::Test));
            chains.map(|chain| self.solved(&chain)).collect()
        })
    }

    fn sizes(&self) -> [Size; 2] {
        [self.size(Split::Train), self.size(Split::Test)]
    }

    fn problem(&self, prompt: &str) -> Option<Problem> {
        Some(self.solved(&self.chain(prompt)?))
    }

    fn verify(&self, problem: &Problem, response: &str) -> Verdict {
        let parts = Parts::of(response, MARKER, END);
        let steps = self.chain(&problem.prompt);
        let steps = steps.map_or(Vec::new(), |chain| self.form.check(&chain, parts.steps, self.modulus));
        let readable = |answer: &str| {
            let mut characters = answer.chars();
            let first = characters.next().and_then(|first| residue(first, self.modulus));
            first.is_some() && characters.next().is_none()
        };
        judge(response, &self.solution(problem), &problem.answer, parts, readable, steps)
    }

    fn corrupt(&self, problem: &Problem, probability: f64, random: &mut ChaCha8Rng) -> Option<String> {
        let chain = self.chain(&problem.prompt)?;
        let values = chain.values(self.modulus, |value| {
            if random.random::<f64>() < probability {
                (value + random.random_range(1..self.modulus)) % self.modulus
            } else {
                value
            }
        });
        let answer = digit(last(&chain, &values));
        Some(format!("{}{MARKER}{answer}{END}", self.form.write(&chain, &values)))
    }

    fn longest(&self) -> [usize; 2] {
        let level = self.levels.last().copied().unwrap_or_default();
        let operations = self.operations(level, Split::Test);
        [2 * operations + 2, self.form.step_length() * operations + 3]
    }
}

/// What a chain comes to when its operations gave these values.
fn last(chain: &Chain, values: &[u8]) -> u8 {
    values.last().copied().unwrap_or(chain.first)
}

/// The levels of option `ladder`, which leaves nothing else to choose.
fn ladder(options: &Options) -> Result<Vec<usize>, WorldError> {
    if let Some(fixed) = ["m", "n", "ops"].into_iter().find(|key| options.text(key).is_some()) {
        return Err(WorldError::Invalid(format!(
            "world `{options}`: `ladder` fixes modulus, operations and their number; leave out `{fixed}`"
        )));
    }
    levels(options, "ladder", 2..=2, 1..=HIGHEST)
}

/// The operations named by option `ops`.
fn operators(options: &Options) -> Result<Vec<Operator>, WorldError> {
    let Some(text) = options.text("ops") else {
        return Ok(Operator::ALL.to_vec());
    };
    let words: Vec<&str> = text.split('-').collect();
    let known = Operator::ALL.map(Operator::word);
    if let Some(wrong) = words.iter().find(|word| !known.contains(word)) {
        let near = nearest(wrong, known.into_iter()).map(|near| format!("; did you mean `{near}`?"));
        return Err(WorldError::Invalid(format!(
            "`ops` of {} must be some of plus, minus, times, as in `plus-minus`, not `{text}`{}",
            options.owner(),
            near.unwrap_or_default()
        )));
    }
    Ok(Operator::ALL.into_iter().filter(|operator| words.contains(&operator.word())).collect())
}
