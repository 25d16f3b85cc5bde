//! What prediction error-based classification is compared with, under the same protocol.

mod er;
mod ewc;
mod gp;
mod lwf;
mod si;
mod softmax;
mod statistics;
mod vae;

#[cfg(test)]
pub use gp::arc_cosine;
pub use {
    er::Er,
    ewc::Ewc,
    gp::GaussianProcess,
    lwf::Lwf,
    si::Si,
    softmax::{Finetune, Remedy, Softmax, SoftmaxClassifier},
    statistics::Statistics,
    vae::Generative,
};
