//! `stack-code`: what does this program leave on top of the stack?
//!
//! The numbers are digits (integers modulo 10), the stack holds at most eight. A line is `Pd` (push
//! d), `D` (duplicate), `S` (swap), `O` (copy the second), `X` (drop), `R` (third to the top), `+`,
//! `-`, `*`, `M` (greater of two) or `N` (negate). The prompt is a program and the stack that it
//! starts from, top last, `P3;+;D;*;|42?`; the worked solution is the stack after each line, then
//! its top: `423;45;455;45;#5$`. No line of a drawn program faults or empties the stack.

mod machine;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use self::machine::{CAPACITY, Instruction, MODULUS, Program, digits, written};
use super::grade::{Parts, judge, lines};
use super::held_out::held_out;
use super::level::levels;
use super::{END, MARKER, Problem, Size, Split, TextEntry, TextWorld, Verdict};
use crate::WorldError;
use crate::name::{Options, help};

/// Most lines of a program.
const LONGEST: usize = 8;
/// Deepest stack that a program starts from.
const DEEPEST: usize = 4;

pub(super) const ENTRY: TextEntry = TextEntry {
    name: "stack-code",
    summary: "what a program leaves on top of a stack of digits, worked line by line",
    options: &[
        help("lines", "2-4", "lines of a program, from 1 to 8, or a mixture as in 2-4"),
        help("depth", "1-3", "digits on the stack at the start, from 1 to 4, or a mixture as in 1-3"),
    ],
    build: |options| Ok(Box::new(StackCode::new(options)?)),
};

/// The world `stack-code`.
#[derive(Clone, Debug)]
pub struct StackCode {
    name: String,
    levels: Vec<usize>,
    depths: Vec<usize>,
    alphabet: String,
}

impl StackCode {
    /// The world of these options.
    ///
    /// # Errors
    /// A value is out of range.
    pub fn new(options: &Options) -> Result<Self, WorldError> {
        Ok(Self {
            name: options.to_string(),
            levels: levels(options, "lines", 2..=4, 1..=LONGEST)?,
            depths: levels(options, "depth", 1..=3, 1..=DEEPEST)?,
            alphabet: format!("0123456789PDSOXR+-*MN;|?{MARKER}{END}"),
        })
    }

    /// A stack and lines that are each uniform among the kinds that can follow.
    fn program(&self, length: usize, random: &mut ChaCha8Rng) -> Program {
        let mut depth = self.depths[random.random_range(0..self.depths.len())];
        let input = (0..depth).map(|_| random.random_range(0..MODULUS)).collect();
        let mut lines = Vec::with_capacity(length);
        for _ in 0..length {
            let possible: Vec<(Instruction, usize)> = followers(depth).collect();
            let (kind, after) = possible[random.random_range(0..possible.len())];
            depth = after;
            lines.push(match kind {
                Instruction::Push(_) => Instruction::Push(random.random_range(0..MODULUS)),
                kind => kind,
            });
        }
        Program { lines, input }
    }

    /// Problems of this many lines, on both sides.
    fn total(&self, length: usize) -> f64 {
        let inputs = |depth: usize| f64::from(MODULUS).powi(depth as i32);
        self.depths.iter().map(|&depth| inputs(depth) * continuations(depth, length)).sum()
    }

    /// All held-out or training problems of this many lines.
    fn side(&self, length: usize, split: Split) -> Vec<Problem> {
        let mut problems = Vec::new();
        for &depth in &self.depths {
            let mut programs = Vec::new();
            programs_from(depth, length, &mut Vec::new(), &mut programs);
            for index in 0..10_usize.pow(depth as u32) {
                let input = digits(&format!("{index:0depth$}")).unwrap_or_default();
                let prompts =
                    programs.iter().map(|lines| Program { lines: lines.clone(), input: input.clone() });
                let here = prompts.filter(|program| Split::of(&program.prompt()) == split);
                problems.extend(here.filter_map(|program| solved(&program)));
            }
        }
        problems
    }
}

/// What can follow on a stack of this depth without a fault or an empty stack, and the depth after.
fn followers(depth: usize) -> impl Iterator<Item = (Instruction, usize)> {
    let after = move |kind: Instruction| Some((kind, kind.depth_after(depth)?));
    Instruction::KINDS.into_iter().filter_map(after).filter(|(_, after)| *after > 0)
}

