//! Where tensors live, by the name the user gives.

use burn::tensor::Device;
use run::{Result, RunError, config};

/// Names of the devices that this build knows.
pub fn names() -> &'static [&'static str] {
    if cfg!(feature = "webgpu") { &["cpu", "webgpu"] } else { &["cpu"] }
}

/// Checks a device's name.
///
/// # Errors
/// This build does not know it; the sentence names the nearest.
pub fn check(name: &str) -> Result<()> {
    parse(name).map(drop)
}

/// The device of this name, without automatic differentiation.
///
/// # Errors
/// This build does not know it; the sentence names the nearest.
pub fn parse(name: &str) -> Result<Device> {
    match name {
        "cpu" => Ok(Device::flex()),
        #[cfg(feature = "webgpu")]
        "webgpu" => Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        "webgpu" => Err(RunError::Config(
            "device `webgpu` is not in this build: build with `--features webgpu`".to_owned(),
        )),
        _ => Err(config::unknown("device", name, names().iter().copied())),
    }
}

/// Sets up every thread that computes: denormal numbers are flushed to zero, which they slow down
/// by a factor of two in a twin-critic update. Call it once, before anything is computed.
pub fn prepare_threads() {
    nets::denormals::flush_everywhere();
}

/// Computes something on `threads` threads of its own, set up like those of [`prepare_threads`], so
/// that several runs in one process do not wait for each other's.
///
/// # Errors
/// The system gives no more threads.
pub fn on_own_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(threads).start_handler(|_| nets::denormals::flush());
    Ok(pool.build().map_err(RunError::part)?.install(work))
}
