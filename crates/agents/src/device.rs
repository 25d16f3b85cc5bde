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
