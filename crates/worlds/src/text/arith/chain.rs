//! Chains of operations modulo m, from left to right.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// What an operation does with two residues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
}

impl Operator {
    /// All of them, in the order of their names in an option.
    pub const ALL: [Self; 3] = [Self::Plus, Self::Minus, Self::Times];

    /// Its word in an option.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plus => "plus",
            Self::Minus => "minus",
            Self::Times => "times",
        }
    }

    /// Its character in a prompt.
    pub fn sign(self) -> char {
        match self {
            Self::Plus => '+',
            Self::Minus => '-',
            Self::Times => '*',
        }
    }

    /// The operation on two residues.
    pub fn apply(self, left: u8, right: u8, modulus: u8) -> u8 {
        match self {
            Self::Plus => (left + right) % modulus,
            Self::Minus => (left + modulus - right) % modulus,
            Self::Times => left * right % modulus,
        }
    }
}

/// A first residue and what is done with it, one operation after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub first: u8,
    pub links: Vec<(Operator, u8)>,
}

impl Chain {
    /// `operations` operations on uniform residues.
    pub fn draw(modulus: u8, operators: &[Operator], operations: usize, random: &mut ChaCha8Rng) -> Self {
        let first = random.random_range(0..modulus);
        let link = |_| (operators[random.random_range(0..operators.len())], random.random_range(0..modulus));
        Self { first, links: (0..operations).map(link).collect() }
    }

    /// The chain of a prompt such as `3+1*4?`.
    pub fn read(prompt: &str, modulus: u8, operators: &[Operator]) -> Option<Self> {
        let mut rest = prompt.strip_suffix('?')?.chars();
        let first = residue(rest.next()?, modulus)?;
        let mut links = Vec::new();
        while let Some(sign) = rest.next() {
            let operator = operators.iter().find(|operator| operator.sign() == sign)?;
            links.push((*operator, residue(rest.next()?, modulus)?));
        }
        Some(Self { first, links })
    }

    /// Its prompt.
    pub fn prompt(&self) -> String {
        let mut text = digit(self.first).to_string();
        for (operator, operand) in &self.links {
            text.push(operator.sign());
            text.push(digit(*operand));
        }
        text.push('?');
        text
    }

    /// The value after each operation where `slip` may change one before the next operation uses
    /// it.
    pub fn values(&self, modulus: u8, mut slip: impl FnMut(u8) -> u8) -> Vec<u8> {
        let apply = |value: &mut u8, (operator, operand): &(Operator, u8)| {
            *value = slip(operator.apply(*value, *operand, modulus));
            Some(*value)
        };
        self.links.iter().scan(self.first, apply).collect()
    }
}

/// All chains of `operations` operations, the last operand running fastest.
pub(super) fn all(modulus: u8, operators: &[Operator], operations: usize) -> impl Iterator<Item = Chain> {
    let kinds = operators.len() * usize::from(modulus);
    let total = usize::from(modulus) * kinds.pow(operations as u32);
    (0..total).map(move |index| {
        let mut rest = index;
        let mut links = Vec::with_capacity(operations);
        for _ in 0..operations {
            let kind = rest % kinds;
            rest /= kinds;
            links.push((operators[kind / usize::from(modulus)], (kind % usize::from(modulus)) as u8));
        }
        links.reverse();
        Chain { first: rest as u8, links }
    })
}

/// The character of a residue.
pub(super) fn digit(value: u8) -> char {
    char::from(b'0' + value)
}

/// The residue that a character stands for.
pub(super) fn residue(character: char, modulus: u8) -> Option<u8> {
    let value = u8::try_from(character.to_digit(10)?).ok()?;
    (value < modulus).then_some(value)
}
