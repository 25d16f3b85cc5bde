//! A machine with a stack of digits.

/// Most digits on the stack.
pub const CAPACITY: usize = 8;
/// The numbers are residues of this modulus.
pub const MODULUS: u8 = 10;

/// One line of a program. The stack grows to the right: of `47`, 7 is the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instruction {
    Push(u8),
    Duplicate,
    Swap,
    Over,
    Drop,
    Rotate,
    Plus,
    Minus,
    Times,
    Max,
    Negate,
}

use Instruction::{Drop, Duplicate, Max, Minus, Negate, Over, Plus, Push, Rotate, Swap, Times};

impl Instruction {
    /// One of each kind; a push has an operand of its own.
    pub const KINDS: [Self; 11] =
        [Push(0), Duplicate, Swap, Over, Drop, Rotate, Plus, Minus, Times, Max, Negate];

    /// Its letter.
    fn letter(self) -> char {
        match self {
            Push(_) => 'P',
            Duplicate => 'D',
            Swap => 'S',
            Over => 'O',
            Drop => 'X',
            Rotate => 'R',
            Plus => '+',
            Minus => '-',
            Times => '*',
            Max => 'M',
            Negate => 'N',
        }
    }

    /// Digits that it needs on the stack.
    pub fn needs(self) -> usize {
        match self {
            Push(_) => 0,
            Duplicate | Drop | Negate => 1,
            Swap | Over | Plus | Minus | Times | Max => 2,
            Rotate => 3,
        }
    }

    /// Digits on a stack of `depth` after it; none where that is a fault.
    pub fn depth_after(self, depth: usize) -> Option<usize> {
        let after = match self {
            Push(_) | Duplicate | Over => depth + 1,
            Swap | Rotate | Negate => depth,
            Drop | Plus | Minus | Times | Max => depth.checked_sub(1)?,
        };
        (depth >= self.needs() && after <= CAPACITY).then_some(after)
    }

    /// Executes it; none on underflow or overflow, with the stack as it was.
    pub fn run(self, stack: &mut Vec<u8>) -> Option<()> {
        self.depth_after(stack.len())?;
        let top = stack.len().wrapping_sub(1);
        match self {
            Push(digit) => stack.push(digit),
            Duplicate => stack.push(stack[top]),
            Over => stack.push(stack[top - 1]),
            Swap => stack.swap(top, top - 1),
            Rotate => stack[top - 2..].rotate_left(1),
            Negate => stack[top] = (MODULUS - stack[top]) % MODULUS,
            Drop => stack.truncate(top),
            Plus => combine(stack, |left, right| left + right),
            Minus => combine(stack, |left, right| left + MODULUS - right),
            Times => combine(stack, |left, right| left * right),
            Max => combine(stack, u8::max),
        }
        Some(())
    }
}

/// Replaces the two topmost digits by one; the top is the right operand.
fn combine(stack: &mut Vec<u8>, operation: impl FnOnce(u8, u8) -> u8) {
    let right = stack.pop().unwrap_or_default();
    if let Some(left) = stack.last_mut() {
        *left = operation(*left, right) % MODULUS;
    }
}

/// A program with the stack that it starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub lines: Vec<Instruction>,
    pub input: Vec<u8>,
}

impl Program {
    /// Its prompt, `P3;+;|42?`.
    pub fn prompt(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push(line.letter());
            if let Push(digit) = line {
                text.push(char::from(b'0' + digit));
            }
            text.push(';');
        }
        text + "|" + &written(&self.input) + "?"
    }

    /// The program of a prompt.
    pub fn read(prompt: &str) -> Option<Self> {
        let (program, input) = prompt.strip_suffix('?')?.split_once('|')?;
        let input = digits(input).filter(|input| !input.is_empty() && input.len() <= CAPACITY)?;
        let lines = program.strip_suffix(';')?.split(';').map(read_line).collect::<Option<_>>()?;
        Some(Self { lines, input })
    }

    /// The stack after each line, where `slip` may change it before the next line uses it; none
    /// where a line faults or leaves nothing.
    pub fn trace(&self, mut slip: impl FnMut(&mut [u8])) -> Option<Vec<Vec<u8>>> {
        let mut stack = self.input.clone();
        let mut after = |line: &Instruction| {
            line.run(&mut stack)?;
            slip(&mut stack);
            (!stack.is_empty()).then(|| stack.clone())
        };
        self.lines.iter().map(&mut after).collect()
    }
}

fn read_line(line: &str) -> Option<Instruction> {
    let mut characters = line.chars();
    let letter = characters.next()?;
    let kind = Instruction::KINDS.into_iter().find(|kind| kind.letter() == letter)?;
    match (kind, digits(characters.as_str())?.as_slice()) {
        (Push(_), [digit]) => Some(Push(*digit)),
        (Push(_), _) => None,
        (other, []) => Some(other),
        _ => None,
    }
}

/// The digits of a stack, its top last.
pub(super) fn written(stack: &[u8]) -> String {
    stack.iter().map(|digit| char::from(b'0' + digit)).collect()
}

/// The stack that a text of digits stands for.
pub(super) fn digits(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|digit| digit.to_digit(10).map(|digit| digit as u8)).collect()
}
