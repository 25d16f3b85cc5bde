//! Batches from two sources at a fixed ratio, e.g. replay and demonstrations.

use rand_chacha::ChaCha8Rng;

use crate::MemoryError;

/// Shares are kept in units of 2^-53, so that what rounding leaves over is carried exactly.
const UNITS: u64 = 1 << 53;

/// Parts whole numbers of rows at a fixed ratio.
///
/// Each batch gets the ratio up to rounding, to the next whole number above or below; what rounding
/// leaves over is carried to the next batch as an exact number, so that after any number of batches of
/// any sizes no part is off by more than half a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    share: u64,
    carry: u64,
}

impl Ratio {
    /// The share of the second part, in [0, 1].
    ///
    /// # Errors
    /// The share is out of range.
    pub fn new(share: f64) -> Result<Self, MemoryError> {
        // Half a row to begin with: rounding is to the nearest.
        let mut ratio = Self { share: 0, carry: UNITS / 2 };
        ratio.set(share)?;
        Ok(ratio)
    }

    /// Another share from now on; what is left over stays.
    ///
    /// # Errors
    /// The share is out of range.
    pub fn set(&mut self, share: f64) -> Result<(), MemoryError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(MemoryError::setting("share", format!("{share} is not between 0 and 1")));
        }
        self.share = (share * UNITS as f64).round() as u64;
        Ok(())
    }

    /// The share of the second part.
    pub fn share(&self) -> f64 {
        self.share as f64 / UNITS as f64
    }

    /// Parts `count` rows.
    pub fn part(&mut self, count: usize) -> [usize; 2] {
        let sum = u128::from(self.carry) + count as u128 * u128::from(self.share);
        self.carry = (sum % u128::from(UNITS)) as u64;
        let second = (sum / u128::from(UNITS)) as usize;
        [count - second, second]
    }

    /// What is left over, to be saved.
    pub fn carry(&self) -> u64 {
        self.carry
    }

    /// Goes on with what was left over.
    ///
    /// # Errors
    /// It is no such number.
    pub fn restore(&mut self, carry: u64) -> Result<(), MemoryError> {
        if carry >= UNITS {
            let reason = format!("{carry} is not below {UNITS}");
            return Err(MemoryError::saved("carry of a ratio", reason));
        }
        self.carry = carry;
        Ok(())
    }
}

/// A batch whose rows can be followed by those of another one.
pub trait Batch: Default {
    /// Number of rows, B.
    fn rows(&self) -> usize;

    /// Appends the rows of a batch of the same fields and columns. Positions of the appended rows belong
    /// to their own source.
    ///
    /// # Errors
    /// The batches differ in what they hold; nothing is appended then.
    fn append(&mut self, rest: &Self) -> Result<(), MemoryError>;
}

/// Draws batches from two sources at a fixed ratio: the rows of the first come first.
///
/// A source is whatever fills a batch of a given number of rows: uniform or prioritised replay, a data
/// set, goals in hindsight.
#[derive(Clone, Debug)]
pub struct Mixed<B> {
    ratio: Ratio,
    second: B,
    parts: [usize; 2],
}

impl<B: Batch> Mixed<B> {
    /// A mixture in which the second source has this share.
    ///
    /// # Errors
    /// The share is not in [0, 1].
    pub fn new(share: f64) -> Result<Self, MemoryError> {
        Ok(Self { ratio: Ratio::new(share)?, second: B::default(), parts: [0; 2] })
    }

    /// The ratio, to be saved.
    pub fn ratio(&self) -> &Ratio {
        &self.ratio
    }

    /// The ratio, to be restored or changed.
    pub fn ratio_mut(&mut self) -> &mut Ratio {
        &mut self.ratio
    }

    /// How many rows of the last batch came from each source.
    pub fn parts(&self) -> [usize; 2] {
        self.parts
    }

    /// Fills `out` with `count` rows; a source that has no rows to give is not asked.
    ///
    /// # Errors
    /// A source fails or gives another number of rows, or the two differ in what they hold. The ratio is
    /// then as before.
    pub fn draw<E: From<MemoryError>>(
        &mut self,
        count: usize,
        random: &mut ChaCha8Rng,
        first: impl FnOnce(usize, &mut ChaCha8Rng, &mut B) -> Result<(), E>,
        second: impl FnOnce(usize, &mut ChaCha8Rng, &mut B) -> Result<(), E>,
        out: &mut B,
    ) -> Result<(), E> {
        let mut ratio = self.ratio;
        let parts = ratio.part(count);
        if parts[0] > 0 || count == 0 {
            first(parts[0], random, out)?;
            check_rows("the first source", parts[0], out.rows())?;
        }
        match parts {
            [_, 0] => {}
            [0, _] => {
                second(parts[1], random, out)?;
                check_rows("the second source", parts[1], out.rows())?;
            }
            _ => {
                second(parts[1], random, &mut self.second)?;
                check_rows("the second source", parts[1], self.second.rows())?;
                out.append(&self.second)?;
            }
        }
        (self.ratio, self.parts) = (ratio, parts);
        Ok(())
    }
}

fn check_rows(source: &str, expected: usize, found: usize) -> Result<(), MemoryError> {
    if expected == found {
        return Ok(());
    }
    let what = format!("the batch of {source}");
    Err(MemoryError::Shape { what, expected: format!("{expected} rows"), found: format!("{found} rows") })
}
