//! Threads that compute, with denormal numbers as zero. Weights and optimiser moments that decay
//! towards zero end up below 1e-38, where the processor computes many times slower and nothing is
//! gained: a twin-critic update takes twice as long.

use rayon::ThreadPoolBuilder;

use crate::{Result, RunError};

/// Sets up the calling thread and every worker of rayon's global pool, which is built here unless it
/// exists already. Call it once, before anything is computed.
pub fn prepare() {
    flush();
    // The workers of a pool that somebody else has built are reached by the broadcast.
    let _ = ThreadPoolBuilder::new().start_handler(|_| flush()).build_global();
    rayon::broadcast(|_| flush());
}

/// Computes something on `threads` threads of its own, set up like those of [`prepare`], so that
/// several runs in one process do not wait for each other's.
///
/// # Errors
/// The system gives no more threads.
pub fn on_own<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).start_handler(|_| flush());
    Ok(pool.build().map_err(RunError::part)?.install(work))
}

/// Makes the calling thread read and write denormal numbers as zero, for as long as it lives: FTZ and
/// DAZ in MXCSR on x86-64, FZ in FPCR on aarch64, nothing elsewhere.
fn flush() {
    #[cfg(target_arch = "x86_64")]
    x86::flush();
    #[cfg(target_arch = "aarch64")]
    arm::flush();
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::asm;

    /// Flush-to-zero (bit 15) and denormals-are-zero (bit 6).
    const FLAGS: u32 = 1 << 15 | 1 << 6;

    pub(super) fn flush() {
        let mut control = 0_u32;
        // SAFETY: the two instructions move the control register to and from a valid local; only
        // the treatment of denormals changes, no exception is unmasked, and the rounding mode, which
        // compiled code relies on, stays as it was.
        unsafe {
            asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack, preserves_flags));
            control |= FLAGS;
            asm!("ldmxcsr [{}]", in(reg) &raw const control, options(nostack, preserves_flags));
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::asm;

    /// Flush-to-zero (bit 24).
    const FLAG: u64 = 1 << 24;

    pub(super) fn flush() {
        let mut control: u64;
        // SAFETY: the two instructions move the control register to and from a local; only the
        // treatment of denormals changes, no exception is unmasked, and the rounding mode, which
        // compiled code relies on, stays as it was.
        unsafe {
            asm!("mrs {}, fpcr", out(reg) control, options(nomem, nostack, preserves_flags));
            control |= FLAG;
            asm!("msr fpcr, {}", in(reg) control, options(nomem, nostack, preserves_flags));
        }
    }
}
