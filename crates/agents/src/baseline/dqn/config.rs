//! Hyper-parameters of DQN.

use settings::Config;

use crate::value_agent::config::ValueAgentConfig;

/// Hyper-parameters of DQN.
///
/// The values of the paper's extended data table 1 (in frames of the agent, of four frames of
/// the emulator each), with Adam at RMSProp's step size.
#[derive(Clone, Debug, Config)]
pub struct DqnConfig {
    /// The agent; its own layers are a layer-normalised perceptron.
    #[setting(flatten)]
    pub agent: ValueAgentConfig,
    /// Error at which the loss turns from square to linear; 0 for the squared error.
    #[setting(1.0, min = 0.0)]
    pub huber: f32,
    /// Whether Adam's step size falls linearly to 0 over the run, which keeps the policy of the end
    /// steady; not the objective's of `latent`.
    #[setting(true, paper = false)]
    pub anneal: bool,
}
