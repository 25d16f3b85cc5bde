//! Which weights a module holds.

use std::sync::atomic::{AtomicU64, Ordering};

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
};
use burn::tensor::Device;

/// A number that changes whenever the parameters of the module that holds it may have changed: every
/// mapping over them (a step of the optimiser, an import) gives another one. Copies keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version(u64);

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Version {
    /// One that nobody else has.
    pub fn new() -> Self {
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Module for Version {
    fn visit<V: ModuleVisitor>(&self, _visitor: &mut V) {}

    fn map<M: ModuleMapper>(self, _mapper: &mut M) -> Self {
        Self::new()
    }

    fn to_device(self, _device: &Device) -> Self {
        self
    }

    fn fork(self, _device: &Device) -> Self {
        self
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        devices
    }

    fn materialize(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        self.clone()
    }

    fn train(self) -> Self {
        self
    }
}

impl ModuleDisplayDefault for Version {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&self.0).optional()
    }
}

impl ModuleDisplay for Version {}
