//! The two ways in which a chain's solution is written.

use super::chain::{Chain, digit, residue};
use crate::text::grade::lines;

/// How a solution shows its intermediate results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `3+1=4;4*4=2;`: every operation written out.
    Worked,
    /// `42`: the results alone, without separators.
    Partial,
}

impl Form {
    /// Characters of a step.
    pub fn step_length(self) -> usize {
        match self {
            Self::Worked => 6,
            Self::Partial => 1,
        }
    }

    /// The steps of a chain whose operations gave these values.
    pub fn write(self, chain: &Chain, values: &[u8]) -> String {
        let step = |(index, value): (usize, &u8)| match self {
            Self::Partial => digit(*value).to_string(),
            Self::Worked => {
                let (operator, operand) = chain.links[index];
                let left = if index == 0 { chain.first } else { values[index - 1] };
                let (left, operand, value) = (digit(left), digit(operand), digit(*value));
                format!("{left}{}{operand}={value};", operator.sign())
            }
        };
        values.iter().enumerate().map(step).collect()
    }

    /// Whether each written step is the chain's own operation, applied rightly to what the step
    /// before it gave.
    pub fn check(self, chain: &Chain, steps: &str, modulus: u8) -> Vec<bool> {
        let (written, closed) = self.split(steps);
        let mut before = Some(chain.first);
        let mut valid = Vec::with_capacity(written.len());
        for (index, step) in written.iter().enumerate() {
            let right = before.zip(chain.links.get(index)).map(|(left, (operator, operand))| {
                let single = Chain { first: left, links: vec![(*operator, *operand)] };
                self.write(&single, &single.values(modulus, |value| value))
            });
            valid.push(right.is_some_and(|right| right.trim_end_matches(';') == *step));
            before = step.chars().last().and_then(|last| residue(last, modulus));
        }
        if let (false, Some(last)) = (closed, valid.last_mut()) {
            *last = false;
        }
        valid
    }

    /// The steps without their separators, and whether the last one is closed.
    fn split(self, steps: &str) -> (Vec<&str>, bool) {
        match self {
            Self::Worked => lines(steps),
            Self::Partial => (steps.split("").filter(|step| !step.is_empty()).collect(), true),
        }
    }
}
