//! Actors of worlds whose solutions are known exactly.

use rand_chacha::ChaCha8Rng;

use super::{Actor, Move, Seen};
use crate::tabular::{Policy, Table};

type Decode = Box<dyn Fn(&Seen<'_>) -> usize + Send>;

/// Acts by a policy given as a table.
pub(crate) struct Tabular {
    policy: Policy,
    decode: Decode,
}

impl Tabular {
    /// Acts by `policy` in the state that `decode` reads.
    pub(crate) fn new(policy: Policy, decode: impl Fn(&Seen<'_>) -> usize + Send + 'static) -> Self {
        Self { policy, decode: Box::new(decode) }
    }

    /// Acts optimally under the table's own discount, without a time limit.
    pub(crate) fn expert(table: &Table, decode: impl Fn(&Seen<'_>) -> usize + Send + 'static) -> Self {
        let choices = table.model.optimal(table.discount).policy;
        Self::new(Policy::greedy(&choices, table.model.actions()), decode)
    }

    /// The index of the largest of the first `states` elements of the input, for one-hot inputs.
    pub(crate) fn hottest(seen: &Seen<'_>, states: usize) -> usize {
        let values = seen.field(0).get(..states).unwrap_or_default();
        (0..values.len()).fold(0, |best, index| if values[index] > values[best] { index } else { best })
    }
}

impl Actor for Tabular {
    fn act(&mut self, _row: usize, seen: &Seen<'_>, random: &mut ChaCha8Rng) -> Move {
        let state = (self.decode)(seen).min(self.policy.states() - 1);
        Move::Index(self.policy.choose(state, random) as u32)
    }
}

/// Takes the action that a truth field names as best.
pub(crate) struct Guided {
    /// The field, whose first element is the action.
    pub(crate) field: usize,
}

impl Actor for Guided {
    fn act(&mut self, _row: usize, seen: &Seen<'_>, _random: &mut ChaCha8Rng) -> Move {
        Move::Index(seen.number(self.field, 0) as u32)
    }
}
