//! Where tokens stand, and what they may see.

use burn::tensor::{Device, Tensor, TensorData};

use crate::NetsError;
use crate::attention::Mask;

/// Positions of the input's tokens, and which of them, and of those in the cache, each may see.
#[derive(Clone, Debug)]
pub struct Place {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Which slots hold a token, `[B][T]`; the rest follows from it.
    Present(Vec<Vec<bool>>),
    Free {
        positions: Vec<Vec<usize>>,
        mask: Box<Mask>,
    },
}

/// A place whose positions count from the beginning of what is cached.
pub(super) struct Seats {
    /// `[B T]`.
    pub positions: Vec<i64>,
    /// What the `T` slots of the input may see of all `S` slots.
    pub mask: Seen,
    /// Which slots of the input hold a token, `[B][T]`.
    pub present: Vec<Vec<bool>>,
}

/// What may be seen.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// Each slot sees those before it and itself, as far as they hold a token, `[B][S]`.
    Causal(Vec<Vec<bool>>),
    Free(Box<Mask>),
}

impl Place {
    /// `present [B][T]` says which slots hold a token. Each token sees itself and those before it,
    /// in the cache too; positions count tokens, so that padding takes none.
    pub fn of(present: &[Vec<bool>]) -> Self {
        Self { kind: Kind::Present(present.to_vec()) }
    }

    /// `rows` sequences of `length` tokens without padding.
    pub fn full(rows: usize, length: usize) -> Self {
        Self { kind: Kind::Present(vec![vec![true; length]; rows]) }
    }

    /// Any positions `[B][T]` and any mask over the slots of the cache followed by those of the input,
    /// `[B, T, S]`. All slots count as present to later passes.
    pub fn new(positions: Vec<Vec<usize>>, mask: Mask) -> Self {
        Self { kind: Kind::Free { positions, mask: Box::new(mask) } }
    }

    /// Takes seats behind the slots that are `cached [B][P]` (1 where they hold a token), none if
    /// there is no cache.
    pub(super) fn seats(&self, dims: [usize; 2], cached: &[Vec<bool>]) -> Result<Seats, NetsError> {
        let [rows, length] = dims;
        let check = |what, found: Vec<usize>| {
            let expected = vec![rows, length];
            if found == expected { Ok(()) } else { Err(NetsError::Sequences { what, found, expected }) }
        };
        match &self.kind {
            Kind::Present(present) => {
                check("the place of the tokens", extent(present))?;
                let none = Vec::new();
                let mut positions = Vec::with_capacity(rows * length);
                let mut all = Vec::with_capacity(rows);
                for (row, present) in present.iter().enumerate() {
                    let before = cached.get(row).unwrap_or(&none);
                    let mut count = before.iter().filter(|slot| **slot).count() as i64;
                    for slot in present {
                        positions.push(count);
                        count += i64::from(*slot);
                    }
                    all.push([before.as_slice(), present.as_slice()].concat());
                }
                Ok(Seats { positions, mask: Seen::Causal(all), present: present.clone() })
            }
            Kind::Free { positions, mask } => {
                check("the positions", extent(positions))?;
                let slots = cached.first().map_or(0, Vec::len) + length;
                mask.check([rows, length, slots])?;
                let flat = positions.iter().flatten().map(|position| *position as i64).collect();
                let present = vec![vec![true; length]; rows];
                Ok(Seats { positions: flat, mask: Seen::Free(mask.clone()), present })
            }
        }
    }
}

/// Rows and columns of a table, columns of the first row that differs from the first of all.
fn extent<T>(table: &[Vec<T>]) -> Vec<usize> {
    let first = table.first().map_or(0, Vec::len);
    let other = table.iter().map(Vec::len).find(|length| *length != first);
    vec![table.len(), other.unwrap_or(first)]
}

impl Seen {
    /// As a tensor for `length` slots of input.
    pub fn mask(&self, length: usize, device: &Device) -> Mask {
        let present = match self {
            Seen::Free(mask) => return (**mask).clone(),
            Seen::Causal(present) => present,
        };
        let (rows, slots) = (present.len(), present.first().map_or(0, Vec::len));
        let mut values = Vec::with_capacity(rows * length * slots);
        for present in present {
            for slot in 0..length {
                let last = slots - length + slot;
                let entry = |(index, present): (usize, &bool)| f32::from(*present && index <= last);
                values.extend(present.iter().enumerate().map(entry));
            }
        }
        Mask::new(Tensor::from_data(TensorData::new(values, [rows, length, slots]), device))
    }
}
