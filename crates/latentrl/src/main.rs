//! The program: the command line over every method.

use std::process::ExitCode;

// Links the methods, which register themselves.
use methods as _;

/// Every tensor operation allocates its result: an update of small networks spends a seventh of its
/// time in the C library's allocator, and a third of that in this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    command::execute()
}
