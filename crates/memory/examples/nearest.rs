//! What finding nearest rows costs: `cargo run --release -p memory --example nearest`.

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

fn main() -> Result<(), memory::index::IndexError> {
    let random = &mut ChaCha8Rng::seed_from_u64(0);
    for (rows, columns) in [(1_000_000, 20), (100_000, 14), (100_000, 12), (100_000, 6), (4_000, 2)] {
        let seconds = memory::bench::nearest_rows(rows, columns, 256, 5, random)?;
        println!("256 queries among {rows} rows of {columns} columns: {:.4} s", seconds);
    }
    Ok(())
}