/// Number of programs of this many lines from a stack of this depth.
fn continuations(depth: usize, length: usize) -> f64 {
    if length == 0 {
        return 1.0;
    }
    let operands =
        |kind: Instruction| if matches!(kind, Instruction::Push(_)) { f64::from(MODULUS) } else { 1.0 };
    followers(depth).map(|(kind, after)| operands(kind) * continuations(after, length - 1)).sum()
}

/// All of them, appended to `programs`, after the lines of `begun`.
fn programs_from(
    depth: usize,
    length: usize,
    begun: &mut Vec<Instruction>,
    programs: &mut Vec<Vec<Instruction>>,
) {
    if length == 0 {
        programs.push(begun.clone());
        return;
    }
    for (kind, after) in followers(depth) {
        let operands = if matches!(kind, Instruction::Push(_)) { MODULUS } else { 1 };
        for operand in 0..operands {
            let push = matches!(kind, Instruction::Push(_));
            begun.push(if push { Instruction::Push(operand) } else { kind });
            programs_from(after, length - 1, begun, programs);
            begun.pop();
        }
    }
}

/// The problem of a program that neither faults nor empties the stack.
fn solved(program: &Program) -> Option<Problem> {
    let stacks = program.trace(|_| ())?;
    let (steps, answer) = worked(&stacks)?;
    Some(Problem {
        prompt: program.prompt(),
        answer,
        steps: Some(steps),
        level: program.lines.len(),
        task: "stack-code",
    })
}

/// Steps and answer of these stacks.
fn worked(stacks: &[Vec<u8>]) -> Option<(String, String)> {
    let top = stacks.last()?.last()?;
    let steps = stacks.iter().map(|stack| written(stack) + ";").collect();
    Some((steps, top.to_string()))
}

/// Whether each written stack is what the program's next line makes of the stack written before.
fn check(program: &Program, steps: &str) -> Vec<bool> {
    let (stacks, closed) = lines(steps);
    let mut before = Some(program.input.clone());
    let mut valid = Vec::with_capacity(stacks.len());
    for (index, stack) in stacks.iter().enumerate() {
        let right = before.zip(program.lines.get(index)).and_then(|(mut before, line)| {
            line.run(&mut before)?;
            Some(written(&before))
        });
        valid.push(right.is_some_and(|right| right == *stack));
        before = digits(stack);
    }
    if let (false, Some(last)) = (closed, valid.last_mut()) {
        *last = false;
    }
    valid
}

impl TextWorld for StackCode {
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
        loop {
            let program = self.program(level, random);
            if Split::of(&program.prompt()) == split
                && let Some(problem) = solved(&program)
            {
                return problem;
            }
        }
    }

    fn held_out(&self, count: usize) -> Vec<Problem> {
        held_out(self, count, || {
            self.levels.iter().flat_map(|&level| self.side(level, Split::Test)).collect()
        })
    }

    fn sizes(&self) -> [Size; 2] {
        let total: f64 = self.levels.iter().map(|&level| self.total(level)).sum();
        [Split::Train, Split::Test].map(|split| {
            Size::of(total, split, || self.levels.iter().map(|&level| self.side(level, split).len()).sum())
        })
    }

    fn problem(&self, prompt: &str) -> Option<Problem> {
        solved(&Program::read(prompt)?)
    }

    fn verify(&self, problem: &Problem, response: &str) -> Verdict {
        let parts = Parts::of(response, MARKER, END);
        let program = Program::read(&problem.prompt);
        let steps = program.map_or(Vec::new(), |program| check(&program, parts.steps));
        let readable = |answer: &str| answer.len() == 1 && digits(answer).is_some();
        judge(response, &self.solution(problem), &problem.answer, parts, readable, steps)
    }

    fn corrupt(&self, problem: &Problem, probability: f64, random: &mut ChaCha8Rng) -> Option<String> {
        let stacks = Program::read(&problem.prompt)?.trace(|stack| {
            if !stack.is_empty() && random.random::<f64>() < probability {
                let place = random.random_range(0..stack.len());
                stack[place] = (stack[place] + random.random_range(1..MODULUS)) % MODULUS;
            }
        });
        let (steps, answer) = worked(&stacks?)?;
        Some(format!("{steps}{MARKER}{answer}{END}"))
    }

    fn longest(&self) -> [usize; 2] {
        let length = self.levels.last().copied().unwrap_or_default();
        let depth = self.depths.last().copied().unwrap_or_default();
        let stacks: usize = (1..=length).map(|line| (depth + line).min(CAPACITY) + 1).sum();
        [3 * length + depth + 2, stacks + 3]
    }
}
