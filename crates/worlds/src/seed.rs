//! Seeds of a batch: independent, reproducible streams derived by name and row.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A generator for stream `name` of row `row`, a pure function of its arguments, so that the same
/// seed gives the same bytes whatever the number of rows or threads.
pub fn stream(seed: u64, name: &str, row: usize) -> ChaCha8Rng {
    let hash = fnv1a(name.as_bytes());
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&hash.to_le_bytes());
    bytes[16..24].copy_from_slice(&(row as u64).to_le_bytes());
    ChaCha8Rng::from_seed(bytes)
}

/// The 64-bit FNV-1a hash (Fowler, Noll and Vo): the same in every version and on every machine,
/// unlike the standard library's hashers.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
